// SPDX-License-Identifier: GPL-2.0-only
/*
 * Plugin of ip(8) for devices of kind "xlat". ip loads LIBDIR/ip/link_KIND.so and asks it
 * to parse, to print and to help. The declarations are those that ip has had from 5.10
 * on; its functions are found by the dynamic linker, so that its source is not needed.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/if_xlat.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nft_xlat.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

/* Of ip: ip_common.h, json_print.h, color.h, libnetlink.h, ll_map.h, utils.h */
struct link_util {
	struct link_util *next;
	const char *id;
	int maxattr;
	int (*parse_opt)(struct link_util *lu, int argc, char **argv,
			 struct nlmsghdr *n);
	void (*print_opt)(struct link_util *lu, FILE *f, struct rtattr *tb[]);
	void (*print_xstats)(struct link_util *lu, FILE *f, struct rtattr *tb);
	void (*print_help)(struct link_util *lu, int argc, char **argv, FILE *f);
	int (*parse_ifla_xstats)(struct link_util *lu, int argc, char **argv);
	int (*print_ifla_xstats)(struct nlmsghdr *n, void *arg);
};

enum output_type { PRINT_FP = 1, PRINT_JSON = 2, PRINT_ANY = 4 };
enum color_attr { COLOR_NONE = 6 };

int print_color_string(enum output_type type, enum color_attr color,
		       const char *key, const char *fmt, const char *value);
int print_color_uint(enum output_type type, enum color_attr color,
		     const char *key, const char *fmt, unsigned int value);
int print_color_bool(enum output_type type, enum color_attr color,
		     const char *key, const char *fmt, bool value);
void open_json_array(enum output_type type, const char *str);
void close_json_array(enum output_type type, const char *str);
void open_json_object(const char *str);
void close_json_object(void);
unsigned int ll_name_to_index(const char *name);
const char *ll_index_to_name(unsigned int index);
int addattr_l(struct nlmsghdr *n, int maxlen, int type, const void *data,
	      int alen);

/* What ip has for a request: all that is given has to fit. */
#define REQUEST_SIZE	1024

static void print_str(const char *key, const char *fmt, const char *value)
{
	print_color_string(PRINT_ANY, COLOR_NONE, key, fmt, value);
}

static void print_num(const char *key, const char *fmt, unsigned int value)
{
	print_color_uint(PRINT_ANY, COLOR_NONE, key, fmt, value);
}

static void print_flag(const char *key, const char *text)
{
	print_color_bool(PRINT_JSON, COLOR_NONE, key, NULL, true);
	print_color_string(PRINT_FP, COLOR_NONE, NULL, "%s ", text);
}

static void help(struct link_util *lu, int argc, char **argv, FILE *f)
{
	fputs("Usage: ... xlat [ prefix PREFIX [ non-global ] ]\n"
	      "		[ local IPV4[/LEN] as IPV6[/LEN] ]...\n"
	      "		[ local del IPV4[/LEN] as IPV6[/LEN] ]...\n"
	      "		[ local flush ]\n"
	      "		[ error IPV4 ] [ mtu MTU ] [ host ]\n"
	      "		[ masquerade [ to PORTS ] NAT ]\n"
	      "		[ snat IPV4[-IPV4][:PORTS] NAT ]\n"
	      "		[ fast DEV[,DEV]... | nofast ]\n"
	      "\n"
	      "Where:	PREFIX	:= IPV6/{ 32 | 40 | 48 | 56 | 64 | 96 }	RFC 6052\n"
	      "	MTU	:= { 1280..65535 | 0 }			0: the default, 1280\n"
	      "	PORTS	:= PORT[-PORT]\n"
	      "	NAT	:= [ random | fully-random ] [ persistent ]\n"
	      "		   [ mapping { endpoint-independent | address-port-dependent } ]\n"
	      "		   [ block N [ of IPV6/LEN ] ]		behind mapping endpoint-independent\n"
	      "		   [ filtering { endpoint-independent | address-dependent } ]\n",
	      f);
}

/* Tells what is wrong with which word; ip ends with 255 then. */
static int bad(const char *word, const char *value, const char *why)
{
	fprintf(stderr, "xlat: %s: \"%s\" %s\n", word, value, why);
	return -1;
}

