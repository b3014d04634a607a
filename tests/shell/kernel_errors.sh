#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What nft says where it is the kernel that refuses a rule: it has no xlat, it has
# another xlat than nft, or it has followed a jump.  The kernel sends a number only.
. "$(dirname "$0")/lib.sh"

need_nft
setup_ns "$gw"
blocked=/run/modprobe.d/nft_xlat_story.conf
trap 'rm -f "$blocked"; cleanup' EXIT

pre='type filter hook prerouting priority dstnat;'
fwd='type filter hook forward priority filter;'
n64='prefix 64:ff9b::/96'
stateful="xlat 6to4 $n64 masquerade"
no_module="this kernel has no xlat: 'modprobe nft_xlat' loads it, or says what is missing"
no_flow="this kernel has no xlat flow: 'modprobe nft_xlat_flow' loads it, or says what is missing; releases before that of this nft do not have it"
other="this nft and module nft_xlat do not match: install both of one release and load that module (reboot, or 'modprobe -r nft_xlat' when no rule uses it); 'dmesg' may tell more"
other_flow=${other//nft_xlat/nft_xlat_flow}

# refused WHAT MESSAGE MARKED NFT...: the ruleset is in standard input. Of a jump, 6.1
# has the name marked only.
refused()
{
	local what=$1 message=$2 marked=$3 lines text mark carets

	shift 3
	cat >"$tmp/rules"
	if on "$gw" "$@" -f "$tmp/rules" >"$tmp/said" 2>&1; then
		fail "$what: accepted"
		on "$gw" $NFT flush ruleset
		return
	fi
	mapfile -t lines <"$tmp/said"
	check_match "$what" "${lines[0]}" "*Error: Could not process rule: *; $message*"
	check_eq "one error" "$(grep -c Error: "$tmp/said")" 1
	mark=${lines[2]-}
	mark=${mark%%^*}
	carets=${lines[2]-}
	carets=${carets//[!^]/}
	text=${lines[1]-}
	check_match "marked" "${text:${#mark}:${#carets}}" "$marked"
	check_eq "nothing of it is there" "$(on "$gw" $NFT list tables | grep -v ' old$')" ""
}

# No module, which is not there or cannot be loaded
if [ -e /sys/module/nft_xlat ] || [ -e /sys/module/nft_xlat_flow ]; then
	check "module unloads" modprobe -r nft_xlat_flow nft_xlat
fi
modprobe -qa nf_tables nf_flow_table_inet
mkdir -p "${blocked%/*}"
printf 'install %s /bin/false\n' nft_xlat nft_xlat_flow >"$blocked"
for c in '' -c; do
	refused "no module $c" "$no_module" "xlat 6to4" "$NFT" $c <<-END
		table inet t {
			chain c { $pre
				ip6 daddr 64:ff9b::/96 counter $stateful
			}
		}
	END
	refused "no module, JSON $c" "$no_module" "" "$NFT" -j $c <<-END
		{"nftables": [
		{"add": {"table": {"family": "inet", "name": "t"}}},
		{"add": {"chain": {"family": "inet", "table": "t", "name": "c"}}},
		{"add": {"rule": {"family": "inet", "table": "t", "chain": "c", "expr": [{"xlat": {"type": "6to4", "mode": "masquerade", "prefix": {"prefix": {"addr": "64:ff9b::", "len": 96}}}}]}}}
		]}
	END
done
if [ -e /sys/module/nf_flow_table_inet ] || grep -q nf_flow_table_inet "/lib/modules/$(uname -r)/modules.builtin"; then
	ft='flowtable ft { hook ingress priority filter; devices = { lo }; }'
	refused "no module, fast path" "$no_flow" "xlat flow add @ft" "$NFT" <<-END
		table inet t {
			$ft
			chain c { $fwd
				xlat flow add @ft
			}
		}
	END
	on "$gw" $NFT "table inet old { $ft; chain c { $fwd }; }"
	refused "no module, fast path of a flowtable that is there" "$no_flow" "xlat flow add @ft" "$NFT" \
		<<<"add rule inet old c xlat flow add @ft"
	refused "no module, no flowtable" "table inet 'old' has no flowtable 'nope'" "xlat flow add @nope" "$NFT" \
		<<<"add rule inet old c xlat flow add @nope"
	rm "$blocked"
	modprobe nft_xlat_flow
	refused "no flowtable" "table inet 'old' has no flowtable 'nope'" "xlat flow add @nope" "$NFT" \
		<<<"add rule inet old c xlat flow add @nope"
	refused "no flowtable in a new table" "table inet 't' has no flowtable 'nope'" "xlat flow add @nope" "$NFT" <<-END
		table inet t {
			chain c { $fwd
				xlat flow add @nope
			}
		}
	END
	check "with the flowtable" on "$gw" $NFT add rule inet old c xlat flow add @ft
	on "$gw" $NFT flush ruleset
else
	echo "# SKIP: no flowtables in this kernel"
	rm "$blocked"
fi

# The command of the message helps.
check "modprobe nft_xlat" modprobe nft_xlat
check "then the rule loads" on "$gw" $NFT "table inet t { chain c { $pre $stateful; }; }"
on "$gw" $NFT flush ruleset

# nf_tables loads both modules by the names of the expressions, also for a user who has
# a namespace of his own.
user() { setpriv --reuid=65534 --regid=65534 --clear-groups unshare -Urn "$@"; }
loaded() { find /sys/module -maxdepth 1 -name 'nf*_xlat*' -printf '%f\n' | sort | xargs; }
fast="table inet t {
	flowtable ft { hook ingress priority filter; devices = { lo }; }
	chain forward { $fwd xlat flow add @ft; }
}"
if [ -e /sys/module/nf_flow_table_inet ] && command -v setpriv unshare >"$tmp/check"; then
	check "modules unload" wait_for 10 modprobe -r nft_xlat_flow nft_xlat
	check "rules of a user load" user "$NFT" "$fast; table inet t { chain pre { $pre $stateful; }; }"
	check "and the modules" test -e /sys/module/nft_xlat -a -e /sys/module/nft_xlat_flow
	check "a device of a user" user ip link add type xlat
	check "and its module loads" test -e /sys/module/nf_xlat_dev

	# docs/security.md: one line takes all of them from everybody.
	check "all modules unload" wait_for 10 modprobe -r nft_xlat_flow nft_xlat nf_xlat_dev nf_xlat_flow nf_xlat_ct nf_xlat
	check_eq "none is left" "$(loaded)" ""
	echo "install nf_xlat /bin/false" >"$blocked"
	check_not "no rule" user "$NFT" "table inet t { chain pre { $pre $stateful; }; }"
	check_not "no fast path" user "$NFT" "$fast"
	check_not "no device" user ip link add type xlat
	# nf_xlat_bpf is there only where the kernel has BTF.
	for module in nft_xlat nft_xlat_flow nf_xlat_dev $(modinfo -F name nf_xlat_bpf 2>/dev/null); do
		check_not "$module: not for root either" modprobe "$module"
	done
	check_eq "no module loads without nf_xlat" "$(loaded)" ""
	rm "$blocked"
	check "all modules may load again" modprobe -a nft_xlat nft_xlat_flow
fi

# By a jump, behind which the batch has xlat
stateful_is='stateful xlat is for type filter, in prerouting and output, after conntrack (-200)'
stateless_is='stateless xlat is for type filter, in prerouting, forward and output'
unknown="a chain behind it, or this rule has a statement or match that is not for the hook, type or priority of the base chain; stateful xlat, for example, ${stateful_is#* * }"
refused "forward jumps to stateful xlat" "chain 'x', to which this jumps, has xlat 6to4, which cannot be used from here: $stateful_is" "?(jump )x" "$NFT" <<-END
	table inet t {
		chain x { $stateful; }
		chain c { $fwd
			counter jump x
		}
	}
END
refused "raw goes to stateful xlat" "chain 'x', to which this jumps, has xlat 6to4, which cannot be used from here: $stateful_is" "?(goto )x" "$NFT" <<-END
	table inet t {
		chain x { $stateful; }
		chain c { type filter hook prerouting priority raw;
			goto x
		}
	}
END
refused "another rule of the chain is for forward" "chain 'x', to which this jumps, has xlat 4to6, which cannot be used from here: $stateful_is" "?(jump )x" "$NFT" <<-END
	table inet t {
		chain x {
			ip6 daddr 2001:db8::1 xlat 6to4 $n64
			xlat 4to6 $n64 dnat to 2001:db8::1
		}
		chain c { $fwd jump x; }
	}
END
refused "postrouting jumps to stateless xlat" "chain 'x', to which this jumps, has xlat 4to6, which cannot be used from here: $stateless_is" "?(jump )x" "$NFT" <<-END
	table inet t {
		chain x { xlat 4to6 $n64; }
		chain c { type filter hook postrouting priority filter; jump x; }
	}
END
refused "nat jumps to stateless xlat" "chain 'x', to which this jumps, has xlat 4to6, which cannot be used from here: $stateless_is" "?(jump )x" "$NFT" <<-END
	table ip t {
		chain x { xlat 4to6 $n64; }
		chain c { type nat hook prerouting priority dstnat; jump x; }
	}
END
if [ -e /sys/module/nf_flow_table_inet ]; then
	refused "prerouting jumps to the fast path" "chain 'x', to which this jumps, has xlat flow, which cannot be used from here: xlat flow is for type filter, in forward" "?(jump )x" "$NFT" <<-END
		table inet t {
			$ft
			chain x { xlat flow add @ft; }
			chain c { $pre jump x; }
		}
	END
fi

# of all chains of a map that of xlat
for map in "ip6 nexthdr vmap { udp : jump y, tcp : jump x }" "ip6 nexthdr vmap @m"; do
	refused "input jumps to stateless xlat by a map" "chain 'x', to which this jumps, has xlat 6to4, which cannot be used from here: $stateless_is" "$map" "$NFT" <<-END
		table inet t {
			map m { type inet_proto : verdict; elements = { udp : jump y, tcp : jump x }; }
			chain y { counter; }
			chain x { xlat 6to4 $n64; }
			chain c { type filter hook input priority filter;
				$map
			}
		}
	END
done

# Elements of a map that a rule has already; those of the batch before it are those of
# the rule.
element="or a chain behind it, has a statement or match that is not for the hook, type or priority of a base chain that uses map 'm'"
on "$gw" $NFT "table inet old { chain x { $stateful; }; chain y { }
	map m { type inet_proto : verdict; flags interval; }
	chain c { $fwd ip6 nexthdr vmap @m; }; chain b { type filter hook input priority filter; }; }"
