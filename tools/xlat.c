// SPDX-License-Identifier: GPL-2.0
/*
 * xlat: sessions, mappings and counters of IPv4/IPv6 translation, see xlat(8).
 *
 * It talks to the family nf-xlat of generic netlink. This file reads the command line.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xlat.h"

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

struct filter filter = { .proto = -1 };
bool openmetrics;
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

const char *proto_name(uint8_t proto)
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

const char *end_text(const struct end *end)
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
	if (commands[i].fn == do_top)
		argv = parse_top(argv);
	if (commands[i].fn == do_monitor) {
		for (k = 0; k < GROUPS; k++)
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
