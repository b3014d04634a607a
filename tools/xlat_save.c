// SPDX-License-Identifier: GPL-2.0
/*
 * xlat save, restore, add, and delete mapping: sessions and static mappings that userspace makes.
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

/* The kernel is asked again so often when a packet was about to make the same mapping. */
#define TRIES		5
/* How often "replace" ends sessions, before it leaves the port to who always begins another one */
#define REPLACE_TRIES	100
/* As RFC 6146 has them: the lifetimes of what "add session" makes */
#define TCP_TIMEOUT	7440
#define UDP_TIMEOUT	300
#define ICMP_TIMEOUT	60

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

static void embed(const uint8_t *prefix, unsigned int len, const uint8_t *addr4, uint8_t *addr6)
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

static int none_parse(const struct nlmsghdr *nlh, struct table *t)
{
	(void)nlh;
	(void)t;
	return 0;
}

/* Send @nlh, which asks for an answer; 0, or a negative errno and perhaps a text */
static int command_do(struct nlmsghdr *nlh, const char **text)
{
	struct table t = { .parse = none_parse };
	unsigned int i;
	bool again;
	int err;

	for (i = 0; i < TRIES; i++) {
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

/* add, and delete mapping */

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
