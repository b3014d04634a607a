// SPDX-License-Identifier: GPL-2.0
/* fuzz: requests to nf_tables, conntrack, queues, tc, links and routes */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/utsname.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_ct.h>
#include <linux/tc_act/tc_mirred.h>
#include "fuzz.h"

struct mnl_socket *nfnl, *rtnl, *queue;
static char message[65536], answer[65536];

struct mnl_socket *netlink_open(int bus)
{
	struct mnl_socket *nl = mnl_socket_open2(bus, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		die("netlink");
	return nl;
}

/* Requests are handled when send() returns; of the answers, errors count. */
void netlink_send(struct mnl_socket *nl, const void *data, unsigned int len,
		  int (*cb)(const struct nlmsghdr *nlh, void *data))
{
	const struct nlmsghdr *nlh;
	int n;

	if (mnl_socket_sendto(nl, data, len) < 0)
		did.refused++;
	did.netlink++;
	while ((n = mnl_socket_recvfrom(nl, answer, sizeof(answer))) > 0 ||
	       (n < 0 && errno == ENOBUFS))
		for (nlh = (void *)answer; n > 0 && mnl_nlmsg_ok(nlh, n); nlh = mnl_nlmsg_next(nlh, &n)) {
			if (nlh->nlmsg_type == NLMSG_ERROR &&
			    ((struct nlmsgerr *)mnl_nlmsg_get_payload(nlh))->error)
				did.refused++;
			else if (cb && nlh->nlmsg_type >= NLMSG_MIN_TYPE)
				cb(nlh, NULL);
		}
}

/* Change one attribute of those in a message, or below them */
void mutate(void *first, int len)
{
	static const uint32_t values[] = {
		0, 1, 2, 3, 4, 8, 16, 31, 32, 33, 64, 96, 127, 128, 255, 256, 1279, 1280, 65535,
		65536, INT32_MAX, 0x80000000, UINT32_MAX,
	};
	struct nlattr *all[256], *stack[16], *a;
	int n = 0, depth = 0, left[16];
	unsigned int size;
	unsigned char *p;

	a = first;
	for (;;) {
		while (len > 0 && mnl_attr_ok(a, len) && n < 256) {
			struct nlattr *next = mnl_attr_next(a);

			all[n++] = a;
			len -= MNL_ALIGN(a->nla_len);
			if (a->nla_type & NLA_F_NESTED && depth < 16) {
				stack[depth] = next;
				left[depth++] = len;
				len = mnl_attr_get_payload_len(a);
				next = mnl_attr_get_payload(a);
			}
			a = next;
		}
		if (!depth)
			break;
		a = stack[--depth];
		len = left[depth];
	}
	if (!n)
		return;
	a = all[rnd(n)];
	p = mnl_attr_get_payload(a);
	size = mnl_attr_get_payload_len(a);
	switch (rnd(7)) {
	case 0:
		if (size)
			p[rnd(size)] ^= 1 << rnd(8);
		break;
	case 1 ... 2:
		if (size == 4)	/* of netfilter, or of rtnetlink */
			*(uint32_t *)p = rnd(2) ? htonl(values[rnd(MNL_ARRAY_SIZE(values))]) :
						  values[rnd(MNL_ARRAY_SIZE(values))];
		else if (size)
			p[rnd(size)] = rnd(256);
		break;
	case 3:
		a->nla_type = (a->nla_type & NLA_F_NESTED) | rnd(24);
		break;
	case 4:
		a->nla_type ^= NLA_F_NESTED;
		break;
	case 5:
		if (size)
			a->nla_len -= rnd(size < 4 ? size + 1 : 4);
		break;
	case 6:	/* as another one */
		a->nla_type = all[rnd(n)]->nla_type;
		break;
	}
}

/* -- nf_tables: the batches of the corpus */

static struct { char *data; unsigned int len; } corpus[32];
unsigned int corpora, flush;

void load_corpus(const char *name)
{
	FILE *f = fopen(name, "r");

	if (!f || corpora == MNL_ARRAY_SIZE(corpus))
		die(name);
	corpus[corpora].data = malloc(sizeof(message));
	corpus[corpora].len = fread(corpus[corpora].data, 1, sizeof(message), f);
	fclose(f);
	if (strstr(name, "/flush."))
		flush = corpora;
	corpora++;
}

void batch(unsigned int which, bool changed)
{
	const unsigned int begin = NLMSG_LENGTH(sizeof(struct nfgenmsg));
	int len = corpus[which].len, count = 0, chosen;
	struct nlmsghdr *nlh = (struct nlmsghdr *)message;

	memcpy(message, corpus[which].data, len);
	/* the generation of the ruleset that it was made for */
	if (nlh->nlmsg_len > begin) {
		memset((char *)nlh + begin, 0, nlh->nlmsg_len - begin);
		memmove(message + begin, message + MNL_ALIGN(nlh->nlmsg_len),
			len - MNL_ALIGN(nlh->nlmsg_len));
		len -= MNL_ALIGN(nlh->nlmsg_len) - begin;
		nlh->nlmsg_len = begin;
	}
	corpus[which].len = len;
	memcpy(corpus[which].data, message, len);

	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
		count++;
	chosen = changed ? (int)rnd(count) + 1 : -1;
	len = corpus[which].len;
	for (nlh = (void *)message, count = 0; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		nlh->nlmsg_seq = ++count;
		if (count != chosen || nlh->nlmsg_type < NLMSG_MIN_TYPE)
			continue;
		if (one_in(6))
			nlh->nlmsg_flags ^= 0x100 << rnd(4);
		else
			mutate(mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg)),
			       mnl_nlmsg_get_payload_len(nlh) - sizeof(struct nfgenmsg));
	}
	netlink_send(nfnl, message, corpus[which].len, NULL);
}

