// SPDX-License-Identifier: GPL-2.0
/* fuzz: packets that the hosts at both taps send */
#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <libmnl/libmnl.h>
#include "fuzz.h"

/* The two ends, and what the gateway has lately sent there */
struct end ends[2] = {
	{ .mac = { 2, 0, 0, 0, 0, 6 } },
	{ .mac = { 2, 0, 0, 0, 0, 4 } },
};

static const unsigned char gw_mac[6] = { 2, 0, 0, 0, 0, 1 };

static uint32_t sum(const void *data, unsigned int len, uint32_t s)
{
	const unsigned char *p = data;
	unsigned int i;

	for (i = 0; i + 1 < len; i += 2)
		s += p[i] << 8 | p[i + 1];
	return len & 1 ? s + (p[len - 1] << 8) : s;
}

static uint16_t fold(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return htons(~s);
}

/* Lengths and checksums, of what follows an IPv4 or IPv6 header directly */
static void complete(unsigned char *ip, unsigned int len)
{
	struct ip6_hdr *ip6 = (struct ip6_hdr *)ip;
	struct iphdr *ip4 = (struct iphdr *)ip;
	unsigned int hlen = ip[0] >> 4 == 4 ? ip4->ihl * 4 : sizeof(*ip6);
	unsigned char *l4 = ip + hlen;
	uint32_t pseudo;
	uint8_t proto;

	if (len < hlen + 8)
		return;
	if (hlen == sizeof(*ip6) && ip[0] >> 4 == 6) {
		ip6->ip6_plen = htons(len - hlen);
		proto = ip6->ip6_nxt;
		pseudo = sum(&ip6->ip6_src, 32, proto + len - hlen);
	} else {
		ip4->tot_len = htons(len);
		ip4->check = 0;
		ip4->check = fold(sum(ip4, hlen, 0));
		proto = ip4->protocol;
		pseudo = sum(&ip4->saddr, 8, proto + len - hlen);
		if (ip4->frag_off & htons(0x3fff))
			return;
	}

	switch (proto) {
	case IPPROTO_TCP:
		((struct tcphdr *)l4)->check = 0;
		((struct tcphdr *)l4)->check = fold(sum(l4, len - hlen, pseudo));
		break;
	case IPPROTO_UDP:
		((struct udphdr *)l4)->len = htons(len - hlen);
		((struct udphdr *)l4)->check = 0;
		((struct udphdr *)l4)->check = fold(sum(l4, len - hlen, pseudo));
		break;
	case IPPROTO_ICMP:
		pseudo = 0;
		/* fall through */
	case IPPROTO_ICMPV6:
		((struct icmphdr *)l4)->checksum = 0;
		((struct icmphdr *)l4)->checksum = fold(sum(l4, len - hlen, pseudo));
		break;
	}
}

static void send_frame(struct end *e, struct frame *f)
{
	/* Some are damaged, in ways that a link lets pass. */
	if (one_in(12))
		f->data[14 + rnd(f->len - 14)] ^= 1 << rnd(8);
	/* Not to nothing: redirected to a device without MAC headers, that is a packet of no
	 * bytes, which is not for the core to meet (skb_assert_len(), CONFIG_DEBUG_NET).
	 */
	if (one_in(30))
		f->len = 15 + rnd(f->len - 14);
	if (write(e->fd, f->data, f->len) > 0)
		did.sent++;
}

static unsigned char *ethernet(struct end *e, struct frame *f, uint16_t type)
{
	memset(f, 0, sizeof(*f));
	memcpy(f->data, gw_mac, 6);
	memcpy(f->data + 6, e->mac, 6);
	f->data[12] = type >> 8;
	f->data[13] = type & 0xff;
	return f->data + 14;
}

/*
 * Not GRE: "flow add" and act_ct take its entries, and nf_flow_table_extend_ct_timeout() warns
 * of them.
 */
