// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the translation engine. Numbers in names and comments are
 * clauses of RFC 6052 and RFC 7915 as the test says.
 */

#include <kunit/test.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/inet.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/netfilter/nf_xlat.h>

#define NF_XLAT_TEST_ROUNDS	2000
#define NF_XLAT_TEST_MAX	1400

static struct in6_addr nf_xlat_in6(const char *str)
{
	struct in6_addr addr = {};

	in6_pton(str, -1, addr.s6_addr, -1, NULL);
	return addr;
}

static __be32 nf_xlat_in4(const char *str)
{
	__be32 addr = 0;

	in4_pton(str, -1, (u8 *)&addr, -1, NULL);
	return addr;
}

/* RFC 6052 section 2.4, table 1 */
static const struct {
	const char	*prefix;
	u8		len;
	const char	*addr;
} nf_xlat_rfc6052[] = {
	{ "2001:db8::", 32, "2001:db8:c000:221::" },
	{ "2001:db8:100::", 40, "2001:db8:1c0:2:21::" },
	{ "2001:db8:122::", 48, "2001:db8:122:c000:2:2100::" },
	{ "2001:db8:122:300::", 56, "2001:db8:122:3c0:0:221::" },
	{ "2001:db8:122:344::", 64, "2001:db8:122:344:c0:2:2100::" },
	{ "2001:db8:122:344::", 96, "2001:db8:122:344::192.0.2.33" },
	{ "64:ff9b::", 96, "64:ff9b::192.0.2.33" },
};

static void nf_xlat_test_addr(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nf_xlat_rfc6052); i++) {
		struct nf_xlat_prefix prefix = {
			.addr	= nf_xlat_in6(nf_xlat_rfc6052[i].prefix),
			.len	= nf_xlat_rfc6052[i].len,
		};
		struct in6_addr want = nf_xlat_in6(nf_xlat_rfc6052[i].addr);
		struct in6_addr got;
		__be32 v4 = 0;

		KUNIT_EXPECT_EQ(test, nf_xlat_prefix_check(&prefix), 0);
		nf_xlat_addr_4to6(&prefix, nf_xlat_in4("192.0.2.33"), &got);
		KUNIT_EXPECT_EQ_MSG(test, memcmp(&got, &want, sizeof(got)), 0,
				    "/%u: got %pI6c, wanted %pI6c", prefix.len,
				    &got, &want);
		KUNIT_EXPECT_TRUE(test, nf_xlat_addr_6to4(&prefix, &want, &v4));
		KUNIT_EXPECT_EQ_MSG(test, ntohl(v4), 0xc0000221, "/%u",
				    prefix.len);

		/* section 2.2: whatever the suffix holds is ignored */
		if (prefix.len < 96) {
			want.s6_addr[15] = 0xff;
			KUNIT_EXPECT_TRUE(test, nf_xlat_addr_6to4(&prefix, &want,
								  &v4));
			KUNIT_EXPECT_EQ(test, ntohl(v4), 0xc0000221);
		}

		want.s6_addr[0] ^= 1;
		KUNIT_EXPECT_FALSE(test, nf_xlat_addr_6to4(&prefix, &want, &v4));
	}
}

static void nf_xlat_test_prefix(struct kunit *test)
{
	struct nf_xlat_prefix prefix = { .addr = nf_xlat_in6("64:ff9b::") };
	unsigned int len;

	for (len = 0; len <= 128; len++) {
		bool ok = len == 32 || len == 40 || len == 48 || len == 56 ||
			  len == 64 || len == 96;

		prefix.len = len;
		KUNIT_EXPECT_EQ_MSG(test, nf_xlat_prefix_check(&prefix),
				    ok ? 0 : -ERANGE, "/%u", len);
	}

	/* section 2.2: bits 64 to 71 are zero */
	prefix.addr = nf_xlat_in6("2001:db8:1:2:100::");
	prefix.len = 96;
	KUNIT_EXPECT_EQ(test, nf_xlat_prefix_check(&prefix), -EINVAL);
	prefix.addr = nf_xlat_in6("2001:db8:1:2:ff::");
	KUNIT_EXPECT_EQ(test, nf_xlat_prefix_check(&prefix), 0);
	/* and none is set after the prefix */
	prefix.addr = nf_xlat_in6("2001:db8::1");
	KUNIT_EXPECT_EQ(test, nf_xlat_prefix_check(&prefix), -EINVAL);
}

/* RFC 7757 section 3.1, figure 1, and for each pair one address inside */
static const struct {
	const char	*addr4;
	u8		len4;
	const char	*addr6;
	u8		len6;
	const char	*in4;
	const char	*in6;
} nf_xlat_rfc7757[] = {
	{ "192.0.2.1", 32, "2001:db8:aaaa::", 128,
	  "192.0.2.1", "2001:db8:aaaa::" },
	{ "192.0.2.2", 32, "2001:db8:bbbb::b", 128,
	  "192.0.2.2", "2001:db8:bbbb::b" },
	{ "192.0.2.16", 28, "2001:db8:cccc::", 124,
	  "192.0.2.21", "2001:db8:cccc::5" },
	{ "192.0.2.128", 26, "2001:db8:dddd::", 64,
	  "192.0.2.133", "2001:db8:dddd:0:1400::" },
	{ "192.0.2.192", 29, "2001:db8:eeee:8::", 62,
	  "192.0.2.195", "2001:db8:eeee:9:8000::" },
	{ "192.0.2.224", 31, "64:ff9b::", 127,
	  "192.0.2.225", "64:ff9b::1" },
	/* The suffix lies in the upper half, in the lower, and at the edges. */
	{ "10.0.0.0", 8, "2001:db8::", 40,
	  "10.1.2.3", "2001:db8:1:203::" },
	{ "10.0.0.0", 8, "2001:db8::", 52,
	  "10.1.2.3", "2001:db8:0:10:2030::" },
	{ "0.0.0.0", 0, "2001:db8::", 64,
	  "10.1.2.3", "2001:db8::a01:203:0:0" },
	{ "0.0.0.0", 0, "2001:db8:0:1::", 96,
	  "10.1.2.3", "2001:db8:0:1::a01:203" },
	{ "0.0.0.0", 0, "::", 0,
	  "32.1.13.184", "2001:db8::" },
};

