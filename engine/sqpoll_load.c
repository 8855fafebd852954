// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens when fio loads and leaves the engine: a foreign fio is refused before it can call anything, and the
 * figures of all jobs are printed behind fio's own.
 */
#include "fio_compat.h"

#include "place.h"
#include "summary.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

extern struct ioengine_ops ioengine;

enum { MAX_JOBS = 1024, REFUSED = -1 };

/* Shared with the job processes that fio forks. */
struct shared {
	struct sqp_claims claims;
	atomic_uint nr;
	struct sqp_summary job[MAX_JOBS];
};

static struct shared *shared;
static pid_t loader;

struct layout_fact {
	const char *option;
	size_t offset;
};

#define FACT(option, member) { option, offsetof(struct thread_options, member) }

/* Spread over struct thread_options: fio's own option table says where the running binary has them. */
static const struct layout_fact layout[] = {
	FACT("description", description), FACT("directory", directory), FACT("iodepth", iodepth),
	FACT("nrfiles", nr_files), FACT("norandommap", norandommap), FACT("verify_offset", verify_offset),
	FACT("fsync", fsync_blocks), FACT("thinktime", thinktime), FACT("numjobs", numjobs),
	FACT("disable_slat", disable_slat), FACT("unlink_each_loop", unlink_each_loop),
	FACT("read_iolog", read_iolog_file), FACT("sync_file_range", sync_file_range), FACT("unlink", unlink),
};

static const char *misplaced_option(const struct fio_option *table)
{
	for (size_t i = 0; i < SQP_NR(layout); i++) {
		const struct fio_option *o = table;

		while (o->name && strcmp(o->name, layout[i].option))
			o++;
		if (o->name && o->off1 && o->off1 != layout[i].offset)
			return o->name;
	}
	return NULL;
}

/* fio checks nothing but ops->version: a value it cannot want makes it refuse. */
static void refuse(void)
{
	ioengine.version = REFUSED;
}

static void guard(void)
{
	const char *running = dlsym(RTLD_DEFAULT, "fio_version_string");
	const struct fio_option *table = dlsym(RTLD_DEFAULT, "fio_options");
	const char *option;

	if (!running || !table) {
		fprintf(stderr, "sqpoll: this engine was built for %s; the program that loads it does not say its version\n",
			SQP_FIO_VERSION);
		refuse();
		return;
	}
	if (strcmp(running, SQP_FIO_VERSION)) {
		fprintf(stderr, "sqpoll: this engine was built for %s and cannot be used by %s; rebuild it with -DFIO_SOURCE_DIR set to the configured source of %s\n",
			SQP_FIO_VERSION, running, running);
		refuse();
		return;
	}
	option = misplaced_option(table);
	if (option) {
		fprintf(stderr, "sqpoll: this engine was built for %s, and the running %s is configured differently (option %s lies elsewhere); rebuild it with -DFIO_SOURCE_DIR set to the tree of this very fio\n",
			SQP_FIO_VERSION, running, option);
		refuse();
	}
}

__attribute__((constructor)) static void on_load(void)
{
	guard();
	sqp_place_remember();
	loader = getpid();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		shared = NULL;
}

struct sqp_claims *sqp_shared_claims(void)
{
	return shared ? &shared->claims : NULL;
}

void sqp_summary_add(const struct sqp_summary *s)
{
	unsigned i;

	if (!shared)
		return;
	i = atomic_fetch_add(&shared->nr, 1);
	if (i < MAX_JOBS)
		shared->job[i] = *s;
}

static int by_thread(const void *a, const void *b)
{
	const struct sqp_summary *x = a, *y = b;

	return (x->thread > y->thread) - (x->thread < y->thread);
}

/* Behind fio's own text, and never where a program reads: with JSON or terse output nothing is printed, and a server
 * has no say over its client's output. */
__attribute__((destructor)) static void on_exit_print(void)
{
	unsigned nr;

	if (!shared || loader != getpid() || ioengine.version == REFUSED)
		return;
	nr = atomic_load(&shared->nr);
	if (!nr || is_backend || output_format != FIO_OUTPUT_NORMAL || !f_out)
		return;
	nr = nr < MAX_JOBS ? nr : MAX_JOBS;
	qsort(shared->job, nr, sizeof(*shared->job), by_thread);
	sqp_summary_print(f_out, shared->job, nr);
	fflush(f_out);
}
