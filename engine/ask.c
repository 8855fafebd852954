// SPDX-License-Identifier: GPL-2.0-only
#include "ask.h"

#include "explain.h"
#include "uapi.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Kernels that cannot be asked this way answer EINVAL or, for want of a ring, EBADF. */
static bool query(struct sqp_said *said)
{
	struct sqp_query_opcodes answer = { 0 };
	struct sqp_query_header header = {
		.query_data = (uintptr_t)&answer, .query_op = SQP_QUERY_OPCODES, .size = sizeof(answer),
	};

	if (syscall(__NR_io_uring_register, -1, SQP_REGISTER_QUERY, &header, 0) || header.result ||
	    !answer.ring_setup_flags)
		return false;
	*said = (struct sqp_said){
		.features = answer.feature_flags, .last_op = (int)answer.nr_request_opcodes - 1, .exact = true,
		.setup_flags = answer.ring_setup_flags, .enter_flags = answer.enter_flags,
	};
	return true;
}

static int ask_a_ring(struct sqp_said *said)
{
	struct io_uring_params p = { 0 };
	struct io_uring_probe probe = { 0 };
	long fd = syscall(__NR_io_uring_setup, 1, &p);

	if (fd < 0)
		return -errno;
	*said = (struct sqp_said){ .features = p.features, .last_op = -1 };
	if (!syscall(__NR_io_uring_register, fd, IORING_REGISTER_PROBE, &probe, 0))
		said->last_op = probe.last_op;
	close((int)fd);
	return 0;
}

int sqp_ask_once(struct sqp_said *said)
{
	return query(said) ? 0 : ask_a_ring(said);
}

/* No lock: a process may be forked while one of its threads is asking, and its child would find the lock taken for ever.
 * The number of the asking process tells the child that nobody asks on its behalf. */
static _Atomic int asker;
static _Atomic bool asked;
static struct sqp_caps known;

static bool my_turn_to_ask(void)
{
	static const struct timespec pause = { .tv_nsec = 50000 };
	int seen = atomic_load(&asker), me = (int)getpid();

	if (seen != me)
		return atomic_compare_exchange_strong(&asker, &seen, me);
	nanosleep(&pause, NULL);
	return false;
}

int sqp_ask_kernel(const struct sqp_config *cfg, struct sqp_caps *caps, struct sqp_why *why)
{
	struct sqp_said said;

	while (!atomic_load(&asked)) {
		int ret;

		if (!my_turn_to_ask())
			continue;
		ret = sqp_ask_once(&said);
		if (ret) {
			atomic_store(&asker, 0);
			sqp_explain_setup(why, ret, cfg);
			return ret;
		}
		sqp_caps_conclude(&said, &known);
		atomic_store(&asked, true);
	}
	*caps = known;
	return 0;
}
