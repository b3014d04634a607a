// SPDX-License-Identifier: GPL-2.0
/* xlat add and xlat delete mapping: sessions and static mappings that userspace makes */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include "xlat.h"

/* How often "replace" ends sessions, before it leaves the port to who always begins another one */
#define REPLACE_TRIES	100

/* As RFC 6146 has them: the lifetimes of what "add session" makes */
#define TCP_TIMEOUT	7440
#define UDP_TIMEOUT	300
#define ICMP_TIMEOUT	60

static struct {
	struct end	client, pool, peer, prefix, range[2];
	unsigned long	mtu, timeout;
	uint8_t		proto, tcp_state;
	bool		session, in, unmapped, non_global, masquerade, filtering, replace;
} added;

static const char *word_after(char ***argv, const char *word)
{
	if (!*++*argv)
		die(2, "\"%s\" without a value", word);
	return **argv;
}

/* An address and a port, of @family */
static void parse_endpoint(const char *word, struct end *end, int family)
{
	parse_end(word, end, false);
	if (end->family != family || !end->has_port || end->len != (family == AF_INET6 ? 128 : 32))
		die(2, "\"%s\" is no %s address with a port", word,
		    family == AF_INET6 ? "IPv6" : "IPv4");
}

/* A[-B][:N[-M]] */
void parse_range(const char *word, struct end range[2])
{
	char *copy = strdup(word), *ports, *last, *last_port = NULL;
	unsigned long n;

	if (!copy)
		die(1, "out of memory");
	ports = strchr(copy, ':');
	if (ports) {
		*ports++ = 0;
		last_port = strchr(ports, '-');
		if (last_port)
			*last_port++ = 0;
	}
	last = strchr(copy, '-');
	if (last)
		*last++ = 0;
	parse_end(copy, &range[0], false);
	parse_end(last ? last : copy, &range[1], false);
	if (range[0].family != AF_INET || range[0].len != 32 ||
	    range[1].family != AF_INET || range[1].len != 32)
		die(2, "\"%s\" is no range of IPv4 addresses", word);
	if (ports) {
		if (!parse_number(ports, 65535, &n))
			die(2, "\"%s\" in \"%s\" is no port", ports, word);
		range[0].port = n;
		if (last_port && !parse_number(last_port, 65535, &n))
			die(2, "\"%s\" in \"%s\" is no port", last_port, word);
		range[1].port = n;
		range[0].has_port = true;
	}
	free(copy);
}

static void parse_state(const char *word)
{
	static const char * const names[] = {
		[TCP_CONNTRACK_SYN_SENT] = "SYN_SENT", [TCP_CONNTRACK_SYN_RECV] = "SYN_RECV",
		[TCP_CONNTRACK_ESTABLISHED] = "ESTABLISHED", [TCP_CONNTRACK_FIN_WAIT] = "FIN_WAIT",
		[TCP_CONNTRACK_CLOSE_WAIT] = "CLOSE_WAIT", [TCP_CONNTRACK_LAST_ACK] = "LAST_ACK",
		[TCP_CONNTRACK_TIME_WAIT] = "TIME_WAIT", [TCP_CONNTRACK_CLOSE] = "CLOSE",
		[TCP_CONNTRACK_SYN_SENT2] = "SYN_SENT2",
	};
	unsigned int i;

	for (i = 0; i < COUNT(names); i++)
		if (names[i] && !strcmp(names[i], word))
			added.tcp_state = i;
	if (!added.tcp_state)
		die(2, "\"%s\" is no state of TCP", word);
	if (added.proto != IPPROTO_TCP)
		die(2, "\"state\" is for TCP");
}

/* P[/LENGTH] of RFC 6052; without a length it is 96. */
static void parse_prefix(const char *word, struct end *prefix)
{
	unsigned int i;

	parse_end(word, prefix, false);
	if (prefix->family != AF_INET6 || prefix->has_port)
		die(2, "\"%s\" is no IPv6 prefix", word);
	if (!strchr(word, '/'))
		prefix->len = 96;
	switch (prefix->len) {
	case 32:
	case 40:
	case 48:
	case 56:
	case 64:
	case 96:
		break;
	default:
		die(2, "\"%s\" has a length other than 32, 40, 48, 56, 64 and 96", word);
	}
	for (i = prefix->len / 8; i < 16; i++)
		if (prefix->addr[i])
			die(2, "\"%s\" has bits set behind its length", word);
}

