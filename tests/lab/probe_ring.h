/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A ring on bare system calls: the probe decides itself when the tail moves and when the kernel is entered, which a
 * library's submit would not let it. Every enter is counted. Returns are 0 or -errno.
 */
#ifndef PROBE_RING_H
#define PROBE_RING_H

#include <linux/io_uring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct probe_ring {
	int fd;
	struct io_uring_params params;
	char *map;
	size_t map_len;
	struct io_uring_sqe *sqes;
	size_t sqes_len;
	unsigned enters;
};

int ring_open(struct probe_ring *ring, unsigned entries, const struct io_uring_params *wanted);
void ring_close(struct probe_ring *ring);

/* Publish one entry; the kernel is not entered. The ring must have room. */
void ring_push(struct probe_ring *ring, const struct io_uring_sqe *sqe);

int ring_enter(struct probe_ring *ring, unsigned to_submit, unsigned min_complete, unsigned flags);
bool ring_needs_wakeup(const struct probe_ring *ring);
bool ring_untaken(const struct probe_ring *ring);

/* Take one completion if there is one. */
bool ring_pop(struct probe_ring *ring, int *res);

#endif
