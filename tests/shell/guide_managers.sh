#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The CLAT of docs/guides/device.md on a host whose network is run by systemd-networkd, then by
# NetworkManager, then by ifupdown, with a systemd of its own; routers advertise the prefix
# (PREF64). The gateway has the guide's NAT64 by ifupdown, and by OpenWrt's handler at last.
. "$(dirname "$0")/lib.sh"
. "$here/systemd.inc"

need_ip_xlat
need python3 dbus-daemon networkctl NetworkManager nmcli ifup busybox
[ -x /lib/systemd/systemd-networkd ] || skip "needs systemd-networkd"

setup_ns "$client6" "$gw" "$server4"
router "$gw"
link "$gw" lan "$client6" eth0
link "$gw" wan "$server4" eth0
ip -n "$gw" -batch - <<-EOF
	addr add 2001:db8:c::1/64 dev lan nodad
	addr add 2001:db8:d::1/64 dev lan nodad
	addr add $pool_ip/24 dev wan
EOF
ip -n "$server4" addr add $server_ip/24 dev eth0
serve "$server4" tcp4:80

# What is installed, and an /etc that has all that the guide has
check "installs" make -s -C "$top" install-plugin BUILD="$top/build" PREFIX="$tmp/nft-xlat" IPLIB="$tmp/ip" || done_testing
sed -i "s,$tmp/nft-xlat,/opt/nft-xlat,g" "$tmp"/nft-xlat/lib/systemd/system/*
etc=$tmp/etc
cp -a /etc "$tmp"
rm -r "$etc/systemd/system"
mkdir -p "$etc"/{xlat,systemd/system/{service,socket}.d,systemd/network,NetworkManager/{dispatcher.d,system-connections}}
# so that nothing is started for its own sake
printf '[Unit]\nDefaultDependencies=no\n' | tee "$etc"/systemd/system/{service,socket}.d/lab.conf >/dev/null
# these hosts' addresses are those of documentation
for i in clat nat64; do text device $i | sed 's,^prefix .*,& non-global,' >"$etc/xlat/$i.conf"; done
text device network >"$etc/systemd/network/10-xlat.network"
printf '[Match]\nName=*\n[Network]\nIPv6AcceptRA=yes\n' >"$etc/systemd/network/20-all.network"
text device dispatcher >"$etc/NetworkManager/dispatcher.d/90-xlat"
chmod +x "$etc/NetworkManager/dispatcher.d/90-xlat"
cat >"$etc/NetworkManager/system-connections/uplink.nmconnection" <<-EOF
	[connection]
	id=uplink
	uuid=5fb06bd0-0bb0-4ffb-85f1-d6edd65f3e03
	type=ethernet
	interface-name=eth0
	[ipv4]
	method=disabled
	[ipv6]
	method=auto
EOF
chmod 600 "$etc/NetworkManager/system-connections/uplink.nmconnection"
cp -a "$etc/network" "$tmp"
text device interfaces >"$tmp/network/interfaces"
iplib=$(make -s -C "$top" -f Makefile -f - iplib <<<'iplib: ; @echo $(IPLIB)')
mounts="mount --bind $etc /etc
	mkdir -p /opt/nft-xlat $iplib
	mount --bind $tmp/nft-xlat /opt/nft-xlat; mount --bind $tmp/ip $iplib"

# The gateway's ifupdown
# shellcheck disable=SC2317 # check calls it
by_ifupdown()
{
	on "$gw" env -u IP_LIB_DIR sh -ec "$mounts; mount --bind $tmp/network /etc/network; mkdir -p $tmp/run /run/network
		mount --bind $tmp/run /run/network; exec \"\$@\"" - "$@"
}
check "the gateway: ifup" by_ifupdown ifup -a || done_testing
check "it has a NAT64" ip -n "$gw" link show nat64
ip -n "$gw" link add other up type xlat prefix 2001:db8:65::/96 masquerade || fail "another NAT64"

# ra LINE...: what it advertises, see ra.py
background_python "$gw" ra lan "$tmp/ra"
ra() { printf '%s\n' "$@" >"$tmp/ra.new"; mv "$tmp/ra.new" "$tmp/ra"; }

systemd_at=$client6
systemd_starts "$mounts
	/lib/systemd/systemd-udevd --daemon
	udevadm trigger --subsystem-match=net; udevadm settle -t 10" || skip "needs a systemd on UML"

# shellcheck disable=SC2317 # wait_for and check call these
works() { [[ $(patience=${1:-0.5} ask "$client6" tcp $server_ip 80) = "hello from $pool_ip "* ]]; }
# has NET...: for the CLAT, its address in each /64 of these and no other
# shellcheck disable=SC2317
has() { [ "$(ip -n "$client6" -6 -o addr show dev eth0 | grep -o '[^ ]*::c1a7' | xargs)" = "${1:+$1::c1a7}" ]; }
# shellcheck disable=SC2317
prefix() { ip -n "$client6" -d link show clat | grep -q "xlat prefix $1 "; }
# shellcheck disable=SC2317
state() { [ "$(ctl show -P "$1" xlat@clat)" = "$2" ]; }
# What stands at the device. How its link-local address is made NetworkManager sets for all.
at_clat()
{
	ip -n "$client6" -o addr show dev clat scope global
	ip -n "$client6" -4 route show dev clat
	ip -n "$client6" -d -o link show clat | sed 's/ addrgenmode [^ ]*//'
}

