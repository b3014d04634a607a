// SPDX-License-Identifier: GPL-2.0
/*
 * xlat save and restore: sessions and static mappings, as lines of JSON.
 *
 * A line of JSON has the attributes of the family nf-xlat, by tables of names, so that what one
 * gateway dumps the other makes as it is. Devices have names there, as their numbers differ.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/genetlink.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include "xlat.h"

enum kind { U8, U16, U32, PORT, IP4, IP6, FLAG, DEVICE, NEST };

struct field {
	const char		*name;
	uint16_t		attr;
	enum kind		kind;
	const struct field	*nest;
};

static const struct field tuple_fields[] = {
	{ "src", NF_XLAT_A_TUPLE_SRC6, IP6 }, { "src", NF_XLAT_A_TUPLE_SRC4, IP4 },
	{ "dst", NF_XLAT_A_TUPLE_DST6, IP6 }, { "dst", NF_XLAT_A_TUPLE_DST4, IP4 },
	{ "protocol", NF_XLAT_A_TUPLE_PROTOCOL, U8 },
	{ "sport", NF_XLAT_A_TUPLE_SPORT, PORT }, { "dport", NF_XLAT_A_TUPLE_DPORT, PORT },
	{ "zone", NF_XLAT_A_TUPLE_ZONE, U16 },
	{ .name = NULL }
};

static const struct field session_fields[] = {
	{ "orig", NF_XLAT_A_SESSION_ORIG, NEST, tuple_fields },
	{ "reply", NF_XLAT_A_SESSION_REPLY, NEST, tuple_fields },
	{ "status", NF_XLAT_A_SESSION_STATUS, U32 },
	{ "flags", NF_XLAT_A_SESSION_FLAGS, U32 },
	{ "timeout", NF_XLAT_A_SESSION_TIMEOUT, U32 },
	{ "tcp_state", NF_XLAT_A_SESSION_TCP_STATE, U8 },
	{ "mark", NF_XLAT_A_SESSION_MARK, U32 },
	{ "pool", NF_XLAT_A_SESSION_POOL_ADDR, IP4 },
	{ "prefix_len", NF_XLAT_A_SESSION_PREFIX_LEN, U8 },
	{ "mtu", NF_XLAT_A_SESSION_MTU, U32 },
	{ "uplink", NF_XLAT_A_SESSION_IFINDEX, DEVICE },
	{ "device", NF_XLAT_A_SESSION_DEVICE, DEVICE },
	{ .name = NULL }
};

static const struct field mapping_fields[] = {
	{ "client", NF_XLAT_A_MAPPING_CLIENT, IP6 },
	{ "client_port", NF_XLAT_A_MAPPING_CLIENT_PORT, PORT },
	{ "client_zone", NF_XLAT_A_MAPPING_CLIENT_ZONE, U16 },
	{ "address", NF_XLAT_A_MAPPING_ADDR, IP4 },
	{ "port", NF_XLAT_A_MAPPING_PORT, PORT },
	{ "zone", NF_XLAT_A_MAPPING_ZONE, U16 },
	{ "protocol", NF_XLAT_A_MAPPING_PROTOCOL, U8 },
	{ "filtering", NF_XLAT_A_MAPPING_FILTERING, U8 },
	{ "prefix", NF_XLAT_A_MAPPING_PREFIX, IP6 },
	{ "prefix_len", NF_XLAT_A_MAPPING_PREFIX_LEN, U8 },
	{ "non_global", NF_XLAT_A_MAPPING_NON_GLOBAL, FLAG },
	{ "mtu", NF_XLAT_A_MAPPING_MTU, U32 },
	{ "pool_min", NF_XLAT_A_MAPPING_POOL_MIN, IP4 },
	{ "pool_max", NF_XLAT_A_MAPPING_POOL_MAX, IP4 },
	{ "pool_min_port", NF_XLAT_A_MAPPING_POOL_MIN_PORT, PORT },
	{ "pool_max_port", NF_XLAT_A_MAPPING_POOL_MAX_PORT, PORT },
	{ "masquerade", NF_XLAT_A_MAPPING_MASQUERADE, FLAG },
	{ "uplink", NF_XLAT_A_MAPPING_IFINDEX, DEVICE },
	{ "block_port", NF_XLAT_A_MAPPING_BLOCK_PORT, PORT },
	{ "block_ports", NF_XLAT_A_MAPPING_BLOCK_PORTS, U32 },
	{ "deterministic", NF_XLAT_A_MAPPING_DETERMINISTIC, FLAG },
	{ .name = NULL }
};

static const struct field line_fields[] = {
	{ "session", NF_XLAT_A_SESSION, NEST, session_fields },
	{ "mapping", NF_XLAT_A_MAPPING, NEST, mapping_fields },
	{ "peer_mapping", NF_XLAT_A_PEER_MAPPING, NEST, mapping_fields },
	{ .name = NULL }
};

/* save */

