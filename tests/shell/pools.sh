#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Several ranges, and what is not translated: docs/recipes.md.
. "$(dirname "$0")/recipe.inc"

# calls PORT: TCP from many clients, as which address the server saw each
calls() { python "$client6" callers tcp $server64 "$1" 64 spread | sed -n 's/^\(call [0-9]* \)from \([^ ]*\) .*/\1\2/p'; }

setup_recipe pools
serve "$server4" tcp4:25 tcp4:8001 tcp4:8002
ip -n "$server4" addr add 10.0.0.1/32 dev lo
ip -n "$gw" route add 10.0.0.0/8 via $server_ip
for i in {1..64}; do echo "addr add 2001:db8:c::1:$i/128 dev eth0 nodad"; done | ip -n "$client6" -batch -

p=$(calls 8001)
check_eq "all were answered" "$(wc -l <<<"$p")" 64
check_eq "[105] all of both ranges is used, nothing else" "$(cut -d' ' -f 3 <<<"$p" | sort -u | tr '\n' ' ')" \
	"192.0.2.16 192.0.2.17 192.0.2.40 "
check_eq "[103] each has the same address next time" "$(calls 8002)" "$p"
out "192.0.2.*"

check_match "[105] mail is refused" "$(ask "$client6" tcp $server64 25)" "*Permission denied*"
check_match "[105] 10/8 is not translated" "$(ask "$client6" tcp ${pref64}10.0.0.1 8002)" "*unreachable*"
# so that another gateway may
ip -n "$gw" addr add 2001:db8:d::1/64 dev wan nodad
ip -n "$server4" -batch - <<-END
	addr add 2001:db8:d::2/64 dev eth0 nodad
	addr add ${pref64}10.0.0.1/128 dev lo nodad
	route add 2001:db8:c::/64 via 2001:db8:d::1
END
ip -n "$gw" route add ${pref64}10.0.0.0/104 via 2001:db8:d::2
serve "$server4" tcp6:8002
check_match "but routed" "$(ask "$client6" tcp ${pref64}10.0.0.1 8002)" "hello from 2001:db8:c::*"
all_valid

done_testing
