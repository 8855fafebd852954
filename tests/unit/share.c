// SPDX-License-Identifier: GPL-2.0-only
/* Who shares an SQ thread with whom, on this machine's own kernel. */
#include "unit.h"

#include "reap.h"
#include "share.h"
#include "wake.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

enum { DEPTH = 8, IDLE_MS = 1, LONG_IDLE_MS = 50, CROWD = 8, ROUNDS = 10, PER_THREAD = 4 };

struct job {
	struct sqp_config cfg;
	struct sqp_ring ring;
	struct sqp_seat seat;
	struct sqp_why why;
	int ret;
	sem_t may_end, opened;
	pthread_t thread;
};

static struct job job[CROWD];

static struct sqp_config config(unsigned share)
{
	return (struct sqp_config){
		.depth = DEPTH, .idle_ms = LONG_IDLE_MS, .sq_cpu = SQP_ANY_CPU, .clock = true, .stall_ms = 20000, .share = share,
		.register_fd = true,
	};
}

/* 0 when a request made the round. No assertion: it may be any thread. */
static int one_nop(struct sqp_ring *r)
{
	struct io_uring_sqe *sqe = sqp_next_sqe(r);
	unsigned first;
	int ret;

	if (!sqe)
		return -EBUSY;
	io_uring_prep_nop(sqe);
	sqe->user_data = 0;
	ret = sqp_commit(r, sqp_now_ns(r));
	if (!ret)
		ret = sqp_reap(r, 1, 1, &first);
	return ret == 1 ? 0 : ret;
}

static int open_job(struct job *j)
{
	return sqp_share_open(&j->ring, &j->cfg, &j->seat, &j->why);
}

static void close_job(struct job *j)
{
	sqp_share_leave(&j->seat);
	sqp_ring_close(&j->ring);
}

static void must_open(struct job *j)
{
	if (open_job(j))
		fail_msg("%s", j->why.text);
	assert_int_equal(one_nop(&j->ring), 0);
}

/* bounded: 5 s */
static bool falls_asleep(const struct sqp_ring *r)
{
	const struct timespec ms = { .tv_nsec = 1000000 };

	for (int i = 0; i < 5000; i++) {
		if (atomic_load(r->kflags) & IORING_SQ_NEED_WAKEUP)
			return true;
		nanosleep(&ms, NULL);
	}
	return false;
}

static void *live(void *arg)
{
	struct job *j = arg;

	j->ret = open_job(j);
	if (!j->ret)
		j->ret = one_nop(&j->ring);
	sem_post(&j->opened);
	sem_wait(&j->may_end);
	if (!j->ret)
		j->ret = one_nop(&j->ring);
	if (j->seat.group)
		close_job(j);
	return NULL;
}

static void start(struct job *j, const struct sqp_config *cfg)
{
	j->cfg = *cfg;
	sem_init(&j->may_end, 0, 0);
	sem_init(&j->opened, 0, 0);
	assert_int_equal(pthread_create(&j->thread, NULL, live, j), 0);
}

static void end(struct job *j)
{
	sem_post(&j->may_end);
	pthread_join(j->thread, NULL);
	if (j->ret)
		fail_msg("%d %s", j->ret, j->why.text);
	sem_destroy(&j->may_end);
	sem_destroy(&j->opened);
}

/* Eight at once make two groups of four, whoever comes first; they end in another order. */
static void a_crowd_is_seated_in_full_groups(void **state)
{
	struct sqp_config cfg = config(PER_THREAD);

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < CROWD; i++)
			start(&job[i], &cfg);
		for (unsigned i = 0; i < CROWD; i++)
			sem_wait(&job[i].opened);
		for (unsigned i = 0; i < CROWD; i++) {
			unsigned same = 0;

			if (job[i].ret)
				fail_msg("%d %s", job[i].ret, job[i].why.text);
			for (unsigned k = 0; k < CROWD; k++) {
				bool together = job[k].seat.number == job[i].seat.number;

				same += together;
				if (job[i].ring.sq.tid > 0 && job[k].ring.sq.tid > 0)
					assert_int_equal(together, job[i].ring.sq.tid == job[k].ring.sq.tid);
			}
			assert_int_equal(same, PER_THREAD);
			assert_int_equal(sqp_share_jobs(&job[i].seat), PER_THREAD);
		}
		for (unsigned i = 0; i < CROWD; i++)
			end(&job[(i * 3 + round) % CROWD]);
	}
}

