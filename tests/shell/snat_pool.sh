#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A pool of addresses and ports, its flags, and its end.
. "$(dirname "$0")/lib.sh"

need python3

# in_pool WHAT LOW HIGH PEERS: "ADDRESS PORT" lines, all in the pool
in_pool()
{
	check_eq "$1" "$(echo "$4" | awk -v lo="$2" -v hi="$3" \
		'$1 !~ /^192\.0\.2\.(16|17|18|19)$/ || $2 < lo || $2 > hi || NF != 2')" ""
}
different() { echo "$1" | cut -d' ' -f"$2" | sort -u | wc -l; }
# more_than N NUMBER
# shellcheck disable=SC2317 # called by check
more_than() { [ "$2" -gt "$1" ]; }

# peers PROTO PORT [-n N] [-a]: addresses and ports that the server saw
peers() { python "$client6" callers "$@" | sed -n 's/.* from //p'; }

setup_topo
for i in 16 17 18 19; do ip -n "$gw" addr add 192.0.2.$i/32 dev wan; done
check "ruleset loads" ruleset snat_range || done_testing
serve "$server4" tcp4:{8001,8002,8003,8004,8005,8006,8007,8008}
# one address hashes to one of the pool, so have some
for i in {1..16}; do echo "addr add 2001:db8:c::1:$i/128 dev eth0 nodad"; done |
	ip -n "$client6" -batch -

p=$(peers tcp $server64 8001 20 spread)
in_pool "range: addresses and ports" 2000 2999 "$p"
check "range: more than one address" more_than 1 "$(different "$p" 1)"
p=$(peers tcp $server64 8002 20 spread)
in_pool "random: addresses and ports" 2000 2999 "$p"
check "random: ports differ" more_than 14 "$(different "$p" 2)"
p=$(peers tcp $server64 8003 20 spread)
in_pool "fully-random: addresses and ports" 2000 2999 "$p"
check "fully-random: ports differ" more_than 14 "$(different "$p" 2)"

# The same client to many servers: the pool's address depends on the client
# alone with persistent and with mappings, on both ends without either.
for i in {32..47}; do echo "addr add 192.0.2.$i/32 dev eth0"; done | ip -n "$server4" -batch -
p=$(for i in {32..39}; do echo ${pref64}192.0.2.$i; done | peers tcp - 8004)
check_eq "persistent: eight answers" "$(echo "$p" | wc -l)" 8
in_pool "persistent: addresses" 1024 65535 "$p"
check_eq "persistent: one address for all servers" "$(different "$p" 1)" 1
p=$(for i in {32..47}; do echo ${pref64}192.0.2.$i; done | peers tcp - 8005)
in_pool "not persistent: addresses" 1024 65535 "$p"
check "not persistent: more than one address" more_than 1 "$(different "$p" 1)"

p=$(peers tcp $server64 8006 10)
check_eq "masquerade to ports" "$(echo "$p" | awk -v ip=$pool_ip '$1 == ip && $2 >= 3000 && $2 < 4000' | wc -l)" 10
p=$(peers tcp $server64 8008 5 40000)
check_eq "a port that is free is kept" "$(echo "$p" | cut -d' ' -f2 | sort | paste -sd' ')" \
	"40000 40001 40002 40003 40004"

# Ten ports serve ten sessions with one server, and the eleventh is told.
python "$client6" callers tcp $server64 8007 11 >"$tmp/full" 2>&1
check_eq "pool of ten: ten work" "$(grep -c ' from 192.0.2.16 500[0-9]$' "$tmp/full")" 10
check_eq "pool of ten: ten ports" "$(sed -n 's/.* from //p' "$tmp/full" | sort -u | wc -l)" 10
check_match "pool of ten: the eleventh is refused" "$(grep -v ' from ' "$tmp/full")" "*No route to host"
check "it was counted" more_than 0 "$(counter DropNoPort)"
# another server, the same ten ports
check_match "the ports serve other servers" \
	"$(ask "$client6" tcp ${pref64}192.0.2.32 8007)" "hello from 192.0.2.16 500?"

done_testing