static int put(struct nlmsghdr *n, int type, const void *data, int len)
{
	if (NLMSG_ALIGN(n->nlmsg_len) + RTA_LENGTH(len) + RTA_LENGTH(0) >
	    REQUEST_SIZE) {
		fputs("xlat: too much for one command: give the rest of the pairs by \"ip link set\"\n",
		      stderr);
		return -1;
	}
	return addattr_l(n, REQUEST_SIZE, type, data, len);
}

static bool parse_num(const char *s, unsigned int min, unsigned int max,
		      unsigned int *num)
{
	unsigned long value;
	char *end;

	if (*s < '0' || *s > '9')
		return false;
	value = strtoul(s, &end, 10);
	*num = value;
	return !*end && value >= min && value <= max;
}

/* ADDRESS[/LEN], without bits behind LEN; LEN as it is when it is not given */
static int parse_prefix(const char *word, const char *arg, int family,
			void *addr, unsigned char *len)
{
	unsigned int bits = family == AF_INET ? 32 : 128, num, i;
	const char *slash = strchr(arg, '/');
	const unsigned char *b = addr;
	char s[INET6_ADDRSTRLEN];

	if (snprintf(s, sizeof(s), "%.*s", slash ? (int)(slash - arg) :
		     (int)strlen(arg), arg) >= (int)sizeof(s) ||
	    inet_pton(family, s, addr) != 1)
		return bad(word, arg, family == AF_INET ?
			   "is not an IPv4 address" : "is not an IPv6 address");
	if (slash) {
		if (!parse_num(slash + 1, 0, bits, &num))
			return bad(word, arg, "has a length that does not exist");
		*len = num;
	}
	for (i = *len; i < bits; i++)
		if (b[i / 8] & (0x80 >> i % 8))
			return bad(word, arg, "has bits set behind its length");
	return 0;
}

/*
 * Does a prefix lie as a whole in a network of which no packet may have an address? The kernel asks
 * the same, but cannot say which of several pairs it is.
 */
static bool drops_all(int family, const unsigned char *addr, unsigned int len)
{
	static const struct {
		int family;
		unsigned int len;
		unsigned char addr[16];
	} nets[] = {
		{ AF_INET,  8,   { 0 } },
		{ AF_INET,  8,   { 127 } },
		{ AF_INET,  16,  { 169, 254 } },
		{ AF_INET,  24,  { 224 } },
		{ AF_INET,  32,  { 255, 255, 255, 255 } },
		{ AF_INET6, 128, { 0 } },
		{ AF_INET6, 128, { [15] = 1 } },
		{ AF_INET6, 96,  { [10] = 0xff, 0xff } },
		{ AF_INET6, 10,  { 0xfe, 0x80 } },
		{ AF_INET6, 8,   { 0xff } },
	};
	unsigned int i, bit;

	for (i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
		if (nets[i].family != family || len < nets[i].len)
			continue;
		for (bit = 0; bit < nets[i].len; bit++)
			if ((addr[bit / 8] ^ nets[i].addr[bit / 8]) & (0x80 >> bit % 8))
				break;
		if (bit == nets[i].len)
			return true;
	}
	return false;
}

static int parse_addr4(const char *word, const char *arg, struct in_addr *addr)
{
	return inet_pton(AF_INET, arg, addr) == 1 ? 0 :
	       bad(word, arg, "is not an IPv4 address");
}

/* PORT[-PORT] */
static int parse_ports(struct nlmsghdr *n, const char *word, const char *arg)
{
	unsigned int min, max;
	__be16 port;
	char s[16];
	char *dash;

	snprintf(s, sizeof(s), "%s", arg);
	dash = strchr(s, '-');
	if (dash)
		*dash++ = 0;
	if (strlen(arg) >= sizeof(s) || !parse_num(s, 1, 65535, &min))
		return bad(word, arg,
			   "is not a port or a range of ports, as 1024-65535");
	max = min;
	if (dash && (!parse_num(dash, 1, 65535, &max) || max < min))
		return bad(word, arg, "is not a range of ports");
	port = htons(min);
	if (put(n, IFLA_XLAT_PORT_MIN, &port, sizeof(port)))
		return -1;
	port = htons(max);
	return put(n, IFLA_XLAT_PORT_MAX, &port, sizeof(port));
}

