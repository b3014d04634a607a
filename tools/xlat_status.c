// SPDX-License-Identifier: GPL-2.0
/* xlat status: what the counters mean, and whether this machine is set up to translate */
#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/if_link.h>
#include <linux/if_xlat.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/rtnetlink.h>
#include "xlat.h"

/* From docs/counters.md */
static const struct counter_text {
	const char *name;
	const char *counts;
	const char *todo;
} counter_texts[] = {
#include "counters.h"
};

static bool read_file(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n;

	if (!f)
		return false;
	n = fread(buf, 1, size - 1, f);
	fclose(f);
	buf[n] = 0;
	while (n && buf[n - 1] == '\n')
		buf[--n] = 0;
	return true;
}

static uint64_t counter(const struct table *t, const char *name)
{
	const struct counter *c = t->v;
	size_t i;

	for (i = 0; i < t->n; i++)
		if (!strcmp(c[i].name, name))
			return c[i].value;
	return 0;
}

static const struct counter_text *counter_text(const char *name)
{
	static const struct counter_text none = { "", "a counter that is newer than this program", "" };
	unsigned int i;

	for (i = 0; i < COUNT(counter_texts); i++)
		if (!strcmp(counter_texts[i].name, name))
			return &counter_texts[i];
	return &none;
}

static unsigned int n_checks, faults;

static __attribute__((format(printf, 2, 3)))
void check(const char *kind, const char *fmt, ...)
{
	va_list args;
	char *s;

	va_start(args, fmt);
	s = vtext(fmt, args);
	va_end(args);
	if (!strcmp(kind, "fault"))
		faults++;
	if (json) {
		printf("%s\n  {\"result\": \"%s\", \"text\": ", n_checks ? "," : "", kind);
		json_string(s);
		putchar('}');
	} else {
		printf("  %-6s%s\n", kind, s);
	}
	n_checks++;
	free(s);
}

/* What a program says, of @argv, with @input; its exit status, -1 if it cannot be run */
static int run(char *const argv[], const char *input, char *buf, size_t size)
{
	int in[2], out[2], status;
	size_t n = 0;
	ssize_t r;
	pid_t pid;

	if (pipe(in) || pipe(out))
		return -1;
	/* Short enough for a pipe. To a child that has ended already, this would raise SIGPIPE. */
	if (write(in[1], input, strlen(input)) < 0)
		return -1;
	pid = fork();
	if (pid < 0)
		return -1;
	if (!pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(out[1], 2);
		close(in[0]);
		close(in[1]);
		close(out[0]);
		close(out[1]);
		execv(argv[0], argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	close(in[1]);
	/* The head of it is enough, but it is not to be cut off in writing. */
	while ((r = read(out[0], buf + n, size - 1 - n)) > 0 && n < size - 1)
		n += r;
	while (n >= size - 1 && read(out[0], (char[4096]){}, 4096) > 0)
		;
	close(out[0]);
	buf[n] = 0;
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) == 127)
		return -1;
	return WEXITSTATUS(status);
}

/* The nft that came with this program is beside it. */
static const char *nft_path(void)
{
	static char path[PATH_MAX + 8];
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX);

	if (n < 0)
		return NULL;
	path[n] = 0;
	n = strlen(dirname(path));
	strcpy(path + n, "/nft");
	return access(path, X_OK) ? NULL : path;
}

static void check_modules(void)
{
	static const char * const modules[] = {
		"nf_xlat", "nf_xlat_ct", "nf_xlat_flow", "nft_xlat", "nft_xlat_flow", "nf_xlat_dev",
	};
	char path[64], version[64], list[256] = "";
	unsigned int i;

	for (i = 0; i < COUNT(modules); i++) {
		snprintf(path, sizeof(path), "/sys/module/%s/version", modules[i]);
		if (!read_file(path, version, sizeof(version)))
			continue;
		if (strcmp(version, XLAT_VERSION))
			check("fault", "module %s is of version %s, this program of %s: after an upgrade, load the new modules (reboot, or modprobe -r and load the rules again)",
			      modules[i], version, XLAT_VERSION);
		snprintf(list + strlen(list), sizeof(list) - strlen(list), " %s", modules[i]);
	}
	check("ok", "modules loaded:%s", list);
}

