# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # variables are for the stories
#
# What the stories share: three hosts in a row, joined by veth pairs,
#
#	client6 ---- lan gw wan ---- server4
#	2001:db8:c::2   2001:db8:c::1  192.0.2.1   192.0.2.2
#
# and kselftest's way of telling the result: 0 passed, 1 failed, 4 skipped.
# To be sourced; each test runs in namespaces of its own.

set -u

ksft_pass=0
ksft_fail=1
ksft_skip=4
ret=$ksft_pass

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
prefix=${NFT_XLAT_PREFIX:-$top/build/prefix}
NFT=${NFT:-$prefix/sbin/nft}
REPLAY=${REPLAY:-$prefix/bin/nft-replay}

pref64=64:ff9b::
client_ip=2001:db8:c::2
server_ip=192.0.2.2
pool_ip=192.0.2.1
server64=$pref64$server_ip

tmp=$(mktemp -d)
suffix=$(basename "$tmp" | tr -dc 'A-Za-z0-9')
client6=client6-$suffix
gw=gw-$suffix
server4=server4-$suffix
namespaces="$client6 $gw $server4"

cleanup()
{
	local ns

	exec 2>/dev/null # of the killed, the shell tells
	for ns in $namespaces; do
		ip netns pids "$ns" 2>/dev/null | xargs -r kill 2>/dev/null
		ip netns del "$ns" 2>/dev/null
	done
	# Stories that unload the others do not know it.
	[ -z "${IP_LIB_DIR-}" ] || modprobe -r nf_xlat_dev
	rm -rf "$tmp"
}
trap cleanup EXIT

pass() { echo "PASS: $*"; }
fail() { echo "FAIL: $*"; ret=$ksft_fail; }
skip() { echo "SKIP: $*"; exit $ksft_skip; }

# check WHAT COMMAND...: the command must succeed; its output is shown if not
check()
{
	local what=$1

	shift
	if "$@" >"$tmp/check" 2>&1; then
		pass "$what"
	else
		fail "$what ($*: status $?)"
		sed 's/^/# /' "$tmp/check"
		return 1
	fi
}

# check_not WHAT COMMAND...: the command must fail
check_not()
{
	local what=$1

	shift
	if "$@" >"$tmp/check" 2>&1; then
		fail "$what ($*: succeeded)"
		sed 's/^/# /' "$tmp/check"
		return 1
	fi
	pass "$what"
}

# check_eq WHAT GOT WANTED
check_eq()
{
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1: got '$2', wanted '$3'"
		return 1
	fi
}

# check_match WHAT GOT PATTERN: as in a case of the shell
check_match()
{
	# shellcheck disable=SC2053 # a pattern is meant
	if [[ $2 == $3 ]]; then
		pass "$1"
	else
		fail "$1: got '$2', wanted '$3'"
		return 1
	fi
}

on() { local ns=$1; shift; ip netns exec "$ns" "$@"; }

# background NS COMMAND...: until the end of the story, in $!
background() { local ns=$1; shift; ip netns exec "$ns" "$@" & }

# wait_for SECONDS COMMAND...: until the command succeeds. It counts tries, so that a slow
# machine has more time.
wait_for()
{
	local i n=$(($1 * 10))

	shift
	for ((i = 0; i < n; i++)); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.1
	done
	return 1
}

# setup_ns NS...: namespaces in which nothing waits for addresses to be found
# unique, and no ICMP error for another. Masks switch that limit off, and the one of
# all namespaces together. With a rate of 0 each error takes away what ip_error() has
# for its peer: then errors by a route are sent one second after the last, or not.
setup_ns()
{
	local ns

	for ns; do echo "netns add $ns"; done | ip -batch - ||
		skip "cannot make network namespaces"
	for ns; do
		# shellcheck disable=SC2016 # for the inner shell
		on "$ns" sh -c 'ip link set lo up; cd /proc/sys/net
			echo 0 >ipv6/conf/all/accept_dad
			echo 0 >ipv6/conf/default/accept_dad
			echo 255 >ipv6/icmp/ratemask
			echo 0 >ipv4/icmp_ratemask'
	done
}

# another NAME: one more host, its namespace in $NAME
another()
{
	declare -g "$1=$1-$suffix"
	namespaces="$namespaces $1-$suffix"
	setup_ns "$1-$suffix"
}

