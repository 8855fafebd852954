// SPDX-License-Identifier: GPL-2.0-only
/* Predictions against values computed by hand and against a thread that is simulated tick by tick. */
#include "check.h"

#include <errno.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "predict.h"
#include "timeslog.h"

enum { HZ = 250, TICK_US = 1000000 / HZ, N = 1000 };

#define WAKE_US 50.0
#define LAT_US 10.0

static struct predict_request request[N];
static struct hist wake;
static struct predict_load load = { .request = request, .n = N, .app_us = 3 };

static int set_up(void **state)
{
	(void)state;
	assert_int_equal(hist_add(&wake, WAKE_US, 1), 0);
	hist_seal(&wake);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	hist_free(&wake);
	return 0;
}

/* Gaps of EVERY-th requests are LONG_US, of the others SHORT_US. */
static void gaps(unsigned every, double long_us, double short_us)
{
	load.span_us = 0;
	for (unsigned i = 0; i < N; i++) {
		request[i] = (struct predict_request){ .gap_us = i % every ? short_us : long_us, .lat_us = LAT_US };
		load.span_us += request[i].gap_us + LAT_US;
	}
}

static struct prediction predicted(unsigned idle_ms)
{
	struct prediction p;

	assert_int_equal(predict(&load, &wake, idle_ms, HZ, 200000, 1, &p), 0);
	return p;
}

/* Before the first request and after the last one the thread falls asleep as in a gap, and nobody wakes it. */
static void time_without_requests(void **state)
{
	struct prediction p, with_rest;

	(void)state;
	gaps(1, 100, 100);
	p = predicted(4);
	load.rest_us = 10 * load.span_us;
	with_rest = predicted(4);
	load.rest_us = 0;
	assert_near(p.duty, 1, 1e-9);
	assert_near(with_rest.duty, (load.span_us + 1.5 * TICK_US) / (11 * load.span_us), 1e-6);
	assert_near(with_rest.wakeups_per_s, 0, 1e-9);
	assert_near(with_rest.iops, p.iops / 11, 1e-3);
}

static void the_phase_is_averaged(void **state)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);

	(void)state;
	for (double gap_us = 1000; gap_us < 12000; gap_us += 500) {
		double asleep_us = 0, slept = 0;

		for (unsigned i = 0; i < 100000; i++) {
			double spin_us = TICK_US * (1 + gsl_rng_uniform(rng));

			asleep_us += fmax(gap_us - spin_us, 0);
			slept += gap_us > spin_us;
		}
		assert_near(predict_asleep_us(gap_us, TICK_US, 2 * TICK_US), asleep_us / 100000, 15);
		assert_near(predict_asleep(gap_us, TICK_US, 2 * TICK_US), slept / 100000, 0.01);
	}
	gsl_rng_free(rng);
}

/* Gaps of 20 ms, spins of 4 to 8 ms: asleep for 14 ms of each, and a wake-up each, which lengthens it to 20.06 unless it is paced. */
static void constant_gaps(void **state)
{
	struct prediction p;

	(void)state;
	gaps(1, 20000, 0);
	p = predicted(4);
	assert_near(p.duty, 6010 / 20060.0, 1e-6);
	assert_near(p.wakeups_per_s, 1e6 / 20060, 1e-4);
	assert_near(p.lat_p50_us, LAT_US + WAKE_US, 1e-6);
	assert_near(p.lat_mean_us, LAT_US + WAKE_US, 1e-3);
	assert_near(p.cpu_us, 3 + WAKE_US + 6010, 0.1);
	load.paced = true;
	p = predicted(4);
	load.paced = false;
	assert_near(p.duty, 6010 / 20010.0, 1e-6);
	assert_near(p.wakeups_per_s, 1e6 / 20010, 1e-4);
	/* 20 ms is 5 ticks: spins of 20 to 24 ms */
	p = predicted(20);
	assert_near(p.duty, 1, 1e-6);
	assert_near(p.wakeups_per_s, 0, 1e-9);
	assert_near(p.lat_p99_us, LAT_US, 1e-6);
	assert_near(p.cpu_us, 3 + 20010, 0.1);
}