static void check_nft(bool admin)
{
	static const char rule[] =
		"table ip6 xlat_status { chain c { type filter hook prerouting priority dstnat; "
		"xlat 6to4 prefix 2001:db8::/96\n}\n}\n";
	const char *nft = nft_path();
	char buf[65536], *line;
	char *check_rule[] = { (char *)nft, "-c", "-f", "-", NULL };
	char *list[] = { (char *)nft, "-s", "list", "ruleset", NULL };

	if (!nft) {
		check("note", "there is no nft beside this program that knows the xlat statement");
		return;
	}
	if (access("/sys/module/nft_xlat", F_OK)) {
		check("note", "nft_xlat is not loaded: no rule of nft translates");
		return;
	}
	if (!admin) {
		check("note", "with CAP_NET_ADMIN only it is known whether %s and the modules understand each other", nft);
		return;
	}
	if (run(check_rule, rule, buf, sizeof(buf))) {
		line = strchr(buf, '\n');
		if (line)
			*line = 0;
		check("fault", "%s and the modules do not understand each other: %s", nft, buf);
		return;
	}
	check("ok", "%s and the modules understand each other", nft);
	if (!run(list, "", buf, sizeof(buf)) && strstr(buf, "fib saddr . iif"))
		check("note", "a rule asks \"fib saddr . iif\": it drops translated packets unless it is for one family by device (docs/guides/troubleshooting.md, Reverse path filters)");
}

static int host_device_parse(const struct nlmsghdr *nlh, struct table *t)
{
	const struct nlattr *attr, *info, *data = NULL, *host;
	bool is_xlat = false;

	mnl_attr_for_each(attr, nlh, sizeof(struct ifinfomsg)) {
		if (mnl_attr_get_type(attr) != IFLA_LINKINFO)
			continue;
		mnl_attr_for_each_nested(info, attr) {
			if (mnl_attr_get_type(info) == IFLA_INFO_KIND)
				is_xlat = !strcmp(mnl_attr_get_str(info), "xlat");
			else if (mnl_attr_get_type(info) == IFLA_INFO_DATA)
				data = info;
		}
	}
	if (!is_xlat || !data)
		return 0;
	mnl_attr_for_each_nested(host, data)
		if (mnl_attr_get_type(host) == IFLA_XLAT_HOST)
			grow(t);
	return 0;
}

/* Is there a device with "host", which needs no forwarding? */
static bool host_device(void)
{
	struct table t = { .elem = 1, .parse = host_device_parse };
	struct mnl_socket *generic = nl;
	struct nlmsghdr *nlh;
	bool again = false;
	const char *text;
	char buf[256];

	nl = mnl_socket_open(NETLINK_ROUTE);
	if (nl) {
		nlh = mnl_nlmsg_put_header(buf);
		nlh->nlmsg_type = RTM_GETLINK;
		nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
		nlh->nlmsg_seq = ++nl_seq;
		mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
		exchange(nlh, &t, &again, &text);
		mnl_socket_close(nl);
	}
	nl = generic;
	free(t.v);
	return t.n;
}

/* A device with a sysctl of its own that is not 0, of those that @pattern finds, or NULL */
static const char *forwarding_device(const char *pattern)
{
	static char dev[IF_NAMESIZE];
	char value[16], *name;
	bool found = false;
	glob_t paths;
	size_t i;

	if (glob(pattern, GLOB_NOSORT, NULL, &paths))
		return NULL;
	for (i = 0; i < paths.gl_pathc && !found; i++) {
		if (!read_file(paths.gl_pathv[i], value, sizeof(value)) || *value == '0')
			continue;
		name = basename(dirname(paths.gl_pathv[i]));
		found = strcmp(name, "all") && strcmp(name, "default") && strcmp(name, "lo");
		snprintf(dev, sizeof(dev), "%s", name);
	}
	globfree(&paths);
	return found ? dev : NULL;
}

/*
 * @path is for all devices, and @own for each: of IPv6 that is not "forwarding", which is about
 * router advertisements there.
 */
static void check_forwarding(const char *path, const char *name, const char *own)
{
	const char *dev;
	char value[16];

	if (!read_file(path, value, sizeof(value)))
		return;
	if (*value != '0') {
		check("ok", "sysctl %s is %s", name, value);
		return;
	}
	dev = forwarding_device(own);
	if (dev)
		check("note", "sysctl %s is 0: only what comes in by some devices is forwarded (%s for one)",
		      name, dev);
	else if (host_device())
		check("note", "sysctl %s is 0: nothing is forwarded, but by a device with \"host\", which there is",
		      name);
	else
		check("fault", "sysctl %s is 0: nothing is forwarded", name);
}

