// SPDX-License-Identifier: GPL-2.0-only
#include "ask.h"

#include "explain.h"
#include "uapi.h"

#include <errno.h>
#include <pthread.h>
#include <sys/syscall.h>
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

int sqp_ask_kernel(const struct sqp_config *cfg, struct sqp_caps *caps, struct sqp_why *why)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static struct sqp_caps known;
	static bool asked;
	struct sqp_said said;
	int ret = 0;

	pthread_mutex_lock(&lock);
	if (!asked) {
		ret = sqp_ask_once(&said);
		if (!ret) {
			sqp_caps_conclude(&said, &known);
			asked = true;
		}
	}
	*caps = known;
	pthread_mutex_unlock(&lock);
	if (ret)
		sqp_explain_setup(why, ret, cfg);
	return ret;
}
