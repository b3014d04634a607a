#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 7915, section 4, clause by clause: IPv4 to IPv6, byte for byte.
. "$(dirname "$0")/lib.sh"
. "$here/rfc.bash"

setup_rfc
check "ruleset loads" ruleset rfc7915 || done_testing
rfc_start rfc7915_4to6
phase header

done_testing
