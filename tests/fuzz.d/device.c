// SPDX-License-Identifier: GPL-2.0
/* fuzz: devices of kind "xlat", and the generic netlink family "nf-xlat" */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/if_xlat.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_xlat_netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include "fuzz.h"

/* The usual ones, in this order, and some that are anything */
enum { STATELESS, STATEFUL, HOST, USUAL };
static const char * const names[] = { "x0", "x1", "x2", "x3", "x4" };

static char message[65536];
static int home, away;		/* namespaces */
static struct mnl_socket *rtnl_away;

static const char *any_name(void)
{
	return names[one_in(3) ? rnd(USUAL) : USUAL + rnd(2)];
}

static struct nlmsghdr *link_message(uint16_t type, uint16_t flags, const char *name)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(message);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	return nlh;
}

static struct ifinfomsg *up(struct nlmsghdr *nlh)
{
	struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);

	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
	return ifi;
}

static unsigned long send_link(struct mnl_socket *nl, struct nlmsghdr *nlh)
{
	unsigned long before = did.refused;

	netlink_send(nl, nlh, nlh->nlmsg_len, NULL);
	return did.refused - before;
}

static void put_pair(struct nlmsghdr *nlh, const char *a4, int len4, const char *a6, int len6)
{
	struct if_xlat_pair pair = { .addr4 = inet_addr(a4), .len4 = len4, .len6 = len6 };

	inet_pton(AF_INET6, a6, &pair.addr6);
	mnl_attr_put(nlh, IFLA_XLAT_PAIR, sizeof(pair), &pair);
}

static void put_pairs(struct nlmsghdr *nlh, uint16_t type)
{
	static const struct { const char *a4, *a6; uint8_t len4, len6; } some[] = {
		{ "203.0.113.64", "2001:db8:c::", 26, 122 },
		{ "192.0.0.1", "2001:db8:c::c1a7", 32, 128 },
		{ "203.0.113.64", "2001:db8:c::", 32, 128 },
		{ "203.0.113.66", "2001:db8:c::2", 32, 128 },
		{ "198.51.100.0", "2001:db8:2::", 24, 64 },
		{ "198.51.100.0", "2001:db8:2::", 24, 120 },
		{ "0.0.0.0", "2001:db8:64::", 0, 96 },
		{ "10.0.0.0", "::", 8, 0 },
	};
	unsigned int i, k = rnd(MNL_ARRAY_SIZE(some)), n = one_in(20) ? 300 : rnd(4);
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);

	for (i = 0; n < 300 && i < n; i++) {
		k = (k + 1) % MNL_ARRAY_SIZE(some);
		put_pair(nlh, some[k].a4, some[k].len4, some[k].a6, some[k].len6);
	}
	/* Each time others, so that their number comes to the limit. */
	for (i = 0; n == 300 && i < n; i++) {
		char a4[20], a6[32];

		k = rnd(65536);
		snprintf(a4, sizeof(a4), "10.9.%u.%u", k >> 8, k & 255);
		snprintf(a6, sizeof(a6), "2001:db8:9::%x", k);
		put_pair(nlh, a4, 32, a6, 128);
	}
	mnl_attr_nest_end(nlh, nest);
}

/* The first @n of these */
static void put_fast(struct nlmsghdr *nlh, unsigned int n)
{
	static const char * const between[] = { "lan", "wan", "d0", "v0", "x0" };
	uint32_t index[MNL_ARRAY_SIZE(between)];
	unsigned int i;

	for (i = 0; i < n; i++)
		index[i] = if_nametoindex(between[i]);
	mnl_attr_put(nlh, IFLA_XLAT_FAST, n * sizeof(*index), index);
}

