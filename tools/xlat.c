// SPDX-License-Identifier: GPL-2.0
/*
 * xlat: sessions, mappings and counters of IPv4/IPv6 translation, see xlat(8).
 *
 * It talks to the family nf-xlat of generic netlink. What each counter means is generated
 * from docs/counters.md.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/if_xlat.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/rtnetlink.h>
#include "xlat.h"

static const struct counter_text {
	const char *name;
	const char *counts;
	const char *todo;
} counter_texts[] = {
#include "counters.h"
};

#define DUMP_TRIES	5

static const char usage[] =
"usage: xlat COMMAND [FILTER]... [--json]\n"
"  status      counters that are not zero and what they mean, checks of this machine;\n"
"              --openmetrics for a monitoring system\n"
"  sessions    who talks to whom\n"
"  mappings    who has which IPv4 address and port\n"
"  blocks      who has which block of ports; with an address and port, who has that\n"
"  pools       addresses, how many of their ports are in use\n"
"  delete      end the sessions that the filter lets through; it needs one\n"
"  top [sessions|ports|packets|bytes] [N]   the N busiest clients, 10\n"
"  monitor [mappings|sessions|blocks]   each that begins or ends, from now on\n"
"  deterministic N of PREFIX range A[-B][:N[-M]] [POOL|CLIENT]   without the kernel: who has the\n"
"              address and port, or which block has the client, by \"block N of PREFIX\"\n"
"  add mapping PROTO CLIENT POOL [RULE|replace]...   a static mapping, which stays without sessions;\n"
"              replace: sessions that have the client's port or the pool's end for it\n"
"  add session PROTO CLIENT POOL PEER [RULE|in|unmapped|timeout N|state NAME]...\n"
"  delete mapping PROTO POOL     the mapping is static no longer\n"
"  save        all sessions and static mappings, as lines of JSON\n"
"  restore     sessions and mappings of such lines\n"
"RULE: what the rule says that it is of, if not one rule alone has the address and port:\n"
"  prefix P[/LENGTH], non-global, range A[-B][:N[-M]] or masquerade, address-dependent, mtu N\n"
"FILTER, of which all have to hold:\n"
"  END         client, address of the pool, or peer: ADDRESS, ADDRESS/LENGTH, :PORT,\n"
"              192.0.2.1:PORT, [2001:db8::1]:PORT\n"
"  client END  the IPv6 host\n"
"  pool END    the IPv4 address and port that it has borrowed\n"
"  peer END    whom it talks to, by IPv4 address or as the client sees it\n"
"  proto NAME  tcp, udp, icmp (IPv6's too), sctp, ... or a number\n"
"  fast        sessions of the fast path\n"
"Exit status: 0 all is well, 1 something failed or status found a fault, 2 usage.\n";

/* An address of a pool, in a protocol */
struct pool {
	uint8_t		addr[4];
	uint8_t		proto;
	uint16_t	min, max;
	uint32_t	ports, sessions, clients, failed, in_blocks;
};

struct counter {
	char		name[32];
	uint64_t	value;
};

static struct filter {
	struct end	end[NF_XLAT_A_FILTER_MAX + 1];
	int		proto;
	bool		fast;
	bool		any;
} filter = { .proto = -1 };

static bool openmetrics;
bool json;
const char *command = "xlat";

void die(int status, const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "xlat: ");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(status);
}

void *grow(struct table *t)
{
	if (t->n == t->size) {
		t->size = t->size ? 2 * t->size : 256;
		t->v = realloc(t->v, t->size * t->elem);
		if (!t->v)
			die(1, "out of memory");
	}
	return memset((char *)t->v + t->elem * t->n++, 0, t->elem);
}

/* Protocols, as conntrack calls them. ICMP is that of both families. */
static const struct {
	const char	*name;
	uint8_t		number;
} protos[] = {
	{ "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP }, { "icmp", IPPROTO_ICMPV6 },
	{ "icmpv6", IPPROTO_ICMPV6 }, { "icmp", IPPROTO_ICMP }, { "sctp", IPPROTO_SCTP },
	{ "dccp", IPPROTO_DCCP }, { "udplite", IPPROTO_UDPLITE }, { "gre", IPPROTO_GRE },
	{ "esp", IPPROTO_ESP },
};

/* ICMP of either family is one protocol, to filters and pools */
uint8_t one_icmp(uint8_t proto)
{
	return proto == IPPROTO_ICMP ? IPPROTO_ICMPV6 : proto;
}

static const char *proto_name(uint8_t proto)
{
	static char number[4];
	unsigned int i;

	for (i = 0; i < COUNT(protos); i++)
		if (protos[i].number == proto)
			return protos[i].name;
	snprintf(number, sizeof(number), "%u", proto);
	return number;
}

bool parse_number(const char *s, unsigned long max, unsigned long *n)
{
	char *stop;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	*n = strtoul(s, &stop, 10);
	return !*stop && !errno && *n <= max;
}

int parse_proto(const char *s)
{
	unsigned long n;
	unsigned int i;

	for (i = 0; i < COUNT(protos); i++)
		if (!strcmp(protos[i].name, s))
			return protos[i].number;
	if (!parse_number(s, 255, &n))
		die(2, "\"%s\" is no protocol", s);
	return one_icmp(n);
}

/* ADDRESS[/LENGTH], [ADDRESS[/LENGTH]]:PORT, IPv4[/LENGTH]:PORT, :PORT */
void parse_end(const char *word, struct end *end, bool bare)
{
	char buf[64], *addr = buf, *port = NULL, *len, *stop;
	unsigned long n;

	if (strlen(word) >= sizeof(buf))
		die(2, "\"%s\" is no address", word);
	strcpy(buf, word);
	if (*buf == '[') {
		stop = strchr(buf, ']');
		if (!stop || (stop[1] && stop[1] != ':'))
			die(2, "\"%s\" is not [ADDRESS]:PORT", word);
		if (stop[1])
			port = stop + 2;
		*stop = 0;
		addr++;
	} else {
		stop = strchr(buf, ':');
		if (stop && stop == strrchr(buf, ':')) {
			*stop = 0;
			port = stop + 1;
		}
	}
	if (port) {
		if (!parse_number(port, 65535, &n))
			die(2, "\"%s\" in \"%s\" is no port", port, word);
		end->has_port = true;
		end->port = n;
	}
	len = strchr(addr, '/');
	if (len)
		*len++ = 0;
	if (!*addr && port && !len)
		return;
	end->family = strchr(addr, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(end->family, addr, end->addr) != 1)
		die(2, "\"%s\" is no address%s", addr,
		    bare ? ", and no word of a filter (see --help)" : "");
	end->len = end->family == AF_INET6 ? 128 : 32;
	if (!len)
		return;
	if (!parse_number(len, end->len, &n))
		die(2, "\"%s\" in \"%s\" is no length of a prefix", len, word);
	end->len = n;
}

const char *address(const uint8_t *addr, int family)
{
	static char buf[4][INET6_ADDRSTRLEN];
	static unsigned int i;

	return inet_ntop(family, addr, buf[i++ % 4], INET6_ADDRSTRLEN);
}

static const char *end_text(const struct end *end)
{
	static char buf[4][INET6_ADDRSTRLEN + 8];
	static unsigned int i;
	char *s = buf[i++ % 4];
	const char *addr;

	if (!end->family)
		return "-";
	addr = address(end->addr, end->family);
	if (!end->has_port)
		snprintf(s, sizeof(buf[0]), "%s", addr);
	else if (end->family == AF_INET6)
		snprintf(s, sizeof(buf[0]), "[%s]:%u", addr, end->port);
	else
		snprintf(s, sizeof(buf[0]), "%s:%u", addr, end->port);
	return s;
}

/* netlink */

static struct mnl_socket *nl;
static unsigned int nl_seq;
uint16_t nl_family;

static void nl_open(void)
{
	int on = 1;

	nl = mnl_socket_open(NETLINK_GENERIC);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		die(1, "netlink: %s", strerror(errno));
	/* The text of an error; older kernels go without. */
	mnl_socket_setsockopt(nl, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl, NETLINK_CAP_ACK, &on, sizeof(on));
}

static int text_attr(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
	    !mnl_attr_validate(attr, MNL_TYPE_NUL_STRING))
		*(const char **)data = mnl_attr_get_str(attr);
	return MNL_CB_OK;
}

/* What the kernel says of a request, 0 or a negative errno; in @text in its words */
static int nl_error(const struct nlmsghdr *nlh, const char **text)
{
	size_t skip = nlh->nlmsg_type == NLMSG_DONE ? sizeof(int) :
						      sizeof(struct nlmsgerr);
	int err;

	*text = NULL;
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(int))
		return 0;
	err = *(int *)mnl_nlmsg_get_payload(nlh);
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS)
		mnl_attr_parse(nlh, skip, text_attr, text);
	return err;
}

struct nlmsghdr *request(char *buf, uint16_t type, uint16_t flags, uint8_t cmd)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++nl_seq;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = 1;
	return nlh;
}

/*
 * Send a request, and read what it brings into a table. 0, or a negative errno, for which
 * there may be a text. *@again: a table has been resized meanwhile.
 */
int exchange(const struct nlmsghdr *req, struct table *t, bool *again,
		    const char **text)
{
	static char buf[65536];
	struct nlmsghdr *nlh;
	int len;

	*text = NULL;
	if (mnl_socket_sendto(nl, req, req->nlmsg_len) < 0)
		return -errno;
	for (;;) {
		len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return -errno;
		for (nlh = (void *)buf; mnl_nlmsg_ok(nlh, len);
		     nlh = mnl_nlmsg_next(nlh, &len)) {
			if (nlh->nlmsg_seq != req->nlmsg_seq)
				continue;
			if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
				*again = true;
			if (nlh->nlmsg_type == NLMSG_ERROR ||
			    nlh->nlmsg_type == NLMSG_DONE)
				return nl_error(nlh, text);
			if (t->parse(nlh, t) < 0)
				return -EBADMSG;
			if (!(nlh->nlmsg_flags & NLM_F_MULTI) && !(req->nlmsg_flags & NLM_F_ACK))
				return 0;
		}
	}
}

