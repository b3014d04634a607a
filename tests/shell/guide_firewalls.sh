#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Beside firewalld and ufw themselves, and Docker's rules: without the lines of
# docs/guides/troubleshooting.md no session passes, with them it does. The firewalls have
# folders and a message bus of their own; what they do to a machine stays in the gateway.
. "$(dirname "$0")/recipe.inc"

need firewalld firewall-cmd dbus-daemon ufw iptables-translate iptables-restore-translate conntrack
stock=$(PATH=/usr/sbin:/sbin command -v nft) || skip "needs the distribution's nft"

# shellcheck disable=SC2317 # called by check
works() { [[ $(patience=${1:-10} ask "$client6" tcp "$server64" 80) = "hello from $pool_ip "* ]]; }
# gateway: a NAT64, and nothing else
gateway()
{
	on "$gw" "$NFT" "flush ruleset; table inet nat64 { chain pre {
		type filter hook prerouting priority dstnat; ip6 daddr $pref64/96 xlat 6to4 prefix $pref64/96 masquerade; }; }"
	on "$gw" conntrack -F >/dev/null 2>&1
	check "$1: a NAT64 alone works" works
}
lines() { text troubleshooting "$1"; }

setup_topo
serve "$server4" tcp4:80

gateway firewalld
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$tmp/bus
cat >"$tmp/bus.conf" <<-END
	<busconfig>
	  <listen>unix:path=$tmp/bus</listen>
	  <policy context="default">
	    <allow user="*"/>
	    <allow eavesdrop="true"/>
	    <allow own="*"/>
	    <allow send_destination="*" eavesdrop="true"/>
	  </policy>
	</busconfig>
END
background "$gw" dbus-daemon --nofork --nopidfile --config-file="$tmp/bus.conf" 2>"$tmp/bus.log"
check "a message bus" wait_for 20 test -S "$tmp/bus" || { sed 's/^/# /' "$tmp/bus.log"; done_testing; }
cp -a /etc/firewalld "$tmp/firewalld"
for zone in internal:lan external:wan; do
	check "$zone" firewall-offline-cmd --system-config "$tmp/firewalld" --zone "${zone%:*}" --add-interface "${zone#*:}"
done
# a service of that zone, whose helper kernels of UML have not
firewall-offline-cmd --system-config "$tmp/firewalld" --zone internal --remove-service-from-zone samba-client >/dev/null
# shellcheck disable=SC2016 # for the inner shell
background "$gw" sh -c 'mount -t tmpfs tmpfs /var/log && exec firewalld --nofork --nopid --system-config "$0"' \
	"$tmp/firewalld" >"$tmp/firewalld.log" 2>&1
firewalld=$!
check "firewalld runs" wait_for 5 on "$gw" firewall-cmd --state || { sed 's/^/# /' "$tmp/firewalld.log"; done_testing; }
check_match "it has rules" "$(on "$gw" "$stock" list tables)" "*table inet firewalld*"
check_not "firewalld, without its lines" works 1
check "its lines" on "$gw" sh -ec "$(lines firewalld)"
check_not "and without the route" works 1
check "the route" on "$gw" sh -ec "$(lines route)"
check "firewalld, with both" works
kill $firewalld
wait $firewalld 2>/dev/null
ip -n "$gw" route del $pref64/96 dev wan

# ufw, and iptables. As kernels of UML have no extensions of xtables, what the programs load is
# translated to rules of nft by iptables' own translator.
cat >"$tmp/xtables" <<-'END'
	#!/bin/bash
	name=${0##*/} family=ip
	[[ $name != ip6* ]] || family=ip6
	translated() { "/usr/sbin/$name-translate" "$@"; }
	case $name,$* in
	*-restore,*)
		rules=$(mktemp)
		cat >"$rules"
		# iptables flushes a chain that it is told of
		translated -f "$rules" | sed '/^#/d; s/^add chain \([^{]*\)$/&\nflush chain \1/' >"$rules.nft"
		nft -f "$rules.nft"
		rc=$?
		rm "$rules" "$rules.nft"
		exit $rc ;;
	*,-V) exec /usr/sbin/xtables-nft-multi "$name" -V ;;
	*,*-L*) for chain in "${@/#-*/}"; do [ ! "$chain" ] || exec nft list chain $family filter "$chain"; done ;;
	*,-P*) exec nft chain $family filter "$2" "{ policy ${3,,}; }" ;;
	*,-Z*) ;;
	*,-F*) exec nft flush chain $family filter "$2" ;;
	*,-X*) exec nft delete chain $family filter "$2" ;;
	*) eval "$(translated "$@")" ;;
	esac
