// SPDX-License-Identifier: GPL-2.0
/* Tables and JSON of the program xlat: sessions, mappings, blocks of ports */
#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/netfilter/nf_conntrack_common.h>
#include "xlat.h"

/* Columns that the terminal has, or 0 */
unsigned int columns(void)
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

/*
 * Rows of words, each column as wide as its widest. What is wider than the terminal goes
 * on in a line of its own from column @fold on, unless that is 0.
 */
void print_rows(char *(*rows)[MAX_COLS], size_t n, unsigned int cols, unsigned int fold)
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

void *new_rows(size_t n)
{
	void *rows = calloc(n, sizeof(char *) * MAX_COLS);

	if (!rows)
		die(1, "out of memory");
	return rows;
}

char *vtext(const char *fmt, va_list args)
{
	char *s;

	if (vasprintf(&s, fmt, args) < 0)
		die(1, "out of memory");
	return s;
}

char *text(const char *fmt, ...)
{
	va_list args;
	char *s;

	va_start(args, fmt);
	s = vtext(fmt, args);
	va_end(args);
	return s;
}

char *duration(uint32_t sec)
{
	if (sec < 600)
		return text("%us", sec);
	if (sec < 36000)
		return text("%um", sec / 60);
	return text("%uh", sec / 3600);
}

char *amount(uint64_t n)
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

void json_end(const char *name, const struct end *end)
{
	printf("\"%s\": {\"address\": \"%s\"", name, address(end->addr, end->family));
	if (end->has_port)
		printf(", \"port\": %u", end->port);
	printf("}, ");
}

/* Between the entries of a list, whose first line begins with "[" */
void json_sep(size_t i)
{
	printf(i ? ",\n " : "[");
}

void json_close(size_t n)
{
	printf(n ? "]\n" : "[]\n");
}

void json_session(const struct session *s)
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

int do_sessions(void)
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
void json_mapping(const struct mapping *m)
{
	printf("{\"protocol\": \"%s\", ", proto_name(m->proto));
	json_end("client", &m->client);
	json_end("pool", &m->pool);
}

/* Clients of two zones may have one address. */
const char *in_zone(uint16_t client_zone)
{
	static char buf[16];

	if (!client_zone)
		return "";
	snprintf(buf, sizeof(buf), "zone %u", client_zone);
	return buf;
}

int do_mappings(void)
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
				printf(", \"uplink\": ");
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

void json_block(const struct block *b)
{
	printf("{\"client\": \"%s/64\", \"address\": \"%s\", \"first_port\": %u, \"last_port\": %u, ",
	       address(b->client.addr, AF_INET6), address(b->pool.addr, AF_INET),
	       b->pool.port, block_last(b));
}

int do_blocks(void)
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

int do_delete(void)
{
	struct table t = { .parse = deleted_parse };

	dump(NF_XLAT_CMD_SESSION_DEL, &t, false);
	printf(json ? "{\"deleted\": %u}\n" : "%u sessions deleted\n", deleted);
	return 0;
}