/* A nest as the kernel has dumped it, and what it is found by */
struct saved {
	union {
		struct session	s;
		struct mapping	m;
	};
	struct nlattr	*nest;
};

static void print_nest(const struct nlattr *nest, const struct field *fields)
{
	char text[INET6_ADDRSTRLEN], dev[IF_NAMESIZE];
	const struct nlattr *attr;
	const struct field *f;
	const char *sep = "";
	uint32_t n;

	putchar('{');
	mnl_attr_for_each_nested(attr, nest) {
		for (f = fields; f->name && f->attr != mnl_attr_get_type(attr); f++)
			;
		if (!f->name)
			continue;
		if (f->kind == DEVICE && !if_indextoname(get(attr), dev))
			continue;
		printf("%s\"%s\": ", sep, f->name);
		sep = ", ";
		n = get(attr);
		switch (f->kind) {
		case IP4:
		case IP6:
			printf("\"%s\"", inet_ntop(f->kind == IP4 ? AF_INET : AF_INET6,
						   mnl_attr_get_payload(attr), text, sizeof(text)));
			break;
		case PORT:
			printf("%u", ntohs(n));
			break;
		case FLAG:
			printf("true");
			break;
		case DEVICE:
			json_string(dev);
			break;
		case NEST:
			print_nest(attr, f->nest);
			break;
		default:
			/* What ends within a second lives for one. */
			if (!n && fields == session_fields &&
			    f->attr == NF_XLAT_A_SESSION_TIMEOUT)
				n = 1;
			printf("%u", n);
		}
	}
	putchar('}');
}

static int saved_parse(const struct nlmsghdr *nlh, struct table *t)
{
	struct table s = { .elem = sizeof(struct session) };
	struct table m = { .elem = sizeof(struct mapping) };
	const struct nlattr *attr;
	struct saved *saved;

	mnl_attr_for_each(attr, nlh, sizeof(uint32_t)) {
		if (mnl_attr_get_type(attr) != NF_XLAT_A_SESSION &&
		    mnl_attr_get_type(attr) != NF_XLAT_A_MAPPING)
			continue;
		saved = grow(t);
		saved->nest = malloc(attr->nla_len);
		if (!saved->nest)
			die(1, "out of memory");
		memcpy(saved->nest, attr, attr->nla_len);
		/* Each message has one of them. */
		if (session_parse(nlh, &s) || mapping_parse(nlh, &m) || s.n + m.n != 1)
			return -1;
		if (s.n)
			saved->s = *(struct session *)s.v;
		else
			saved->m = *(struct mapping *)m.v;
		free(s.v);
		free(m.v);
		return 0;
	}
	return 0;
}

static int cmp_mapping(const void *va, const void *vb)
{
	const struct mapping *a = &((const struct saved *)va)->m;
	const struct mapping *b = &((const struct saved *)vb)->m;
	int d = memcmp(a->pool.addr, b->pool.addr, 4);

	if (d)
		return d;
	if (a->pool.port != b->pool.port)
		return a->pool.port < b->pool.port ? -1 : 1;
	if (one_icmp(a->proto) != one_icmp(b->proto))
		return one_icmp(a->proto) < one_icmp(b->proto) ? -1 : 1;
	return (a->zone > b->zone) - (a->zone < b->zone);
}