/* ADDRESS[-ADDRESS][:PORTS] */
static int parse_pool(struct nlmsghdr *n, const char *arg)
{
	struct in_addr min, max;
	char *colon, *dash;
	char s[64];

	if (!strcmp(arg, "to"))
		return bad("snat", arg,
			   "is a word of rules, here the address comes at once");
	if (strchr(arg, '/') || strchr(arg, ','))
		return bad("snat", arg,
			   "is not an IPv4 address, or a range, as 192.0.2.1-192.0.2.6");
	snprintf(s, sizeof(s), "%s", arg);
	colon = strchr(s, ':');
	if (colon)
		*colon++ = 0;
	dash = strchr(s, '-');
	if (dash)
		*dash++ = 0;
	if (parse_addr4("snat", s, &min))
		return -1;
	max = min;
	if (dash && parse_addr4("snat", dash, &max))
		return -1;
	if (ntohl(min.s_addr) > ntohl(max.s_addr))
		return bad("snat", arg, "has its last address before the first");
	if (put(n, IFLA_XLAT_ADDR_MIN, &min, sizeof(min)) ||
	    put(n, IFLA_XLAT_ADDR_MAX, &max, sizeof(max)))
		return -1;
	return colon ? parse_ports(n, "snat", colon) : 0;
}

/* DEV[,DEV]... */
static int parse_fast(struct nlmsghdr *n, const char *arg)
{
	__u32 indexes[IF_XLAT_MAX_FAST];
	unsigned int found = 0;
	char s[REQUEST_SIZE];
	char *name, *next;

	if (strlen(arg) >= sizeof(s))
		return bad("fast", arg, "is too long");
	strcpy(s, arg);
	for (name = s; name; name = next) {
		next = strchr(name, ',');
		if (next)
			*next++ = 0;
		if (found == IF_XLAT_MAX_FAST)
			return bad("fast", name, "is one device too many");
		indexes[found] = ll_name_to_index(name);
		if (!indexes[found++])
			return bad("fast", name, "is not a device");
	}
	/*
	 * rtnetlink cannot load the module of the fast path. The kernel looks for a module
	 * with the name of a device that is asked for and not there.
	 */
	if_nametoindex("nf_xlat_flow");
	return put(n, IFLA_XLAT_FAST, indexes, found * sizeof(*indexes));
}

/* What the words say; attributes that nest, or that have one word for each bit */
struct words {
	struct if_xlat_pair pairs[REQUEST_SIZE / sizeof(struct if_xlat_pair)];
	bool del[REQUEST_SIZE / sizeof(struct if_xlat_pair)];
	unsigned int n_pairs;
	bool flush;
	__u32 nat_flags;
	__u8 mode;
	bool independent;	/* the last words were "mapping endpoint-independent" */
	bool block;		/* or "block N" behind them */
	__u32 seen;
};

/* The last one would be taken, and nothing said. */
static bool twice(struct words *w, const char *word)
{
	static const char *const once[] = {
		"prefix", "error", "mtu", "snat", "masquerade", "to", "fast",
		"nofast", "mapping", "filtering", "block", "of",
	};
	unsigned int i;

	for (i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
		if (strcmp(word, once[i]))
			continue;
		if (w->seen & 1u << i) {
			fprintf(stderr, "xlat: %s: there can be only one\n", word);
			return true;
		}
		w->seen |= 1u << i;
	}
	return false;
}

/* masquerade or snat */
static int set_mode(struct words *w, const char *word, __u8 mode)
{
	if (w->mode) {
		fprintf(stderr, "xlat: %s: there can be only one of masquerade and snat\n",
			word);
		return -1;
	}
	w->mode = mode;
	return 0;
}

