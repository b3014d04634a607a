/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the program xlat share */
#ifndef XLAT_H
#define XLAT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_xlat_netlink.h>

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* An address of either family, and a port (or id) when it has one */
struct end {
	uint8_t		addr[16];
	uint16_t	port;
	uint16_t	zone;
	uint8_t		family;
	uint8_t		len;
	bool		has_port, has_zone;
};

struct session {
	struct end	client, pool, peer, peer6;
	uint64_t	packets[2], bytes[2];	/* from the client, to it */
	uint64_t	start;
	uint32_t	id, status, flags, timeout, mark, device;
	uint16_t	zone, pool_zone;
	uint8_t		proto, tcp_state;
	uint8_t		found;			/* ends of the filter, as bits */
	bool		in;			/* IPv4 began it */
	bool		counted;
};

struct mapping {
	struct end	client, pool;
	uint8_t		prefix[16];
	uint32_t	pool_min, pool_max, sessions, age, mtu, ifindex;
	uint16_t	min_port, max_port, zone, client_zone;
	uint8_t		proto, prefix_len, filtering, found;
	bool		masq, fixed;
};

/* Ports that the clients of a network of 64 bits have */
struct block {
	struct end	client, pool;	/* the network; the address and the first port */
	uint32_t	ports, mappings, age;
	uint16_t	zone, client_zone;
	bool		fixed;
};

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

/* What the command line asks for */
struct filter {
	struct end	end[NF_XLAT_A_FILTER_MAX + 1];
	int		proto;
	bool		fast;
	bool		any;
};

/* What a dump has brought */
struct table {
	void		*v;
	size_t		n, size, elem;
	int		(*parse)(const struct nlmsghdr *nlh, struct table *t);
};

#define TABLE(type)	{ .elem = sizeof(struct type), .parse = type##_parse }

/* xlat.c */
extern struct filter filter;
extern bool openmetrics;
extern bool json;
extern const char *command;

__attribute__((noreturn, format(printf, 2, 3)))
void die(int status, const char *fmt, ...);
void *grow(struct table *t);
uint8_t one_icmp(uint8_t proto);
const char *proto_name(uint8_t proto);
bool parse_number(const char *s, unsigned long max, unsigned long *n);
int parse_proto(const char *s);
void parse_end(const char *word, struct end *end, bool bare);
const char *address(const uint8_t *addr, int family);
const char *end_text(const struct end *end);

/* xlat_netlink.c */
#define GROUPS	3

/* No set has more attributes than that of a mapping. */
#define ATTRS(tb)	const struct nlattr *tb[NF_XLAT_A_MAPPING_MAX + 1] = {}

extern const char * const groups[GROUPS];
extern uint32_t group_ids[GROUPS];
extern struct mnl_socket *nl;
extern unsigned int nl_seq;
extern uint16_t nl_family;
extern uint32_t deleted;

void nl_open(void);
struct nlmsghdr *request(char *buf, uint16_t type, uint16_t flags, uint8_t cmd);
int exchange(const struct nlmsghdr *req, struct table *t, bool *again, const char **text);
int attrs_cb(const struct nlattr *attr, void *data);
uint64_t get(const struct nlattr *attr);
bool asked(unsigned int kind);
bool wanted(uint8_t found, uint8_t proto);
bool find_family(void);
void put_end(struct nlmsghdr *nlh, unsigned int kind, const struct end *end);
void filter_by(unsigned int kind, const struct end *end, int proto);
void need_family(void);
__attribute__((noreturn)) void not_permitted(void);
int dump(uint8_t cmd, struct table *t, bool may_fail);
int command_do(struct nlmsghdr *nlh, const char **text);
int counter_parse(const struct nlmsghdr *nlh, struct table *t);
int session_parse(const struct nlmsghdr *nlh, struct table *t);
int mapping_parse(const struct nlmsghdr *nlh, struct table *t);
int block_parse(const struct nlmsghdr *nlh, struct table *t);
bool block_wanted(const struct block *b);
int pool_parse(const struct nlmsghdr *nlh, struct table *t);
int deleted_parse(const struct nlmsghdr *nlh, struct table *t);

/* xlat_show.c */
#define MAX_COLS	10

unsigned int columns(void);
void print_rows(char *(*rows)[MAX_COLS], size_t n, unsigned int cols, unsigned int fold);
void *new_rows(size_t n);
__attribute__((format(printf, 1, 0))) char *vtext(const char *fmt, va_list args);
__attribute__((format(printf, 1, 2))) char *text(const char *fmt, ...);
char *duration(uint32_t sec);
char *amount(uint64_t n);
void json_string(const char *s);
void json_end(const char *name, const struct end *end);
void json_sep(size_t i);
void json_close(size_t n);
void json_session(const struct session *s);
void json_mapping(const struct mapping *m);
void json_block(const struct block *b);
const char *in_zone(uint16_t client_zone);
int do_sessions(void);
int do_mappings(void);
int do_blocks(void);
int do_delete(void);

/* xlat_monitor.c */
extern bool monitors[GROUPS];

int do_monitor(void);

/* xlat_pool.c */
struct table pools(void);
unsigned int pool_size(const struct pool *p, unsigned int *min, unsigned int *max);
int do_pools(void);
char **parse_top(char **argv);
int do_top(void);

/* xlat_status.c */
int do_status(void);

/* xlat_save.c */
void embed(const uint8_t *prefix, unsigned int len, const uint8_t *addr4, uint8_t *addr6);
int do_save(void);
int do_restore(void);

/* xlat_add.c */
void parse_range(const char *word, struct end range[2]);
void parse_add(char **argv);
int do_add(void);
void parse_delete_mapping(char **argv);
int do_delete_mapping(void);

/* xlat_block.c */
uint16_t block_last(const struct block *b);
void parse_deterministic(char **argv);
int do_deterministic(void);

#endif /* XLAT_H */
