#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# How much memory a namespace can have of what the modules keep, and who pays for it:
# flows that no conntrack entry stands for, and events that wait, are bounded in each namespace,
# and in all namespaces of users together, without the host's own; what a task has caused is
# charged to its control group.
. "$(dirname "$0")/tun.inc"

need unshare
modprobe -q nf_flow_table_inet || skip "no flowtables in this kernel"

pref64=2001:db8:64::
host6=2001:db8:6464::c000:209
max=600 # of flows
all=/proc/sys/net/netfilter/nf_conntrack_max
modprobe nf_conntrack
was=$(cat $all)
trap 'echo "$was" >$all; cleanup' EXIT
echo $max >$all

# box NAME [user]: one namespace that translates between a tun and a dummy device; it is
# the host's own, or that of a user namespace
box()
{
	local pid

	declare -g "$1=$1-$suffix"
	namespaces="$namespaces $1-$suffix"
	if [ "${2-}" = user ]; then
		unshare -Ur -n sleep 1000 &
		pid=$!
		wait_for 10 sh -c '[ "$(readlink /proc/$0/ns/net)" != "$(readlink /proc/self/ns/net)" ]' $pid
		ip netns attach "$1-$suffix" $pid
	else
		ip netns add "$1-$suffix"
	fi
	router "${!1}"
	ip -n "${!1}" -batch - <<-END || fail "box $1"
		link set lo up
		tuntap add lan mode tun
		addr add 2001:db8:6464::1/96 dev lan nodad
		link set lan up
		link add wan type dummy
		addr add 192.0.2.1/24 dev wan
		link set wan up
	END
}

# shellcheck disable=SC2317 # wait_for calls it
hooked() { on "$1" "$NFT" list hooks netdev device lan 2>/dev/null | grep -q nf_xlat_flow_ingress; }
# rule NAME WORDS: the only one, and the fast path behind it
rule()
{
	on "$1" "$NFT" "flush ruleset
	table inet gw {
		flowtable ft { hook ingress priority filter; devices = { lan }; }
		counter slow { }
		chain pre { type filter hook prerouting priority dstnat; policy accept
			ip6 saddr 2001:db8:6464::/96 ip6 daddr $pref64/96 xlat 6to4 $2; }
		chain forward { type filter hook forward priority filter; policy accept
			counter name slow
			xlat flow add @ft; }
	}" || fail "rule $2"
	wait_for 10 hooked "$1" || fail "no hook"
}

slow() { on "$1" "$NFT" list counter inet gw slow | sed -n 's/.*packets \([0-9]*\) .*/\1/p'; }
# flows NAME N: how many of N get into the fast path
flows()
{
	local before

	tun_begin "$1" $host6 20000-$((19999 + $2)) ${pref64}192.0.2.2 2
	before=$(slow "$1")
	tun_send
	echo $((2 * $2 - ($(slow "$1") - before)))
	tun_end
}

stateless="saddr prefix 2001:db8:6464::/96 daddr prefix $pref64/96"
for name in own other; do
	box $name
	rule "${!name}" "$stateless"
done
for name in alice bob; do
	box $name user
	rule "${!name}" "$stateless"
done

check_eq "a namespace of the host's own" "$(flows "$own" 1000)" $max
check_eq "a user's namespace" "$(flows "$alice" 400)" 400
check_eq "and another one's have a bound in common" "$(flows "$bob" 400)" $((max - 400))
check_eq "which is not for the host's own" "$(flows "$other" 400)" 400
on "$alice" "$NFT" flush ruleset
ip netns pids "$alice" | xargs kill
ip netns del "$alice"
# shellcheck disable=SC2317 # wait_for calls it
all_in() { [ "$(flows "$bob" 400)" = 400 ]; }
check "when one ends there is room again" wait_for 30 all_in
echo "$was" >$all

