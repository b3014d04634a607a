#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The unit tests as a story, for guests in which their output is of no interest
# but what the kernel's checkers say of them.

modprobe nf_xlat_test &
pid=$!
# Who says nothing for too long is ended: on a slow kernel each takes its time.
seen=0
while kill -0 $pid 2>/dev/null; do
	sleep 2
	n=$(dmesg | grep -cE '\] +(not )?ok [0-9]')
	[ "$n" = "$seen" ] || echo "# $n tests"
	seen=$n
done
wait $pid || { echo "FAIL: cannot load nf_xlat_test"; exit 1; }
log=$(dmesg | sed '1,/tests\/run: kunit$/d')
if grep -q 'not ok ' <<<"$log" || ! grep -qE '\] ok [0-9]+ ' <<<"$log"; then
	grep -E 'ok |# ' <<<"$log"
	echo "FAIL: unit tests"
	exit 1
fi
if ! grep -q "nf_xlat: netns $(stat -Lc %i /proc/1/ns/net): out of memory, dropping packet" <<<"$log"; then
	echo "FAIL: the log does not say that there was no memory"
	exit 1
fi
grep -E 'Totals' <<<"$log" | tail -1