static struct nlmsghdr *nf_message(void *at, uint16_t type, uint16_t flags, uint8_t family)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(at);
	struct nfgenmsg *nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	nfg->nfgen_family = family;
	nfg->res_id = htons(type < NLMSG_MIN_TYPE ? 0 : type >> 8 == 0 ? NFNL_SUBSYS_NFTABLES : 0);
	return nlh;
}

void nft_delete(void)
{
	static const uint8_t families[] = { NFPROTO_INET, NFPROTO_INET, NFPROTO_IPV4, NFPROTO_IPV6 };
	static const char * const chains[] = { "pre", "forward", "out", "extra", "post" };
	static const char * const sets[] = { "to4", "nets4", "to6", "pools4", "ports4", "inbound", "ft" };
	static const uint8_t types[] = {
		NFT_MSG_DELRULE, NFT_MSG_DELRULE, NFT_MSG_DELCHAIN, NFT_MSG_DELSETELEM, NFT_MSG_DELSET,
		NFT_MSG_DELFLOWTABLE, NFT_MSG_DELTABLE,
	};
	/* a table's, chain's, set's and flowtable's names have different numbers */
	uint8_t type = types[rnd(sizeof(types))];
	struct nlmsghdr *nlh;
	char *at = message;

	nlh = nf_message(at, NFNL_MSG_BATCH_BEGIN, 0, 0);
	((struct nfgenmsg *)mnl_nlmsg_get_payload(nlh))->res_id = htons(NFNL_SUBSYS_NFTABLES);
	at += nlh->nlmsg_len;
	nlh = nf_message(at, NFNL_SUBSYS_NFTABLES << 8 | type, 0, families[rnd(sizeof(families))]);
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, one_in(8) ? "other" : "gw");
	switch (type) {
	case NFT_MSG_DELRULE:
		if (!one_in(8))
			mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, chains[rnd(5)]);
		if (rnd(2))
			mnl_attr_put_u64(nlh, NFTA_RULE_HANDLE, htobe64(rnd(64)));
		break;
	case NFT_MSG_DELCHAIN:
		mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, chains[rnd(5)]);
		break;
	case NFT_MSG_DELTABLE:
		break;
	default:
		mnl_attr_put_strz(nlh, NFTA_SET_NAME, sets[rnd(7)]);
	}
	at += MNL_ALIGN(nlh->nlmsg_len);
	nlh = nf_message(at, NFNL_MSG_BATCH_END, 0, 0);
	((struct nfgenmsg *)mnl_nlmsg_get_payload(nlh))->res_id = htons(NFNL_SUBSYS_NFTABLES);
	at += nlh->nlmsg_len;
	netlink_send(nfnl, message, at - message, NULL);
}

