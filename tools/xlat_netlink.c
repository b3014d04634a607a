// SPDX-License-Identifier: GPL-2.0
/* What the program xlat says to the family nf-xlat, and what it reads from it */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <linux/genetlink.h>
#include "xlat.h"

#define DUMP_TRIES	5
/* The kernel is asked again so often when a packet was about to make the same mapping. */
#define COMMAND_TRIES	5

struct mnl_socket *nl;
unsigned int nl_seq;
uint16_t nl_family;

void nl_open(void)
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

int attrs_cb(const struct nlattr *attr, void *data)
{
	const struct nlattr **tb = data;

	if (mnl_attr_get_type(attr) <= NF_XLAT_A_MAPPING_MAX)
		tb[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

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

bool asked(unsigned int kind)
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
bool wanted(uint8_t found, uint8_t proto)
{
	unsigned int k;

	for (k = NF_XLAT_A_FILTER_CLIENT; k <= NF_XLAT_A_FILTER_ANY; k++)
		if (asked(k) && !(found & 1 << k))
			return false;
	return filter.proto < 0 || filter.proto == one_icmp(proto);
}

/* Groups of the family that "monitor" listens to, by name; their numbers, 0 if there are none */
const char * const groups[GROUPS] = {
	NF_XLAT_MCGRP_MAPPINGS, NF_XLAT_MCGRP_SESSIONS, NF_XLAT_MCGRP_BLOCKS,
};

uint32_t group_ids[GROUPS];

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
		for (i = 0; i < GROUPS; i++)
			if (!strcmp(mnl_attr_get_str(group[CTRL_ATTR_MCAST_GRP_NAME]), groups[i]))
				group_ids[i] = get(group[CTRL_ATTR_MCAST_GRP_ID]);
	}
	return 0;
}

/* Is the family there? */
bool find_family(void)
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
	if (end->has_zone)
		mnl_attr_put_u16(nlh, NF_XLAT_A_ENDPOINT_ZONE, end->zone);
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

int counter_parse(const struct nlmsghdr *nlh, struct table *t)
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

int block_parse(const struct nlmsghdr *nlh, struct table *t)
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
bool block_wanted(const struct block *b)
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
int pool_parse(const struct nlmsghdr *nlh, struct table *t)
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

uint32_t deleted;

int deleted_parse(const struct nlmsghdr *nlh, struct table *t)
{
	ATTRS(tb);

	mnl_attr_parse(nlh, sizeof(struct genlmsghdr), attrs_cb, tb);
	deleted = get(tb[NF_XLAT_A_COUNT]);
	return 0;
}

static int none_parse(const struct nlmsghdr *nlh, struct table *t)
{
	(void)nlh;
	(void)t;
	return 0;
}

/* Send @nlh, which asks for an answer; 0, or a negative errno and perhaps a text */
int command_do(struct nlmsghdr *nlh, const char **text)
{
	struct table t = { .parse = none_parse };
	unsigned int i;
	bool again;
	int err;

	for (i = 0; i < COMMAND_TRIES; i++) {
		err = exchange(nlh, &t, &again, text);
		if (err != -EAGAIN)
			break;
	}
	if (err == -EPERM && !*text)
		not_permitted();
	if (err == -EOPNOTSUPP && !*text)
		die(1, "%s: the loaded nf_xlat_ct is older than this program", command);
	return err;
}