refused "an element jumps to a chain in the kernel" "chain 'x', to which this element jumps, $element; $stateful_is, for example" "jump x" "$NFT" \
	<<<"add element inet old m { tcp : jump x }"
refused "in a table block" "chain 'x', to which this element jumps, $element; $stateful_is, for example" "jump x" "$NFT" \
	<<<"table inet old { map m { type inet_proto : verdict; flags interval; elements = { 0-5 : drop, 6-17 : jump x }; }; }"
refused "one of two jumps to stateless xlat" "chain 'z', to which this element jumps, $element; $stateless_is, for example" "goto z" "$NFT" <<-END
	add chain inet old z
	add rule inet old z xlat 6to4 $n64
	add rule inet old b ip6 nexthdr vmap @m
	add element inet old m { udp : jump y, tcp : goto z }
END
# 1.0.6 of nft knows all chains.
refused "an element jumps to a base chain" "chain 'b'?(, to which this element jumps,) is a base chain, " "jump b" "$NFT" \
	<<<"add element inet old m { 1 : jump y, tcp : jump b }"
check "others are taken" on "$gw" $NFT "add element inet old m { tcp : jump y, udp : drop }"
on "$gw" $NFT flush ruleset

# What may be behind the jump is not named, unless it is the reason.
refused "forward jumps to a chain that jumps to stateful xlat" "chain 'y', to which this jumps, $unknown" "?(jump )y" "$NFT" <<-END
	table inet t {
		chain x { $stateful; }
		chain y { jump x; }
		chain c { $fwd jump y; }
	}
