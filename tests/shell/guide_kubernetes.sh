#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A node that translates for its pods, beside the rules of others:
# docs/guides/kubernetes.md.
. "$(dirname "$0")/recipe.inc"

# who others are: services by DNAT, NAT66 for pods, a firewall
# shellcheck disable=SC2317 # called by setup_recipe
cluster()
{
	on "$gw" $NFT "table ip6 kube-proxy {
		chain pre { type nat hook prerouting priority dstnat;
			ip6 daddr 2001:db8:5::1 tcp dport 80 dnat to [2001:db8:c::3]:8080; }
		chain post { type nat hook postrouting priority srcnat; oifname wan masquerade; }
	}
	table ip kube-proxy {
		chain pre { type nat hook prerouting priority dstnat; }
		chain post { type nat hook postrouting priority srcnat; mark 0x4000 masquerade; }
	}"
	another pod
	ip link add name lan2 netns "$gw" type veth peer name eth0 netns "$pod"
	ip -n "$gw" -batch - <<-END
		link set lan2 up
		route add 2001:db8:c::3/128 dev lan2
		addr add fe80::1/64 dev lan2 nodad
		route add 10.0.0.0/8 via $server_ip
		route add 169.254.0.0/16 via $server_ip
	END
	ip -n "$pod" -batch - <<-END
		link set eth0 up
		addr add 2001:db8:c::3/128 dev eth0 nodad
		route add default via fe80::1 dev eth0
	END
	ip -n "$server4" -batch - <<-END
		addr add 10.96.0.53/32 dev lo
		addr add 169.254.169.254/32 dev lo
	END
}
need_ip_xlat
# shellcheck disable=SC2317 # called by check
egress() { on "$gw" env XLAT_CONF="$tmp" XLAT_STATE="$tmp/xlat" "$top/packaging/xlat-device" "$1" egress; }
text kubernetes egress >"$tmp/egress.conf"
before_recipe=cluster patched=$NFT NFT=nft
setup_recipe kubernetes
check "the device" egress up || done_testing
ip -n "$client6" route add 2001:db8:c::3/128 via 2001:db8:c::1
serve "$pod" tcp6:8080
serve "$server4" tcp4:80

out $pool_ip
check_match "another pod" "$(ask "$pod" tcp $pref64$far_ip 80)" "hello from $pool_ip *"
check_match "a service of the cluster" "$(ask "$client6" tcp 2001:db8:5::1 80)" "hello from $client_ip *"
check_match "metadata: denied" "$(ask "$pod" tcp ${pref64}169.254.169.254 80)" "*Permission denied*"
check_match "private nets: denied" "$(ask "$pod" tcp ${pref64}10.96.0.53 80)" "*Permission denied*"
# the resolver, bound to its address so that answers come from there
background "$server4" python3 -ISc 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.96.0.53", 53))
while True:
	data, peer = s.recvfrom(100)
	s.sendto(b"hello from %s %d\n" % (peer[0].encode(), peer[1]), peer)'
listening "$server4" udp 53
check_match "but for the resolver" "$(ask "$pod" udp ${pref64}10.96.0.53 53)" "hello from $pool_ip *"
ip -n "$client6" addr add 2001:db8:bad::2/128 dev eth0 nodad
ip -n "$gw" route add 2001:db8:bad::/64 via $client_ip
check_not "nor who is no pod" on "$client6" ping -6 -c 1 -W 1 -I 2001:db8:bad::2 $pref64$far_ip
check_match "counted as IPv4 of pods" "$(on "$gw" $NFT list chain inet nat64_egress forward)" "*counter packets [1-9]*"
all_valid
check "loaded anew" on "$gw" $NFT -f - < <(printf '%s table inet nat64_egress\n' "" delete; text kubernetes | sed -n '/^table /,$p')
check_match "it translates" "$(ask "$client6" tcp $pref64$far_ip 80)" "hello from $pool_ip *"

# The rule in place of the device
check "the device goes" egress down
check_match "nobody translates" "$(ask "$client6" tcp $pref64$far_ip 80)" "*[Uu]nreachable*"
NFT=$patched
check "the rule loads" on "$gw" "$NFT" -f - < <(text kubernetes rule)
check_match "it translates as well" "$(ask "$client6" tcp $pref64$far_ip 80)" "hello from $pool_ip *"
check_match "metadata: denied by a rule" "$(ask "$pod" tcp ${pref64}169.254.169.254 80)" "*Permission denied*"
all_valid

done_testing