# Events. What users have to tell costs a look at all sockets that listen to anything: their
# namespaces pause, but what the host's own tell is sent at once.
# talks NAME: mappings can be made there
talks()
{
	on "$1" "$NFT" "flush ruleset
	table inet gw { chain pre { type filter hook prerouting priority dstnat
		ip6 daddr 64:ff9b::/96 xlat 6to4 prefix 64:ff9b::/96 masquerade; }; }" || fail "rule of events"
}
talks "$own"
talks "$bob"
talks "$other"
n=1000
read -r first count own_ms lost < <(python "$own" events 200 $n 100)
check_eq "events of the host's own" "$count $lost" "$n 0"
read -r user_first count ms lost < <(python "$bob" events 200 $n "$(awk "BEGIN { print 4 * $own_ms / 1000 }")")
check "a single event comes at once: $first ms, a user's $user_first ms" [ "$first" -lt 5000 -a "$user_first" -lt 5000 ]
# Once more, as the processor may have been somebody else's for a while. A user's are some 12
# times slower.
box again
talks "$again"
read -r _ _ again_ms _ < <(python "$again" events 200 $n 100)
[ "$own_ms" -lt "$again_ms" ] || own_ms=$again_ms
check "a user's are sent in turns: $count of $n in $ms ms, of the host's own all in $own_ms" \
	[ $((3 * count * own_ms)) -le $((n * ms)) ]
fillers=
for i in 1 2 3 4; do
	box filler$i user
	name=filler$i
	talks "${!name}"
	background_python "${!name}" events 1000 4200 0 "$tmp/filled$i" "$tmp/filled" >/dev/null
	fillers="$fillers $!"
done
for i in 1 2 3 4; do
	check "namespace $i has events that wait" wait_for 60 test -e "$tmp/filled$i"
done
box late user
talks "$late"
read -r first count ms lost < <(python "$late" events 0 3000 5)
check "all users together have a bound: $count of 3000 events of another one, $lost told to be lost" [ "$lost" -gt 0 ]
read -r first count ms lost < <(python "$other" events 0 3000 30)
check_eq "which is not for the host's own" "$count $lost" "3000 0"
touch "$tmp/filled"
# shellcheck disable=SC2086 # words are meant
wait $fillers

# Who pays. It has to be the task that sends; who is interrupted by a packet does not.
group=/sys/fs/cgroup/bounds-$suffix
echo +memory >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null
mkdir "$group"
if [ -e "$group/memory.stat" ]; then
	slab() { awk '$1 == "slab" { print $2 }' "$group/memory.stat"; }
	# costs NAME: bytes that each of 2000 sessions or flows has cost the group
	costs()
	{
		local before

		# the first one pays for what the program reads
		pay "$1" 20000-20000
		before=$(slab)
		pay "$1" 20001-22000
		echo $((($(slab) - before) / 2000))
	}
	pay()
	{
		sh -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$group" ip netns exec "$1" \
			python3 -ISu "$here/tunsend.py" lan $host6 "$2" ${pref64}192.0.2.2 1
	}
	for name in flow bib held; do
		words="prefix $pref64/96 masquerade"
		case $name in
		flow) words=$stateless ;;
		# a mapping, a permission, and what holds both
		held) words="$words filtering address-dependent" ;;
		esac
		if [ $name = held ]; then
			size=$((2 * size + 64))
		else
			size=$(cat /sys/kernel/slab/nf_xlat_$name/object_size)
		fi
		box "paid_$name"
		paid=paid_$name-$suffix
		rule "$paid" "$words"
		n=$(costs "$paid")
		check "nf_xlat_$name: charged to who sends" [ "$n" -ge "$size" ]
		echo "# $size bytes each, $n charged"
	done
else
	echo "# this kernel has no memory controller: who pays is not seen"
fi
rmdir "$group"

# All of it goes with the namespaces: the kernel would tell of what is left in a cache.
for ns in $namespaces; do
	ip netns pids "$ns" 2>/dev/null | xargs -r kill
	ip netns del "$ns" 2>/dev/null
done
# shellcheck disable=SC2317 # wait_for calls it
unused() { [ "$(cat /sys/module/nft_xlat/refcnt)" = 0 ]; }
check "namespaces end" wait_for 30 unused
check "module unloads" modprobe -r nft_xlat_flow nft_xlat

done_testing