static const uint8_t protos[] = {
	IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_SCTP,
	IPPROTO_DCCP, IPPROTO_UDPLITE, IPPROTO_ESP, IPPROTO_AH, IPPROTO_IPIP,
	IPPROTO_IPV6, IPPROTO_HOPOPTS, IPPROTO_FRAGMENT, IPPROTO_DSTOPTS,
};

static const uint16_t ports[] = { 21, 22, 53, 80, 443, 1024, 1025, 5060, 8080, 65535 };

static uint16_t port(void)
{
	return htons(one_in(3) ? 1024 + rnd(64) : ports[rnd(MNL_ARRAY_SIZE(ports))]);
}

/* What is behind the header: @l4 of @len bytes */
static void transport(unsigned char *l4, unsigned int len, uint8_t proto, bool v6)
{
	struct icmphdr *icmp = (struct icmphdr *)l4;
	static const uint8_t echo[2][2] = { { 8, 0 }, { 128, 129 } };
	struct tcphdr *tcp = (struct tcphdr *)l4;
	unsigned int i;

	for (i = 0; i < len; i++)
		l4[i] = rnd(256);
	/* which may be an extension header */
	if (l4[0] == IPPROTO_GRE)
		l4[0] = IPPROTO_UDP;
	switch (proto) {
	case IPPROTO_TCP:
		tcp->doff = 5;
		l4[13] = one_in(3) ? rnd(64) : TH_SYN;
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		icmp->type = one_in(3) ? rnd(256) : echo[v6][rnd(2)];
		icmp->code = one_in(4) ? rnd(8) : 0;
		icmp->un.echo.id = htons(rnd(16));
		return;
	}
	*(uint16_t *)l4 = port();
	*(uint16_t *)(l4 + 2) = port();
}

uint32_t address4(void)
{
	static const char * const some[] = {
		"192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.3", "198.51.100.1",
		"198.51.100.2", "203.0.113.9", "203.0.113.66", "10.99.0.1", "127.0.0.1", "224.0.0.1", "0.0.0.0", "10.0.0.1",
	};

	return one_in(40) ? rnd(UINT32_MAX) : inet_addr(some[rnd(MNL_ARRAY_SIZE(some))]);
}

static void address6(void *address)
{
	static const char * const some[] = {
		"2001:db8:c::2", "2001:db8:c::3", "2001:db8:2::1", "2001:db8:c::1", "fe80::6",
		"::1", "ff02::1", "2001:db8:f::", "2001:db8:c::c1a7",
	};
	uint32_t *words = address;

	inet_pton(AF_INET6, some[rnd(MNL_ARRAY_SIZE(some))], address);
	if (one_in(40))
		words[rnd(4)] = rnd(UINT32_MAX);
}

static void embed(void *address)
{
	static const char * const prefix[] = {
		"64:ff9b::", "64:ff9b:1::", "2001:db8:64::",
		"2001:db8:65::", "2001:db8:66::", "2001:db8:67::",	/* of devices */
	};
	uint32_t *words = address;

	inet_pton(AF_INET6, prefix[rnd(2) ? rnd(6) : 0], address);
	words[3] = address4();
}

