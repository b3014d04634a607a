#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 6146, clause by clause: what IPv4 begins, static entries, mappings and who may
# send to them, and hairpins.
. "$(dirname "$0")/lib.sh"
. "$here/rfc.bash"

setup_rfc
# No host has the pool's addresses.
ip -n "$gw" route add unreachable 203.0.113.0/27
check "ruleset loads" ruleset rfc6146_inbound || done_testing
rfc_start rfc6146
phase static
phase filtering
phase address_dependent
phase port_dependent
phase own_address
phase hairpin

done_testing