/* What a device may be told, valid more often than not. @state: only what goes with it */
static void put_data(struct nlmsghdr *nlh, bool state)
{
	static const char * const prefixes[] = { "64:ff9b::", "2001:db8:65::", "2001:db8:66::", "2001:db8:67::" };
	static const uint8_t lens[] = { 32, 40, 48, 56, 64, 96 };
	struct nlattr *info, *data;
	struct in6_addr addr;

	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "xlat");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	if (state || rnd(2)) {
		inet_pton(AF_INET6, prefixes[rnd(4)], &addr);
		mnl_attr_put(nlh, IFLA_XLAT_PREFIX, sizeof(addr), &addr);
		if (one_in(8))
			mnl_attr_put_u8(nlh, IFLA_XLAT_PREFIX_LEN, lens[rnd(sizeof(lens))]);
		if (rnd(2))
			mnl_attr_put(nlh, IFLA_XLAT_NON_GLOBAL, 0, NULL);
	}
	if (one_in(6))
		mnl_attr_put_u32(nlh, IFLA_XLAT_ERROR4, one_in(3) ? 0 : address4());
	if (one_in(6))
		mnl_attr_put_u32(nlh, IFLA_XLAT_MTU, one_in(3) ? 0 : 1280 + rnd(300));
	if (one_in(state ? 3 : 20))
		put_fast(nlh, rnd(5));
	if (state || one_in(20)) {
		bool snat = rnd(2);

		mnl_attr_put_u8(nlh, IFLA_XLAT_MODE, snat ? IF_XLAT_SNAT : IF_XLAT_MASQ);
		if (snat) {
			mnl_attr_put_u32(nlh, IFLA_XLAT_ADDR_MIN, inet_addr("198.51.100.1"));
			if (rnd(2))
				mnl_attr_put_u32(nlh, IFLA_XLAT_ADDR_MAX, inet_addr("198.51.100.2"));
		}
		if (rnd(2)) {
			mnl_attr_put_u16(nlh, IFLA_XLAT_PORT_MIN, htons(1024));
			if (rnd(2))
				mnl_attr_put_u16(nlh, IFLA_XLAT_PORT_MAX, htons(1024 + rnd(128)));
		}
		if (rnd(2))
			mnl_attr_put_u32(nlh, IFLA_XLAT_NAT_FLAGS,
					 (NF_NAT_RANGE_PROTO_RANDOM | NF_NAT_RANGE_PROTO_RANDOM_FULLY |
					  NF_NAT_RANGE_PERSISTENT) & rnd(256));
		if (one_in(3))
			mnl_attr_put_u8(nlh, rnd(2) ? IFLA_XLAT_MAPPING : IFLA_XLAT_FILTERING, rnd(2));
	}
	if (!state || one_in(20)) {
		if (one_in(4))
			mnl_attr_put(nlh, IFLA_XLAT_HOST, 0, NULL);
		if (rnd(2))
			put_pairs(nlh, IFLA_XLAT_PAIRS);
		if (one_in(3))
			put_pairs(nlh, IFLA_XLAT_PAIRS_ADD);
		if (one_in(8))
			put_pairs(nlh, IFLA_XLAT_PAIRS_DEL);
	}
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
}

static void maybe_mutate(struct nlmsghdr *nlh, unsigned int header)
{
	if (one_in(3))
		mutate(mnl_nlmsg_get_payload_offset(nlh, header), mnl_nlmsg_get_payload_len(nlh) - header);
}

/* A new device, or one that is there and is told something */
void device_new(void)
{
	uint16_t flags = one_in(5) ? 0 : NLM_F_CREATE | NLM_F_EXCL * one_in(4);
	struct nlmsghdr *nlh = link_message(RTM_NEWLINK, flags, any_name());

	if (rnd(2))
		up(nlh);
	put_data(nlh, one_in(3));
	maybe_mutate(nlh, sizeof(struct ifinfomsg));
	did.devices += !send_link(rtnl, nlh);
}

/* Gone, in another namespace and back, in a VRF or, as it is asked, in a bridge */
void device_change(void)
{
	static const char * const masters[] = { "b0", "r0" };
	struct nlmsghdr *nlh;
	const char *name;

	switch (rnd(6)) {
	case 0:
		send_link(rtnl, link_message(RTM_DELLINK, 0, any_name()));
		break;
	case 1 ... 3:
		name = rnd(2) ? names[STATELESS] : any_name();
		nlh = link_message(RTM_NEWLINK, 0, name);
		mnl_attr_put_u32(nlh, IFLA_NET_NS_FD, away);
		did.moves += !send_link(rtnl, nlh);
		traffic(rnd(10));
		if (one_in(4))
			break;	/* It stays for a while. */
		nlh = link_message(one_in(6) ? RTM_DELLINK : RTM_NEWLINK, 0, name);
		if (one_in(3))
			put_data(nlh, false);
		else if (nlh->nlmsg_type == RTM_NEWLINK)
			mnl_attr_put_u32(nlh, IFLA_NET_NS_FD, home);
		/* Another one may have its name by now. */
		if (send_link(rtnl_away, nlh))
			send_link(rtnl_away, link_message(RTM_DELLINK, 0, name));
		break;
	case 4 ... 5:
		nlh = link_message(RTM_NEWLINK, 0, one_in(6) ? "lan" : any_name());
		mnl_attr_put_u32(nlh, IFLA_MASTER, one_in(3) ? 0 : if_nametoindex(masters[rnd(2)]));
		send_link(rtnl, nlh);
		break;
	}
}

