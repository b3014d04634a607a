#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# JSON says all that text does: what nft -j lists can be loaded, and is the same again.
. "$(dirname "$0")/lib.sh"

need_nft
need python3
setup_ns "$gw"
nft() { on "$gw" "$NFT" "$@"; }
nft -j list ruleset >/dev/null 2>&1 || skip "nft was built without JSON"

# objects [EXPR]: what nft -j wrote, one object on each line and without the numbers
# that the kernel gives; or the rules' statements only
objects()
{
	python3 -ISc '
import json, sys
for line in filter(str.strip, sys.stdin):
    doc = json.loads(line)
    for cmd in doc.get("nftables", [doc]):
        for op in "add", "insert", "replace", "create":
            cmd = cmd.get(op, cmd)
        ((kind, obj),) = cmd.items()
        if kind != "metainfo" and (kind == "rule" or not sys.argv[1:]):
            obj = {k: v for k, v in obj.items() if k not in ("handle", "index")}
            print(json.dumps(obj["expr"] if sys.argv[1:] else {kind: obj}))
' "$@"
}

old=
[[ $("$NFT" --version) != *" v1.0.6 "* ]] || old=1

# Every form, with -c before; of the other rulesets only that nothing is lost. The
# keyword typeof is not for JSON, where nft keeps it for the key of a map only.
for f in "$here"/rulesets/*.nft; do
	grep -q '^table' "$f" || continue
	name=$(basename "$f" .nft)
	case $name in
	forms) ;;
	forms_flow) modprobe -q nf_flow_table_inet || { echo "# SKIP: no flowtables in this kernel"; continue; } ;;
	*) ! grep -q flowtable "$f" || continue ;; # its devices are not here
	esac
	{
		echo "flush ruleset"
		sed 's/typeof ip saddr : ip6 saddr/type ipv4_addr : ipv6_addr/
			s/typeof ip daddr . tcp dport : ip6 daddr . tcp dport/type ipv4_addr . inet_service : ipv6_addr . inet_service/' "$f"
	} >"$tmp/rules"
	if ! nft -f "$tmp/rules" 2>"$tmp/err"; then
		sed 's/\<xlat .*/accept/' "$tmp/rules" >"$tmp/without"
		if [ "$old" ] && ! nft -c -f "$tmp/without" 2>/dev/null; then
			echo "# SKIP: $name: not for nft 1.0.6, whatever it says of xlat"
		else
			fail "$name loads: $(<"$tmp/err")"
		fi
		continue
	fi
	nft -j list ruleset >"$tmp/json" 2>"$tmp/err"
	check_eq "$name: there is JSON for all of it" "$(cat "$tmp/err")" ""
	if [ "$old" ] && grep -q '"map": "[^"]* \. ' "$tmp/json"; then
		echo "# SKIP: $name: nft 1.0.6 lists maps to addresses with ports in JSON, and loads none"
		continue
	fi
	if [[ $name = forms* ]]; then
		nft list ruleset >"$tmp/text"
		nft flush ruleset
		check "$name: -c takes it" nft -j -c -f "$tmp/json"
		check_eq "$name: and loads nothing" "$(nft list ruleset)" ""
	fi
	check "$name: loads" nft -j -f - < <(sed 's/^{"nftables": \[/&{"flush": {"ruleset": null}}, /' "$tmp/json") || continue
	nft -j list ruleset >"$tmp/json2"
	check "$name: the same in JSON" diff <(objects <"$tmp/json") <(objects <"$tmp/json2")
	[[ $name != forms* ]] || check "$name: the same in text" diff "$tmp/text" <(nft list ruleset)
done