static int attrs_cb(const struct nlattr *attr, void *data)
{
	const struct nlattr **tb = data;

	if (mnl_attr_get_type(attr) <= NF_XLAT_A_MAPPING_MAX)
		tb[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

/* No set has more attributes than that of a mapping. */
#define ATTRS(tb)	const struct nlattr *tb[NF_XLAT_A_MAPPING_MAX + 1] = {}

/* A number of 1, 2, 4 or 8 bytes, in the order of this machine; 0 if it is absent */
uint64_t get(const struct nlattr *attr)
{
	if (!attr)
		return 0;
	switch (mnl_attr_get_payload_len(attr)) {
	case 1:
		return mnl_attr_get_u8(attr);
	case 2:
		return mnl_attr_get_u16(attr);
	case 4:
		return mnl_attr_get_u32(attr);
	case 8:
		return mnl_attr_get_u64(attr);
	}
	return 0;
}

static void get_end(struct end *end, int family, const struct nlattr *addr,
		    const struct nlattr *port)
{
	size_t len = family == AF_INET6 ? 16 : 4;

	if (!addr || mnl_attr_get_payload_len(addr) != len)
		return;
	end->family = family;
	memcpy(end->addr, mnl_attr_get_payload(addr), len);
	end->has_port = port;
	end->port = ntohs(get(port));
}

static bool asked(unsigned int kind)
{
	return filter.end[kind].family || filter.end[kind].has_port;
}

/* Have two addresses the same leading bits? */
static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int i;

	for (i = 0; bits; i++, bits -= bits < 8 ? bits : 8)
		if ((a[i] ^ b[i]) & (bits < 8 ? 0xff00 >> bits : 0xff))
			return false;
	return true;
}

/*
 * Which ends that the filter asks for is this one, of @kind? As bits, as the kernel has it for
 * dumps: events are not filtered there.
 */
static uint8_t find_end(unsigned int kind, const struct end *is)
{
	uint8_t found = 0;
	unsigned int k;

	for (k = NF_XLAT_A_FILTER_CLIENT; k <= NF_XLAT_A_FILTER_ANY; k++) {
		const struct end *end = &filter.end[k];

		if (!asked(k) || (k != NF_XLAT_A_FILTER_ANY && k != kind) ||
		    (end->family && end->family != is->family) ||
		    (end->has_port && end->port != is->port))
			continue;
		if (same_bits(end->addr, is->addr, end->len))
			found |= 1 << k;
	}
	return found;
}

/* Are all ends that the filter asks for @found, and is the protocol the one it asks for? */
static bool wanted(uint8_t found, uint8_t proto)
{
	unsigned int k;

	for (k = NF_XLAT_A_FILTER_CLIENT; k <= NF_XLAT_A_FILTER_ANY; k++)
		if (asked(k) && !(found & 1 << k))
			return false;
	return filter.proto < 0 || filter.proto == one_icmp(proto);
}

/* Groups of the family that "monitor" listens to, by name; their numbers, 0 if there are none */
static const char * const groups[] = {
	NF_XLAT_MCGRP_MAPPINGS, NF_XLAT_MCGRP_SESSIONS, NF_XLAT_MCGRP_BLOCKS,
};

static uint32_t group_ids[COUNT(groups)];

static int family_parse(const struct nlmsghdr *nlh, struct table *t)
{
	const struct nlattr *attr;
	unsigned int i;
	ATTRS(tb);

	mnl_attr_parse(nlh, sizeof(struct genlmsghdr), attrs_cb, tb);
	nl_family = get(tb[CTRL_ATTR_FAMILY_ID]);
	if (!tb[CTRL_ATTR_MCAST_GROUPS])
		return 0;
	mnl_attr_for_each_nested(attr, tb[CTRL_ATTR_MCAST_GROUPS]) {
		ATTRS(group);

		mnl_attr_parse_nested(attr, attrs_cb, group);
		if (!group[CTRL_ATTR_MCAST_GRP_NAME])
			return -1;
		for (i = 0; i < COUNT(groups); i++)
			if (!strcmp(mnl_attr_get_str(group[CTRL_ATTR_MCAST_GRP_NAME]), groups[i]))
				group_ids[i] = get(group[CTRL_ATTR_MCAST_GRP_ID]);
	}
	return 0;
}

/* Is the family there? */
static bool find_family(void)
{
	struct table t = { .parse = family_parse };
	bool again = false;
	const char *text;
	struct nlmsghdr *nlh;
	char buf[256];
	int err;

	if (nl_family)
		return true;
	nl_open();
	nlh = request(buf, GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, NF_XLAT_FAMILY_NAME);
	err = exchange(nlh, &t, &again, &text);
	if (err && err != -ENOENT)
		die(1, "netlink: %s", strerror(-err));
	return nl_family;
}

/* The end of a filter, of @kind */
void put_end(struct nlmsghdr *nlh, unsigned int kind, const struct end *end)
{
	struct nlattr *nest;

	nest = mnl_attr_nest_start(nlh, kind);
	if (end->family == AF_INET6)
		mnl_attr_put(nlh, NF_XLAT_A_ENDPOINT_ADDR6, 16, end->addr);
	else if (end->family)
		mnl_attr_put(nlh, NF_XLAT_A_ENDPOINT_ADDR4, 4, end->addr);
	if (end->family)
		mnl_attr_put_u8(nlh, NF_XLAT_A_ENDPOINT_PREFIX_LEN, end->len);
	if (end->has_port)
		mnl_attr_put_u16(nlh, NF_XLAT_A_ENDPOINT_PORT, htons(end->port));
	mnl_attr_nest_end(nlh, nest);
}

/* Have dump() bring only what has this end, of @kind, and this protocol. */
void filter_by(unsigned int kind, const struct end *end, int proto)
{
	filter = (struct filter){ .proto = proto, .any = true };
	filter.end[kind] = *end;
}

void need_family(void)
{
	if (!find_family())
		die(1, "%s: the kernel has no family nf-xlat: nf_xlat_ct is not loaded (nobody has a rule with xlat or a device), or it is older than this program",
		    command);
}

void not_permitted(void)
{
	die(1, "%s: not permitted: it needs CAP_NET_ADMIN in this network namespace (be root)",
	    command);
}

/*
 * Have @cmd done, and what it is about in @t. 0, or -EAGAIN when some of it may be missing, which
 * was said; -EPERM is the caller's, if he wants it.
 */
int dump(uint8_t cmd, struct table *t, bool may_fail)
{
	unsigned int i, tries;
	struct nlmsghdr *nlh;
	struct nlattr *nest;
	const char *text;
	char buf[1024];
	bool again;
	int err;

	need_family();
	for (tries = 0; tries < DUMP_TRIES; tries++) {
		again = false;
		t->n = 0;
		nlh = request(buf, nl_family, cmd == NF_XLAT_CMD_SESSION_GET ||
					      cmd == NF_XLAT_CMD_MAPPING_GET ||
					      cmd == NF_XLAT_CMD_BLOCK_GET ||
					      cmd == NF_XLAT_CMD_POOL_GET ? NLM_F_DUMP : 0, cmd);
		if (filter.any && cmd != NF_XLAT_CMD_COUNTERS_GET && cmd != NF_XLAT_CMD_POOL_GET) {
			nest = mnl_attr_nest_start(nlh, NF_XLAT_A_FILTER);
			if (filter.proto >= 0)
				mnl_attr_put_u8(nlh, NF_XLAT_A_FILTER_PROTOCOL, filter.proto);
			for (i = NF_XLAT_A_FILTER_CLIENT; i <= NF_XLAT_A_FILTER_ANY; i++)
				if (asked(i))
					put_end(nlh, i, &filter.end[i]);
			if (filter.fast)
				mnl_attr_put(nlh, NF_XLAT_A_FILTER_FAST_PATH, 0, NULL);
			mnl_attr_nest_end(nlh, nest);
		}
		err = exchange(nlh, t, &again, &text);
		if (err == -EPERM && may_fail)
			return err;
		if (err == -EPERM)
			not_permitted();
		if (err)
			die(1, "%s: %s", command, text ? text : strerror(-err));
		if (!again)
			return 0;
	}
	fprintf(stderr, "xlat: %s: the table was resized while it was read, %d times: entries may be missing, or be here twice\n",
		command, DUMP_TRIES);
	return -EAGAIN;
}

static int counter_parse(const struct nlmsghdr *nlh, struct table *t)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		struct counter *c;
		ATTRS(tb);

		if (mnl_attr_get_type(attr) != NF_XLAT_A_COUNTER)
			continue;
		mnl_attr_parse_nested(attr, attrs_cb, tb);
		if (!tb[NF_XLAT_A_COUNTER_NAME] ||
		    mnl_attr_validate(tb[NF_XLAT_A_COUNTER_NAME], MNL_TYPE_NUL_STRING))
			return -1;
		c = grow(t);
		snprintf(c->name, sizeof(c->name), "%s",
			 mnl_attr_get_str(tb[NF_XLAT_A_COUNTER_NAME]));
		c->value = get(tb[NF_XLAT_A_COUNTER_VALUE]);
	}
	return 0;
}

static void tuple_parse(const struct nlattr *attr, struct session *s, unsigned int dir)
{
	unsigned int from = dir;
	struct end src = {}, dst = {};
	bool is6;
	ATTRS(tb);

	mnl_attr_parse_nested(attr, attrs_cb, tb);
	is6 = tb[NF_XLAT_A_TUPLE_SRC6];
	get_end(&src, is6 ? AF_INET6 : AF_INET,
		tb[is6 ? NF_XLAT_A_TUPLE_SRC6 : NF_XLAT_A_TUPLE_SRC4], tb[NF_XLAT_A_TUPLE_SPORT]);
	get_end(&dst, is6 ? AF_INET6 : AF_INET,
		tb[is6 ? NF_XLAT_A_TUPLE_DST6 : NF_XLAT_A_TUPLE_DST4], tb[NF_XLAT_A_TUPLE_DPORT]);
	s->found |= find_end(is6 ? NF_XLAT_A_FILTER_CLIENT : NF_XLAT_A_FILTER_PEER, &src) |
		    find_end(is6 ? NF_XLAT_A_FILTER_PEER : NF_XLAT_A_FILTER_POOL, &dst);

	if (is6 && s->flags & NF_XLAT_SESSION_FLAG_HAIRPIN && dir) {
		/* The other client; the address of the pool is in its prefix. */
		s->peer = src;
		s->pool.has_port = dst.has_port;
		s->pool.port = dst.port;
	} else if (is6) {
		s->client = src;
		s->peer6 = dst;
	} else {
		s->peer = src;
		s->pool = dst;
	}
	if (!dir) {
		s->in = !is6;
		s->proto = get(tb[NF_XLAT_A_TUPLE_PROTOCOL]);
		s->zone = get(tb[NF_XLAT_A_TUPLE_ZONE]);
	}
	/* A zone may be of one direction only. */
	if (!is6 || (s->flags & NF_XLAT_SESSION_FLAG_HAIRPIN && dir))
		s->pool_zone = get(tb[NF_XLAT_A_TUPLE_ZONE]);
	from ^= s->in;
	s->counted = tb[NF_XLAT_A_TUPLE_PACKETS];
	s->packets[from] = get(tb[NF_XLAT_A_TUPLE_PACKETS]);
	s->bytes[from] = get(tb[NF_XLAT_A_TUPLE_BYTES]);
}