static void check_conntrack(void)
{
	char count[32], max[32];
	unsigned long limit;

	if (!read_file("/proc/sys/net/netfilter/nf_conntrack_count", count, sizeof(count)) ||
	    !read_file("/proc/sys/net/netfilter/nf_conntrack_max", max, sizeof(max)))
		return;
	/* Of older kernels, 0 is no limit. */
	limit = strtoul(max, NULL, 10);
	if (limit && strtoul(count, NULL, 10) >= limit / 10 * 9)
		check("fault", "conntrack has %s entries of nf_conntrack_max, %s: new sessions will be dropped",
		      count, max);
	else
		check("ok", "conntrack has %s entries of %s", count, max);
}

static void check_rpfilter(void)
{
	static const char * const tables[] = { "ip", "ip6" };
	char path[64], buf[4096];
	unsigned int i;

	for (i = 0; i < COUNT(tables); i++) {
		snprintf(path, sizeof(path), "/proc/net/%s_tables_matches", tables[i]);
		if (read_file(path, buf, sizeof(buf)) && strstr(buf, "rpfilter"))
			check("note", "%stables has loaded the match rpfilter: it drops translated packets (docs/guides/troubleshooting.md, Reverse path filters)",
			      tables[i]);
	}
}

static void checks(bool admin)
{
	check_modules();
	check_nft(admin);
	check_forwarding("/proc/sys/net/ipv4/ip_forward", "net.ipv4.ip_forward",
			 "/proc/sys/net/ipv4/conf/*/forwarding");
	check_forwarding("/proc/sys/net/ipv6/conf/all/forwarding", "net.ipv6.conf.all.forwarding",
			 "/proc/sys/net/ipv6/conf/*/force_forwarding");
	check_conntrack();
	check_rpfilter();
}

struct sums {
	bool		known;
	unsigned int	n, in, fast, hairpin, unanswered;
};

/* Sessions, where we may ask for them */
static struct sums sum_sessions(void)
{
	struct table t = TABLE(session);
	const struct session *s;
	struct sums sums = {};

	if (dump(NF_XLAT_CMD_SESSION_GET, &t, true) == -EPERM)
		return sums;
	sums.known = true;
	sums.n = t.n;
	for (s = t.v; s < (struct session *)t.v + t.n; s++) {
		sums.in += s->in;
		sums.fast += !!(s->flags & NF_XLAT_SESSION_FLAG_FAST_PATH);
		sums.hairpin += !!(s->flags & NF_XLAT_SESSION_FLAG_HAIRPIN);
		sums.unanswered += !(s->status & IPS_SEEN_REPLY);
	}
	free(t.v);
	return sums;
}

static void metric(const char *name, const char *type, const char *help)
{
	printf("# TYPE xlat_%s %s\n# HELP xlat_%s %s\n", name, type, name, help);
}

