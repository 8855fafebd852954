// SPDX-License-Identifier: GPL-2.0-only
#include "nvme_dev.h"

#include "explain.h"
#include "reap.h"
#include "uapi.h"
#include "wake.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

enum { ADMIN_IDENTIFY = 0x06, PROBE_ALIGN = 4096, LOCK_TRIES = 100 };

/* Linux 5.13 has the device, 5.19 the command; only for the explanation, nothing is decided by these. */
int sqp_nvme_no_device(const char *name, int err, struct sqp_why *why)
{
	struct sqp_machine m;

	sqp_explain_gather(&m);
	if (m.kernel_major < 5 || (m.kernel_major == 5 && m.kernel_minor < 19))
		return sqp_why(why, err,
			       "cmd_type=nvme: %s is no character device, and Linux %s has no NVMe commands through io_uring, they came with 5.19; leave out cmd_type and use the block device",
			       name, m.release);
	return sqp_why(why, err,
		       "cmd_type=nvme: %s is no character device; NVMe commands go to that of a namespace, /dev/ngXnY; leave out cmd_type to use files and block devices",
		       name);
}

static int explain_identify(int ret, const char *name, struct sqp_why *why)
{
	char text[SQP_NVME_STATUS_LEN];

	if (ret < 0)
		return sqp_why(why, -errno, "cmd_type=nvme: %s: Identify Namespace failed: %s%s", name, strerror(errno),
			       errno == EACCES || errno == EPERM ? "; run as root" : "");
	sqp_nvme_describe((unsigned)ret, text, sizeof(text));
	return sqp_why(why, -EIO, "cmd_type=nvme: %s: Identify Namespace failed: %s", name, text);
}

int sqp_nvme_identify(int fd, const char *name, struct sqp_nvme_ns *ns, struct sqp_why *why)
{
	uint8_t data[SQP_NVME_IDENTIFY_BYTES] = { 0 };
	int nsid = ioctl(fd, NVME_IOCTL_ID), ret;
	struct nvme_passthru_cmd cmd = {
		.opcode = ADMIN_IDENTIFY, .nsid = (uint32_t)nsid, .addr = (uintptr_t)data, .data_len = sizeof(data),
	};

	if (nsid <= 0)
		return sqp_why(why, nsid < 0 ? -errno : -ENOTTY,
			       "cmd_type=nvme: %s is not the character device of an NVMe namespace (%s); those are /dev/ngXnY",
			       name, strerror(nsid < 0 ? errno : ENOTTY));
	ret = ioctl(fd, NVME_IOCTL_ADMIN_CMD, &cmd);
	if (ret)
		return explain_identify(ret, name, why);
	if (sqp_nvme_parse_ns(data, (uint32_t)nsid, ns))
		return sqp_why(why, -EINVAL, "cmd_type=nvme: %s: a block of 2^%u bytes is none this engine knows (2^9 to 2^16)",
			       name, ns->lba_shift);
	if (ns->metadata_bytes)
		return sqp_why(why, -EOPNOTSUPP,
			       "cmd_type=nvme: %s: its blocks have %u bytes of metadata, which this engine does not transfer; format it without (nvme format --lbaf) or write ioengine=io_uring_cmd",
			       name, ns->metadata_bytes);
	return 0;
}

/* .../nvme0/ng0n1 -> .../nvme0/nvme0n1/queue/io_poll */
static bool poll_file(int fd, char path[PATH_MAX])
{
	char link[64], device[PATH_MAX];
	struct stat st;
	char *base;

	if (fstat(fd, &st) || !S_ISCHR(st.st_mode))
		return false;
	snprintf(link, sizeof(link), "/sys/dev/char/%u:%u", major(st.st_rdev), minor(st.st_rdev));
	if (!realpath(link, device))
		return false;
	base = strrchr(device, '/');
	if (strncmp(base, "/ng", 3))
		return false;
	*base = '\0';
	return snprintf(path, PATH_MAX, "%s/nvme%s/queue/io_poll", device, base + 3) < PATH_MAX;
}

int sqp_nvme_poll_check(int fd, const char *name, struct sqp_why *why)
{
	char path[PATH_MAX], value[16];

	if (!poll_file(fd, path) || !sqp_read_line(path, value, sizeof(value)) || value[0] == '1')
		return 0;
	return sqp_why(why, -EOPNOTSUPP,
		       "hipri: %s: its device has no poll queues; load the driver with them (nvme.poll_queues=1) or leave out hipri",
		       name);
}