END
chmod +x "$tmp/xtables"
mkdir "$tmp/folders"
cp -a /etc/ufw /etc/default /etc/alternatives "$tmp/folders"
for name in iptables ip6tables iptables-restore ip6tables-restore; do
	ln -sf "$tmp/xtables" "$tmp/folders/alternatives/$name"
done
# beside COMMAND...: in the gateway, with these folders in /etc
# shellcheck disable=SC2016 # for the inner shell
beside()
{
	on "$gw" sh -ec 'for d in ufw default alternatives; do mount --bind "$0/$d" /etc/$d; done; exec "$@"' \
		"$tmp/folders" "$@"
}
# xtables: its base chains, as iptables makes them
xtables()
{
	local family chain

	for family in ip ip6; do
		for chain in input forward output; do
			echo "table $family filter { chain ${chain^^} { type filter hook $chain priority filter; policy accept; }; }"
		done
	done | on "$gw" "$stock" -f -
}

gateway ufw
xtables
on "$gw" sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
check "ufw is on" beside ufw --force enable
check_match "it has rules" "$(on "$gw" "$stock" list chain ip6 filter FORWARD)" "*policy drop;*ufw6-before-forward*"
check_not "ufw, without its lines" works 1
router "$gw"
check_not "nor with forwarding" works 1
on "$gw" sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
check "its lines" beside sh -ec "$(lines ufw)"
check_eq "it forwards" "$(on "$gw" sysctl -n net.ipv4.ip_forward net.ipv6.conf.all.forwarding | xargs)" "1 1"
check "ufw, with them" works
check "its file has them" grep -q "lan.*wan\|wan.*lan" "$tmp/folders/ufw/user6.rules"
check "this machine has one of its own" [ -e /etc/ufw/user6.rules ]
check_not "this machine's has not" grep -q "lan.*wan\|wan.*lan" /etc/ufw/user6.rules

# What Docker 28 loads for its first network, which has both families
docker()
{
	cat <<-END
		*filter
		:FORWARD DROP [0:0]
		:DOCKER - [0:0]
		:DOCKER-BRIDGE - [0:0]
		:DOCKER-CT - [0:0]
		:DOCKER-FORWARD - [0:0]
		:DOCKER-ISOLATION-STAGE-1 - [0:0]
		:DOCKER-ISOLATION-STAGE-2 - [0:0]
		:DOCKER-USER - [0:0]
		-A FORWARD -j DOCKER-USER
		-A FORWARD -j DOCKER-FORWARD
		-A DOCKER ! -i docker0 -o docker0 -j DROP
		-A DOCKER-BRIDGE -o docker0 -j DOCKER
		-A DOCKER-CT -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
		-A DOCKER-FORWARD -j DOCKER-CT
		-A DOCKER-FORWARD -j DOCKER-ISOLATION-STAGE-1
		-A DOCKER-FORWARD -j DOCKER-BRIDGE
		-A DOCKER-FORWARD -i docker0 -j ACCEPT
		-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
		-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
		COMMIT
	END
}
gateway Docker
xtables
for name in iptables ip6tables; do
	check "Docker's rules, by $name" beside $name-restore -n < <(docker)
done
check_not "Docker, without its lines" works 1
# the first alone lets requests through, and no answers
check "a line of them" beside sh -ec "$(lines docker | head -n 1)"
check_not "is not enough" works 1
gateway Docker
xtables
for name in iptables ip6tables; do beside $name-restore -n < <(docker); done
check "its lines" beside sh -ec "$(lines docker)"
check "Docker, with them" works

done_testing