void nft_dump(void)
{
	static const uint8_t types[] = { NFT_MSG_GETRULE, NFT_MSG_GETSET, NFT_MSG_GETFLOWTABLE, NFT_MSG_GETCHAIN };
	struct nlmsghdr *nlh = nf_message(message, NFNL_SUBSYS_NFTABLES << 8 | types[rnd(4)],
					  NLM_F_DUMP, NFPROTO_UNSPEC);

	netlink_send(nfnl, message, nlh->nlmsg_len, NULL);
}

/* -- ctnetlink: entries that a dump has shown are changed, and made again */

static struct { unsigned int len; uint8_t family; char attrs[1024]; } entries[32];
static unsigned int known;

static int entry_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *a;
	char *at = entries[known % 32].attrs;

	(void)data;
	if (nlh->nlmsg_type >> 8 != NFNL_SUBSYS_CTNETLINK)
		return MNL_CB_OK;
	if (!one_in(4))
		return MNL_CB_OK;
	mnl_attr_for_each(a, nlh, sizeof(*nfg)) {
		uint16_t type = mnl_attr_get_type(a);

		if (type != CTA_TUPLE_ORIG && type != CTA_TUPLE_REPLY && type != CTA_TIMEOUT &&
		    type != CTA_PROTOINFO && type != CTA_STATUS && type != CTA_ZONE)
			continue;
		if (at + MNL_ALIGN(a->nla_len) > entries[known % 32].attrs + 1024)
			break;
		memcpy(at, a, MNL_ALIGN(a->nla_len));
		at += MNL_ALIGN(a->nla_len);
	}
	entries[known % 32].len = at - entries[known % 32].attrs;
	entries[known % 32].family = nfg->nfgen_family;
	known++;
	return MNL_CB_OK;
}

void ct_dump(void)
{
	struct nlmsghdr *nlh = nf_message(message, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET,
					  NLM_F_DUMP, rnd(2) ? AF_UNSPEC : rnd(2) ? AF_INET : AF_INET6);

	netlink_send(nfnl, message, nlh->nlmsg_len, entry_cb);
}

/* An entry of GRE whose master is a known entry: when it ends, core thinks of PPTP. */
static void ct_master(unsigned int which)
{
	const struct nlattr *a, *orig = NULL;
	struct nlattr *tuple, *nest;
	struct nlmsghdr *nlh;
	int len = entries[which].len;
	unsigned int i;

	for (a = (void *)entries[which].attrs; mnl_attr_ok(a, len);
	     len -= MNL_ALIGN(a->nla_len), a = mnl_attr_next(a))
		if (mnl_attr_get_type(a) == CTA_TUPLE_ORIG)
			orig = a;
	if (!orig)
		return;
	nlh = nf_message(message, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW, NLM_F_CREATE,
			 entries[which].family);
	for (i = 0; i < 2; i++) {
		struct in6_addr addr = { .s6_addr = { 0x20, 1, [15] = rnd(4) } };
		unsigned int size = entries[which].family == AF_INET ? 4 : 16;

		tuple = mnl_attr_nest_start(nlh, i ? CTA_TUPLE_REPLY : CTA_TUPLE_ORIG);
		nest = mnl_attr_nest_start(nlh, CTA_TUPLE_IP);
		mnl_attr_put(nlh, size == 4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, size, &addr);
		mnl_attr_put(nlh, size == 4 ? CTA_IP_V4_DST : CTA_IP_V6_DST, size, &addr);
		mnl_attr_nest_end(nlh, nest);
		nest = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);
		mnl_attr_put_u8(nlh, CTA_PROTO_NUM, IPPROTO_GRE);
		mnl_attr_put_u16(nlh, CTA_PROTO_SRC_PORT, htons(rnd(4)));
		mnl_attr_put_u16(nlh, CTA_PROTO_DST_PORT, htons(rnd(4)));
		mnl_attr_nest_end(nlh, nest);
		mnl_attr_nest_end(nlh, tuple);
	}
	mnl_attr_put_u32(nlh, CTA_TIMEOUT, htonl(1));
	mnl_attr_put(nlh, NLA_F_NESTED | CTA_TUPLE_MASTER, mnl_attr_get_payload_len(orig),
		     mnl_attr_get_payload(orig));
	netlink_send(nfnl, message, nlh->nlmsg_len, NULL);
}