static void nf_xlat_test_eam(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nf_xlat_rfc7757); i++) {
		struct nf_xlat_eam eam = {
			.addr6	= nf_xlat_in6(nf_xlat_rfc7757[i].addr6),
			.addr4	= nf_xlat_in4(nf_xlat_rfc7757[i].addr4),
			.len6	= nf_xlat_rfc7757[i].len6,
			.len4	= nf_xlat_rfc7757[i].len4,
		};
		struct in6_addr want6 = nf_xlat_in6(nf_xlat_rfc7757[i].in6);
		__be32 want4 = nf_xlat_in4(nf_xlat_rfc7757[i].in4);
		struct in6_addr got6, other6;
		__be32 got4 = 0;

		KUNIT_EXPECT_EQ_MSG(test, nf_xlat_eam_check(&eam), 0, "%u", i);
		KUNIT_EXPECT_TRUE(test, nf_xlat_eam_4to6(&eam, want4, &got6));
		KUNIT_EXPECT_EQ_MSG(test, memcmp(&got6, &want6, sizeof(got6)), 0,
				    "%u: got %pI6c, wanted %pI6c", i, &got6,
				    &want6);
		KUNIT_EXPECT_TRUE(test, nf_xlat_eam_6to4(&eam, &want6, &got4));
		KUNIT_EXPECT_EQ_MSG(test, ntohl(got4), ntohl(want4), "%u", i);

		/* section 3.3.2: bits behind the suffix are ignored */
		if (32 - eam.len4 < 128 - eam.len6) {
			want6.s6_addr[15] |= 1;
			KUNIT_EXPECT_TRUE(test, nf_xlat_eam_6to4(&eam, &want6,
								 &got4));
			KUNIT_EXPECT_EQ(test, ntohl(got4), ntohl(want4));
		}

		/* the bit before the suffix belongs to the prefix */
		if (eam.len4) {
			want4 ^= htonl(1U << (32 - eam.len4));
			KUNIT_EXPECT_FALSE(test, nf_xlat_eam_4to6(&eam, want4,
								  &got6));
		}
		if (eam.len6) {
			other6 = want6;
			other6.s6_addr[(eam.len6 - 1) / 8] ^=
				0x80 >> ((eam.len6 - 1) % 8);
			KUNIT_EXPECT_FALSE(test, nf_xlat_eam_6to4(&eam, &other6,
								  &got4));
		}
	}
}

/* 69: RFC 7757 section 3.2 */
static void nf_xlat_test_eam_check(struct kunit *test)
{
	struct nf_xlat_eam eam = {
		.addr6	= nf_xlat_in6("2001:db8::"),
		.addr4	= nf_xlat_in4("192.0.2.0"),
		.len6	= 121,
		.len4	= 24,
	};

	KUNIT_EXPECT_EQ(test, nf_xlat_eam_check(&eam), -ERANGE);
	eam.len6 = 120;
	KUNIT_EXPECT_EQ(test, nf_xlat_eam_check(&eam), 0);
	eam.len4 = 22;
	eam.len6 = 64;
	KUNIT_EXPECT_EQ(test, nf_xlat_eam_check(&eam), -EINVAL);
	eam.len4 = 33;
	KUNIT_EXPECT_EQ(test, nf_xlat_eam_check(&eam), -ERANGE);
	eam.len4 = 32;
	eam.len6 = 129;
	KUNIT_EXPECT_EQ(test, nf_xlat_eam_check(&eam), -ERANGE);
	eam.len6 = 28;
	KUNIT_EXPECT_EQ(test, nf_xlat_eam_check(&eam), -EINVAL);
}

/* 5, 7: what the well-known prefix may hold */
static void nf_xlat_test_non_global(struct kunit *test)
{
	static const char * const non_global[] = {
		"0.0.0.1", "10.0.0.0", "10.255.255.255", "100.64.0.1",
		"100.127.255.255", "127.0.0.1", "169.254.1.1", "172.16.0.0",
		"172.31.255.255", "192.0.0.1", "192.0.2.1", "192.168.255.255",
		"198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1",
		"224.0.0.1", "240.0.0.1", "255.255.255.255",
	};
	static const char * const global[] = {
		"1.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0",
		"100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0",
		"192.0.1.0", "192.0.3.0", "192.167.255.255", "192.169.0.0",
		"198.17.255.255", "198.20.0.0", "223.255.255.255",
	};
	struct nf_xlat_prefix prefix = {
		.addr	= nf_xlat_in6("64:ff9b::"),
		.len	= 96,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(non_global); i++)
		KUNIT_EXPECT_FALSE_MSG(test,
				       nf_xlat_prefix_allows(&prefix, nf_xlat_in4(non_global[i])),
				       "%s", non_global[i]);
	for (i = 0; i < ARRAY_SIZE(global); i++)
		KUNIT_EXPECT_TRUE_MSG(test,
				      nf_xlat_prefix_allows(&prefix, nf_xlat_in4(global[i])),
				      "%s", global[i]);

	prefix.non_global = true;
	KUNIT_EXPECT_TRUE(test, nf_xlat_prefix_allows(&prefix, nf_xlat_in4("10.0.0.1")));
	prefix.non_global = false;
	/* RFC 8215 section 5 */
	prefix.addr = nf_xlat_in6("64:ff9b:1::");
	KUNIT_EXPECT_TRUE(test, nf_xlat_prefix_allows(&prefix, nf_xlat_in4("10.0.0.1")));
}

static void nf_xlat_test_addr_legal(struct kunit *test)
{
	static const char * const bad4[] = {
		"127.0.0.1", "224.0.0.1", "239.255.255.255", "0.0.0.0",
		"0.0.0.1", "0.255.255.255", "169.254.0.1", "169.254.169.254",
		"255.255.255.255",
	};
	static const char * const bad6[] = {
		"::1", "::", "ff02::1", "fe80::1", "::ffff:192.0.2.1",
	};
	union nf_inet_addr addr = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad4); i++) {
		addr.ip = nf_xlat_in4(bad4[i]);
		KUNIT_EXPECT_FALSE_MSG(test,
				       nf_xlat_addr_legal(NFPROTO_IPV4, &addr),
				       "%s", bad4[i]);
	}
	for (i = 0; i < ARRAY_SIZE(bad6); i++) {
		addr.in6 = nf_xlat_in6(bad6[i]);
		KUNIT_EXPECT_FALSE_MSG(test,
				       nf_xlat_addr_legal(NFPROTO_IPV6, &addr),
				       "%s", bad6[i]);
	}
	addr.in6 = nf_xlat_in6("2001:db8::1");
	KUNIT_EXPECT_TRUE(test, nf_xlat_addr_legal(NFPROTO_IPV6, &addr));
	addr.ip = nf_xlat_in4("192.0.2.1");
	KUNIT_EXPECT_TRUE(test, nf_xlat_addr_legal(NFPROTO_IPV4, &addr));
}

