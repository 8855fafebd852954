/* SPDX-License-Identifier: GPL-2.0-only */
/* What the character device of an NVMe namespace (/dev/ngXnY) can do: asked before the first I/O. */
#ifndef SQP_NVME_DEV_H
#define SQP_NVME_DEV_H

#include "nvme.h"
#include "ring.h"

/* Fills NS from the device behind FD, NAME. 0, or -errno with the reason: no NVMe namespace, or one that the engine cannot
 * use (metadata). */
int sqp_nvme_identify(int fd, const char *name, struct sqp_nvme_ns *ns, struct sqp_why *why);

/* There is no character device NAME: why that may be. Returns ERR. */
int sqp_nvme_no_device(const char *name, int err, struct sqp_why *why);

/* 0 when the namespace behind FD polls, or when that cannot be told beforehand; -EOPNOTSUPP with the reason when its queue
 * has no poll queues: kernels then use interrupts without a word. */
int sqp_nvme_poll_check(int fd, const char *name, struct sqp_why *why);

struct sqp_nvme_probe {
	unsigned slot;			/* of the registered file */
	const char *name;
	uint64_t offset;		/* of a block that may be read */
	void *fixed;			/* registered buffer 0, or NULL: an own buffer is used; its content is kept */
};

/* Reads one block through R, the way the job will. 0 when the command reached the device, whatever that answered; else
 * -errno with the reason. The ring must be idle. */
int sqp_nvme_probe(struct sqp_ring *r, const struct sqp_nvme_ns *ns, const struct sqp_nvme_probe *p, struct sqp_why *why);

/* Does a polled ring complete commands that carry no data (flush, write zeroes, verify)? On Linux 6.1 such a command
 * never completes (on 6.12 it does) and takes the SQ thread with it, so the answer is not found by trying. */
bool sqp_nvme_polls_without_data(struct sqp_ring *r);

/* On such a kernel three rings that polled one queue were seen to hang as well, once and with no cause found. So a job takes a lock on the device
 * behind FD, which ends with its last descriptor. 0, or -EBUSY with the reason when another job still has it after 2 s. */
int sqp_nvme_poll_alone(int fd, const char *name, struct sqp_why *why);

/* A flush, past the ring. The device's answer (>= 0) or -errno. */
int sqp_nvme_flush_now(int fd, const struct sqp_nvme_ns *ns);

#endif