END
if modprobe -qa nft_fib_inet nft_fib_ipv6; then
	refused "output jumps to a match of the device, and to xlat" "chain 'x', to which this jumps, $unknown" "?(jump )x" "$NFT" <<-END
		table inet t {
			chain x { fib saddr . iif oif missing drop; $stateful; }
			chain c { type filter hook output priority filter; jump x; }
		}
	END
fi
on "$gw" $NFT "table inet old { chain x { $stateful; }; chain c { $fwd }; chain b { type filter hook input priority filter; }; }"
refused "forward jumps to a chain in the kernel" "chain 'x', to which this jumps, ?(is a base chain, or it, )$unknown" "?(jump )x" "$NFT" \
	<<<"add rule inet old c jump x"
# 1.0.6 of nft knows all chains.
refused "forward jumps to input" "chain 'b'?(, to which this jumps,) is a base chain, " "?(jump )b" "$NFT" \
	<<<"add rule inet old c jump b"
on "$gw" $NFT flush ruleset
refused "a jump to a base chain" "chain 'b' is a base chain, to which no rule can jump" "?(jump )b" "$NFT" <<-END
	table inet t {
		chain b { $pre }
		chain c { $fwd jump b; }
	}
END

# From the first bad jump on, 7.3 refuses the rules that follow, in which nothing is wrong.
check_not "a bad jump and a good one" on "$gw" "$NFT" "table inet t {
	chain x { $stateful; }
	chain y { xlat 6to4 $n64; }
	chain c { $fwd jump x; counter; jump y; }
}"
check_eq "only the bad jump is explained" "$(grep -o "; .*, to which this jumps" "$tmp/check")" "; chain 'x', to which this jumps"

on "$gw" $NFT "table inet old { chain x { }; chain c { $fwd jump x; }; chain i { type filter hook input priority filter; jump x; }; }"
refused "stateful xlat where forward jumps to" "a base chain that jumps to chain 'x' is not one for this rule: $stateful_is" "xlat 6to4" "$NFT" \
	<<<"add rule inet old x $stateful"
