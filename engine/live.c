// SPDX-License-Identifier: GPL-2.0-only
#include "live.h"

#include "ring.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAX_HZ = 1000 };

/* As the kernel shows it: the helper ring and R name the same SQ thread. */
static int check_sharing(const struct sqp_ring *r, struct sqp_why *why)
{
	struct sqp_config cfg = { .depth = 1, .idle_ms = r->cfg.idle_ms, .sq_cpu = SQP_ANY_CPU, .stall_ms = 1, .attach_to = r };
	struct sqp_ring *helper = malloc(sizeof(*helper));
	int ret;

	if (!helper)
		return sqp_why(why, -ENOMEM, "sq_thread_idle=auto: no memory for a helper ring");
	ret = sqp_ring_open(helper, &cfg, why);
	if (!ret)
		sqp_ring_close(helper);
	free(helper);
	return ret;
}

int sqp_live_open(struct sqp_ring *r, struct sqp_why *why)
{
	unsigned hz = sqp_kernel_hz();
	int ret = check_sharing(r, why);

	if (ret)
		return ret;
	if (!hz || hz > MAX_HZ)
		return sqp_why(why, -EOPNOTSUPP, "sq_thread_idle=auto: the kernel's tick is not known; give a number");
	r->live = calloc(1, sizeof(*r->live));
	if (!r->live)
		return sqp_why(why, -ENOMEM, "sq_thread_idle=auto: no memory");
	r->live->hz = hz;
	r->live->wake_cost_ns = (uint64_t)r->cfg.wake_cost_us * 1000;
	r->live->helper_fd = -1;
	r->live->opened_ns = sqp_now_ns(r);
	sqp_retune_init(&r->live->policy, hz, r->live->opened_ns);
	return 0;
}

/* It is never mapped: nobody puts a request into it. */
static int attach_helper(const struct sqp_ring *r, unsigned idle_ms)
{
	struct io_uring_params p = {
		.flags = IORING_SETUP_SQPOLL | IORING_SETUP_ATTACH_WQ, .sq_thread_idle = idle_ms, .wq_fd = (unsigned)r->fd,
	};
	long fd = syscall(__NR_io_uring_setup, 1, &p);

	return fd < 0 ? -errno : (int)fd;
}

static void detach_helper(struct sqp_live *l)
{
	if (l->helper_fd >= 0)
		close(l->helper_fd);
	l->helper_fd = -1;
}

void sqp_live_close(struct sqp_ring *r)
{
	if (!r->live)
		return;
	detach_helper(r->live);
	free(r->live);
	r->live = NULL;
}

/* The new one first: in between the idle period is the longer of the two, never the shortest. */
static void put_in_force(struct sqp_ring *r, uint64_t now_ns)
{
	struct sqp_live *l = r->live;
	unsigned idle_ms = sqp_retune_ms(l->policy.jiffies, l->hz);
	int fd = l->policy.jiffies > 1 ? attach_helper(r, idle_ms) : -1;

	if (l->policy.jiffies > 1 && fd < 0) {
		l->error = fd;
		return;
	}
	detach_helper(l);
	l->helper_fd = fd;
	if (l->changes < SQP_LIVE_SERIES) {
		l->series[l->changes].at_ns = now_ns - l->opened_ns;
		l->series[l->changes].idle_ms = sqp_live_idle_ms(r);
	}
	l->changes++;
}

void sqp_live_gap(struct sqp_ring *r, uint64_t gap_ns, uint64_t now_ns)
{
	struct sqp_live *l = r->live;
	uint64_t wake_ns = l->wake_cost_ns;

	if (l->error)
		return;
	if (!wake_ns && r->wake.n)
		wake_ns = r->wake.sum / r->wake.n;
	if (sqp_retune_gap(&l->policy, gap_ns, wake_ns, now_ns))
		put_in_force(r, now_ns);
}

unsigned sqp_live_idle_ms(const struct sqp_ring *r)
{
	if (r->live && r->live->helper_fd >= 0)
		return sqp_retune_ms(r->live->policy.jiffies, r->live->hz);
	return r->cfg.idle_ms;
}