static void parse_rule_word(char ***argv)
{
	const char *word = **argv;

	if (!strcmp(word, "prefix")) {
		parse_prefix(word_after(argv, word), &added.prefix);
	} else if (!strcmp(word, "range")) {
		word_after(argv, word);
		parse_range(**argv, added.range);
	} else if (!strcmp(word, "mtu")) {
		if (!parse_number(word_after(argv, word), 65535, &added.mtu))
			die(2, "\"%s\" is no MTU", **argv);
	} else if (!strcmp(word, "non-global")) {
		added.non_global = true;
	} else if (!strcmp(word, "masquerade")) {
		added.masquerade = true;
	} else if (!strcmp(word, "address-dependent")) {
		added.filtering = true;
	} else if (!added.session && !strcmp(word, "replace")) {
		added.replace = true;
	} else if (added.session && !strcmp(word, "in")) {
		added.in = true;
	} else if (added.session && !strcmp(word, "unmapped")) {
		added.unmapped = true;
	} else if (added.session && !strcmp(word, "timeout")) {
		if (!parse_number(word_after(argv, word), UINT32_MAX, &added.timeout) ||
		    !added.timeout)
			die(2, "\"%s\" is no timeout in seconds", **argv);
	} else if (added.session && !strcmp(word, "state")) {
		parse_state(word_after(argv, word));
	} else {
		die(2, "\"%s\" is no word of \"add %s\" (see --help)", word,
		    added.session ? "session" : "mapping");
	}
}

void parse_add(char **argv)
{
	if (!*argv || (strcmp(*argv, "mapping") && strcmp(*argv, "session")))
		die(2, "\"add\" is followed by \"mapping\" or \"session\"");
	added.session = !strcmp(*argv, "session");
	if (!argv[1] || !argv[2] || !argv[3] || (added.session && !argv[4]))
		die(2, "\"add %s\" needs a protocol, the client, the address of the pool%s", *argv,
		    added.session ? ", and the peer" : "");
	added.proto = parse_proto(*++argv);
	parse_endpoint(*++argv, &added.client, AF_INET6);
	parse_endpoint(*++argv, &added.pool, AF_INET);
	if (added.session)
		parse_endpoint(*++argv, &added.peer, AF_INET);
	while (*++argv)
		parse_rule_word(&argv);
	if (added.session && !added.prefix.family)
		parse_prefix("64:ff9b::/96", &added.prefix);
}

void parse_delete_mapping(char **argv)
{
	if (!argv[0] || !argv[1] || argv[2])
		die(2, "\"delete mapping\" needs a protocol, and the pool's address with a port");
	added.proto = parse_proto(argv[0]);
	parse_endpoint(argv[1], &added.pool, AF_INET);
}

static void put_mapping(struct nlmsghdr *nlh, bool own)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, NF_XLAT_A_MAPPING);
	const struct end *range = added.range;

	if (own) {
		mnl_attr_put(nlh, NF_XLAT_A_MAPPING_ADDR, 4, added.pool.addr);
		mnl_attr_put_u16(nlh, NF_XLAT_A_MAPPING_PORT, htons(added.pool.port));
		mnl_attr_put_u8(nlh, NF_XLAT_A_MAPPING_PROTOCOL, added.proto);
	}
	if (own && added.client.family) {
		mnl_attr_put(nlh, NF_XLAT_A_MAPPING_CLIENT, 16, added.client.addr);
		mnl_attr_put_u16(nlh, NF_XLAT_A_MAPPING_CLIENT_PORT, htons(added.client.port));
	}
	if (added.prefix.family) {
		mnl_attr_put(nlh, NF_XLAT_A_MAPPING_PREFIX, 16, added.prefix.addr);
		mnl_attr_put_u8(nlh, NF_XLAT_A_MAPPING_PREFIX_LEN, added.prefix.len);
	}
	if (added.non_global)
		mnl_attr_put(nlh, NF_XLAT_A_MAPPING_NON_GLOBAL, 0, NULL);
	if (added.masquerade)
		mnl_attr_put(nlh, NF_XLAT_A_MAPPING_MASQUERADE, 0, NULL);
	if (added.filtering)
		mnl_attr_put_u8(nlh, NF_XLAT_A_MAPPING_FILTERING, 1);
	if (added.mtu)
		mnl_attr_put_u32(nlh, NF_XLAT_A_MAPPING_MTU, added.mtu);
	if (range[0].family) {
		mnl_attr_put(nlh, NF_XLAT_A_MAPPING_POOL_MIN, 4, range[0].addr);
		mnl_attr_put(nlh, NF_XLAT_A_MAPPING_POOL_MAX, 4, range[1].addr);
	}
	if (range[0].has_port) {
		mnl_attr_put_u16(nlh, NF_XLAT_A_MAPPING_POOL_MIN_PORT, htons(range[0].port));
		mnl_attr_put_u16(nlh, NF_XLAT_A_MAPPING_POOL_MAX_PORT, htons(range[1].port));
	}
	mnl_attr_nest_end(nlh, nest);
}