void ct_change(void)
{
	static const char * const helpers[] = { "", "ftp", "xlat", "sip", "tftp" };
	unsigned int which = rnd(32);
	struct nlattr *nest;
	struct nlmsghdr *nlh;
	bool delete = one_in(6);

	if (!entries[which].len) {
		ct_dump();
		return;
	}
	if (one_in(10)) {
		ct_master(which);
		return;
	}
	nlh = nf_message(message, NFNL_SUBSYS_CTNETLINK << 8 | (delete ? IPCTNL_MSG_CT_DELETE : IPCTNL_MSG_CT_NEW),
			 delete ? 0 : one_in(3) ? NLM_F_CREATE | NLM_F_EXCL * rnd(2) : 0,
			 entries[which].family);
	memcpy(mnl_nlmsg_get_payload_tail(nlh), entries[which].attrs, entries[which].len);
	nlh->nlmsg_len += entries[which].len;
	switch (rnd(9)) {
	case 0:
		mnl_attr_put_u32(nlh, CTA_STATUS, htonl(rnd(2) ? rnd(1 << 15) : 1u << rnd(15)));
		break;
	case 1 ... 2:
		nest = mnl_attr_nest_start(nlh, CTA_HELP);
		if (!one_in(3))
			mnl_attr_put_strz(nlh, CTA_HELP_NAME, helpers[rnd(5)]);
		mnl_attr_nest_end(nlh, nest);
		break;
	case 3:
		mnl_attr_put_u32(nlh, CTA_TIMEOUT, htonl(rnd(3)));
		break;
	case 4:
		mnl_attr_put_u32(nlh, CTA_MARK, htonl(rnd(4)));
		break;
	case 5:
		nest = mnl_attr_nest_start(nlh, rnd(2) ? CTA_NAT_SRC : CTA_NAT_DST);
		mnl_attr_put_u32(nlh, CTA_NAT_V4_MINIP, address4());
		mnl_attr_nest_end(nlh, nest);
		break;
	case 6:
		nest = mnl_attr_nest_start(nlh, CTA_LABELS);
		mnl_attr_nest_end(nlh, nest);
		break;
	case 7:
		nest = mnl_attr_nest_start(nlh, CTA_SEQ_ADJ_ORIG);
		mnl_attr_put_u32(nlh, CTA_SEQADJ_CORRECTION_POS, htonl(1));
		mnl_attr_put_u32(nlh, CTA_SEQADJ_OFFSET_BEFORE, htonl(1));
		mnl_attr_put_u32(nlh, CTA_SEQADJ_OFFSET_AFTER, htonl(2));
		mnl_attr_nest_end(nlh, nest);
		break;
	}
	if (one_in(3))
		mutate(mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg)),
		       mnl_nlmsg_get_payload_len(nlh) - sizeof(struct nfgenmsg));
	netlink_send(nfnl, message, nlh->nlmsg_len, NULL);
}

void ct_flush(void)
{
	struct nlmsghdr *nlh = nf_message(message, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE, 0,
					  rnd(2) ? AF_UNSPEC : rnd(2) ? AF_INET : AF_INET6);

	netlink_send(nfnl, message, nlh->nlmsg_len, NULL);
}

