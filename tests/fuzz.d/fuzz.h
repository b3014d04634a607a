/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stdint.h>

#define FRAME	1600
#define QUEUE	7	/* as in fuzz.nft */

struct frame {
	unsigned int len;
	unsigned char data[FRAME];
};

/* A tap, the host behind it, and what the gateway has lately sent there */
struct end {
	int fd;
	unsigned char mac[6];
	struct frame seen[16];
	unsigned int next;
};

struct mnl_socket;
struct nlmsghdr;

/* fuzz.c */
extern struct did {
	unsigned long steps, sent, seen, own, netlink, refused, unloads, counted[3], by_device[3];
	unsigned long devices, moves, told;
} did;

uint32_t rnd(uint32_t n);
static inline bool one_in(uint32_t n) { return !rnd(n); }
void __attribute__((noreturn)) die(const char *what);

/* packets.c */
extern struct end ends[2];

uint32_t address4(void);
void traffic(unsigned int n);

/* netlink.c */
extern struct mnl_socket *nfnl, *rtnl, *queue;
extern unsigned int corpora, flush;

struct mnl_socket *netlink_open(int bus);
void netlink_send(struct mnl_socket *nl, const void *data, unsigned int len,
		  int (*cb)(const struct nlmsghdr *nlh, void *data));
void mutate(void *first, int len);
void load_corpus(const char *name);
void batch(unsigned int which, bool changed);
void nft_delete(void);
void nft_dump(void);
void ct_dump(void);
void ct_change(void);
void ct_flush(void);
void ct_expect(void);
void queue_config(uint8_t command);
void queue_verdict(void);
void tc_qdisc(void);
void tc_filter(void);
void link_change(void);
void address_change(void);
void route_change(void);

/* device.c */
void device_set_up(void);
void device_usual(bool vrf);
void device_count(void);
void device_new(void);
void device_change(void);
void device_read(void);
void genl_request(void);
void genl_stop(void);
void sockets(void);

#endif /* FUZZ_H */
