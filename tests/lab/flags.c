// SPDX-License-Identifier: GPL-2.0-only
/*
 * flags FILE: opens a ring in every combination of what the core can be asked for, reads a few blocks of FILE (which it
 * overwrites) through each by direct I/O, and prints "combination -> flags got" or "-> refused: reason". What must come
 * of a combination is worked out here from what the kernel says of itself. Last line: "setups N", the calls of
 * io_uring_setup that were made, none of which may have failed (flags.sh has them counted by strace).
 */
#include "ask.h"
#include "poll.h"
#include "reap.h"
#include "reg.h"
#include "stats.h"
#include "uapi.h"
#include "wake.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	BLOCK = 4096, BLOCKS = 8, READS = 4, DEPTH = 4, IDLE_MS = 4, STALL_MS = 60000,
	HIPRI = 1, HYBRID = 2, SQ_ARRAY = 4, FIXED = 8, SQ_AFF = 16, REGISTERED = 32, ATTACH = 64, COMBINATIONS = 128,
};

static const struct { unsigned bit; const char *name; } axes[] = {
	{ HIPRI, "hipri" }, { HYBRID, "hybrid" }, { SQ_ARRAY, "sq-array" }, { FIXED, "fixedbufs" }, { SQ_AFF, "sq-aff" },
	{ REGISTERED, "registered" }, { ATTACH, "attach" },
};

static const struct { unsigned flag; const char *name; } flag_names[] = {
	{ IORING_SETUP_SQPOLL, "SQPOLL" }, { IORING_SETUP_IOPOLL, "IOPOLL" }, { IORING_SETUP_HYBRID_IOPOLL, "HYBRID_IOPOLL" },
	{ IORING_SETUP_SQ_AFF, "SQ_AFF" }, { IORING_SETUP_CQSIZE, "CQSIZE" }, { IORING_SETUP_ATTACH_WQ, "ATTACH_WQ" },
	{ IORING_SETUP_NO_SQARRAY, "NO_SQARRAY" },
};

static const char *path;
static int fd;
static int last_cpu;
static struct sqp_caps caps;
static bool polls;		/* the device behind FILE */
static unsigned setups, wrong;
static char *memory;

static void complain(const char *what, int detail)
{
	printf("  WRONG: %s (%d)\n", what, detail);
	wrong++;
}

static void fill(char *block, unsigned nr)
{
	uint32_t *word = (uint32_t *)(void *)block;

	for (unsigned i = 0; i < BLOCK / sizeof(*word); i++)
		word[i] = nr * 0x9e3779b1u + i;
}

static bool holds(const char *block, unsigned nr)
{
	static char wanted[BLOCK];

	fill(wanted, nr);
	return !memcmp(block, wanted, BLOCK);
}

static bool write_blocks(void)
{
	for (unsigned i = 0; i < BLOCKS; i++) {
		fill(memory, i);
		if (pwrite(fd, memory, BLOCK, (off_t)i * BLOCK) != BLOCK)
			return false;
	}
	return true;
}

static struct sqp_config config(unsigned combination)
{
	return (struct sqp_config){
		.depth = DEPTH, .idle_ms = IDLE_MS, .stall_ms = STALL_MS, .sq_cpu = combination & SQ_AFF ? last_cpu : SQP_ANY_CPU,
		.hipri = combination & HIPRI, .hybrid = combination & HYBRID, .sq_array = combination & SQ_ARRAY,
		.register_fd = combination & REGISTERED,
	};
}

static unsigned expected_flags(unsigned combination)
{
	unsigned flags = IORING_SETUP_SQPOLL | IORING_SETUP_CQSIZE;

	if (combination & HIPRI)
		flags |= IORING_SETUP_IOPOLL;
	if (combination & HYBRID)
		flags |= IORING_SETUP_HYBRID_IOPOLL;
	if (combination & SQ_AFF)
		flags |= IORING_SETUP_SQ_AFF;
	if (combination & ATTACH)
		flags |= IORING_SETUP_ATTACH_WQ;
	if (!(combination & SQ_ARRAY))
		flags |= (unsigned)caps.setup_flags & IORING_SETUP_NO_SQARRAY;
	return flags;
}

