#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Bytes of each subscriber, and volumes: docs/recipes.md.
. "$(dirname "$0")/recipe.inc"

far64=$pref64$far_ip

# account SET N: what is written down for that subscriber
account() { on "$gw" $NFT list set inet account "$1" | grep -o "2001:db8:1:$2:: counter packets [0-9]* bytes [0-9]*" | cut -d' ' -f 3-; }
# pings N SUBSCRIBER [OPTION...]: of 148 bytes in IPv6, how many were answered
pings() { on "$client6" ping -6 -q -i 0.01 -c "$1" -I "2001:db8:1:$2::2" -s 100 -W 1 "${@:3}" $far64 | sed -n 's/.* \([0-9]*\) received.*/\1/p'; }
used() { on "$gw" $NFT list quota inet account "$1" | grep -o 'used .*'; }

setup_recipe accounting
subscribers 1 2

check_eq "pings of one" "$(pings 3 1)" 3
check_eq "pings of the other" "$(pings 5 2)" 5
for i in up down; do
	check_eq "$i: one" "$(account $i 1)" "packets 3 bytes 444"
	check_eq "$i: the other" "$(account $i 2)" "packets 5 bytes 740"
done
check_match "TCP of one" "$(python "$client6" crowd call tcp $far64 80 1 30000 2001:db8:1:1::2)" "*1 of 1 answered"
check_eq "is not the other's" "$(account up 2)" "packets 5 bytes 740"
on "$gw" $NFT reset element inet account up '{ 2001:db8:1:2:: }' >/dev/null 2>&1 ||
	check "set to nothing" on "$gw" $NFT delete element inet account up '{ 2001:db8:1:2:: }'
check_eq "pings of the other" "$(pings 1 2)" 1
check_eq "up: from nothing on" "$(account up 2)" "packets 1 bytes 148"
check_eq "down: not set" "$(account down 2)" "packets 6 bytes 888"

# 100 kbytes are 102400, which these are more than: 90 of 1148 bytes
check_match "a volume ends" "$(pings 100 1 -s 1100)" "8[0-9]"
check_eq "for one" "$(pings 2 1)" 0
check_eq "not for the other" "$(pings 2 2)" 2
check_match "what the other has used" "$(used bob)" "used 1184 bytes*"
check "a new month" on "$gw" $NFT reset quota inet account alice
check_eq "begins" "$(pings 2 1)" 2
all_valid

done_testing