/* A tuple from @src to @dst, whose addresses are of one family */
static void put_tuple(struct nlmsghdr *nlh, uint16_t attr, const struct end *src,
		      const struct end *dst)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, attr);
	bool is6 = src->family == AF_INET6;
	uint8_t proto = added.proto;

	if (proto == IPPROTO_ICMPV6 && !is6)
		proto = IPPROTO_ICMP;
	mnl_attr_put(nlh, is6 ? NF_XLAT_A_TUPLE_SRC6 : NF_XLAT_A_TUPLE_SRC4, is6 ? 16 : 4,
		     src->addr);
	mnl_attr_put(nlh, is6 ? NF_XLAT_A_TUPLE_DST6 : NF_XLAT_A_TUPLE_DST4, is6 ? 16 : 4,
		     dst->addr);
	mnl_attr_put_u8(nlh, NF_XLAT_A_TUPLE_PROTOCOL, proto);
	mnl_attr_put_u16(nlh, NF_XLAT_A_TUPLE_SPORT, htons(src->port));
	mnl_attr_put_u16(nlh, NF_XLAT_A_TUPLE_DPORT, htons(dst->port));
	mnl_attr_nest_end(nlh, nest);
}

static void put_session(struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, NF_XLAT_A_SESSION);
	bool icmp = added.proto == IPPROTO_ICMPV6;
	struct end peer6 = added.peer, peer = added.peer;
	uint32_t flags = 0;

	peer6.family = AF_INET6;
	embed(added.prefix.addr, added.prefix.len, added.peer.addr, peer6.addr);
	/* An echo has one identifier on each side. */
	if (icmp) {
		peer6.port = added.client.port;
		peer.port = added.pool.port;
	}
	put_tuple(nlh, added.in ? NF_XLAT_A_SESSION_REPLY : NF_XLAT_A_SESSION_ORIG,
		  &added.client, &peer6);
	put_tuple(nlh, added.in ? NF_XLAT_A_SESSION_ORIG : NF_XLAT_A_SESSION_REPLY,
		  &peer, &added.pool);
	mnl_attr_put_u32(nlh, NF_XLAT_A_SESSION_STATUS, IPS_SEEN_REPLY | IPS_ASSURED);
	mnl_attr_put_u32(nlh, NF_XLAT_A_SESSION_TIMEOUT, added.timeout ? added.timeout :
			 added.proto == IPPROTO_TCP ? TCP_TIMEOUT : icmp ? ICMP_TIMEOUT :
			 UDP_TIMEOUT);
	if (added.proto == IPPROTO_TCP)
		mnl_attr_put_u8(nlh, NF_XLAT_A_SESSION_TCP_STATE, added.tcp_state ?
				added.tcp_state : TCP_CONNTRACK_ESTABLISHED);
	if (added.unmapped) {
		if (added.masquerade)
			flags |= NF_XLAT_SESSION_FLAG_MASQUERADE;
		if (added.non_global)
			flags |= NF_XLAT_SESSION_FLAG_NON_GLOBAL;
		mnl_attr_put_u32(nlh, NF_XLAT_A_SESSION_FLAGS, flags);
		mnl_attr_put_u8(nlh, NF_XLAT_A_SESSION_PREFIX_LEN, added.prefix.len);
		if (added.mtu)
			mnl_attr_put_u32(nlh, NF_XLAT_A_SESSION_MTU, added.mtu);
	}
	mnl_attr_nest_end(nlh, nest);
}

/* Have the kernel do it, or die. */
static int add_do(struct nlmsghdr *nlh)
{
	const char *text;
	int err;

	err = command_do(nlh, &text);
	if (err)
		die(1, "%s: %s", command, text ? text : strerror(-err));
	return 0;
}

/* Could this mapping be of the rule that the mapping to be added is of? */
static bool may_have_rule(const struct mapping *m)
{
	if (added.prefix.family && (m->prefix_len != added.prefix.len ||
				    memcmp(m->prefix, added.prefix.addr, 16)))
		return false;
	if (m->masq)
		return true;
	return memcmp(added.pool.addr, &m->pool_min, 4) >= 0 &&
	       memcmp(added.pool.addr, &m->pool_max, 4) <= 0 &&
	       (!m->max_port || (added.pool.port >= m->min_port &&
				 added.pool.port <= m->max_port));
}

/*
 * Collect the mappings that have @end, the client's port or the port of the pool by @kind, and the
 * zone of the mapping to be added, which is 0. A client has one for each rule.
 */
static void find_in_way(uint16_t kind, const struct end *end, struct table *way)
{
	struct table t = { .elem = sizeof(struct mapping), .parse = mapping_parse };
	bool client = kind == NF_XLAT_A_FILTER_CLIENT;
	const struct mapping *m;
	size_t i;

	filter_by(kind, end, added.proto);
	dump(NF_XLAT_CMD_MAPPING_GET, &t, false);
	for (m = t.v, i = 0; i < t.n; i++, m++) {
		if (client ? m->client_zone || !may_have_rule(m) : m->zone)
			continue;
		*(struct mapping *)grow(way) = *m;
	}
	free(t.v);
}

