// SPDX-License-Identifier: GPL-2.0
/*
 * xlat deterministic: which block of ports follows from the address of a subscriber, and who the
 * subscriber of an address and port is. It is the arithmetic of kernel/nf_xlat_bib_block.c, and
 * the kernel is not asked.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "xlat.h"

#define UNIT		64
#define MAX_PORTS	32768
#define SUBSCRIBER_LEN	64

static struct {
	struct end	of, range[2], asked;
	unsigned long	ports;
	uint32_t	first_addr, addrs;	/* addrs is the number less one */
	uint32_t	first_port, slots;	/* of each address */
} det;

uint16_t block_last(const struct block *b)
{
	return b->pool.port + b->ports - 1;
}

static uint32_t addr4(const struct end *end)
{
	uint32_t n;

	memcpy(&n, end->addr, 4);
	return ntohl(n);
}

/* The first 64 bits of an address */
static uint64_t network(const struct end *end)
{
	uint64_t n = 0;
	unsigned int i;

	for (i = 0; i < 8; i++)
		n = n << 8 | end->addr[i];
	return n;
}

/* The number of the last subscriber, who are counted from 0 */
static uint64_t last_subscriber(void)
{
	return det.of.len < SUBSCRIBER_LEN ? UINT64_MAX >> det.of.len : 0;
}

static void check_range(void)
{
	unsigned int min = 1024, end = 65536;

	if (det.range[0].has_port) {
		min = det.range[0].port ? det.range[0].port : 1;
		end = det.range[1].port + 1;
	}
	min = (min + UNIT - 1) / UNIT * UNIT;
	end = end / UNIT * UNIT;
	det.first_port = min;
	det.slots = end > min ? (end - min) / det.ports : 0;
	if (!det.slots)
		die(2, "the ports have no block of %lu, which begins at a multiple of 64", det.ports);
	det.first_addr = addr4(&det.range[0]);
	if (addr4(&det.range[1]) < det.first_addr)
		die(2, "the last address is before the first");
	det.addrs = addr4(&det.range[1]) - det.first_addr;
	if (last_subscriber() / det.slots > det.addrs)
		die(2, "the prefix has %" PRIu64 " more networks of 64 bits than the pool has blocks: %u of each address, %" PRIu64 " in all",
		    last_subscriber() - ((uint64_t)det.addrs + 1) * det.slots + 1, det.slots,
		    ((uint64_t)det.addrs + 1) * det.slots);
}

void parse_deterministic(char **argv)
{
	if (!*argv || !parse_number(*argv, MAX_PORTS, &det.ports) || !det.ports ||
	    det.ports % UNIT)
		die(2, "\"%s\" is not a multiple of 64 ports, up to %u", *argv ? *argv : "", MAX_PORTS);
	argv++;
	if (!argv[0] || !argv[1] || !argv[2] || !argv[3] || strcmp(argv[0], "of") ||
	    strcmp(argv[2], "range"))
		die(2, "\"deterministic\" is followed by N of PREFIX range A[-B][:N[-M]]");
	parse_end(argv[1], &det.of, false);
	if (det.of.family != AF_INET6 || det.of.has_port || !det.of.len ||
	    det.of.len > SUBSCRIBER_LEN)
		die(2, "\"%s\" is no IPv6 prefix of 1 to 64 bits", argv[1]);
	if (network(&det.of) & last_subscriber())
		die(2, "\"%s\" has bits set behind its length", argv[1]);
	parse_range(argv[3], det.range);
	check_range();
	argv += 4;
	if (!*argv)
		return;
	parse_end(*argv, &det.asked, false);
	if (det.asked.family == AF_INET6 ? det.asked.has_port || det.asked.len < SUBSCRIBER_LEN :
					   !det.asked.has_port || det.asked.len != 32)
		die(2, "\"%s\" is neither the address of a client nor an IPv4 address with a port", *argv);
	if (argv[1])
		die(2, "\"%s\": one question is there already", argv[1]);
}

/* Subscriber number @at, and his block */
static void print_subscriber(uint64_t at)
{
	uint32_t addr = htonl(det.first_addr + (uint32_t)(at / det.slots));
	uint32_t port = det.first_port + at % det.slots * det.ports;
	uint64_t net = network(&det.of) | at;
	uint8_t client[16] = {};
	unsigned int i;

	for (i = 0; i < 8; i++)
		client[i] = net >> (56 - 8 * i);
	printf(json ? "{\"client\": \"%s/64\", \"address\": \"%s\", \"first_port\": %u, \"last_port\": %u}\n" :
		      "%s/64 %s:%u-%u\n",
	       address(client, AF_INET6), address((void *)&addr, AF_INET), port,
	       (unsigned int)(port + det.ports - 1));
}

/* The subscriber who has an address and port */
static void print_who(void)
{
	uint32_t addr = addr4(&det.asked), port = det.asked.port;
	uint64_t at;

	at = (uint64_t)(addr - det.first_addr) * det.slots + (port - det.first_port) / det.ports;
	if (addr < det.first_addr || addr - det.first_addr > det.addrs ||
	    port < det.first_port || (port - det.first_port) / det.ports >= det.slots ||
	    at > last_subscriber())
		die(1, "deterministic: nobody has this address and port");
	print_subscriber(at);
}

int do_deterministic(void)
{
	uint64_t all = ((uint64_t)det.addrs + 1) * det.slots;

	if (det.asked.family == AF_INET6) {
		if ((network(&det.asked) ^ network(&det.of)) & ~last_subscriber())
			die(1, "deterministic: the prefix does not have this client");
		print_subscriber(network(&det.asked) & last_subscriber());
	} else if (det.asked.family) {
		print_who();
	} else if (json) {
		printf("{\"subscribers\": %" PRIu64 ", \"blocks\": %" PRIu64 ", \"of_each_address\": %u, \"first_port\": %u}\n",
		       last_subscriber() + 1, all, det.slots, det.first_port);
	} else {
		printf("%" PRIu64 " subscribers, %" PRIu64 " blocks, %u of each address, from port %u on\n",
		       last_subscriber() + 1, all, det.slots, det.first_port);
	}
	return 0;
}
