// SPDX-License-Identifier: GPL-2.0-only
/* Ways for several jobs to share SQ threads: few, and the extremes always among them. */
#include "check.h"

#include <stdbool.h>
#include <string.h>

#include "sharing.h"

static void few_ways_for_any_number_of_jobs(void **state)
{
	(void)state;
	for (unsigned jobs = 2; jobs <= 1000; jobs++) {
		struct sharing_way w[SHARING_WAYS];
		unsigned n = sharing_plan(w, jobs, 7, "0-6"), own = 0, all = 0;

		assert_in_range(n, 5, SHARING_WAYS);
		assert_int_equal(w[0].share, 0);
		for (unsigned i = 1; i < n; i++) {
			assert_in_range(w[i].share, 1, jobs);
			own += w[i].share == 1;
			all += w[i].share == jobs;
			assert_int_equal(w[i].engine, w[i].placed && w[i].share > 1 ? PREDICT_SHARED_ALONE : PREDICT_SHARED);
			for (unsigned k = 1; k < i; k++)
				assert_true(w[k].share != w[i].share || w[k].placed != w[i].placed);
		}
		assert_int_equal(own, 2);
		assert_int_equal(all, 2);
	}
}

static void options_and_names(void **state)
{
	struct sharing_way w[SHARING_WAYS];

	(void)state;
	assert_int_equal(sharing_plan(w, 4, 0, ""), 5);	/* one CPU */
	assert_int_equal(sharing_plan(w, 4, 7, "0-6"), 6);
	assert_string_equal(w[0].options, "ioengine=io_uring\nthread=1\ngroup_reporting=1\n");
	assert_string_equal(w[1].name, "4 SQ threads");
	assert_string_equal(w[2].options, "ioengine=sqpoll\nthread=1\ngroup_reporting=1\nsq_share=2\n");
	assert_string_equal(w[3].name, "1 SQ thread");
	assert_string_equal(w[5].name, "1 SQ thread, placed");
	assert_true(strstr(w[5].options, "sq_share=4\nsq_thread_cpu=7\ncpus_allowed=0-6\n") != NULL);
}

static void the_last_thread_may_have_fewer_jobs(void **state)
{
	(void)state;
	assert_int_equal(sharing_threads(7, 4), 2);
	assert_int_equal(sharing_threads(8, 4), 2);
	assert_int_equal(sharing_threads(9, 4), 3);
	assert_int_equal(sharing_threads(9, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_ways_for_any_number_of_jobs),
		cmocka_unit_test(options_and_names),
		cmocka_unit_test(the_last_thread_may_have_fewer_jobs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