# link NS DEV NS DEV [MTU]: a cable, both ends up
link()
{
	local mtu=${5:-1500}

	ip -n "$1" -batch - <<-EOF
		link add $2 mtu $mtu type veth peer name $4 mtu $mtu netns $3
		link set $2 up
	EOF
	ip -n "$3" link set "$4" up
}

# beyond NS DEV NAME NET [MTU]: one more host, in $NAME. It has NET2, and NS as its
# router, which has NET1 on DEV.
beyond()
{
	local len=24

	[[ $4 != *: ]] || len=64
	another "$3"
	link "$1" "$2" "${!3}" eth0 "${5:-1500}"
	ip -n "$1" addr add "${4}1/$len" dev "$2"
	ip -n "${!3}" -batch - <<-EOF
		addr add ${4}2/$len dev eth0
		route add default via ${4}1
	EOF
}

# second_uplink: also by wan2 (192.0.3.1) the gateway reaches the server (192.0.3.2 there),
# which answers as $far_ip on both links
far_ip=198.51.100.9
second_uplink()
{
	link "$gw" wan2 "$server4" eth1
	ip -n "$server4" -batch - <<-EOF
		addr add $far_ip/32 dev lo
		addr add 192.0.3.2/24 dev eth1
		route replace 192.0.2.0/24 dev eth0 src $far_ip
		route replace 192.0.3.0/24 dev eth1 src $far_ip
	EOF
	ip -n "$gw" addr add 192.0.3.1/24 dev wan2
}

router() { on "$1" sh -c 'cd /proc/sys/net; echo 1 >ipv4/ip_forward; echo 1 >ipv6/conf/all/forwarding'; }

# The three hosts; $1: MTU of the links (1500)
setup_topo()
{
	setup_ns "$client6" "$gw" "$server4"
	router "$gw"
	link "$gw" lan "$client6" eth0 "${1:-1500}"
	link "$gw" wan "$server4" eth0 "${1:-1500}"
	ip -n "$gw" -batch - <<-EOF
		addr add 2001:db8:c::1/64 dev lan nodad
		addr add $pool_ip/24 dev wan
	EOF
	ip -n "$client6" -batch - <<-EOF
		addr add $client_ip/64 dev eth0 nodad
		route add default via 2001:db8:c::1
	EOF
	ip -n "$server4" -batch - <<-EOF
		addr add $server_ip/24 dev eth0
		route add default via $pool_ip
	EOF
}

# python NS SCRIPT ARGUMENT...: without site, it starts in half the time
python() { local ns=$1 py=$2; shift 2; on "$ns" python3 -ISu "$here/$py.py" "$@"; }
background_python() { local ns=$1 py=$2; shift 2; background "$ns" python3 -ISu "$here/$py.py" "$@"; }

# listening NS tcp|udp PORT: wait until somebody does
listening()
{
	on "$1" timeout 30 sh -c 'until grep -q "$1 " /proc/net/$0; do sleep 0.1; done' \
		"$2" "$(printf ':%04X 0*:0000' "$3")" || fail "nobody listens on $2 port $3"
}

# start NS SCRIPT ARGUMENT...: a server in the background, until it listens
start()
{
	local ns=$1 py=$2

	shift 2
	rm -f "$tmp/ready"
	background_python "$ns" "$py" serve "$tmp/ready" "$@"
	wait_for 10 test -e "$tmp/ready" || fail "$py does not listen"
}

# serve NS tcp4|udp4|tcp6|udp6:PORT...: answer a line with "LINE from PEER PORT"
serve() { local ns=$1; shift; start "$ns" echo "$@"; }

# ask NS tcp|udp ADDRESS PORT [LINE]: what the server answers. Where no answer is to come,
# $patience says for how many seconds none does.
ask()
{
	# shellcheck disable=SC2016 # for the inner shell
	on "$1" timeout "${patience:-20}" bash -c 'exec 3<>"/dev/$0/$1/$2" && echo "$3" >&3 &&
		exec head -n 1 <&3' "$2" "$3" "$4" "${5:-hello}" 2>&1
}

