#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What a device of kind "xlat" can be told, what it shows, and what it refuses and why.
. "$(dirname "$0")/lib.sh"

need python3
need_ip_xlat

setup_topo
gwip() { ip -n "$gw" "$@"; }
made() { ip -n "$gw" link add xlat9 type xlat "$@" 2>&1; }
# refused WHAT ERROR WORD...: it is, with this error
refused()
{
	local what=$1 error=$2 got

	shift 2
	got=$(made "$@") && { fail "$what: is taken"; gwip link del xlat9; return; }
	check_match "refused: $what" "$got" "*$error*"
}

# By the plugin
refused "no length" '"64:ff9b::" has no length' prefix 64:ff9b::
refused "a length of no RFC 6052 prefix" '"64:ff9b::/95" has a length other than' prefix 64:ff9b::/95
refused "bits behind the prefix" '"64:ff9b::1/96" has bits set' prefix 64:ff9b::1/96
refused "no prefix" '"192.0.2.1/96" is not an IPv6 address' prefix 192.0.2.1/96
refused "an address that is too long" '1009" is not an IPv6 address' prefix $pref64/96 \
	local 192.0.2.1 as 2001:0db8:0000:0000:0000:0000:192.168.100.1009
refused "half a pair" 'is to be followed by "as"' prefix $pref64/96 local 192.0.2.1
refused "a pair of one family" '"192.0.2.2" is not an IPv6 address' local 192.0.2.1 as 192.0.2.2
refused "more IPv4 than IPv6" 'has more addresses than' local 192.0.2.0/24 as 2001:db8::/124
refused "ports that are none" '"0" is not a port' prefix $pref64/96 masquerade to 0
refused "ports the wrong way round" '"9-8" is not a range' prefix $pref64/96 masquerade to 9-8
refused "a pool the wrong way round" 'last address before the first' prefix $pref64/96 snat 192.0.2.2-192.0.2.1
refused "a mapping that is none" 'mapping: "some" is neither endpoint-independent nor address-port-dependent' \
	prefix $pref64/96 masquerade mapping some
ei="mapping endpoint-independent"
# shellcheck disable=SC2086 # words
{
refused "a block of 100 ports" 'block: "100" is not a multiple of 64 ports' prefix $pref64/96 masquerade $ei block 100
refused "a block of a mapping without one" 'what is "block"' prefix $pref64/96 masquerade \
	mapping address-port-dependent block 512
refused "clients of no prefix" 'of: "2001:db8::" has no length' prefix $pref64/96 snat 192.0.2.1 $ei block 512 of 2001:db8::
refused "clients of 72 bits" 'of: "2001:db8::/72" has a length other than 1 to 64' \
	prefix $pref64/96 snat 192.0.2.1 $ei block 512 of 2001:db8::/72
refused "clients with bits behind the prefix" '"2001:db8::1/64" has bits set' \
	prefix $pref64/96 snat 192.0.2.1 $ei block 512 of 2001:db8::1/64
}
refused "a filtering that is none" 'filtering: "some" is neither endpoint-independent nor address-dependent' \
	prefix $pref64/96 masquerade filtering some
refused "a word that ends too early" 'prefix: "" has no length' masquerade prefix
refused "a pool that is not there" 'snat: "" is not an IPv4 address' prefix $pref64/96 snat
refused "ports that are not there" '"" is not a port' prefix $pref64/96 masquerade to
refused "a mapping that is not there" 'mapping: "" is neither' prefix $pref64/96 masquerade mapping
refused "an MTU of no IPv6" '"1279" is not 1280 to 65535' prefix $pref64/96 mtu 1279
refused "no length, and what one looks like" "as 64:ff9b::/96 has" prefix 64:ff9b::
refused "ports as in a rule" '":1024-65535" is not a port or a range of ports, as 1024-65535' \
	prefix $pref64/96 masquerade to :1024-65535
refused "a pool as in a rule" 'snat: "to" is a word of rules' prefix $pref64/96 snat to 192.0.2.1
refused "a pool as a prefix" '"192.0.2.0/28" is not an IPv4 address, or a range, as 192.0.2.1-192.0.2.6' \
	prefix $pref64/96 snat 192.0.2.0/28
refused "two pools" 'snat: "192.0.2.1,192.0.2.2" is not an IPv4 address, or a range' \
	prefix $pref64/96 snat 192.0.2.1,192.0.2.2