/* local { A4 as A6 | del A4 as A6 | flush }: how many words these are, -1: bad ones */
static int parse_local(struct words *w, int argc, char **argv)
{
	struct if_xlat_pair *pair = &w->pairs[w->n_pairs];
	bool del = argc > 1 && !strcmp(argv[1], "del");

	if (argc > 1 && !strcmp(argv[1], "flush")) {
		w->flush = true;
		return 1;
	}
	argc -= del;
	argv += del;
	if (argc < 4 || strcmp(argv[2], "as"))
		return bad("local", argc > 1 ? argv[1] : "",
			   "is to be followed by \"as\" and an IPv6 address");
	if (w->n_pairs == sizeof(w->pairs) / sizeof(w->pairs[0])) {
		fputs("xlat: too much for one command: give the rest of the pairs by \"ip link set\"\n",
		      stderr);
		return -1;
	}
	memset(pair, 0, sizeof(*pair));
	pair->len4 = 32;
	pair->len6 = 128;
	if (parse_prefix("local", argv[1], AF_INET, &pair->addr4, &pair->len4) ||
	    parse_prefix("local", argv[3], AF_INET6, &pair->addr6, &pair->len6))
		return -1;
	if (32 - pair->len4 > 128 - pair->len6)
		return bad("local", argv[1], "has more addresses than its IPv6 prefix");
	if (!del && drops_all(AF_INET, (unsigned char *)&pair->addr4, pair->len4))
		return bad("local", argv[1], "has no address that a packet may have");
	if (!del && drops_all(AF_INET6, (unsigned char *)&pair->addr6, pair->len6))
		return bad("local", argv[3], "has no address that a packet may have");
	w->del[w->n_pairs++] = del;
	return 3 + del;
}

static int put_pairs(struct nlmsghdr *n, const struct words *w, int type,
		     bool del)
{
	struct rtattr *nest = (void *)((char *)n + NLMSG_ALIGN(n->nlmsg_len));
	unsigned int i, found = 0;

	for (i = 0; i < w->n_pairs; i++) {
		if (w->del[i] != del)
			continue;
		if (!found++ && put(n, type | NLA_F_NESTED, NULL, 0))
			return -1;
		if (put(n, IFLA_XLAT_PAIR, &w->pairs[i], sizeof(w->pairs[i])))
			return -1;
	}
	if (found)
		nest->rta_len = (char *)n + NLMSG_ALIGN(n->nlmsg_len) - (char *)nest;
	return 0;
}

static int put_words(struct nlmsghdr *n, const struct words *w)
{
	if (w->flush && put(n, IFLA_XLAT_PAIRS | NLA_F_NESTED, NULL, 0))
		return -1;
	if (put_pairs(n, w, IFLA_XLAT_PAIRS_DEL, true) ||
	    put_pairs(n, w, IFLA_XLAT_PAIRS_ADD, false))
		return -1;
	if (w->mode && put(n, IFLA_XLAT_MODE, &w->mode, sizeof(w->mode)))
		return -1;
	return w->nat_flags ? put(n, IFLA_XLAT_NAT_FLAGS, &w->nat_flags,
				  sizeof(w->nat_flags)) : 0;
}

static int parse_one_prefix(struct nlmsghdr *n, const char *arg)
{
	unsigned char len = 0;
	struct in6_addr addr;

	if (!strchr(arg, '/'))
		return bad("prefix", arg, "has no length, as 64:ff9b::/96 has");
	if (parse_prefix("prefix", arg, AF_INET6, &addr, &len))
		return -1;
	if (len != 32 && len != 40 && len != 48 && len != 56 && len != 64 &&
	    len != 96)
		return bad("prefix", arg,
			   "has a length other than 32, 40, 48, 56, 64 and 96");
	return put(n, IFLA_XLAT_PREFIX, &addr, sizeof(addr)) ||
	       put(n, IFLA_XLAT_PREFIX_LEN, &len, sizeof(len)) ? -1 : 0;
}

/* A word of two choices, the first of which is 0 */
static int parse_choice(struct nlmsghdr *n, int type, const char *word,
			const char *arg, const char *one)
{
	__u8 value = !strcmp(arg, one);
	char what[80];

	if (!value && strcmp(arg, "endpoint-independent")) {
		snprintf(what, sizeof(what),
			 "is neither endpoint-independent nor %s", one);
		return bad(word, arg, what);
	}
	return put(n, type, &value, sizeof(value));
}