static void settings_of_one_tick_are_one(void **state)
{
	struct prediction a, b;

	(void)state;
	gaps(3, 7000, 100);
	a = predicted(1);
	b = predicted(4);
	assert_near(a.duty, b.duty, 0);
	assert_near(a.lat_p99_us, b.lat_p99_us, 0);
	assert_true(predicted(5).duty > b.duty);
}

/* 2 % of the requests wake the thread: p99 is theirs, the median is not. */
static void the_tail_is_that_of_the_wake_ups(void **state)
{
	struct prediction p;

	(void)state;
	gaps(50, 30000, 100);
	p = predicted(4);
	assert_near(p.lat_p50_us, LAT_US, 1e-6);
	assert_near(p.lat_p99_us, LAT_US + WAKE_US, 1e-6);
	gaps(200, 30000, 100);
	assert_near(predicted(4).lat_p99_us, LAT_US, 1e-6);
}

/* Of a burst all wait for the one wake-up, each as long as is left of it. */
static void a_burst_waits_together(void **state)
{
	(void)state;
	gaps(4, 30000, 20);
	for (unsigned i = 0; i < N; i++)
		request[i].overlaps = i % 4;
	/* 50, 30, 10 and 0 us */
	assert_near(predicted(4).lat_mean_us, LAT_US + 90 / 4.0, 0.01);
	load.paced = true;
	assert_near(predicted(4).wakeups_per_s * load.span_us / 1e6, N / 4.0, 1e-3);
	load.paced = false;
}

static void what_cannot_be_predicted(void **state)
{
	struct hist none = { 0 };
	struct prediction p;

	(void)state;
	gaps(1, 20000, 0);
	assert_int_equal(predict(&load, &none, 4, HZ, 200000, 1, &p), -EINVAL);
	assert_int_equal(predict(&load, &none, 20, HZ, 200000, 1, &p), 0);	/* it never sleeps */
	assert_int_equal(predict(&(struct predict_load){ .request = request, .span_us = 1 }, &wake, 4, HZ, 200000, 1, &p), -EINVAL);
}

static void write_log(char *path, const char *text)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(dprintf(fd, "%s", text) > 0, 1);
	close(fd);
}

/* Handed out in another order than submitted; ns. */
static void a_log_becomes_a_load(void **state)
{
	char path[] = "/tmp/timeslog.XXXXXX";
	struct timeslog log;
	struct why why;

	(void)state;
	write_log(path, "0, 0, 2000, 2500, 0, 9000\n" "512, 0, 1000, 51000, 0, 100000\n" "1024, 1, 150000, 0, 0, 160000\n");
	assert_int_equal(timeslog_read(path, &log, &why), 0);
	unlink(path);
	assert_int_equal(log.n, 3);
	assert_near(log.span_us, 159, 1e-9);
	assert_near(log.request[0].gap_us, 0, 1e-9);
	assert_near(log.request[0].lat_us, 99, 1e-9);
	assert_near(log.request[1].gap_us, 1, 1e-9);	/* since the submission before */
	assert_true(log.request[1].overlaps);
	assert_near(log.request[2].gap_us, 50, 1e-9);	/* since the last completion */
	assert_true(!log.request[2].overlaps);
	timeslog_free(&log);
}

static void other_files_are_no_logs(void **state)
{
	static const char *const texts[] = { "no log\n", "0, 0, 5, 0, 0, 4\n", "0, 0, 0, 0, 0, 4\n", "\n" };
	struct timeslog log;
	struct why why;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		char path[] = "/tmp/timeslog.XXXXXX";

		write_log(path, texts[i]);
		assert_int_equal(timeslog_read(path, &log, &why), -EINVAL);
		unlink(path);
	}
	assert_int_equal(timeslog_read("/nowhere/at/all", &log, &why), -ENOENT);
	assert_int_equal(timeslog_read("/dev/null", &log, &why), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_without_requests), cmocka_unit_test(the_phase_is_averaged),	cmocka_unit_test(constant_gaps),
		cmocka_unit_test(settings_of_one_tick_are_one), cmocka_unit_test(the_tail_is_that_of_the_wake_ups),
		cmocka_unit_test(a_burst_waits_together),	cmocka_unit_test(what_cannot_be_predicted),
		cmocka_unit_test(a_log_becomes_a_load),		cmocka_unit_test(other_files_are_no_logs),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
