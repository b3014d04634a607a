// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random packets for the translation engine, and a judge of what comes out.
 *
 * The judge knows RFC 7915 and flat bytes; it shares no code with the engine.
 * Each packet has a seed of its own. A failure names it:
 *
 *	modprobe nf_xlat_fuzz count=1 seed=N
 */

#include <kunit/test.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <linux/trace_events.h>
#include <linux/vmalloc.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/netfilter/nf_xlat.h>
#include "../compat.h"

static unsigned int count = 100000;
module_param(count, uint, 0444);
MODULE_PARM_DESC(count, "how many packets");

static unsigned long long seed;
module_param(seed, ullong, 0444);
MODULE_PARM_DESC(seed, "seed of the first packet, the next has the next; 0: a random one");

#define FZ_MAX		8192	/* of a packet that is made */
#define FZ_BUF		(FZ_MAX + 512)
#define FZ_PAGES	3
#define FZ_FAILURES	5	/* so many are shown */

enum fz_kind {
	FZ_TCP,
	FZ_UDP,
	FZ_UDP_ZERO,
	FZ_UDPLITE,
	FZ_DCCP,
	FZ_ECHO,
	FZ_SCTP,
	FZ_GRE,
	FZ_ESP,
	FZ_AH,
	FZ_ERROR,	/* and all from here on */
	FZ_KINDS = 20
};

enum fz_gso { FZ_NO_GSO, FZ_GSO, FZ_GSO_LIST, FZ_GSO_FRAGLIST };

/* A network header as the judge reads it */
struct fz_l3 {
	const u8	*saddr;	/* and the destination behind it */
	unsigned int	hlen;
	unsigned int	len;
	unsigned int	frag;
	u32		id;
	u8		proto;
	u8		tos;
	u8		ttl;
	bool		mf;
	bool		fragged;
};

struct fz {
	struct kunit	*test;
	struct rnd_state rnd;
	u64		seed;
	struct nf_xlat_parm parm;
	struct sk_buff	*clone;
	struct page	*pages[FZ_PAGES];
	enum fz_gso	gso;
	unsigned int	gso_size;
	unsigned int	gso_type;
	unsigned int	len;
	unsigned int	l4;		/* where a seed has its transport header */
	unsigned int	mac_len;
	unsigned int	ip_summed;
	unsigned int	start;		/* of CHECKSUM_PARTIAL, from the header */
	unsigned int	offset;
	int		verdict;	/* 1: to be accepted, -1: refused, 0: who knows */
	u8		kind;
	u8		pf;
	bool		reasm;
	bool		failed;
	u8		in[FZ_BUF];	/* the packet's bytes */
	u8		wire[FZ_BUF];	/* and with the checksum that offload makes */
	u8		out[FZ_BUF];
	u8		seg[FZ_BUF];
	u8		held[FZ_PAGES][PAGE_SIZE];
};

static __printf(2, 3) void fz_fail(struct fz *f, const char *fmt, ...)
{
	struct va_format vaf;
	unsigned int i;
	va_list args;

	if (f->failed)
		return;
	f->failed = true;
	va_start(args, fmt);
	vaf.fmt = fmt;
	vaf.va = &args;
	KUNIT_FAIL(f->test,
		   "seed=%llu %s kind %u gso %u summed %u start %u+%u l4 %u ports %u: %pV",
		   f->seed, f->pf == NFPROTO_IPV4 ? "4to6" : "6to4", f->kind,
		   f->gso, f->ip_summed, f->start, f->offset, f->l4,
		   f->parm.ports, &vaf);
	va_end(args);
	for (i = 0; i < f->len; i += 32)
		kunit_info(f->test, "in %04x: %*ph", i,
			   (int)min(f->len - i, 32U), f->in + i);
}

static u32 fz_rnd(struct fz *f, u32 n)
{
	return n ? prandom_u32_state(&f->rnd) % n : 0;
}

static bool fz_one_in(struct fz *f, u32 n)
{
	return !fz_rnd(f, n);
}

static void fz_bytes(struct fz *f, void *p, unsigned int len)
{
	prandom_bytes_state(&f->rnd, p, len);
}

static u16 fz_get16(const u8 *p)
{
	return p[0] << 8 | p[1];
}

static u32 fz_get32(const u8 *p)
{
	return (u32)fz_get16(p) << 16 | fz_get16(p + 2);
}

