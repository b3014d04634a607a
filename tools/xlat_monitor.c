// SPDX-License-Identifier: GPL-2.0
/* xlat monitor: what begins and ends, as the kernel tells of it */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <linux/genetlink.h>
#include "xlat.h"

bool monitors[GROUPS];	/* which groups */

/* The begin of a line: when, and what happened */
static void event(uint64_t ns, const char *what)
{
	time_t sec = ns / 1000000000;
	char buf[32], zone[8];

	if (json) {
		printf("{\"time\": %" PRIu64 ".%09" PRIu64 ", \"event\": \"%s\"",
		       ns / 1000000000, ns % 1000000000, what);
		return;
	}
	/* With the zone: where clocks are set back, an hour comes twice. */
	strftime(buf, sizeof(buf), "%F %T", localtime(&sec));
	strftime(zone, sizeof(zone), "%z", localtime(&sec));
	printf("%s.%03u%s %-5s", buf, (unsigned int)(ns % 1000000000 / 1000000), zone, what);
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* A line of this program's own: it begins to listen, or events are missing here. */
static void event_own(const char *what)
{
	event(now(), what);
	printf(json ? "}\n" : "\n");
}

static void event_mapping(const struct mapping *m, uint64_t ns, const char *what)
{
	bool begins = !strcmp(what, "begin");

	event(ns, what);
	if (json) {
		printf(", \"mapping\": ");
		json_mapping(m);
		if (!begins)
			printf("\"age\": %u, ", m->age);
		printf("\"zone\": %u, \"client_zone\": %u}}\n", m->zone, m->client_zone);
		return;
	}
	printf(" mapping %s %s %s%s%s", proto_name(m->proto), end_text(&m->client),
	       end_text(&m->pool), m->client_zone ? " " : "", in_zone(m->client_zone));
	if (!begins)
		printf(" after %us", m->age);
	putchar('\n');
}

static void event_session(const struct session *s, uint64_t ns, bool begins)
{
	event(ns, begins ? "begin" : "end");
	if (json) {
		printf(", \"session\": ");
		json_session(s);
		printf("}\n");
		return;
	}
	printf(" session %s %s %s %s%s%s", proto_name(s->proto), end_text(&s->client),
	       end_text(&s->pool), end_text(&s->peer), s->in ? " in" : "",
	       s->flags & NF_XLAT_SESSION_FLAG_HAIRPIN ? " hairpin" : "");
	if (!begins && s->counted)
		printf(" %" PRIu64 "+%" PRIu64 " packets, %" PRIu64 "+%" PRIu64 " bytes",
		       s->packets[0], s->packets[1], s->bytes[0], s->bytes[1]);
	putchar('\n');
}

static void event_block(const struct block *b, uint64_t ns, const char *what)
{
	bool begins = !strcmp(what, "begin");

	event(ns, what);
	if (json) {
		printf(", \"block\": ");
		json_block(b);
		if (!begins)
			printf("\"age\": %u, ", b->age);
		printf("\"zone\": %u, \"client_zone\": %u}}\n", b->zone, b->client_zone);
		return;
	}
	printf(" block %s/64 %s-%u%s%s", address(b->client.addr, AF_INET6), end_text(&b->pool),
	       block_last(b), b->client_zone ? " " : "", in_zone(b->client_zone));
	if (!begins)
		printf(" after %us", b->age);
	putchar('\n');
}

/* What the family, or generic netlink itself, tells */
static void event_parse(const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct table t = TABLE(mapping), u = TABLE(session), v = TABLE(block);
	const struct session *s;
	const struct mapping *m;
	const struct block *b;
	uint64_t ns;
	ATTRS(tb);

	mnl_attr_parse(nlh, sizeof(*genl), attrs_cb, tb);
	if (nlh->nlmsg_type == GENL_ID_CTRL) {
		if (genl->cmd == CTRL_CMD_DELFAMILY && get(tb[CTRL_ATTR_FAMILY_ID]) == nl_family)
			die(1, "monitor: nf_xlat_ct was unloaded");
		return;
	}
	if (nlh->nlmsg_type != nl_family)
		return;
	ns = get(tb[NF_XLAT_A_TIME]);
	switch (genl->cmd) {
	case NF_XLAT_CMD_MAPPING_NEW_NTF:
	case NF_XLAT_CMD_MAPPING_DEL_NTF:
		if (mapping_parse(nlh, &t))
			die(1, "monitor: %s", strerror(EBADMSG));
		for (m = t.v; m < (struct mapping *)t.v + t.n; m++)
			if (wanted(m->found, m->proto))
				event_mapping(m, ns, genl->cmd == NF_XLAT_CMD_MAPPING_NEW_NTF ?
						     "begin" : "end");
		break;
	case NF_XLAT_CMD_SESSION_NEW_NTF:
	case NF_XLAT_CMD_SESSION_DEL_NTF:
		if (session_parse(nlh, &u))
			die(1, "monitor: %s", strerror(EBADMSG));
		for (s = u.v; s < (struct session *)u.v + u.n; s++)
			if (wanted(s->found, s->proto))
				event_session(s, ns, genl->cmd == NF_XLAT_CMD_SESSION_NEW_NTF);
		break;
	case NF_XLAT_CMD_BLOCK_NEW_NTF:
	case NF_XLAT_CMD_BLOCK_DEL_NTF:
		if (block_parse(nlh, &v))
			die(1, "monitor: %s", strerror(EBADMSG));
		for (b = v.v; b < (struct block *)v.v + v.n; b++)
			if (block_wanted(b))
				event_block(b, ns, genl->cmd == NF_XLAT_CMD_BLOCK_NEW_NTF ?
						   "begin" : "end");
		break;
	}
	free(t.v);
	free(u.v);
	free(v.v);
}

/* Have the kernel make events for this socket. */
static void listen_to(uint32_t which)
{
	struct table none = TABLE(mapping);
	bool again = false;
	struct nlmsghdr *nlh;
	const char *text;
	char buf[256];
	int err;

	nlh = request(buf, nl_family, NLM_F_ACK, NF_XLAT_CMD_LISTEN);
	mnl_attr_put_u32(nlh, NF_XLAT_A_GROUPS, which);
	err = exchange(nlh, &none, &again, &text);
	if (err == -EPERM)
		not_permitted();
	if (err == -EOPNOTSUPP)
		die(1, "monitor: the loaded nf_xlat_ct is older than this program");
	if (err)
		die(1, "monitor: %s", text ? text : strerror(-err));
}

/* The message that the module goes may be lost as well: ask whether it is still the same one. */
static void same_family(void)
{
	struct mnl_socket *events = nl;
	uint16_t id = nl_family;

	nl_family = 0;
	find_family();
	mnl_socket_close(nl);
	nl = events;
	if (nl_family != id)
		die(1, "monitor: nf_xlat_ct was unloaded");
}

static void join(uint32_t group)
{
	if (!mnl_socket_setsockopt(nl, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
		return;
	if (errno == EPERM)
		not_permitted();
	die(1, "monitor: netlink: %s", strerror(errno));
}

/* The mappings and blocks that have begun already. They have no peer, and blocks no protocol. */
static void event_begun(void)
{
	struct table t = TABLE(mapping), v = TABLE(block);
	struct mnl_socket *events = nl;
	const struct mapping *m;
	const struct block *b;

	if (asked(NF_XLAT_A_FILTER_PEER))
		return;
	nl_open();
	if (monitors[0])
		dump(NF_XLAT_CMD_MAPPING_GET, &t, false);
	if (monitors[2])
		dump(NF_XLAT_CMD_BLOCK_GET, &v, false);
	mnl_socket_close(nl);
	nl = events;
	for (b = v.v; b < (struct block *)v.v + v.n; b++)
		if (!b->fixed)
			event_block(b, now(), "is");
	for (m = t.v; m < (struct mapping *)t.v + t.n; m++)
		event_mapping(m, now(), "is");
	free(t.v);
	free(v.v);
}

int do_monitor(void)
{
	static char buf[65536];
	int size = 4 << 20, fd, len, wait = 0;
	struct nlmsghdr *nlh;
	uint32_t which = 0;
	unsigned int i;

	need_family();
	fd = mnl_socket_get_fd(nl);
	/* Room for a burst of events; without CAP_NET_ADMIN of the machine, what we may have */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	/* Before any event can come, which would be between the answers. */
	for (i = 0; i < GROUPS; i++)
		which |= monitors[i] << i;
	listen_to(which);
	/* Generic netlink itself tells that the family goes. */
	join(GENL_ID_CTRL);
	for (i = 0; i < GROUPS; i++)
		if (monitors[i])
			join(group_ids[i]);
	same_family();
	event_own("start");
	event_begun();
	for (;;) {
		/* Write when there is nothing more to read. */
		if (!wait && (fflush(stdout) || ferror(stdout)))
			die(1, "cannot write: %s", strerror(errno));
		len = recv(fd, buf, sizeof(buf), wait);
		wait = MSG_DONTWAIT;
		if (len < 0 && errno == ENOBUFS) {
			/* What is read next may be older than what is lost. */
			event_own("lost");
			fprintf(stderr, "xlat: monitor: events were lost: there were more than could be written\n");
			same_family();
		} else if (len < 0 && errno == EAGAIN) {
			wait = 0;
		} else if (len < 0 && errno != EINTR) {
			die(1, "monitor: netlink: %s", strerror(errno));
		}
		for (nlh = (void *)buf; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
			event_parse(nlh);
	}
}