refused "stateless xlat where input jumps to" "a base chain that jumps to chain 'x' is not one for this rule: $stateless_is" "xlat 6to4" "$NFT" \
	<<<"add rule inet old x xlat 6to4 $n64"
on "$gw" $NFT flush ruleset

# Another release: an attribute that only one of them knows.
if ! command -v cc >/dev/null; then
	echo "# SKIP: another release than the kernel's: needs cc"
	done_testing
fi
cc -O2 -shared -fPIC -I"$top/include/uapi" -o "$tmp/later.so" "$here/later.c" -ldl || fail "later.c"
rules="table inet t { chain c { $pre xlat 4to6 $n64 mtu 1400; }; }"
# 15 is of none yet.
refused "an attribute of a later nft" "$other" "xlat 4to6" \
	env LATER=15 LATER_IN=batch LD_PRELOAD="$tmp/later.so" "$NFT" <<<"$rules"
check "the same nft with its own" env LATER=12 LATER_IN=batch LD_PRELOAD="$tmp/later.so" \
	ip netns exec "$gw" $NFT "$rules"
for json in '' -j; do
	check_match "an attribute of a later kernel $json" \
		"$(on "$gw" env LATER=15 LATER_IN=dump LD_PRELOAD="$tmp/later.so" $NFT $json list ruleset 2>&1)" \
		"*Error: xlat statement that this nft does not understand*"
	check_eq "is not listed without it" \
		"$(on "$gw" env LATER=15 LATER_IN=dump LD_PRELOAD="$tmp/later.so" $NFT $json list ruleset 2>/dev/null | grep -c "xlat 4to6\|\"xlat\"")" 0
done
check_match "by the same nft it is" "$(on "$gw" $NFT list ruleset)" "*xlat 4to6 $n64 mtu 1400*"

# Another revision of the attributes: a rule that means the same in both is refused too, and
# the log has the numbers.
all=/proc/sys/net/netfilter/nf_log_all_netns
was=$(<$all)
echo 1 >$all
trap 'echo "$was" >$all; rm -f "$blocked"; cleanup' EXIT
same="table inet t { chain c { $pre xlat 6to4 $n64; }; }"
have=$(sed -n 's/^#define NFT_XLAT_REV[[:space:]]*//p' "$top/include/uapi/linux/netfilter/nft_xlat.h")
sends=(LATER_IN=batch "LD_PRELOAD=$tmp/later.so" "$NFT")
gets=(LATER_IN=dump "LD_PRELOAD=$tmp/later.so" "$NFT")
# told MODULE REV: how often the log has it
told() { logged "$1: netns $(on "$gw" stat -Lc %i /proc/self/ns/net): refused a rule of ABI revision $2, as this module has $have: install nft and module of one release, and load that module"; }
on "$gw" $NFT flush ruleset
for rev in 0 $((have + 1)); do
	refused "an nft of revision $rev" "$other" "xlat 6to4" env REV=$rev "${sends[@]}" <<<"$same"
	check_eq "in the log" "$(told nft_xlat $rev)" 1
	check "a rule of revision $have" on "$gw" $NFT "$same"
	for json in '' -j; do
		on "$gw" env REV=$rev "${gets[@]}" $json list ruleset >"$tmp/list" 2>"$tmp/why"
		check_match "a module of revision $rev $json" "$(<"$tmp/why")" \
			"*Error: xlat statement that this nft does not understand: it and module nft_xlat do not match, use the nft of the module's release*"
		check_eq "is not listed" "$(grep -c "xlat 6to4\|\"xlat\"" "$tmp/list")" 0
	done
	check_match "nor as another rule" "$(on "$gw" env REV=$rev "${gets[@]}" --debug=netlink list ruleset 2>&1)" "*\[ xlat unknown \]*"
	on "$gw" $NFT flush ruleset
	[ -e /sys/module/nft_xlat_flow ] || continue
	refused "the fast path of an nft of revision $rev" "$other_flow" "xlat flow add @ft" env REV_FLOW=$rev "${sends[@]}" <<<"$fast"
	check_eq "in the log" "$(told nft_xlat_flow $rev)" 1
	check "of revision $have" on "$gw" $NFT "$fast"
	check_match "of a module of revision $rev" "$(on "$gw" env REV_FLOW=$rev "${gets[@]}" list ruleset 2>&1)" \
		"*Error: xlat flow statement that this nft does not understand: it and module nft_xlat_flow do not match, use the nft of the module's release*"
	on "$gw" $NFT flush ruleset
done
echo 0 >$all
refused "an nft of revision 9 of a namespace" "$other" "xlat 6to4" env REV=9 "${sends[@]}" <<<"$same"
check_eq "is not in the log of the host" "$(told nft_xlat 9)" 0

done_testing
