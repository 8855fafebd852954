// SPDX-License-Identifier: GPL-2.0-only
#include "unit.h"

#include "timelog.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void every_request_is_a_line(void **state)
{
	enum { PRIME = 2503 };		/* more than the first allocation holds */
	char dir[] = "/tmp/sqp-unit-timelog.XXXXXX", name[64];
	struct sqp_timelog log;
	struct sqp_why why;
	unsigned n = 0, ddir;
	uint64_t at[5];
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(name, sizeof(name), "%s/job", dir);
	assert_int_equal(sqp_timelog_open(&log, name, 3, &why), 0);
	for (uint64_t i = 0; i < PRIME; i++) {
		struct sqp_io_times t = { 512 * i, i % 2, i + 1, i % 3, i + 3, (1ull << 62) + i };

		sqp_timelog_add(&log, &t);
	}
	assert_int_equal(sqp_timelog_close(&log, &why), 0);
	snprintf(name, sizeof(name), "%s/job_times.3.log", dir);
	f = fopen(name, "r");
	assert_non_null(f);
	while (fscanf(f, "%" SCNu64 ", %u, %" SCNu64 ", %" SCNu64 ", %" SCNu64 ", %" SCNu64, &at[0], &ddir, &at[1], &at[2],
		      &at[3], &at[4]) == 6) {
		assert_int_equal(at[0], 512 * n);
		assert_int_equal(ddir, n % 2);
		assert_int_equal(at[1], n + 1);
		assert_int_equal(at[2], n % 3);
		assert_int_equal(at[3], n + 3);
		assert_true(at[4] == (1ull << 62) + n);
		n++;
	}
	assert_int_equal(n, PRIME);
	fclose(f);
	unlink(name);
	rmdir(dir);
}

static void failures_say_what_and_why(void **state)
{
	char dir[] = "/tmp/sqp-unit-timelog.XXXXXX", link[64], name[400];
	struct sqp_io_times t = { 0 };
	struct sqp_timelog log;
	struct sqp_why why;

	(void)state;
	assert_int_equal(sqp_timelog_open(&log, "/proc/self/no-such-dir/job", 1, &why), -ENOENT);
	assert_contains(why.text, "/proc/self/no-such-dir/job_times.1.log");
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(sqp_timelog_open(&log, name, 1, &why), -ENAMETOOLONG);
	/* a full disk, met at the end and on the way there */
	assert_non_null(mkdtemp(dir));
	snprintf(name, sizeof(name), "%s/full", dir);
	snprintf(link, sizeof(link), "%s/full_times.1.log", dir);
	assert_int_equal(symlink("/dev/full", link), 0);
	for (unsigned nr = 1; nr <= 4097; nr += 4096) {
		assert_int_equal(sqp_timelog_open(&log, name, 1, &why), 0);
		for (unsigned i = 0; i < nr; i++)
			sqp_timelog_add(&log, &t);
		assert_int_equal(sqp_timelog_close(&log, &why), -ENOSPC);
		assert_contains(why.text, "incomplete");
	}
	unlink(link);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_request_is_a_line),
		cmocka_unit_test(failures_say_what_and_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
