// SPDX-License-Identifier: GPL-2.0-only
#include "poll.h"

#include "explain.h"
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

static const char zoned_crash[] =
	"hipri: %s: its device (%u:%u) is zoned, and polling for writes to it crashes Linux %s (zone write plugging, 6.10 and later); leave out hipri";

static const char null_blk_zones[] =
	"hipri: %s: its device (%u:%u) is a zoned null_blk, whose polled writes bypass its zones (no write pointer moves, reads do not give what was written); leave out hipri";

/* The value of queue/NAME of device DEV. */
static bool queue_line(dev_t dev, const char *name, char *value, size_t len)
{
	/* a partition has its queue one level up */
	static const char *const where[] = { "", "../" };
	char path[96];

	for (unsigned i = 0; i < SQP_NR(where); i++) {
		snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%squeue/%s", major(dev), minor(dev), where[i], name);
		if (sqp_read_line(path, value, len))
			return true;
	}
	return false;
}

/* A write that has to wait for another to its zone keeps its number of segments in the word where the poller looks
 * for the number of the hardware queue. There is nothing to probe but by crashing. */
bool sqp_poll_zoned_crashes(const char *zoned, unsigned major, unsigned minor)
{
	return strcmp(zoned, "none") && (major > 6 || (major == 6 && minor >= 10));
}

bool sqp_poll_major_is(FILE *devices, unsigned nr, const char *driver)
{
	bool block = false, found = false;
	char line[96], name[64];
	unsigned n;

	while (!found && fgets(line, sizeof(line), devices))
		if (!strncmp(line, "Block devices:", 14))
			block = true;
		else if (block && sscanf(line, "%u %63s", &n, name) == 2)
			found = n == nr && !strcmp(name, driver);
	return found;
}

/* null_poll() hands requests to the code for devices without zones: nothing is checked, no write pointer moves. It has
 * done so since 5.16; from 6.10 on zoned writes crash before they get there. */
static bool is_null_blk(dev_t dev)
{
	FILE *f = fopen("/proc/devices", "re");
	bool is = f && sqp_poll_major_is(f, major(dev), "nullb");

	if (f)
		fclose(f);
	return is;
}

int sqp_poll_check(int fd, const char *name, bool writes, struct sqp_why *why)
{
	struct sqp_machine m;
	char value[32];
	struct stat st;
	bool told;
	dev_t dev;

	if (fstat(fd, &st))
		return 1;
	dev = S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev;
	told = queue_line(dev, "io_poll", value, sizeof(value));
	if (told && value[0] != '1')
		return sqp_why(why, -EOPNOTSUPP, no_poll_queues, name, major(dev), minor(dev));
	if (!writes || !queue_line(dev, "zoned", value, sizeof(value)))
		return !told;
	sqp_explain_gather(&m);
	if (sqp_poll_zoned_crashes(value, m.kernel_major, m.kernel_minor))
		return sqp_why(why, -EOPNOTSUPP, zoned_crash, name, major(dev), minor(dev), m.release);
	if (strcmp(value, "none") && is_null_blk(dev))
		return sqp_why(why, -EOPNOTSUPP, null_blk_zones, name, major(dev), minor(dev));
	return !told;
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
