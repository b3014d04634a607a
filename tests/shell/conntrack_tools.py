# SPDX-License-Identifier: GPL-2.0
"""conntrack_tools.py: one line for each flow in conntrack's XML on stdin

FAMILY SRC DST PROTOCOL [SPORT DPORT] / the same of the reply / NAME=VALUE ...
"""
import sys
import xml.etree.ElementTree as ET

for flow in ET.parse(sys.stdin).getroot():
    out = [flow.get("type") or "flow"]
    for meta in flow.findall("meta"):
        if meta.get("direction") == "independent":
            out += ["/"] + [f"{e.tag}={e.text}" for e in meta if e.tag in ("mark", "zone")]
            continue
        l3, l4 = meta.find("layer3"), meta.find("layer4")
        out += ["/", l3.get("protoname"), l3.find("src").text, l3.find("dst").text,
                l4.get("protoname")] + [e.text for e in l4]
    print(*out)