/* Only a network that lies as a whole in one that no packet may have is refused. */
static void nf_xlat_test_net_legal(struct kunit *test)
{
	static const struct {
		const char	*net;
		u8		len;
		bool		source;
		bool		group;
	} cases[] = {
		{ "0.0.0.0",		0,   true,  true },
		{ "0.0.0.0",		7,   true,  true },
		{ "0.0.0.0",		8,   false, false },
		{ "0.0.0.0",		32,  false, false },
		{ "0.255.0.0",		16,  false, false },
		{ "126.0.0.0",		7,   true,  true },
		{ "127.0.0.0",		8,   false, false },
		{ "127.0.0.1",		32,  false, false },
		{ "169.254.0.0",	15,  true,  true },
		{ "169.254.0.0",	16,  false, false },
		{ "169.254.1.1",	32,  false, false },
		{ "224.0.0.0",		3,   true,  true },
		{ "224.0.0.0",		4,   false, true },
		{ "224.0.0.0",		23,  false, true },
		{ "224.0.0.0",		24,  false, false },
		{ "224.0.0.251",	32,  false, false },
		{ "239.1.2.3",		32,  false, true },
		{ "240.0.0.0",		4,   true,  true },
		{ "255.255.255.254",	31,  true,  true },
		{ "255.255.255.255",	32,  false, false },
		{ "10.0.0.0",		8,   true,  true },
		{ "::",			0,   true,  true },
		{ "::",			96,  true,  true },
		{ "::",			127, true,  true },
		{ "::",			128, false, false },
		{ "::1",		128, false, false },
		{ "::ffff:0:0",		95,  true,  true },
		{ "::ffff:0:0",		96,  false, false },
		{ "::ffff:c000:201",	128, false, false },
		{ "fe80::",		9,   true,  true },
		{ "fe80::",		10,  false, false },
		{ "febf::1",		128, false, false },
		{ "fe00::",		7,   true,  true },
		{ "ff00::",		8,   false, true },
		{ "ff0e::1",		128, false, true },
		{ "fd00::",		8,   true,  true },
		{ "2001:db8::1",	128, true,  true },
	};
	union nf_inet_addr addr = {};
	unsigned int i;
	u8 pf;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (strchr(cases[i].net, '.')) {
			pf = NFPROTO_IPV4;
			addr.ip = nf_xlat_in4(cases[i].net);
		} else {
			pf = NFPROTO_IPV6;
			addr.in6 = nf_xlat_in6(cases[i].net);
		}
		KUNIT_EXPECT_EQ_MSG(test,
				    nf_xlat_net_legal(pf, &addr, cases[i].len, false),
				    cases[i].source, "%s/%u", cases[i].net, cases[i].len);
		KUNIT_EXPECT_EQ_MSG(test,
				    nf_xlat_net_legal(pf, &addr, cases[i].len, true),
				    cases[i].group, "%s/%u", cases[i].net, cases[i].len);
	}
}

/*
 * RFC 7915 section 4.2 as it stands there: all codes of a type that are not
 * listed, and all types that are not listed, have no counterpart.
 */
struct nf_xlat_icmp_case {
	u8	type, code, new_type, new_code;
};

static const struct nf_xlat_icmp_case nf_xlat_cases4[] = {
	{ 3, 0, 1, 0 }, { 3, 1, 1, 0 }, { 3, 2, 4, 1 }, { 3, 3, 1, 4 },
	{ 3, 4, 2, 0 }, { 3, 5, 1, 0 }, { 3, 6, 1, 0 }, { 3, 7, 1, 0 },
	{ 3, 8, 1, 0 }, { 3, 9, 1, 1 }, { 3, 10, 1, 1 }, { 3, 11, 1, 0 },
	{ 3, 12, 1, 0 }, { 3, 13, 1, 1 }, { 3, 15, 1, 1 },
	{ 12, 0, 4, 0 }, { 12, 2, 4, 0 },
};

/* RFC 7915 section 5.2 */
static const struct nf_xlat_icmp_case nf_xlat_cases6[] = {
	{ 1, 0, 3, 1 }, { 1, 1, 3, 10 }, { 1, 2, 3, 1 }, { 1, 3, 3, 1 },
	{ 1, 4, 3, 3 }, { 4, 0, 12, 0 }, { 4, 1, 3, 2 },
};

static void nf_xlat_test_icmp_table(struct kunit *test, bool v4,
				    const struct nf_xlat_icmp_case *cases,
				    unsigned int n)
{
	unsigned int type, code, i;

	for (type = 0; type < 256; type++) {
		for (code = 0; code < 256; code++) {
			struct nf_xlat_icmp icmp = {
				.type = type, .code = code,
			};
			int new_type = -1, new_code = -1;
			bool ok;

			for (i = 0; i < n; i++) {
				if (cases[i].type == type &&
				    cases[i].code == code) {
					new_type = cases[i].new_type;
					new_code = cases[i].new_code;
				}
			}
			/* any code: echo, time exceeded, too big */
			if (v4 && (type == 0 || type == 8)) {
				new_type = type == 8 ? 128 : 129;
				new_code = code;
			} else if (v4 && type == 11) {
				new_type = 3;
				new_code = code;
			} else if (!v4 && (type == 128 || type == 129)) {
				new_type = type == 128 ? 8 : 0;
				new_code = code;
			} else if (!v4 && type == 3) {
				new_type = 11;
				new_code = code;
			} else if (!v4 && type == 2) {
				new_type = 3;
				new_code = 4;
			}

			ok = v4 ? nf_xlat_icmp_4to6(&icmp) :
				  nf_xlat_icmp_6to4(&icmp);
			KUNIT_EXPECT_EQ_MSG(test, ok, new_type >= 0, "%u/%u",
					    type, code);
			if (!ok || new_type < 0)
				continue;
			KUNIT_EXPECT_EQ_MSG(test, (int)icmp.type, new_type,
					    "%u/%u", type, code);
			KUNIT_EXPECT_EQ_MSG(test, (int)icmp.code, new_code,
					    "%u/%u", type, code);
		}
	}
}

static void nf_xlat_test_icmp_4to6(struct kunit *test)
{
	nf_xlat_test_icmp_table(test, true, nf_xlat_cases4,
				ARRAY_SIZE(nf_xlat_cases4));
}

static void nf_xlat_test_icmp_6to4(struct kunit *test)
{
	nf_xlat_test_icmp_table(test, false, nf_xlat_cases6,
				ARRAY_SIZE(nf_xlat_cases6));
}

/* RFC 7915, figures 3 and 6; -1: no counterpart */
static void nf_xlat_test_icmp_pointer(struct kunit *test)
{
	static const s8 ptr4[] = {
		0, 1, 4, 4, -1, -1, -1, -1, 7, 6, -1, -1,
		8, 8, 8, 8, 24, 24, 24, 24, -1, -1,
	};
	static const s8 ptr6[] = {
		0, 1, -1, -1, 2, 2, 9, 8,
		12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12,
		16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
		-1, -1,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ptr4); i++) {
		struct nf_xlat_icmp icmp = {
			.type = ICMP_PARAMETERPROB, .info = i,
		};

		KUNIT_EXPECT_EQ_MSG(test, nf_xlat_icmp_4to6(&icmp) ?
				    (int)icmp.info : -1, (int)ptr4[i],
				    "IPv4 pointer %u", i);
	}
	for (i = 0; i < ARRAY_SIZE(ptr6); i++) {
		struct nf_xlat_icmp icmp = {
			.type = ICMPV6_PARAMPROB, .info = i,
		};

		KUNIT_EXPECT_EQ_MSG(test, nf_xlat_icmp_6to4(&icmp) ?
				    (int)icmp.info : -1, (int)ptr6[i],
				    "IPv6 pointer %u", i);
	}
}

