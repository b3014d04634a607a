#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Devices by file, as docs/guides/device.md has them: a NAT64 gateway, and a CLAT behind it
# that learns the prefix by DNS; changes, and what is wrong in a file.
. "$(dirname "$0")/lib.sh"
. "$here/systemd.inc"

need_ip_xlat
need python3 unbound radvd

setup_topo
device=$top/packaging/xlat-device
# device NS VERB NAME: messages to stdout
device() { on "$1" env XLAT_CONF="$tmp" XLAT_STATE="$tmp/run" "$device" "$2" "$3" 2>&1; }
# conf NAME: the file, of stdin
conf() { cat >"$tmp/$1.conf"; }

# of the guide, for the addresses that documentation has
guide() { text device "$1" | sed "s,^prefix .*,& non-global # these hosts'," | conf "$1"; }

guide nat64
check "a NAT64 gateway" device "$gw" up nat64
serve "$server4" tcp4:80 udp4:53
check_match "TCP through it" "$(ask "$client6" tcp "$server64" 80)" "hello from $pool_ip *"
check_match "the second time" "$(device "$gw" up nat64)" "xlat-device: the device is there already"
check_match "and nothing is lost" "$(ask "$client6" udp "$server64" 53)" "hello from $pool_ip *"

conf nat64 <<-EOT
	prefix 64:ff9b::/96 non-global
	masquerade to 30000-30999
	route 64:ff9b::/96 mtu 1400
	route 2001:db8:ffff::/96
EOT
check "reload" device "$gw" reload nat64
check_match "the new ports" "$(ask "$client6" udp "$server64" 53)" "hello from $pool_ip 30*"
check_match "the new route" "$(ip -n "$gw" -6 route show 2001:db8:ffff::/96)" "* dev nat64 *"
check_match "the route's words" "$(ip -n "$gw" -6 route show 64:ff9b::/96)" "* mtu 1400 *"
sed -i '/ffff/d' "$tmp/nat64.conf"
check "reload of less" device "$gw" reload nat64
check_eq "the route is taken back" "$(ip -n "$gw" -6 route show 2001:db8:ffff::/96)" ""

# What cannot stand beside its old line, and what the kernel finds by less than the line
# more LINE...: to the file of the gateway
more() { { sed -n '1,/^route/p' "$tmp/nat64.conf"; printf '%s\n' "$@"; } >"$tmp/more" && mv "$tmp/more" "$tmp/nat64.conf"; }
# shellcheck disable=SC2317 # called by check_eq
metrics() { ip -n "$gw" -6 route show 2001:db8:fffe::/96 dev nat64 | sed -n 's/.* metric \([0-9]*\) .*/\1/p' | xargs; }
more "address 2001:db8:77::1/64" "route 2001:db8:fffe::/96 metric 100"
check "an address and a metric" device "$gw" reload nat64
more "address 2001:db8:77::1/128" "route 2001:db8:fffe::/96 metric 200"
check "others" device "$gw" reload nat64
check_match "the address has the new length" "$(ip -n "$gw" -o addr show dev nat64)" "*inet6 2001:db8:77::1/128 *"
check_eq "the route has the new metric alone" "$(metrics)" 200
more "route 2001:db8:fffe::/96 metric 200" "route 2001:db8:fffe::/96"
check "the same without a metric as well" device "$gw" reload nat64
more "route 2001:db8:fffe::/96 metric 200"
check "and no longer" device "$gw" reload nat64
check_eq "the one with a metric stays" "$(metrics)" 200
more "address 2001:db8:77::1/128" "route 203.0.113.0/24 src 192.0.2.99"
check_match "a line that fails" "$(device "$gw" reload nat64)" '*"route 203.0.113.0/24 src 192.0.2.99" failed'
ip -n "$gw" addr add 192.0.2.99/32 dev lo
check "is tried again" device "$gw" reload nat64
check_match "and the route is there" "$(ip -n "$gw" route show 203.0.113.0/24)" "*dev nat64*src 192.0.2.99*"
ip -n "$gw" link set nat64 down
check "after the link was down" device "$gw" reload nat64
check_match "it is there again" "$(ip -n "$gw" route show 203.0.113.0/24)" "*dev nat64*src 192.0.2.99*"
check_match "the address too" "$(ip -n "$gw" -o addr show dev nat64)" "*inet6 2001:db8:77::1/128 *"
check_match "another kind of device is not deleted" "$(device "$gw" down lan)" "xlat-device: lan is no device of kind xlat"
check "and is there" test -n "$(ip -n "$gw" -o link show lan)"
echo "masquerade" | conf lan
check_match "nor changed" "$(device "$gw" reload lan)" "xlat-device: lan is no device of kind xlat"