static void ethtool_stats(const char *name)
{
	static union {
		struct ethtool_gstrings strings;
		struct ethtool_stats stats;
		char room[65536];
	} u;
	struct ifreq ifr = { .ifr_data = (void *)&u };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
	memset(&u, 0, sizeof(u));
	if (rnd(2)) {
		u.strings.cmd = ETHTOOL_GSTRINGS;
		u.strings.string_set = ETH_SS_STATS;
		u.strings.len = 512;
	} else {
		u.stats.cmd = ETHTOOL_GSTATS;
		u.stats.n_stats = 512;
	}
	if (ioctl(fd, SIOCETHTOOL, &ifr))
		did.refused++;
	close(fd);
}

void device_read(void)
{
	struct nlmsghdr *nlh;

	if (rnd(2)) {
		ethtool_stats(any_name());
		return;
	}
	nlh = mnl_nlmsg_put_header(message);
	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	netlink_send(one_in(4) ? rtnl_away : rtnl, nlh, nlh->nlmsg_len, NULL);
}

/* -- what the usual devices have translated, since they were last looked at */

static struct { int ifindex; unsigned long packets; } last[USUAL];

static int stats_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *a, *stats = NULL, *name = NULL;
	unsigned int i;

	(void)data;
	if (nlh->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	mnl_attr_for_each(a, nlh, sizeof(*ifi))
		if (mnl_attr_get_type(a) == IFLA_STATS64)
			stats = a;
		else if (mnl_attr_get_type(a) == IFLA_IFNAME)
			name = a;
	for (i = 0; stats && name && i < USUAL; i++) {
		unsigned long packets;

		if (strcmp(mnl_attr_get_str(name), names[i]))
			continue;
		packets = ((struct rtnl_link_stats64 *)mnl_attr_get_payload(stats))->tx_packets;
		if (ifi->ifi_index != last[i].ifindex || packets < last[i].packets)
			last[i].packets = 0;
		did.by_device[i] += packets - last[i].packets;
		last[i].packets = packets;
		last[i].ifindex = ifi->ifi_index;
	}
	return MNL_CB_OK;
}

void device_count(void)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(message);

	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	netlink_send(rtnl, nlh, nlh->nlmsg_len, stats_cb);
}

/* A bridge, or a VRF of table 10 */
static void make(const char *name, const char *kind)
{
	struct nlmsghdr *nlh = link_message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, name);
	struct nlattr *info, *data;

	up(nlh);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, kind);
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	if (!strcmp(kind, "vrf"))
		mnl_attr_put_u32(nlh, IFLA_VRF_TABLE, 10);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	send_link(rtnl, nlh);
}

static struct nlmsghdr *usual(unsigned int which, bool vrf)
{
	static const char * const prefix[USUAL] = { "2001:db8:65::", "2001:db8:66::", "2001:db8:67::" };
	struct nlmsghdr *nlh = link_message(RTM_NEWLINK, NLM_F_CREATE, names[which]);
	struct nlattr *info, *data, *pairs;
	struct in6_addr addr;

	up(nlh);
	mnl_attr_put_u32(nlh, IFLA_MASTER, vrf ? if_nametoindex("r0") : 0);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "xlat");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	inet_pton(AF_INET6, prefix[which], &addr);
	mnl_attr_put(nlh, IFLA_XLAT_PREFIX, sizeof(addr), &addr);
	if (which == STATEFUL) {
		mnl_attr_put_u8(nlh, IFLA_XLAT_MODE, IF_XLAT_MASQ);
		mnl_attr_put_u16(nlh, IFLA_XLAT_PORT_MIN, htons(2048));
		mnl_attr_put_u16(nlh, IFLA_XLAT_PORT_MAX, htons(2175));
	} else {
		pairs = mnl_attr_nest_start(nlh, IFLA_XLAT_PAIRS);
		if (which == HOST)
			put_pair(nlh, "192.0.0.1", 32, "2001:db8:c::c1a7", 128);
		else
			put_pair(nlh, "203.0.113.64", 26, "2001:db8:c::", 122);
		mnl_attr_nest_end(nlh, pairs);
	}
	if (which == HOST)
		mnl_attr_put(nlh, IFLA_XLAT_HOST, 0, NULL);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	return nlh;
}