/* The master is a session, and what it expects has its addresses. */
void ct_expect(void)
{
	unsigned int which = rnd(32);
	struct nlattr *tuple = NULL, *a, *nest;
	struct nlmsghdr *nlh;
	char *at = entries[which].attrs;
	int len = entries[which].len;

	for (a = (void *)at; len > 0 && mnl_attr_ok(a, len); len -= MNL_ALIGN(a->nla_len), a = mnl_attr_next(a))
		if (mnl_attr_get_type(a) == CTA_TUPLE_ORIG)
			tuple = a;
	if (!tuple)
		return;
	nlh = nf_message(message, NFNL_SUBSYS_CTNETLINK_EXP << 8 | IPCTNL_MSG_EXP_NEW,
			 NLM_F_CREATE, entries[which].family);
	mnl_attr_put(nlh, CTA_EXPECT_MASTER | NLA_F_NESTED, mnl_attr_get_payload_len(tuple), mnl_attr_get_payload(tuple));
	mnl_attr_put(nlh, CTA_EXPECT_TUPLE | NLA_F_NESTED, mnl_attr_get_payload_len(tuple), mnl_attr_get_payload(tuple));
	mnl_attr_put(nlh, CTA_EXPECT_MASK | NLA_F_NESTED, mnl_attr_get_payload_len(tuple), mnl_attr_get_payload(tuple));
	mnl_attr_put_u32(nlh, CTA_EXPECT_TIMEOUT, htonl(10));
	mnl_attr_put_u32(nlh, CTA_EXPECT_FLAGS, htonl(rnd(8)));
	if (rnd(2)) {
		nest = mnl_attr_nest_start(nlh, CTA_EXPECT_NAT);
		mnl_attr_put_u32(nlh, CTA_EXPECT_NAT_DIR, htonl(rnd(2)));
		mnl_attr_put(nlh, CTA_EXPECT_NAT_TUPLE | NLA_F_NESTED, mnl_attr_get_payload_len(tuple),
			     mnl_attr_get_payload(tuple));
		mnl_attr_nest_end(nlh, nest);
	}
	if (rnd(2))
		mutate(mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg)),
		       mnl_nlmsg_get_payload_len(nlh) - sizeof(struct nfgenmsg));
	netlink_send(nfnl, message, nlh->nlmsg_len, NULL);
}

/* -- packets in a user's queue */

static struct { uint32_t id; uint8_t family; } waiting[64];
static unsigned int waits;

static int queue_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *a;

	(void)data;
	mnl_attr_for_each(a, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(a) == NFQA_PACKET_HDR && waits < 64) {
			const struct nfqnl_msg_packet_hdr *h = mnl_attr_get_payload(a);

			waiting[waits++].id = h->packet_id;
		}
	return MNL_CB_OK;
}

void queue_config(uint8_t command)
{
	struct nfqnl_msg_config_cmd cmd = { .command = command };
	struct nlmsghdr *nlh;

	nlh = nf_message(message, NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_CONFIG, 0, AF_UNSPEC);
	((struct nfgenmsg *)mnl_nlmsg_get_payload(nlh))->res_id = htons(QUEUE);
	mnl_attr_put(nlh, NFQA_CFG_CMD, sizeof(cmd), &cmd);
	if (command == NFQNL_CFG_CMD_BIND) {
		struct nfqnl_msg_config_params params = {
			.copy_range = htonl(256), .copy_mode = NFQNL_COPY_PACKET,
		};

		mnl_attr_put(nlh, NFQA_CFG_PARAMS, sizeof(params), &params);
	}
	netlink_send(queue, message, nlh->nlmsg_len, queue_cb);
}

/*
 * 6.1 has faults of its own, that later kernels have not. nf_reinject() warns when a queue ends, after
 * a grace period, and the hooks of its packets have gone meanwhile. And act_ct writes to fragments
 * that nf_ct_frag6_gather() or ip_defrag() has kept or freed (KASAN in tcf_ct_handle_fragments()).
 */
