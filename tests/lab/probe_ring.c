// SPDX-License-Identifier: GPL-2.0-only
#include "probe_ring.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static unsigned *ring_word(const struct probe_ring *ring, unsigned offset)
{
	return (unsigned *)(void *)(ring->map + offset);
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

static int map_ring(struct probe_ring *ring)
{
	const struct io_uring_params *p = &ring->params;
	const int prot = PROT_READ | PROT_WRITE;

	if (!(p->features & IORING_FEAT_SINGLE_MMAP))
		return -EOPNOTSUPP;
	ring->map_len = larger(p->sq_off.array + p->sq_entries * sizeof(unsigned),
			       p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe));
	ring->map = mmap(NULL, ring->map_len, prot, MAP_SHARED, ring->fd, IORING_OFF_SQ_RING);
	if (ring->map == MAP_FAILED)
		return -errno;
	ring->sqes_len = p->sq_entries * sizeof(struct io_uring_sqe);
	ring->sqes = mmap(NULL, ring->sqes_len, prot, MAP_SHARED, ring->fd, IORING_OFF_SQES);
	if (ring->sqes == MAP_FAILED) {
		int err = -errno;

		munmap(ring->map, ring->map_len);
		return err;
	}
	return 0;
}

int ring_open(struct probe_ring *ring, unsigned entries, const struct io_uring_params *wanted)
{
	int err;

	memset(ring, 0, sizeof(*ring));
	ring->params = *wanted;
	ring->fd = (int)syscall(__NR_io_uring_setup, entries, &ring->params);
	if (ring->fd < 0)
		return -errno;
	err = map_ring(ring);
	if (err)
		close(ring->fd);
	return err;
}

void ring_close(struct probe_ring *ring)
{
	munmap(ring->sqes, ring->sqes_len);
	munmap(ring->map, ring->map_len);
	close(ring->fd);
}

void ring_push(struct probe_ring *ring, const struct io_uring_sqe *sqe)
{
	const struct io_sqring_offsets *off = &ring->params.sq_off;
	unsigned *tail = ring_word(ring, off->tail);
	unsigned slot = *tail & *ring_word(ring, off->ring_mask);

	ring->sqes[slot] = *sqe;
	ring_word(ring, off->array)[slot] = slot;
	/* Full fence: what follows is a look at NEED_WAKEUP, which must not be read before the kernel can see the tail. */
	__atomic_store_n(tail, *tail + 1, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

int ring_enter(struct probe_ring *ring, unsigned to_submit, unsigned min_complete, unsigned flags)
{
	int ret = (int)syscall(__NR_io_uring_enter, ring->fd, to_submit, min_complete, flags, NULL, 0);

	ring->enters++;
	return ret < 0 ? -errno : ret;
}

bool ring_needs_wakeup(const struct probe_ring *ring)
{
	const unsigned *flags = ring_word(ring, ring->params.sq_off.flags);

	return __atomic_load_n(flags, __ATOMIC_ACQUIRE) & IORING_SQ_NEED_WAKEUP;
}

bool ring_untaken(const struct probe_ring *ring)
{
	const struct io_sqring_offsets *off = &ring->params.sq_off;

	return __atomic_load_n(ring_word(ring, off->head), __ATOMIC_ACQUIRE) != *ring_word(ring, off->tail);
}

bool ring_pop(struct probe_ring *ring, int *res)
{
	const struct io_cqring_offsets *off = &ring->params.cq_off;
	const struct io_uring_cqe *cqes = (const void *)(ring->map + off->cqes);
	unsigned *head = ring_word(ring, off->head);

	if (__atomic_load_n(ring_word(ring, off->tail), __ATOMIC_ACQUIRE) == *head)
		return false;
	*res = cqes[*head & *ring_word(ring, off->ring_mask)].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return true;
}