/* An end with its whole address */
static void put_whole_end(struct nlmsghdr *nlh, unsigned int kind, const struct end *end)
{
	struct end whole = *end;

	whole.len = end->family == AF_INET6 ? 128 : 32;
	put_end(nlh, kind, &whole);
}

/*
 * End the sessions of a mapping, which have its client and @end, of @kind. In another zone there may
 * be one of the same ends. The client's own zone is not that of sessions which peers began.
 */
static int end_sessions(const struct mapping *m, uint16_t kind, struct end *end, const char **text)
{
	struct nlmsghdr *nlh;
	struct nlattr *nest;
	char buf[1024];

	end->has_zone = true;
	end->zone = m->zone;
	nlh = request(buf, nl_family, NLM_F_ACK, NF_XLAT_CMD_SESSION_DEL);
	nest = mnl_attr_nest_start(nlh, NF_XLAT_A_FILTER);
	mnl_attr_put_u8(nlh, NF_XLAT_A_FILTER_PROTOCOL, added.proto);
	put_whole_end(nlh, NF_XLAT_A_FILTER_CLIENT, &m->client);
	put_whole_end(nlh, kind, end);
	mnl_attr_nest_end(nlh, nest);
	return command_do(nlh, text);
}

/* In a hairpin, the address of the pool is in the prefix. An echo does not have its identifier. */
static int end_hairpins(const struct mapping *m, const char **text)
{
	struct end peer = { .family = AF_INET6, .port = m->pool.port,
			    .has_port = one_icmp(m->proto) != IPPROTO_ICMPV6 };

	embed(m->prefix, m->prefix_len, m->pool.addr, peer.addr);
	return end_sessions(m, NF_XLAT_A_FILTER_PEER, &peer, text);
}

/*
 * End the sessions of the mappings in the way of the one to be added, which the kernel has refused
 * with -EEXIST for the client's port, or with -EADDRINUSE for that of the pool; 0, or a negative
 * error. None ends when a static mapping is in the way: 1 then.
 */
static int clear_way(int refused, const char **text)
{
	struct table way = { .elem = sizeof(struct mapping) };
	struct mapping *m;
	int err = 0;
	size_t i;

	if (refused == -EEXIST)
		find_in_way(NF_XLAT_A_FILTER_CLIENT, &added.client, &way);
	find_in_way(NF_XLAT_A_FILTER_POOL, &added.pool, &way);
	for (m = way.v, i = 0; i < way.n && !err; i++, m++)
		err = m->fixed;
	/* Last those that are likely to begin again. */
	for (m = way.v, i = 0; i < way.n && !err; i++, m++)
		err = end_hairpins(m, text);
	for (m = way.v, i = 0; i < way.n && !err; i++, m++)
		err = end_sessions(m, NF_XLAT_A_FILTER_POOL, &m->pool, text);
	free(way.v);
	return err;
}

/*
 * Add a mapping in place of those that have the client's port, or the port of the pool. Who sends all
 * the time has another one a moment after his sessions have ended, hence the tries.
 */
static int replace_do(void)
{
	char *why = NULL, buf[1024];
	struct nlmsghdr *nlh;
	const char *text;
	int err, other, tries;

	for (tries = 0;; tries++) {
		nlh = request(buf, nl_family, NLM_F_ACK, NF_XLAT_CMD_MAPPING_NEW);
		put_mapping(nlh, true);
		err = command_do(nlh, &text);
		if ((err != -EEXIST && err != -EADDRINUSE) || tries == REPLACE_TRIES)
			break;
		/* The next exchange overwrites the text. */
		free(why);
		why = text ? strdup(text) : NULL;
		other = clear_way(err, &text);
		if (other < 0)
			err = other;
		else
			text = why;
		if (other)
			break;
	}
	if (err)
		die(1, "%s: %s", command, text ? text : strerror(-err));
	free(why);
	return 0;
}

int do_add(void)
{
	struct nlmsghdr *nlh;
	char buf[1024];

	need_family();
	if (added.replace)
		return replace_do();
	nlh = request(buf, nl_family, NLM_F_ACK, added.session ? NF_XLAT_CMD_SESSION_NEW :
								 NF_XLAT_CMD_MAPPING_NEW);
	if (added.session)
		put_session(nlh);
	if (!added.session || !added.unmapped)
		put_mapping(nlh, !added.session);
	return add_do(nlh);
}

int do_delete_mapping(void)
{
	struct nlmsghdr *nlh;
	char buf[1024];

	need_family();
	nlh = request(buf, nl_family, NLM_F_ACK, NF_XLAT_CMD_MAPPING_DEL);
	put_mapping(nlh, true);
	return add_do(nlh);
}
