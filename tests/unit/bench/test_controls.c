// SPDX-License-Identifier: GPL-2.0-only
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "controls.h"

static struct control_way made[CONTROLS];

static const struct control_host polls = { true, "6.18.1" }, old = { false, "5.10.0-30-amd64" };

static char *nothing(const char *name)
{
	(void)name;
	return NULL;
}

static struct jobscan make(const char *job, const struct control_host *host)
{
	struct jobscan s = { 0 };

	assert_int_equal(jobscan_add(&s, job, nothing), 0);
	controls_make(made, &s, host);
	jobscan_free(&s);
	return s;
}

static bool is_run(enum control c)
{
	return !*made[c].absent;
}

static void deep_and_free(void **state)
{
	(void)state;
	make("ioengine=io_uring\niodepth=32\ndirect=1", &polls);
	for (unsigned i = 0; i < CONTROLS; i++)
		assert_int_equal(is_run(i), i != CONTROL_AS_IS);
	assert_string_equal(made[CONTROL_BATCHED].way.options, "ioengine=io_uring\niodepth_batch_submit=16\niodepth_batch_complete_min=16\n");
	assert_int_equal(controls_batch(128), 16);
	assert_int_equal(controls_batch(8), 4);
}

static void what_makes_no_sense(void **state)
{
	(void)state;
	make("ioengine=io_uring\niodepth=2", &old);
	assert_false(is_run(CONTROL_BATCHED) || is_run(CONTROL_IOPOLL) || is_run(CONTROL_STOCK));
	assert_non_null(strstr(made[CONTROL_STOCK].absent, "5.12"));
	make("iodepth=64\nrate_iops=100", &polls);
	assert_non_null(strstr(made[CONTROL_BATCHED].absent, "times of its own"));
	make("iodepth=64\nthinktime=10", &polls);
	assert_false(is_run(CONTROL_BATCHED));
	make("iodepth=64\nread_iolog=x", &polls);
	assert_false(is_run(CONTROL_STOCK));
	make("sq_thread_cpu=3", &polls);
	assert_string_equal(made[CONTROL_STOCK].options, "ioengine=io_uring\nsqthread_poll=1\nregisterfiles=1\nsqthread_poll_cpu=3\n");
	make("sq_thread_cpu=auto", &polls);
	assert_null(strstr(made[CONTROL_STOCK].options, "poll_cpu"));
	make("iodepth=64\nthinktime=0", &polls);
	assert_true(is_run(CONTROL_BATCHED));
}

static void the_present(void **state)
{
	struct jobscan s;

	(void)state;
	s = make("ioengine=io_uring", &polls);
	assert_int_equal(controls_present(&s), CONTROL_PLAIN);
	s = make("ioengine=io_uring\nsqthread_poll", &polls);
	assert_int_equal(controls_present(&s), CONTROL_STOCK);
	s = make("ioengine=libaio", &polls);
	assert_int_equal(controls_present(&s), CONTROL_LIBAIO);
	s = make("rw=randread", &polls);
	assert_int_equal(controls_present(&s), CONTROL_AS_IS);
	assert_true(is_run(CONTROL_AS_IS) && !made[CONTROL_AS_IS].sqpoll);
	s = make("ioengine=sqpoll\nsq_thread_idle=5", &polls);
	assert_int_equal(controls_present(&s), CONTROL_AS_IS);
	assert_true(made[CONTROL_AS_IS].sqpoll && made[CONTROL_AS_IS].way.engine == PREDICT_AS_IS_OURS);
}

static void applied(void **state)
{
	static const char job[] = "; mine\n[a]\nioengine=libaio\nsq_thread_idle=3\niodepth_batch=4\nbs=4k\nhipri=1\n";
	char *text;

	(void)state;
	make(job, &polls);
	text = predictrun_apply(job, &made[CONTROL_PLAIN].way);
	assert_string_equal(text, "[global]\nioengine=io_uring\n; mine\n[a]\niodepth_batch=4\nbs=4k\nhipri=1\n");
	free(text);
	text = predictrun_apply(job, &(struct predict_way){ "x", "ioengine=sqpoll\nsq_thread_idle=8\n", PREDICT_OURS });
	assert_string_equal(text, "[global]\nioengine=sqpoll\nsq_thread_idle=8\n; mine\n[a]\niodepth_batch=4\nbs=4k\nhipri=1\n");
	free(text);
	text = predictrun_apply(job, &made[CONTROL_LIBAIO].way);
	assert_string_equal(text, "[global]\nioengine=libaio\n; mine\n[a]\niodepth_batch=4\nbs=4k\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deep_and_free), cmocka_unit_test(what_makes_no_sense), cmocka_unit_test(the_present), cmocka_unit_test(applied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