# beside WHO RESTART DOWN UP: a host of WHO; the commands for the last three, of it or for it
beside()
{
	local who=$1 before restarts

	ra "prefix 2001:db8:c::/64 1800 1200" "pref64 64:ff9b::/96 1800"
	check "$who: the CLAT comes up with the network" wait_for 6 works
	check "$who: has its address there" has 2001:db8:c
	restarts=$(ctl show -P NRestarts xlat@clat)
	before=$(at_clat)
	ra "prefix 2001:db8:c::/64 1800 0" "prefix 2001:db8:d::/64 1800 1200" "pref64 64:ff9b::/96 1800"
	check "$who: another /64" wait_for 20 has 2001:db8:d
	check "$who: works there" works 10
	check_eq "$who: the device is as before but for the pair" "$(at_clat)" "${before/:c::c1a7/:d::c1a7}"
	ra "prefix 2001:db8:d::/64 1800 1200" "pref64 64:ff9b::/96 0" "pref64 2001:db8:65::/96 1800"
	check "$who: another prefix of NAT64" wait_for 20 prefix 2001:db8:65::/96
	check "$who: works with it" works 10
	before=$(at_clat)
	check "$who: starts again" inside sh -ec "$2"
	sleep 2
	check_eq "$who: has left the device alone" "$(at_clat)" "$before"
	check "$who: has left the address to the CLAT, or that has it again" wait_for 20 has 2001:db8:d
	check "$who: IPv4 still works" wait_for 6 works
	check "$who: down" inside sh -ec "$3"
	check "$who: no address for the CLAT" wait_for 10 has ""
	check_not "$who: no IPv4" works 1
	check "$who: up" inside sh -ec "$4"
	check "$who: IPv4 is there again" wait_for 6 works
	check "$who: with the same address" wait_for 10 has 2001:db8:d
	check "$who: nothing has failed meanwhile" state NRestarts "$restarts"
}

# clean: for the next one, with the CLAT started before there is a network
clean()
{
	rm -f "$tmp/ra"
	ctl stop xlat@clat
	ip -n "$client6" addr flush dev eth0
	ip -n "$client6" link set eth0 down
	on "$client6" sysctl -qw net.ipv6.conf.eth0.{accept_ra=1,addr_gen_mode=0,disable_ipv6=0}
	ctl --no-block start xlat@clat
	check "the CLAT waits" wait_for 20 state ActiveState activating
}

check "message bus" ctl start dbus.socket dbus
check "the unit" ctl link /opt/nft-xlat/lib/systemd/system/xlat@.service
check "networkd" ctl start systemd-networkd
check "the CLAT before the network" ctl enable --now --no-block xlat@clat
beside networkd "systemctl restart systemd-networkd" "networkctl down eth0" "networkctl up eth0"
check_match "networkd: does not manage it" "$(inside networkctl --no-legend list clat)" "*clat*unmanaged*"
ctl stop systemd-networkd.socket systemd-networkd
clean