static bool is_old(void)
{
	static int old = -1;
	struct utsname uts;

	if (old == -1)
		old = !uname(&uts) && !strncmp(uts.release, "6.1.", 4);
	return old;
}

void queue_verdict(void)
{
	static const uint32_t verdicts[] = { NF_ACCEPT, NF_ACCEPT, NF_ACCEPT, NF_DROP, NF_REPEAT, NF_STOP };
	struct nfqnl_msg_verdict_hdr v;
	struct nlmsghdr *nlh;
	unsigned int i;

	if (one_in(12)) {
		queue_config(rnd(2) && !is_old() ? NFQNL_CFG_CMD_UNBIND : NFQNL_CFG_CMD_BIND);
		return;
	}
	queue_config(NFQNL_CFG_CMD_NONE);	/* to be told of what waits */
	if (!waits)
		return;
	/* Those that have waited for long have often gone, with the rules. */
	i = one_in(4) ? rnd(waits) : waits - 1;
	v.verdict = htonl(verdicts[rnd(MNL_ARRAY_SIZE(verdicts))]);
	v.id = waiting[i].id;
	waiting[i] = waiting[--waits];
	nlh = nf_message(message, NFNL_SUBSYS_QUEUE << 8 | (one_in(8) ? NFQNL_MSG_VERDICT_BATCH : NFQNL_MSG_VERDICT),
			 0, AF_UNSPEC);
	((struct nfgenmsg *)mnl_nlmsg_get_payload(nlh))->res_id = htons(QUEUE);
	mnl_attr_put(nlh, NFQA_VERDICT_HDR, sizeof(v), &v);
	if (one_in(5)) {
		/* what a user makes of a packet */
		const struct frame *f = &ends[rnd(2)].seen[rnd(16)];

		if (f->len > 14)
			mnl_attr_put(nlh, NFQA_PAYLOAD, f->len - 14, f->data + 14);
	}
	netlink_send(queue, message, nlh->nlmsg_len, queue_cb);
}

/* -- tc: matchall with act_ct, by hand, for iproute2 does not offer all of it, and mirred */

static const char * const devices[] = {
	"lan", "wan", "lan", "wan", "x0", "x1", "x2", "x3", "v0", "d0", "b0", "r0",
};

static const char *more_device(void)
{
	return devices[8 + rnd(4)];
}

static unsigned int device(void)
{
	return if_nametoindex(devices[rnd(MNL_ARRAY_SIZE(devices))]);
}

static struct nlmsghdr *tc_message(uint16_t type, uint16_t flags, struct tcmsg **tcm)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(message);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	*tcm = mnl_nlmsg_put_extra_header(nlh, sizeof(**tcm));
	(*tcm)->tcm_ifindex = rnd(2) ? if_nametoindex(devices[rnd(2)]) : device();
	return nlh;
}

void tc_qdisc(void)
{
	struct nlmsghdr *nlh;
	struct tcmsg *tcm;

	nlh = tc_message(one_in(4) ? RTM_DELQDISC : RTM_NEWQDISC, NLM_F_CREATE, &tcm);
	tcm->tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
	tcm->tcm_parent = TC_H_CLSACT;
	mnl_attr_put_strz(nlh, TCA_KIND, "clsact");
	netlink_send(rtnl, message, nlh->nlmsg_len, NULL);
}