/* Closing, and exiting, while others open and do I/O. */
static void coming_and_going_at_once(void **state)
{
	struct sqp_config cfg = config(2);

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < CROWD; i++) {
			start(&job[i], &cfg);
			sem_post(&job[i].may_end);
		}
		for (unsigned i = 0; i < CROWD; i++)
			end(&job[i]);
	}
}

/* The thread outlives the task that it was made by, goes to sleep and is woken by another. */
static void the_first_may_end_first(void **state)
{
	struct sqp_config cfg = config(3);

	(void)state;
	cfg.idle_ms = IDLE_MS;
	start(&job[0], &cfg);
	sem_wait(&job[0].opened);
	job[1].cfg = cfg;
	must_open(&job[1]);
	assert_false(sqp_is_attached(&job[0].ring));
	assert_true(sqp_is_attached(&job[1].ring));
	end(&job[0]);
	assert_true(falls_asleep(&job[1].ring));
	assert_int_equal(one_nop(&job[1].ring), 0);
	assert_true(job[1].ring.count.wakeups > 0);
	job[2].cfg = cfg;
	must_open(&job[2]);	/* it attaches to one that was attached */
	assert_int_equal(job[2].ring.sq.tid, job[1].ring.sq.tid);
	assert_int_equal(sqp_share_jobs(&job[2].seat), 3);
	close_job(&job[1]);
	assert_true(falls_asleep(&job[2].ring));
	assert_int_equal(one_nop(&job[2].ring), 0);
	close_job(&job[2]);
}

static void who_wants_another_thread_gets_another(void **state)
{
	const struct sqp_config asked[] = { config(2), config(2), config(2), config(2), config(3), config(1) };

	(void)state;
	for (unsigned i = 0; i < SQP_NR(asked); i++)
		job[i].cfg = asked[i];
	job[1].cfg.idle_ms++;
	job[2].cfg.sq_cpu = 0;
	job[3].cfg.share_set++;
	for (unsigned i = 0; i < SQP_NR(asked); i++) {
		must_open(&job[i]);
		assert_int_equal(sqp_share_jobs(&job[i].seat), 1);
		assert_false(sqp_is_attached(&job[i].ring));
		for (unsigned k = 0; k < i; k++)
			assert_true(job[i].ring.sq.tid <= 0 || job[i].ring.sq.tid != job[k].ring.sq.tid);
	}
	job[6].cfg = job[2].cfg;
	must_open(&job[6]);
	assert_int_equal(job[6].seat.number, job[2].seat.number);
	assert_int_equal(job[6].ring.sq.tid, job[2].ring.sq.tid);
	for (unsigned i = 0; i < 7; i++)
		close_job(&job[i]);
}

/* A seat that was left is not given away again: the third of sq_share=2 belongs to the next thread. */
static void groups_are_of_those_who_came_together(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		job[i].cfg = config(2);
	must_open(&job[0]);
	must_open(&job[1]);
	close_job(&job[0]);
	must_open(&job[2]);
	assert_int_not_equal(job[2].seat.number, job[1].seat.number);
	assert_false(sqp_is_attached(&job[2].ring));
	close_job(&job[1]);
	close_job(&job[2]);
}

static void a_failure_takes_no_seat(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++)
		job[i].cfg = config(2);
	job[0].cfg.depth = 0;
	job[2].cfg.depth = 0;
	assert_int_equal(open_job(&job[0]), -EINVAL);	/* the first of a group */
	assert_null(job[0].seat.group);
	must_open(&job[1]);
	assert_int_equal(open_job(&job[2]), -EINVAL);	/* the second */
	assert_int_equal(sqp_share_jobs(&job[1].seat), 1);
	must_open(&job[3]);
	assert_int_equal(job[3].seat.number, job[1].seat.number);
	assert_int_equal(sqp_share_jobs(&job[1].seat), 2);
	close_job(&job[1]);
	close_job(&job[3]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_crowd_is_seated_in_full_groups),
		cmocka_unit_test(coming_and_going_at_once),
		cmocka_unit_test(the_first_may_end_first),
		cmocka_unit_test(who_wants_another_thread_gets_another),
		cmocka_unit_test(groups_are_of_those_who_came_together),
		cmocka_unit_test(a_failure_takes_no_seat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