static void send_new6(struct end *e)
{
	struct frame f;
	struct ip6_hdr *ip = (struct ip6_hdr *)ethernet(e, &f, ETHERTYPE_IPV6);
	unsigned int len = 8 + rnd(one_in(8) ? 1400 : 64);
	uint8_t proto = protos[rnd(MNL_ARRAY_SIZE(protos))];
	unsigned char *l4 = (unsigned char *)(ip + 1);

	if (proto == IPPROTO_ICMP)
		proto = IPPROTO_ICMPV6;
	if (proto == IPPROTO_TCP && len < 20)
		len = 20;
	ip->ip6_vfc = 0x60;
	ip->ip6_hlim = one_in(10) ? rnd(3) : 64;
	if (one_in(4))
		address6(&ip->ip6_src);
	else
		inet_pton(AF_INET6, rnd(2) ? "2001:db8:c::2" : "2001:db8:c::3", &ip->ip6_src);
	if (one_in(8)) {
		/* to the host that has a device for itself, from what that maps */
		inet_pton(AF_INET6, "2001:db8:67::10.99.0.1", &ip->ip6_src);
		inet_pton(AF_INET6, "2001:db8:c::c1a7", &ip->ip6_dst);
	} else if (one_in(8)) {
		address6(&ip->ip6_dst);
	} else {
		embed(&ip->ip6_dst);
	}
	if (one_in(10)) {
		struct ip6_frag *frag = (struct ip6_frag *)l4;

		frag->ip6f_nxt = proto;
		frag->ip6f_offlg = htons(rnd(4) << 3 | rnd(2));
		frag->ip6f_ident = htonl(rnd(4));
		ip->ip6_nxt = IPPROTO_FRAGMENT;
		transport(l4 + 8, len, proto, true);
		len += 8;
	} else {
		ip->ip6_nxt = proto;
		transport(l4, len, proto, true);
	}
	f.len = 14 + 40 + len;
	complete((unsigned char *)ip, 40 + len);
	send_frame(e, &f);
}

static void send_new4(struct end *e)
{
	struct frame f;
	struct iphdr *ip = (struct iphdr *)ethernet(e, &f, ETHERTYPE_IP);
	unsigned int len = 8 + rnd(one_in(8) ? 1400 : 64);
	uint8_t proto = protos[rnd(MNL_ARRAY_SIZE(protos))];

	if (proto == IPPROTO_TCP && len < 20)
		len = 20;
	ip->version = 4;
	ip->ihl = one_in(16) ? 6 : 5;
	ip->ttl = one_in(10) ? rnd(3) : 64;
	ip->protocol = proto;
	ip->id = htons(rnd(4));
	ip->frag_off = htons(one_in(10) ? rnd(4) | rnd(8) << 13 : 0x4000 * rnd(2));
	ip->saddr = one_in(4) ? address4() : inet_addr(rnd(2) ? "192.0.2.2" : "198.51.100.2");
	ip->daddr = one_in(4) ? address4() : inet_addr(rnd(2) ? "192.0.2.1" : "198.51.100.1");
	transport((unsigned char *)ip + ip->ihl * 4, len, proto, false);
	f.len = 14 + ip->ihl * 4 + len;
	complete((unsigned char *)ip, f.len - 14);
	send_frame(e, &f);
}

/* Turn a packet that the gateway has sent round: its answer */
static void send_answer(struct end *e, const struct frame *was)
{
	struct frame f = *was;
	unsigned char *ip = f.data + 14, *l4;
	struct ip6_hdr *ip6 = (struct ip6_hdr *)ip;
	struct iphdr *ip4 = (struct iphdr *)ip;
	struct tcphdr *tcp;
	bool v6 = ip[0] >> 4 == 6;
	uint8_t proto;
	uint16_t p;

	memcpy(f.data, gw_mac, 6);
	memcpy(f.data + 6, e->mac, 6);
	if (v6) {
		struct in6_addr a = ip6->ip6_src;

		ip6->ip6_src = ip6->ip6_dst;
		ip6->ip6_dst = a;
		ip6->ip6_hlim = 64;
		proto = ip6->ip6_nxt;
		l4 = ip + 40;
	} else {
		uint32_t a = ip4->saddr;

		ip4->saddr = ip4->daddr;
		ip4->daddr = a;
		ip4->ttl = 64;
		proto = ip4->protocol;
		l4 = ip + ip4->ihl * 4;
	}
	if (l4 + 8 > f.data + f.len)
		return;
	if (proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6) {
		if (l4[0] == 8 || l4[0] == 128)
			l4[0] = v6 ? 129 : 0;
	} else {
		p = *(uint16_t *)l4;
		*(uint16_t *)l4 = *(uint16_t *)(l4 + 2);
		*(uint16_t *)(l4 + 2) = p;
	}
	tcp = (struct tcphdr *)l4;
	if (proto == IPPROTO_TCP && l4 + 20 <= f.data + f.len) {
		uint32_t seq = tcp->seq;

		l4[13] = one_in(8) ? rnd(64) : l4[13] == TH_SYN ? TH_SYN | TH_ACK : TH_ACK;
		tcp->seq = one_in(8) ? rnd(UINT32_MAX) : tcp->ack_seq;
		tcp->ack_seq = htonl(ntohl(seq) + 1);
	}
	complete(ip, f.len - 14);
	send_frame(e, &f);
}