# The words of the schema, which users depend on
nft "flush ruleset
table inet t {
	map m { type ipv6_addr : interval ipv4_addr; }
	chain c {
		xlat 6to4 prefix 64:ff9b::/96 non-global mtu 1400 snat to 192.0.2.1-192.0.2.6:1024-65535 random,persistent filtering address-dependent
		xlat 6to4 prefix 2001:db8::/96 masquerade mapping address-port-dependent
		xlat 6to4 saddr prefix 2001:db8::/64 to 192.0.2.0/24 daddr prefix to ip6 daddr map @m error saddr 192.0.2.1
	}
}"
cat >"$tmp/wanted" <<-'END'
	[{"xlat": {"type": "6to4", "prefix": {"prefix": {"addr": "64:ff9b::", "len": 96}}, "prefix_flags": ["non-global"], "mtu": 1400, "mode": "snat", "addr": {"range": ["192.0.2.1", "192.0.2.6"]}, "port": {"range": [1024, 65535]}, "flags": ["random", "persistent"], "filtering": "address-dependent"}}]
	[{"xlat": {"type": "6to4", "prefix": {"prefix": {"addr": "2001:db8::", "len": 96}}, "mode": "masquerade", "mapping": "address-port-dependent"}}]
	[{"xlat": {"type": "6to4", "saddr": {"prefix": {"prefix": {"addr": "2001:db8::", "len": 64}}, "to": {"prefix": {"addr": "192.0.2.0", "len": 24}}}, "daddr": {"to": {"map": {"key": {"payload": {"protocol": "ip6", "field": "daddr"}}, "data": "@m"}}}, "error": "192.0.2.1"}}]
END
nft -j list ruleset >"$tmp/json"
check "words of the schema" diff "$tmp/wanted" <(objects expr <"$tmp/json")
check_match "intervals in a map" "$(cat "$tmp/json")" '*"map": "ipv4_addr", "map_flags": \["interval"]*'

# Events and echoes are of the same objects.
background "$gw" "$NFT" -j monitor >"$tmp/monitor" 2>&1
# shellcheck disable=SC2317 # for wait_for
monitored() { nft "add table ip begin; delete table ip begin"; grep -q begin "$tmp/monitor"; }
wait_for 10 monitored || fail "no events: $(cat "$tmp/monitor")"
nft flush ruleset
nft -j --echo -f "$tmp/json" >"$tmp/echo"
check "--echo has the statements" diff "$tmp/wanted" <(objects expr <"$tmp/echo")
check_eq "and handles" "$(grep -o '"handle": [1-9]' "$tmp/echo" | wc -l)" 6
wait_for 10 grep -q '"error": "192.0.2.1"' "$tmp/monitor"
check "monitor has the statements" diff "$tmp/wanted" <(objects expr <"$tmp/monitor")

# refused STATEMENT MESSAGE
refused()
{
	nft -j -f - >"$tmp/out" 2>&1 <<-END
		{"nftables": [
		{"add": {"table": {"family": "inet", "name": "new"}}},
		{"add": {"chain": {"family": "inet", "table": "new", "name": "c", "type": "filter", "hook": "prerouting", "prio": -100, "policy": "accept"}}},
		{"add": {"rule": {"family": "inet", "table": "new", "chain": "c", "expr": [{$1}]}}}
		]}
	END
	if nft list table inet new >/dev/null 2>&1; then
		fail "accepted: $1"
		nft delete table inet new
	else
		check_match "refused: $1" "$(cat "$tmp/out")" "*$2*"
	fi
}
p='"prefix": {"prefix": {"addr": "64:ff9b::", "len": 96}}'
refused '"xlat": {}' "Object item not found: type"
refused '"xlat": null' "Expected object, got null"
refused '"xlat": {"type": "6to6"}' "Invalid xlat type, expected one of: 6to4, 4to6."
# Left out, these would leave a stateless rule, or all addresses to the prefix.
refused '"xlat": {"type": "6to4", '"$p"', "mod": "masquerade"}' "Unknown property 'mod' of xlat"
refused '"xlat": {"type": "6to4", '"$p"', "masquerade": null}' "Unknown property 'masquerade' of xlat"
refused '"xlat": {"type": "6to4", '"$p"', "mode": "masquerade", "fully-random": true}' "Unknown property 'fully-random' of xlat"
refused '"xlat": {"type": "6to4", '"$p"', "saddr": {"prefix": {"prefix": {"addr": "2001:db8::", "len": 64}}, "flags": "non-global"}}' "Unknown property 'flags' of saddr"
refused '"xlate": {"type": "6to4", '"$p"'}' "Unknown statement object 'xlate'"
refused '"xlat": {"type": "6to4"}' "xlat needs a prefix"
refused '"xlat": {"type": "6to4", "prefix": {"prefix": {"addr": "64:ff9b::", "len": 4294967392}}}' "Invalid prefix length 4294967392"
refused '"xlat": {"type": "6to4", "prefix": {"prefix": {"addr": "64:ff9b::", "len": -1}}}' "Invalid prefix length -1"
refused '"xlat": {"type": "6to4", "prefix": {"prefix": {"addr": "64:ff9b::", "len": 95}}}' "length must be 32, 40, 48, 56, 64 or 96, not 95"
refused '"xlat": {"type": "6to4", "prefix": {"accept": null}}' "Invalid xlat prefix"
refused '"xlat": {"type": "6to4", "prefix": "64:ff9b::/96"}' "this is no address; a prefix, range or port is written without quotes, in JSON as an object or a property of its own"
for word in 192.0.2.1/24 192.0.2.1:80 192.0.2.1-192.0.2.4; do
	refused '"xlat": {"type": "6to4", '"$p"', "mode": "snat", "addr": "'$word'"}' "this is no address; a prefix, range or port"
