#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# On a debug kernel, after the stories: nothing may have been reported before
# them, as lockdep falls silent after its first report, the modules must go,
# nothing may be left of what they allocated, and each checker must still report
# an error made on purpose (planted/).  "begin": to be run before the stories.

leaks=/sys/kernel/debug/kmemleak
ret=0

pass() { echo "PASS: $*"; }
fail() { echo "FAIL: $*"; ret=1; }

# scan: kmemleak reports what is 5 s old and was found unreferenced several
# times in a row, after a first time that tells it the content.  A few dozen
# objects of a size can hide behind stale pointers in the slab's sheaves.
scan()
{
	local n

	n=$(cat /sys/module/kmemleak/parameters/min_unref_scans 2>/dev/null)
	for ((n = ${n:-1} + 1; n > 0; n--)); do echo scan >$leaks; done
}

# unloaded MODULE: namespaces are taken down in the background
unloaded()
{
	local i

	for ((i = 0; i < 300; i++)); do
		grep -q "^$1 " /proc/modules || return 0
		rmmod "$1" 2>/dev/null || sleep 0.1
	done
	rmmod "$1"
}

# plant ERROR PATTERN: what the log must say of it
plant()
{
	local log

	echo "tests/run: planted $1" >/dev/kmsg
	modprobe planted error="$1" && rmmod planted
	log=$(dmesg | sed "1,/tests\/run: planted $1\$/d")
	if grep -qE "$2" <<<"$log"; then
		pass "the kernel reports: $1"
	else
		fail "checker is dead: $1"
		head -n 20 <<<"$log"
	fi
}

if [ "$1" = begin ]; then
	# What UML itself leaves behind is not counted.
	[ ! -e $leaks ] || { scan && echo clear >$leaks; }
	exit 0
fi

dmesg | grep -q 'lab: command starts' || fail "the kernel's log has overflown"
! dmesg | sed '/lab: command starts/q' | grep -E -A15 "$SPLAT" || fail "reported before any test began"

[ ! -e $leaks ] || { sleep 5; scan; before=$(cat $leaks); }
for m in nf_xlat_test nf_xlat_fuzz nft_xlat_flow nft_xlat nf_xlat_dev nf_xlat_flow nf_xlat_ct nf_xlat; do
	unloaded $m || fail "cannot unload $m"
done
[ $ret != 0 ] || pass "the modules can be unloaded"
if [ -e $leaks ]; then
	sleep 5
	scan
	after=$(cat $leaks)
	if [ "$after" ]; then
		fail "memory was leaked, as seen before and after the modules were unloaded:"
		printf '%s\n' "$before" "--" "$after" | head -n 200
	else
		pass "no memory was leaked"
	fi
fi

echo "lab: errors on purpose" >/dev/kmsg
plant sleep 'BUG: sleeping function called from invalid context at .*planted\.c'
case $LANE in
uml-rcu)
	plant rcu 'planted\.c:[0-9]+ suspicious rcu_dereference_check'
	# lockdep says nothing more after this one
	plant locks 'WARNING: possible circular locking dependency'
	;;
uml-kasan)
	plant timer 'ODEBUG: free active .* timer_list'
	modprobe planted error=leak
	sleep 5
	scan
	# UML's kmemleak knows no callers
	if [ "$(grep -c '^unreferenced object .*(size 128)' $leaks)" -gt 500 ]; then
		pass "the kernel reports: leak"
	else
		fail "checker is dead: leak"
		head -n 20 $leaks
	fi
	rmmod planted
	plant bounds 'KASAN: slab-out-of-bounds in planted_bounds'
	plant stack 'KASAN: stack-out-of-bounds in planted_stack'
	plant shift 'UBSAN: shift-out-of-bounds in .*planted\.c'
	;;
*)
	fail "no errors are planted on $LANE"
	;;
esac
exit $ret
