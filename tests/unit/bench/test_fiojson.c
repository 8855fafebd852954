// SPDX-License-Identifier: GPL-2.0-only
#include "check.h"

#include <math.h>
#include <string.h>

#include "fiojson.h"

#define WHOLE "{ \"fio version\": \"fio-3.33\", \"jobs\": [ { \"error\": 0, \"job_runtime\": 1000, \"usr_cpu\": 1.5, " \
	"\"sys_cpu\": 2.5, \"read\": { \"total_ios\": 100, \"iops\": 100.0, \"lat_ns\": { \"mean\": 5000.0, " \
	"\"bins\": { \"9000\": 1, \"4000\": 99 } } } } ] }\n"

static void whole(void **state)
{
	struct fio_result r;
	json_t *doc = fiojson_parse(WHOLE, "t", NULL);

	(void)state;
	assert_non_null(doc);
	assert_int_equal(fiojson_result(doc, &r, NULL), 0);
	assert_near(r.ios, 100, 0);
	assert_near(r.lat_mean_us, 5, 1e-6);
	assert_near(r.usr_cpu_pct + r.sys_cpu_pct, 4, 1e-6);
	assert_near(hist_percentile(&r.lat_ns, 99), 4000, 0);
	assert_near(hist_percentile(&r.lat_ns, 100), 9000, 0);
	hist_free(&r.lat_ns);
	json_decref(doc);
}

static void writes_count_where_nothing_was_read(void **state)
{
	static const char text[] =
		"{ \"jobs\": [ { \"error\": 0, \"job_runtime\": 1000, \"read\": { \"total_ios\": 0, \"iops\": 0.0 }, "
		"\"write\": { \"total_ios\": 7, \"iops\": 70.0, \"lat_ns\": { \"mean\": 3000.0, \"bins\": { \"3000\": 7 } } } } ] }\n";
	struct fio_result r;
	json_t *doc = fiojson_parse(text, "t", NULL);

	(void)state;
	assert_int_equal(fiojson_result(doc, &r, NULL), 0);
	assert_near(r.ios, 7, 0);
	assert_near(r.iops, 70, 0);
	assert_near(hist_percentile(&r.lat_ns, 50), 3000, 0);
	hist_free(&r.lat_ns);
	json_decref(doc);
}

static void noise(void **state)
{
	static const char *const texts[] = {
		"fio: a log line\nnote: both iodepth >= 1 {\n" WHOLE,
		"{ not JSON\n" WHOLE,
		"{}\n{\"jobs\": 5}\n" WHOLE,
		WHOLE "\nfio: log after {\n",
		"\r\n\n" WHOLE,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		json_t *doc = fiojson_parse(texts[i], "t", NULL);

		assert_non_null(doc);
		json_decref(doc);
	}
}

static void not_a_number(void **state)
{
	json_t *doc = fiojson_parse("{\"jobs\": [], \"a\": -nan, \"b\": inf,\"c\":nan, \"d\": [-inf, 1], \"nan\": \"nan, \\\"inf\"}", "t",
				    NULL);

	(void)state;
	assert_non_null(doc);
	assert_true(json_is_null(json_object_get(doc, "a")));
	assert_true(json_is_null(json_object_get(doc, "b")));
	assert_true(json_is_null(json_object_get(doc, "c")));
	assert_true(isnan(json_number_at(doc, "a")));
	assert_string_equal(json_string_value(json_object_get(doc, "nan")), "nan, \"inf");
	json_decref(doc);
}

#define JOB(name, ios) "{\"jobname\": \"" name "\", \"error\": 0, \"job_runtime\": 10, \"read\": {\"total_ios\": " #ios ", \"iops\": 1, \"lat_ns\": {}}}"

/* fio's client sums up several jobs behind them, but not one. */
static void of_a_client(void **state)
{
	static const struct { const char *text; size_t jobs; } table[] = {
		{ "<vm> one: (g=0): rw=read\n\n{ \"client_stats\": [" JOB("one", 7) "] }", 1 },
		{ "{ \"client_stats\": [" JOB("one", 7) "," JOB("one", 8) "," JOB("All clients", 15) "] }", 2 },
		{ "{ \"client_stats\": [" JOB("All clients", 7) "] }", 1 },
		{ "{ \"client_stats\": [" JOB("All clients", 7) "," JOB("All clients", 7) "," JOB("All clients", 14) "] }", 2 },
		{ "{ \"client_stats\": [ ] }", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct why why = { "" };
		struct fio_result r;
		json_t *doc = fiojson_parse(table[i].text, "t", &why);

		assert_non_null(doc);
		assert_int_equal(json_array_size(json_object_get(doc, "jobs")), table[i].jobs);
		assert_int_equal(!fiojson_result(doc, &r, &why), table[i].jobs > 0);
		if (table[i].jobs)
			assert_near(r.ios, 7, 0);
		else
			assert_non_null(strstr(why.text, "its server did or died"));
		json_decref(doc);
	}
}

/* Cut at every byte: never a crash, never a document, always one line that says why. */
static void cut_off(void **state)
{
	size_t len = strlen(WHOLE) - 1;
	char text[sizeof(WHOLE)];

	(void)state;
	for (size_t n = 0; n < len; n++) {
		struct why why = { "" };

		memcpy(text, WHOLE, n);
		text[n] = '\0';
		assert_null(fiojson_parse(text, "t", &why));
		assert_non_null(strstr(why.text, "t: "));
		assert_null(strchr(why.text, '\n'));
	}
}

static void wrong_shape(void **state)
{
	static const char *const texts[] = { "{\"jobs\": []}", "{\"jobs\": [5]}", "{\"jobs\": [{\"read\": {}}]}",
					     "{\"jobs\": [{\"read\": {\"total_ios\": \"x\"}, \"job_runtime\": null}]}" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct fio_result r;
		struct why why = { "" };
		json_t *doc = fiojson_parse(texts[i], "t", NULL);

		assert_non_null(doc);
		assert_int_not_equal(fiojson_result(doc, &r, &why), 0);
		assert_int_not_equal(why.text[0], '\0');
		json_decref(doc);
	}
}

static void lines(void **state)
{
	struct why why = { "" };
	json_t *all = jsonl_parse("{\"schema\":\"s/1\",\"x\":{\"y\":3}}\n\n{\"schema\":\"s/1\"}\n", "t", "s/1", &why);

	(void)state;
	assert_int_equal(json_array_size(all), 2);
	assert_near(json_number_at(json_array_get(all, 0), "x.y"), 3, 0);
	assert_true(isnan(json_number_at(json_array_get(all, 0), "x.z.w")));
	json_decref(all);
	assert_null(jsonl_parse("{\"schema\":\"s/2\"}\n", "t", "s/1", &why));
	assert_non_null(strstr(why.text, "line 1"));
	assert_null(jsonl_parse("{\"schema\":\"s/1\"}\n{\"schema\":", "t", "s/1", &why));
	assert_non_null(strstr(why.text, "line 2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),   cmocka_unit_test(noise),	  cmocka_unit_test(not_a_number),
		cmocka_unit_test(cut_off), cmocka_unit_test(wrong_shape), cmocka_unit_test(lines),
		cmocka_unit_test(of_a_client), cmocka_unit_test(writes_count_where_nothing_was_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