int session_parse(const struct nlmsghdr *nlh, struct table *t)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		struct session *s;
		ATTRS(tb);

		if (mnl_attr_get_type(attr) != NF_XLAT_A_SESSION)
			continue;
		mnl_attr_parse_nested(attr, attrs_cb, tb);
		if (!tb[NF_XLAT_A_SESSION_ORIG] || !tb[NF_XLAT_A_SESSION_REPLY])
			return -1;
		s = grow(t);
		s->id = ntohl(get(tb[NF_XLAT_A_SESSION_ID]));
		s->status = get(tb[NF_XLAT_A_SESSION_STATUS]);
		s->flags = get(tb[NF_XLAT_A_SESSION_FLAGS]);
		s->timeout = get(tb[NF_XLAT_A_SESSION_TIMEOUT]);
		s->mark = get(tb[NF_XLAT_A_SESSION_MARK]);
		s->device = get(tb[NF_XLAT_A_SESSION_DEVICE]);
		s->tcp_state = get(tb[NF_XLAT_A_SESSION_TCP_STATE]);
		s->start = get(tb[NF_XLAT_A_SESSION_START]);
		tuple_parse(tb[NF_XLAT_A_SESSION_ORIG], s, 0);
		tuple_parse(tb[NF_XLAT_A_SESSION_REPLY], s, 1);
		if (s->flags & NF_XLAT_SESSION_FLAG_HAIRPIN) {
			s->pool.family = AF_INET;
			memcpy(s->pool.addr,
			       mnl_attr_get_payload(tb[NF_XLAT_A_SESSION_POOL_ADDR]), 4);
			s->found |= find_end(NF_XLAT_A_FILTER_POOL, &s->pool);
		}
	}
	return 0;
}

int mapping_parse(const struct nlmsghdr *nlh, struct table *t)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		struct mapping *m;
		ATTRS(tb);

		if (mnl_attr_get_type(attr) != NF_XLAT_A_MAPPING)
			continue;
		mnl_attr_parse_nested(attr, attrs_cb, tb);
		m = grow(t);
		get_end(&m->client, AF_INET6, tb[NF_XLAT_A_MAPPING_CLIENT],
			tb[NF_XLAT_A_MAPPING_CLIENT_PORT]);
		get_end(&m->pool, AF_INET, tb[NF_XLAT_A_MAPPING_ADDR],
			tb[NF_XLAT_A_MAPPING_PORT]);
		if (!m->client.family || !m->pool.family)
			return -1;
		m->found = find_end(NF_XLAT_A_FILTER_CLIENT, &m->client) |
			   find_end(NF_XLAT_A_FILTER_POOL, &m->pool);
		if (tb[NF_XLAT_A_MAPPING_PREFIX] &&
		    mnl_attr_get_payload_len(tb[NF_XLAT_A_MAPPING_PREFIX]) == 16)
			memcpy(m->prefix, mnl_attr_get_payload(tb[NF_XLAT_A_MAPPING_PREFIX]), 16);
		m->prefix_len = get(tb[NF_XLAT_A_MAPPING_PREFIX_LEN]);
		m->proto = get(tb[NF_XLAT_A_MAPPING_PROTOCOL]);
		m->sessions = get(tb[NF_XLAT_A_MAPPING_SESSIONS]);
		m->age = get(tb[NF_XLAT_A_MAPPING_AGE]);
		m->mtu = get(tb[NF_XLAT_A_MAPPING_MTU]);
		m->zone = get(tb[NF_XLAT_A_MAPPING_ZONE]);
		m->client_zone = get(tb[NF_XLAT_A_MAPPING_CLIENT_ZONE]);
		m->filtering = get(tb[NF_XLAT_A_MAPPING_FILTERING]);
		m->ifindex = get(tb[NF_XLAT_A_MAPPING_IFINDEX]);
		m->masq = tb[NF_XLAT_A_MAPPING_MASQUERADE];
		m->fixed = tb[NF_XLAT_A_MAPPING_STATIC];
		m->pool_min = get(tb[NF_XLAT_A_MAPPING_POOL_MIN]);
		m->pool_max = get(tb[NF_XLAT_A_MAPPING_POOL_MAX]);
		m->min_port = ntohs(get(tb[NF_XLAT_A_MAPPING_POOL_MIN_PORT]));
		m->max_port = ntohs(get(tb[NF_XLAT_A_MAPPING_POOL_MAX_PORT]));
	}
	return 0;
}

static int block_parse(const struct nlmsghdr *nlh, struct table *t)
{
	struct block *b;
	ATTRS(msg);
	ATTRS(tb);

	mnl_attr_parse(nlh, sizeof(struct genlmsghdr), attrs_cb, msg);
	if (!msg[NF_XLAT_A_BLOCK])
		return 0;
	mnl_attr_parse_nested(msg[NF_XLAT_A_BLOCK], attrs_cb, tb);
	b = grow(t);
	get_end(&b->client, AF_INET6, tb[NF_XLAT_A_BLOCK_CLIENT], NULL);
	get_end(&b->pool, AF_INET, tb[NF_XLAT_A_BLOCK_ADDR], tb[NF_XLAT_A_BLOCK_PORT]);
	if (!b->client.family || !b->pool.family)
		return -1;
	b->ports = get(tb[NF_XLAT_A_BLOCK_PORTS]);
	b->mappings = get(tb[NF_XLAT_A_BLOCK_MAPPINGS]);
	b->age = get(tb[NF_XLAT_A_BLOCK_AGE]);
	b->zone = get(tb[NF_XLAT_A_BLOCK_ZONE]);
	b->client_zone = get(tb[NF_XLAT_A_BLOCK_CLIENT_ZONE]);
	b->fixed = tb[NF_XLAT_A_BLOCK_DETERMINISTIC];
	return 0;
}

/* Does the filter ask for this block? As the kernel has it for dumps */
static bool block_wanted(const struct block *b)
{
	unsigned int k;

	for (k = NF_XLAT_A_FILTER_CLIENT; k <= NF_XLAT_A_FILTER_ANY; k++) {
		const struct end *end = &filter.end[k];
		bool is6 = end->family == AF_INET6;

		if (!asked(k))
			continue;
		if (k != NF_XLAT_A_FILTER_ANY &&
		    k != (is6 ? NF_XLAT_A_FILTER_CLIENT : NF_XLAT_A_FILTER_POOL))
			return false;
		if (end->has_port &&
		    (is6 || end->port < b->pool.port || end->port > block_last(b)))
			return false;
		/* A subscriber is a network of 64 bits. */
		if (!same_bits(end->addr, is6 ? b->client.addr : b->pool.addr,
			       end->len < 64 ? end->len : 64))
			return false;
	}
	return true;
}

/* What the kernel counts of an address: ports of mappings, and failures */
static int pool_parse(const struct nlmsghdr *nlh, struct table *t)
{
	struct end addr = {};
	struct pool *p;
	ATTRS(msg);
	ATTRS(tb);

	mnl_attr_parse(nlh, sizeof(struct genlmsghdr), attrs_cb, msg);
	if (!msg[NF_XLAT_A_POOL])
		return 0;
	mnl_attr_parse_nested(msg[NF_XLAT_A_POOL], attrs_cb, tb);
	get_end(&addr, AF_INET, tb[NF_XLAT_A_POOL_ADDR], NULL);
	if (!addr.family)
		return -1;
	p = grow(t);
	memcpy(p->addr, addr.addr, sizeof(p->addr));
	p->proto = one_icmp(get(tb[NF_XLAT_A_POOL_PROTOCOL]));
	p->failed = get(tb[NF_XLAT_A_POOL_FAILURES]);
	p->in_blocks = get(tb[NF_XLAT_A_POOL_BLOCK_PORTS]);
	return 0;
}

static uint32_t deleted;

static int deleted_parse(const struct nlmsghdr *nlh, struct table *t)
{
	ATTRS(tb);

	mnl_attr_parse(nlh, sizeof(struct genlmsghdr), attrs_cb, tb);
	deleted = get(tb[NF_XLAT_A_COUNT]);
	return 0;
}

#define TABLE(type)	{ .elem = sizeof(struct type), .parse = type##_parse }

/* output */

/* Columns that the terminal has, or 0 */
static unsigned int columns(void)
{
	const char *env = getenv("COLUMNS");
	struct winsize w;
	unsigned long n;

	if (env && parse_number(env, 10000, &n))
		return n;
	if (!isatty(STDOUT_FILENO))
		return 0;
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) ? 80 : w.ws_col;
}

#define MAX_COLS	10

/*
 * Rows of words, each column as wide as its widest. What is wider than the terminal goes
 * on in a line of its own from column @fold on, unless that is 0.
 */
static void print_rows(char *(*rows)[MAX_COLS], size_t n, unsigned int cols, unsigned int fold)
{
	unsigned int c, end, last, total = 0, most = columns(), width[MAX_COLS] = {};
	size_t i;

	for (i = 0; i < n; i++)
		for (c = 0; c < cols; c++)
			if (strlen(rows[i][c]) > width[c])
				width[c] = strlen(rows[i][c]);
	for (c = 0; c < cols; c++)
		total += width[c] + 1;
	if (!most || total <= most)
		fold = 0;
	for (i = 0; i < n; i++) {
		last = cols - 1;
		while (last && !*rows[i][last])
			last--;
		for (c = 0; c <= last; c++) {
			end = c == last || c + 1 == fold;
			printf("%-*s%s", end ? 0 : (int)width[c], rows[i][c],
			       c == last ? "\n" : end ? "\n      " : " ");
		}
		for (c = 0; c < cols; c++)
			free(rows[i][c]);
	}
	free(rows);
}

static void *new_rows(size_t n)
{
	void *rows = calloc(n, sizeof(char *) * MAX_COLS);

	if (!rows)
		die(1, "out of memory");
	return rows;
}

static __attribute__((format(printf, 1, 2)))
char *text(const char *fmt, ...)
{
	va_list args;
	char *s;

	va_start(args, fmt);
	if (vasprintf(&s, fmt, args) < 0)
		die(1, "out of memory");
	va_end(args);
	return s;
}