/* What opening must end with. */
static int expected_result(unsigned combination)
{
	if ((combination & HYBRID) && !(combination & HIPRI))
		return -EINVAL;
	return expected_flags(combination) & ~caps.setup_flags ? -EOPNOTSUPP : 0;
}

static void print_combination(unsigned combination)
{
	printf("sqpoll");
	for (unsigned i = 0; i < SQP_NR(axes); i++)
		if (combination & axes[i].bit)
			printf(" %s", axes[i].name);
	printf(" -> ");
}

static void print_got(const struct sqp_ring *r)
{
	for (unsigned i = 0; i < SQP_NR(flag_names); i++)
		if (r->setup_flags & flag_names[i].flag)
			printf("%s%s", i ? " " : "", flag_names[i].name);
	printf(sqp_is_registered(r) ? " registered-ring" : "");
	if (r->cfg.register_fd && !sqp_is_registered(r))
		printf(" (not registered: %s)", r->unregistered_why);
	printf("\n");
}

static int prepare(struct sqp_ring *r, bool fixed, struct sqp_why *why)
{
	struct iovec iov[READS];
	int ret = sqp_files_init(r, 1, why);

	for (unsigned i = 0; i < READS; i++)
		iov[i] = (struct iovec){ memory + (size_t)i * BLOCK, BLOCK };
	if (!ret)
		ret = sqp_file_set(r, 0, fd, path, why);
	if (!ret && fixed)
		ret = sqp_buffers_register(r, iov, READS, why);
	return ret;
}

/* READS direct reads at once, from block FIRST on; each block must hold what was written there. */
static void read_and_compare(struct sqp_ring *r, bool fixed, unsigned first)
{
	unsigned cqe;

	memset(memory, 0, (size_t)READS * BLOCK);
	for (unsigned i = 0; i < READS; i++) {
		struct io_uring_sqe *sqe = sqp_next_sqe(r);
		char *to = memory + (size_t)i * BLOCK;
		uint64_t at = (uint64_t)((first + i) % BLOCKS) * BLOCK;

		if (fixed)
			io_uring_prep_read_fixed(sqe, 0, to, BLOCK, at, (int)i);
		else
			io_uring_prep_read(sqe, 0, to, BLOCK, at);
		sqe->flags = IOSQE_FIXED_FILE;
	}
	if (sqp_commit(r, sqp_now_ns(r)) || sqp_reap(r, READS, READS, &cqe) != READS) {
		complain("the reads did not come back", (int)r->inflight);
		return;
	}
	for (unsigned i = 0; i < READS; i++) {
		if (sqp_cqe(r, cqe, i)->res != BLOCK)
			complain("a read failed", sqp_cqe(r, cqe, i)->res);
		else if (!holds(memory + (size_t)i * BLOCK, (first + i) % BLOCKS))
			complain("a block holds other data", (int)i);
	}
	if (r->count.enters != r->count.wakeups + r->count.rechecks + r->count.cq_overflow)
		complain("an enter without a cause", (int)r->count.enters);
}

static void judge(const struct sqp_ring *r, unsigned combination, const struct sqp_ring *first)
{
	if (r->setup_flags != expected_flags(combination))
		complain("other flags than expected", (int)expected_flags(combination));
	if (sqp_is_registered(r) != ((combination & REGISTERED) && caps.register_ring))
		complain("the descriptor is registered, or is not, against expectation", sqp_is_registered(r));
	if (first && first->sq.tid > 0 && r->sq.tid != first->sq.tid)
		complain("the SQ thread is not shared", r->sq.tid);
}