# A name that ip could take for a word of its own, and pairs: each in several notations, and changed
# by others
conf br <<-EOT
	prefix 2001:db8:98::/96
	local 203.0.113.10 as 2001:db8:1::10
	local 203.0.113.12 as 2001:db8:1::12
	local 203.0.113.16/28 as 2001:db8:1::20/124
EOT
br() { ip -n "$gw" link set dev br type xlat "$@"; }
pairs() { ip -n "$gw" -d -o link show dev br | grep -o 'local [^ ]* as [^ ]*' | sort | cut -d ' ' -f 2- | paste -sd,; }
check "a device called br" device "$gw" up br
three="203.0.113.10 as 2001:db8:1::10,203.0.113.12 as 2001:db8:1::12,203.0.113.16/28 as 2001:db8:1::20/124"
check_eq "its pairs" "$(pairs)" "$three"
sed -i 's,10 as .*,10/32 as 2001:DB8:1:0::10/128,; s,::20/124,:0:0:0:0:20/124,' "$tmp/br.conf"
check "the same pairs, written in other ways" device "$gw" reload br
check_eq "are there" "$(pairs)" "$three"
br local del 203.0.113.10 as 2001:db8:1::10
check "without one that somebody has deleted" device "$gw" reload br
check_eq "it is there again" "$(pairs)" "$three"
br local del 203.0.113.12 as 2001:db8:1::12
sed -i 's,::12,::13,' "$tmp/br.conf"
check "deleted, and another one in the file" device "$gw" reload br
check_eq "it is there" "$(pairs)" "${three/::12/::13}"
br local flush
check "without any" device "$gw" reload br
check_eq "they are there again" "$(pairs)" "${three/::12/::13}"
br local 203.0.113.14 as 2001:db8:1::14
check "with one by somebody else" device "$gw" reload br
check_match "it stays" "$(pairs)" "*,203.0.113.14 as 2001:db8:1::14,*"
echo "local 203.0.113.14 as 2001:db8:1::14" >>"$tmp/br.conf"
check "which the file gets" device "$gw" reload br
sed -i '/local/d' "$tmp/br.conf"
# as an earlier version has written it
sed -i 's,10 as .*,10/32 as 2001:DB8:1::10/128,' "$tmp/run/br"
check "the file without pairs" device "$gw" reload br
check_eq "they are taken back" "$(pairs)" ""
check "down" device "$gw" down br
check "and it is gone" on "$gw" test ! -e /sys/class/net/br

# The CLAT's host has IPv6 only, and asks this resolver.
cat >"$tmp/unbound.conf" <<-EOT
	server:
		interface: 2001:db8:c::1
		access-control: ::/0 allow
		chroot: ""
		username: ""
		use-syslog: no
		do-daemonize: no
		pidfile: "$tmp/unbound.pid"
		local-zone: "arpa." static
		local-data: "ipv4only.arpa. AAAA 64:ff9b::c000:aa"
		local-data: "ipv4only.arpa. AAAA 64:ff9b::c000:ab"