refused "two prefixes" "prefix: there can be only one" prefix $pref64/96 prefix 2001:db8:64::/96
refused "masquerade and snat" "masquerade: there can be only one of masquerade and snat" \
	prefix $pref64/96 snat 192.0.2.1 masquerade
refused "snat and masquerade" "snat: there can be only one of masquerade and snat" \
	prefix $pref64/96 masquerade snat 192.0.2.1
refused "two mappings" "mapping: there can be only one" prefix $pref64/96 masquerade \
	mapping endpoint-independent mapping address-port-dependent
refused "an unknown word" 'what is "frobnicate"?' prefix $pref64/96 frobnicate
check_match "help" "$(gwip link help xlat 2>&1)" "*prefix PREFIX*masquerade*"

# By the kernel, which answers with a text and marks the attribute
refused "a prefix with bits in the reserved octet" "prefix: bits are set behind it, or in bits 64 to 71" prefix 2001:db8:0:0:0100::/96
refused "a prefix that no packet has" "prefix: no packet may have such addresses" prefix fe80::/96
refused "non-global without a prefix" "prefix: its length or non-global without it" non-global
refused "an IPv4 prefix twice" "pairs: two have the same IPv4 prefix" local 192.0.2.1 as 2001:db8::1 local 192.0.2.1 as 2001:db8::2
refused "an IPv6 prefix twice" "pairs: two have the same IPv6 prefix" local 192.0.2.1 as 2001:db8::1 local 192.0.2.2 as 2001:db8::1
# bad_pair IPV4 IPV6 WHICH: what the kernel says to who asks without the plugin, by the Python of
# docs/abi.md: EADDRNOTAVAIL
bad_pair()
{
	on "$gw" python3 -IS -c "$(sed -n '/^import socket, struct/,/^```/p' "$top/docs/abi.md" |
		sed "/^\`\`\`/d; s/xlat0/xlat9/; s/\"2001:db8::2\"/\"${2%/*}\"/; s/198.51.100.2/${1%/*}/
		s/bytes((128, 32/bytes(($(len "$2" 128), $(len "$1" 32)/")"
	check_eq "the kernel refuses a pair of $1 and $2" $? 99
	refused "a pair of $1 and $2" "local: \"$3\" has no address that a packet may have" \
		local 192.0.2.99 as 2001:db8::99 local "$1" as "$2"
}
len() { case $1 in */*) echo "${1#*/}" ;; *) echo "$2" ;; esac; }
for net in 0.0.0.0/8 0.1.2.3 127.0.0.0/8 127.0.0.1 169.254.0.0/16 169.254.169.254 224.0.0.0/24 224.0.0.251 255.255.255.255; do
	bad_pair $net 2001:db8:1::/96 $net
done
for net in :: ::1 ::ffff:0:0/96 fe80::/64 fe80::1 ff00::/8 ff0e::1; do
	bad_pair 192.0.2.1 $net $net
done
# What only contains such a net, and groups that routers know
for pair in 0.0.0.0/0:2001:db8:1::/96 0.0.0.0/1:2001:db8:1::/97 169.254.0.0/15:2001:db8:1::/111 \
	239.1.2.0/24:2001:db8:1::/120 240.0.0.0/4:2001:db8:1::/100 192.0.2.0/24:::/96; do
	check "a pair for ${pair/:/ and }" made local "${pair%%:*}" as "${pair#*:}"
	check_match "is shown" "$(gwip -d link show xlat9)" "* local ${pair%%:*} as ${pair#*:} *"
	gwip link del xlat9
done
refused "an error source that no packet has" "error: no packet may have this address" prefix $pref64/96 error 127.0.0.1
refused "state without a prefix" "prefix: masquerade and snat need one" masquerade
refused "state with pairs" "pairs are without state" prefix $pref64/96 masquerade local 192.0.2.1 as 2001:db8::1
refused "state for a host" "host is without state" prefix $pref64/96 masquerade host
refused "a pool that no packet has" "snat: no packet may have this address" prefix $pref64/96 snat 127.0.0.1
refused "filtering of ports of each session" "there is nothing to filter" prefix $pref64/96 masquerade \
	mapping address-port-dependent filtering address-dependent
# shellcheck disable=SC2086 # words
{
refused "a block that no port begins" "the ports have no block, which begins at a multiple of 64" \
	prefix $pref64/96 masquerade to 1025-1100 $ei block 64
refused "more clients than blocks" "the prefix has more networks of 64 bits than the pool has blocks" \
	prefix $pref64/96 snat 192.0.2.1 $ei block 512 of 2001:db8::/56
refused "blocks that follow, and masquerade" "masquerade takes an address that may change" \
	prefix $pref64/96 masquerade $ei block 512 of 2001:db8::/56
refused "blocks without state" "belong to masquerade or snat in the same command" prefix $pref64/96 $ei block 512
}
refused "random without state" "belong to masquerade or snat in the same command" prefix $pref64/96 random

check_not "nothing of it is left" gwip link show xlat9

# What is told is shown, as it is to be given.
check "a device" gwip link add xlat0 type xlat prefix 2001:db8:64::/64 \
	local 192.0.2.0/24 as 2001:db8:1::/120 local 192.0.2.7 as 2001:db8:2::7 error 192.0.2.99 mtu 1400
check_match "is shown" "$(gwip -d link show xlat0)" \
	"*xlat prefix 2001:db8:64::/64 local 192.0.2.7 as 2001:db8:2::7 local 192.0.2.0/24 as 2001:db8:1::/120 error 192.0.2.99 mtu 1400 *"
check_eq "in JSON" "$(gwip -d -j link show xlat0 | python3 -ISc '
import json, sys
data = json.load(sys.stdin)[0]["linkinfo"]
print(data["info_kind"], json.dumps(data["info_data"], sort_keys=True))')" \
	'xlat {"error": "192.0.2.99", "local": [{"ipv4": "192.0.2.7", "ipv6": "2001:db8:2::7"}, {"ipv4": "192.0.2.0/24", "ipv6": "2001:db8:1::/120"}], "mtu": 1400, "prefix": "2001:db8:64::/64"}'
check_match "to the distribution's ip without the plugin" "$(IP_LIB_DIR=/nowhere ip -n "$gw" -d link show xlat0)" "*xlat*"

check "the Python of docs/abi.md makes one" on "$gw" python3 -IS -c \
	"$(sed -n '/^import socket, struct/,/^```/p' "$top/docs/abi.md" | sed '/^```/d; s/xlat0/xlat5/')"
check_match "as it says" "$(gwip -d link show xlat5)" \
	"*xlat prefix $pref64/96 local 198.51.100.2 as 2001:db8::2 *"

# A change is whole or none.
before=$(gwip -d link show xlat0)
check_match "a change is refused" "$(gwip link set xlat0 type xlat mtu 1500 local del 192.0.2.9 as 2001:db8::9 2>&1)" "*pair: it is not there*"
check_match "so is one to state" "$(gwip link set xlat0 type xlat masquerade 2>&1)" "*does not change between with and without state*"
check_match "and one to a host's" "$(gwip link set xlat0 type xlat host 2>&1)" "*host: it cannot be set later*"
check_eq "and changes nothing" "$(gwip -d link show xlat0)" "$before"
check "a change" gwip link set xlat0 type xlat mtu 0 error 0.0.0.0 local del 192.0.2.7 as 2001:db8:2::7
check_match "leaves the rest" "$(gwip -d link show xlat0)" "*xlat prefix 2001:db8:64::/64 local 192.0.2.0/24 as 2001:db8:1::/120 *"
check_not "and is all" sh -c "ip netns exec $gw ip -d link show xlat0 | grep -e error -e 1400"

# Many pairs, from a file of commands
for ((i = 0; i < 1024; i += 16)); do
	printf 'link set xlat0 type xlat'
	for ((j = i; j < i + 16; j++)); do
		printf ' local 10.0.%u.%u as 2001:db8:a::%x' $((j / 256)) $((j % 256)) $j
	done
	echo
done >"$tmp/pairs"
gwip link set xlat0 type xlat local flush
check "1024 pairs" gwip -batch "$tmp/pairs"
check_eq "are there" "$(gwip -d link show xlat0 | grep -o 'local 10\.0\.' | wc -l)" 1024
check_match "one more is not" "$(gwip link set xlat0 type xlat local 10.1.0.0 as 2001:db8:b:: 2>&1)" "*pairs: more than 1024*"
# shellcheck disable=SC2046 # words are meant
check_match "all in one command neither" "$(gwip link set xlat0 type xlat local flush \
	$(sed 's/.*type xlat//' "$tmp/pairs") 2>&1)" "*too much for one command*"

# They do not fit into the messages of those who ask without IFLA_EXT_MASK, as C libraries do. With
# an error, a dump would lack all devices behind this one, and glibc begin again for ever where
# one of these has an address.
gwip -batch - <<-EOT
	link set xlat0 up
	link add behind type dummy
	addr add 192.0.2.200/32 dev behind
EOT
check_eq "a dump of all devices ends" "$(on "$gw" timeout 20 python3 -c 'import ctypes, socket
first = ctypes.c_void_p()
print(ctypes.CDLL(None).getifaddrs(ctypes.byref(first)), "behind" in (name for _, name in socket.if_nameindex()))')" \
	"0 True"
check_eq "ip still gets all pairs" "$(gwip -d link show | grep -o 'local 10\.0\.' | wc -l)" 1024
gwip link del behind

# The longest one is taken.
gwip link set xlat0 up
gwip route add 2001:db8:64::/64 dev xlat0
gwip route add 10.0.0.0/16 dev xlat0
ip -n "$client6" addr add 2001:db8:a::3ff/128 dev eth0 nodad
gwip route add 2001:db8:a::/64 via $client_ip
serve "$server4" udp4:5353
ip -n "$client6" route change default via 2001:db8:c::1 src 2001:db8:a::3ff
check_match "the last of them is used" "$(ask "$client6" udp 2001:db8:64:0:c0:2:200:: 5353)" "hello from 10.0.3.255 *"
gwip link set xlat0 type xlat local del 10.0.3.255 as 2001:db8:a::3ff
gwip route add 10.9.0.0/16 dev xlat0
gwip link set xlat0 type xlat local 10.9.0.0/16 as 2001:db8:a::/112
check_match "without it the next longer one" "$(ask "$client6" udp 2001:db8:64:0:c0:2:200:: 5353)" "hello from 10.9.3.255 *"

# Lengths on both sides of 64, and addresses that differ in one half only, in place of some
some="local 10.0.0.0 as 2001:db8:a:: local 10.0.0.1 as 2001:db8:a::1 local 10.0.0.2 as 2001:db8:a::2
	local 10.0.0.3 as 2001:db8:a::3 local 10.0.0.4 as 2001:db8:a::4 local 10.0.0.5 as 2001:db8:a::5"
others="local 10.32.0.0/24 as 2001:dc8::/32 local 10.63.0.0/24 as 2001:db8:e:2::/63
	local 10.65.0.0/24 as 2001:db8:e:2:8000::/65 local 10.128.0.1 as 2001:db8:e:2:8000::1
	local 10.128.0.2 as 2001:db8:f:2:8000::1 local 10.128.0.3 as 2001:db8:e:2:8000::2"
# shellcheck disable=SC2086 # words are meant
gwip link set xlat0 type xlat ${some//local/local del}
# shellcheck disable=SC2086 # words are meant
ip -n "$server4" route replace 10.0.0.0/8 via $pool_ip
check "pairs of many lengths" gwip link set xlat0 type xlat $others
gwip route add 10.0.0.0/8 dev xlat0
while read -r from as; do
	ip -n "$client6" addr add "$from/128" dev eth0 nodad
	gwip route add "$from" via $client_ip
	ip -n "$client6" route change default via 2001:db8:c::1 src "$from"
	check_match "$from is $as" "$(ask "$client6" udp 2001:db8:64:0:c0:2:200:: 5353)" "hello from $as *"
done <<-EOT
	2001:dc8:500:: 10.32.0.5
	2001:db8:e:3:a00:: 10.63.0.133
	2001:db8:e:2:8100:: 10.65.0.2
	2001:db8:e:2:8000::1 10.128.0.1
	2001:db8:f:2:8000::1 10.128.0.2
	2001:db8:e:2:8000::2 10.128.0.3
EOT
# shellcheck disable=SC2086 # words are meant
gwip link set xlat0 type xlat ${others//local/local del}
# shellcheck disable=SC2086 # words are meant
gwip link set xlat0 type xlat $some

# Without state it goes to another namespace, as it is.
another other
check "it moves" gwip link set xlat0 netns "$other"
check_eq "with its pairs" "$(ip -n "$other" -d link show xlat0 | grep -o ' local ' | wc -l)" 1024
ip -n "$other" link set xlat0 up
ip netns del "$other"

done_testing
