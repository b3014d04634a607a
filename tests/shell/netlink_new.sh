#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the family nf-xlat says of messages that make or change sessions and mappings: each
# attribute of a wrong size, what is missing, what contradicts, with the text and the attribute
# that is named. And what it dumps can be sent back.
. "$(dirname "$0")/lib.sh"

need python3 ping

setup_topo
check "ruleset loads" ruleset nat64 || done_testing
check "a ping" on "$client6" ping -c 1 -W 5 $server64
python "$gw" netlink_new bad >"$tmp/bad" 2>"$tmp/err"
check_eq "the messages are sent" "$(<"$tmp/err")" ""
check "each is refused, with the attribute" diff "$here/netlink_new.out" "$tmp/bad"
check_eq "nothing was made" "$(on "$gw" grep -vc icmpv6 /proc/net/nf_conntrack)" 0
on "$gw" conntrack -F 2>/dev/null

# The port of their sender is one of generic netlink, and may be that of another's socket in ctnetlink.
modprobe -q nf_conntrack_netlink
check_eq "events of conntrack are for listeners only, and name the port" "$(python "$gw" netlink_new events)" \
	"Success 0 [4242]
Success 0 [4242]
Success 0 [0]"

# SESSION_DEL of sessions that come back as fast as it ends them: it leaves a bucket after 128. Where a
# process in the kernel may be interrupted, one comes back too early, so that it ends before.
for _ in 1 2 3; do
	n=$(python "$gw" netlink_new del again 1000)
	on "$gw" conntrack -F 2>/dev/null
	[ "$n" -lt 128 ] || break
done
if is_uml; then check_eq "one that comes back is ended so often" "$n" 128
else check "one that comes back is not ended for ever" [ "$n" -ge 1 -a "$n" -le 128 ]; fi
# What it has not looked at yet stays when it is killed, and it does not wait for nf_conntrack_mutex.
for i in killed beside; do
	n=$(python "$gw" netlink_new del $i 200)
	check "sessions that are left: $i: $n" [ "$n" -ge 190 ]
	on "$gw" conntrack -F 2>/dev/null
done

# A session that changes
serve "$server4" tcp4:8080
check_match "a session" "$(ask "$client6" tcp $server64 8080)" "hello from *"
check_eq "is set" "$(python "$gw" netlink_new set 5000 3)" "Success: "
check_match "to this" "$(sessions tcp)" "* tcp *6 [45][0-9][0-9][0-9] ESTABLISHED *mark=77 *"
# Generic netlink of 6.1 does not tell a user why a dump does not begin.
kernel_since 6.12 && why="a dump has a filter at 3" || why=
check_eq "is had, deleted, and made of what was had" "$(python "$gw" netlink_new again)" "Success: 
No such file or directory: there is no session with this tuple at 2
No such file or directory: there is no session with this tuple at 2
Invalid argument: a filter is for dumps at 1
Invalid argument: $why"
check_match "as it was" "$(sessions tcp)" "* tcp *6 [45][0-9][0-9][0-9] ESTABLISHED *mark=77 *"
check_eq "with its mapping" "$(counter Bib)" 1
check_eq "what is there already is refused" "$(python "$gw" netlink_new copy)" \
	"Invalid argument: a session with a mapping, and no mapping at 5"

# The module goes, with static mappings: the end of each is told, however many there are. To
# leave some out was likely with these numbers, on two CPUs.
on "$gw" conntrack -F 2>/dev/null
for n in 2900 3000 3050 3500; do
	check "ruleset loads" ruleset nat64
	check_eq "$n static mappings begin and end" "$(python "$gw" netlink_new static $n sh -c 'nft flush ruleset
		modprobe -r nft_xlat_flow nft_xlat nf_xlat_dev nf_xlat_flow nf_xlat_ct')" "$n $n"
done

done_testing
