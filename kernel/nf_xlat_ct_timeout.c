// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lifetimes of sessions: timeout policies of conntrack with the default values of RFC 6146. A
 * policy that a rule sets ("ct timeout set") before the translation has precedence. nft has no such
 * policy for ICMP, so for ICMP the sysctls of conntrack apply if they are longer.
 */

#include <linux/jiffies.h>
#include <linux/slab.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_conntrack_timeout.h>
#include "compat.h"
#include "nf_xlat_ct_internal.h"

/* RFC 6146 section 4, in seconds */
#define NF_XLAT_UDP_DEFAULT	300
#define NF_XLAT_UDP_MIN		120
#define NF_XLAT_TCP_EST		7440
#define NF_XLAT_TCP_TRANS	240
#define NF_XLAT_ICMP_DEFAULT	60

enum {
	NF_XLAT_TIMEOUT_TCP,
	NF_XLAT_TIMEOUT_UDP,
	NF_XLAT_TIMEOUT_UDP_IN,
	NF_XLAT_TIMEOUT_ICMP,
	NF_XLAT_TIMEOUT_ICMPV6,
	NF_XLAT_TIMEOUT_MAX
};

static struct nf_ct_timeout *nf_xlat_timeouts[NF_XLAT_TIMEOUT_MAX];

/*
 * RFC 5508 REQ-2: a user may configure the lifetime of an ICMP query session, but the lifetime
 * must not be below 60 seconds. Returns NULL if the sysctl is above 60 seconds: without a policy,
 * conntrack uses the sysctl.
 */
static struct nf_ct_timeout *nf_xlat_timeout_icmp(unsigned int sysctl,
						  unsigned int which)
{
	return sysctl > NF_XLAT_ICMP_DEFAULT * HZ ? NULL :
						    nf_xlat_timeouts[which];
}

/* Find the policy for a session. Returns NULL if conntrack's own timeouts apply. */
static struct nf_ct_timeout *nf_xlat_timeout_find(const struct nf_conn *ct)
{
	struct net *net = nf_ct_net(ct);

	switch (nf_ct_protonum(ct)) {
	case IPPROTO_TCP:
		return nf_xlat_timeouts[NF_XLAT_TIMEOUT_TCP];
	case IPPROTO_UDP:
		/*
		 * Any IPv4 host may send to a mapping. If the client does not answer, the session
		 * that the packet makes must not keep the mapping for 300 seconds.
		 */
		if (nf_xlat_ct_pf(ct, IP_CT_DIR_ORIGINAL) == NFPROTO_IPV4)
			return nf_xlat_timeouts[NF_XLAT_TIMEOUT_UDP_IN];
		return nf_xlat_timeouts[NF_XLAT_TIMEOUT_UDP];
	case IPPROTO_ICMP:
		return nf_xlat_timeout_icmp(READ_ONCE(nf_icmp_pernet(net)->timeout),
					    NF_XLAT_TIMEOUT_ICMP);
	case IPPROTO_ICMPV6:
		return nf_xlat_timeout_icmp(READ_ONCE(nf_icmpv6_pernet(net)->timeout),
					    NF_XLAT_TIMEOUT_ICMPV6);
	}
	return NULL;
}

/**
 * nf_xlat_ct_timeout - attach a timeout policy with the lifetimes of the RFCs to a new session
 * @ct: its entry, which is not confirmed
 *
 * This does nothing for an entry that has a policy already, for a protocol for which RFC 6146 has
 * no lifetime, and for ICMP if the sysctl is longer. RCU read side.
 */
void nf_xlat_ct_timeout(struct nf_conn *ct)
{
	struct nf_conn_timeout *ext;
	const unsigned int *values;

	if (nf_ct_timeout_find(ct))
		return;
	/* Without memory, the session has conntrack's own timeouts. */
	ext = nf_ct_timeout_ext_add(ct, nf_xlat_timeout_find(ct),
				    GFP_ATOMIC);
	values = ext ? nf_ct_timeout_data(ext) : NULL;
	if (!values)
		return;

	/*
	 * nf_conntrack_in() has set the timeout for the first packet without this policy, so set
	 * it again. __nf_conntrack_confirm() will add the current time.
	 */
	WRITE_ONCE(ct->timeout, values[nf_ct_protonum(ct) == IPPROTO_TCP ?
				       TCP_CONNTRACK_SYN_SENT : 0]);
}

