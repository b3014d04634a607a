#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 6146 sections 3.5 and 4, RFC 5382, RFC 7857: states, and how long each lasts.
# What is left of a session's life is what conntrack's table says.
. "$(dirname "$0")/lib.sh"
. "$here/rfc.bash"

setup_rfc
check "ruleset loads" ruleset rfc6146 || done_testing
rfc_start rfc6146
phase timeouts
phase tcp_states
phase tcp_moved
check "ruleset with timeouts loads" ruleset rfc6146_timeouts || done_testing
phase configured

done_testing