EOT
mkdir -p "/etc/netns/$client6"
echo "nameserver 2001:db8:c::1" >"/etc/netns/$client6/resolv.conf"
guide clat
check_match "nobody to ask" "$(device "$client6" up clat)" "*clat.conf:1: prefix auto: *"
check "and no device" [ ! -e "/sys/class/net/clat" ]
background "$gw" unbound -c "$tmp/unbound.conf"
# shellcheck disable=SC2317 # wait_for calls it
learnt() { [ "$(on "$client6" "$device" prefix 2>/dev/null)" = 64:ff9b::/96 ]; }
check "the prefix by DNS" wait_for 10 learnt
# The host has what router advertisements say.
# advertise PREFIX [PREFIX]: by the gateway, the second one without being preferred any more
advertise()
{
	[ -z "${radvd-}" ] || { kill "$radvd"; wait "$radvd"; }
	printf 'interface lan { AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; prefix %s { };%s };\n' \
		"$1" "${2:+ prefix $2 { AdvPreferredLifetime 0; AdvValidLifetime 7200; \};}" >"$tmp/radvd.conf"
	background "$gw" radvd -n -m stderr -p "$tmp/radvd.pid" -C "$tmp/radvd.conf" 2>"$tmp/radvd"
	radvd=$!
}
# shellcheck disable=SC2317 # called by wait_for
has() { ip -n "$client6" -6 -o addr show dev eth0 dynamic -deprecated | grep -q "inet6 $1"; }
# shellcheck disable=SC2317 # called by wait_for
deprecated() { ip -n "$client6" -6 -o addr show dev eth0 dynamic deprecated | grep -q "inet6 $1"; }
ip -n "$client6" addr flush dev eth0 scope global
ip -n "$client6" -6 route flush default
advertise 2001:db8:c::/64
check "an address by router advertisement" wait_for 30 has 2001:db8:c: || sed 's/^/# /' "$tmp/radvd"
check "a CLAT" device "$client6" up clat
check_match "IPv4 on a host with IPv6 only" "$(ask "$client6" tcp $server_ip 80)" "hello from $pool_ip *"

# The same network, after a pause: the kernel has taken all IPv6 addresses.
ip -n "$client6" link set eth0 down
ip -n "$client6" link set eth0 up
check "its address by router advertisement again" wait_for 30 has 2001:db8:c:
check "reload in the same network" device "$client6" reload clat
check_match "the CLAT's address is there again" "$(ip -n "$client6" addr show dev eth0)" "*2001:db8:c::c1a7/128*"
check_match "IPv4 too" "$(ask "$client6" tcp $server_ip 80)" "hello from $pool_ip *"

# A unique local address, which the kernel lists first
ip -n "$client6" addr add fd00:7::2/64 dev eth0 nodad
check "reload with a unique local address" device "$client6" reload clat
check_match "the address is the global one's" "$(ip -n "$client6" addr show dev eth0)" "*2001:db8:c::c1a7/128*"
ip -n "$client6" addr del fd00:7::2/64 dev eth0
ip -n "$server4" addr add fd00:7::2/64 dev eth0 nodad
printf '%s\n' "prefix 2001:db8:99::/96" "local 192.0.0.2 as ::c1a8 dev eth0" | conf ula
check "where there is no other" device "$server4" up ula
check_match "the address is that one's" "$(ip -n "$server4" addr show dev eth0)" "*fd00:7::c1a8/128*"
check "down" device "$server4" down ula
ip -n "$server4" addr del fd00:7::2/64 dev eth0

# The network gets another /64, of which router advertisements tell.
ip -n "$gw" addr add 2001:db8:d::1/64 dev lan nodad
advertise 2001:db8:d::/64 2001:db8:c::/64
check "another address by router advertisement" wait_for 30 has 2001:db8:d:
check "the one before is deprecated" wait_for 30 deprecated 2001:db8:c:
check "reload in another network" device "$client6" reload clat
check_match "its address there" "$(ip -n "$client6" addr show dev eth0)" "*2001:db8:d::c1a7/128*"
check "and no longer the other one" [ -z "$(ip -n "$client6" addr show dev eth0 | grep c::c1a7)" ]
check_match "IPv4 there" "$(ask "$client6" tcp $server_ip 80)" "hello from $pool_ip *"
check "down" device "$client6" down clat
check_eq "nothing is left" "$(ip -n "$client6" addr show | grep -E 'c1a7|192.0.0')" ""
guide shared
check "a CLAT that shares the host's address" device "$client6" up shared
text device shared-nft | on "$client6" nft -f - || fail "the rule to masquerade"
check_match "IPv4 from there" "$(ask "$client6" tcp $server_ip 80)" "hello from $pool_ip *"
check_match "IPv6 to the prefix beside it" "$(ask "$client6" tcp "$server64" 80)" "hello from $pool_ip *"
check "down again" device "$client6" down shared