# ruleset NAME: load tests/shell/rulesets/NAME.nft on the gateway; without the
# patched nft, the netlink batch that it made of the same text
ruleset()
{
	local f=$here/rulesets/$1

	if [ -x "$NFT" ]; then
		on "$gw" "$NFT" -f "$f.nft"
	elif [ -x "$REPLAY" ]; then
		on "$gw" "$REPLAY" "$f.nlbatch"
	else
		skip "neither the patched nft nor nft-replay is there"
	fi
}

# need_ip_xlat: ip knows devices of kind "xlat" by our plugin
need_ip_xlat()
{
	export IP_LIB_DIR=${IP_LIB_DIR:-$top/build/ip}
	[ -e "$IP_LIB_DIR/link_xlat.so" ] || skip "needs the plugin of ip (make plugin)"
	modprobe nf_xlat_dev 2>/dev/null || skip "needs nf_xlat_dev"
}

# device_with_state WORD...: xlat0 in the gateway, as "ip link add" has it
device_with_state()
{
	ip -n "$gw" link add xlat0 "$@" 2>"$tmp/err" && return
	case $(<"$tmp/err") in
	*"no state on this kernel"*) skip "no state on this kernel" ;;
	*) fail "a device: $(<"$tmp/err")"; done_testing ;;
	esac
}

# text NAME [KIND]: what docs/guides/NAME.md, or that heading of the recipes, has for
# the machine: lines of four blanks, or the fenced block of that KIND
text()
{
	local page=$top/docs/guides/$1.md on=1

	[ -e "$page" ] || { page=$top/docs/recipes.md; on=0; }
	awk -v name="$1" -v kind="${2-}" -v on=$on -v guide=$on '
		/^```/ { fence = !fence; wanted = fence && kind && $0 == "```" kind; next }
		fence { if (wanted) print; next }
		/^#/ && !guide { on = $2 == name }
		on && !kind && sub(/^    /, "")' "$page"
}

need_nft() { [ -x "$NFT" ] || skip "needs the patched nft"; }
need() { local c; for c; do command -v "$c" >/dev/null || skip "needs $c"; done; }

# kernel_since VERSION: is this kernel of that version or later?
kernel_since() { printf '%s\n%s\n' "$1" "$(uname -r)" | sort -VC; }

# Stock kernels are emulated, and a gigabyte takes minutes there; so it does
# where a kernel looks for errors of its own.
is_debug() { [[ ${LANE:-} == uml-* ]]; }
is_uml() { ! is_debug && grep -q "User Mode Linux" /proc/cpuinfo; }

# streams NS ADDRESS: up to the stream server there, and down; each arrives as it was sent
streams()
{
	local n=20000000 dir

	is_uml || n=1000000
	for dir in up down; do
		check_eq "a stream $dir" "$(python "$1" stream $dir "$2" 9100 $n)" $n
	done
}

# counter NAME: one of the gateway's counters of packets
counter() { on "$gw" awk -v n="Xlat$1" '$1 == n { print $2 }' /proc/net/nf_xlat; }

# dev_counter DEV NAME: one of a device's, of the gateway's
dev_counter() { on "$gw" ethtool -S "$1" | awk -v n="Xlat$2:" '$1 == n { print $2 }'; }

# tapped DEV FILTER: what taps of a device of the gateway's see from now on, in $tmp/DEV
tapped()
{
	background "$gw" tcpdump -Ulni "$1" "$2" >"$tmp/$1" 2>"$tmp/$1.err"
	wait_for 10 grep -q listening "$tmp/$1.err" || fail "no tcpdump on $1"
}

# logged TEXT: how often the kernel's log has it
logged() { dmesg | grep -cF "$1"; }

# tx_packets DEV: how many the gateway has sent there
tx_packets() { on "$gw" cat "/sys/class/net/$1/statistics/tx_packets"; }

# drops: all that were dropped, for whatever reason
drops() { on "$gw" awk '/Drop/ { s += $2 } END { print s }' /proc/net/nf_xlat; }

# retransmitted NS...: how many segments their TCP has sent again
retransmitted()
{
	local ns

	for ns; do on "$ns" nstat -asz TcpRetransSegs; done | awk '/Retrans/ { n += $2 } END { print n }'
}

# sessions [PATTERN]: conntrack entries of the gateway
sessions() { on "$gw" grep -E "${1:-.}" /proc/net/nf_conntrack; }

done_testing() { exit "$ret"; }