/* PREFIX/LEN of all subscribers, from whose addresses their blocks follow */
static int parse_of(struct nlmsghdr *n, const char *arg)
{
	unsigned char len = 0;
	struct in6_addr addr;

	if (!strchr(arg, '/'))
		return bad("of", arg, "has no length, as 2001:db8::/48 has");
	if (parse_prefix("of", arg, AF_INET6, &addr, &len))
		return -1;
	if (!len || len > 64)
		return bad("of", arg,
			   "has a length other than 1 to 64: a subscriber is a network of 64 bits");
	return put(n, IFLA_XLAT_BLOCK_OF, &addr, sizeof(addr)) ||
	       put(n, IFLA_XLAT_BLOCK_OF_LEN, &len, sizeof(len)) ? -1 : 0;
}

/* A word that an argument follows: 1 when it is one, 0 when not, -1: bad one */
static int parse_with_arg(struct words *w, const char *word, const char *arg,
			  struct nlmsghdr *n)
{
	struct in_addr addr4;
	bool independent = w->independent, block = w->block;
	unsigned int num;
	int err = 0;

	w->independent = false;
	w->block = false;
	if (!strcmp(word, "prefix")) {
		err = parse_one_prefix(n, arg);
	} else if (!strcmp(word, "error")) {
		err = parse_addr4(word, arg, &addr4) ||
		      put(n, IFLA_XLAT_ERROR4, &addr4, sizeof(addr4)) ? -1 : 0;
	} else if (!strcmp(word, "mtu")) {
		err = parse_num(arg, 1280, 65535, &num) ||
		      parse_num(arg, 0, 0, &num) ?
		      put(n, IFLA_XLAT_MTU, &num, sizeof(num)) :
		      bad(word, arg, "is not 1280 to 65535");
	} else if (!strcmp(word, "snat")) {
		err = set_mode(w, word, IF_XLAT_SNAT) ? -1 : parse_pool(n, arg);
	} else if (!strcmp(word, "to") && w->mode == IF_XLAT_MASQ) {
		err = parse_ports(n, "masquerade to", arg);
	} else if (!strcmp(word, "fast")) {
		err = parse_fast(n, arg);
	} else if (!strcmp(word, "mapping")) {
		err = parse_choice(n, IFLA_XLAT_MAPPING, word, arg,
				   "address-port-dependent");
		w->independent = !strcmp(arg, "endpoint-independent");
	} else if (!strcmp(word, "block") && independent) {
		err = parse_num(arg, 64, 32768, &num) && num % 64 == 0 ?
		      put(n, IFLA_XLAT_BLOCK, &num, sizeof(num)) :
		      bad(word, arg, "is not a multiple of 64 ports, up to 32768");
		w->block = true;
	} else if (!strcmp(word, "of") && block) {
		err = parse_of(n, arg);
	} else if (!strcmp(word, "filtering")) {
		err = parse_choice(n, IFLA_XLAT_FILTERING, word, arg,
				   "address-dependent");
	} else {
		return 0;
	}
	return err ? -1 : 1;
}

/* 1 when it is such a word, 0 when not, -1: it cannot be said */
static int parse_word(struct words *w, const char *word, struct nlmsghdr *n)
{
	int err = 0;

	if (!strcmp(word, "non-global"))
		err = put(n, IFLA_XLAT_NON_GLOBAL, NULL, 0);
	else if (!strcmp(word, "host"))
		err = put(n, IFLA_XLAT_HOST, NULL, 0);
	else if (!strcmp(word, "nofast"))
		err = put(n, IFLA_XLAT_FAST, NULL, 0);
	else if (!strcmp(word, "masquerade"))
		err = set_mode(w, word, IF_XLAT_MASQ);
	else if (!strcmp(word, "random"))
		w->nat_flags |= NF_NAT_RANGE_PROTO_RANDOM;
	else if (!strcmp(word, "fully-random"))
		w->nat_flags |= NF_NAT_RANGE_PROTO_RANDOM_FULLY;
	else if (!strcmp(word, "persistent"))
		w->nat_flags |= NF_NAT_RANGE_PERSISTENT;
	else
		return 0;
	return err ? -1 : 1;
}

static int parse(struct link_util *lu, int argc, char **argv,
		 struct nlmsghdr *n)
{
	struct words w = {};
	int found;

