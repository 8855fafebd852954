// SPDX-License-Identifier: GPL-2.0-only
#include "ring.h"

#include "explain.h"
#include "look.h"
#include "place.h"
#include "wake.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { CQ_PER_SQ = 4, CQ_MIN = 64, CQ_MAX = 65536 };

static unsigned round_up_pow2(unsigned n)
{
	unsigned p = 1;

	while (p < n)
		p <<= 1;
	return p;
}

static uint64_t monotonic_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* At least twice the depth, so that CQEs are never dropped, and more where that is cheap: the head is given back
 * lazily (reap.c), and the kernel re-reads it only when its view of the ring runs out. */
static unsigned choose_cq_entries(unsigned sq_entries)
{
	unsigned n = sq_entries * CQ_PER_SQ;

	if (n < CQ_MIN)
		return CQ_MIN;
	return n < CQ_MAX ? n : CQ_MAX;
}

static void map_pointers(struct sqp_ring *r)
{
	struct io_uring *u = &r->uring;

	r->khead = (_Atomic unsigned *)u->sq.khead;
	r->ktail = (_Atomic unsigned *)u->sq.ktail;
	r->kflags = (_Atomic unsigned *)u->sq.kflags;
	r->cq_khead = (_Atomic unsigned *)u->cq.khead;
	r->cq_ktail = (_Atomic unsigned *)u->cq.ktail;
	r->sqes = u->sq.sqes;
	r->cqes = u->cq.cqes;
	r->sq_mask = r->sq_entries - 1;
	r->cq_mask = r->cq_entries - 1;
	/* SQEs are used in ring order: the index array is written once and then stays shared in both caches */
	for (unsigned i = 0; u->sq.array && i < r->sq_entries; i++)
		u->sq.array[i] = i;
}

static void fill_params(struct io_uring_params *p, const struct sqp_config *cfg, unsigned sq_entries)
{
	p->flags = IORING_SETUP_SQPOLL | IORING_SETUP_CQSIZE;
	p->cq_entries = cfg->cq_entries ? cfg->cq_entries : choose_cq_entries(sq_entries);
	p->sq_thread_idle = cfg->idle_ms;
	if (cfg->hipri)
		p->flags |= IORING_SETUP_IOPOLL;
	if (cfg->sq_cpu != SQP_ANY_CPU) {
		p->flags |= IORING_SETUP_SQ_AFF;
		p->sq_thread_cpu = (unsigned)cfg->sq_cpu;
	}
}

/* io_uring_queue_init_params() of some liburing releases first asks for flags that older kernels refuse; the
 * system call is made here, so that what we ask for is what is asked. */
static int setup(struct sqp_ring *r, struct io_uring_params *p, unsigned sq_entries, struct sqp_why *why)
{
	long fd = syscall(__NR_io_uring_setup, sq_entries, p);
	int ret;

	if (fd < 0) {
		int err = -errno;

		sqp_explain_setup(why, err, &r->cfg);
		return err;
	}
	ret = io_uring_queue_mmap((int)fd, p, &r->uring);
	if (ret) {
		close((int)fd);
		return sqp_why(why, ret, "cannot map a ring of %u entries: %s; lower iodepth or free memory",
			       sq_entries, strerror(-ret));
	}
	r->fd = (int)fd;
	return 0;
}

int sqp_ring_open(struct sqp_ring *r, const struct sqp_config *cfg, struct sqp_why *why)
{
	struct io_uring_params p = { 0 };
	unsigned sq_entries = round_up_pow2(cfg->depth);
	int ret = sqp_config_check(cfg, why);

	if (!ret)
		ret = sqp_place_check(cfg->sq_cpu, why);
	if (ret)
		return ret;
	memset(r, 0, sizeof(*r));
	r->cfg = *cfg;
	if (!r->cfg.clock_ns)
		r->cfg.clock_ns = monotonic_ns;
	fill_params(&p, cfg, sq_entries);
	sqp_mark_now(&r->birth);
	ret = setup(r, &p, sq_entries, why);
	if (ret)
		return ret;
	r->sq_entries = p.sq_entries;
	r->cq_entries = p.cq_entries;
	r->setup_flags = p.flags;
	r->features = p.features;
	map_pointers(r);
	r->time_mask = cfg->time_all ? 0 : SQP_PICKUP_EVERY - 1;
	r->active_ns = sqp_now_ns(r);
	ret = sqp_looks_open(r, why);
	if (ret)
		sqp_ring_close(r);
	return ret;
}

void sqp_ring_close(struct sqp_ring *r)
{
	io_uring_queue_exit(&r->uring);
	sqp_looks_close(r);
	r->fd = -1;
}

bool sqp_ring_has_op(struct sqp_ring *r, int op)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(&r->uring);
	bool known = probe && io_uring_opcode_supported(probe, op);

	io_uring_free_probe(probe);
	return known;
}