# PREF64, which radvd of Debian 12 does not know: a second router has it.
background_python "$gw" ra lan "$tmp/ra"
# pref64 LINE...: what that router advertises, and what the host makes of it
pref64() { printf '%s\n' "router 0" "$@" >"$tmp/ra.new"; mv "$tmp/ra.new" "$tmp/ra"; on "$client6" "$device" prefix eth0; }
check_eq "the prefix by router advertisement" \
	"$(pref64 "pref64 2001:db8:65::/96 0" "pref64 2001:db8:64::/96 600" "pref64 2001:db8:66::/96 600")" 2001:db8:64::/96
guide clat
check "a CLAT with it" device "$client6" up clat
check_match "has it" "$(ip -n "$client6" -d link show clat)" "*prefix 2001:db8:64::/96*"
check "down" device "$client6" down clat
for len in 32 40 48 56 64; do
	check_eq "a prefix of length $len" "$(pref64 "raw 0e01000000000000" "pref64 2001:db8::/$len 600")" 2001:db8::/$len
done
check_eq "of lifetime 0, so that DNS is asked" "$(pref64 "pref64 2001:db8:65::/96 0")" 64:ff9b::/96
check_eq "an advertisement that was forwarded" "$(pref64 "hops 254" "pref64 2001:db8:64::/96 600")" 64:ff9b::/96
check_eq "an option without a length" "$(pref64 "raw 2600" "pref64 2001:db8:64::/96 600")" 64:ff9b::/96
check_eq "an option that is too long" "$(pref64 "raw 2603025820010db80064")" 64:ff9b::/96
check_eq "a length that there is not" "$(pref64 "raw 2602025e20010db800640000000000000000")" 64:ff9b::/96
rm "$tmp/ra"

# wrong LINE MESSAGE: as the third of the file
wrong()
{
	printf 'prefix 64:ff9b::/96\n\n%s\n' "$1" | conf bad
	check_match "wrong: $1" "$(device "$gw" up bad)" "*bad.conf*$2*"
	check "no device of $1" on "$gw" test ! -e /sys/class/net/bad
}
wrong "local 192.0.0.1 2001:db8::1" ':3: a pair is "local A4 as A6"'
wrong "local 192.0.0.1 as ::c1a7 dev none" ":3: dev none: there is no such device"
wrong "local 192.0.0.1 as 2001:db8::1 dev lan" ":3: 2001:db8::1 has bits in its first half"
wrong "prefix auto dev none" ":3: dev none: there is no such device"
wrong "prefix auto dev" ":3: prefix auto dev: of which device"
wrong "route" ":3: route: of what"
wrong "route 64:ff9b::/96 mtu x" '"route 64:ff9b::/96 mtu x" failed'
wrong "masqerade" "ip link add failed"
check_match "no file" "$(device "$gw" up none)" "*none.conf: No such file or directory"

