// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin of QEMU's emulator: how many instructions of the guest's kernel ran, by the
 * block that QEMU translates at a time. At the end it writes a line "ADDRESS COUNT" for
 * each block to the file of its argument out=; tests/bench.d/profile makes functions
 * of them.
 *
 * No package has the header of the plugin API, so the few functions of its first
 * version that are used are declared here.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the kernel's own addresses begin, on x86-64 */
#define KERNEL	0xffffffff80000000ULL
/* Blocks that there may be; a run of tests/bench has some 100 000. */
#define BLOCKS	(1 << 20)

struct qemu_plugin_tb;

typedef void (*translated_fn)(uint64_t id, struct qemu_plugin_tb *tb);
typedef void (*exit_fn)(uint64_t id, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, translated_fn fn);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op,
					      void *ptr, uint64_t imm);
void qemu_plugin_register_atexit_cb(uint64_t id, exit_fn fn, void *data);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

static struct block {
	uint64_t	address;
	uint64_t	count;
} blocks[BLOCKS];

static const char *out;

/* With one thread of emulation, nobody else looks for one. */
static struct block *block_of(uint64_t address)
{
	uint64_t i = (address * 0x9e3779b97f4a7c15ULL) >> 44;

	for (;; i++) {
		struct block *b = &blocks[i % BLOCKS];

		if (!b->address)
			b->address = address;
		if (b->address == address)
			return b;
	}
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	uint64_t address = qemu_plugin_tb_vaddr(tb);

	/* QEMU adds to it without a call: op 0 is the only one there is. */
	if (address >= KERNEL)
		qemu_plugin_register_vcpu_tb_exec_inline(tb, 0, &block_of(address)->count,
							 qemu_plugin_tb_n_insns(tb));
}

static void at_exit(uint64_t id, void *data)
{
	FILE *f = fopen(out, "w");
	size_t i;

	if (!f) {
		perror(out);
		return;
	}
	for (i = 0; i < BLOCKS; i++)
		if (blocks[i].count)
			fprintf(f, "%llx %llu\n",
				(unsigned long long)blocks[i].address,
				(unsigned long long)blocks[i].count);
	if (fclose(f))
		perror(out);
}

__attribute__((visibility("default")))
int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fprintf(stderr, "insn: wants out=FILE\n");
		return 1;
	}
	out = strdup(argv[0] + 4);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, at_exit, NULL);
	return 0;
}