static void nf_xlat_test_icmp_mtu(struct kunit *test)
{
	/* max(1280, min(m + 20, MTU6, MTU4 + 20)) */
	KUNIT_EXPECT_EQ(test, nf_xlat_mtu_4to6(1400, 0, 1500, 1500), 1420);
	KUNIT_EXPECT_EQ(test, nf_xlat_mtu_4to6(1500, 0, 1500, 1500), 1500);
	KUNIT_EXPECT_EQ(test, nf_xlat_mtu_4to6(1500, 0, 1300, 1500), 1320);
	KUNIT_EXPECT_EQ(test, nf_xlat_mtu_4to6(576, 0, 1500, 1500), 1280);
	KUNIT_EXPECT_EQ(test, nf_xlat_mtu_4to6(9000, 0, 0, 0), 9020);
	/* RFC 1191 section 7: the plateau below the quoted length */
	KUNIT_EXPECT_EQ(test, nf_xlat_mtu_4to6(0, 1500, 0, 0), 1512);
	KUNIT_EXPECT_EQ(test, nf_xlat_mtu_4to6(0, 1492, 0, 0), 1280);
	KUNIT_EXPECT_EQ(test, nf_xlat_mtu_4to6(0, 65535, 0, 0), 32020);
	KUNIT_EXPECT_EQ(test, nf_xlat_mtu_4to6(0, 20, 0, 0), 1280);

	/* min(m - 20, MTU4, MTU6 - 20) */
	KUNIT_EXPECT_EQ(test, nf_xlat_mtu_6to4(1400, false, 1500, 1500), 1380);
	KUNIT_EXPECT_EQ(test, nf_xlat_mtu_6to4(9000, false, 1500, 9000), 1500);
	KUNIT_EXPECT_EQ(test, nf_xlat_mtu_6to4(9000, false, 9000, 1500), 1480);
	KUNIT_EXPECT_EQ(test, nf_xlat_mtu_6to4(1280, false, 0, 0), 1260);
	KUNIT_EXPECT_EQ(test, nf_xlat_mtu_6to4(U32_MAX, false, 0, 0), 65535);
	/* A Fragment header takes 8 bytes of what IPv6 has. */
	KUNIT_EXPECT_EQ(test, nf_xlat_mtu_6to4(1400, true, 1500, 1500), 1372);
	KUNIT_EXPECT_EQ(test, nf_xlat_mtu_6to4(9000, true, 1500, 9000), 1500);
	KUNIT_EXPECT_EQ(test, nf_xlat_mtu_6to4(9000, true, 9000, 1500), 1472);
	KUNIT_EXPECT_EQ(test, nf_xlat_mtu_6to4(68, true, 0, 0), 1252);
}