	for (; argc > 0; argc--, argv++) {
		if (!strcmp(*argv, "help")) {
			help(lu, argc, argv, stdout);
			return -1;
		}
		if (!strcmp(*argv, "local")) {
			found = parse_local(&w, argc, argv);
			if (found < 0)
				return -1;
			argc -= found;
			argv += found;
			continue;
		}
		if (twice(&w, *argv))
			return -1;
		found = parse_word(&w, *argv, n);
		if (!found) {
			/* none is as bad as one that is empty */
			found = parse_with_arg(&w, argv[0],
					       argc > 1 ? argv[1] : "", n);
			argc -= found == 1;
			argv += found == 1;
		}
		if (found < 0)
			return -1;
		if (!found) {
			fprintf(stderr, "xlat: what is \"%s\"?\n", *argv);
			help(lu, argc, argv, stderr);
			return -1;
		}
	}
	return put_words(n, &w);
}

static const char *addr_str(int family, const void *addr, unsigned int len,
			    char *buf, size_t size)
{
	char s[INET6_ADDRSTRLEN];

	inet_ntop(family, addr, s, sizeof(s));
	if (len == (family == AF_INET ? 32 : 128))
		snprintf(buf, size, "%s", s);
	else
		snprintf(buf, size, "%s/%u", s, len);
	return buf;
}

static void print_pairs(const struct rtattr *nest)
{
	const struct rtattr *attr;
	int rem = RTA_PAYLOAD(nest);
	char b[64];

	open_json_array(PRINT_JSON, "local");
	for (attr = RTA_DATA(nest); RTA_OK(attr, rem); attr = RTA_NEXT(attr, rem)) {
		const struct if_xlat_pair *pair = RTA_DATA(attr);

		if (RTA_PAYLOAD(attr) < sizeof(*pair))
			continue;
		open_json_object(NULL);
		print_str("ipv4", "local %s ",
			  addr_str(AF_INET, &pair->addr4, pair->len4, b, sizeof(b)));
		print_str("ipv6", "as %s ",
			  addr_str(AF_INET6, &pair->addr6, pair->len6, b, sizeof(b)));
		close_json_object();
	}
	close_json_array(PRINT_JSON, NULL);
}

static const char *range_str(const char *min, const char *max, char *buf,
			     size_t size)
{
	if (strcmp(min, max))
		snprintf(buf, size, "%s-%s", min, max);
	else
		snprintf(buf, size, "%s", min);
	return buf;
}

static const char *ports_str(struct rtattr *tb[], char *buf, size_t size)
{
	char min[8], max[8];

	snprintf(min, sizeof(min), "%u",
		 ntohs(*(__be16 *)RTA_DATA(tb[IFLA_XLAT_PORT_MIN])));
	snprintf(max, sizeof(max), "%u",
		 ntohs(*(__be16 *)RTA_DATA(tb[IFLA_XLAT_PORT_MAX])));
	return range_str(min, max, buf, size);
}

/* As it is given: snat A[-B][:PORTS], masquerade [to PORTS] */
static void print_mode(struct rtattr *tb[])
{
	bool ports = tb[IFLA_XLAT_PORT_MIN] && tb[IFLA_XLAT_PORT_MAX];
	char min[INET_ADDRSTRLEN], max[INET_ADDRSTRLEN], b[64];

	if (*(__u8 *)RTA_DATA(tb[IFLA_XLAT_MODE]) == IF_XLAT_MASQ) {
		print_flag("masquerade", "masquerade");
		if (ports)
			print_str("ports", "to %s ", ports_str(tb, b, sizeof(b)));
	} else if (tb[IFLA_XLAT_ADDR_MIN] && tb[IFLA_XLAT_ADDR_MAX]) {
		inet_ntop(AF_INET, RTA_DATA(tb[IFLA_XLAT_ADDR_MIN]), min, sizeof(min));
		inet_ntop(AF_INET, RTA_DATA(tb[IFLA_XLAT_ADDR_MAX]), max, sizeof(max));
		print_str("snat", ports ? "snat %s" : "snat %s ",
			  range_str(min, max, b, sizeof(b)));
		if (ports)
			print_str("ports", ":%s ", ports_str(tb, b, sizeof(b)));
	}
}

