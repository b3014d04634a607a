# SPDX-License-Identifier: GPL-2.0
"""dashboard.py: Grafana's dashboard, as far as it can be judged without Grafana.

check DASHBOARD GUIDE TIMER         prints "ok", or what is wrong with the file
variable DASHBOARD                  the metric and the label of the variable "instance"
queries DASHBOARD INSTANCE WINDOW   a line for each query: title, labels that it must have, expression
answer LABELS                       what Prometheus says comes in: prints "ok", or why the panel would be empty
"""
import json
import math
import re
import sys

UNIT = {"s": 1, "m": 60, "h": 3600}
OURS = {"__rate_interval", "__range"}  # Grafana's own variables


def seconds(text):
    return int(text[:-1]) * UNIT[text[-1]]


def strings(tree):
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, (dict, list)):
        for x in tree.values() if isinstance(tree, dict) else tree:
            yield from strings(x)


def labels(panel, target):
    """Labels that an answer must have, or the legend or the column is empty"""
    if panel["type"] == "table":
        return [name for name in organize(panel)["renameByName"] if not name.startswith("Value #")]
    return re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])


def organize(panel):
    (options,) = [t["options"] for t in panel["transformations"] if t["id"] == "organize"]
    return options


def check_table(panel):
    columns = {f"Value #{t['refId']}" for t in panel["targets"]}
    named = organize(panel)["renameByName"]
    assert columns == {n for n in named if n.startswith("Value #")}, "columns are not those of the queries"
    assert set(organize(panel)["indexByName"]) == set(named), "a column has a name and no place, or a place only"
    for t in panel["targets"]:
        assert t["instant"] and t["format"] == "table", f"query {t['refId']} is not for a table"
    used = {o["matcher"]["options"] for o in panel["fieldConfig"]["overrides"]}
    used |= {s["displayName"] for s in panel["options"]["sortBy"]}
    assert used <= set(named.values()), f"no such column: {used - set(named.values())}"


def check(dashboard, guide, timer):
    variables = {v["name"]: v for v in dashboard["templating"]["list"]}
    # Of less than this the rate is that of no or one file more than there were.
    window = variables["window"]
    period = int(re.search(r"^OnCalendar=\*:\*:0/(\d+)$", timer, re.M)[1])
    choices = window["query"].split(",")
    assert window["current"]["value"] == choices[0], "the first window is not the current one"
    assert min(map(seconds, choices)) >= 4 * period, "a window is too short for the timer"

    known = {m for row in re.findall(r"^\| (`xlat_[^|]*) \|", guide.split("Worth an alarm")[0], re.M)
             for m in re.findall(r"`(xlat_\w+)`", row)}
    shown, places, ids = set(), {}, set()
    for panel in dashboard["panels"]:
        title = panel["title"]
        try:
            assert title and panel["description"].endswith("."), "no title, or no sentence that explains it"
            assert panel["id"] not in ids, "id is another's"
            ids.add(panel["id"])
            assert panel["fieldConfig"]["defaults"].get("unit"), "no unit"
            assert panel["targets"], "no query"
            g = panel["gridPos"]
            assert g["x"] + g["w"] <= 24, "beyond the right edge"
            for place in ((x, y) for x in range(g["x"], g["x"] + g["w"]) for y in range(g["y"], g["y"] + g["h"])):
                assert place not in places, f"covers {places[place]}"
                places[place] = title
            for x in (panel, *panel["targets"]):
                assert x["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, "another source of data"
            for name in re.findall(r"\$\{?(\w+)", " ".join(strings(panel))):
                assert name in variables or name in OURS, f"no variable {name}"
            exprs = [t["expr"] for t in panel["targets"]]
            metrics = {m for e in exprs for m in re.findall(r"xlat_\w+", e)}
            for e in exprs:
                for selector in re.findall(r"xlat_\w+(\{[^}]*\})?", e):
                    assert 'instance=~"$instance"' in selector, f"a metric of all gateways: {e}"
            assert metrics and metrics <= known, f"not in the guide: {metrics - known}"
            shown |= metrics
            rate = any("$__rate_interval" in e for e in exprs)
            assert rate == (panel.get("interval") == "$window"), "the window is for rates, and rates have it"
            if panel["type"] == "table":
                check_table(panel)
        except (AssertionError, KeyError) as e:
            sys.exit(f"{title}: {e}")
    for y in range(max(y for _, y in places) + 1):
        assert all((x, y) in places for x in range(24)), f"a hole in row {y}"
    assert shown == known, f"not shown: {known - shown}"
    print("ok")


def queries(dashboard, instance, window):
    # The backslash is one of PromQL's string, too.
    instance = re.sub(r"([.\[\]])", r"\\\\\1", instance)
    for panel in dashboard["panels"]:
        for t in panel["targets"]:
            expr = t["expr"].replace("$__rate_interval", window).replace("$__range", window)
            expr = expr.replace("$instance", instance)
            print(panel["title"], ",".join(labels(panel, t)), expr, sep="\t")


def answer(wanted):
    said = json.load(sys.stdin)
    if said["status"] != "success":
        sys.exit(said["error"])
    result = said["data"]["result"]
    if not result:
        sys.exit("nothing")
    for r in result:
        if missing := {x for x in wanted.split(",") if not r["metric"].get(x)}:
            sys.exit(f"{r['metric']} without {missing}")
        if not math.isfinite(float(r["value"][1])):
            sys.exit(f"{r['metric']}: {r['value'][1]}")
    print("ok")


def main(verb, *args):
    if verb == "answer":
        return answer(*args)
    with open(args[0], encoding="ascii") as f:
        dashboard = json.load(f)
    if verb == "variable":
        (query,) = [v["query"]["query"] for v in dashboard["templating"]["list"] if v["name"] == "instance"]
        return print(*re.fullmatch(r"label_values\((\w+), (\w+)\)", query).groups())
    if verb == "queries":
        return queries(dashboard, *args[1:])
    texts = []
    for name in args[1:]:
        with open(name, encoding="ascii") as f:
            texts.append(f.read())
    return check(dashboard, *texts)


main(*sys.argv[1:])