done
refused '"xlat": {"type": "6to4", '"$p"', "mode": "snat", "addr": {"set": ["192.0.2.1", "192.0.2.2"]}}' "snat takes one address or range, more of them come from a map"
refused '"xlat": {"type": "6to4", '"$p"', "to": "192.0.2.1"}' "saddr or daddr is missing"
refused '"xlat": {"type": "6to4", '"$p"', "prefix_flags": "global"}' "Unknown flag 'global' in xlat prefix_flags, expected non-global."
refused '"xlat": {"type": "6to4", '"$p"', "saddr": {}}' "Invalid xlat saddr, expected an object with prefix, to or both."
refused '"xlat": {"type": "6to4", '"$p"', "saddr": "net"}' "Invalid xlat saddr, expected an object with prefix, to or both."
refused '"xlat": {"type": "6to4", '"$p"', "mode": "snat", "to": "192.0.2.1"}' "Invalid xlat to, a mode has addr and port instead."
refused '"xlat": {"type": "6to4", '"$p"', "saddr": "2001:db8::1"}' "Invalid xlat saddr"
refused '"xlat": {"type": "6to4", '"$p"', "saddr": {"prefix": "2001:db8::1", "to": "192.0.2.1", "prefix_flags": "non-global"}}' "Invalid xlat prefix_flags"
refused '"xlat": {"type": "6to4", '"$p"', "daddr": {"to": {"counter": null}}}' "Invalid xlat map"
refused '"xlat": {"type": "6to4", '"$p"', "error": "2001:db8::1"}' "error saddr needs an IPv4 address"
refused '"xlat": {"type": "6to4", '"$p"', "error": {"drop": null}}' "Invalid xlat error"
refused '"xlat": {"type": "4to6", '"$p"', "mtu": 1279}' "xlat mtu must be a number from 1280 to 65535"
refused '"xlat": {"type": "4to6", '"$p"', "mtu": 4294968576}' "Value 4294968576 exceeds valid range 0-4294967295"
refused '"xlat": {"type": "4to6", '"$p"', "mtu": -1400}' "must be a number from 1280 to 65535"
refused '"xlat": {"type": "4to6", '"$p"', "mtu": null}' "Invalid xlat mtu"
refused '"xlat": {"type": "4to6", '"$p"', "mtu": "*"}' "datatype mismatch"
refused '"xlat": {"type": "4to6", '"$p"', "mtu": {"range": [1400, 1500]}}' "must be a number from 1280 to 65535"
refused '"xlat": {"type": "6to4", '"$p"', "mode": "dnat", "addr": "2001:db8::1"}' "6to4 dnat needs an IPv4 address"
refused '"xlat": {"type": "6to4", "mode": "dnat", "addr": "192.0.2.1"}' "dnat needs what the source becomes"
refused '"xlat": {"type": "6to4", '"$p"', "mode": "masquerade", "dnat": {"addr": "192.0.2.1"}}' "no address left to map"
refused '"xlat": {"type": "6to4", "mode": "masquerade", "dnat": {"port": 80}}' "dnat needs an address"
refused '"xlat": {"type": "6to4", "mode": "masquerade", "dnat": {"addr": "192.0.2.1", "ports": 80}}' "Unknown property 'ports' of xlat dnat"
refused '"xlat": {"type": "6to4", "mode": "masquerade", "dnat": {"addr": {"drop": null}}}' "Invalid xlat addr"
refused '"xlat": {"type": "6to4", '"$p"', "mode": "dnat", "addr": "192.0.2.1", "dnat": {"addr": "192.0.2.1"}}' "it is for the modes masquerade and snat"
refused '"xlat": {"type": "4to6", "mode": "masquerade", "dnat": {"addr": "2001:db8::1"}}' "masquerade is not supported with xlat 4to6"
refused '"xlat": {"type": "6to4", '"$p"', "mode": "redirect"}' "Invalid xlat mode, expected one of: stateless, masquerade, snat, dnat."
refused '"xlat": {"type": "6to4", '"$p"', "mode": 1}' "Invalid xlat mode"
refused '"xlat": {"type": "6to4", '"$p"', "addr": "192.0.2.1"}' "need a mode"
refused '"xlat": {"type": "6to4", '"$p"', "mode": "snat", "addr": {"return": null}}' "Invalid xlat addr"
refused '"xlat": {"type": "6to4", '"$p"', "mode": "snat", "addr": "127.0.0.1"}' "must not be loopback"
refused '"xlat": {"type": "6to4", '"$p"', "mode": "snat", "addr": {"prefix": {"addr": "192.0.2.1", "len": 24}}}' "address has bits set beyond the length of 24"
refused '"xlat": {"type": "6to4", '"$p"', "mode": "snat", "addr": ["192.0.2.1", "192.0.2.2"]}' "snat takes one address or range, more of them come from a map"
refused '"xlat": {"type": "6to4", '"$p"', "mode": "masquerade", "port": {"return": null}}' "Invalid xlat port"
refused '"xlat": {"type": "6to4", '"$p"', "mode": "masquerade", "flags": "netmap"}' "Unknown flag 'netmap' in xlat flags"
refused '"xlat": {"type": "6to4", '"$p"', "mode": "masquerade", "flags": ["random", "persistant"]}' "Unknown flag 'persistant' in xlat flags, expected random, fully-random or persistent."
refused '"xlat": {"type": "6to4", '"$p"', "mode": "masquerade", "flags": "persistant"}' "Unknown flag 'persistant' in xlat flags"
refused '"xlat": {"type": "6to4", '"$p"', "mode": "masquerade", "flags": [1]}' "Invalid flag"
refused '"xlat": {"type": "6to4", '"$p"', "mapping": "endpoint-independent"}' "mapping is for masquerade and snat"
refused '"xlat": {"type": "6to4", '"$p"', "mode": "masquerade", "mapping": "address-dependent"}' "Invalid xlat mapping, expected one of: endpoint-independent, address-port-dependent."
refused '"xlat": {"type": "6to4", '"$p"', "mode": "masquerade", "filtering": "address-port-dependent"}' "Invalid xlat filtering"
refused '"xlat flow": {"op": "del", "flowtable": "@ft"}' "Unknown flow offload statement op"
refused '"xlat flow": {"op": "add", "flowtable": "@ft", "counter": null}' "Unknown property 'counter' of xlat flow"
refused '"xlat flow": {"op": "add", "flowtable": "ft"}' "Illegal flowtable reference"
refused '"xlat flow": {"op": "add", "flowtable": "@ft"}' "not supported in the prerouting hook"

done_testing
