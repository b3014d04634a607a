// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz: what may happen to a gateway, in random order, while packets pass it.
 *
 *	fuzz [-s SEED] [-n STEPS] [-t SECONDS] [-m] FILE.nlbatch...
 *
 * It makes a network namespace with two taps, "lan" and "wan", and plays the hosts
 * at both. Each step sends some packets and does one operation of the control
 * plane: netlink to nf_tables (the batches given, whole or with one attribute
 * changed), ctnetlink, rtnetlink, devices of kind "xlat", generic netlink, tc with act_ct,
 * verdicts of a user's queue, sockets, namespaces that come and go and, with -m, modules
 * that are unloaded. All choices
 * come from the seed, so that a run can be repeated; the kernel's own random
 * numbers and timers stay its own. What is wrong, the kernel's log says. SECONDS alone is
 * no end before there were MIN_STEPS, as a few steps on a busy machine say nothing.
 *
 * Exit status: 0 all steps done, 2 the set-up failed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <libmnl/libmnl.h>
#include <linux/if_tun.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include "fuzz.h"

#define MIN_STEPS	300

static uint64_t seed = 1;
struct did did;

/* splitmix64: small, and the same everywhere */
uint32_t rnd(uint32_t n)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return (z ^ z >> 31) % n;
}

void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "fuzz: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void write_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		did.refused++;
	close(fd);
}
static void settings(void)
{
	static const struct { const char *name, *usual, *other; } some[] = {
		{ "/proc/sys/net/ipv4/ip_forward", "1", "0" },
		{ "/proc/sys/net/ipv6/conf/all/forwarding", "1", "0" },
		{ "/proc/sys/net/netfilter/nf_conntrack_acct", "1", "0" },
		{ "/proc/sys/net/netfilter/nf_conntrack_tcp_loose", "1", "0" },
		{ "/proc/sys/net/netfilter/nf_conntrack_udp_timeout", "30", "1" },
		{ "/proc/sys/net/netfilter/nf_conntrack_events", "1", "0" },
	};
	unsigned int i = rnd(MNL_ARRAY_SIZE(some));

	write_file(some[i].name, one_in(4) ? some[i].other : some[i].usual);
}

static void read_proc(void)
{
	static const char * const names[] = { "nf_xlat", "nf_conntrack" };
	char name[64], text[4096];
	int fd;

	snprintf(name, sizeof(name), "/proc/thread-self/net/%s", names[rnd(2)]);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	while (read(fd, text, sizeof(text)) > 0)
		;
	close(fd);
}

/* A namespace that gets a ruleset or two, some traffic of its own, and ends */
static void short_namespace(void)
{
	unsigned int first = rnd(corpora), second = rnd(corpora);
	bool changed = rnd(2);
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		if (unshare(CLONE_NEWNET))
			_exit(0);
		nfnl = netlink_open(NETLINK_NETFILTER);
		rtnl = netlink_open(NETLINK_ROUTE);
		batch(first, false);
		device_usual(rnd(2));
		batch(second, changed);
		device_new();
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

/* What the modules have counted; they forget it when they are unloaded. */
static void count(unsigned long *all)
{
	FILE *f = fopen("/proc/thread-self/net/nf_xlat", "r");
	unsigned long value;
	char name[64];

	if (!f)
		return;
	while (fscanf(f, "%63s %lu", name, &value) == 2)
		if (!strcmp(name, "Xlat6to4"))
			all[0] += value;
		else if (!strcmp(name, "Xlat4to6"))
			all[1] += value;
		else if (!strncmp(name, "XlatDrop", 8))
			all[2] += value;
	fclose(f);
}

/* Unload modules while sessions, flows, queued packets and a dump may be there: those of
 * devices alone, those of rules alone, or all.
 */
static void unload(void)
{
	static const char * const modules[] = {
		"nf_xlat_bpf", "nf_xlat_dev", "nft_xlat_flow", "nft_xlat", "nf_xlat_flow",
		"nf_xlat_ct", "nf_xlat",
	};
	unsigned int i, tries, from = 2 * one_in(3), to = one_in(3) ? 2 : one_in(3) ? 5 : 7;
	unsigned long now[3] = {};

	if (to > 2)
		batch(flush, false);
	if (!one_in(4))
		genl_stop();
	device_count();
	count(now);
	for (i = from; i < to; i++) {
		/* nf_tables frees rules of a transaction some time after it. */
		for (tries = 0; syscall(SYS_delete_module, modules[i], O_NONBLOCK); tries++) {
			if (errno == ENOENT)
				break;
			if (errno != EWOULDBLOCK || tries == 100)
				return;
			usleep(2000);
			traffic(1);
		}
		did.unloads++;
	}
	if (to == 7)
		for (i = 0; i < 3; i++)
			did.counted[i] += now[i];
	/* The others are loaded by who needs them. */
	if (rnd(2) && system("modprobe -q nf_xlat_bpf"))
		did.refused++;
}

static bool modules;

static void step(void)
{
	unsigned int what = rnd(100);

	traffic(10 + rnd(30));
	if (what < 9)
		batch(rnd(corpora), true);
	else if (what < 11)
		batch(rnd(corpora), false);
	else if (what < 18)	/* the first one is what works */
		batch(0, false);
	else if (what < 21)
		nft_delete();
	else if (what < 22)
		nft_dump();
	else if (what < 26)
		ct_dump();
	else if (what < 37)
		ct_change();
	else if (what < 38)
		ct_flush();
	else if (what < 41)
		ct_expect();
	else if (what < 50)
		queue_verdict();
	else if (what < 52)
		tc_qdisc();
	else if (what < 57)
		tc_filter();
	else if (what < 61)
		link_change();
	else if (what < 64)
		address_change();
	else if (what < 67)
		route_change();
	else if (what < 74)
		device_new();
	else if (what < 80)
		device_change();
	else if (what < 82)
		device_read();
	else if (what < 89)
		genl_request();
	else if (what < 94)
		sockets();
	else if (what < 95)
		settings();
	else if (what < 97)
		read_proc();
	else if (what < 98)
		short_namespace();
	else if (what < 99 && modules)
		unload();
	did.steps++;
}

static int tap(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr))
		die("tap");
	return fd;
}

