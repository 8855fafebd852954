/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sq_wake=bypass and adaptive: beside the SQPOLL ring there is a plain one with the same files and buffers. While the SQ thread sleeps,
 * what is filled is moved there and submitted with one io_uring_enter, which takes some microseconds where waking the
 * thread takes up to a scheduling slice. sqp_reap() hands out the completions of both.
 * A request that must not overtake others goes where those are.
 * sq_wake=adaptive: whether the SQ thread is worth its CPU is decided anew all the time (policy.h). When it is, it is woken
 * while the requests of that time still go through the plain ring: nobody waits for it.
 */
#ifndef SQP_BYPASS_H
#define SQP_BYPASS_H

#include "wake.h"

/* Opens the plain ring of R, which has just been opened: before files and buffers are registered, which reg.h then does
 * for both. sqp_ring_close() closes it. 0, or -errno with the reason. */
int sqp_bypass_open(struct sqp_ring *r, struct sqp_why *why);

/* May a request be filled that must stay behind those in flight? Not while both rings have some: reap first. When it may,
 * all that is filled up to the next commit goes to the same ring. */
bool sqp_bypass_order(struct sqp_ring *r);

/* Instead of sqp_commit(), with the same contract. *ASIDE: it went through the plain ring. */
int sqp_bypass_commit(struct sqp_ring *r, uint64_t now_ns, bool *aside);

#endif