static void use(struct sqp_ring *r, unsigned combination, struct sqp_ring *first)
{
	bool fixed = combination & FIXED;
	struct sqp_usage used;
	const char *source;
	struct sqp_why why;

	print_got(r);
	judge(r, combination, first);
	if (prepare(r, fixed, &why)) {
		complain(why.text, 0);
		return;
	}
	for (unsigned i = 0; i < 2; i++) {
		read_and_compare(r, fixed, i * READS + 1);
		if (first)
			read_and_compare(first, false, i);
	}
	sqp_usage_since(r->fd, &r->birth, &r->sq, &used);
	if (used.info.tid <= 0 || used.info.cpu < 0 || used.sched.switches < 0 || sqp_sq_cpu_us(&used, &source) < 0)
		complain("what the SQ thread used is not known", used.info.tid);
}

static void try_one(unsigned combination, struct sqp_ring *first)
{
	struct sqp_config cfg = config(combination);
	static struct sqp_ring r;
	struct sqp_why why;
	int ret;

	cfg.attach_to = first;
	print_combination(combination);
	ret = sqp_ring_open(&r, &cfg, &why);
	if (ret)
		printf("refused: %s\n", why.text);
	if (ret != expected_result(combination))
		complain("opening ended otherwise than expected", ret);
	if (ret)
		return;
	setups++;
	if (cfg.hipri && !polls && sqp_poll_check(fd, path, false, &why) < 0)
		printf("refused: %s\n", why.text);
	else
		use(&r, combination, first);
	sqp_ring_close(&r);
}

/* The ring whose SQ thread the one under test is to share. */
static void try_attached(unsigned combination)
{
	struct sqp_config cfg = config(combination & SQ_AFF);
	static struct sqp_ring first;
	struct sqp_why why;

	if (sqp_ring_open(&first, &cfg, &why) || prepare(&first, false, &why)) {
		complain(why.text, 0);
		return;
	}
	setups++;
	try_one(combination, &first);
	read_and_compare(&first, false, 3);
	sqp_ring_close(&first);
}

static unsigned threads(void)
{
	DIR *d = opendir("/proc/self/task");
	unsigned n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n - 2;
}

static bool all_threads_end(void)
{
	static const struct timespec pause = { .tv_nsec = 1000000 };

	for (int i = 0; i < 5000 && threads() > 1; i++)
		nanosleep(&pause, NULL);
	return threads() == 1;
}

static int start(void)
{
	struct sqp_config cfg = config(0);
	struct sqp_said said;
	struct sqp_why why;
	cpu_set_t set;

	fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (fd < 0 || posix_memalign((void **)&memory, BLOCK, (size_t)READS * BLOCK) || !write_blocks()) {
		fprintf(stderr, "flags: %s: %s\n", path, strerror(errno));
		return 2;
	}
	if (sched_getaffinity(0, sizeof(set), &set))
		return 2;
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &set))
			last_cpu = i;
	polls = !sqp_poll_check(fd, path, false, &why);
	if (sqp_ask_once(&said) || sqp_ask_kernel(&cfg, &caps, &why)) {
		fprintf(stderr, "flags: %s\n", why.text);
		return 2;
	}
	setups = said.exact ? 0 : 2;	/* asked twice: for this line, and by the core */
	printf("the kernel says: features %#llx, last opcode %d, %s; so it has setup flags %#llx%s\n",
	       (unsigned long long)said.features, said.last_op, said.exact ? "setup flags exactly" : "no more",
	       (unsigned long long)caps.setup_flags, caps.register_ring ? " and registered rings" : "");
	return 0;
}

int main(int argc, char **argv)
{
	int ret;

	if (argc != 2) {
		fprintf(stderr, "usage: flags FILE (it is overwritten)\n");
		return 2;
	}
	path = argv[1];
	ret = start();
	if (ret)
		return ret;
	for (unsigned i = 0; i < COMBINATIONS; i++) {
		if (i & ATTACH)
			try_attached(i);
		else
			try_one(i, NULL);
	}
	if (!all_threads_end())
		complain("SQ threads are left", (int)threads());
	printf("combinations %d, wrong %u\nsetups %u\n", COMBINATIONS, wrong, setups);
	return wrong ? 1 : 0;
}
