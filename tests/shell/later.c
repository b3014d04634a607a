// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded into nft: an MTU of 1400 gets the attribute type LATER in place of
 * NFTA_XLAT_MTU, in what nft sends (LATER_IN=batch) or in what it gets
 * (LATER_IN=dump). So one of the two is of a later release than the other.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/netfilter/nft_xlat.h>

static void change(const struct msghdr *msg, const char *where)
{
	struct {
		struct nlattr attr;
		uint32_t mtu;
	} *found, wanted = { { sizeof(wanted), NFTA_XLAT_MTU }, htonl(1400) };
	char *at, *end;
	size_t i;

	if (strcmp(getenv("LATER_IN"), where))
		return;
	for (i = 0; i < msg->msg_iovlen; i++) {
		at = msg->msg_iov[i].iov_base;
		end = at + msg->msg_iov[i].iov_len;
		while ((found = memmem(at, end - at, &wanted, sizeof(wanted)))) {
			found->attr.nla_type = atoi(getenv("LATER"));
			at = (char *)(found + 1);
		}
	}
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