/*
 * The mapping of a session: by its IPv4 endpoint, which no other mapping has. Echoes of a hairpin
 * have another identifier there, and are found by the client alone.
 */
static const struct saved *find_mapping(const struct table *t, const struct session *s,
					const struct end *client, const uint8_t *addr,
					uint16_t port)
{
	struct saved key = { .m = { .proto = s->proto, .zone = s->pool_zone } };
	const struct saved *m = t->v;
	bool by_client = s->flags & NF_XLAT_SESSION_FLAG_HAIRPIN &&
			 one_icmp(s->proto) == IPPROTO_ICMPV6;
	size_t i;

	memcpy(key.m.pool.addr, addr, 4);
	key.m.pool.port = port;
	if (!by_client)
		m = t->n ? bsearch(&key, t->v, t->n, t->elem, cmp_mapping) : NULL;
	for (i = 0; by_client && i < t->n; i++, m++)
		if (one_icmp(m->m.proto) == IPPROTO_ICMPV6 && m->m.client.port == client->port &&
		    !memcmp(m->m.client.addr, client->addr, 16) &&
		    !memcmp(m->m.pool.addr, addr, 4))
			break;
	if (!m || (by_client && i == t->n) || memcmp(m->m.client.addr, client->addr, 16) ||
	    m->m.client.port != client->port)
		return NULL;
	return m;
}

/* The IPv4 address in an RFC 6052 address whose prefix has @len bits */
static void extract(const uint8_t *addr6, unsigned int len, uint8_t *addr4)
{
	unsigned int i, at = len / 8;

	for (i = 0; i < 4; i++, at++) {
		at += at == 8;
		addr4[i] = at < 16 ? addr6[at] : 0;
	}
}

void embed(const uint8_t *prefix, unsigned int len, const uint8_t *addr4, uint8_t *addr6)
{
	unsigned int i, at = len / 8;

	memset(addr6, 0, 16);
	memcpy(addr6, prefix, at);
	for (i = 0; i < 4; i++, at++) {
		at += at == 8;
		if (at < 16)
			addr6[at] = addr4[i];
	}
}

static int do_save_session(const struct saved *saved, const struct table *mappings)
{
	const struct session *s = &saved->s;
	bool hairpin = s->flags & NF_XLAT_SESSION_FLAG_HAIRPIN;
	const struct saved *m = NULL, *peer = NULL;
	uint8_t addr[4];

	if (s->flags & NF_XLAT_SESSION_FLAG_MAPPED) {
		m = find_mapping(mappings, s, &s->client, s->pool.addr, s->pool.port);
		if (hairpin) {
			extract(s->peer6.addr, m ? m->m.prefix_len : 96, addr);
			peer = find_mapping(mappings, s, &s->peer, addr, s->peer6.port);
		}
		/* Both have ended since. */
		if (!m && !peer)
			return 0;
	}
	printf("{\"session\": ");
	print_nest(saved->nest, session_fields);
	if (m) {
		printf(", \"mapping\": ");
		print_nest(m->nest, mapping_fields);
	}
	if (peer) {
		printf(", \"peer_mapping\": ");
		print_nest(peer->nest, mapping_fields);
	}
	printf("}\n");
	return 1;
}

int do_save(void)
{
	struct table s = { .elem = sizeof(struct saved), .parse = saved_parse };
	struct table m = { .elem = sizeof(struct saved), .parse = saved_parse };
	const struct saved *saved;
	unsigned long n = 0;

	/* In this order: a mapping that is not there any more has no session any more. */
	if (dump(NF_XLAT_CMD_SESSION_GET, &s, false) || dump(NF_XLAT_CMD_MAPPING_GET, &m, false))
		return 1;
	if (m.n)
		qsort(m.v, m.n, m.elem, cmp_mapping);
	for (saved = m.v; saved < (struct saved *)m.v + m.n; saved++) {
		if (!saved->m.fixed)
			continue;
		printf("{\"mapping\": ");
		print_nest(saved->nest, mapping_fields);
		printf("}\n");
		n++;
	}
	for (saved = s.v; saved < (struct saved *)s.v + s.n; saved++)
		n += do_save_session(saved, &m);
	/* So that who reads it knows that it is whole. */
	printf("{\"entries\": %lu}\n", n);
	if (fflush(stdout) || ferror(stdout))
		die(1, "cannot write: %s", strerror(errno));
	return 0;
}

