#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# An IPv4 fragment that is too long for IPv6 is cut before IPv6's rules see it. Rules must match
# the pieces as they match a packet that is not cut: by the device that it came in by, by the member
# of a VRF, and by the link layer header. And a piece that is forwarded is not this host's own.
. "$(dirname "$0")/lib.sh"

need python3
need_nft

pref64=2001:db8:64::
host4=192.0.2.50 # stands for the client
far4=192.0.2.51  # translated twice before the device
mapped="saddr prefix $pref64/96 daddr prefix"

# send_long ADDRESS LENGTH: a datagram, from the server; one of 2000 bytes makes fragments
# of 1500 and 548 bytes, and the first one makes two pieces
send_long()
{
	on "$server4" python3 -ISc 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(bytes(int(sys.argv[2])), (sys.argv[1], 5353))' "$1" "$2"
}

# counts TABLE: packets of its counters, by their names
counts()
{
	on "$gw" "$NFT" list counters table ip6 "$1" |
		awk '/^\tcounter/ { name = $2 } /packets/ { print name "=" $2 }' | sort | xargs
}

setup_topo
ip -n "$server4" route add 192.0.2.48/28 via $pool_ip
mac=$(on "$server4" cat /sys/class/net/eth0/address)

check "rules load" on "$gw" "$NFT" -f - <<-END || done_testing
	table ip xlat { chain pre { type filter hook prerouting priority dstnat
		iifname "wan" ip daddr $host4 xlat 4to6 $mapped $host4/32 to $client_ip/128; }; }
	table ip6 seen {
		counter total { }
		counter mac { }
		chain forward { type filter hook forward priority filter
			iifname "wan" meta l4proto { udp, ipv6-frag } counter name total
			iifname "wan" ether saddr $mac counter name mac
		}
	}
END
send_long $host4 2000
check_eq "pieces have the link layer header" "$(counts seen)" "mac=3 total=3"

# The same packets in a VRF: a rule that runs when the VRF has the packet. The client is
# in it, too.
ip -n "$gw" -batch - <<-END
	link add both type vrf table 10
	link set both up
	link set wan master both
	link set lan master both
	addr replace 2001:db8:c::1/64 dev lan nodad
END
check "rules load" on "$gw" "$NFT" -f - <<-END || done_testing
	flush ruleset
	table ip xlat { chain pre { type filter hook prerouting priority dstnat
		iifname "both" ip daddr $host4 xlat 4to6 $mapped $host4/32 to $client_ip/128; }; }
	table ip6 seen {
		counter total { }
		counter mac { }
		counter member { }
		chain forward { type filter hook forward priority filter
			iifname "both" meta l4proto { udp, ipv6-frag } counter name total
			iifname "both" ether saddr $mac counter name mac
			iifname "both" meta sdifname "wan" counter name member
		}
	}
END
send_long $host4 1000
check_eq "a packet that is not cut has its member of the VRF" "$(counts seen)" "mac=1 member=1 total=1"
send_long $host4 2000
check_eq "pieces have it, too" "$(counts seen)" "mac=4 member=4 total=4"
ip -n "$gw" link del both
on "$gw" "$NFT" flush ruleset

# Rules translate the fragment to IPv6 and back, before a device translates it again. IPv6's
# forward chain has to see it, and not its output chain.
need_ip_xlat
ip -n "$gw" -batch - <<-END
	addr replace 2001:db8:c::1/64 dev lan nodad
	link add xlat0 up type xlat prefix $pref64/96 non-global local 203.0.113.33 as $client_ip
	route add 203.0.113.33 dev xlat0
END
check "rules load" on "$gw" "$NFT" -f - <<-END || done_testing
	table ip xlat { chain pre { type filter hook prerouting priority dstnat
		iifname "wan" ip daddr $far4 xlat 4to6 $mapped $far4/32 to 2001:db8:66::1/128; }; }
	table ip6 xlat { chain pre { type filter hook prerouting priority dstnat
		ip6 daddr 2001:db8:66::1 xlat 6to4 $mapped 2001:db8:66::1/128 to 203.0.113.33/32; }; }
	table ip6 seen {
		counter forwarded { }
		counter own { }
		chain forward { type filter hook forward priority filter; ip6 daddr $client_ip counter name forwarded; }
		chain output { type filter hook output priority filter; ip6 saddr $pref64/96 counter name own; }
	}
END
ip -n "$gw" route add 2001:db8:66::1/128 via $client_ip
send_long $far4 1000
check_eq "a packet that is not cut is forwarded" "$(counts seen)" "forwarded=1 own=0"
send_long $far4 2000
check_eq "pieces are forwarded" "$(counts seen)" "forwarded=4 own=0"

done_testing
