// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded into nft by nft-compile: keeps nft from the kernel, answers as a
 * kernel with an empty ruleset would, and writes the batch that nft sends into
 * the file named by NFT_CAPTURE. So a ruleset can be compiled anywhere, by
 * anyone, and always to the same bytes.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>

static fd_set faked;

/* what the next recvmsg() on a faked socket gets */
static char reply[256];
static size_t reply_len;

static void die(const char *msg)
{
	fprintf(stderr, "nft-capture: %s\n", msg);
	exit(1);
}

/* Padding is whatever was in nft's buffer, for libmnl did not always clear it. */
static void clear_padding(void *start, int len)
{
	struct nlattr *attr = start;

	for (; mnl_attr_ok(attr, len); attr = mnl_attr_next(attr)) {
		int alen = MNL_ALIGN(attr->nla_len);

		if (attr->nla_type & NLA_F_NESTED)
			clear_padding(mnl_attr_get_payload(attr),
				      mnl_attr_get_payload_len(attr));
		memset((char *)attr + attr->nla_len, 0, alen - attr->nla_len);
		len -= alen;
	}
}

static void write_batch(void *buf, int len)
{
	const char *path = getenv("NFT_CAPTURE");
	struct nlmsghdr *nlh = buf;
	static bool written;
	unsigned int seq = 1;
	FILE *f;

	if (!path)
		die("NFT_CAPTURE is not set");
	if (written)
		die("more than one batch");
	written = true;

	f = fopen(path, "w");
	if (!f)
		die(strerror(errno));

	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);

		nlh->nlmsg_seq = seq++;
		nlh->nlmsg_pid = 0;
		if (nlh->nlmsg_type == NFNL_MSG_BATCH_BEGIN) {
			/* without the generation of the ruleset */
			struct nlmsghdr begin = *nlh;

			begin.nlmsg_len = NLMSG_LENGTH(sizeof(*nfg));
			fwrite(&begin, sizeof(begin), 1, f);
			fwrite(nfg, sizeof(*nfg), 1, f);
			continue;
		}
		clear_padding(nfg + 1, mnl_nlmsg_get_payload_len(nlh) -
				       sizeof(*nfg));
		fwrite(nlh, MNL_ALIGN(nlh->nlmsg_len), 1, f);
	}
	if (fclose(f))
		die(strerror(errno));
}

static void answer(int fd, const struct nlmsghdr *req)
{
	struct sockaddr_nl snl = {};
	socklen_t slen = sizeof(snl);
	struct nlmsghdr *nlh;
	struct nfgenmsg *nfg;

	getsockname(fd, (struct sockaddr *)&snl, &slen);

	memset(reply, 0, sizeof(reply));
	nlh = mnl_nlmsg_put_header(reply);
	nlh->nlmsg_seq = req->nlmsg_seq;
	nlh->nlmsg_pid = snl.nl_pid;

	if (req->nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN)) {
		nlh->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN;
		nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
		nfg->res_id = htons(1);
		mnl_attr_put_u32(nlh, NFTA_GEN_ID, htonl(1));
	} else if ((req->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP) {
		nlh->nlmsg_type = NLMSG_DONE;
		nlh->nlmsg_flags = NLM_F_MULTI;
		*(int *)mnl_nlmsg_put_extra_header(nlh, sizeof(int)) = 0;
	} else {
		struct nlmsgerr *err;

		nlh->nlmsg_type = NLMSG_ERROR;
		err = mnl_nlmsg_put_extra_header(nlh, sizeof(*err));
		err->error = -ENOENT;
		err->msg = *req;
	}
	reply_len = nlh->nlmsg_len;
}

int socket(int domain, int type, int protocol)
{
	bool fake = domain == AF_NETLINK && protocol == NETLINK_NETFILTER;
	int (*next)(int domain, int type, int protocol) = dlsym(RTLD_NEXT, "socket");
	int fd;

	/* any netlink socket that there always is */
	fd = next(domain, type, fake ? NETLINK_ROUTE : protocol);
	if (fd < 0 || fd >= FD_SETSIZE)
		return fd;

	if (fake)
		FD_SET(fd, &faked);
	else
		FD_CLR(fd, &faked);
	return fd;
}

ssize_t sendto(int fd, const void *buf, size_t len, int flags,
	       const struct sockaddr *addr, socklen_t alen)
{
	ssize_t (*next)(int fd, const void *buf, size_t len, int flags,
			const struct sockaddr *addr, socklen_t alen);

	if (!FD_ISSET(fd, &faked)) {
		next = dlsym(RTLD_NEXT, "sendto");
		return next(fd, buf, len, flags, addr, alen);
	}

	answer(fd, buf);
	return len;
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	ssize_t (*next)(int fd, const struct msghdr *msg, int flags);
	size_t i, len = 0;
	char *buf;

	if (!FD_ISSET(fd, &faked)) {
		next = dlsym(RTLD_NEXT, "sendmsg");
		return next(fd, msg, flags);
	}

	for (i = 0; i < msg->msg_iovlen; i++)
		len += msg->msg_iov[i].iov_len;
	buf = malloc(len);
	if (!buf)
		die("out of memory");

	len = 0;
	for (i = 0; i < msg->msg_iovlen; i++) {
		memcpy(buf + len, msg->msg_iov[i].iov_base,
		       msg->msg_iov[i].iov_len);
		len += msg->msg_iov[i].iov_len;
	}
	write_batch(buf, len);
	free(buf);
	return len;
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	ssize_t (*next)(int fd, struct msghdr *msg, int flags);
	struct sockaddr_nl snl = { .nl_family = AF_NETLINK };
	size_t len = reply_len;

	if (!FD_ISSET(fd, &faked)) {
		next = dlsym(RTLD_NEXT, "recvmsg");
		return next(fd, msg, flags);
	}
	if (!len) {
		errno = EAGAIN;
		return -1;
	}

	if (msg->msg_iov[0].iov_len < len || msg->msg_namelen < sizeof(snl))
		die("reply does not fit");
	memcpy(msg->msg_iov[0].iov_base, reply, len);
	memcpy(msg->msg_name, &snl, sizeof(snl));
	msg->msg_namelen = sizeof(snl);
	msg->msg_flags = 0;
	reply_len = 0;
	return len;
}