/* The network as it is to be, in a VRF or not: at first, and now and then, since much of
 * it goes when one of the taps is taken down.
 */
static void network(void)
{
	static const char * const routes[] = {
		"203.0.113.0/24 via 192.0.2.2 dev wan",
		"203.0.113.64/26 dev x0",
		"10.99.0.0/24 dev x2 src 192.0.0.1",
		"2001:db8:2::/64 via 2001:db8:c::2 dev lan",
		"2001:db8:65::/96 dev x0",
		"2001:db8:66::/96 dev x1",
		"2001:db8:67::/96 via 2001:db8:c::2 dev lan",
	};
	unsigned int i;
	bool vrf = one_in(4);
	const char *of = vrf ? "master r0" : "nomaster", *table = vrf ? "10" : "main";
	FILE *ip;

	device_count();
	device_usual(vrf);
	ip = popen("ip -force -batch - 2>/dev/null", "we");
	if (!ip)
		die("ip");
	fprintf(ip, "link set lo up\n"
		    "link set lan mtu 1500 %s up\n"
		    "link set wan mtu 1500 %s up\n", of, of);
	fputs("addr replace 2001:db8:c::1/64 dev lan nodad\n"
	      "addr replace 2001:db8:c::c1a7/128 dev lan nodad\n"
	      "addr replace 192.0.2.1/24 dev wan\n"
	      "addr replace 198.51.100.1/24 dev wan\n"
	      "addr replace 192.0.0.1/32 dev x2\n"
	      "neigh replace 2001:db8:c::2 lladdr 02:00:00:00:00:06 dev lan\n"
	      "neigh replace 2001:db8:c::3 lladdr 02:00:00:00:00:06 dev lan\n"
	      "neigh replace 192.0.2.2 lladdr 02:00:00:00:00:04 dev wan\n"
	      "neigh replace 192.0.2.3 lladdr 02:00:00:00:00:04 dev wan\n"
	      "neigh replace 198.51.100.2 lladdr 02:00:00:00:00:04 dev wan\n", ip);
	for (i = 0; i < MNL_ARRAY_SIZE(routes); i++)
		fprintf(ip, "route replace table %s %s\n", table, routes[i]);
	pclose(ip);
	write_file("/proc/sys/net/ipv4/ip_forward", "1");
	write_file("/proc/sys/net/ipv6/conf/all/forwarding", "1");
	batch(0, false);
}

static void set_up(void)
{
	if (unshare(CLONE_NEWNET))
		die("unshare");
	ends[0].fd = tap("lan");
	ends[1].fd = tap("wan");
	nfnl = netlink_open(NETLINK_NETFILTER);
	rtnl = netlink_open(NETLINK_ROUTE);
	queue = netlink_open(NETLINK_NETFILTER);
	if (system("for d in lan wan; do ip link set $d address 02:00:00:00:00:01 up || exit; done"))
		die("devices");
	queue_config(NFQNL_CFG_CMD_BIND);
	device_set_up();
}

int main(int argc, char **argv)
{
	unsigned long steps = 0, seconds = 0;
	time_t begin = time(NULL);
	uint64_t first;
	int o;

	while ((o = getopt(argc, argv, "s:n:t:m")) != -1)
		switch (o) {
		case 's': seed = strtoull(optarg, NULL, 0); break;
		case 'n': steps = strtoul(optarg, NULL, 0); break;
		case 't': seconds = strtoul(optarg, NULL, 0); break;
		case 'm': modules = true; break;
		default: optind = argc;
		}
	if (optind >= argc || (!steps && !seconds)) {
		fprintf(stderr, "usage: fuzz [-s SEED] [-n STEPS] [-t SECONDS] [-m] FILE.nlbatch...\n");
		return 2;
	}
	for (o = optind; o < argc; o++)
		load_corpus(argv[o]);
	first = seed;
	set_up();
	while ((!steps || did.steps < steps) &&
	       (!seconds || time(NULL) - begin < (time_t)seconds || (!steps && did.steps < MIN_STEPS))) {
		if (!(did.steps % 25))
			network();
		step();
		if (!(did.steps % 5000))
			fprintf(stderr, "fuzz: %lu steps\n", did.steps);
	}
	count(did.counted);
	device_count();
	printf("seed %llu: %lu steps\npackets: %lu to the gateway, %lu from it, %lu of its sockets\n"
	       "netlink: %lu requests, %lu refused\nmodules unloaded: %lu\n",
	       (unsigned long long)first, did.steps, did.sent, did.seen, did.own, did.netlink, did.refused,
	       did.unloads);
	printf("Xlat6to4 %lu\nXlat4to6 %lu\nXlatDrop %lu\n",
	       did.counted[0], did.counted[1], did.counted[2]);
	printf("stateless %lu\nstateful %lu\nhost %lu\n",
	       did.by_device[0], did.by_device[1], did.by_device[2]);
	printf("devices %lu\nmoves %lu\ntold %lu\n", did.devices, did.moves, did.told);
	return 0;
}