check "NetworkManager" ctl enable --now NetworkManager
beside NetworkManager "systemctl restart NetworkManager" "nmcli connection down uplink" "nmcli connection up uplink"
check_match "NetworkManager: does not manage it" "$(inside nmcli -t -f DEVICE,STATE device)" "*clat:unmanaged*"
# Nothing of IPv6 changes, so that this is the dispatcher's doing.
ip -n "$client6" route del default dev clat
check "NetworkManager: reapply" inside nmcli device reapply eth0
check "its dispatcher has called for a reload" wait_for 6 works
ctl stop NetworkManager
clean

# Only now: NetworkManager of Debian leaves alone what is named there.
printf 'auto eth0\niface eth0 inet6 auto\n' >"$etc/network/interfaces"
check "ifupdown" ctl start networking
beside ifupdown "systemctl restart networking" "ifdown eth0" "ifup eth0"
ip -n "$client6" addr add 192.0.2.130/25 dev eth0
ip -n "$client6" route add default via 192.0.2.129 metric 1024
check_match "a network with IPv4" "$(ip -n "$client6" route get $server_ip)" "* dev eth0 *"
check "the CLAT ends" ctl stop xlat@clat
check_eq "and leaves nothing behind" "$(ip -n "$client6" addr show | grep -E 'c1a7|192.0.0')" ""

# OpenWrt's handler, beside functions of the names that netifd's have: they say what they are told,
# and do what netifd would do of it.
check "the gateway: ifdown" by_ifupdown ifdown -a
check "and its NAT64 is gone" on "$gw" test ! -e /sys/class/net/nat64
mkdir -p "$tmp/netifd/proto"
text device netifd >"$tmp/netifd/proto/xlat.sh"
cat >"$tmp/netifd/netifd-proto.sh" <<-'END'
	# Debian's busybox would take its own.
	ip() { /sbin/ip "$@"; }
	init_proto() { cmd=$1 interface=$2; }
	proto_config_add_string() { echo "option $1"; }
	json_get_vars() { for v; do eval "$v=\$option_$v"; done; }
	proto_notify_error() { echo "error $*"; }
	proto_block_restart() { echo "block $*"; }
	proto_init_update() { device=$1 up=$2 routes=; }
	proto_add_ipv6_route() { routes="$routes $1/$2"; }
	proto_send_update()
	{
		[ "$interface $up" = "$1 1" ] && ip link set "$device" up || return
		for r in $routes; do ip -6 route add "$r" dev "$device"; done
	}
	add_protocol()
	{
		case $cmd in
		dump) proto_$1_init_config; echo "$no_device $available" ;;
		*) proto_$1_$cmd "$interface" "" ;;
		esac
	}
END
# netifd COMMAND [WORDS]: the handler, in the folder in which netifd calls it
netifd()
{
	touch /lib/functions.sh
	on "$gw" env option_ip6prefix=64:ff9b::/96 option_words="${2-}" PROTO="$tmp/netifd/proto" busybox sh -c \
		'cd "$PROTO" && exec busybox sh ./xlat.sh "$@"' - "$1" nat64 2>&1
	rm /lib/functions.sh
}
check_eq "netifd asks what there is" "$(netifd dump | xargs)" "option ip6prefix option words 1 1"
check_eq "netifd: setup" "$(netifd setup "masquerade non-global")" ""
check_match "a NAT64 by it" "$(ask "$client6" tcp "$server64" 80)" "hello from $pool_ip *"
check_eq "netifd: setup once more, after it was killed" "$(netifd setup "masquerade non-global")" ""
check_match "a NAT64 by it" "$(ask "$client6" tcp "$server64" 80)" "hello from $pool_ip *"
check_eq "netifd: teardown" "$(netifd teardown)" ""
check "the device is gone" on "$gw" test ! -e /sys/class/net/nat64
check_match "netifd: wrong words" "$(netifd setup masqerade)" "*error nat64 CANNOT_ADD
block nat64"
check "no device" on "$gw" test ! -e /sys/class/net/nat64
done_testing
