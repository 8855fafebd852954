// SPDX-License-Identifier: GPL-2.0-only
#include "poll.h"

#include "procfs.h"
#include "reap.h"
#include "wake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum { PROBE_ALIGN = 4096 };

static const char no_poll_queues[] =
	"hipri: %s: its device (%u:%u) has no poll queues; load the driver with them (nvme.poll_queues=1, null_blk poll_queues=1) or leave out hipri";

int sqp_poll_check(int fd, const char *name, struct sqp_why *why)
{
	/* a partition has its queue one level up */
	static const char *const where[] = { "queue/io_poll", "../queue/io_poll" };
	char path[96], value[16];
	struct stat st;
	dev_t dev;

	if (fstat(fd, &st))
		return 0;
	dev = S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev;
	for (unsigned i = 0; i < SQP_NR(where); i++) {
		snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s", major(dev), minor(dev), where[i]);
		if (!sqp_read_line(path, value, sizeof(value)))
			continue;
		if (value[0] == '1')
			return 0;
		return sqp_why(why, -EOPNOTSUPP, no_poll_queues, name, major(dev), minor(dev));
	}
	return 0;
}

static int explain_probe(int res, const char *name, struct sqp_why *why)
{
	if (res == -EOPNOTSUPP || res == -EINVAL)
		return sqp_why(why, res,
			       "hipri: %s: the kernel refuses a polled read (%s): its file system or device cannot poll; use a file on ext4, xfs or btrfs, or the device itself, or leave out hipri",
			       name, strerror(-res));
	return sqp_why(why, res, "hipri: %s: a polled read failed before the run: %s", name, strerror(-res));
}

int sqp_poll_probe(struct sqp_ring *r, unsigned slot, const char *name, uint64_t offset, unsigned len,
		   struct sqp_why *why)
{
	struct io_uring_sqe *sqe = sqp_next_sqe(r);
	struct sqp_counters before = r->count;
	unsigned first;
	void *buf;
	int ret;

	if (!sqe || posix_memalign(&buf, PROBE_ALIGN, len))
		return sqp_why(why, -ENOMEM, "hipri: %s: no memory for a probe read", name);
	io_uring_prep_read(sqe, (int)slot, buf, len, offset);
	sqe->flags = IOSQE_FIXED_FILE;
	ret = sqp_commit(r, 0);
	if (!ret) {
		ret = sqp_reap(r, 1, 1, &first);
		ret = ret < 0 ? ret : sqp_cqe(r, first, 0)->res;
	}
	r->count.submitted = before.submitted;
	r->count.completed = before.completed;
	memset(&r->reaped, 0, sizeof(r->reaped));
	if (ret == -ETIMEDOUT)	/* the buffer may still be written to: leave it */
		return explain_probe(ret, name, why);
	free(buf);
	return ret < 0 ? explain_probe(ret, name, why) : 0;
}