/* Between lan and wan; the module of the fast path may be there or not. */
static void usual_fast(void)
{
	struct nlmsghdr *nlh = link_message(RTM_NEWLINK, 0, names[STATEFUL]);
	struct nlattr *info, *data;

	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "xlat");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	put_fast(nlh, 2);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	send_link(rtnl, nlh);
}

/* The usual devices as they are to be; one that cannot become so is made anew. */
void device_usual(bool vrf)
{
	unsigned int i;

	if (!if_nametoindex("b0"))
		make("b0", "bridge");
	if (!if_nametoindex("r0"))
		make("r0", "vrf");

	for (i = 0; i < USUAL; i++)
		if (send_link(rtnl, usual(i, vrf))) {
			send_link(rtnl, link_message(RTM_DELLINK, 0, names[i]));
			send_link(rtnl, usual(i, vrf));
		}
	if (rnd(2))
		usual_fast();
}

void device_set_up(void)
{
	home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (unshare(CLONE_NEWNET))
		die("unshare");
	away = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	rtnl_away = netlink_open(NETLINK_ROUTE);
	if (setns(home, CLONE_NEWNET))
		die("setns");
}

/* -- generic netlink: sessions, mappings and counters */

static struct mnl_socket *genl, *slow;
static uint16_t family;

static int family_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *a;

	(void)data;
	mnl_attr_for_each(a, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(a) == CTRL_ATTR_FAMILY_ID)
			family = mnl_attr_get_u16(a);
	return MNL_CB_OK;
}

static int told_cb(const struct nlmsghdr *nlh, void *data)
{
	(void)data;
	did.told += nlh->nlmsg_type == family;
	return MNL_CB_OK;
}

static struct nlmsghdr *genl_message(uint16_t type, uint16_t flags, uint8_t cmd)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(message);
	struct genlmsghdr *g;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	g = mnl_nlmsg_put_extra_header(nlh, sizeof(*g));
	g->cmd = cmd;
	g->version = 1;
	return nlh;
}

static void put_end(struct nlmsghdr *nlh, uint16_t type)
{
	static const char * const some[] = { "2001:db8:c::2", "2001:db8:c::", "64:ff9b::", "2001:db8:66::" };
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);
	struct in6_addr addr;

	if (type == NF_XLAT_A_FILTER_CLIENT || (type != NF_XLAT_A_FILTER_POOL && rnd(2))) {
		inet_pton(AF_INET6, some[rnd(4)], &addr);
		mnl_attr_put(nlh, NF_XLAT_A_ENDPOINT_ADDR6, sizeof(addr), &addr);
		if (rnd(2))
			mnl_attr_put_u8(nlh, NF_XLAT_A_ENDPOINT_PREFIX_LEN, rnd(129));
	} else if (rnd(4)) {
		mnl_attr_put_u32(nlh, NF_XLAT_A_ENDPOINT_ADDR4, address4());
		if (rnd(2))
			mnl_attr_put_u8(nlh, NF_XLAT_A_ENDPOINT_PREFIX_LEN, rnd(33));
	}
	if (one_in(4))
		mnl_attr_put_u16(nlh, NF_XLAT_A_ENDPOINT_PORT, htons(1024 + rnd(64)));
	if (one_in(8))
		mnl_attr_put_u16(nlh, NF_XLAT_A_ENDPOINT_ZONE, rnd(3));
	mnl_attr_nest_end(nlh, nest);
}

static void put_filter(struct nlmsghdr *nlh)
{
	static const uint8_t protos[] = { 1, 6, 17, 58, 132 };
	struct nlattr *nest = mnl_attr_nest_start(nlh, NF_XLAT_A_FILTER);

	if (one_in(3))
		mnl_attr_put_u8(nlh, NF_XLAT_A_FILTER_PROTOCOL, protos[rnd(5)]);
	if (rnd(2))
		put_end(nlh, NF_XLAT_A_FILTER_CLIENT + rnd(4));
	if (one_in(6))
		put_end(nlh, NF_XLAT_A_FILTER_CLIENT + rnd(4));
	if (one_in(8))
		mnl_attr_put(nlh, NF_XLAT_A_FILTER_FAST_PATH, 0, NULL);
	mnl_attr_nest_end(nlh, nest);
}

