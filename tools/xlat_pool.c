// SPDX-License-Identifier: GPL-2.0
/* xlat pools and xlat top: which ports are in use, and by whom */
#include <inttypes.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xlat.h"

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

/* The words of "top" at the begin of @argv; returns what is behind them. */
char **parse_top(char **argv)
{
	unsigned int k;

	for (k = 0; *argv && k < COUNT(top_words); k++)
		if (!strcmp(*argv, top_words[k])) {
			top_by = k;
			argv++;
			break;
		}
	if (*argv && parse_number(*argv, UINT_MAX, &top_n))
		argv++;
	return argv;
}

int do_top(void)
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
struct table pools(void)
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
unsigned int pool_size(const struct pool *p, unsigned int *min, unsigned int *max)
{
	*min = p->max ? (p->min ? p->min : 1) : p->proto == IPPROTO_ICMPV6 ? 0 : 1024;
	*max = p->max ? p->max : 65535;
	return *max - *min + 1;
}

int do_pools(void)
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
