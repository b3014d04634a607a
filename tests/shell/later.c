// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded into nft: an MTU of 1400 gets the attribute type LATER in place of
 * NFTA_XLAT_MTU, in what nft sends (LATER_IN=batch) or in what it gets
 * (LATER_IN=dump). So one of the two is of a later release than the other.
 * REV and REV_FLOW: xlat or xlat_flow is of this revision; 0: of before there was one.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/netfilter/nft_xlat.h>

struct number {
	struct nlattr attr;
	uint32_t n;
};

static void put(const struct msghdr *msg, uint16_t type, uint32_t n, uint16_t newtype, uint32_t newn)
{
	struct number *found, wanted = { { sizeof(wanted), type }, htonl(n) };
	char *at, *end;
	size_t i;

	for (i = 0; i < msg->msg_iovlen; i++) {
		at = msg->msg_iov[i].iov_base;
		end = at + msg->msg_iov[i].iov_len;
		while ((found = memmem(at, end - at, &wanted, sizeof(wanted)))) {
			found->attr.nla_type = newtype;
			found->n = htonl(newn);
			at = (char *)(found + 1);
		}
	}
}

static void put_rev(const struct msghdr *msg, uint16_t type, const char *rev)
{
	/* A parser leaves out attributes of the type 0. */
	if (rev)
		put(msg, type, NFT_XLAT_REV, atoi(rev) ? type : 0, atoi(rev));
}

static void change(const struct msghdr *msg, const char *where)
{
	if (strcmp(getenv("LATER_IN"), where))
		return;
	if (getenv("LATER"))
		put(msg, NFTA_XLAT_MTU, 1400, atoi(getenv("LATER")), 1400);
	put_rev(msg, NFTA_XLAT_REV, getenv("REV"));
	put_rev(msg, NFTA_XLAT_FLOW_REV, getenv("REV_FLOW"));
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	ssize_t (*real)(int, const struct msghdr *, int) = dlsym(RTLD_NEXT, "sendmsg");

	change(msg, "batch");
	return real(fd, msg, flags);
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	ssize_t (*real)(int, struct msghdr *, int) = dlsym(RTLD_NEXT, "recvmsg");
	ssize_t len = real(fd, msg, flags);

	change(msg, "dump");
	return len;
}