static char *duration(uint32_t sec)
{
	if (sec < 600)
		return text("%us", sec);
	if (sec < 36000)
		return text("%um", sec / 60);
	return text("%uh", sec / 3600);
}

static char *amount(uint64_t n)
{
	static const char unit[] = " kMGTP";
	unsigned int i = 0;
	double d = n;

	for (; d >= 10000 && i < 5; i++)
		d /= 1000;
	return i ? text("%.0f%c", d, unit[i]) : text("%" PRIu64, n);
}

static const char *state(const struct session *s)
{
	static const char * const tcp[] = {
		"NONE", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT",
		"CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE", "SYN_SENT2",
	};

	if (s->proto == IPPROTO_TCP)
		return s->tcp_state < COUNT(tcp) ? tcp[s->tcp_state] : "?";
	return s->status & IPS_ASSURED ? "ASSURED" :
	       s->status & IPS_SEEN_REPLY ? "REPLIED" : "UNREPLIED";
}

/* A string of JSON: names of devices may have any character but blanks and "/". */
void json_string(const char *s)
{
	putchar('"');
	for (; *s; s++)
		if ((unsigned char)*s < ' ')
			printf("\\u%04x", *s);
		else
			printf(*s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
	putchar('"');
}

static void json_end(const char *name, const struct end *end)
{
	printf("\"%s\": {\"address\": \"%s\"", name, address(end->addr, end->family));
	if (end->has_port)
		printf(", \"port\": %u", end->port);
	printf("}, ");
}

/* Between the entries of a list, whose first line begins with "[" */
static void json_sep(size_t i)
{
	printf(i ? ",\n " : "[");
}

static void json_close(size_t n)
{
	printf(n ? "]\n" : "[]\n");
}

static void json_session(const struct session *s)
{
	char dev[IF_NAMESIZE];

	printf("{\"id\": %u, \"protocol\": \"%s\", \"began\": \"%s\", \"state\": \"%s\", \"timeout\": %u, ",
	       s->id, proto_name(s->proto), s->in ? "ipv4" : "ipv6", state(s), s->timeout);
	json_end("client", &s->client);
	json_end("pool", &s->pool);
	json_end("peer", &s->peer);
	if (s->peer6.family)
		json_end("peer6", &s->peer6);
	if (s->counted)
		printf("\"packets\": {\"from_client\": %" PRIu64 ", \"to_client\": %" PRIu64
		       "}, \"bytes\": {\"from_client\": %" PRIu64 ", \"to_client\": %" PRIu64 "}, ",
		       s->packets[0], s->packets[1], s->bytes[0], s->bytes[1]);
	if (s->start)
		printf("\"start\": %" PRIu64 ".%09" PRIu64 ", ",
		       s->start / 1000000000, s->start % 1000000000);
	if (s->device && if_indextoname(s->device, dev)) {
		printf("\"device\": ");
		json_string(dev);
		printf(", ");
	}
	printf("\"mark\": %u, \"zone\": %u, \"status\": %u, \"fast_path\": %s, \"hairpin\": %s, \"masquerade\": %s}",
	       s->mark, s->zone, s->status,
	       s->flags & NF_XLAT_SESSION_FLAG_FAST_PATH ? "true" : "false",
	       s->flags & NF_XLAT_SESSION_FLAG_HAIRPIN ? "true" : "false",
	       s->flags & NF_XLAT_SESSION_FLAG_MASQUERADE ? "true" : "false");
}

static int do_sessions(void)
{
	struct table t = TABLE(session);
	const struct session *s;
	char *(*rows)[MAX_COLS], dev[IF_NAMESIZE];
	size_t i;

	dump(NF_XLAT_CMD_SESSION_GET, &t, false);
	s = t.v;
	if (json) {
		for (i = 0; i < t.n; i++) {
			json_sep(i);
			json_session(&s[i]);
		}
		json_close(t.n);
		return 0;
	}
	rows = new_rows(t.n + 1);
	rows[0][0] = text("PROTO");
	rows[0][1] = text("STATE");
	rows[0][2] = text("LEFT");
	rows[0][3] = text("CLIENT");
	rows[0][4] = text("POOL");
	rows[0][5] = text("PEER");
	rows[0][6] = text("%s", "");
	for (i = 0; i < t.n; i++, s++) {
		char *(*r)[MAX_COLS] = &rows[i + 1];

		(*r)[0] = text("%s", proto_name(s->proto));
		(*r)[1] = text("%s", state(s));
		(*r)[2] = duration(s->timeout);
		(*r)[3] = text("%s", end_text(&s->client));
		(*r)[4] = text("%s", end_text(&s->pool));
		(*r)[5] = text("%s", end_text(&s->peer));
		(*r)[6] = text("%s%s%s%s", s->in ? "in " : "",
			       s->flags & NF_XLAT_SESSION_FLAG_HAIRPIN ? "hairpin " : "",
			       s->flags & NF_XLAT_SESSION_FLAG_FAST_PATH ? "fast " : "",
			       s->device && if_indextoname(s->device, dev) ? dev : "");
	}
	print_rows(rows, t.n + 1, 7, 4);
	return 0;
}

/* The begin of an object: who has what */
static void json_mapping(const struct mapping *m)
{
	printf("{\"protocol\": \"%s\", ", proto_name(m->proto));
	json_end("client", &m->client);
	json_end("pool", &m->pool);
}

/* Clients of two zones may have one address. */
static const char *in_zone(uint16_t client_zone)
{
	static char buf[16];

	if (!client_zone)
		return "";
	snprintf(buf, sizeof(buf), "zone %u", client_zone);
	return buf;
}

static int do_mappings(void)
{
	struct table t = TABLE(mapping);
	const struct mapping *m;
	char *(*rows)[MAX_COLS], dev[IF_NAMESIZE];
	size_t i;

	dump(NF_XLAT_CMD_MAPPING_GET, &t, false);
	m = t.v;
	if (json) {
		for (i = 0; i < t.n; i++, m++) {
			json_sep(i);
			json_mapping(m);
			printf("\"sessions\": %u, \"age\": %u, \"filtering\": \"%s\", \"prefix\": \"%s/%u\", \"range\": {\"first\": \"%s\", \"last\": \"%s\"",
			       m->sessions, m->age,
			       m->filtering ? "address-dependent" : "endpoint-independent",
			       address(m->prefix, AF_INET6), m->prefix_len,
			       address((void *)&m->pool_min, AF_INET),
			       address((void *)&m->pool_max, AF_INET));
			if (m->max_port)
				printf(", \"first_port\": %u, \"last_port\": %u",
				       m->min_port, m->max_port);
			printf("}, \"zone\": %u, \"client_zone\": %u, \"mtu\": %u, \"masquerade\": %s, \"static\": %s",
			       m->zone, m->client_zone, m->mtu ? m->mtu : 1280, m->masq ? "true" : "false",
			       m->fixed ? "true" : "false");
			if (m->ifindex && if_indextoname(m->ifindex, dev)) {
				printf(", \"device\": ");
				json_string(dev);
			}
			putchar('}');
		}
		json_close(t.n);
		return 0;
	}
	rows = new_rows(t.n + 1);
	rows[0][0] = text("PROTO");
	rows[0][1] = text("CLIENT");
	rows[0][2] = text("POOL");
	rows[0][3] = text("SESSIONS");
	rows[0][4] = text("AGE");
	rows[0][5] = text("%s", "");
	for (i = 0; i < t.n; i++, m++) {
		char *(*r)[MAX_COLS] = &rows[i + 1];

		(*r)[0] = text("%s", proto_name(m->proto));
		(*r)[1] = text("%s", end_text(&m->client));
		(*r)[2] = text("%s", end_text(&m->pool));
		(*r)[3] = text("%u", m->sessions);
		(*r)[4] = duration(m->age);
		(*r)[5] = text("%s%s%s", m->filtering ? "filtered " : "",
			       !m->fixed ? "" : m->client_zone ? "static " : "static",
			       in_zone(m->client_zone));
	}
	print_rows(rows, t.n + 1, 6, 2);
	return 0;
}

static void json_block(const struct block *b)
{
	printf("{\"client\": \"%s/64\", \"address\": \"%s\", \"first_port\": %u, \"last_port\": %u, ",
	       address(b->client.addr, AF_INET6), address(b->pool.addr, AF_INET),
	       b->pool.port, block_last(b));
}

static int do_blocks(void)
{
	struct table t = TABLE(block);
	char *(*rows)[MAX_COLS];
	const struct block *b;
	size_t i;

	dump(NF_XLAT_CMD_BLOCK_GET, &t, false);
	b = t.v;
	if (json) {
		for (i = 0; i < t.n; i++, b++) {
			json_sep(i);
			json_block(b);
			printf("\"mappings\": %u, \"age\": %u, \"zone\": %u, \"client_zone\": %u, \"deterministic\": %s}",
			       b->mappings, b->age, b->zone, b->client_zone, b->fixed ? "true" : "false");
		}
		json_close(t.n);
		return 0;
	}
	rows = new_rows(t.n + 1);
	rows[0][0] = text("CLIENT");
	rows[0][1] = text("POOL");
	rows[0][2] = text("MAPPINGS");
	rows[0][3] = text("AGE");
	rows[0][4] = text("%s", "");
	for (i = 0; i < t.n; i++, b++) {
		char *(*r)[MAX_COLS] = &rows[i + 1];

		(*r)[0] = text("%s/64", address(b->client.addr, AF_INET6));
		(*r)[1] = text("%s-%u", end_text(&b->pool), block_last(b));
		(*r)[2] = text("%u", b->mappings);
		(*r)[3] = duration(b->age);
		(*r)[4] = text("%s%s%s", b->fixed ? "deterministic" : "",
			       b->fixed && b->client_zone ? " " : "", in_zone(b->client_zone));
	}
	print_rows(rows, t.n + 1, 5, 1);
	return 0;
}

static int do_delete(void)
{
	struct table t = { .parse = deleted_parse };

	dump(NF_XLAT_CMD_SESSION_DEL, &t, false);
	printf(json ? "{\"deleted\": %u}\n" : "%u sessions deleted\n", deleted);
	return 0;
}

/* monitor */

static bool monitors[COUNT(groups)];	/* which groups */

/* The begin of a line: when, and what happened */
static void event(uint64_t ns, const char *what)
{
	time_t sec = ns / 1000000000;
	char buf[32], zone[8];

	if (json) {
		printf("{\"time\": %" PRIu64 ".%09" PRIu64 ", \"event\": \"%s\"",
		       ns / 1000000000, ns % 1000000000, what);
		return;
	}
	/* With the zone: where clocks are set back, an hour comes twice. */
	strftime(buf, sizeof(buf), "%F %T", localtime(&sec));
	strftime(zone, sizeof(zone), "%z", localtime(&sec));
	printf("%s.%03u%s %-5s", buf, (unsigned int)(ns % 1000000000 / 1000000), zone, what);
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* A line of this program's own: it begins to listen, or events are missing here. */
static void event_own(const char *what)
{
	event(now(), what);
	printf(json ? "}\n" : "\n");
}

static void event_mapping(const struct mapping *m, uint64_t ns, const char *what)
{
	bool begins = !strcmp(what, "begin");

	event(ns, what);
	if (json) {
		printf(", \"mapping\": ");
		json_mapping(m);
		if (!begins)
			printf("\"age\": %u, ", m->age);
		printf("\"zone\": %u, \"client_zone\": %u}}\n", m->zone, m->client_zone);
		return;
	}
	printf(" mapping %s %s %s%s%s", proto_name(m->proto), end_text(&m->client),
	       end_text(&m->pool), m->client_zone ? " " : "", in_zone(m->client_zone));
	if (!begins)
		printf(" after %us", m->age);
	putchar('\n');
}

static void event_session(const struct session *s, uint64_t ns, bool begins)
{
	event(ns, begins ? "begin" : "end");
	if (json) {
		printf(", \"session\": ");
		json_session(s);
		printf("}\n");
		return;
	}
	printf(" session %s %s %s %s%s%s", proto_name(s->proto), end_text(&s->client),
	       end_text(&s->pool), end_text(&s->peer), s->in ? " in" : "",
	       s->flags & NF_XLAT_SESSION_FLAG_HAIRPIN ? " hairpin" : "");
	if (!begins && s->counted)
		printf(" %" PRIu64 "+%" PRIu64 " packets, %" PRIu64 "+%" PRIu64 " bytes",
		       s->packets[0], s->packets[1], s->bytes[0], s->bytes[1]);
	putchar('\n');
}

static void event_block(const struct block *b, uint64_t ns, const char *what)
{
	bool begins = !strcmp(what, "begin");

	event(ns, what);
	if (json) {
		printf(", \"block\": ");
		json_block(b);
		if (!begins)
			printf("\"age\": %u, ", b->age);
		printf("\"zone\": %u, \"client_zone\": %u}}\n", b->zone, b->client_zone);
		return;
	}
	printf(" block %s/64 %s-%u%s%s", address(b->client.addr, AF_INET6), end_text(&b->pool),
	       block_last(b), b->client_zone ? " " : "", in_zone(b->client_zone));
	if (!begins)
		printf(" after %us", b->age);
	putchar('\n');
}

/* What the family, or generic netlink itself, tells */
static void event_parse(const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct table t = TABLE(mapping), u = TABLE(session), v = TABLE(block);
	const struct session *s;
	const struct mapping *m;
	const struct block *b;
	uint64_t ns;
	ATTRS(tb);

	mnl_attr_parse(nlh, sizeof(*genl), attrs_cb, tb);
	if (nlh->nlmsg_type == GENL_ID_CTRL) {
		if (genl->cmd == CTRL_CMD_DELFAMILY && get(tb[CTRL_ATTR_FAMILY_ID]) == nl_family)
			die(1, "monitor: nf_xlat_ct was unloaded");
		return;
	}
	if (nlh->nlmsg_type != nl_family)
		return;
	ns = get(tb[NF_XLAT_A_TIME]);
	switch (genl->cmd) {
	case NF_XLAT_CMD_MAPPING_NEW_NTF:
	case NF_XLAT_CMD_MAPPING_DEL_NTF:
		if (mapping_parse(nlh, &t))
			die(1, "monitor: %s", strerror(EBADMSG));
		for (m = t.v; m < (struct mapping *)t.v + t.n; m++)
			if (wanted(m->found, m->proto))
				event_mapping(m, ns, genl->cmd == NF_XLAT_CMD_MAPPING_NEW_NTF ?
						     "begin" : "end");
		break;
	case NF_XLAT_CMD_SESSION_NEW_NTF:
	case NF_XLAT_CMD_SESSION_DEL_NTF:
		if (session_parse(nlh, &u))
			die(1, "monitor: %s", strerror(EBADMSG));
		for (s = u.v; s < (struct session *)u.v + u.n; s++)
			if (wanted(s->found, s->proto))
				event_session(s, ns, genl->cmd == NF_XLAT_CMD_SESSION_NEW_NTF);
		break;
	case NF_XLAT_CMD_BLOCK_NEW_NTF:
	case NF_XLAT_CMD_BLOCK_DEL_NTF:
		if (block_parse(nlh, &v))
			die(1, "monitor: %s", strerror(EBADMSG));
		for (b = v.v; b < (struct block *)v.v + v.n; b++)
			if (block_wanted(b))
				event_block(b, ns, genl->cmd == NF_XLAT_CMD_BLOCK_NEW_NTF ?
						   "begin" : "end");
		break;
	}
	free(t.v);
	free(u.v);
	free(v.v);
}

/* Have the kernel make events for this socket. */
static void listen_to(uint32_t which)
{
	struct table none = TABLE(mapping);
	bool again = false;
	struct nlmsghdr *nlh;
	const char *text;
	char buf[256];
	int err;

	nlh = request(buf, nl_family, NLM_F_ACK, NF_XLAT_CMD_LISTEN);
	mnl_attr_put_u32(nlh, NF_XLAT_A_GROUPS, which);
	err = exchange(nlh, &none, &again, &text);
	if (err == -EPERM)
		not_permitted();
	if (err == -EOPNOTSUPP)
		die(1, "monitor: the loaded nf_xlat_ct is older than this program");
	if (err)
		die(1, "monitor: %s", text ? text : strerror(-err));
}

/* The message that the module goes may be lost as well: ask whether it is still the same one. */
static void same_family(void)
{
	struct mnl_socket *events = nl;
	uint16_t id = nl_family;

	nl_family = 0;
	find_family();
	mnl_socket_close(nl);
	nl = events;
	if (nl_family != id)
		die(1, "monitor: nf_xlat_ct was unloaded");
}

static void join(uint32_t group)
{
	if (!mnl_socket_setsockopt(nl, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
		return;
	if (errno == EPERM)
		not_permitted();
	die(1, "monitor: netlink: %s", strerror(errno));
}

/* The mappings and blocks that have begun already. They have no peer, and blocks no protocol. */
static void event_begun(void)
{
	struct table t = TABLE(mapping), v = TABLE(block);
	struct mnl_socket *events = nl;
	const struct mapping *m;
	const struct block *b;

	if (asked(NF_XLAT_A_FILTER_PEER))
		return;
	nl_open();
	if (monitors[0])
		dump(NF_XLAT_CMD_MAPPING_GET, &t, false);
	if (monitors[2])
		dump(NF_XLAT_CMD_BLOCK_GET, &v, false);
	mnl_socket_close(nl);
	nl = events;
	for (b = v.v; b < (struct block *)v.v + v.n; b++)
		if (!b->fixed)
			event_block(b, now(), "is");
	for (m = t.v; m < (struct mapping *)t.v + t.n; m++)
		event_mapping(m, now(), "is");
	free(t.v);
	free(v.v);
}

static int do_monitor(void)
{
	static char buf[65536];
	int size = 4 << 20, fd, len, wait = 0;
	struct nlmsghdr *nlh;
	uint32_t which = 0;
	unsigned int i;

	need_family();
	fd = mnl_socket_get_fd(nl);
	/* Room for a burst of events; without CAP_NET_ADMIN of the machine, what we may have */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	/* Before any event can come, which would be between the answers. */
	for (i = 0; i < COUNT(groups); i++)
		which |= monitors[i] << i;
	listen_to(which);
	/* Generic netlink itself tells that the family goes. */
	join(GENL_ID_CTRL);
	for (i = 0; i < COUNT(groups); i++)
		if (monitors[i])
			join(group_ids[i]);
	same_family();
	event_own("start");
	event_begun();
	for (;;) {
		/* Write when there is nothing more to read. */
		if (!wait && (fflush(stdout) || ferror(stdout)))
			die(1, "cannot write: %s", strerror(errno));
		len = recv(fd, buf, sizeof(buf), wait);
		wait = MSG_DONTWAIT;
		if (len < 0 && errno == ENOBUFS) {
			/* What is read next may be older than what is lost. */
			event_own("lost");
			fprintf(stderr, "xlat: monitor: events were lost: there were more than could be written\n");
			same_family();
		} else if (len < 0 && errno == EAGAIN) {
			wait = 0;
		} else if (len < 0 && errno != EINTR) {
			die(1, "monitor: netlink: %s", strerror(errno));
		}
		for (nlh = (void *)buf; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
			event_parse(nlh);
	}
}

/* A port of the pool in use: by a mapping, or by a session that has none */
struct use {
	uint8_t		client[16], addr[4];
	uint64_t	packets, bytes;
	uint32_t	sessions;
	uint16_t	port, min, max, zone;
	uint8_t		proto;
	bool		has_port;
};

static int cmp_port(const struct use *a, const struct use *b)
{
	if (a->proto != b->proto)
		return a->proto < b->proto ? -1 : 1;
	if (a->zone != b->zone)
		return a->zone < b->zone ? -1 : 1;
	return (a->port > b->port) - (a->port < b->port);
}

static int cmp_pool(const void *va, const void *vb)
{
	const struct use *a = va, *b = vb;
	int d = memcmp(a->addr, b->addr, sizeof(a->addr));

	d = d ? d : cmp_port(a, b);
	return d ? d : memcmp(a->client, b->client, sizeof(a->client));
}

static int cmp_client(const void *va, const void *vb)
{
	const struct use *a = va, *b = vb;
	int d = memcmp(a->client, b->client, sizeof(a->client));

	d = d ? d : memcmp(a->addr, b->addr, sizeof(a->addr));
	return d ? d : cmp_port(a, b);
}

static bool same_port(const struct use *a, const struct use *b)
{
	return !memcmp(a->addr, b->addr, sizeof(a->addr)) && !cmp_port(a, b);
}

/* All ports in use, by sessions and by mappings */
static struct table uses(void)
{
	struct table s = TABLE(session), m = TABLE(mapping);
	struct table t = { .elem = sizeof(struct use) };
	const struct session *si;
	const struct mapping *mi;
	struct use *u;

	dump(NF_XLAT_CMD_SESSION_GET, &s, false);
	if (asked(NF_XLAT_A_FILTER_PEER) || filter.fast)
		m.n = 0;
	else
		dump(NF_XLAT_CMD_MAPPING_GET, &m, false);
	for (si = s.v; si < (struct session *)s.v + s.n; si++) {
		u = grow(&t);
		memcpy(u->client, si->client.addr, 16);
		memcpy(u->addr, si->pool.addr, 4);
		u->sessions = 1;
		u->packets = si->packets[0] + si->packets[1];
		u->bytes = si->bytes[0] + si->bytes[1];
		u->port = si->pool.port;
		u->has_port = si->pool.has_port;
		u->zone = si->pool_zone;
		u->proto = one_icmp(si->proto);
	}
	for (mi = m.v; mi < (struct mapping *)m.v + m.n; mi++) {
		u = grow(&t);
		memcpy(u->client, mi->client.addr, 16);
		memcpy(u->addr, mi->pool.addr, 4);
		u->port = mi->pool.port;
		u->has_port = true;
		u->min = mi->min_port;
		u->max = mi->max_port;
		u->zone = mi->zone;
		u->proto = one_icmp(mi->proto);
	}
	free(s.v);
	free(m.v);
	return t;
}

struct client {
	uint8_t		addr[16];
	uint64_t	n[4];	/* as in top_words */
};

static const char * const top_words[] = { "sessions", "ports", "packets", "bytes" };
static unsigned int top_by;
static unsigned long top_n = 10;

static int cmp_top(const void *va, const void *vb)
{
	const struct client *a = va, *b = vb;

	if (a->n[top_by] != b->n[top_by])
		return a->n[top_by] < b->n[top_by] ? 1 : -1;
	return memcmp(a->addr, b->addr, sizeof(a->addr));
}

static bool accounting(void)
{
	FILE *f = fopen("/proc/sys/net/netfilter/nf_conntrack_acct", "r");
	int on = f ? getc(f) : '0';

	if (f)
		fclose(f);
	return on == '1';
}

static int do_top(void)
{
	struct table t = uses(), c = { .elem = sizeof(struct client) };
	const struct use *u = t.v;
	char *(*rows)[MAX_COLS];
	struct client *p = NULL;
	unsigned int k;
	size_t i;

	if (top_by >= 2 && !accounting())
		die(1, "top: conntrack does not count %s: sysctl net.netfilter.nf_conntrack_acct=1, for sessions from then on",
		    top_words[top_by]);
	if (t.n)
		qsort(t.v, t.n, t.elem, cmp_client);
	for (i = 0; i < t.n; i++) {
		if (!i || memcmp(u[i].client, u[i - 1].client, 16)) {
			p = grow(&c);
			memcpy(p->addr, u[i].client, 16);
		}
		p->n[0] += u[i].sessions;
		p->n[1] += u[i].has_port &&
			   (!i || memcmp(u[i].client, u[i - 1].client, 16) ||
			    !same_port(&u[i], &u[i - 1]));
		p->n[2] += u[i].packets;
		p->n[3] += u[i].bytes;
	}
	if (c.n)
		qsort(c.v, c.n, c.elem, cmp_top);
	if (c.n > top_n)
		c.n = top_n;
	p = c.v;
	if (json) {
		for (i = 0; i < c.n; i++) {
			json_sep(i);
			printf("{\"client\": \"%s\"", address(p[i].addr, AF_INET6));
			for (k = 0; k < (accounting() ? 4u : 2u); k++)
				printf(", \"%s\": %" PRIu64, top_words[k], p[i].n[k]);
			putchar('}');
		}
		json_close(c.n);
		return 0;
	}
	rows = new_rows(c.n + 1);
	rows[0][0] = text("SESSIONS");
	rows[0][1] = text("PORTS");
	rows[0][2] = text("PACKETS");
	rows[0][3] = text("BYTES");
	rows[0][4] = text("CLIENT");
	for (i = 0; i < c.n; i++) {
		for (k = 0; k < 4; k++)
			rows[i + 1][k] = k < 2 || accounting() ? amount(p[i].n[k]) : text("-");
		rows[i + 1][4] = text("%s", address(p[i].addr, AF_INET6));
	}
	print_rows(rows, c.n + 1, 5, 0);
	return 0;
}

static int cmp_address(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

/* Addresses of the pool, by protocol */
static struct table pools(void)
{
	struct table t = uses(), l = { .elem = sizeof(struct pool) };
	struct table who = { .elem = 16 }, counts = TABLE(pool);
	const struct use *u = t.v;
	struct pool *p = NULL, *c;
	size_t i, k;

	if (t.n)
		qsort(t.v, t.n, t.elem, cmp_pool);
	for (i = 0; i < t.n; i++) {
		bool same = i && !memcmp(u[i].addr, u[i - 1].addr, 4) &&
			    u[i].proto == u[i - 1].proto;

		if (!same) {
			p = grow(&l);
			memcpy(p->addr, u[i].addr, 4);
			p->proto = u[i].proto;
			who.n = 0;
		}
		p->sessions += u[i].sessions;
		p->ports += u[i].has_port && (!same || !same_port(&u[i], &u[i - 1]));
		if (u[i].max && (!p->max || u[i].min < p->min))
			p->min = u[i].min;
		if (u[i].max > p->max)
			p->max = u[i].max;
		memcpy(grow(&who), u[i].client, 16);
		/* The last of this address: count who it was. */
		if (i + 1 == t.n || memcmp(u[i].addr, u[i + 1].addr, 4) ||
		    u[i].proto != u[i + 1].proto) {
			qsort(who.v, who.n, who.elem, cmp_address);
			for (k = 0; k < who.n; k++)
				p->clients += !k || memcmp((char *)who.v + 16 * k,
							   (char *)who.v + 16 * (k - 1), 16);
		}
	}
	free(t.v);
	free(who.v);

	/* There may be several of an address, in zones. */
	dump(NF_XLAT_CMD_POOL_GET, &counts, false);
	for (c = counts.v; c < (struct pool *)counts.v + counts.n; c++) {
		for (i = 0, p = l.v; i < l.n; i++, p++)
			if (!memcmp(p->addr, c->addr, sizeof(p->addr)) && p->proto == c->proto)
				break;
		if (i < l.n) {
			p->failed += c->failed;
			p->in_blocks += c->in_blocks;
		} else if (c->failed && !filter.any)
			memcpy(grow(&l), c, sizeof(*c));
	}
	free(counts.v);
	return l;
}

/* Ports that an address has for a protocol: RFC 4787 keeps those below 1024 apart. */
static unsigned int pool_size(const struct pool *p, unsigned int *min, unsigned int *max)
{
	*min = p->max ? (p->min ? p->min : 1) : p->proto == IPPROTO_ICMPV6 ? 0 : 1024;
	*max = p->max ? p->max : 65535;
	return *max - *min + 1;
}

static int do_pools(void)
{
	struct table l = pools();
	const struct pool *p = l.v;
	unsigned int size, min, max;
	char *(*rows)[MAX_COLS];
	bool blocks = false;
	size_t i;

	if (json) {
		for (i = 0; i < l.n; i++, p++) {
			json_sep(i);
			size = pool_size(p, &min, &max);
			printf("{\"address\": \"%s\", \"protocol\": \"%s\", \"ports\": %u, \"size\": %u, \"first_port\": %u, \"last_port\": %u, \"clients\": %u, \"sessions\": %u, \"failed\": %u, \"in_blocks\": %u}",
			       address(p->addr, AF_INET), proto_name(p->proto), p->ports,
			       size, min, max, p->clients, p->sessions, p->failed, p->in_blocks);
		}
		json_close(l.n);
		return 0;
	}
	for (i = 0; i < l.n; i++)
		blocks |= p[i].in_blocks;
	rows = new_rows(l.n + 1);
	rows[0][0] = text("ADDRESS");
	rows[0][1] = text("PROTO");
	rows[0][2] = text("PORTS");
	rows[0][3] = text("OF");
	rows[0][4] = text("USED");
	rows[0][5] = text("CLIENTS");
	rows[0][6] = text("SESSIONS");
	rows[0][7] = text("FAILED");
	rows[0][8] = text("%s", blocks ? "BLOCKS" : "");
	for (i = 0; i < l.n; i++, p++) {
		char *(*r)[MAX_COLS] = &rows[i + 1];

		size = pool_size(p, &min, &max);
		(*r)[0] = text("%s", address(p->addr, AF_INET));
		(*r)[1] = text("%s", proto_name(p->proto));
		(*r)[2] = text("%u", p->ports);
		(*r)[3] = text("%u-%u", min, max);
		(*r)[4] = text("%.1f%%", 100.0 * p->ports / size);
		(*r)[5] = text("%u", p->clients);
		(*r)[6] = text("%u", p->sessions);
		(*r)[7] = text("%u", p->failed);
		(*r)[8] = blocks ? text("%.1f%%", 100.0 * p->in_blocks / size) : text("%s", "");
	}
	print_rows(rows, l.n + 1, 9, 0);
	return 0;
}

/* status */

static bool read_file(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n;

	if (!f)
		return false;
	n = fread(buf, 1, size - 1, f);
	fclose(f);
	buf[n] = 0;
	while (n && buf[n - 1] == '\n')
		buf[--n] = 0;
	return true;
}

static uint64_t counter(const struct table *t, const char *name)
{
	const struct counter *c = t->v;
	size_t i;

	for (i = 0; i < t->n; i++)
		if (!strcmp(c[i].name, name))
			return c[i].value;
	return 0;
}

static const struct counter_text *counter_text(const char *name)
{
	static const struct counter_text none = { "", "a counter that is newer than this program", "" };
	unsigned int i;

	for (i = 0; i < COUNT(counter_texts); i++)
		if (!strcmp(counter_texts[i].name, name))
			return &counter_texts[i];
	return &none;
}

static unsigned int n_checks, faults;

static __attribute__((format(printf, 2, 3)))
void check(const char *kind, const char *fmt, ...)
{
	va_list args;
	char *s;

	va_start(args, fmt);
	if (vasprintf(&s, fmt, args) < 0)
		die(1, "out of memory");
	va_end(args);
	if (!strcmp(kind, "fault"))
		faults++;
	if (json) {
		printf("%s\n  {\"result\": \"%s\", \"text\": ", n_checks ? "," : "", kind);
		json_string(s);
		putchar('}');
	} else {
		printf("  %-6s%s\n", kind, s);
	}
	n_checks++;
	free(s);
}

/* What a program says, of @argv, with @input; its exit status, -1 if it cannot be run */
static int run(char *const argv[], const char *input, char *buf, size_t size)
{
	int in[2], out[2], status;
	size_t n = 0;
	ssize_t r;
	pid_t pid;

	if (pipe(in) || pipe(out))
		return -1;
	/* Short enough for a pipe. To a child that has ended already, this would raise SIGPIPE. */
	if (write(in[1], input, strlen(input)) < 0)
		return -1;
	pid = fork();
	if (pid < 0)
		return -1;
	if (!pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(out[1], 2);
		close(in[0]);
		close(in[1]);
		close(out[0]);
		close(out[1]);
		execv(argv[0], argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	close(in[1]);
	/* The head of it is enough, but it is not to be cut off in writing. */
	while ((r = read(out[0], buf + n, size - 1 - n)) > 0 && n < size - 1)
		n += r;
	while (n >= size - 1 && read(out[0], (char[4096]){}, 4096) > 0)
		;
	close(out[0]);
	buf[n] = 0;
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) == 127)
		return -1;
	return WEXITSTATUS(status);
}

/* The nft that came with this program is beside it. */
static const char *nft_path(void)
{
	static char path[PATH_MAX + 8];
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX);

	if (n < 0)
		return NULL;
	path[n] = 0;
	n = strlen(dirname(path));
	strcpy(path + n, "/nft");
	return access(path, X_OK) ? NULL : path;
}

static void check_modules(void)
{
	static const char * const modules[] = {
		"nf_xlat", "nf_xlat_ct", "nf_xlat_flow", "nft_xlat", "nft_xlat_flow", "nf_xlat_dev",
	};
	char path[64], version[64], list[256] = "";
	unsigned int i;

	for (i = 0; i < COUNT(modules); i++) {
		snprintf(path, sizeof(path), "/sys/module/%s/version", modules[i]);
		if (!read_file(path, version, sizeof(version)))
			continue;
		if (strcmp(version, XLAT_VERSION))
			check("fault", "module %s is of version %s, this program of %s: after an upgrade, load the new modules (reboot, or modprobe -r and load the rules again)",
			      modules[i], version, XLAT_VERSION);
		snprintf(list + strlen(list), sizeof(list) - strlen(list), " %s", modules[i]);
	}
	check("ok", "modules loaded:%s", list);
}

static void check_nft(bool admin)
{
	static const char rule[] =
		"table ip6 xlat_status { chain c { type filter hook prerouting priority dstnat; "
		"xlat 6to4 prefix 2001:db8::/96\n}\n}\n";
	const char *nft = nft_path();
	char buf[65536], *line;
	char *check_rule[] = { (char *)nft, "-c", "-f", "-", NULL };
	char *list[] = { (char *)nft, "-s", "list", "ruleset", NULL };

	if (!nft) {
		check("note", "there is no nft beside this program that knows the xlat statement");
		return;
	}
	if (access("/sys/module/nft_xlat", F_OK)) {
		check("note", "nft_xlat is not loaded: no rule of nft translates");
		return;
	}
	if (!admin) {
		check("note", "with CAP_NET_ADMIN only it is known whether %s and the modules understand each other", nft);
		return;
	}
	if (run(check_rule, rule, buf, sizeof(buf))) {
		line = strchr(buf, '\n');
		if (line)
			*line = 0;
		check("fault", "%s and the modules do not understand each other: %s", nft, buf);
		return;
	}
	check("ok", "%s and the modules understand each other", nft);
	if (!run(list, "", buf, sizeof(buf)) && strstr(buf, "fib saddr . iif"))
		check("note", "a rule asks \"fib saddr . iif\": it drops translated packets unless it is for one family by device (docs/guides/troubleshooting.md, Reverse path filters)");
}

static int host_device_parse(const struct nlmsghdr *nlh, struct table *t)
{
	const struct nlattr *attr, *info, *data = NULL, *host;
	bool is_xlat = false;

	mnl_attr_for_each(attr, nlh, sizeof(struct ifinfomsg)) {
		if (mnl_attr_get_type(attr) != IFLA_LINKINFO)
			continue;
		mnl_attr_for_each_nested(info, attr) {
			if (mnl_attr_get_type(info) == IFLA_INFO_KIND)
				is_xlat = !strcmp(mnl_attr_get_str(info), "xlat");
			else if (mnl_attr_get_type(info) == IFLA_INFO_DATA)
				data = info;
		}
	}
	if (!is_xlat || !data)
		return 0;
	mnl_attr_for_each_nested(host, data)
		if (mnl_attr_get_type(host) == IFLA_XLAT_HOST)
			grow(t);
	return 0;
}

/* Is there a device with "host", which needs no forwarding? */
static bool host_device(void)
{
	struct table t = { .elem = 1, .parse = host_device_parse };
	struct mnl_socket *generic = nl;
	struct nlmsghdr *nlh;
	bool again = false;
	const char *text;
	char buf[256];

	nl = mnl_socket_open(NETLINK_ROUTE);
	if (nl) {
		nlh = mnl_nlmsg_put_header(buf);
		nlh->nlmsg_type = RTM_GETLINK;
		nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
		nlh->nlmsg_seq = ++nl_seq;
		mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
		exchange(nlh, &t, &again, &text);
		mnl_socket_close(nl);
	}
	nl = generic;
	free(t.v);
	return t.n;
}

/* A device with a sysctl of its own that is not 0, of those that @pattern finds, or NULL */
static const char *forwarding_device(const char *pattern)
{
	static char dev[IF_NAMESIZE];
	char value[16], *name;
	bool found = false;
	glob_t paths;
	size_t i;

	if (glob(pattern, GLOB_NOSORT, NULL, &paths))
		return NULL;
	for (i = 0; i < paths.gl_pathc && !found; i++) {
		if (!read_file(paths.gl_pathv[i], value, sizeof(value)) || *value == '0')
			continue;
		name = basename(dirname(paths.gl_pathv[i]));
		found = strcmp(name, "all") && strcmp(name, "default") && strcmp(name, "lo");
		snprintf(dev, sizeof(dev), "%s", name);
	}
	globfree(&paths);
	return found ? dev : NULL;
}

/*
 * @path is for all devices, and @own for each: of IPv6 that is not "forwarding", which is about
 * router advertisements there.
 */
static void check_forwarding(const char *path, const char *name, const char *own)
{
	const char *dev;
	char value[16];

	if (!read_file(path, value, sizeof(value)))
		return;
	if (*value != '0') {
		check("ok", "sysctl %s is %s", name, value);
		return;
	}
	dev = forwarding_device(own);
	if (dev)
		check("note", "sysctl %s is 0: only what comes in by some devices is forwarded (%s for one)",
		      name, dev);
	else if (host_device())
		check("note", "sysctl %s is 0: nothing is forwarded, but by a device with \"host\", which there is",
		      name);
	else
		check("fault", "sysctl %s is 0: nothing is forwarded", name);
}

static void check_conntrack(void)
{
	char count[32], max[32];
	unsigned long limit;

	if (!read_file("/proc/sys/net/netfilter/nf_conntrack_count", count, sizeof(count)) ||
	    !read_file("/proc/sys/net/netfilter/nf_conntrack_max", max, sizeof(max)))
		return;
	/* Of older kernels, 0 is no limit. */
	limit = strtoul(max, NULL, 10);
	if (limit && strtoul(count, NULL, 10) >= limit / 10 * 9)
		check("fault", "conntrack has %s entries of nf_conntrack_max, %s: new sessions will be dropped",
		      count, max);
	else
		check("ok", "conntrack has %s entries of %s", count, max);
}

static void check_rpfilter(void)
{
	static const char * const tables[] = { "ip", "ip6" };
	char path[64], buf[4096];
	unsigned int i;

	for (i = 0; i < COUNT(tables); i++) {
		snprintf(path, sizeof(path), "/proc/net/%s_tables_matches", tables[i]);
		if (read_file(path, buf, sizeof(buf)) && strstr(buf, "rpfilter"))
			check("note", "%stables has loaded the match rpfilter: it drops translated packets (docs/guides/troubleshooting.md, Reverse path filters)",
			      tables[i]);
	}
}

static void checks(bool admin)
{
	check_modules();
	check_nft(admin);
	check_forwarding("/proc/sys/net/ipv4/ip_forward", "net.ipv4.ip_forward",
			 "/proc/sys/net/ipv4/conf/*/forwarding");
	check_forwarding("/proc/sys/net/ipv6/conf/all/forwarding", "net.ipv6.conf.all.forwarding",
			 "/proc/sys/net/ipv6/conf/*/force_forwarding");
	check_conntrack();
	check_rpfilter();
}

struct sums {
	bool		known;
	unsigned int	n, in, fast, hairpin, unanswered;
};

/* Sessions, where we may ask for them */
static struct sums sum_sessions(void)
{
	struct table t = TABLE(session);
	const struct session *s;
	struct sums sums = {};

	if (dump(NF_XLAT_CMD_SESSION_GET, &t, true) == -EPERM)
		return sums;
	sums.known = true;
	sums.n = t.n;
	for (s = t.v; s < (struct session *)t.v + t.n; s++) {
		sums.in += s->in;
		sums.fast += !!(s->flags & NF_XLAT_SESSION_FLAG_FAST_PATH);
		sums.hairpin += !!(s->flags & NF_XLAT_SESSION_FLAG_HAIRPIN);
		sums.unanswered += !(s->status & IPS_SEEN_REPLY);
	}
	free(t.v);
	return sums;
}

static void metric(const char *name, const char *type, const char *help)
{
	printf("# TYPE xlat_%s %s\n# HELP xlat_%s %s\n", name, type, name, help);
}

static void print_openmetrics(const struct table *t, const struct sums *sums)
{
	const struct counter *c = t->v;
	const struct pool *p;
	struct table l;
	unsigned int min, max;
	size_t i;

	metric("packets", "counter", "Packets translated, by the family that they came in with.");
	printf("xlat_packets_total{from=\"ipv6\"} %" PRIu64 "\n", counter(t, "Xlat6to4"));
	printf("xlat_packets_total{from=\"ipv4\"} %" PRIu64 "\n", counter(t, "Xlat4to6"));
	metric("dropped_packets", "counter", "Packets dropped, by reason.");
	for (i = 0; i < t->n; i++)
		if (!strncmp(c[i].name, "XlatDrop", 8))
			printf("xlat_dropped_packets_total{reason=\"%s\"} %" PRIu64 "\n",
			       c[i].name + 8, c[i].value);
	metric("mappings", "gauge", "Mappings of IPv6 endpoints to IPv4 ones.");
	printf("xlat_mappings %" PRIu64 "\n", counter(t, "XlatBib"));
	if (sums->known) {
		metric("sessions", "gauge", "Sessions, by the family that began them.");
		printf("xlat_sessions{from=\"ipv6\"} %u\n", sums->n - sums->in);
		printf("xlat_sessions{from=\"ipv4\"} %u\n", sums->in);
		metric("fast_path_sessions", "gauge", "Sessions that take the fast path.");
		printf("xlat_fast_path_sessions %u\n", sums->fast);
		l = pools();
		p = l.v;
		metric("pool_ports", "gauge", "Ports in use, by address of the pool and protocol.");
		for (i = 0; i < l.n; i++)
			printf("xlat_pool_ports{address=\"%s\",protocol=\"%s\"} %u\n",
			       address(p[i].addr, AF_INET), proto_name(p[i].proto), p[i].ports);
		metric("pool_size", "gauge", "Ports that there are.");
		for (i = 0; i < l.n; i++)
			printf("xlat_pool_size{address=\"%s\",protocol=\"%s\"} %u\n",
			       address(p[i].addr, AF_INET), proto_name(p[i].proto),
			       pool_size(&p[i], &min, &max));
		metric("pool_failures", "counter", "Sessions refused, as no port of this address was free.");
		for (i = 0; i < l.n; i++)
			printf("xlat_pool_failures_total{address=\"%s\",protocol=\"%s\"} %u\n",
			       address(p[i].addr, AF_INET), proto_name(p[i].proto), p[i].failed);
	}
	printf("# EOF\n");
}

static void print_json(const struct table *t, const struct sums *sums)
{
	const struct counter *c = t->v;
	size_t i;

	printf("{\"counters\": {");
	for (i = 0; i < t->n; i++)
		printf("%s\n  \"%s\": %" PRIu64, i ? "," : "", c[i].name, c[i].value);
	printf("},\n");
	if (sums->known)
		printf(" \"sessions\": {\"all\": %u, \"from_ipv4\": %u, \"hairpin\": %u, \"unanswered\": %u, \"fast_path\": %u},\n",
		       sums->n, sums->in, sums->hairpin, sums->unanswered, sums->fast);
	printf(" \"checks\": [");
	checks(sums->known);
	printf("]}\n");
}

/* Words in lines that the terminal has room for, behind blanks */
static void wrap(const char *s, unsigned int indent)
{
	unsigned int at = 0, most = columns();
	char *copy = text("%s", s), *word, *rest;

	if (!most || most < indent + 20)
		most = 80;
	for (word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		if (at && at + 1 + strlen(word) > most) {
			putchar('\n');
			at = 0;
		}
		if (!at)
			at = printf("%*s%s", indent, "", word);
		else
			at += printf(" %s", word);
	}
	putchar('\n');
	free(copy);
}

static int do_status(void)
{
	struct table t = TABLE(counter);
	const struct counter_text *ct;
	const struct counter *c;
	bool none = true;
	struct sums sums;
	size_t i;

	dump(NF_XLAT_CMD_COUNTERS_GET, &t, false);
	sums = sum_sessions();
	c = t.v;
	if (openmetrics) {
		print_openmetrics(&t, &sums);
		return 0;
	}
	if (json) {
		print_json(&t, &sums);
		return !!faults;
	}
	printf("Translated  %" PRIu64 " packets from IPv6, %" PRIu64 " from IPv4\n",
	       counter(&t, "Xlat6to4"), counter(&t, "Xlat4to6"));
	if (sums.known)
		printf("Sessions    %u: %u begun by IPv4, %u hairpins, %u without an answer, %u in the fast path\n",
		       sums.n, sums.in, sums.hairpin, sums.unanswered, sums.fast);
	else
		printf("Sessions    may be seen with CAP_NET_ADMIN\n");
	printf("Mappings    %" PRIu64 "\n", counter(&t, "XlatBib"));
	printf("Dropped\n");
	for (i = 0; i < t.n; i++) {
		if (strncmp(c[i].name, "XlatDrop", 8) || !c[i].value)
			continue;
		none = false;
		ct = counter_text(c[i].name);
		printf("  %s %" PRIu64 "\n", c[i].name, c[i].value);
		wrap(ct->counts, 4);
		if (*ct->todo) {
			char *todo = text("-> %s", ct->todo);

			wrap(todo, 4);
			free(todo);
		}
	}
	if (none)
		printf("  nothing\n");
	printf("Checks\n");
	checks(sums.known);
	return !!faults;
}

static void parse_filter(char **argv)
{
	static const struct {
		const char	*word;
		unsigned int	kind;
	} kinds[] = {
		{ "client", NF_XLAT_A_FILTER_CLIENT }, { "pool", NF_XLAT_A_FILTER_POOL },
		{ "peer", NF_XLAT_A_FILTER_PEER },
	};
	unsigned int i, kind;

	for (; *argv; argv++) {
		filter.any = true;
		if (!strcmp(*argv, "fast")) {
			filter.fast = true;
			continue;
		}
		if (!strcmp(*argv, "proto")) {
			if (!argv[1])
				die(2, "\"proto\" without a protocol");
			if (filter.proto >= 0)
				die(2, "\"proto\" twice");
			filter.proto = parse_proto(*++argv);
			continue;
		}
		kind = NF_XLAT_A_FILTER_ANY;
		for (i = 0; i < COUNT(kinds); i++)
			if (!strcmp(*argv, kinds[i].word))
				kind = kinds[i].kind;
		if (kind != NF_XLAT_A_FILTER_ANY && !argv[1])
			die(2, "\"%s\" without an address", *argv);
		if (asked(kind))
			die(2, kind == NF_XLAT_A_FILTER_ANY ?
			       "\"%s\": one end without a word before it is there already" : "\"%s\" twice",
			    *argv);
		if (kind != NF_XLAT_A_FILTER_ANY)
			argv++;
		parse_end(*argv, &filter.end[kind], kind == NF_XLAT_A_FILTER_ANY);
	}
}

/* The status to end with: what could not be written is a failure. */
static int end_status(int status)
{
	if (fflush(stdout) || ferror(stdout))
		die(1, "cannot write: %s", strerror(errno));
	return status;
}

/* Options of @argv, wherever they are, which leave it */
static void parse_options(char **argv)
{
	char **to = argv;

	for (; *argv; argv++) {
		if (**argv != '-') {
			*to++ = *argv;
		} else if (!strcmp(*argv, "--json") || !strcmp(*argv, "-j")) {
			json = true;
		} else if (!strcmp(*argv, "--openmetrics")) {
			openmetrics = true;
		} else if (!strcmp(*argv, "--help") || !strcmp(*argv, "-h")) {
			printf("%s", usage);
			exit(end_status(0));
		} else if (!strcmp(*argv, "--version") || !strcmp(*argv, "-V")) {
			printf("xlat %s\n", XLAT_VERSION);
			exit(end_status(0));
		} else {
			die(2, "\"%s\" is no option (see --help)", *argv);
		}
	}
	*to = NULL;
}

int main(int argc, char **argv)
{
	static const struct {
		const char	*word;
		int		(*fn)(void);
	} commands[] = {
		{ "status", do_status }, { "sessions", do_sessions },
		{ "mappings", do_mappings }, { "pools", do_pools }, { "top", do_top },
		{ "delete", do_delete }, { "monitor", do_monitor },
		{ "add", do_add }, { "save", do_save }, { "restore", do_restore },
		{ "blocks", do_blocks }, { "deterministic", do_deterministic },
	};
	unsigned int i, k;

	(void)argc;
	parse_options(++argv);
	if (!*argv) {
		fprintf(stderr, "%s", usage);
		return 2;
	}
	command = *argv;
	for (i = 0; i < COUNT(commands); i++)
		if (!strcmp(*argv, commands[i].word))
			break;
	if (i == COUNT(commands))
		die(2, "\"%s\" is no command (see --help)", *argv);
	argv++;
	if (commands[i].fn == do_add) {
		parse_add(argv);
		return end_status(do_add());
	}
	if (commands[i].fn == do_deterministic) {
		parse_deterministic(argv);
		return end_status(do_deterministic());
	}
	if (commands[i].fn == do_delete && *argv && !strcmp(*argv, "mapping")) {
		parse_delete_mapping(argv + 1);
		return end_status(do_delete_mapping());
	}
	if ((commands[i].fn == do_save || commands[i].fn == do_restore) && *argv)
		die(2, "\"%s\": %s has no filter", *argv, command);
	if (openmetrics && (commands[i].fn != do_status || json))
		die(2, "--openmetrics is for \"status\", without --json");
	if (commands[i].fn == do_status && *argv)
		die(2, "\"%s\": status has no filter", *argv);
	if (commands[i].fn == do_top) {
		for (k = 0; *argv && k < COUNT(top_words); k++)
			if (!strcmp(*argv, top_words[k])) {
				top_by = k;
				argv++;
				break;
			}
		if (*argv && parse_number(*argv, UINT_MAX, &top_n))
			argv++;
	}
	if (commands[i].fn == do_monitor) {
		for (k = 0; k < COUNT(groups); k++)
			monitors[k] = !*argv || !strcmp(*argv, groups[k]);
		if (*argv && (monitors[0] || monitors[1] || monitors[2]))
			argv++;
		else
			memset(monitors, true, sizeof(monitors));
	}
	parse_filter(argv);
	if (commands[i].fn == do_delete && !filter.any)
		die(2, "\"delete\" needs a filter; \"client ::/0\" is all sessions");
	if ((commands[i].fn == do_mappings || (commands[i].fn == do_monitor && monitors[0] && !monitors[1])) &&
	    (filter.fast || asked(NF_XLAT_A_FILTER_PEER)))
		die(2, "mappings have no \"%s\"", filter.fast ? "fast" : "peer");
	if ((commands[i].fn == do_blocks || (commands[i].fn == do_monitor && monitors[2] &&
					     !monitors[0])) &&
	    (filter.fast || filter.proto >= 0 || asked(NF_XLAT_A_FILTER_PEER)))
		die(2, "blocks have no \"%s\"", filter.fast ? "fast" : filter.proto >= 0 ? "proto" : "peer");
	if (commands[i].fn == do_monitor && filter.fast)
		die(2, "sessions begin outside of the fast path: \"monitor\" has no \"fast\"");
	return end_status(commands[i].fn());
}
