// SPDX-License-Identifier: GPL-2.0-only
#include "reg.h"

#include "explain.h"
#include "uapi.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int sqp_files_init(struct sqp_ring *r, unsigned nr, struct sqp_why *why)
{
	int *fds = malloc(nr * sizeof(*fds)), ret;

	if (!fds)
		return sqp_why(why, -ENOMEM, "no memory for a table of %u files", nr);
	memset(fds, 0xff, nr * sizeof(*fds));	/* -1: an empty slot */
	ret = io_uring_register_files(&r->uring, fds, nr);
	if (!ret && r->side)
		ret = io_uring_register_files(&r->side->uring, fds, nr);
	free(fds);
	if (ret)
		return sqp_why(why, ret, "registering %u files failed: %s; lower nrfiles%s", nr, strerror(-ret),
			       ret == -EMFILE ? " or raise ulimit -n" : "");
	return 0;
}

int sqp_file_set(struct sqp_ring *r, unsigned slot, int fd, const char *name, struct sqp_why *why)
{
	int ret = io_uring_register_files_update(&r->uring, slot, &fd, 1);

	if (ret == 1 && r->side)
		ret = io_uring_register_files_update(&r->side->uring, slot, &fd, 1);
	if (ret == 1)
		return 0;
	ret = ret < 0 ? ret : -EINVAL;
	return sqp_why(why, ret, "file %s cannot be registered in slot %u: %s", name, slot, strerror(-ret));
}

/* A clone shares the pages and is not counted against RLIMIT_MEMLOCK a second time; kernels before 6.12 cannot. */
static int share_buffers(const struct sqp_ring *r, const struct iovec *iov, unsigned nr)
{
	struct sqp_clone_buffers clone = { .src_fd = (unsigned)r->fd };

	if (!syscall(__NR_io_uring_register, r->side->fd, SQP_REGISTER_CLONE_BUFFERS, &clone, 1))
		return 0;
	return io_uring_register_buffers(&r->side->uring, iov, nr);
}

int sqp_buffers_register(struct sqp_ring *r, const struct iovec *iov, unsigned nr, struct sqp_why *why)
{
	int ret = io_uring_register_buffers(&r->uring, iov, nr);
	struct sqp_machine m;
	uint64_t bytes = 0;

	if (!ret && r->side)
		ret = share_buffers(r, iov, nr);
	if (!ret)
		return 0;
	for (unsigned i = 0; i < nr; i++)
		bytes += iov[i].iov_len;
	sqp_explain_gather(&m);
	sqp_explain_buffers(why, ret, nr, bytes, &m);
	return ret;
}
