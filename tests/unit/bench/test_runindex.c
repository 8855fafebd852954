// SPDX-License-Identifier: GPL-2.0-only
/* What the nightly asks of the index: the last nights of one cell of one host, oldest first. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runindex.h"
#include "store.h"

static char work[32], out[48];

static void write_doc(const char *dir, const char *name, json_t *doc)
{
	char path[256];

	assert_non_null(doc);
	assert_int_equal(store_path(path, sizeof(path), dir, name), 0);
	assert_int_equal(store_write_json(path, doc, NULL), 0);
	json_decref(doc);
}

/* Its one cell has three repeats, of which the last was not measured. */
static void night(unsigned day, const char *host, const char *cell, double iops)
{
	char dir[160], id[64], created[32];

	snprintf(id, sizeof(id), "202701%02uT000000Z-night-%s", day, host);
	snprintf(created, sizeof(created), "2027-01-%02uT00:00:00Z", day);
	snprintf(dir, sizeof(dir), "%s/runs/%s", out, id);
	assert_int_equal(store_mkdirs(dir, NULL), 0);
	write_doc(dir, "run.json", json_pack("{s:s, s:s, s:s, s:s}", "schema", "sqbench-run/1", "id", id, "kind", "night", "created", created));
	write_doc(dir, "env.json", json_pack("{s:s, s:s, s:s, s:{s:s}}", "kernel", "6.1", "kernel_build", "#1", "fio", "fio-3.33", "target", "firmware", "0.5"));
	write_doc(dir, "end.json", json_pack("{s:i}", "exit", 0));
	write_doc(dir, "night.json", json_pack("{s:s, s:s, s:{s:s, s:s}, s:[{s:s, s:n, s:{s:{s:[f,f,n]}}}]}", "schema", "sqbench-night/1", "host", host, "key", "device_firmware", "1.0",
					       "engine", "0.9", "cells", "name", cell, "reason", "metrics", "iops", "values", iops, iops + 1));
}

static int begin(void **state)
{
	(void)state;
	strcpy(work, "/tmp/test_runindex.XXXXXX");
	if (!mkdtemp(work))
		return -1;
	snprintf(out, sizeof(out), "%s/results", work);
	return store_mkdirs(out, NULL);
}

static int end(void **state)
{
	(void)state;
	store_remove(work);
	return 0;
}

static void ask(struct runindex *x, const char *host, const char *cell, size_t max, struct runindex_nights *n)
{
	struct why why = { "" };

	if (runindex_history(x, host, cell, COMPARE_IOPS, max, n, &why))
		fail_msg("%s", why.text);
}

static void the_last_nights_oldest_first(void **state)
{
	struct runindex_nights n;
	struct runindex *x;
	struct why why = { "" };

	(void)state;
	for (unsigned day = 1; day <= 9; day++) {
		night(day, "a", day == 5 ? "other" : "cell", 100 * day);
		night(day, "b", "cell", 7);
	}
	x = runindex_open(out, &why);
	if (!x)
		fail_msg("%s", why.text);
	ask(x, "a", "cell", 5, &n);
	assert_int_equal(n.n, 5);
	/* days 4, 6, 7, 8, 9 */
	for (size_t i = 0; i < n.n; i++) {
		unsigned day = i ? (unsigned)i + 5 : 4;
		char created[32];

		snprintf(created, sizeof(created), "2027-01-%02uT00:00:00Z", day);
		assert_string_equal(n.night[i].created, created);
		assert_int_equal(n.night[i].n, 2);
		assert_near(n.night[i].x[0], 100 * day, 0);
		assert_near(n.night[i].x[1], 100 * day + 1, 0);
	}
	assert_string_equal(n.night[4].run, "20270109T000000Z-night-a");
	assert_string_equal(n.night[4].kernel_build, "#1");
	assert_string_equal(n.night[4].fio, "fio-3.33");
	assert_string_equal(n.night[4].engine, "0.9");
	assert_string_equal(n.night[4].firmware, "1.0");
	assert_string_equal(n.night[4].device, "");
	assert_non_null(strstr(n.night[4].key, "\"device_firmware\":\"1.0\""));
	runindex_nights_free(&n);
	ask(x, "a", "cell", 1000, &n);
	assert_int_equal(n.n, 8);
	runindex_nights_free(&n);
	ask(x, "c", "cell", 5, &n);
	assert_int_equal(n.n, 0);
	runindex_nights_free(&n);
	assert_int_equal(runindex_hosts(x), 2);
	runindex_close(x);
}

/* Runs that are imported later are older than what is there. */
static void a_night_has_its_place_whenever_it_comes(void **state)
{
	struct runindex_nights n;
	struct runindex *x;

	(void)state;
	night(20, "a", "cell", 20);
	night(22, "a", "cell", 22);
	x = runindex_open(out, NULL);
	assert_non_null(x);
	runindex_close(x);
	night(21, "a", "cell", 21);
	x = runindex_open(out, NULL);
	assert_non_null(x);
	ask(x, "a", "cell", 10, &n);
	assert_int_equal(n.n, 3);
	for (size_t i = 0; i < n.n; i++)
		assert_near(n.night[i].x[0], 20 + (double)i, 0);
	runindex_nights_free(&n);
	runindex_close(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_last_nights_oldest_first, begin, end),
		cmocka_unit_test_setup_teardown(a_night_has_its_place_whenever_it_comes, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