/* A random packet of one family, with all checksums right. */
static struct sk_buff *nf_xlat_test_skb(struct kunit *test, u8 pf, u8 proto,
					unsigned int payload, u8 ip_summed)
{
	unsigned int l3 = pf == NFPROTO_IPV6 ? sizeof(struct ipv6hdr) :
					       sizeof(struct iphdr);
	unsigned int l4 = proto == IPPROTO_TCP ? sizeof(struct tcphdr) :
						 sizeof(struct udphdr);
	unsigned int len = l4 + payload;
	struct sk_buff *skb;
	__sum16 *check;
	unsigned int off;
	__wsum csum;
	u8 *data;

	/* no headroom at times: then the head has to be made anew */
	skb = alloc_skb(l3 + len + 64, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reserve(skb, get_random_u32() % 64);
	skb_reset_network_header(skb);
	data = skb_put(skb, l3 + len);
	get_random_bytes(data, l3 + len);
	skb->ip_summed = ip_summed;

	if (proto == IPPROTO_TCP) {
		off = offsetof(struct tcphdr, check);
	} else if (proto == IPPROTO_UDP) {
		off = offsetof(struct udphdr, check);
		((struct udphdr *)(data + l3))->len = htons(len);
	} else {
		off = offsetof(struct icmphdr, checksum);
		data[l3] = pf == NFPROTO_IPV6 ? ICMPV6_ECHO_REQUEST : ICMP_ECHO;
	}
	check = (__sum16 *)(data + l3 + off);
	*check = 0;

	if (pf == NFPROTO_IPV6) {
		struct ipv6hdr *ip6h = ipv6_hdr(skb);

		ip6h->version = 6;
		ip6h->payload_len = htons(len);
		ip6h->nexthdr = proto;
		ip6h->saddr.s6_addr[0] = 0x20;
		ip6h->daddr.s6_addr[0] = 0x20;
		csum = ip_summed == CHECKSUM_PARTIAL ? 0 :
		       csum_partial(data + l3, len, 0);
		*check = csum_ipv6_magic(&ip6h->saddr, &ip6h->daddr, len, proto,
					 csum);
	} else {
		struct iphdr *iph = ip_hdr(skb);

		iph->version = 4;
		iph->ihl = 5;
		iph->tot_len = htons(l3 + len);
		iph->frag_off = htons(IP_DF);
		iph->protocol = proto;
		iph->saddr = htonl(0xc0000201 + get_random_u32() % 200);
		iph->daddr = htonl(0xcb007101 + get_random_u32() % 200);
		ip_send_check(iph);
		csum = ip_summed == CHECKSUM_PARTIAL ? 0 :
		       csum_partial(data + l3, len, 0);
		*check = proto == IPPROTO_ICMP ? csum_fold(csum) :
			 csum_tcpudp_magic(iph->saddr, iph->daddr, len, proto,
					   csum);
	}
	if (proto == IPPROTO_UDP && !*check)
		*check = CSUM_MANGLED_0;

	if (ip_summed == CHECKSUM_PARTIAL) {
		*check = ~*check;
		skb->csum_start = skb_headroom(skb) + l3;
		skb->csum_offset = off;
	} else if (ip_summed == CHECKSUM_COMPLETE) {
		skb->csum = csum_partial(skb->data, skb->len, 0);
	}
	return skb;
}

/*
 * Sum of transport header, payload and pseudo-header from scratch: 0 is good. KUnit of 6.1 would
 * make sparse warn of a __sum16.
 */
static u16 nf_xlat_test_verify(const struct sk_buff *skb, u8 pf)
{
	unsigned int l3, len;
	__wsum csum;

	if (pf == NFPROTO_IPV6) {
		const struct ipv6hdr *ip6h = ipv6_hdr(skb);

		l3 = sizeof(*ip6h);
		len = skb->len - l3;
		csum = skb_checksum(skb, l3, len, 0);
		return (__force u16)csum_ipv6_magic(&ip6h->saddr, &ip6h->daddr,
						    len, ip6h->nexthdr, csum);
	}

	l3 = sizeof(struct iphdr);
	len = skb->len - l3;
	csum = skb_checksum(skb, l3, len, 0);
	if (ip_hdr(skb)->protocol == IPPROTO_ICMP)
		return (__force u16)csum_fold(csum);
	return (__force u16)csum_tcpudp_magic(ip_hdr(skb)->saddr,
					      ip_hdr(skb)->daddr, len,
					      ip_hdr(skb)->protocol, csum);
}

static void nf_xlat_test_csum_one(struct kunit *test, u8 pf, u8 proto,
				  u8 ip_summed)
{
	unsigned int payload = get_random_u32() % NF_XLAT_TEST_MAX;
	u8 other = nf_xlat_other_pf(pf);
	struct nf_xlat_parm parm = {};
	struct nf_xlat_pkt pkt;
	struct sk_buff *skb;

	skb = nf_xlat_test_skb(test, pf, proto, payload, ip_summed);
	get_random_bytes(&parm.outer, sizeof(parm.outer));
	parm.ports = get_random_u32() & 1;

	KUNIT_ASSERT_EQ(test, (int)nf_xlat_parse(skb, pf, false, &pkt), NF_XLAT_OK);
	KUNIT_ASSERT_EQ(test, (int)nf_xlat_skb(&init_net, skb, &pkt, &parm),
			NF_XLAT_OK);
	KUNIT_EXPECT_EQ(test, skb->len, nf_xlat_new_len(&pkt));

	if (other == NFPROTO_IPV4) {
		KUNIT_EXPECT_EQ(test, (int)ip_hdr(skb)->version, 4);
		KUNIT_EXPECT_EQ(test, ntohs(ip_hdr(skb)->tot_len), skb->len);
		KUNIT_EXPECT_FALSE(test, ip_fast_csum(ip_hdr(skb), 5));
		KUNIT_EXPECT_TRUE(test, ip_hdr(skb)->saddr == parm.outer.saddr.ip);
		KUNIT_EXPECT_TRUE(test, ip_hdr(skb)->daddr == parm.outer.daddr.ip);
	} else {
		KUNIT_EXPECT_EQ(test, (int)ipv6_hdr(skb)->version, 6);
		KUNIT_EXPECT_EQ(test, ntohs(ipv6_hdr(skb)->payload_len) +
				sizeof(struct ipv6hdr), skb->len);
		KUNIT_EXPECT_FALSE(test, ip6_flowlabel(ipv6_hdr(skb)));
		KUNIT_EXPECT_TRUE(test,
				  ipv6_addr_equal(&ipv6_hdr(skb)->saddr,
						  &parm.outer.saddr.in6));
	}
	if (parm.ports)
		KUNIT_EXPECT_TRUE(test, *(__be16 *)(skb_transport_header(skb) +
						    (proto == IPPROTO_TCP ||
						     proto == IPPROTO_UDP ? 0 :
						     4)) ==
				  parm.outer.sport);

	if (skb->ip_summed == CHECKSUM_COMPLETE)
		KUNIT_EXPECT_TRUE(test, csum_fold(skb->csum) ==
				  csum_fold(skb_checksum(skb, 0, skb->len, 0)));
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		KUNIT_ASSERT_EQ(test, skb_checksum_help(skb), 0);
	KUNIT_EXPECT_EQ_MSG(test, nf_xlat_test_verify(skb, other), 0,
			    "family %u protocol %u payload %u summed %u ports %u",
			    pf, proto, payload, ip_summed, parm.ports);
	kfree_skb(skb);
}

static void nf_xlat_test_csum(struct kunit *test)
{
	static const u8 summed[] = {
		CHECKSUM_NONE, CHECKSUM_COMPLETE, CHECKSUM_PARTIAL,
	};
	static const u8 pfs[] = { NFPROTO_IPV4, NFPROTO_IPV6 };
	unsigned int i, j, k;

	for (i = 0; i < NF_XLAT_TEST_ROUNDS; i++) {
		for (j = 0; j < ARRAY_SIZE(summed); j++) {
			for (k = 0; k < ARRAY_SIZE(pfs); k++) {
				nf_xlat_test_csum_one(test, pfs[k], IPPROTO_TCP,
						      summed[j]);
				nf_xlat_test_csum_one(test, pfs[k], IPPROTO_UDP,
						      summed[j]);
				if (summed[j] == CHECKSUM_PARTIAL)
					continue;
				nf_xlat_test_csum_one(test, pfs[k],
						      pfs[k] == NFPROTO_IPV4 ?
						      IPPROTO_ICMP :
						      IPPROTO_ICMPV6,
						      summed[j]);
			}
		}
	}
}

/* RFC 7915 section 4.5: UDP without a checksum gets one */
static void nf_xlat_test_csum_udp_zero(struct kunit *test)
{
	struct nf_xlat_parm parm = {};
	struct nf_xlat_pkt pkt;
	struct sk_buff *skb;

	skb = nf_xlat_test_skb(test, NFPROTO_IPV4, IPPROTO_UDP, 100,
			       CHECKSUM_NONE);
	((struct udphdr *)(skb->data + sizeof(struct iphdr)))->check = 0;
	KUNIT_ASSERT_EQ(test, (int)nf_xlat_parse(skb, NFPROTO_IPV4, false, &pkt),
			NF_XLAT_OK);
	KUNIT_ASSERT_EQ(test, (int)nf_xlat_skb(&init_net, skb, &pkt, &parm),
			NF_XLAT_OK);
	KUNIT_EXPECT_TRUE(test, udp_hdr(skb)->check);
	KUNIT_EXPECT_EQ(test, nf_xlat_test_verify(skb, NFPROTO_IPV6), 0);
	kfree_skb(skb);
}

/*
 * A GSO packet of UDP whose checksum nobody is to fill in, since a tunnel that has ended here has
 * taken its start away. The length that it claims is false, so skb_checksum() must not see it.
 */
static void nf_xlat_test_gso_udp_none(struct kunit *test)
{
	struct nf_xlat_parm parm = {};
	struct nf_xlat_pkt pkt;
	struct sk_buff *skb;
	struct udphdr *udph;

	skb = nf_xlat_test_skb(test, NFPROTO_IPV4, IPPROTO_UDP, 100,
			       CHECKSUM_NONE);
	KUNIT_ASSERT_EQ(test, (int)nf_xlat_parse(skb, NFPROTO_IPV4, false, &pkt),
			NF_XLAT_OK);
	udph = udp_hdr(skb);
	udph->check = 0;
	udph->len = htons(U16_MAX);
	skb_shinfo(skb)->gso_size = 50;
	skb_shinfo(skb)->gso_type = SKB_GSO_UDP_L4;
	/* It does not come so far; if it did, the length would do no harm. */
	KUNIT_EXPECT_EQ(test, (int)nf_xlat_skb(&init_net, skb, &pkt, &parm),
			NF_XLAT_OK);
	KUNIT_EXPECT_FALSE(test, udp_hdr(skb)->check);
	kfree_skb(skb);

	skb = nf_xlat_test_skb(test, NFPROTO_IPV4, IPPROTO_UDP, 100,
			       CHECKSUM_NONE);
	skb_shinfo(skb)->gso_size = 50;
	skb_shinfo(skb)->gso_type = SKB_GSO_UDP_L4;
	KUNIT_EXPECT_EQ(test, (int)nf_xlat_parse(skb, NFPROTO_IPV4, false, &pkt),
			NF_XLAT_GSO);
	kfree_skb(skb);
}

/* What LRO has made of several segments has no type. It is TCP, and stays without a type. */
static void nf_xlat_test_lro_one(struct kunit *test, u8 pf, u8 proto,
				 enum nf_xlat_reason wanted)
{
	struct nf_xlat_parm parm = {};
	struct nf_xlat_pkt pkt;
	struct sk_buff *skb;

	skb = nf_xlat_test_skb(test, pf, proto, 1000, CHECKSUM_NONE);
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	skb_shinfo(skb)->gso_size = 500;
	KUNIT_EXPECT_EQ(test, (int)nf_xlat_parse(skb, pf, false, &pkt), wanted);
	if (!wanted) {
		KUNIT_EXPECT_EQ(test, (int)nf_xlat_skb(&init_net, skb, &pkt, &parm),
				NF_XLAT_OK);
		KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->gso_size, 500);
		KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->gso_type, 0);
		KUNIT_EXPECT_EQ(test, nf_xlat_test_verify(skb, nf_xlat_other_pf(pf)), 0);
	}
	kfree_skb(skb);
}

