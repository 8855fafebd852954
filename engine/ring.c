// SPDX-License-Identifier: GPL-2.0-only
#include "ring.h"

#include "ask.h"
#include "explain.h"
#include "look.h"
#include "place.h"
#include "reap.h"
#include "uapi.h"
#include "wake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { CQ_PER_SQ = 4, CQ_MIN = 64, CQ_MAX = 65536 };

/* A pause takes up to 60 ns on hardware, 230 under emulation (QEMU's TCG). */
enum { PAUSES = 32, PAUSE_TRIES = 5, PAUSE_SHORT_NS = 120 };

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

/* Is a pause what it is on hardware? An emulator, or a hypervisor that takes it for a sign of waiting, leaves the CPU for each. */
static bool pause_is_short(void)
{
	uint64_t best_ns = UINT64_MAX;

	for (unsigned i = 0; i < PAUSE_TRIES; i++) {
		uint64_t start_ns = monotonic_ns(), ns;

		for (unsigned n = 0; n < PAUSES; n++)
			sqp_pause();
		ns = monotonic_ns() - start_ns;
		best_ns = ns < best_ns ? ns : best_ns;
	}
	return best_ns < (uint64_t)PAUSES * PAUSE_SHORT_NS;
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
	r->big_shift = r->cfg.big;
	if (r->setup_flags & IORING_SETUP_NO_SQARRAY)
		return;
	/* SQEs are used in ring order: the index array is written once and then stays shared in both caches */
	for (unsigned i = 0; i < r->sq_entries; i++)
		u->sq.array[i] = i;
}

/* The flags that CFG insists on. */
static unsigned demanded_flags(const struct sqp_config *cfg)
{
	const struct { bool set; unsigned flag; } table[] = {
		{ true, IORING_SETUP_CQSIZE },
		{ !cfg->plain, IORING_SETUP_SQPOLL },
		{ cfg->hipri, IORING_SETUP_IOPOLL },
		{ cfg->hybrid, IORING_SETUP_HYBRID_IOPOLL },
		{ cfg->big, IORING_SETUP_SQE128 | IORING_SETUP_CQE32 },
		{ cfg->sq_cpu != SQP_ANY_CPU, IORING_SETUP_SQ_AFF },
		{ cfg->attach_to != NULL, IORING_SETUP_ATTACH_WQ },
	};
	unsigned flags = 0;

	for (unsigned i = 0; i < SQP_NR(table); i++)
		if (table[i].set)
			flags |= table[i].flag;
	return flags;
}

/* The best there is of the flags that keep completions from interrupting the submitter. */
static unsigned deferral(const struct sqp_caps *caps)
{
	static const unsigned best_first[] = {
		IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_TASKRUN_FLAG,
		IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
	};

	for (unsigned i = 0; i < SQP_NR(best_first); i++)
		if (!(best_first[i] & ~caps->setup_flags))
			return best_first[i];
	return 0;
}

static void fill_params(struct io_uring_params *p, const struct sqp_config *cfg, const struct sqp_caps *caps,
			unsigned sq_entries)
{
	p->flags = demanded_flags(cfg);
	if (!cfg->sq_array)
		p->flags |= caps->setup_flags & IORING_SETUP_NO_SQARRAY;
	if (cfg->deferred)
		p->flags |= deferral(caps);
	p->cq_entries = cfg->cq_entries ? cfg->cq_entries : choose_cq_entries(sq_entries);
	p->sq_thread_idle = cfg->plain ? 0 : cfg->idle_ms;
	if (cfg->sq_cpu != SQP_ANY_CPU)
		p->sq_thread_cpu = (unsigned)cfg->sq_cpu;
	if (cfg->attach_to)
		p->wq_fd = (unsigned)cfg->attach_to->fd;
}

/* What the kernel would refuse, or take and then not do: it ignores SQ_AFF of a ring that attaches, and since 5.12 it
 * gives the ring of another process a thread of its own. */
static int check_attach(const struct sqp_config *cfg, struct sqp_why *why)
{
	const struct sqp_ring *to = cfg->attach_to;

	if (!to)
		return 0;
	if (to->fd < 0 || !(to->setup_flags & IORING_SETUP_SQPOLL))
		return sqp_why(why, -EINVAL, "a shared SQ thread: the ring to attach to is closed or has none; open it first");
	if (to->owner_pid != getpid())
		return sqp_why(why, -EPERM, "a shared SQ thread: the ring to attach to belongs to process %d; rings share a thread inside one process only (fio: thread=1)",
			       to->owner_pid);
	if (cfg->sq_cpu != SQP_ANY_CPU && cfg->sq_cpu != to->cfg.sq_cpu)
		return sqp_why(why, -EINVAL, "sq_thread_cpu=%d: the SQ thread that is to be shared was placed by its first ring; give all rings the same CPU or none",
			       cfg->sq_cpu);
	return 0;
}

/* Can the kernel do what CFG insists on? CAPS: what it can do. */
static int check_caps(const struct sqp_config *cfg, struct sqp_caps *caps, struct sqp_why *why)
{
	struct sqp_machine m;
	int ret = sqp_ask_kernel(cfg, caps, why);

	if (ret)
		return ret;
	sqp_explain_gather(&m);
	return sqp_caps_check(caps, demanded_flags(cfg), m.release, why);
}