static void put_client(struct nlmsghdr *nlh, uint16_t type)
{
	static const char * const some[] = { "2001:db8:c::2", "2001:db8:c::3", "64:ff9b::192.0.2.2", "fe80::1" };
	struct in6_addr addr;

	inet_pton(AF_INET6, some[one_in(8) ? rnd(4) : rnd(2)], &addr);
	mnl_attr_put(nlh, type, sizeof(addr), &addr);
}

static uint16_t some_port(void)
{
	return htons(1024 + rnd(16));
}

/* The mapping of a session, or a static one */
static void put_mapping(struct nlmsghdr *nlh, uint16_t type, bool whole)
{
	static const uint8_t protos[] = { 6, 17, 58, 1 };
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);
	struct in6_addr prefix;

	if (whole || one_in(4)) {
		put_client(nlh, NF_XLAT_A_MAPPING_CLIENT);
		mnl_attr_put_u16(nlh, NF_XLAT_A_MAPPING_CLIENT_PORT, some_port());
		mnl_attr_put_u32(nlh, NF_XLAT_A_MAPPING_ADDR, inet_addr("192.0.2.1"));
		mnl_attr_put_u16(nlh, NF_XLAT_A_MAPPING_PORT, some_port());
		mnl_attr_put_u8(nlh, NF_XLAT_A_MAPPING_PROTOCOL, protos[rnd(4)]);
	}
	if (rnd(3)) {
		inet_pton(AF_INET6, rnd(3) ? "64:ff9b::" : "2001:db8:66::", &prefix);
		mnl_attr_put(nlh, NF_XLAT_A_MAPPING_PREFIX, sizeof(prefix), &prefix);
		mnl_attr_put_u8(nlh, NF_XLAT_A_MAPPING_PREFIX_LEN, one_in(8) ? rnd(129) : 96);
	}
	if (rnd(2)) {
		mnl_attr_put_u32(nlh, NF_XLAT_A_MAPPING_POOL_MIN, one_in(8) ? address4() : inet_addr("192.0.2.1"));
		if (one_in(4))
			mnl_attr_put_u32(nlh, NF_XLAT_A_MAPPING_POOL_MAX, address4());
	}
	if (rnd(2))
		mnl_attr_put(nlh, NF_XLAT_A_MAPPING_NON_GLOBAL, 0, NULL);
	if (one_in(4))
		mnl_attr_put(nlh, NF_XLAT_A_MAPPING_MASQUERADE, 0, NULL);
	if (one_in(4))
		mnl_attr_put_u8(nlh, NF_XLAT_A_MAPPING_FILTERING, rnd(2));
	if (one_in(8))
		mnl_attr_put_u32(nlh, NF_XLAT_A_MAPPING_IFINDEX, rnd(8));
	if (one_in(8))
		mnl_attr_put_u16(nlh, NF_XLAT_A_MAPPING_CLIENT_ZONE, rnd(3));
	mnl_attr_nest_end(nlh, nest);
}

/* A tuple of a session: from IPv6, the answer from IPv4, or the answer of a hairpin */
static void put_tuple(struct nlmsghdr *nlh, uint16_t type, bool is6, uint8_t proto, uint16_t port)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);
	struct in6_addr peer;

	if (is6) {
		inet_pton(AF_INET6, rnd(3) ? "64:ff9b::192.0.2.2" : "64:ff9b::192.0.2.1", &peer);
		put_client(nlh, NF_XLAT_A_TUPLE_SRC6);
		mnl_attr_put(nlh, NF_XLAT_A_TUPLE_DST6, sizeof(peer), &peer);
	} else {
		mnl_attr_put_u32(nlh, NF_XLAT_A_TUPLE_SRC4, inet_addr("192.0.2.2"));
		mnl_attr_put_u32(nlh, NF_XLAT_A_TUPLE_DST4, one_in(8) ? address4() : inet_addr("192.0.2.1"));
	}
	if (proto == 58 && !is6)
		proto = 1;
	mnl_attr_put_u8(nlh, NF_XLAT_A_TUPLE_PROTOCOL, one_in(16) ? rnd(256) : proto);
	mnl_attr_put_u16(nlh, NF_XLAT_A_TUPLE_SPORT, port);
	mnl_attr_put_u16(nlh, NF_XLAT_A_TUPLE_DPORT, proto == 58 || proto == 1 ? port : port + htons(rnd(2)));
	if (one_in(16))
		mnl_attr_put_u16(nlh, NF_XLAT_A_TUPLE_ZONE, rnd(3));
	mnl_attr_nest_end(nlh, nest);
}