static void nf_xlat_test_lro(struct kunit *test)
{
	nf_xlat_test_lro_one(test, NFPROTO_IPV4, IPPROTO_TCP, NF_XLAT_OK);
	nf_xlat_test_lro_one(test, NFPROTO_IPV6, IPPROTO_TCP, NF_XLAT_OK);
	nf_xlat_test_lro_one(test, NFPROTO_IPV6, IPPROTO_UDP, NF_XLAT_GSO);
}

/*
 * An ICMP error that quotes a random packet, made by prepending to that packet
 * what a router would. Cut to @keep bytes of the quoted packet.
 */
static struct sk_buff *nf_xlat_test_error(struct kunit *test, u8 pf, u8 proto,
					  unsigned int payload,
					  unsigned int keep)
{
	unsigned int l3 = pf == NFPROTO_IPV6 ? sizeof(struct ipv6hdr) :
					       sizeof(struct iphdr);
	struct sk_buff *skb, *inner;
	struct icmphdr *icmph;
	unsigned int len;

	inner = nf_xlat_test_skb(test, pf, proto, payload, CHECKSUM_NONE);
	len = sizeof(*icmph) + min(inner->len, keep);

	skb = alloc_skb(l3 + len + 64, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reset_network_header(skb);
	skb_put_zero(skb, l3 + len);
	icmph = (struct icmphdr *)(skb->data + l3);
	skb_copy_bits(inner, 0, icmph + 1, len - sizeof(*icmph));
	kfree_skb(inner);

	if (pf == NFPROTO_IPV6) {
		struct ipv6hdr *ip6h = ipv6_hdr(skb);

		ip6h->version = 6;
		ip6h->payload_len = htons(len);
		ip6h->nexthdr = IPPROTO_ICMPV6;
		ip6h->hop_limit = 64;
		get_random_bytes(&ip6h->saddr, 32);
		ip6h->saddr.s6_addr[0] = 0x20;
		ip6h->daddr.s6_addr[0] = 0x20;
		icmph->type = ICMPV6_DEST_UNREACH;
		icmph->code = ICMPV6_PORT_UNREACH;
		icmph->checksum = csum_ipv6_magic(&ip6h->saddr, &ip6h->daddr,
						  len, IPPROTO_ICMPV6,
						  csum_partial(icmph, len, 0));
	} else {
		struct iphdr *iph = ip_hdr(skb);

		iph->version = 4;
		iph->ihl = 5;
		iph->tot_len = htons(l3 + len);
		iph->protocol = IPPROTO_ICMP;
		iph->ttl = 64;
		iph->saddr = htonl(0xc0000201);
		iph->daddr = htonl(0xc0000202);
		ip_send_check(iph);
		icmph->type = ICMP_DEST_UNREACH;
		icmph->code = ICMP_PORT_UNREACH;
		icmph->checksum = csum_fold(csum_partial(icmph, len, 0));
	}
	return skb;
}

static void nf_xlat_test_error_one(struct kunit *test, u8 pf, u8 proto,
				   unsigned int payload, unsigned int keep)
{
	u8 other = nf_xlat_other_pf(pf);
	unsigned int l3 = other == NFPROTO_IPV6 ? sizeof(struct ipv6hdr) :
						  sizeof(struct iphdr);
	struct nf_xlat_parm parm = { .ports = true };
	struct sk_buff *skb, *inner;
	struct nf_xlat_pkt pkt;
	struct icmphdr *icmph;

	skb = nf_xlat_test_error(test, pf, proto, payload, keep);
	get_random_bytes(&parm.outer, sizeof(parm.outer));
	get_random_bytes(&parm.inner, sizeof(parm.inner));

	KUNIT_ASSERT_EQ(test, (int)nf_xlat_parse(skb, pf, false, &pkt), NF_XLAT_OK);
	KUNIT_ASSERT_TRUE(test, pkt.icmp_error);
	KUNIT_ASSERT_EQ(test, (int)nf_xlat_skb(&init_net, skb, &pkt, &parm),
			NF_XLAT_OK);

	/* RFC 1812 section 4.3.2.3, RFC 4443 section 2.4 (c) */
	KUNIT_EXPECT_LE(test, skb->len,
			other == NFPROTO_IPV6 ? IPV6_MIN_MTU : 576);
	KUNIT_EXPECT_EQ(test, nf_xlat_test_verify(skb, other), 0);
	icmph = icmp_hdr(skb);
	KUNIT_EXPECT_EQ(test, icmph->type, other == NFPROTO_IPV6 ?
			ICMPV6_DEST_UNREACH : ICMP_DEST_UNREACH);

	/* What is quoted whole must be a valid packet of the new family. */
	if (keep < pkt.inner.len ||
	    skb->len < l3 + sizeof(*icmph) + pkt.inner.len - pkt.inner.hlen + l3)
		goto out;
	inner = skb_copy(skb, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, inner);
	skb_pull(inner, l3 + sizeof(*icmph));
	skb_reset_network_header(inner);
	KUNIT_EXPECT_EQ_MSG(test, nf_xlat_test_verify(inner, other), 0,
			    "quoted: family %u protocol %u payload %u", pf,
			    proto, payload);
	if (other == NFPROTO_IPV4) {
		KUNIT_EXPECT_FALSE(test, ip_fast_csum(ip_hdr(inner), 5));
		KUNIT_EXPECT_EQ(test, ntohs(ip_hdr(inner)->tot_len), inner->len);
	}
	kfree_skb(inner);
out:
	kfree_skb(skb);
}

static void nf_xlat_test_error_csum(struct kunit *test)
{
	static const u8 pfs[] = { NFPROTO_IPV4, NFPROTO_IPV6 };
	static const u8 protos[] = { IPPROTO_TCP, IPPROTO_UDP };
	unsigned int i, j, k;

	for (i = 0; i < NF_XLAT_TEST_ROUNDS; i++) {
		unsigned int payload = get_random_u32() % NF_XLAT_TEST_MAX;
		unsigned int keep = i & 1 ? 1232 :
				    sizeof(struct ipv6hdr) +
				    get_random_u32() % 64;

		for (j = 0; j < ARRAY_SIZE(pfs); j++) {
			for (k = 0; k < ARRAY_SIZE(protos); k++)
				nf_xlat_test_error_one(test, pfs[j], protos[k],
						       payload, keep);
			nf_xlat_test_error_one(test, pfs[j],
					       pfs[j] == NFPROTO_IPV4 ?
					       IPPROTO_ICMP : IPPROTO_ICMPV6,
					       payload, keep + 8);
		}
	}
}

/* Checksum of an ICMP error that nf_xlat_test_error() made, after a change */
static void nf_xlat_test_error_sum(struct sk_buff *skb, u8 pf, unsigned int l3)
{
	struct icmphdr *icmph = (struct icmphdr *)(skb->data + l3);
	unsigned int len = skb->len - l3;

	icmph->checksum = 0;
	if (pf == NFPROTO_IPV6) {
		ipv6_hdr(skb)->payload_len = htons(len);
		icmph->checksum = csum_ipv6_magic(&ipv6_hdr(skb)->saddr,
						  &ipv6_hdr(skb)->daddr, len,
						  IPPROTO_ICMPV6,
						  csum_partial(icmph, len, 0));
	} else {
		ip_hdr(skb)->tot_len = htons(skb->len);
		ip_send_check(ip_hdr(skb));
		icmph->checksum = csum_fold(csum_partial(icmph, len, 0));
	}
}

/*
 * RFC 4884: @field bytes of quoted packet, then an extension. Both directions
 * keep the extension behind at least 128 bytes that end where the length
 * attribute says, unless it cannot fit at all.
 */
static void nf_xlat_test_ext_one(struct kunit *test, u8 pf, unsigned int field,
				 unsigned int ext_len)
{
	u8 other = nf_xlat_other_pf(pf);
	unsigned int l3 = pf == NFPROTO_IPV6 ? sizeof(struct ipv6hdr) :
					       sizeof(struct iphdr);
	unsigned int new_l3 = sizeof(struct ipv6hdr) + sizeof(struct iphdr) - l3;
	unsigned int max = other == NFPROTO_IPV6 ? IPV6_MIN_MTU : 576;
	struct nf_xlat_parm parm = { .ports = true };
	unsigned int new_field;
	struct nf_xlat_pkt pkt;
	struct sk_buff *skb;
	u8 *ext, *data;

	skb = nf_xlat_test_error(test, pf, IPPROTO_UDP, 1200, field);
	ext = kunit_kzalloc(test, ext_len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ext);
	get_random_bytes(ext, ext_len);
	KUNIT_ASSERT_EQ(test, pskb_expand_head(skb, 0, ext_len, GFP_KERNEL), 0);
	skb_put_data(skb, ext, ext_len);
	skb->data[l3 + (pf == NFPROTO_IPV6 ? 4 : 5)] =
		field / (pf == NFPROTO_IPV6 ? 8 : 4);
	nf_xlat_test_error_sum(skb, pf, l3);

	KUNIT_ASSERT_EQ(test, (int)nf_xlat_parse(skb, pf, false, &pkt), NF_XLAT_OK);
	KUNIT_EXPECT_EQ(test, pkt.icmp.len, field);
	KUNIT_ASSERT_EQ(test, (int)nf_xlat_skb(&init_net, skb, &pkt, &parm),
			NF_XLAT_OK);
	KUNIT_EXPECT_LE(test, skb->len, max);
	KUNIT_EXPECT_EQ(test, skb->len, nf_xlat_new_len(&pkt));
	KUNIT_EXPECT_EQ(test, nf_xlat_test_verify(skb, other), 0);

	data = skb->data + new_l3;
	new_field = data[other == NFPROTO_IPV6 ? 4 : 5] *
		    (other == NFPROTO_IPV6 ? 8 : 4);
	if (new_l3 + sizeof(struct icmphdr) + 128 + ext_len > max) {
		KUNIT_EXPECT_EQ(test, new_field, 0);
	} else {
		KUNIT_EXPECT_GE(test, new_field, 128);
		KUNIT_ASSERT_EQ(test, new_l3 + sizeof(struct icmphdr) +
				new_field + ext_len, skb->len);
		KUNIT_EXPECT_EQ(test, memcmp(data + sizeof(struct icmphdr) +
					     new_field, ext, ext_len), 0);
	}
	kfree_skb(skb);
}

static void nf_xlat_test_ext(struct kunit *test)
{
	static const u8 pfs[] = { NFPROTO_IPV4, NFPROTO_IPV6 };
	unsigned int i, field, ext_len;

	for (i = 0; i < ARRAY_SIZE(pfs); i++) {
		for (field = 128; field <= 1016; field += 8) {
			for (ext_len = 4; ext_len < 600; ext_len += 28)
				nf_xlat_test_ext_one(test, pfs[i], field,
						     ext_len);
		}
	}
	/* units of four bytes need not be units of eight */
	nf_xlat_test_ext_one(test, NFPROTO_IPV4, 132, 12);
}

/* RFC 5508 REQ-3: a corrupt error must not come out corrected */
static void nf_xlat_test_error_corrupt(struct kunit *test)
{
	static const u8 pfs[] = { NFPROTO_IPV4, NFPROTO_IPV6 };
	struct nf_xlat_pkt pkt;
	struct sk_buff *skb;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pfs); i++) {
		skb = nf_xlat_test_error(test, pfs[i], IPPROTO_UDP, 64, 100);
		skb->data[skb->len - 1] ^= 0x55;
		KUNIT_EXPECT_EQ(test, (int)nf_xlat_parse(skb, pfs[i], false, &pkt),
				NF_XLAT_CSUM);
		kfree_skb(skb);
	}
}