static void print_block(struct rtattr *tb[])
{
	char b[64];

	print_str("mapping", "mapping %s ", "endpoint-independent");
	print_num("block", "block %u ", *(__u32 *)RTA_DATA(tb[IFLA_XLAT_BLOCK]));
	if (tb[IFLA_XLAT_BLOCK_OF] && tb[IFLA_XLAT_BLOCK_OF_LEN])
		print_str("of", "of %s ",
			  addr_str(AF_INET6, RTA_DATA(tb[IFLA_XLAT_BLOCK_OF]),
				   *(__u8 *)RTA_DATA(tb[IFLA_XLAT_BLOCK_OF_LEN]),
				   b, sizeof(b)));
}

static void print_nat(struct rtattr *tb[])
{
	__u32 flags = 0;

	print_mode(tb);
	if (tb[IFLA_XLAT_NAT_FLAGS])
		flags = *(__u32 *)RTA_DATA(tb[IFLA_XLAT_NAT_FLAGS]);
	if (flags & NF_NAT_RANGE_PROTO_RANDOM)
		print_flag("random", "random");
	if (flags & NF_NAT_RANGE_PROTO_RANDOM_FULLY)
		print_flag("fully-random", "fully-random");
	if (flags & NF_NAT_RANGE_PERSISTENT)
		print_flag("persistent", "persistent");
	if (tb[IFLA_XLAT_MAPPING] && *(__u8 *)RTA_DATA(tb[IFLA_XLAT_MAPPING]))
		print_str("mapping", "mapping %s ", "address-port-dependent");
	if (tb[IFLA_XLAT_BLOCK])
		print_block(tb);
	if (tb[IFLA_XLAT_FILTERING] && *(__u8 *)RTA_DATA(tb[IFLA_XLAT_FILTERING]))
		print_str("filtering", "filtering %s ", "address-dependent");
}

static void print_fast(const struct rtattr *attr)
{
	const __u32 *indexes = RTA_DATA(attr);
	unsigned int i;

	open_json_array(PRINT_JSON, "fast");
	for (i = 0; i < RTA_PAYLOAD(attr) / sizeof(*indexes); i++)
		print_str(NULL, i ? ",%s" : "fast %s", ll_index_to_name(indexes[i]));
	close_json_array(PRINT_JSON, NULL);
	print_color_string(PRINT_FP, COLOR_NONE, NULL, "%s", " ");
}

static void print(struct link_util *lu, FILE *f, struct rtattr *tb[])
{
	char b[64];

	if (!tb)
		return;
	if (tb[IFLA_XLAT_PREFIX] && tb[IFLA_XLAT_PREFIX_LEN])
		print_str("prefix", "prefix %s ",
			  addr_str(AF_INET6, RTA_DATA(tb[IFLA_XLAT_PREFIX]),
				   *(__u8 *)RTA_DATA(tb[IFLA_XLAT_PREFIX_LEN]),
				   b, sizeof(b)));
	if (tb[IFLA_XLAT_NON_GLOBAL])
		print_flag("non-global", "non-global");
	if (tb[IFLA_XLAT_PAIRS])
		print_pairs(tb[IFLA_XLAT_PAIRS]);
	if (tb[IFLA_XLAT_ERROR4])
		print_str("error", "error %s ",
			  addr_str(AF_INET, RTA_DATA(tb[IFLA_XLAT_ERROR4]), 32,
				   b, sizeof(b)));
	if (tb[IFLA_XLAT_MTU])
		print_num("mtu", "mtu %u ",
			  *(__u32 *)RTA_DATA(tb[IFLA_XLAT_MTU]));
	if (tb[IFLA_XLAT_HOST])
		print_flag("host", "host");
	if (tb[IFLA_XLAT_MODE])
		print_nat(tb);
	if (tb[IFLA_XLAT_FAST])
		print_fast(tb[IFLA_XLAT_FAST]);
}

/* The name is what ip looks for. */
struct link_util xlat_link_util = {
	.id		= "xlat",
	.maxattr	= IFLA_XLAT_MAX,
	.parse_opt	= parse,
	.print_opt	= print,
	.print_help	= help,
};
