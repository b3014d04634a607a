// SPDX-License-Identifier: GPL-2.0
/*
 * nft-replay: send a compiled ruleset to the kernel, where there is no nft that
 * knows its text. Batches come from nft-compile; they are in the byte order of
 * the host that compiled them.
 *
 *	nft-replay FILE.nlbatch		exit status 0, or 1 if the kernel refused
 *	nft-replay --dump FILE.nlbatch	print its messages, for a diff
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>

#ifndef SOL_NETLINK
#define SOL_NETLINK	270
#endif

static const char *file;

static void __attribute__((noreturn)) die(const char *msg)
{
	fprintf(stderr, "nft-replay: %s: %s\n", file, msg);
	exit(2);
}

static const char *type_name(uint16_t type)
{
	static const char * const names[] = {
		[NFT_MSG_NEWTABLE]	= "new table",
		[NFT_MSG_DELTABLE]	= "delete table",
		[NFT_MSG_NEWCHAIN]	= "new chain",
		[NFT_MSG_DELCHAIN]	= "delete chain",
		[NFT_MSG_NEWRULE]	= "new rule",
		[NFT_MSG_DELRULE]	= "delete rule",
		[NFT_MSG_NEWSET]	= "new set",
		[NFT_MSG_DELSET]	= "delete set",
		[NFT_MSG_NEWSETELEM]	= "new set elements",
		[NFT_MSG_DELSETELEM]	= "delete set elements",
		[NFT_MSG_NEWOBJ]	= "new object",
		[NFT_MSG_DELOBJ]	= "delete object",
		[NFT_MSG_NEWFLOWTABLE]	= "new flowtable",
		[NFT_MSG_DELFLOWTABLE]	= "delete flowtable",
	};

	switch (type) {
	case NFNL_MSG_BATCH_BEGIN:
		return "begin of batch";
	case NFNL_MSG_BATCH_END:
		return "end of batch";
	}

	if (type >> 8 == NFNL_SUBSYS_NFTABLES &&
	    (type & 0xff) < MNL_ARRAY_SIZE(names) && names[type & 0xff])
		return names[type & 0xff];

	return "message of unknown type";
}

static char *read_file(int *len)
{
	char *buf = NULL;
	size_t n, size = 0;
	FILE *f;

	f = fopen(file, "r");
	if (!f)
		die(strerror(errno));

	*len = 0;
	do {
		size += 65536;
		buf = realloc(buf, size);
		if (!buf)
			die("out of memory");
		n = fread(buf + *len, 1, size - *len, f);
		*len += n;
	} while (n && !ferror(f));

	if (ferror(f))
		die(strerror(errno));
	fclose(f);
	return buf;
}

/* Number the messages, so that an error tells which one it is about, and forget
 * the generation of the ruleset that the batch was made for, and from where.
 */
static void prepare(char *buf, int *total)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)buf;
	const int begin = NLMSG_LENGTH(sizeof(struct nfgenmsg));
	unsigned int seq = 0, type = 0;
	int len = *total;

	if (!mnl_nlmsg_ok(nlh, len) ||
	    nlh->nlmsg_type != NFNL_MSG_BATCH_BEGIN ||
	    nlh->nlmsg_len < (unsigned int)begin)
		die("not a batch, or not of this byte order");

	len -= MNL_ALIGN(nlh->nlmsg_len);
	/* The padding of the last message may not be there. */
	if (len < 0)
		die("the batch is cut off");
	memmove(buf + begin, buf + MNL_ALIGN(nlh->nlmsg_len), len);
	nlh->nlmsg_len = begin;
	*total = len = begin + len;

	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		nlh->nlmsg_seq = ++seq;
		nlh->nlmsg_pid = 0;
		type = nlh->nlmsg_type;
	}
	if (len || type != NFNL_MSG_BATCH_END)
		die("the batch is cut off");
}

static const struct nlmsghdr *message(const char *buf, int len, uint32_t seq)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;

	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		if (nlh->nlmsg_seq == seq)
			return nlh;
	}
	return NULL;
}

static int extack_cb(const struct nlattr *attr, void *data)
{
	const struct nlattr **tb = data;

	if (mnl_attr_type_valid(attr, NLMSGERR_ATTR_MAX) >= 0)
		tb[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static void report(const struct nlmsghdr *nlh, const struct nlmsgerr *err,
		   const char *buf, int len)
{
	const struct nlattr *tb[NLMSGERR_ATTR_MAX + 1] = {};
	const struct nlmsghdr *req = message(buf, len, err->msg.nlmsg_seq);
	unsigned int hlen = sizeof(*err);

	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		hlen += mnl_nlmsg_get_payload_len(&err->msg);
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS)
		mnl_attr_parse(nlh, hlen, extack_cb, tb);

	fprintf(stderr, "nft-replay: %s: message %u (%s): %s", file,
		err->msg.nlmsg_seq,
		req ? type_name(req->nlmsg_type) : "not in the batch",
		strerror(-err->error));
	if (tb[NLMSGERR_ATTR_MSG])
		fprintf(stderr, ": %s",
			mnl_attr_get_str(tb[NLMSGERR_ATTR_MSG]));
	if (tb[NLMSGERR_ATTR_OFFS])
		fprintf(stderr, " (attribute at offset %u)",
			mnl_attr_get_u32(tb[NLMSGERR_ATTR_OFFS]));
	fputc('\n', stderr);
}

/* The kernel has handled the batch when sendto() returns, and has then queued
 * the errors, if any.
 */
static bool replay(const char *buf, int len)
{
	char rcv[MNL_SOCKET_BUFFER_SIZE];
	const struct nlmsghdr *nlh;
	struct mnl_socket *nl;
	bool ok = true;
	int fd, n, one = 1;

	nl = mnl_socket_open(NETLINK_NETFILTER);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		die(strerror(errno));
	fd = mnl_socket_get_fd(nl);

	/* both are only better error reports */
	mnl_socket_setsockopt(nl, NETLINK_EXT_ACK, &one, sizeof(one));
	mnl_socket_setsockopt(nl, NETLINK_CAP_ACK, &one, sizeof(one));
	n = 2 * len;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &n, sizeof(n)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &n, sizeof(n));

	if (mnl_socket_sendto(nl, buf, len) < 0)
		die(strerror(errno));

	while ((n = recv(fd, rcv, sizeof(rcv), MSG_DONTWAIT)) > 0) {
		nlh = (struct nlmsghdr *)rcv;
		for (; mnl_nlmsg_ok(nlh, n); nlh = mnl_nlmsg_next(nlh, &n)) {
			const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);

			if (nlh->nlmsg_type != NLMSG_ERROR || !err->error)
				continue;
			report(nlh, err, buf, len);
			ok = false;
		}
	}
	/* as with ENOBUFS: more errors than fit */
	if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
		die(strerror(errno));

	mnl_socket_close(nl);
	return ok;
}

int main(int argc, char **argv)
{
	bool dump = argc == 3 && !strcmp(argv[1], "--dump");
	char *buf;
	int len;

	if (argc != 2 + dump || argv[1 + dump][0] == '-') {
		fprintf(stderr, "usage: nft-replay [--dump] FILE.nlbatch\n");
		return 2;
	}
	file = argv[1 + dump];

	buf = read_file(&len);
	prepare(buf, &len);
	if (dump) {
		mnl_nlmsg_fprintf(stdout, buf, len, sizeof(struct nfgenmsg));
		return 0;
	}

	return replay(buf, len) ? 0 : 1;
}
