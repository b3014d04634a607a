#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The files of docs/guides/failover.md for keepalived, conntrackd, radvd and systemd: each program takes its own,
# and refuses it with a word too many. With them, hosts have their default route by whoever is the master.
. "$(dirname "$0")/failover.inc"
. "$here/systemd.inc"

need keepalived radvd

for g in a b; do
	text failover radvd >"$tmp/$g/radvd.conf"
	mkdir "$tmp/$g/systemd"
	text failover systemd >"$tmp/$g/systemd/conntrackd.service"
	text failover | of_gateway $g >"$tmp/$g/commands"
	node $g sh -e "$tmp/$g/commands" || fail "$g: the guide's commands"
	text failover nft | node $g "$NFT" -f - || fail "$g: rules"
done

# conntrackd has no check of its own: it reads the file before it looks for one that runs.
# shellcheck disable=SC2317 # called by taken, as the others
conntrackd_takes()
{
	ctd "$1" -s >"$tmp/said" 2>&1
	[ "$(wc -l <"$tmp/said")" = 1 ] && grep -q "is conntrackd running" "$tmp/said"
}
# shellcheck disable=SC2317
keepalived_takes() { node "$1" keepalived -t >"$tmp/said" 2>&1 && ! grep -qi "unknown\|warning" "$tmp/said"; }
# shellcheck disable=SC2317
radvd_takes() { node "$1" radvd -c -C "$tmp/$1/radvd.conf"; }
# shellcheck disable=SC2317
systemd_takes()
{
	node "$1" systemd-analyze verify --man=no "$tmp/$1/systemd/conntrackd.service" >"$tmp/said" 2>&1 &&
		! grep conntrackd "$tmp/said"
}
# taken WHAT FILE LINE: of both gateways; not with LINE behind the first one, or below if that is "+"
taken()
{
	local g

	for g in a b; do
		check "$g: $1 takes $2" "$1_takes" $g || { cat "$tmp/said"; continue; }
		cp "$tmp/$g/$2" "$tmp/kept"
		sed -i "2i $3" "$tmp/$g/$2"
		check_not "$g: not with \"$3\"" "$1_takes" $g
		cp "$tmp/kept" "$tmp/$g/$2"
	done
}
taken keepalived keepalived/keepalived.conf "vrrp_garp_master_refreshes 60"
taken conntrackd conntrackd/conntrackd.conf "Modes FTFW"
taken radvd radvd.conf "AdvSendAdverts on;"
if command -v systemd-analyze >/dev/null; then
	taken systemd systemd/conntrackd.service "Documenting=it"
fi

# By systemd on a: all as the guide has it. Nothing else is to come up before.
systemd_starts "mount --bind $tmp/a/conntrackd /etc/conntrackd
	mount --bind $tmp/a/keepalived /etc/keepalived
	touch /etc/radvd.conf; mount --bind $tmp/a/radvd.conf /etc/radvd.conf
	mount --bind $tmp/opt /opt/nft-xlat
	mount --bind $tmp/a/log /var/log
	mount --bind /dev/null /etc/resolv.conf
	mount -t tmpfs tmpfs /etc/systemd/system
	cp $tmp/a/systemd/* /etc/systemd/system
	mkdir /etc/systemd/system/service.d
	printf '[Unit]\nDefaultDependencies=no\n' >/etc/systemd/system/service.d/lab.conf" || skip "the rest needs a systemd on UML"
check "a starts as the guide says" inside sh -ec "$(text failover "sh start")" || {
	ctl --no-pager list-jobs
	ctl --no-pager status conntrackd keepalived radvd
	done_testing
}
for unit in conntrackd keepalived radvd; do
	check_eq "$unit is active" "$(ctl is-active $unit)" active
done
check "a is the master" master a
start_conntrackd b
keepalive b
background "$gw2" radvd -n -m stderr -p "$tmp/radvd.pid" -C "$tmp/b/radvd.conf" 2>"$tmp/b/radvd"

# A host that hears router advertisements
another host6
link "$client6" to_host "$host6" eth0
ip -n "$client6" link set to_host master eth0
# shellcheck disable=SC2154 # of "another"
on "$host6" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/eth0/accept_ra; ip link set eth0 down; ip link set eth0 up'
routes() { ip -n "$host6" -6 route show default; }
# shellcheck disable=SC2317 # called by wait_for, as the next one
routed() { routes | grep -q .; }
# shellcheck disable=SC2317
addressed() { has "$host6" eth0 2001:db8:c:; }
check "a host has a default route" wait_for 40 routed
check "and an address" wait_for 10 addressed
check_match "by the master's address, and no other" "$(routes)" "default via fe80::64 dev eth0 proto ra *"
serve "$server4" udp4:5353
check_match "UDP" "$(ask "$host6" udp $server64 5353)" "hello from 203.0.113.[1-4] *"
# shellcheck disable=SC2317 # called by wait_for
told() { [ "$(entries b external)" -ge 1 ]; }
check "conntrackd has told b" wait_for 10 told

# conntrackd is killed: systemd starts it anew, and it knows its sessions.
pid=$(ctl show -p MainPID --value conntrackd)
inside kill -9 "$pid"
# shellcheck disable=SC2317 # called by wait_for
again() { [ "$(ctl show -p MainPID --value conntrackd)" != "$pid" ] && inside /opt/nft-xlat/sbin/conntrackd -i | grep -q "src=2001:db8:c:"; }
check "conntrackd is started again, and has the session" wait_for 20 again

check "a leaves" ctl stop keepalived
check "b is the master" master b
check_match "UDP by b" "$(ask "$host6" udp $server64 5353)" "hello from 203.0.113.[1-4] *"
on "$host6" sh -c 'ip link set eth0 down; ip link set eth0 up'
check "b tells hosts of the route" wait_for 40 routed
check_match "and no other" "$(routes)" "default via fe80::64 dev eth0 proto ra *"
wait_for 10 addressed
check_match "UDP" "$(ask "$host6" udp $server64 5353)" "hello from 203.0.113.[1-4] *"
ctd b -k
kill "$(<"$tmp/b/run/k.pid")"
done_testing