/* restore: a line of JSON, of which there are objects, strings, whole numbers and "true" only */

struct parser {
	char		*p;
	const char	*error;
	char		name[64];	/* that the error is about */
};

static bool bad(struct parser *ps, const char *name, const char *error)
{
	if (!ps->error) {
		ps->error = error;
		snprintf(ps->name, sizeof(ps->name), "%s", name);
	}
	return false;
}

static bool skip(struct parser *ps, char c)
{
	while (*ps->p == ' ' || *ps->p == '\t' || *ps->p == '\r')
		ps->p++;
	if (*ps->p != c)
		return false;
	ps->p++;
	return true;
}

/* A string, in place, with what json_string() writes after a "\" */
static char *parse_string(struct parser *ps)
{
	char *s, *to;
	int n;

	if (!skip(ps, '"'))
		return NULL;
	s = ps->p;
	for (to = s; *ps->p != '"'; to++) {
		if (!*ps->p)
			return NULL;
		if (*ps->p != '\\') {
			*to = *ps->p++;
		} else if (ps->p[1] == '"' || ps->p[1] == '\\') {
			*to = ps->p[1];
			ps->p += 2;
		} else if (sscanf(ps->p, "\\u00%2hhx%n", to, &n) == 1 && n == 6 && *to > 0) {
			ps->p += n;
		} else {
			return NULL;
		}
	}
	ps->p++;
	*to = 0;
	return s;
}

static bool parse_nest(struct parser *ps, struct nlmsghdr *nlh, const struct field *fields);

static bool put_text(struct parser *ps, struct nlmsghdr *nlh, const struct field *f,
		     const char *text)
{
	const struct field *other = f + 1;
	uint8_t addr[16];
	unsigned int i;

	/* An address of either family has one name. */
	if (f->kind == IP6 && !strchr(text, ':') && other->name && !strcmp(other->name, f->name))
		f = other;
	switch (f->kind) {
	case IP4:
	case IP6:
		if (inet_pton(f->kind == IP4 ? AF_INET : AF_INET6, text, addr) != 1)
			return bad(ps, f->name, "no address");
		mnl_attr_put(nlh, f->attr, f->kind == IP4 ? 4 : 16, addr);
		return true;
	case DEVICE:
		i = if_nametoindex(text);
		if (!i)
			return bad(ps, text, "no such device");
		mnl_attr_put_u32(nlh, f->attr, i);
		return true;
	default:
		return bad(ps, f->name, "no string");
	}
}

static bool put_number(struct parser *ps, struct nlmsghdr *nlh, const struct field *f)
{
	static const uint32_t max[] = { [U8] = UINT8_MAX, [U16] = UINT16_MAX, [U32] = UINT32_MAX,
					[PORT] = UINT16_MAX };
	unsigned long long n;
	char *end;

	if (f->kind > PORT || *ps->p < '0' || *ps->p > '9')
		return bad(ps, f->name, "a value of another type");
	errno = 0;
	n = strtoull(ps->p, &end, 10);
	if (errno || n > max[f->kind])
		return bad(ps, f->name, "too large a number");
	ps->p = end;
	if (f->kind == U8)
		mnl_attr_put_u8(nlh, f->attr, n);
	else if (f->kind == U32)
		mnl_attr_put_u32(nlh, f->attr, n);
	else
		mnl_attr_put_u16(nlh, f->attr, f->kind == PORT ? htons(n) : n);
	return true;
}

static bool parse_value(struct parser *ps, struct nlmsghdr *nlh, const struct field *f)
{
	struct nlattr *nest;
	char *text;
	bool ok;

	while (*ps->p == ' ')
		ps->p++;
	if (f->kind == NEST) {
		nest = mnl_attr_nest_start(nlh, f->attr);
		ok = parse_nest(ps, nlh, f->nest);
		mnl_attr_nest_end(nlh, nest);
		return ok;
	}
	if (*ps->p == '"') {
		text = parse_string(ps);
		return text ? put_text(ps, nlh, f, text) : bad(ps, f->name, "no string");
	}
	if (f->kind == FLAG && !strncmp(ps->p, "true", 4)) {
		ps->p += 4;
		mnl_attr_put(nlh, f->attr, 0, NULL);
		return true;
	}
	return put_number(ps, nlh, f);
}