/* An ICMP error about it, from a router or from its destination */
static void send_error(struct end *e, const struct frame *was)
{
	static const uint8_t types4[] = { 3, 3, 3, 4, 5, 11, 12 };
	static const uint8_t types6[] = { 1, 2, 2, 3, 4, 137 };
	const unsigned char *old = was->data + 14;
	bool v6 = old[0] >> 4 == 6;
	struct frame f;
	unsigned char *ip = ethernet(e, &f, v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP), *l4;
	unsigned int hlen = v6 ? 40 : 20, n = was->len - 14;

	if (n > 500 || one_in(6))
		n = 8 + rnd(n < 500 ? n : 500);
	if (n > was->len - 14)
		n = was->len - 14;
	l4 = ip + hlen;
	if (v6) {
		struct ip6_hdr *ip6 = (struct ip6_hdr *)ip;

		ip6->ip6_vfc = 0x60;
		ip6->ip6_nxt = IPPROTO_ICMPV6;
		ip6->ip6_hlim = 64;
		memcpy(&ip6->ip6_dst, old + 8, 16);
		memcpy(&ip6->ip6_src, old + 24, 16);
		if (rnd(2))
			address6(&ip6->ip6_src);
		l4[0] = types6[rnd(sizeof(types6))];
	} else {
		struct iphdr *ip4 = (struct iphdr *)ip;

		ip4->version = 4;
		ip4->ihl = 5;
		ip4->protocol = IPPROTO_ICMP;
		ip4->ttl = 64;
		memcpy(&ip4->daddr, old + 12, 4);
		memcpy(&ip4->saddr, old + 16, 4);
		if (rnd(2))
			ip4->saddr = address4();
		l4[0] = types4[rnd(sizeof(types4))];
	}
	l4[1] = rnd(16);
	*(uint32_t *)(l4 + 4) = htonl(one_in(3) ? rnd(UINT32_MAX) : 1280 + rnd(220));
	memcpy(l4 + 8, old, n);
	f.len = 14 + hlen + 8 + n;
	complete(ip, f.len - 14);
	send_frame(e, &f);
}

static void read_frames(struct end *e)
{
	struct frame *f = &e->seen[e->next % 16];
	int n, i;

	for (i = 0; i < 64; i++) {
		n = read(e->fd, f->data, FRAME);
		if (n <= 0)
			return;
		did.seen++;
		if (n < 14 + 28 || f->data[12] != (f->data[14] >> 4 == 6 ? 0x86 : 0x08))
			continue;
		f->len = n;
		f = &e->seen[++e->next % 16];
		f->len = 0;
	}
}

void traffic(unsigned int n)
{
	const struct frame *f;
	struct end *e;

	while (n--) {
		e = &ends[rnd(2)];
		read_frames(e);
		f = &e->seen[rnd(16)];
		switch (rnd(8)) {
		case 0 ... 3:
			if (f->len) {
				send_answer(e, f);
				break;
			}
			/* fall through */
		case 4 ... 5:
			if (e == ends || one_in(8))
				send_new6(e);
			else
				send_new4(e);
			break;
		case 6:
			if (f->len)
				send_error(e, f);
			break;
		case 7:
			if (one_in(4))
				send_new4(&ends[0]);
			else
				send_new6(&ends[0]);
			break;
		}
	}
}