/* No length of what arrives may make us read or write outside of it. */
static void nf_xlat_test_truncated(struct kunit *test)
{
	static const u8 pfs[] = { NFPROTO_IPV4, NFPROTO_IPV6 };
	struct nf_xlat_parm parm = { .ports = true };
	struct nf_xlat_pkt pkt;
	struct sk_buff *skb;
	unsigned int i, len;

	for (i = 0; i < ARRAY_SIZE(pfs); i++) {
		/* shorter than the shortest, which is IPv4's */
		for (len = 0; len < 108; len++) {
			skb = nf_xlat_test_error(test, pfs[i], IPPROTO_TCP, 40,
						 100);
			skb_trim(skb, len);
			KUNIT_EXPECT_NE(test,
					(int)nf_xlat_parse(skb, pfs[i], false, &pkt),
					NF_XLAT_OK);
			kfree_skb(skb);
		}
		/* random bytes after a plausible first one */
		for (len = 0; len < NF_XLAT_TEST_ROUNDS; len++) {
			skb = nf_xlat_test_error(test, pfs[i], IPPROTO_TCP, 40,
						 100);
			skb->ip_summed = CHECKSUM_UNNECESSARY;
			get_random_bytes(skb->data + 40, 80);
			if (get_random_u32() & 1)
				skb->data[get_random_u32() % 60] ^=
					1 << (get_random_u32() % 8);
			if (!nf_xlat_parse(skb, pfs[i], false, &pkt))
				nf_xlat_skb(&init_net, skb, &pkt, &parm);
			kfree_skb(skb);
		}
	}
}

/*
 * A guest may have any bytes summed by offload. What lies in the headers that
 * are replaced would come out in front of the packet.
 */
static void nf_xlat_test_partial_start(struct kunit *test)
{
	unsigned int l4 = sizeof(struct ipv6hdr), start;
	struct nf_xlat_pkt pkt;
	struct sk_buff *skb;

	for (start = 0; start < l4 + 40; start++) {
		skb = nf_xlat_test_skb(test, NFPROTO_IPV6, IPPROTO_TCP, 100,
				       CHECKSUM_PARTIAL);
		skb->csum_start = skb_headroom(skb) + start;
		KUNIT_EXPECT_EQ_MSG(test,
				    (int)nf_xlat_parse(skb, NFPROTO_IPV6, false, &pkt),
				    start == l4 ||
				    start >= l4 + sizeof(struct tcphdr) ?
				    NF_XLAT_OK : NF_XLAT_MALFORMED,
				    "offload from %u on", start);
		kfree_skb(skb);
	}
}

