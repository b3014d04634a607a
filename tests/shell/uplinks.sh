#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Marks and labels of sessions, and routes by mark: docs/recipes.md.
. "$(dirname "$0")/recipe.inc"

far64=$pref64$far_ip

# caller N PROTO PORT: who the other side says that this subscriber is
caller() { python "$client6" crowd call "$2" $far64 "$3" 1 30000 "2001:db8:1:$1::2" | sed -n 's/^from \([^ ]*\) .*/\1/p'; }
# router_of N: the one behind the gateway on the way of this subscriber
router_of() { on "$client6" ping -6 -n -I "2001:db8:1:$1::2" -t 2 -c 1 -W 10 $far64 | sed -n 's/^From \([^ ]*\) .*Time exceeded.*/\1/p'; }
# both: packets that had mark and label
both() { on "$gw" $NFT list chain inet nat64 forward | grep -o 'packets [0-9]*'; }
# sent: packets that went out by the second uplink
sent() { on "$gw" cat /sys/class/net/wan2/statistics/tx_packets; }

# shellcheck disable=SC2317 # called by setup_recipe
second()
{
	link "$gw" wan2 "$server4" eth1
	ip -n "$gw" addr add 203.0.113.1/24 dev wan2
	ip -n "$server4" addr add 203.0.113.2/24 dev eth1
}
before_recipe=second
setup_recipe uplinks
subscribers 1 2

for i in "1 $pool_ip ${pref64}c000:202" "2 203.0.113.1 ${pref64}cb00:7102"; do
	read -r n ip router <<<"$i"
	check_eq "TCP of $n: address of its uplink" "$(caller "$n" tcp 80)" "$ip"
	check_eq "UDP of $n: too" "$(caller "$n" udp 5353)" "$ip"
	check "ping of $n" on "$client6" ping -6 -c 2 -i 0.2 -W 10 -I "2001:db8:1:$n::2" $far64
	check_eq "$n goes by its router" "$(router_of "$n")" "$router"
	ip -n "$client6" -6 route flush cache # the other one's path
	check_match "and is told what does not fit" \
		"$(on "$client6" ping -6 -n -M "do" -s 1400 -c 1 -W 10 -I "2001:db8:1:$n::2" $far64)" \
		"*From $router icmp_seq=1 Packet too big: mtu=1420*"
done
before=$(sent)
python "$client6" crowd call udp $far64 5353 20 31000 2001:db8:1:2::2 >"$tmp/crowd"
check_eq "many of 2" "$(tail -n 1 "$tmp/crowd")" "20 of 20 answered"
check "by the second uplink" [ $(($(sent) - before)) -ge 20 ]

# answers of subscriber 2's TCP, and of nothing else, in IPv6
check_match "mark and label on answers" "$(on "$gw" $NFT list chain inet nat64 forward)" \
	"*ct mark 0x00000002 ct label 5 counter packets [1-9]*"
before=$(both)
caller 1 tcp 80 >/dev/null
caller 2 udp 5353 >/dev/null
check_eq "of these only" "$(both)" "$before"
check_eq "marks of entries" "$(sessions src=2001:0db8:0001:0002 | grep -o 'mark=[0-9]*' | sort -u)" mark=2
check "another way for all that is translated" on "$gw" $NFT -f - < <(text uplinks nft)
from2() { python "$client6" crowd call "$1" $far64 "$2" 5 32000 2001:db8:1:1::2 | grep -o 'from [^ ]*' | sort | uniq -c | xargs; }
check_eq "TCP of 1" "$(from2 tcp 80)" "5 from 203.0.113.1"
check_eq "UDP of 1" "$(from2 udp 5353)" "5 from 203.0.113.1"
all_valid

done_testing