bool sqp_nvme_polls_without_data(struct sqp_ring *r)
{
	return !r->cfg.hipri || sqp_ring_has_op(r, SQP_OP_READ_MULTISHOT);
}

int sqp_nvme_poll_alone(int fd, const char *name, struct sqp_why *why)
{
	static const struct timespec pause = { .tv_nsec = 20000000 };

	/* the kernel closes the ring of a job that has ended in its own time */
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (!flock(fd, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK)
			return 0;
		nanosleep(&pause, NULL);
	}
	return sqp_why(why, -EBUSY,
		       "hipri: %s: another job polls this namespace, and on a kernel like this one (6.1) two such rings were seen to hang; leave out hipri or numjobs",
		       name);
}

int sqp_nvme_flush_now(int fd, const struct sqp_nvme_ns *ns)
{
	struct nvme_passthru_cmd cmd = { .nsid = ns->nsid };
	int ret = ioctl(fd, NVME_IOCTL_IO_CMD, &cmd);

	return ret < 0 ? -errno : ret;
}

static int explain_probe(const struct sqp_ring *r, const struct sqp_nvme_probe *p, int err, struct sqp_why *why)
{
	struct sqp_machine m;

	sqp_explain_gather(&m);
	if (err == -EOPNOTSUPP || err == -EINVAL || err == -ENOTTY)
		return sqp_why(why, err,
			       "cmd_type=nvme: %s: Linux %s refuses an NVMe read through an SQPOLL ring%s%s (%s); leave out %s",
			       p->name, m.release, r->cfg.hipri ? ", polled" : "", p->fixed ? ", fixed buffers" : "", strerror(-err),
			       r->cfg.hipri ? "hipri" : p->fixed ? "fixedbufs" : "cmd_type and use the block device");
	if (err == -EACCES || err == -EPERM)
		return sqp_why(why, err, "cmd_type=nvme: %s: an NVMe read is not allowed (%s); run as root", p->name, strerror(-err));
	return sqp_why(why, err, "cmd_type=nvme: %s: an NVMe read failed before the run: %s", p->name, strerror(-err));
}

/* The answer of the device (>= 0) or -errno */
static int read_one_block(struct sqp_ring *r, const struct sqp_nvme_ns *ns, const struct sqp_nvme_probe *p, void *buf)
{
	struct sqp_nvme_io io = { .op = SQP_NVME_READ, .offset = p->offset, .bytes = 1ull << ns->lba_shift, .buf = buf };
	struct io_uring_sqe *sqe = sqp_next_sqe(r);
	unsigned first;
	int ret;

	if (!sqe)
		return -EBUSY;
	memset(sqe, 0, SQP_BIG_SQE_BYTES);
	ret = sqp_nvme_build((struct nvme_uring_cmd *)sqe->cmd, ns, &io);
	if (ret) {
		r->sq_tail--;
		return ret;
	}
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->flags = IOSQE_FIXED_FILE;
	sqe->fd = (int)p->slot;
	sqe->cmd_op = NVME_URING_CMD_IO;
	sqe->uring_cmd_flags = p->fixed ? IORING_URING_CMD_FIXED : 0;
	ret = sqp_commit(r, 0);
	if (ret)
		return ret;
	ret = sqp_reap(r, 1, 1, &first);
	return ret < 0 ? ret : sqp_cqe(r, first, 0)->res;
}

int sqp_nvme_probe(struct sqp_ring *r, const struct sqp_nvme_ns *ns, const struct sqp_nvme_probe *p, struct sqp_why *why)
{
	struct sqp_counters before = r->count;
	size_t len = (size_t)1 << ns->lba_shift;
	void *own;
	int ret;

	if (posix_memalign(&own, PROBE_ALIGN, len))
		return sqp_why(why, -ENOMEM, "cmd_type=nvme: %s: no memory for a probe read", p->name);
	if (p->fixed)
		memcpy(own, p->fixed, len);
	ret = read_one_block(r, ns, p, p->fixed ? p->fixed : own);
	r->count.submitted = before.submitted;
	r->count.completed = before.completed;
	if (ret == -ETIMEDOUT)	/* the buffer may still be written to: leave it */
		return explain_probe(r, p, ret, why);
	if (p->fixed)
		memcpy(p->fixed, own, len);
	free(own);
	return ret < 0 ? explain_probe(r, p, ret, why) : 0;
}
