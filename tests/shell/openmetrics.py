# SPDX-License-Identifier: GPL-2.0
"""openmetrics.py: is what comes in OpenMetrics' text format? Prints "ok", or what is not."""
import re
import sys

LABELS = r'\{[a-z_]+="[^"\\\n]*"(,[a-z_]+="[^"\\\n]*")*\}'
kind, seen, samples = {}, set(), set()
lines = sys.stdin.read().split("\n")
assert lines[-2:] == ["# EOF", ""], "no # EOF at the end"
for line in lines[:-2]:
    if m := re.fullmatch(r"# TYPE ([a-z_]+) (counter|gauge)", line):
        assert m[1] not in kind, f"{m[1]} twice"
        name = m[1]
        kind[name] = m[2]
    elif m := re.fullmatch(r"# HELP ([a-z_]+) .*\.", line):
        assert m[1] == name, f"help of {m[1]} among {name}"
    else:
        m = re.fullmatch(rf"([a-z_]+)({LABELS})? (\d+)", line)
        assert m, f"no sample: {line}"
        assert m[1] == name + ("_total" if kind[name] == "counter" else ""), f"{m[1]} among {name}"
        assert (m[1], m[2]) not in samples, f"twice: {line}"
        samples.add((m[1], m[2]))
        seen.add(name)
assert seen == set(kind), f"without samples: {set(kind) - seen}"
print("ok")