static int check_all(const struct sqp_config *cfg, struct sqp_caps *caps, struct sqp_why *why)
{
	int ret = sqp_config_check(cfg, why);

	if (!ret)
		ret = sqp_place_check(cfg->sq_cpu, why);
	if (!ret)
		ret = check_attach(cfg, why);
	return ret ? ret : check_caps(cfg, caps, why);
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

/* Whoever asked to share gets a shared thread or a refusal, never a second thread that spins unseen. */
static int meet_sq_thread(struct sqp_ring *r, struct sqp_why *why)
{
	const struct sqp_ring *to = r->cfg.attach_to;
	struct sqp_sq_thread theirs;

	if (r->cfg.plain)
		return 0;
	sqp_sq_thread_learn(r->fd, to != NULL, &r->sq);
	if (!to)
		return 0;
	theirs = to->sq;
	if (theirs.tid <= 0)	/* it had not run yet, or /proc does not show it */
		sqp_sq_thread_learn(to->fd, true, &theirs);
	if (r->sq.tid > 0 && r->sq.tid == theirs.tid)
		return 0;
	/* in a container the kernel's numbers are no tids, but they are the same for one thread */
	if (r->sq.tid <= 0 && theirs.tid <= 0 && r->sq.number > 0 && r->sq.number == theirs.number)
		return 0;
	return sqp_why(why, -EOPNOTSUPP, "a shared SQ thread: this kernel does not show that the rings share one (theirs: %d and %d; sharing came with Linux 5.10); let each ring have its own",
		       theirs.tid, r->sq.tid);
}

static void register_fd(struct sqp_ring *r, const struct sqp_caps *caps)
{
	r->enter_fd = r->fd;
	r->unregistered_why = "it was not asked for";
	if (!r->cfg.register_fd)
		return;
	r->unregistered_why = "this kernel cannot register a ring's descriptor (Linux 5.18)";
	if (!caps->register_ring)
		return;
	r->unregistered_why = "the kernel refused to register the descriptor: this task has 16 registered rings already, or no memory";
	if (io_uring_register_ring_fd(&r->uring) != 1)
		return;
	r->enter_fd = r->uring.enter_ring_fd;
	r->enter_flags = IORING_ENTER_REGISTERED_RING;
	r->unregistered_why = NULL;
}

int sqp_ring_open(struct sqp_ring *r, const struct sqp_config *cfg, struct sqp_why *why)
{
	struct io_uring_params p = { 0 };
	unsigned sq_entries = round_up_pow2(cfg->depth);
	struct sqp_caps caps;
	int ret = check_all(cfg, &caps, why);

	if (ret)
		return ret;
	memset(r, 0, sizeof(*r));
	r->cfg = *cfg;
	if (!r->cfg.clock_ns)
		r->cfg.clock_ns = monotonic_ns;
	fill_params(&p, cfg, &caps, sq_entries);
	sqp_mark_now(&r->birth);
	ret = setup(r, &p, sq_entries, why);
	if (ret)
		return ret;
	r->owner_pid = getpid();
	r->sq_entries = p.sq_entries;
	r->cq_entries = p.cq_entries;
	r->setup_flags = p.flags;
	r->features = p.features;
	ret = meet_sq_thread(r, why);
	if (ret) {
		sqp_ring_close(r);
		return ret;
	}
	if (cfg->reap != SQP_REAP_SPIN && !(p.features & IORING_FEAT_EXT_ARG)) {
		sqp_ring_close(r);
		return sqp_why(why, -EOPNOTSUPP, "reap=sleep and hybrid (sq_wake=adaptive has that by default): this kernel cannot wait with a time limit (IORING_FEAT_EXT_ARG, Linux 5.11); use reap=spin");
	}
	map_pointers(r);
	register_fd(r, &caps);
	r->pauses = pause_is_short();
	r->time_after = cfg->time_all ? 1 : SQP_TIME_EVERY / 2;
	r->active_ns = sqp_now_ns(r);
	ret = sqp_looks_open(r, why);
	if (ret)
		sqp_ring_close(r);
	return ret;
}

void sqp_ring_close(struct sqp_ring *r)
{
	if (r->side) {
		sqp_ring_close(r->side);
		free(r->side);
		r->side = NULL;
	}
	sqp_live_close(r);
	io_uring_queue_exit(&r->uring);
	sqp_looks_close(r);
	r->fd = -1;
}

struct sqp_counters sqp_ring_count(const struct sqp_ring *r)
{
	struct sqp_counters c = r->count;

	c.trials = r->policy.trials;
	c.trials_failed = r->policy.failed;
	if (r->side) {
		c.enters += r->side->count.enters;
		c.bypass_enters = r->side->count.enters - r->side->count.waits - r->side->count.cq_overflow;
		c.waits += r->side->count.waits;
		c.cq_overflow += r->side->count.cq_overflow;
	}
	return c;
}

bool sqp_ring_has_op(struct sqp_ring *r, int op)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(&r->uring);
	bool known = probe && io_uring_opcode_supported(probe, op);

	io_uring_free_probe(probe);
	return known;
}