static void print_openmetrics(const struct table *t, const struct sums *sums)
{
	const struct counter *c = t->v;
	const struct pool *p;
	struct table l;
	unsigned int min, max;
	size_t i;

	metric("packets", "counter", "Packets translated, by the family that they came in with.");
	printf("xlat_packets_total{from=\"ipv6\"} %" PRIu64 "\n", counter(t, "Xlat6to4"));
	printf("xlat_packets_total{from=\"ipv4\"} %" PRIu64 "\n", counter(t, "Xlat4to6"));
	metric("dropped_packets", "counter", "Packets dropped, by reason.");
	for (i = 0; i < t->n; i++)
		if (!strncmp(c[i].name, "XlatDrop", 8))
			printf("xlat_dropped_packets_total{reason=\"%s\"} %" PRIu64 "\n",
			       c[i].name + 8, c[i].value);
	metric("mappings", "gauge", "Mappings of IPv6 endpoints to IPv4 ones.");
	printf("xlat_mappings %" PRIu64 "\n", counter(t, "XlatBib"));
	if (sums->known) {
		metric("sessions", "gauge", "Sessions, by the family that began them.");
		printf("xlat_sessions{from=\"ipv6\"} %u\n", sums->n - sums->in);
		printf("xlat_sessions{from=\"ipv4\"} %u\n", sums->in);
		metric("fast_path_sessions", "gauge", "Sessions that take the fast path.");
		printf("xlat_fast_path_sessions %u\n", sums->fast);
		l = pools();
		p = l.v;
		metric("pool_ports", "gauge", "Ports in use, by address of the pool and protocol.");
		for (i = 0; i < l.n; i++)
			printf("xlat_pool_ports{address=\"%s\",protocol=\"%s\"} %u\n",
			       address(p[i].addr, AF_INET), proto_name(p[i].proto), p[i].ports);
		metric("pool_size", "gauge", "Ports that there are.");
		for (i = 0; i < l.n; i++)
			printf("xlat_pool_size{address=\"%s\",protocol=\"%s\"} %u\n",
			       address(p[i].addr, AF_INET), proto_name(p[i].proto),
			       pool_size(&p[i], &min, &max));
		metric("pool_failures", "counter", "Sessions refused, as no port of this address was free.");
		for (i = 0; i < l.n; i++)
			printf("xlat_pool_failures_total{address=\"%s\",protocol=\"%s\"} %u\n",
			       address(p[i].addr, AF_INET), proto_name(p[i].proto), p[i].failed);
	}
	printf("# EOF\n");
}

static void print_json(const struct table *t, const struct sums *sums)
{
	const struct counter *c = t->v;
	size_t i;

	printf("{\"counters\": {");
	for (i = 0; i < t->n; i++)
		printf("%s\n  \"%s\": %" PRIu64, i ? "," : "", c[i].name, c[i].value);
	printf("},\n");
	if (sums->known)
		printf(" \"sessions\": {\"all\": %u, \"from_ipv4\": %u, \"hairpin\": %u, \"unanswered\": %u, \"fast_path\": %u},\n",
		       sums->n, sums->in, sums->hairpin, sums->unanswered, sums->fast);
	printf(" \"checks\": [");
	checks(sums->known);
	printf("]}\n");
}

/* Words in lines that the terminal has room for, behind blanks */
static void wrap(const char *s, unsigned int indent)
{
	unsigned int at = 0, most = columns();
	char *copy = text("%s", s), *word, *rest;

	if (!most || most < indent + 20)
		most = 80;
	for (word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		if (at && at + 1 + strlen(word) > most) {
			putchar('\n');
			at = 0;
		}
		if (!at)
			at = printf("%*s%s", indent, "", word);
		else
			at += printf(" %s", word);
	}
	putchar('\n');
	free(copy);
}

int do_status(void)
{
	struct table t = TABLE(counter);
	const struct counter_text *ct;
	const struct counter *c;
	bool none = true;
	struct sums sums;
	size_t i;

	dump(NF_XLAT_CMD_COUNTERS_GET, &t, false);
	sums = sum_sessions();
	c = t.v;
	if (openmetrics) {
		print_openmetrics(&t, &sums);
		return 0;
	}
	if (json) {
		print_json(&t, &sums);
		return !!faults;
	}
	printf("Translated  %" PRIu64 " packets from IPv6, %" PRIu64 " from IPv4\n",
	       counter(&t, "Xlat6to4"), counter(&t, "Xlat4to6"));
	if (sums.known)
		printf("Sessions    %u: %u begun by IPv4, %u hairpins,\n"
		       "            %u without an answer, %u in the fast path\n",
		       sums.n, sums.in, sums.hairpin, sums.unanswered, sums.fast);
	else
		printf("Sessions    may be seen with CAP_NET_ADMIN\n");
	printf("Mappings    %" PRIu64 "\n", counter(&t, "XlatBib"));
	printf("Dropped\n");
	for (i = 0; i < t.n; i++) {
		if (strncmp(c[i].name, "XlatDrop", 8) || !c[i].value)
			continue;
		none = false;
		ct = counter_text(c[i].name);
		printf("  %s %" PRIu64 "\n", c[i].name, c[i].value);
		wrap(ct->counts, 4);
		if (*ct->todo) {
			char *todo = text("-> %s", ct->todo);

			wrap(todo, 4);
			free(todo);
		}
	}
	if (none)
		printf("  nothing\n");
	printf("Checks\n");
	checks(sums.known);
	return !!faults;
}