/* Allocate a policy, and set all its @n timeouts to @secs. */
static struct nf_ct_timeout *nf_xlat_timeout_alloc(u8 proto, unsigned int n,
						   unsigned int secs)
{
	struct nf_ct_timeout *timeout;
	unsigned int *data, i;

	timeout = kzalloc(sizeof(*timeout) + n * sizeof(*data), GFP_KERNEL);
	if (!timeout)
		return NULL;
	nf_xlat_timeout_init_ref(timeout);
	timeout->l3num = NFPROTO_UNSPEC;
	timeout->l4proto = nf_ct_l4proto_find(proto);
	data = (unsigned int *)timeout->data;
	for (i = 0; i < n; i++)
		data[i] = secs * HZ;
	return timeout;
}

/**
 * nf_xlat_ct_timeout_exit - put the policies
 *
 * Where policies have a reference count, an entry that a packet still holds may keep a policy for
 * longer. Process context.
 */
void nf_xlat_ct_timeout_exit(void)
{
	unsigned int i;

	for (i = 0; i < NF_XLAT_TIMEOUT_MAX; i++)
		if (nf_xlat_timeouts[i])
			nf_xlat_timeout_put(nf_xlat_timeouts[i]);
}

/**
 * nf_xlat_ct_timeout_init - allocate the policies
 *
 * Process context.
 *
 * Return: 0 or -ENOMEM.
 */
int nf_xlat_ct_timeout_init(void)
{
	static const struct {
		u8	proto;
		u8	n;
		u16	secs;
	} init[NF_XLAT_TIMEOUT_MAX] = {
		[NF_XLAT_TIMEOUT_TCP]	 = { IPPROTO_TCP,
					     TCP_CONNTRACK_TIMEOUT_MAX,
					     NF_XLAT_TCP_TRANS },
		[NF_XLAT_TIMEOUT_UDP]	 = { IPPROTO_UDP, UDP_CT_MAX,
					     NF_XLAT_UDP_DEFAULT },
		[NF_XLAT_TIMEOUT_UDP_IN] = { IPPROTO_UDP, UDP_CT_MAX,
					     NF_XLAT_UDP_DEFAULT },
		[NF_XLAT_TIMEOUT_ICMP]	 = { IPPROTO_ICMP, 1,
					     NF_XLAT_ICMP_DEFAULT },
		[NF_XLAT_TIMEOUT_ICMPV6] = { IPPROTO_ICMPV6, 1,
					     NF_XLAT_ICMP_DEFAULT },
	};
	unsigned int i, *data;

	for (i = 0; i < NF_XLAT_TIMEOUT_MAX; i++) {
		nf_xlat_timeouts[i] = nf_xlat_timeout_alloc(init[i].proto,
							    init[i].n,
							    init[i].secs);
		if (!nf_xlat_timeouts[i]) {
			nf_xlat_ct_timeout_exit();
			return -ENOMEM;
		}
	}
	data = (unsigned int *)nf_xlat_timeouts[NF_XLAT_TIMEOUT_UDP_IN]->data;
	data[UDP_CT_UNREPLIED] = NF_XLAT_UDP_MIN * HZ;

	/*
	 * RFC 6146 section 3.5.2.2 keeps the timeout of an established session until both sides
	 * have sent a FIN. The RFC has no shorter timeout for retransmissions and for data
	 * without an ACK, for which nf_conntrack_tcp_packet() uses RETRANS and UNACK.
	 */
	data = (unsigned int *)nf_xlat_timeouts[NF_XLAT_TIMEOUT_TCP]->data;
	data[TCP_CONNTRACK_ESTABLISHED] = NF_XLAT_TCP_EST * HZ;
	data[TCP_CONNTRACK_FIN_WAIT] = NF_XLAT_TCP_EST * HZ;
	data[TCP_CONNTRACK_CLOSE_WAIT] = NF_XLAT_TCP_EST * HZ;
	data[TCP_CONNTRACK_RETRANS] = NF_XLAT_TCP_EST * HZ;
	data[TCP_CONNTRACK_UNACK] = NF_XLAT_TCP_EST * HZ;
	return 0;
}