static void act_ct(struct nlmsghdr *nlh)
{
	static const uint16_t acts[] = {
		TCA_CT_ACT_NAT | TCA_CT_ACT_NAT_SRC, TCA_CT_ACT_NAT | TCA_CT_ACT_NAT_DST,
		TCA_CT_ACT_COMMIT, TCA_CT_ACT_COMMIT | TCA_CT_ACT_NAT | TCA_CT_ACT_NAT_SRC,
		TCA_CT_ACT_NAT, TCA_CT_ACT_CLEAR, TCA_CT_ACT_FORCE | TCA_CT_ACT_COMMIT, 0,
	};
	struct tc_ct parm = { .action = TC_ACT_PIPE };
	struct nlattr *ct;

	mnl_attr_put_strz(nlh, TCA_ACT_KIND, "ct");
	ct = mnl_attr_nest_start(nlh, TCA_ACT_OPTIONS);
	mnl_attr_put(nlh, TCA_CT_PARMS, sizeof(parm), &parm);
	mnl_attr_put_u16(nlh, TCA_CT_ACTION, acts[rnd(MNL_ARRAY_SIZE(acts))]);
	if (rnd(2)) {
		mnl_attr_put_u32(nlh, TCA_CT_NAT_IPV4_MIN, address4());
		mnl_attr_put_u32(nlh, TCA_CT_NAT_IPV4_MAX, address4());
	}
	if (one_in(4))
		mnl_attr_put_u16(nlh, TCA_CT_ZONE, rnd(2));
	mnl_attr_nest_end(nlh, ct);
}

/*
 * Frames, MAC header and all, to a device that has none, or back to where they come from. Not to
 * the VRF: it hands what is for this host to itself (vrf_local_xmit()), and a filter of its ingress
 * that mirrors to it again makes packets without end, which the kernel does not bound.
 */
static void act_mirred(struct nlmsghdr *nlh)
{
	struct tc_mirred parm = { .ifindex = device() };
	struct nlattr *options;

	while (parm.ifindex == if_nametoindex("r0") && parm.ifindex)
		parm.ifindex = device();
	parm.eaction = rnd(2) ? TCA_EGRESS_REDIR : TCA_EGRESS_MIRROR;
	parm.action = parm.eaction == TCA_EGRESS_REDIR ? TC_ACT_STOLEN : TC_ACT_PIPE;
	mnl_attr_put_strz(nlh, TCA_ACT_KIND, "mirred");
	options = mnl_attr_nest_start(nlh, TCA_ACT_OPTIONS);
	mnl_attr_put(nlh, TCA_MIRRED_PARMS, sizeof(parm), &parm);
	mnl_attr_nest_end(nlh, options);
}

void tc_filter(void)
{
	struct nlattr *options, *actions, *action;
	struct nlmsghdr *nlh;
	struct tcmsg *tcm;

	if (one_in(3)) {
		nlh = tc_message(RTM_DELTFILTER, 0, &tcm);
		tcm->tcm_parent = TC_H_MAKE(TC_H_CLSACT, rnd(2) ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS);
		netlink_send(rtnl, message, nlh->nlmsg_len, NULL);
		return;
	}
	nlh = tc_message(RTM_NEWTFILTER, NLM_F_CREATE, &tcm);
	tcm->tcm_parent = TC_H_MAKE(TC_H_CLSACT, one_in(3) ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS);
	tcm->tcm_info = TC_H_MAKE((1 + rnd(3)) << 16, htons(rnd(2) ? ETHERTYPE_IP : ETHERTYPE_IPV6));
	mnl_attr_put_strz(nlh, TCA_KIND, "matchall");
	options = mnl_attr_nest_start(nlh, TCA_OPTIONS);
	actions = mnl_attr_nest_start(nlh, TCA_MATCHALL_ACT);
	action = mnl_attr_nest_start(nlh, 1);
	if (one_in(3) || is_old())
		act_mirred(nlh);
	else
		act_ct(nlh);
	mnl_attr_nest_end(nlh, action);
	mnl_attr_nest_end(nlh, actions);
	mnl_attr_nest_end(nlh, options);
	if (one_in(4))
		mutate(mnl_nlmsg_get_payload_offset(nlh, sizeof(*tcm)),
		       mnl_nlmsg_get_payload_len(nlh) - sizeof(*tcm));
	netlink_send(rtnl, message, nlh->nlmsg_len, NULL);
}

/* -- devices, addresses, routes */

