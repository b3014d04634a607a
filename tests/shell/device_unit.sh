#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Devices that are not there at boot, and come and go: nft-xlat@.service, as the guide for
# a home router uses it. What its commands do to packets is in guide_home_router.
. "$(dirname "$0")/recipe.inc"
. "$here/systemd.inc"

need make
modprobe -q nf_flow_table_inet || skip "no flowtables in this kernel"
[ -x /lib/systemd/systemd-udevd ] || skip "needs udev"

setup_topo
ip -n "$gw" link del wan
mine=$tmp/nft-xlat
check "installs" make -s -C "$top" install-nft PREFIX="$mine" BUILD="$tmp/build" PREBUILT="$prefix" ||
	done_testing
# what stands in the guide, with that place for /opt/nft-xlat
as_installed() { sed "s,/opt/nft-xlat,$mine,g"; }
{ echo "flush ruleset"; text home_router | sed -n '/^table /,$p' | as_installed; } >"$tmp/conf"
systemd_starts "touch /etc/nftables.conf; mount --bind $tmp/conf /etc/nftables.conf
	mkdir -p /etc/nft-xlat; mount -t tmpfs tmpfs /etc/nft-xlat
	mount -t tmpfs tmpfs /etc/systemd/system
	/lib/systemd/systemd-udevd --daemon
	udevadm trigger --subsystem-match=net; udevadm settle -t 10" || skip "needs a systemd on UML"

# is UNIT STATE
# shellcheck disable=SC2317 # called by wait_for, as the next one
is() { [ "$(ctl is-active "$1")" = "$2" ]; }
# has DEVICES: the flowtable
# shellcheck disable=SC2317
has() { [ "$(on "$gw" $NFT list flowtable inet router fast | sed -n 's/.*devices = { \(.*\) }.*/\1/p' | tr -d '" ')" = "$1" ]; }
# shellcheck disable=SC2317 # called by check
comes() { link "$gw" wan "$server4" eth0; }

check "the service" ctl enable --now "$mine/lib/systemd/system/nft-xlat.service"
check "the units for devices" ctl link "$mine/lib/systemd/system/nft-xlat@.service"
check "no device at first" has ""
check "the commands of the guide" inside sh -ec "$(text home_router sh)" || done_testing
check "lan joins" wait_for 10 has lan
check "its unit" wait_for 10 is nft-xlat@lan active
check "wan comes" comes
check "and joins" wait_for 10 has lan,wan
check "its unit" wait_for 10 is nft-xlat@wan active
check "reload" ctl reload nft-xlat
check "both are there" has lan,wan
check "stop" ctl stop nft-xlat
check "start" ctl start nft-xlat
check "both are there" has lan,wan
check "wan goes" ip -n "$gw" link del wan
check "its unit" wait_for 10 is nft-xlat@wan inactive
check "reload without it" ctl reload nft-xlat
check "lan is there" has lan
check "wan comes again" comes
check "and joins again" wait_for 10 has lan,wan

# A file with a mistake is told of, and does not hold up the rest
ip -n "$gw" link del wan
wait_for 10 is nft-xlat@wan inactive
inside sh -c 'echo "add flowtable inet router slow { devices = wan" >/etc/nft-xlat/wan.nft'
check "wan comes, with a bad file" comes
check "its unit fails" wait_for 10 is nft-xlat@wan failed
check "reload" ctl reload nft-xlat
check "lan is there" has lan

done_testing