/* A session that is to be made, or changed */
static void put_session(struct nlmsghdr *nlh)
{
	static const uint8_t protos[] = { 6, 17, 58 };
	struct nlattr *nest = mnl_attr_nest_start(nlh, NF_XLAT_A_SESSION);
	uint8_t proto = protos[rnd(3)];
	uint16_t port = some_port();
	bool in = one_in(3);

	put_tuple(nlh, NF_XLAT_A_SESSION_ORIG, !in, proto, port);
	put_tuple(nlh, NF_XLAT_A_SESSION_REPLY, in || one_in(8), proto, one_in(8) ? some_port() : port);
	mnl_attr_put_u32(nlh, NF_XLAT_A_SESSION_TIMEOUT, 1 + rnd(one_in(4) ? 0x7fffffff : 3));
	if (proto == 6)
		mnl_attr_put_u8(nlh, NF_XLAT_A_SESSION_TCP_STATE, rnd(11));
	if (rnd(2))
		mnl_attr_put_u32(nlh, NF_XLAT_A_SESSION_STATUS, rnd(0x8000));
	if (rnd(2))
		mnl_attr_put_u32(nlh, NF_XLAT_A_SESSION_FLAGS, rnd(32));
	if (rnd(2))
		mnl_attr_put_u8(nlh, NF_XLAT_A_SESSION_PREFIX_LEN, one_in(4) ? rnd(100) : 96);
	if (one_in(4))
		mnl_attr_put_u32(nlh, NF_XLAT_A_SESSION_MARK, rnd(4));
	if (one_in(8))
		mnl_attr_put_u32(nlh, NF_XLAT_A_SESSION_IFINDEX, rnd(8));
	if (one_in(8))
		mnl_attr_put_u32(nlh, NF_XLAT_A_SESSION_DEVICE, rnd(8));
	mnl_attr_nest_end(nlh, nest);
}

/* End a dump that is under way: it holds a reference to the module. */
void genl_stop(void)
{
	if (slow)
		mnl_socket_close(slow);
	slow = NULL;
}

/* A dump whose messages are read one by one, with other steps between */
static void slow_dump(struct nlmsghdr *nlh)
{
	static char piece[2048];

	if (!slow) {
		slow = netlink_open(NETLINK_GENERIC);
		did.netlink++;
		if (mnl_socket_sendto(slow, nlh, nlh->nlmsg_len) < 0)
			did.refused++;
	}
	if (mnl_socket_recvfrom(slow, piece, sizeof(piece)) <= 0 && errno != ENOSPC)
		genl_stop();
}

void genl_request(void)
{
	static const uint8_t cmds[] = {
		NF_XLAT_CMD_COUNTERS_GET, NF_XLAT_CMD_SESSION_GET, NF_XLAT_CMD_SESSION_GET,
		NF_XLAT_CMD_MAPPING_GET, NF_XLAT_CMD_MAPPING_GET, NF_XLAT_CMD_SESSION_DEL,
		NF_XLAT_CMD_SESSION_NEW, NF_XLAT_CMD_SESSION_NEW, NF_XLAT_CMD_SESSION_SET,
		NF_XLAT_CMD_MAPPING_NEW, NF_XLAT_CMD_MAPPING_DEL,
	};
	uint8_t cmd = one_in(40) ? rnd(NF_XLAT_CMD_MAX + 2) : cmds[rnd(sizeof(cmds))];
	struct nlmsghdr *nlh;

	if (!genl)
		genl = netlink_open(NETLINK_GENERIC);
	if (slow && rnd(2)) {
		slow_dump(NULL);
		return;
	}
	/* Each time the module is loaded, it has another number. */
	family = 0;
	nlh = genl_message(GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, NF_XLAT_FAMILY_NAME);
	netlink_send(genl, nlh, nlh->nlmsg_len, family_cb);
	if (!family)
		return;
	nlh = genl_message(family, cmd == NF_XLAT_CMD_SESSION_GET || cmd == NF_XLAT_CMD_MAPPING_GET ?
				   NLM_F_DUMP : NLM_F_ACK, cmd);
	if (cmd == NF_XLAT_CMD_SESSION_NEW || cmd == NF_XLAT_CMD_SESSION_SET)
		put_session(nlh);
	if (cmd == NF_XLAT_CMD_MAPPING_NEW || cmd == NF_XLAT_CMD_MAPPING_DEL ||
	    (cmd == NF_XLAT_CMD_SESSION_NEW && rnd(2)))
		put_mapping(nlh, NF_XLAT_A_MAPPING, cmd != NF_XLAT_CMD_SESSION_NEW);
	if (cmd == NF_XLAT_CMD_SESSION_NEW && one_in(8))
		put_mapping(nlh, NF_XLAT_A_PEER_MAPPING, false);
	if (cmd < NF_XLAT_CMD_SESSION_NEW && rnd(2))
		put_filter(nlh);
	maybe_mutate(nlh, sizeof(struct genlmsghdr));
	if (!slow && nlh->nlmsg_flags & NLM_F_DUMP && rnd(2))
		slow_dump(nlh);
	else
		netlink_send(genl, nlh, nlh->nlmsg_len, told_cb);
}