void link_change(void)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(message);
	struct nlattr *info, *data;
	struct ifinfomsg *ifi;

	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_type = RTM_NEWLINK;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	switch (rnd(6)) {
	case 0 ... 1:
		ifi->ifi_index = device();
		ifi->ifi_change = IFF_UP;
		ifi->ifi_flags = one_in(3) ? 0 : IFF_UP;
		break;
	case 2:
		ifi->ifi_index = device();
		mnl_attr_put_u32(nlh, IFLA_MTU, one_in(4) ? rnd(2000) : 1280 + rnd(300));
		break;
	case 3:
		nlh->nlmsg_type = RTM_DELLINK;
		mnl_attr_put_strz(nlh, IFLA_IFNAME, more_device());
		break;
	case 4:
		nlh->nlmsg_flags |= NLM_F_CREATE;
		mnl_attr_put_strz(nlh, IFLA_IFNAME, "d0");
		info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
		mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "dummy");
		mnl_attr_nest_end(nlh, info);
		break;
	case 5:
		nlh->nlmsg_flags |= NLM_F_CREATE;
		mnl_attr_put_strz(nlh, IFLA_IFNAME, "v0");
		mnl_attr_put_u32(nlh, IFLA_LINK, if_nametoindex("wan"));
		info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
		mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "vlan");
		data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
		mnl_attr_put_u16(nlh, IFLA_VLAN_ID, 5);
		mnl_attr_nest_end(nlh, data);
		mnl_attr_nest_end(nlh, info);
		break;
	}
	netlink_send(rtnl, message, nlh->nlmsg_len, NULL);
}

void address_change(void)
{
	static const char * const some[] = { "192.0.2.1", "198.51.100.1", "203.0.113.9" };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(message);
	struct ifaddrmsg *ifa;
	uint32_t a = inet_addr(some[rnd(3)]);

	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE;
	nlh->nlmsg_type = one_in(3) ? RTM_DELADDR : RTM_NEWADDR;
	ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	ifa->ifa_index = if_nametoindex("wan");
	ifa->ifa_prefixlen = 24;
	ifa->ifa_family = AF_INET;
	mnl_attr_put(nlh, IFA_LOCAL, 4, &a);
	netlink_send(rtnl, message, nlh->nlmsg_len, NULL);
}

void route_change(void)
{
	static const uint8_t types[] = { RTN_UNICAST, RTN_UNICAST, RTN_UNREACHABLE, RTN_LOCAL, RTN_BLACKHOLE };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(message);
	struct rtmsg *rtm;

	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE;
	nlh->nlmsg_type = one_in(3) ? RTM_DELROUTE : RTM_NEWROUTE;
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_table = RT_TABLE_MAIN;
	rtm->rtm_protocol = RTPROT_STATIC;
	rtm->rtm_type = types[rnd(sizeof(types))];
	if (rnd(2)) {
		static const char * const nets[] = { "198.51.100.0", "203.0.113.0", "203.0.113.64", "10.99.0.0" };
		uint32_t net = inet_addr(nets[rnd(4)]);
		uint32_t via = inet_addr("192.0.2.2");

		rtm->rtm_family = AF_INET;
		rtm->rtm_dst_len = net == inet_addr(nets[2]) ? 26 : 24;
		mnl_attr_put(nlh, RTA_DST, 4, &net);
		if (rtm->rtm_type == RTN_UNICAST && rnd(2))
			mnl_attr_put(nlh, RTA_GATEWAY, 4, &via);
	} else {
		static const char * const nets[] = { "2001:db8:2::", "2001:db8:65::", "2001:db8:66::", "64:ff9b::" };
		unsigned int i = rnd(4);
		struct in6_addr net;

		rtm->rtm_family = AF_INET6;
		rtm->rtm_dst_len = i ? 96 : 64;
		inet_pton(AF_INET6, nets[i], &net);
		mnl_attr_put(nlh, RTA_DST, 16, &net);
	}
	if (rtm->rtm_type == RTN_UNICAST)
		mnl_attr_put_u32(nlh, RTA_OIF, device());
	netlink_send(rtnl, message, nlh->nlmsg_len, NULL);
}
