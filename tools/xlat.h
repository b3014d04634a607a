/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the program xlat share */
#ifndef XLAT_H
#define XLAT_H

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
	uint8_t		family;
	uint8_t		len;
	bool		has_port;
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

/* What a dump has brought */
struct table {
	void		*v;
	size_t		n, size, elem;
	int		(*parse)(const struct nlmsghdr *nlh, struct table *t);
};

/* xlat.c */
extern bool json;
extern const char *command;
extern uint16_t nl_family;

__attribute__((noreturn, format(printf, 2, 3)))
void die(int status, const char *fmt, ...);
__attribute__((noreturn)) void not_permitted(void);
void *grow(struct table *t);
const char *address(const uint8_t *addr, int family);
bool parse_number(const char *s, unsigned long max, unsigned long *n);
int parse_proto(const char *s);
void parse_end(const char *word, struct end *end, bool bare);
uint64_t get(const struct nlattr *attr);
uint8_t one_icmp(uint8_t proto);
void json_string(const char *s);
struct nlmsghdr *request(char *buf, uint16_t type, uint16_t flags, uint8_t cmd);
int exchange(const struct nlmsghdr *req, struct table *t, bool *again, const char **text);
void put_end(struct nlmsghdr *nlh, unsigned int kind, const struct end *end);
void filter_by(unsigned int kind, const struct end *end, int proto);
void need_family(void);
int dump(uint8_t cmd, struct table *t, bool may_fail);
int session_parse(const struct nlmsghdr *nlh, struct table *t);
int mapping_parse(const struct nlmsghdr *nlh, struct table *t);

/* xlat_save.c */
void parse_range(const char *word, struct end range[2]);
int do_save(void);
int do_restore(void);
void parse_add(char **argv);
int do_add(void);
void parse_delete_mapping(char **argv);
int do_delete_mapping(void);

/* xlat_block.c */
uint16_t block_last(const struct block *b);
void parse_deterministic(char **argv);
int do_deterministic(void);

#endif /* XLAT_H */