/* However little an error quotes of an echo request, it is one afterwards. */
static void nf_xlat_test_error_cut(struct kunit *test)
{
	unsigned int l3 = sizeof(struct iphdr) + sizeof(struct icmphdr) +
			  sizeof(struct iphdr);
	struct nf_xlat_parm parm = { .ports = true };
	struct nf_xlat_pkt pkt;
	struct sk_buff *skb;
	unsigned int n;

	for (n = 1; n <= sizeof(struct icmphdr); n++) {
		skb = nf_xlat_test_error(test, NFPROTO_IPV6, IPPROTO_ICMPV6, 64,
					 sizeof(struct ipv6hdr) + n);
		KUNIT_ASSERT_EQ(test,
				(int)nf_xlat_parse(skb, NFPROTO_IPV6, false, &pkt),
				NF_XLAT_OK);
		KUNIT_ASSERT_EQ(test, (int)nf_xlat_skb(&init_net, skb, &pkt,
						       &parm), NF_XLAT_OK);
		KUNIT_ASSERT_EQ(test, skb->len, l3 + n);
		KUNIT_EXPECT_EQ_MSG(test, (int)skb->data[l3], ICMP_ECHO,
				    "%u bytes quoted", n);
		kfree_skb(skb);
	}
}

/* The same where what a tunnel carries has its own checksum offloaded */
static void nf_xlat_test_csum_udp_tunnel(struct kunit *test)
{
	struct nf_xlat_parm parm = {};
	struct nf_xlat_pkt pkt;
	struct sk_buff *skb;

	skb = nf_xlat_test_skb(test, NFPROTO_IPV4, IPPROTO_UDP, 100,
			       CHECKSUM_NONE);
	((struct udphdr *)(skb->data + sizeof(struct iphdr)))->check = 0;
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) + 60;
	skb->csum_offset = 6;
	KUNIT_ASSERT_EQ(test, (int)nf_xlat_parse(skb, NFPROTO_IPV4, false, &pkt),
			NF_XLAT_OK);
	KUNIT_ASSERT_EQ(test, (int)nf_xlat_skb(&init_net, skb, &pkt, &parm),
			NF_XLAT_OK);
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		KUNIT_ASSERT_EQ(test, skb_checksum_help(skb), 0);
	KUNIT_EXPECT_TRUE(test, udp_hdr(skb)->check);
	KUNIT_EXPECT_EQ(test, nf_xlat_test_verify(skb, NFPROTO_IPV6), 0);
	kfree_skb(skb);
}

/* RFC 3828 section 3.1: zero would say that there is no checksum */
static void nf_xlat_test_csum_udplite(struct kunit *test)
{
	struct nf_xlat_parm parm = {};
	struct nf_xlat_pkt pkt;
	struct sk_buff *skb;
	unsigned int i;

	/* the second round adds what the first one left */
	for (i = 0; i < 2; i++) {
		skb = nf_xlat_test_skb(test, NFPROTO_IPV4, IPPROTO_UDP, 10,
				       CHECKSUM_NONE);
		ip_hdr(skb)->protocol = IPPROTO_UDPLITE;
		ip_hdr(skb)->saddr = htonl(0xc0000201);
		ip_hdr(skb)->daddr = htonl(0xc0000202);
		memset(skb->data + sizeof(struct iphdr), 0x55, 8);
		KUNIT_ASSERT_EQ(test,
				(int)nf_xlat_parse(skb, NFPROTO_IPV4, false, &pkt),
				NF_XLAT_OK);
		KUNIT_ASSERT_EQ(test, (int)nf_xlat_skb(&init_net, skb, &pkt,
						       &parm), NF_XLAT_OK);
		parm.outer.daddr.in6.s6_addr16[7] =
			(__force __be16)udp_hdr(skb)->check;
		if (i)
			KUNIT_EXPECT_EQ(test,
					ntohs((__force __be16)udp_hdr(skb)->check),
					0xffff);
		kfree_skb(skb);
	}
}

/* The log is told of it, which tests/lab.d/kunit.sh looks at. */
static void nf_xlat_test_no_memory(struct kunit *test)
{
	struct sk_buff *skb;

	skb = nf_xlat_test_skb(test, NFPROTO_IPV4, IPPROTO_UDP, 10,
			       CHECKSUM_NONE);
	KUNIT_EXPECT_EQ(test, nf_xlat_drop(&init_net, skb, NF_XLAT_NOMEM),
			NF_DROP);
	kfree_skb(skb);
}

static struct kunit_case nf_xlat_test_cases[] = {
	KUNIT_CASE(nf_xlat_test_addr),	/* [1] [4] */
	KUNIT_CASE(nf_xlat_test_prefix),	/* [2] [3] */
	KUNIT_CASE(nf_xlat_test_eam),	/* [70] */
	KUNIT_CASE(nf_xlat_test_eam_check),	/* [69] */
	KUNIT_CASE(nf_xlat_test_non_global),	/* [5] [7] */
	KUNIT_CASE(nf_xlat_test_addr_legal),	/* [19] [50] */
	KUNIT_CASE(nf_xlat_test_net_legal),
	KUNIT_CASE(nf_xlat_test_icmp_4to6),	/* [24] [25] [26] [27] [28] [29] [32] [33] */
	KUNIT_CASE(nf_xlat_test_icmp_6to4),	/* [55] [56] [58] [60] */
	KUNIT_CASE(nf_xlat_test_icmp_pointer),	/* [34] [59] */
	KUNIT_CASE(nf_xlat_test_icmp_mtu),	/* [30] [31] [57] */
	KUNIT_CASE(nf_xlat_test_csum),	/* [40] [64] */
	KUNIT_CASE(nf_xlat_test_csum_udp_zero),	/* [41] */
	KUNIT_CASE(nf_xlat_test_gso_udp_none),
	KUNIT_CASE(nf_xlat_test_lro),
	KUNIT_CASE(nf_xlat_test_error_csum),	/* [37] [62] */
	KUNIT_CASE(nf_xlat_test_ext),	/* [35] [61] */
	KUNIT_CASE(nf_xlat_test_error_corrupt),
	KUNIT_CASE(nf_xlat_test_truncated),
	KUNIT_CASE(nf_xlat_test_partial_start),
	KUNIT_CASE(nf_xlat_test_error_cut),
	KUNIT_CASE(nf_xlat_test_csum_udp_tunnel),
	KUNIT_CASE(nf_xlat_test_csum_udplite),
	KUNIT_CASE(nf_xlat_test_no_memory),
	{}
};

static struct kunit_suite nf_xlat_test_suite = {
	.name		= "nf_xlat",
	.test_cases	= nf_xlat_test_cases,
};

kunit_test_suite(nf_xlat_test_suite);

/* One modprobe for all that there is. */
MODULE_SOFTDEP("post: nf_xlat_fuzz");
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("KUnit tests of the IPv4/IPv6 translation engine");
