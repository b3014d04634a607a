#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Metrics: what xlat-metrics.service runs (docs/guides/metrics.md), node_exporter and Prometheus as Debian
# has them, and each query of the dashboard: with traffic no panel is empty, and without sessions none
# has what is no number.
. "$(dirname "$0")/flow.inc"

need prometheus
need prometheus-node-exporter
need curl
guide=$top/docs/guides/metrics.md
dashboard=$top/docs/guides/metrics.json
dir=$tmp/node-exporter
mkdir "$dir" "$tmp/data"

board() { python3 -IS "$here/dashboard.py" "$@" 2>&1; }
check_eq "the dashboard" "$(board check "$dashboard" "$guide" "$top/packaging/xlat-metrics.timer")" ok

setup_topo
check "ruleset loads" rules || done_testing
hooks_come lan wan
serve "$server4" udp4:53

# The command of the unit, as systemd would run it
command=$(sed -n "s,^ExecStart=/bin/sh -ec '\(.*\)'\$,\1,p" "$top/packaging/xlat-metrics.service" |
	sed "s,/opt/nft-xlat/sbin,$top/build/xlat,; s,/var/lib/prometheus/node-exporter,$dir,")
# shellcheck disable=SC2317 # called by check
write() { on "$gw" sh -ec "$command"; }
check "the unit's command" write
# Another's link is not followed, and what cannot be renewed does not stay.
echo mine >"$tmp/other"
ln -s "$tmp/other" "$dir/xlat.new"
check "with a link in its place" write
check_eq "what it leads to stays" "$(<"$tmp/other")" mine
check "metrics are there" grep -q '^xlat_packets_total' "$dir/xlat.prom"
check_not "when xlat fails" on "$gw" sh -ec "${command/$top\/build\/xlat\/xlat/false}"
check_eq "old metrics go" "$(ls "$dir")" ""
check "they come again" write

cat >"$tmp/prometheus.yml" <<-EOF
	global:
	  scrape_interval: 1s
	scrape_configs:
	  - job_name: node
	    static_configs:
	      - targets: ["127.0.0.1:9100"]
EOF
background "$gw" prometheus-node-exporter --collector.disable-defaults --collector.textfile \
	--collector.textfile.directory="$dir" --web.listen-address=127.0.0.1:9100 >"$tmp/exporter" 2>&1
background "$gw" prometheus --config.file="$tmp/prometheus.yml" --storage.tsdb.path="$tmp/data" \
	--web.listen-address=127.0.0.1:9090 >"$tmp/prometheus" 2>&1

# shellcheck disable=SC2317 # called by wait_for
scraped() { on "$gw" curl -sf 127.0.0.1:9100/metrics >"$tmp/scraped"; }
check "node_exporter serves them" wait_for 30 scraped
check_eq "node_exporter: errors" "$(sed -n 's/^node_textfile_scrape_error //p' "$tmp/scraped")" 0
for m in $(sed -n 's/^| `\(xlat_[a-z_`, ]*\)`.*/\1/p' "$guide" | tr -d '`,'); do
	[[ $m == xlat_pool* ]] || check "node_exporter: $m" grep -q "^${m}[ {]" "$tmp/scraped"
done

# A session in the fast path, and a packet that is dropped by the second
helper udp "$client6" call udp $server64 53
fast "a session" udp "$pool_ip *"
# The list that the variable "Gateway" offers
read -r metric label < <(board variable "$dashboard")
# shellcheck disable=SC2317 # called by wait_for
gateways()
{
	on "$gw" curl -sfG "127.0.0.1:9090/api/v1/label/$label/values" --data-urlencode "match[]=$metric" \
		>"$tmp/answer" && grep -q '"data":\["' "$tmp/answer"
}
check "dashboard: gateways" wait_for 60 gateways
instance=$(sed -n 's/.*"data":\["\([^"]*\)"\].*/\1/p' "$tmp/answer")
check_eq "by their names" "$instance" 127.0.0.1:9100

asked()
{
	on "$gw" curl -sSG 127.0.0.1:9090/api/v1/query --data-urlencode "query=$expr" >"$tmp/answer"
}
# shellcheck disable=SC2317 # called by wait_for
answers()
{
	tell udp ask 1 >/dev/null
	on "$client6" ping -6 -c 1 -W 1 -t 1 $server64 >/dev/null 2>&1
	write
	asked && grep -q '"result":\[{' "$tmp/answer"
}
panels="$(board queries "$dashboard" "$instance" 10s)"
while IFS=$'\t' read -r title labels expr; do
	check "dashboard: $title" wait_for 60 answers || cat "$tmp/answer"
	check_eq "with its legend and a number" "$(board answer "$labels" <"$tmp/answer")" ok
done <<<"$panels"

on "$gw" "$top/build/xlat/xlat" delete client ::/0 >/dev/null
# shellcheck disable=SC2317 # called by wait_for
ended()
{
	write
	expr='sum(xlat_sessions)'
	asked && grep -q ',"0"\]' "$tmp/answer"
}
check "sessions end" wait_for 60 ended
while IFS=$'\t' read -r title labels expr; do
	asked
	check_match "without sessions: $title" "$(board answer "$labels" <"$tmp/answer")" "@(ok|nothing)"
done <<<"$panels"

# The alarms: Prometheus understands them, and their metrics are those of the table.
alarms=$(sed -n '/^Worth an alarm/,$s/^| `\([^`]*\)`.*/\1/p' "$guide")
check "the page has alarms" [ -n "$alarms" ]
while IFS= read -r expr; do
	check "alarm: $expr" on "$gw" curl -sfG -o "$tmp/answer" 127.0.0.1:9090/api/v1/query --data-urlencode "query=$expr"
	while read -r m; do
		check "alarm: $m" grep -q "^| .*\`$m\`.* |" <(sed '/^Worth an alarm/,$d' "$guide")
	done < <(grep -o 'xlat_[a-z_]*' <<<"$expr")
done <<<"$alarms"

done_testing