# The unit, where there is a systemd to try it with
ip -n "$gw" link del nat64
guide nat64
mine=$tmp/nft-xlat
check "installs" make -s -C "$top" install-plugin BUILD="$tmp/build" PREFIX="$mine" IPLIB="$tmp/ip" || done_testing
# ifupdown runs the commands of its stanza in an environment of its own, of which PATH is a part.
# ifupdown VERB: the command of the guide for it
# shellcheck disable=SC2317 # called by check
ifupdown()
{
	on "$gw" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin XLAT_CONF="$tmp" XLAT_STATE="$tmp/run" \
		IP_LIB_DIR="$IP_LIB_DIR" sh -c "$(text device interfaces | sed -n "s,^[[:space:]]*$1 ,,p" | sed "s,/opt/nft-xlat,$mine,")"
}
check "ifupdown's pre-up" ifupdown pre-up
check_match "TCP" "$(ask "$client6" tcp "$server64" 80)" "hello from $pool_ip *"
check "ifupdown's post-down" ifupdown post-down
check "and the device is gone" on "$gw" test ! -e /sys/class/net/nat64
if systemd_starts "mkdir -p /etc/xlat; mount -t tmpfs tmpfs /etc/xlat; cp $tmp/nat64.conf /etc/xlat; cp $tmp/nat64.conf /etc/xlat/nat64-lan.conf
	mount -t tmpfs tmpfs /etc/systemd/system; mount -t tmpfs tmpfs /var/log
	for i in service timer; do
		mkdir /etc/systemd/system/xlat-.\$i.d
		printf '[Unit]\\nDefaultDependencies=no\\n' >/etc/systemd/system/xlat-.\$i.d/lab.conf
	done
	mkdir -p /var/lib/prometheus; mount -t tmpfs tmpfs /var/lib/prometheus
	mkdir /var/lib/prometheus/node-exporter"; then
	ctl set-environment IP_LIB_DIR="$IP_LIB_DIR"
	check "the unit" ctl link "$mine/lib/systemd/system/xlat@.service"
	check "starts" ctl enable --now xlat@nat64
	check_match "TCP" "$(ask "$client6" tcp "$server64" 80)" "hello from $pool_ip *"
	check "reloads" ctl reload xlat@nat64
	check "stops" ctl stop xlat@nat64
	# What tells of networks does not wait for its end; here the state is looked at afterwards.
	text device dispatcher | sed 's/ --no-block//; s/xlat@clat/xlat@nat64/' >"$tmp/dispatcher"
	check "NetworkManager's dispatcher, while the unit is stopped" inside sh "$tmp/dispatcher" eth0 up
	check_eq "it stays so" "$(ctl is-active xlat@nat64)" inactive
	check "starts" ctl start xlat@nat64
	ip -n "$gw" route del 64:ff9b::/96 dev nat64
	check "the dispatcher" inside sh "$tmp/dispatcher" eth0 up
	check_match "has made a route again" "$(ip -n "$gw" -6 route show 64:ff9b::/96)" "*dev nat64*"
	check "stops" ctl stop xlat@nat64
	check "with a - in its name" ctl start xlat@nat64-lan
	check "the device is there" ip -n "$gw" link show nat64-lan
	check "stops" ctl stop xlat@nat64-lan
	check "and the device is gone" on "$gw" test ! -e /sys/class/net/nat64
	check_not "without a file it fails" ctl start xlat@none
	check "the units of xlat" ctl link "$mine"/lib/systemd/system/xlat-{log.service,metrics.{service,timer}}
	check "the log of mappings starts" ctl enable --now xlat-log
	check "and is written" wait_for 20 inside grep -q '"event": "start"' /var/log/xlat-mappings.json
	check_eq "for root only" "$(inside stat -c %a /var/log/xlat-mappings.json)" 600
	check "it stops" ctl stop xlat-log
	# as a full disk leaves it
	inside sh -c 'printf "{\"time\": 1, \"ev" >>/var/log/xlat-mappings.json'
	for i in 2 3; do
		check "and starts again" ctl restart xlat-log
		# shellcheck disable=SC2016 # for the inner shell
		check "with a line of its own" wait_for 20 inside sh -c \
			'[ "$(grep -c "^{\"time\": .*\"event\": \"start\"}$" /var/log/xlat-mappings.json)" = "$1" ]' - $i
	done
	check_eq "and no empty line" "$(inside grep -c '^$' /var/log/xlat-mappings.json)" 0
	check "metrics: the timer" ctl enable --now xlat-metrics.timer
	check "its service" ctl start xlat-metrics
	check "writes them" inside grep -q '^xlat_packets_total' /var/lib/prometheus/node-exporter/xlat.prom
fi

done_testing