static bool parse_nest(struct parser *ps, struct nlmsghdr *nlh, const struct field *fields)
{
	const struct field *f;
	unsigned int i, n = 0;
	uint64_t seen = 0;
	char *name;

	if (!skip(ps, '{'))
		return bad(ps, "", "no object");
	if (skip(ps, '}'))
		return true;
	do {
		name = parse_string(ps);
		if (!name || !skip(ps, ':'))
			return bad(ps, "", "no name of a member");
		for (f = fields, i = 0; f->name && strcmp(f->name, name); f++)
			i++;
		if (!f->name)
			return bad(ps, name, "a member that is not known");
		/* So that a line cannot be longer than the message has room for */
		if (seen & 1ULL << i || n++ > 32)
			return bad(ps, name, "twice");
		seen |= 1ULL << i;
		if (!parse_value(ps, nlh, f))
			return false;
	} while (skip(ps, ','));
	return skip(ps, '}') || bad(ps, "", "no end of an object");
}

static bool has_session(const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(uint32_t))
		if (mnl_attr_get_type(attr) == NF_XLAT_A_SESSION)
			return true;
	return false;
}

/* The last line of what "save" has written; how many it says, or -1 if it is none */
static long end_line(const char *line)
{
	unsigned long entries;
	int n = 0;

	return sscanf(line, " { \"entries\" : %lu }%n", &entries, &n) == 1 && n &&
	       !line[n + strspn(line + n, " \t\r")] ? (long)entries : -1;
}

int do_restore(void)
{
	unsigned long n = 0, sessions = 0, mappings = 0, failed = 0;
	struct genlmsghdr *genl;
	struct parser ps;
	struct nlmsghdr *nlh;
	long end = -1, entries = 0;
	char *line = NULL, buf[4096];
	const char *text;
	size_t size = 0;
	bool session, torn = false;
	int err;

	need_family();
	while (getline(&line, &size, stdin) > 0) {
		n++;
		line[strcspn(line, "\n")] = 0;
		end = end_line(line);
		if (end >= 0) {
			if (end != entries)
				fprintf(stderr, "xlat: restore: line %lu: %ld entries were written, and %ld have come\n",
					n, end, entries);
			torn |= end != entries;
			entries = 0;
			continue;
		}
		entries++;
		ps = (struct parser){ .p = line };
		nlh = request(buf, nl_family, NLM_F_ACK, NF_XLAT_CMD_MAPPING_NEW);
		if (parse_nest(&ps, nlh, line_fields) && ps.p[strspn(ps.p, " \t\r")])
			bad(&ps, "", "more than an object");
		if (ps.error) {
			failed++;
			fprintf(stderr, "xlat: restore: line %lu: %s%s%s\n", n, ps.name,
				*ps.name ? ": " : "", ps.error);
			continue;
		}
		session = has_session(nlh);
		if (session) {
			genl = mnl_nlmsg_get_payload(nlh);
			genl->cmd = NF_XLAT_CMD_SESSION_NEW;
		}
		err = command_do(nlh, &text);
		if (err) {
			failed++;
			fprintf(stderr, "xlat: restore: line %lu: %s\n", n,
				text ? text : strerror(-err));
			continue;
		}
		sessions += session;
		mappings += !session;
	}
	if (ferror(stdin))
		die(1, "restore: cannot read: %s", strerror(errno));
	printf(json ? "{\"sessions\": %lu, \"mappings\": %lu, \"failed\": %lu}\n" :
		      "%lu sessions and %lu static mappings restored, %lu not\n",
	       sessions, mappings, failed);
	free(line);
	if (fflush(stdout) || ferror(stdout))
		die(1, "cannot write: %s", strerror(errno));
	if (end < 0)
		die(1, "restore: the last line is missing, {\"entries\": N}: there may have been more");
	return failed || torn;
}