static void fz_put16(u8 *p, u16 v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static u32 fz_sum(const u8 *p, unsigned int len, u32 sum)
{
	for (; len > 1; len -= 2, p += 2)
		sum += fz_get16(p);
	if (len)
		sum += *p << 8;
	return sum;
}

static u16 fz_fold(u32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static unsigned int fz_alen(u8 pf)
{
	return pf == NFPROTO_IPV4 ? 4 : 16;
}

static bool fz_is_icmp(u8 pf, u8 proto)
{
	return proto == (pf == NFPROTO_IPV4 ? 1 : 58);
}

static bool fz_has_ports(u8 proto)
{
	return proto == 6 || proto == 17 || proto == 33 || proto == 136;
}

static int fz_check_off(u8 pf, u8 proto)
{
	if (fz_is_icmp(pf, proto))
		return 2;
	if (!fz_has_ports(proto))
		return -1;
	return proto == 6 ? 16 : 6;
}

/* What sums up to zero, modulo 0xffff, in a packet with a right checksum */
static u32 fz_l4_sum(u8 pf, const struct fz_l3 *h, const u8 *l4,
		     unsigned int n, unsigned int l4_len)
{
	u32 sum = fz_sum(l4, n, 0);

	if (pf == NFPROTO_IPV6 || h->proto != 1)
		sum = fz_sum(h->saddr, 2 * fz_alen(pf), sum) + h->proto +
		      (l4_len >> 16) + (l4_len & 0xffff);
	return sum % 0xffff;
}

/* Read a header; else say why no such packet may be translated. */
static const char *fz_read4(const u8 *p, unsigned int len, bool quoted,
			    bool gso, struct fz_l3 *h)
{
	unsigned int i, n;

	if (len < 20 || p[0] >> 4 != 4)
		return "no IPv4";
	h->hlen = (p[0] & 15) * 4;
	h->len = fz_get16(p + 2);
	if (!h->len && gso && !quoted)
		h->len = len;
	if (h->hlen < 20 || h->hlen > len || h->len < h->hlen ||
	    (!quoted && h->len != len))
		return "IPv4 length";
	for (i = 20; !quoted && i < h->hlen && p[i]; i += n) {
		n = 1;
		if (p[i] == 1)
			continue;
		n = i + 1 < h->hlen ? p[i + 1] : 0;
		if (n < 2 || i + n > h->hlen)
			return "IPv4 option";
		if ((p[i] == 131 || p[i] == 137) && (n < 3 || p[i + 2] <= n))
			return "source route";
	}
	h->saddr = p + 12;
	h->id = fz_get16(p + 4);
	h->mf = p[6] & 0x20;
	h->frag = (fz_get16(p + 6) & 0x1fff) * 8;
	h->fragged = h->mf || h->frag;
	h->proto = p[9];
	h->tos = p[1];
	h->ttl = p[8];
	return NULL;
}

static const char *fz_read6(const u8 *p, unsigned int len, bool quoted,
			    bool gso, struct fz_l3 *h)
{
	const u8 *eh;

	if (len < 40 || p[0] >> 4 != 6)
		return "no IPv6";
	h->hlen = 40;
	h->len = fz_get16(p + 4) + 40;
	if (h->len == 40 && gso && !quoted)
		h->len = len;
	if (!quoted && h->len != len)
		return "IPv6 length";
	h->saddr = p + 8;
	h->id = 0;
	h->frag = 0;
	h->mf = false;
	h->fragged = false;
	h->proto = p[6];
	h->tos = fz_get16(p) >> 4;
	h->ttl = p[7];
	while (!h->frag && (h->proto == 0 || h->proto == 43 ||
			    h->proto == 44 || h->proto == 60)) {
		if (h->fragged)
			return "extension header behind a Fragment header";
		eh = p + h->hlen;
		if (h->hlen + 8 > len)
			return "cut extension header";
		h->hlen += h->proto == 44 ? 8 : 8 * (eh[1] + 1);
		if (h->proto == 44) {
			h->fragged = true;
			h->frag = fz_get16(eh + 2) & 0xfff8;
			h->mf = eh[3] & 1;
			h->id = fz_get32(eh + 4);
		} else if (h->proto == 43 && eh[3] && !quoted) {
			return "Routing header that is not used up";
		}
		h->proto = eh[0];
	}
	if (h->proto == 51 && h->fragged && !h->frag)
		return "AH behind a Fragment header";
	if (h->hlen > len || h->len < h->hlen)
		return "header longer than packet";
	return NULL;
}

static const char *fz_read(u8 pf, const u8 *p, unsigned int len, bool quoted,
			   bool gso, struct fz_l3 *h)
{
	return pf == NFPROTO_IPV4 ? fz_read4(p, len, quoted, gso, h) :
				    fz_read6(p, len, quoted, gso, h);
}

/* RFC 7915 sections 4.2 and 5.2: type << 8 | code, -1 when there is none */
static int fz_icmp_map(u8 pf, u8 type, u8 code, u32 ptr, u32 *new_ptr)
{
	static const s16 unreach[] = {
		0x100, 0x100, 0x401, 0x104, 0x200, 0x100, 0x100, 0x100,
		0x100, 0x101, 0x101, 0x100, 0x100, 0x101, -1, 0x101,
	};
	static const s8 ptr4[] = {
		0, 1, 4, 4, -1, -1, -1, -1, 7, 6, -1, -1,
		8, 8, 8, 8, 24, 24, 24, 24,
	};
	static const s16 unreach6[] = { 0x301, 0x30a, 0x301, 0x301, 0x303 };
	static const s8 ptr6[] = { 0, 1, -1, -1, 2, 2, 9, 8 };

	*new_ptr = 0;
	if (pf == NFPROTO_IPV4) {
		switch (type) {
		case 0:
			return 129 << 8 | code;
		case 8:
			return 128 << 8 | code;
		case 3:
			*new_ptr = code == 2 ? 6 : 0;
			return code < ARRAY_SIZE(unreach) ? unreach[code] : -1;
		case 11:
			return 3 << 8 | code;
		case 12:
			if (code == 1 || code > 2 || ptr >= sizeof(ptr4) ||
			    ptr4[ptr] < 0)
				return -1;
			*new_ptr = ptr4[ptr];
			return 0x400;
		}
		return -1;
	}
	switch (type) {
	case 128:
		return 8 << 8 | code;
	case 129:
		return code;
	case 1:
		return code < ARRAY_SIZE(unreach6) ? unreach6[code] : -1;
	case 2:
		return 0x304;
	case 3:
		return 11 << 8 | code;
	case 4:
		if (code == 1)
			return 0x302;
		if (code || ptr > 39)
			return -1;
		*new_ptr = ptr >= 24 ? 16 : ptr >= 8 ? 12 : ptr6[ptr];
		return *new_ptr == (u32)-1 ? -1 : 0xc00;
	}
	return -1;
}

/* Packets */

/* Make the checksums of a packet right, as far as it has some. */
static void fz_repair(u8 pf, u8 *p, unsigned int len)
{
	unsigned int n, sum_len;
	struct fz_l3 h;
	u8 *check;
	int off;

	if (pf == NFPROTO_IPV4 && len >= 20 && (p[0] & 15) * 4 <= len) {
		fz_put16(p + 10, 0);
		fz_put16(p + 10, fz_fold(fz_sum(p, (p[0] & 15) * 4, 0)));
	}
	if (fz_read(pf, p, len, true, false, &h) || h.frag || h.hlen > len)
		return;
	n = min(len, h.len) - min(h.hlen, min(len, h.len));
	off = fz_check_off(pf, h.proto);
	if (off < 0 || n < off + 2)
		return;
	sum_len = n;
	if (h.proto == 17)
		n = min_t(unsigned int, n, fz_get16(p + h.hlen + 4));
	if (h.proto == 17)
		sum_len = n;
	if (h.proto == 136 && fz_get16(p + h.hlen + 4))
		n = min_t(unsigned int, n, fz_get16(p + h.hlen + 4));
	check = p + h.hlen + off;
	fz_put16(check, 0);
	n = fz_fold(fz_l4_sum(pf, &h, p + h.hlen, n, sum_len));
	fz_put16(check, n || fz_is_icmp(pf, h.proto) ? n : 0xffff);
}

static void fz_set_len(u8 pf, u8 *p, unsigned int len)
{
	if (pf == NFPROTO_IPV4)
		fz_put16(p + 2, len);
	else
		fz_put16(p + 4, len - 40);
}

static unsigned int fz_packet(struct fz *f, u8 *p, u8 pf, bool quoted);

/* The ICMP header of an error at @p, and what it quotes */
static unsigned int fz_error(struct fz *f, u8 *p, u8 pf)
{
	static const u8 types4[] = { 3, 3, 3, 11, 12, 5 };
	static const u8 types6[] = { 1, 1, 2, 3, 4, 5 };
	unsigned int unit = pf == NFPROTO_IPV4 ? 4 : 8, len, keep, ext;
	int verdict = f->verdict;
	struct fz_l3 h;
	u32 ptr;

	memset(p, 0, 8);
	p[0] = pf == NFPROTO_IPV4 ? types4[fz_rnd(f, 6)] : types6[fz_rnd(f, 6)];
	p[1] = fz_rnd(f, p[0] == 3 && pf == NFPROTO_IPV4 ? 17 : 6);
	if (p[0] != 1 && p[0] != 3 && fz_one_in(f, 2))
		p[1] = 0;
	if (pf == NFPROTO_IPV4 && p[0] == 12) {
		p[4] = fz_rnd(f, 22);
	} else if (pf == NFPROTO_IPV4 && p[0] == 3 && p[1] == 4) {
		fz_put16(p + 6, fz_one_in(f, 3) ? 0 : fz_rnd(f, 65536));
	} else if (pf == NFPROTO_IPV6 && p[0] == 4) {
		p[7] = fz_rnd(f, 42);
	} else if (pf == NFPROTO_IPV6 && p[0] == 2) {
		fz_put16(p + 6, fz_rnd(f, 65536));
		p[4] = fz_one_in(f, 8);
	}

	len = fz_packet(f, p + 8, pf, true);
	if (fz_read(pf, p + 8, len, true, false, &h))
		h.hlen = len;
	keep = len;
	if (fz_one_in(f, 2))
		keep = min(len, h.hlen + (fz_one_in(f, 2) ? 8 : fz_rnd(f, 32)));
	if (keep < len && keep < h.hlen + 8)
		verdict = 0;
	if (f->verdict < 0)
		verdict = keep < len ? 0 : -1;
	f->verdict = verdict;
	if (fz_icmp_map(pf, p[0], p[1], pf == NFPROTO_IPV4 ? p[4] :
			fz_get32(p + 4), &ptr) < 0)
		f->verdict = -1;

	if (fz_one_in(f, 4) && (p[0] == 3 || p[0] == (pf == NFPROTO_IPV4 ? 11 : 1))) {
		memset(p + 8 + keep, 0, 128);
		keep = max(round_up(keep, unit), 128U);
		if (fz_one_in(f, 4))
			keep += unit * fz_rnd(f, 4);
		if (keep / unit < 256)
			p[pf == NFPROTO_IPV4 ? 5 : 4] = keep / unit;
		ext = 4 * fz_rnd(f, fz_one_in(f, 4) ? 150 : 20);
		fz_bytes(f, p + 8 + keep, ext);
		keep += ext;
	}
	return 8 + keep;
}

static unsigned int fz_l4(struct fz *f, u8 *p, u8 pf, u8 kind, u8 *proto)
{
	static const u8 protos[] = { 6, 17, 17, 136, 33, 0, 132, 47, 50, 51 };
	static const u8 hlens[] = { 20, 8, 8, 8, 16, 8, 12, 4, 8, 12 };
	unsigned int len;

	if (kind >= FZ_ERROR) {
		*proto = pf == NFPROTO_IPV4 ? 1 : 58;
		return fz_error(f, p, pf);
	}
	*proto = protos[kind];
	len = hlens[kind] + fz_rnd(f, fz_one_in(f, 4) ? 1400 : 80);
	if (f->gso)
		len = hlens[kind] + f->gso_size * (1 + fz_rnd(f, 4)) + 1 +
		      fz_rnd(f, f->gso_size);
	fz_bytes(f, p, len);
	switch (kind) {
	case FZ_TCP:
		p[12] = 5 << 4;
		p[13] = 0x10;
		break;
	case FZ_UDP:
	case FZ_UDP_ZERO:
		fz_put16(p + 4, len);
		/* RFC 768 lets it be shorter than the packet */
		if (len > 8 && !f->gso && fz_one_in(f, 8))
			fz_put16(p + 4, 8 + fz_rnd(f, len - 8));
		break;
	case FZ_UDPLITE:
		fz_put16(p + 4, fz_one_in(f, 2) ? 0 : 8 + fz_rnd(f, len - 7));
		break;
	case FZ_DCCP:
		p[4] = 4;
		p[5] = 0;
		break;
	case FZ_ECHO:
		*proto = pf == NFPROTO_IPV4 ? 1 : 58;
		p[0] = pf == NFPROTO_IPV4 ? 8 * fz_rnd(f, 2) : 128 + fz_rnd(f, 2);
		p[1] = 0;
		break;
	case FZ_AH:
		p[0] = 6;
		p[1] = 1;
		break;
	}
	return len;
}

/* IPv4 options or IPv6 extension headers; the length of them all */
static unsigned int fz_options(struct fz *f, u8 *p, bool quoted)
{
	static const u8 opts[] = { 1, 7, 68, 131, 137, 148 };
	unsigned int words = 1 + fz_rnd(f, 10), n;

	memset(p, 1, 4 * words);
	n = 3 + fz_rnd(f, 4 * words - 3 + 1);
	if (n > 4 * words)
		n = 4 * words;
	p[0] = opts[fz_rnd(f, sizeof(opts))];
	if (p[0] == 1)
		return 4 * words;
	p[1] = n;
	p[2] = n + 1;
	if ((p[0] == 131 || p[0] == 137) && fz_one_in(f, 4)) {
		p[2] = 4;
		if (n >= 4 && !quoted)
			f->verdict = -1;
	}
	return 4 * words;
}

static unsigned int fz_exthdrs(struct fz *f, u8 *p, u8 **nh, bool quoted)
{
	unsigned int i, n, len = 0;

	for (i = fz_rnd(f, 4); i; i--) {
		**nh = len ? 60 : 0;
		if (fz_one_in(f, 3))
			**nh = 43;
		n = 8 * (1 + fz_rnd(f, 3));
		memset(p + len, 0, n);
		p[len + 1] = n / 8 - 1;
		if (**nh == 43) {
			p[len + 2] = 4;
			p[len + 3] = fz_one_in(f, 8);
			if (p[len + 3] && !quoted)
				f->verdict = -1;
		} else {
			p[len + 2] = 1;
			p[len + 3] = n - 4;
		}
		*nh = p + len;
		len += n;
	}
	return len;
}

/* A valid packet of family @pf at @p */
static unsigned int fz_packet(struct fz *f, u8 *p, u8 pf, bool quoted)
{
	u8 kind = quoted ? fz_rnd(f, FZ_ERROR + fz_one_in(f, 8)) : f->kind;
	bool frag = !f->gso && fz_one_in(f, quoted ? 4 : 6);
	unsigned int hlen, len, off = 0, mf = 0, zero;
	u8 proto, *nh;

	if (frag) {
		mf = fz_rnd(f, 2);
		off = !mf || fz_one_in(f, 2) ? 8 * fz_rnd(f, 180) : 0;
	}

	if (pf == NFPROTO_IPV4) {
		hlen = 20;
		fz_bytes(f, p, 20);
		if (!f->gso && fz_one_in(f, 6))
			hlen += fz_options(f, p + 20, quoted);
		p[0] = 0x40 | hlen / 4;
		fz_put16(p + 6, off / 8 | mf << 13 |
			 (frag ? 0 : fz_rnd(f, 2) << 14));
		p[12] = 192;
		p[13] = 0;
		p[14] = 2;
		p[16] = 203;
		nh = p + 9;
		frag = off || mf;
	} else {
		hlen = 40;
		fz_bytes(f, p, 40);
		p[0] = 0x60 | (p[0] & 15);
		fz_put16(p + 8, 0x2001);
		fz_put16(p + 10, 0xdb8);
		p[24] = 0x20;
		nh = p + 6;
		if (!f->gso && fz_one_in(f, 5))
			hlen += fz_exthdrs(f, p + 40, &nh, quoted);
		if (frag) {
			*nh = 44;
			nh = p + hlen;
			fz_bytes(f, nh, 8);
			fz_put16(nh + 2, off | mf);
			hlen += 8;
		}
	}
	if (!quoted)
		f->l4 = hlen;
	if (kind >= FZ_ERROR && quoted) {
		/* an error about an error; one more level is enough of them */
		proto = pf == NFPROTO_IPV4 ? 1 : 58;
		fz_bytes(f, p + hlen, 64);
		p[hlen] = 3;
		len = 64;
		if (!off)
			f->verdict = -1;
	} else {
		len = fz_l4(f, p + hlen, pf, kind, &proto);
	}
	*nh = proto;
	if (kind == FZ_AH && pf == NFPROTO_IPV6 && frag && !(quoted && off))
		f->verdict = -1;
	if (!quoted && fz_is_icmp(pf, proto) && (off || mf))
		f->verdict = -1;

	len += hlen;
	fz_set_len(pf, p, len);
	fz_repair(pf, p, len);
	if (kind == FZ_UDP_ZERO && !off) {
		fz_put16(p + hlen + 6, 0);
		if (!quoted && pf == NFPROTO_IPV4 && frag)
			f->verdict = -1;
	} else if (fz_one_in(f, 16) && len > hlen + 20 && !frag &&
		   (quoted || !f->gso) && kind < FZ_ERROR) {
		/* it is not for us to judge, unless it is of an ICMP error */
		p[hlen + 8 + fz_rnd(f, len - hlen - 8)] ^= 0x10;
	}
	zero = fz_rnd(f, 12);
	/* sums that may come out as zero are rare: look for them */
	if (!zero && !off && !f->gso && (kind == FZ_UDP || kind == FZ_UDPLITE))
		fz_put16(p + hlen + 6, 0xffff);
	return len;
}

static void fz_mutate(struct fz *f)
{
	/* the fields that tell lengths, quoted ones too */
	static const u8 lengths[] = {
		0, 2, 3, 4, 5, 24, 25, 32, 33, 41, 44, 45, 48, 49, 52, 53, 68,
	};
	static const u8 bytes[] = { 0, 1, 6, 17, 43, 44, 51, 58, 60, 0x7f, 0x80, 0xff };
	unsigned int n = 1 + fz_rnd(f, fz_one_in(f, 2) ? 2 : 8), at, to, len;
	unsigned int head;

	f->verdict = 0;
	while (n--) {
		head = min(f->len, fz_one_in(f, 3) ? f->len : 128);
		at = fz_rnd(f, head);
		switch (fz_rnd(f, 8)) {
		case 0:
		case 1:
			f->in[at] ^= 1 << fz_rnd(f, 8);
			break;
		case 2:
			f->in[at] = bytes[fz_rnd(f, sizeof(bytes))];
			break;
		case 3:
			f->len = max(fz_rnd(f, f->len), 1U);
			break;
		case 4:
			len = min(fz_rnd(f, 64), FZ_MAX - f->len);
			fz_bytes(f, f->in + f->len, len);
			f->len += len;
			break;
		case 5:
			at = lengths[fz_rnd(f, sizeof(lengths))];
			f->in[at] += fz_rnd(f, 17) - 8;
			break;
		case 6: /* splice */
			to = fz_rnd(f, head);
			len = min(fz_rnd(f, 64), f->len - max(at, to));
			memmove(f->in + to, f->in + at, len);
			break;
		case 7: /* splice with another packet */
			len = fz_packet(f, f->out, f->pf, true);
			to = fz_rnd(f, min(len, 128U));
			len = min(len - to, f->len - at);
			memcpy(f->in + at, f->out + to, len);
			f->verdict = 0;
			break;
		}
	}
	if (fz_one_in(f, 8))
		return;
	f->in[0] = (f->pf == NFPROTO_IPV4 ? 0x40 : 0x60) | (f->in[0] & 15);
	if (f->len >= 40) {
		fz_set_len(f->pf, f->in, f->len);
		fz_repair(f->pf, f->in, f->len);
	}
}

static void fz_random(struct fz *f)
{
	static const u8 protos[] = { 0, 1, 6, 17, 33, 43, 44, 51, 58, 60, 136 };

	f->len = 40 + fz_rnd(f, 200);
	f->verdict = 0;
	fz_bytes(f, f->in, f->len);
	f->in[0] = f->pf == NFPROTO_IPV4 ? 0x45 + fz_one_in(f, 2) : 0x60;
	f->in[f->pf == NFPROTO_IPV4 ? 9 : 6] = protos[fz_rnd(f, sizeof(protos))];
	if (fz_one_in(f, 2))
		fz_put16(f->in + 6, 0);
	fz_set_len(f->pf, f->in, f->len);
	if (fz_one_in(f, 2))
		fz_repair(f->pf, f->in, f->len);
	f->l4 = 20 * fz_rnd(f, 3);
}

/* The packet as an skb of any shape */

static struct sk_buff *fz_alloc(struct fz *f, const u8 *p, unsigned int len,
				unsigned int headroom)
{
	unsigned int reserve = headroom;
	struct sk_buff *skb;

	skb = alloc_skb(headroom + len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(f->test, skb);
	/* what the allocator gave too much goes before or behind */
	if (fz_one_in(f, 4))
		reserve = skb_tailroom(skb) - len;
	skb_reserve(skb, reserve);
	skb_put_data(skb, p, len);
	return skb;
}

static void fz_add_list(struct fz *f, struct sk_buff *skb, unsigned int at,
			unsigned int size)
{
	struct sk_buff *member, **tail = &skb_shinfo(skb)->frag_list;
	unsigned int n;

	for (; at < f->len; at += n) {
		n = min(size ?: 1 + fz_rnd(f, f->len - at), f->len - at);
		member = fz_alloc(f, f->in + at, n, 64);
		*tail = member;
		tail = &member->next;
		skb->len += n;
		skb->data_len += n;
		skb->truesize += member->truesize;
	}
}

static unsigned int fz_add_pages(struct fz *f, struct sk_buff *skb,
				 unsigned int at)
{
	unsigned int i, n, off;

	for (i = 0; i < FZ_PAGES && at < f->len; i++, at += n) {
		n = min_t(unsigned int, f->len - at, PAGE_SIZE);
		if (f->len - at <= (FZ_PAGES - 1 - i) * PAGE_SIZE)
			n = 1 + fz_rnd(f, n);
		off = fz_rnd(f, PAGE_SIZE - n + 1);
		memcpy(page_address(f->pages[i]) + off, f->in + at, n);
		get_page(f->pages[i]);
		skb_add_rx_frag(skb, i, f->pages[i], off, n, PAGE_SIZE);
	}
	return at;
}

/* Offload is asked for where the seed has its checksum, or in a tunnel. */
static void fz_partial(struct fz *f)
{
	struct fz_l3 h;
	u32 sum;
	int off;

	if (fz_read(f->pf, f->in, f->len, true, false, &h))
		return;
	off = fz_check_off(f->pf, h.proto);
	f->start = h.hlen;
	if (!f->gso && fz_one_in(f, 8)) {
		f->start = fz_rnd(f, f->len);
		off = fz_rnd(f, 20);
	}
	if (off < 0 || f->start + off + 2 > f->len ||
	    (h.fragged && f->start <= h.hlen))
		return;
	f->ip_summed = CHECKSUM_PARTIAL;
	f->offset = off;
	if (f->start != h.hlen || off != fz_check_off(f->pf, h.proto))
		return;
	sum = 0;
	if (f->pf == NFPROTO_IPV6 || h.proto != 1)
		sum = fz_l4_sum(f->pf, &h, NULL, 0, h.len - h.hlen);
	fz_put16(f->in + f->start + off, sum);
}

static struct sk_buff *fz_skb(struct fz *f)
{
	static const u8 headrooms[] = { 0, 2, ETH_HLEN, 16, 64, 128 };
	unsigned int headroom = headrooms[fz_rnd(f, sizeof(headrooms))];
	unsigned int lin = f->len, at, i;
	struct sk_buff *skb;

	f->ip_summed = fz_rnd(f, 4);
	if (f->gso)
		f->ip_summed = f->gso == FZ_GSO_FRAGLIST ? CHECKSUM_UNNECESSARY :
							  CHECKSUM_PARTIAL;
	if (f->ip_summed == CHECKSUM_PARTIAL) {
		f->ip_summed = CHECKSUM_NONE;
		fz_partial(f);
	}
	if (f->gso && f->gso != FZ_GSO_FRAGLIST &&
	    f->ip_summed != CHECKSUM_PARTIAL)
		f->gso = FZ_NO_GSO;

	if (f->gso > FZ_GSO)
		lin = min(f->len, f->l4 + f->gso_size +
				  (f->kind == FZ_TCP ? 20 : 8));
	else if (fz_one_in(f, 2))
		lin = fz_rnd(f, fz_one_in(f, 2) ? min(f->len, 120U) : f->len);
	if (f->ip_summed == CHECKSUM_PARTIAL)
		lin = max(lin, f->start + f->offset + 2);
	skb = fz_alloc(f, f->in, lin, headroom);
	at = lin;
	if (f->gso <= FZ_GSO && (f->gso || fz_one_in(f, 2)))
		at = fz_add_pages(f, skb, at);
	fz_add_list(f, skb, at, f->gso ? f->gso_size : 0);
	for (i = 0; i < FZ_PAGES; i++)
		memcpy(f->held[i], page_address(f->pages[i]), PAGE_SIZE);

	skb_reset_network_header(skb);
	skb_set_transport_header(skb, f->l4);
	f->mac_len = 0;
	if (headroom >= ETH_HLEN && fz_one_in(f, 2)) {
		f->mac_len = ETH_HLEN;
		memset(skb->data - ETH_HLEN, 0xa5, ETH_HLEN);
		skb_set_mac_header(skb, -ETH_HLEN);
	} else if (fz_one_in(f, 2)) {
		skb_reset_mac_header(skb);
	}
	skb->protocol = htons(f->pf == NFPROTO_IPV4 ? ETH_P_IP : ETH_P_IPV6);

	f->reasm = false;
	if (fz_one_in(f, 8)) {
		f->reasm = true;
		if (fz_one_in(f, 2))
			skb->ignore_df = 1;
		else if (f->pf == NFPROTO_IPV4)
			IPCB(skb)->frag_max_size = 1280;
		else
			IP6CB(skb)->frag_max_size = 1280;
	}

	skb->ip_summed = f->ip_summed;
	if (f->ip_summed == CHECKSUM_COMPLETE)
		skb->csum = skb_checksum(skb, 0, skb->len, 0);
	if (f->ip_summed == CHECKSUM_PARTIAL) {
		skb->csum_start = skb_headroom(skb) + f->start;
		skb->csum_offset = f->offset;
	}
	if (f->gso) {
		f->gso_type = f->kind != FZ_TCP ? SKB_GSO_UDP_L4 :
			      f->pf == NFPROTO_IPV4 ? SKB_GSO_TCPV4 :
						      SKB_GSO_TCPV6;
		if (f->gso == FZ_GSO_FRAGLIST)
			f->gso_type |= SKB_GSO_FRAGLIST;
		if (f->kind == FZ_TCP && fz_one_in(f, 4))
			f->gso_type |= SKB_GSO_TCP_ECN;
		if (f->verdict <= 0)
			f->gso_type |= SKB_GSO_DODGY;
		skb_shinfo(skb)->gso_type = f->gso_type;
		skb_shinfo(skb)->gso_size = f->gso_size;
		skb_shinfo(skb)->gso_segs =
			DIV_ROUND_UP(f->len - f->l4, f->gso_size);
	}
	f->clone = fz_one_in(f, 4) ? skb_clone(skb, GFP_KERNEL) : NULL;
	return skb;
}

/* The judge */

#define fz_expect(f, cond, fmt, ...)					\
do {									\
	if (!(cond))							\
		fz_fail(f, "%s: " fmt, #cond, ##__VA_ARGS__);		\
} while (0)

/* What offload will do */
static void fz_resolve(u8 *p, unsigned int len, unsigned int start,
		       unsigned int off)
{
	u16 sum = fz_fold(fz_sum(p + start, len - start, 0));

	fz_put16(p + start + off, sum ?: 0xffff);
}

/* A header of the other family: @len is what it has to claim. */
static unsigned int fz_judge_l3(struct fz *f, const u8 *p, unsigned int avail,
				const struct fz_l3 *in,
				const struct nf_xlat_hdr *hdr, u8 ttl,
				unsigned int len, bool quoted)
{
	u8 proto = in->proto;
	unsigned int hlen;
	bool df;

	if (fz_is_icmp(f->pf, proto))
		proto = f->pf == NFPROTO_IPV4 ? 58 : 1;

	if (f->pf == NFPROTO_IPV6) {
		fz_expect(f, avail >= 20, "%u", avail);
		if (f->failed)
			return 0;
		fz_expect(f, p[0] == 0x45, "%x", p[0]);
		fz_expect(f, p[1] == in->tos, "%x", p[1]);
		fz_expect(f, fz_get16(p + 2) == min(len + 20, 65535U),
			  "%u, wanted %u", fz_get16(p + 2), len + 20);
		df = len + 20 > 1260;
		if (!quoted && f->gso)
			df = 20 + f->l4 - in->hlen + f->gso_size +
			     (f->gso_type & SKB_GSO_UDP_L4 ? 8 :
			      f->in[f->l4 + 12] / 16 * 4) > 1260;
		if (!quoted && f->reasm)
			df = false;
		if (in->fragged) {
			fz_expect(f, fz_get16(p + 4) == (in->id & 0xffff),
				  "%x", fz_get16(p + 4));
			fz_expect(f, fz_get16(p + 6) ==
				  (in->frag / 8 | in->mf << 13), "%x",
				  fz_get16(p + 6));
		} else {
			fz_expect(f, fz_get16(p + 6) == df << 14, "%x",
				  fz_get16(p + 6));
		}
		fz_expect(f, p[8] == ttl, "%u", p[8]);
		fz_expect(f, p[9] == proto, "%u", p[9]);
		fz_expect(f, !fz_fold(fz_sum(p, 20, 0)), "quoted %u", quoted);
		fz_expect(f, !memcmp(p + 12, &hdr->saddr, 4), "quoted %u", quoted);
		fz_expect(f, !memcmp(p + 16, &hdr->daddr, 4), "quoted %u", quoted);
		return 20;
	}

	hlen = in->fragged ? 48 : 40;
	fz_expect(f, avail >= hlen, "%u", avail);
	if (f->failed)
		return 0;
	fz_expect(f, fz_get32(p) == (0x60000000 | in->tos << 20), "%x",
		  fz_get32(p));
	fz_expect(f, fz_get16(p + 4) == len + hlen - 40, "%u, wanted %u",
		  fz_get16(p + 4), len + hlen - 40);
	fz_expect(f, p[7] == ttl, "%u", p[7]);
	fz_expect(f, p[6] == (in->fragged ? 44 : proto), "%u", p[6]);
	fz_expect(f, !memcmp(p + 8, &hdr->saddr, 16), "quoted %u", quoted);
	fz_expect(f, !memcmp(p + 24, &hdr->daddr, 16), "quoted %u", quoted);
	if (in->fragged) {
		fz_expect(f, p[40] == proto && !p[41], "%u %u", p[40], p[41]);
		fz_expect(f, fz_get16(p + 42) == (in->frag | in->mf), "%x",
			  fz_get16(p + 42));
		fz_expect(f, fz_get32(p + 44) == in->id, "%x", fz_get32(p + 44));
	}
	return hlen;
}

/*
 * Transport header and payload, @n bytes of it in both. The checksum covers as
 * much that is wrong as before: the sum of all, with pseudo-header, stays.
 */
static void fz_judge_l4(struct fz *f, const u8 *in, const u8 *out,
			unsigned int n, const struct fz_l3 *ih,
			const struct nf_xlat_hdr *hdr, bool quoted)
{
	u8 other = f->pf == NFPROTO_IPV4 ? NFPROTO_IPV6 : NFPROTO_IPV4;
	bool icmp = fz_is_icmp(f->pf, ih->proto);
	unsigned int l4_len = ih->len - ih->hlen;
	struct fz_l3 oh = *ih;
	u8 addr[32], want[24];
	unsigned int i, head;
	u32 before, after;
	int off, type;
	u32 ptr;

	head = min_t(unsigned int, n, sizeof(want));
	fz_expect(f, !memcmp(in + head, out + head, n - head), "payload");
	memcpy(want, in, head);
	off = ih->frag ? -1 : fz_check_off(f->pf, ih->proto);
	if (off >= 0 && icmp && n) {
		type = fz_icmp_map(f->pf, in[0], in[1], 0, &ptr);
		want[0] = type >> 8;
		if (f->parm.ports && n >= 8)
			memcpy(want + 4, &hdr->sport, 2);
	} else if (off >= 0 && f->parm.ports && n >= 4) {
		memcpy(want, &hdr->sport, 2);
		memcpy(want + 2, &hdr->dport, 2);
	}
	for (i = 0; i < head; i++) {
		if (i != off && i != off + 1)
			fz_expect(f, out[i] == want[i],
				  "byte %u of transport is %x, wanted %x, quoted %u, %u",
				  i, out[i], want[i], quoted, n);
	}
	if (off < 0 || n < off + 2)
		return;
	/* what is quoted of a fragment does not tell the length to sum */
	if (icmp && ih->mf)
		return;

	memcpy(addr, &hdr->saddr, fz_alen(other));
	memcpy(addr + fz_alen(other), &hdr->daddr, fz_alen(other));
	oh.saddr = addr;
	if (icmp)
		oh.proto = other == NFPROTO_IPV4 ? 1 : 58;

	if ((ih->proto == 17 || ih->proto == 136) && fz_get16(in + 6))
		fz_expect(f, fz_get16(out + 6), "protocol %u, quoted %u",
			  ih->proto, quoted);
	if (ih->proto == 17 && !fz_get16(in + 6)) {
		if (quoted || other == NFPROTO_IPV4) {
			fz_expect(f, !fz_get16(out + 6), "UDP, quoted %u", quoted);
			return;
		}
		n = fz_get16(in + 4);
		after = fz_l4_sum(other, &oh, out, n, n);
		fz_expect(f, !after && fz_get16(out + 6), "UDP zero: %x", after);
		return;
	}
	after = fz_l4_sum(other, &oh, out, n, l4_len);
	/* a list has its checksums per member, and gets one for all */
	before = f->gso == FZ_GSO_FRAGLIST ? 0 :
		 fz_l4_sum(f->pf, ih, in, n, l4_len);
	fz_expect(f, before == after, "%x, %x, protocol %u, quoted %u", before,
		  after, ih->proto, quoted);
}

static u32 fz_mtu(struct fz *f, u32 mtu, const struct fz_l3 *quoted)
{
	static const u32 plateau[] = {
		65535, 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296,
	};
	u32 mtu4 = f->parm.mtu4 ?: U32_MAX / 2, mtu6 = f->parm.mtu6 ?: U32_MAX / 2;
	unsigned int i, growth = quoted->fragged ? 28 : 20;

	if (f->pf == NFPROTO_IPV6)
		return min3(min(max(mtu, 1280U) - growth, 65535U), mtu4,
			    mtu6 - growth);
	for (i = 0; !mtu && i < ARRAY_SIZE(plateau); i++) {
		if (plateau[i] < quoted->len)
			mtu = plateau[i];
	}
	return max(1280U, min3((mtu ?: 68) + 20, mtu4 + 20, mtu6));
}

/* The ICMP error at @in became the one at @out. */
static void fz_judge_error(struct fz *f, const u8 *in, unsigned int in_len,
			   const u8 *out, unsigned int out_len,
			   unsigned int room, const struct fz_l3 *oh)
{
	u8 other = f->pf == NFPROTO_IPV4 ? NFPROTO_IPV6 : NFPROTO_IPV4;
	unsigned int unit = f->pf == NFPROTO_IPV4 ? 8 : 4, field, n, hlen;
	unsigned int ext = 0, quoted = in_len - 8, min_ext, full;
	u32 ptr, info = fz_get32(in + 4), want = 0, len = 0;
	const char *why;
	struct fz_l3 h;
	int map;

	map = fz_icmp_map(f->pf, in[0], in[1], f->pf == NFPROTO_IPV4 ? in[4] :
			  info, &ptr);
	why = fz_read(f->pf, in + 8, in_len - 8, true, false, &h);
	fz_expect(f, !why, "quoted: %s", why);
	fz_expect(f, map >= 0, "ICMP %u/%u", in[0], in[1]);
	fz_expect(f, !fz_l4_sum(other, oh, out, out_len, out_len), "ICMP error");
	if (f->failed)
		return;
	fz_expect(f, !fz_is_icmp(other, h.proto), "quoted protocol %u", h.proto);
	if (fz_is_icmp(f->pf, h.proto) && !h.frag)
		fz_expect(f, in_len > 8 + h.hlen &&
			  (f->pf == NFPROTO_IPV4 ?
			   !in[8 + h.hlen] || in[8 + h.hlen] == 8 :
			   in[8 + h.hlen] >> 1 == 64), "error about an error");
	if (f->failed)
		return;

	if (f->pf == NFPROTO_IPV4 && (in[0] == 3 || in[0] >= 11))
		len = in[5] * 4;
	else if (f->pf == NFPROTO_IPV6 && (in[0] == 1 || in[0] == 3))
		len = in[4] * 8;
	if (len >= h.hlen && len <= in_len - 8) {
		ext = in_len - 8 - len;
		quoted = len;
	}

	/* type, code, and what the other four bytes say */
	fz_expect(f, fz_get16(out) == map, "%x, wanted %x", fz_get16(out), map);
	field = out[other == NFPROTO_IPV4 ? 5 : 4] * unit;
	if (map >> 8 == (other == NFPROTO_IPV6 ? 4 : 12))
		want = other == NFPROTO_IPV6 ? ptr : ptr << 24;
	else if (map == (other == NFPROTO_IPV6 ? 0x200 : 0x304))
		want = fz_mtu(f, f->pf == NFPROTO_IPV4 ? info & 0xffff : info,
			      &h);
	if (other == NFPROTO_IPV6 && map >> 8 != 1 && map >> 8 != 3) {
		field = 0;
		ext = 0;
	}
	info = fz_get32(out + 4);
	if (field)
		info &= other == NFPROTO_IPV6 ? 0xffffff : 0xff00ffff;
	fz_expect(f, info == want, "info %x, wanted %x", info, want);

	/* the quoted packet, translated, is cut and padded as RFC 4884 says */
	hlen = fz_judge_l3(f, out + 8, out_len - 8, &h, &f->parm.inner, h.ttl,
			   h.len - h.hlen, true);
	if (f->failed)
		return;
	full = quoted - h.hlen + hlen;
	n = min(full, room - 8);
	if (field) {
		fz_expect(f, ext && field >= 128 && field % unit == 0, "%u", field);
		fz_expect(f, out_len == 8 + field + ext, "%u %u %u", out_len,
			  field, ext);
		if (f->failed)
			return;
		fz_expect(f, !memcmp(out + 8 + field, in + in_len - ext, ext),
			  "extension");
		n = min(full, field);
		fz_expect(f, !memchr_inv(out + 8 + n, 0, field - n), "padding");
		/* no more is cut than needs be */
		fz_expect(f, n == full || out_len + unit > room, "%u %u", n, full);
	} else {
		min_ext = 8 + 128 + ext;
		fz_expect(f, !ext || min_ext > room, "extension of %u lost", ext);
		fz_expect(f, out_len == 8 + n, "%u, wanted %u", out_len, 8 + n);
	}
	if (f->failed)
		return;
	fz_judge_l4(f, in + 8 + h.hlen, out + 8 + hlen, n - hlen, &h,
		    &f->parm.inner, true);
}

static void fz_judge_segs(struct fz *f, struct sk_buff *skb, unsigned int hlen)
{
	unsigned int l4_hlen = f->kind == FZ_TCP ? 20 : 8, off = hlen + l4_hlen;
	u8 other = f->pf == NFPROTO_IPV4 ? NFPROTO_IPV6 : NFPROTO_IPV4;
	netdev_features_t features = 0;
	struct sk_buff *segs, *seg, *next;
	const char *why;
	struct fz_l3 h;
	unsigned int n;

	if (fz_one_in(f, 2))
		features = NETIF_F_SG | NETIF_F_HW_CSUM;
	segs = skb_gso_segment(skb, features);
	if (IS_ERR_OR_NULL(segs)) {
		fz_expect(f, !f->verdict, "segments: %ld", PTR_ERR(segs));
		return;
	}
	skb_list_walk_safe(segs, seg, next) {
		n = seg->len;
		if (!f->verdict || f->failed)
			goto next;
		fz_expect(f, n <= FZ_BUF && n >= hlen + l4_hlen, "%u", n);
		if (f->failed)
			goto next;
		skb_copy_bits(seg, 0, f->seg, n);
		if (seg->ip_summed == CHECKSUM_PARTIAL)
			fz_resolve(f->seg, n, skb_checksum_start_offset(seg),
				   seg->csum_offset);
		why = fz_read(other, f->seg, n, false, false, &h);
		fz_expect(f, !why, "segment: %s", why);
		if (f->failed)
			goto next;
		fz_expect(f, h.hlen == hlen, "segment: %u", h.hlen);
		if (other == NFPROTO_IPV4)
			fz_expect(f, !fz_fold(fz_sum(f->seg, 20, 0)), "segment");
		fz_expect(f, !fz_l4_sum(other, &h, f->seg + hlen, n - hlen,
					n - hlen), "segment at %u", off);
		n -= hlen + l4_hlen;
		fz_expect(f, n == f->gso_size || !next, "segment of %u", n);
		fz_expect(f, off + n <= FZ_BUF &&
			  !memcmp(f->out + off, f->seg + hlen + l4_hlen, n),
			  "segment's payload at %u", off);
		off += n;
next:
		kfree_skb(seg);
	}
}

static void fz_judge_skb(struct fz *f, struct sk_buff *skb, unsigned int hlen)
{
	const struct skb_shared_info *shinfo = skb_shinfo(skb);
	unsigned int type = f->gso_type, data_len = 0, i;
	const struct sk_buff *member;

	fz_expect(f, skb->protocol == htons(f->pf == NFPROTO_IPV4 ? ETH_P_IPV6 :
					    ETH_P_IP), "%x", skb->protocol);
	fz_expect(f, !skb_network_offset(skb), "%d", skb_network_offset(skb));
	fz_expect(f, skb_transport_offset(skb) == hlen, "%d",
		  skb_transport_offset(skb));
	fz_expect(f, skb_headlen(skb) >= hlen, "%u", skb_headlen(skb));
	if (f->mac_len) {
		fz_expect(f, skb_mac_offset(skb) == -ETH_HLEN, "%d",
			  skb_mac_offset(skb));
		fz_expect(f, skb_headroom(skb) >= ETH_HLEN &&
			  !memchr_inv(skb->data - ETH_HLEN, 0xa5, ETH_HLEN),
			  "link layer");
	}
	for (i = 0; i < shinfo->nr_frags; i++)
		data_len += skb_frag_size(&shinfo->frags[i]);
	skb_walk_frags(skb, member)
		data_len += member->len;
	fz_expect(f, data_len == skb->data_len, "%u, %u", data_len,
		  skb->data_len);

	fz_expect(f, shinfo->gso_size == (f->gso ? f->gso_size : 0), "%u",
		  shinfo->gso_size);
	if (f->gso) {
		type &= ~SKB_GSO_FRAGLIST;
		if (type & (SKB_GSO_TCPV4 | SKB_GSO_TCPV6))
			type ^= SKB_GSO_TCPV4 | SKB_GSO_TCPV6;
		fz_expect(f, shinfo->gso_type == type, "%x, wanted %x",
			  shinfo->gso_type, type);
		fz_expect(f, skb->ip_summed == CHECKSUM_PARTIAL, "GSO");
	}
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		fz_expect(f, csum_fold(csum_sub(skb->csum,
						skb_checksum(skb, 0, skb->len, 0))) ==
			  (__force __sum16)0xffff ||
			  !csum_fold(csum_sub(skb->csum,
					      skb_checksum(skb, 0, skb->len, 0))),
			  "CHECKSUM_COMPLETE");
	for (i = 0; i < FZ_PAGES; i++)
		fz_expect(f, !memcmp(f->held[i], page_address(f->pages[i]),
				     PAGE_SIZE), "wrote to a page");
}

static void fz_judge(struct fz *f, struct sk_buff *skb)
{
	u8 other = f->pf == NFPROTO_IPV4 ? NFPROTO_IPV6 : NFPROTO_IPV4;
	unsigned int hlen, len = skb->len, room, n;
	struct fz_l3 ih, oh;
	bool error = false, lost = false;
	const char *why;
	const u8 *in;
	int start;
	u8 ttl;

	why = fz_read(f->pf, f->in, f->len, false, f->gso, &ih);
	fz_expect(f, !why, "accepted: %s", why);
	fz_expect(f, len <= FZ_BUF, "%u", len);
	if (f->failed)
		return;
	fz_expect(f, !fz_is_icmp(other, ih.proto), "accepted protocol %u",
		  ih.proto);
	skb_copy_bits(skb, 0, f->out, len);

	memcpy(f->wire, f->in, f->len);
	if (f->ip_summed == CHECKSUM_PARTIAL)
		fz_resolve(f->wire, f->len, f->start, f->offset);
	in = f->wire + ih.hlen;
	n = f->len - ih.hlen;
	/* offload that sums up a part of the headers that we read: all is lost */
	if (f->ip_summed == CHECKSUM_PARTIAL &&
	    f->start < ih.hlen + (fz_is_icmp(f->pf, ih.proto) ? 120 : 20) &&
	    (f->start != ih.hlen || f->offset != fz_check_off(f->pf, ih.proto)))
		lost = true;
	if (fz_is_icmp(f->pf, ih.proto)) {
		fz_expect(f, n >= 8 && !ih.frag && !ih.mf, "fragmented ICMP");
		if (f->failed)
			return;
		error = f->in[ih.hlen] != 8 && f->in[ih.hlen] >> 1 != 64;
		if (f->pf == NFPROTO_IPV4 && !f->in[ih.hlen])
			error = false;
		/* what offload will sum up, or has, is taken for right */
		if (error && f->ip_summed != CHECKSUM_UNNECESSARY &&
		    f->ip_summed != CHECKSUM_PARTIAL)
			fz_expect(f, !fz_l4_sum(f->pf, &ih, in, n, n),
				  "accepted corrupt error");
	}

	ttl = ih.ttl - f->parm.ttl_dec;
	hlen = other == NFPROTO_IPV4 ? 20 : ih.fragged ? 48 : 40;
	fz_expect(f, len >= hlen, "%u", len);
	if (!f->failed)
		fz_judge_skb(f, skb, hlen);
	if (f->failed)
		return;
	if (!error)
		fz_expect(f, len == n + hlen, "%u, wanted %u", len, n + hlen);
	fz_judge_l3(f, f->out, len, &ih, &f->parm.outer, ttl, len - hlen, false);

	if (skb->ip_summed == CHECKSUM_PARTIAL) {
		start = skb_checksum_start_offset(skb);
		fz_expect(f, start >= (int)hlen &&
			  start + skb->csum_offset + 2 <= skb_headlen(skb),
			  "%d+%u of %u", start, skb->csum_offset,
			  skb_headlen(skb));
		if (f->failed)
			return;
		fz_resolve(f->out, len, start, skb->csum_offset);
	}
	if (f->failed || lost)
		return;

	if (error) {
		room = (other == NFPROTO_IPV4 ? 576 : 1280) - hlen;
		fz_expect(f, len - hlen <= room && len - hlen >= 8, "%u", len);
		oh = ih;
		oh.saddr = f->out + (other == NFPROTO_IPV4 ? 12 : 8);
		oh.proto = other == NFPROTO_IPV4 ? 1 : 58;
		if (!f->failed)
			fz_judge_error(f, in, n, f->out + hlen, len - hlen, room,
				       &oh);
		return;
	}
	fz_judge_l4(f, in, f->out + hlen, n, &ih, &f->parm.outer, false);
	if (f->failed)
		return;

	if (f->gso) {
		fz_judge_segs(f, skb, hlen);
	} else if (skb->ip_summed == CHECKSUM_PARTIAL && fz_one_in(f, 4)) {
		fz_expect(f, !skb_checksum_help(skb), "offload");
		skb_copy_bits(skb, 0, f->seg, len);
		fz_expect(f, !memcmp(f->seg, f->out, len), "offload");
	}
}

/* The packet at @skb still is what it was. */
static void fz_same(struct fz *f, struct sk_buff *skb, const char *what)
{
	fz_expect(f, skb->len == f->len, "%s: %u", what, skb->len);
	if (f->failed)
		return;
	skb_copy_bits(skb, 0, f->seg, f->len);
	fz_expect(f, !memcmp(f->seg, f->in, f->len), "%s", what);
}

static void fz_parm(struct fz *f)
{
	struct nf_xlat_parm *parm = &f->parm;

	fz_bytes(f, &parm->outer, sizeof(parm->outer));
	fz_bytes(f, &parm->inner, sizeof(parm->inner));
	parm->mtu4 = fz_one_in(f, 3) ? 0 : 68 + fz_rnd(f, 65536 - 68);
	parm->mtu6 = fz_one_in(f, 3) ? 0 : 1280 + fz_rnd(f, 65536 - 1280);
	if (fz_one_in(f, 2) && parm->mtu4)
		parm->mtu4 = 1500;
	parm->ports = fz_rnd(f, 2);
	parm->keep_ct = fz_rnd(f, 2);
	parm->ttl_dec = fz_rnd(f, 2) &&
			f->in[f->pf == NFPROTO_IPV4 ? 8 : 7] > 1;
}

/* One packet; true if it was accepted. */
static bool fz_one(struct fz *f, u64 packet_seed)
{
	enum nf_xlat_reason reason;
	struct nf_xlat_pkt pkt;
	struct sk_buff *skb;
	unsigned int i;

	/* the generator takes no more than 32 bits of it, and starts slowly */
	f->seed = packet_seed;
	pr_debug("seed=%llu\n", f->seed);
	packet_seed *= 0x9e3779b97f4a7c15ULL;
	prandom_seed_state(&f->rnd, packet_seed ^ packet_seed >> 32);
	for (i = 0; i < 8; i++)
		prandom_u32_state(&f->rnd);

	f->failed = false;
	f->pf = fz_rnd(f, 2) ? NFPROTO_IPV4 : NFPROTO_IPV6;
	f->verdict = 1;
	f->gso = FZ_NO_GSO;
	f->start = 0;
	f->offset = 0;
	f->kind = fz_rnd(f, FZ_KINDS);
	if (fz_one_in(f, 16)) {
		f->kind = fz_rnd(f, 2) ? FZ_TCP : FZ_UDP;
		f->gso = 1 + fz_rnd(f, 3);
		f->gso_size = 64 + fz_rnd(f, 1200);
	}
	if (fz_one_in(f, 16) && !f->gso)
		fz_random(f);
	else
		f->len = fz_packet(f, f->in, f->pf, false);
	if (fz_one_in(f, 2))
		fz_mutate(f);
	/* a list comes from GRO, which makes none of what is broken */
	if (f->gso && f->verdict <= 0)
		f->gso = FZ_GSO;
	if (f->gso && (f->len < f->l4 + 20 + f->gso_size || f->len > FZ_MAX))
		f->gso = FZ_NO_GSO;

	skb = fz_skb(f);
	if (f->ip_summed == CHECKSUM_PARTIAL && f->verdict > 0 &&
	    f->start != f->l4)
		f->verdict = 0;
	fz_parm(f);
	/* for the tracepoint, which reads it as it comes */
	nf_xlat_drop(&init_net, skb, NF_XLAT_MALFORMED);
	reason = nf_xlat_parse(skb, f->pf, nf_xlat_reassembled(skb, f->pf),
			       &pkt);
	fz_same(f, skb, "after nf_xlat_parse()");
	fz_expect(f, !f->verdict || (f->verdict > 0) == !reason,
		  "verdict %d, reason %u", f->verdict, reason);
	if (!reason) {
		unsigned int len = nf_xlat_new_len(&pkt);

		reason = nf_xlat_skb(&init_net, skb, &pkt, &f->parm);
		fz_expect(f, !reason, "nf_xlat_skb(): %u", reason);
		fz_expect(f, reason || skb->len == len, "%u, announced %u",
			  skb->len, len);
		if (!reason)
			fz_judge(f, skb);
		reason = 0;
	}
	if (f->clone) {
		fz_same(f, f->clone, "the clone");
		kfree_skb(f->clone);
	}
	kfree_skb(skb);
	return !reason;
}

static void nf_xlat_fuzz_test_packets(struct kunit *test)
{
	u64 first = seed ?: get_random_u32();
	unsigned int i, accepted = 0, failed = 0;
	struct fz *f;

	f = vzalloc(sizeof(*f));
	KUNIT_ASSERT_NOT_NULL(test, f);
	f->test = test;
	for (i = 0; i < FZ_PAGES; i++) {
		f->pages[i] = alloc_page(GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, f->pages[i]);
	}
	if (IS_ENABLED(CONFIG_EVENT_TRACING))
		KUNIT_EXPECT_EQ(test, 0, trace_set_clr_event("nf_xlat",
							     "nf_xlat_drop", 1));
	kunit_info(test, "seed=%llu count=%u", first, count);
	for (i = 0; i < count && failed < FZ_FAILURES; i++) {
		accepted += fz_one(f, first + i);
		failed += f->failed;
		cond_resched();
	}
	if (IS_ENABLED(CONFIG_EVENT_TRACING))
		trace_set_clr_event("nf_xlat", "nf_xlat_drop", 0);
	kunit_info(test, "%u of %u accepted", accepted, i);
	/* a judge who sees few of them is asleep */
	if (count >= 1000)
		KUNIT_EXPECT_GT(test, accepted, i / 4);
	for (i = 0; i < FZ_PAGES; i++)
		put_page(f->pages[i]);
	vfree(f);
}

static struct kunit_case nf_xlat_fuzz_cases[] = {
	KUNIT_CASE(nf_xlat_fuzz_test_packets),
	{}
};

static struct kunit_suite nf_xlat_fuzz_suite = {
	.name		= "nf_xlat_fuzz",
	.test_cases	= nf_xlat_fuzz_cases,
};

kunit_test_suite(nf_xlat_fuzz_suite);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Random packets for the IPv4/IPv6 translation engine");