/* -- sockets of this host: what they send by a device, and what is for them */

static void sock_address(struct sockaddr_storage *ss)
{
	static const char * const v6[] = {
		"64:ff9b::192.0.2.2", "2001:db8:65::192.0.2.2", "2001:db8:66::192.0.2.2",
		"2001:db8:65::192.0.2.1", "2001:db8:65::203.0.113.66", "2001:db8:66::192.0.2.1",
	};
	static const char * const v4[] = { "10.99.0.1", "203.0.113.65", "203.0.113.66", "192.0.2.2" };
	static const uint16_t ports[] = { 80, 53, 8080, 443, 1024 };
	struct sockaddr_in6 *in6 = (void *)ss;
	struct sockaddr_in *in = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	if (rnd(2)) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(ports[rnd(5)]);
		inet_pton(AF_INET6, v6[rnd(MNL_ARRAY_SIZE(v6))], &in6->sin6_addr);
	} else {
		in->sin_family = AF_INET;
		in->sin_port = htons(ports[rnd(5)]);
		inet_pton(AF_INET, v4[rnd(MNL_ARRAY_SIZE(v4))], &in->sin_addr);
	}
}

static int server(int type, uint16_t port)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) || (type == SOCK_STREAM && listen(fd, 16)))
		die("server");
	return fd;
}

void sockets(void)
{
	static int listener = -1, echo = -1, all[24];
	static unsigned int next;
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	/* What is left of a connection would keep the namespace. */
	const struct linger reset = { .l_onoff = 1 };
	static char data[4000];
	int *fd, type, n, i;

	if (listener < 0) {
		listener = server(SOCK_STREAM, 80);
		echo = server(SOCK_DGRAM, 53);
		memset(all, -1, sizeof(all));
	}
	/* What it sends may come back to itself, and so on. */
	for (i = 0; i < 64; i++) {
		n = recvfrom(echo, data, sizeof(data), 0, (void *)&ss, &len);
		if (n < 0)
			break;
		sendto(echo, data, n, 0, (void *)&ss, len);
	}
	fd = &all[next++ % MNL_ARRAY_SIZE(all)];
	if (*fd >= 0)
		close(*fd);
	*fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (*fd < 0) {
		sock_address(&ss);
		type = rnd(2) ? SOCK_STREAM : SOCK_DGRAM;
		*fd = socket(ss.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		/* Its result is of no interest, nor is that of a connection that is under way. */
		if (connect(*fd, (void *)&ss, ss.ss_family == AF_INET ? sizeof(struct sockaddr_in) :
								      sizeof(struct sockaddr_in6)))
			did.refused += errno != EINPROGRESS;
	}
	setsockopt(*fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	/* On all that are there, so that connections live for some time. */
	for (n = 0; n < (int)MNL_ARRAY_SIZE(all); n++)
		if (all[n] >= 0 && one_in(4)) {
			for (i = 0; i < 64 && recv(all[n], data, sizeof(data), 0) > 0; i++)
				;
			if (send(all[n], data, one_in(4) ? sizeof(data) : rnd(100), MSG_NOSIGNAL) > 0)
				did.own++;
		}
}
