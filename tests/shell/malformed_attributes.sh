#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The kernel does not depend on nft's own checks of a rule.
. "$(dirname "$0")/lib.sh"

need python3

setup_ns "$gw"
modprobe -qa nf_tables nft_xlat nft_chain_nat nf_tables_bridge
flow=
! modprobe -qa nft_xlat_flow nf_flow_table_inet || flow=flow
python "$gw" attributes $flow || ret=$ksft_fail
# Rules that were refused hold nothing.
check "modules unload" modprobe -r nft_xlat_flow nft_xlat nf_xlat_flow nf_xlat_ct nf_xlat

done_testing
