// SPDX-License-Identifier: GPL-2.0-only
#include "check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "forest.h"

#define EST(v, lo, hi) "{\"value\":" #v ",\"lo\":" #lo ",\"hi\":" #hi ",\"cover\":0.95}"
#define CELL(name, stock)                                                                                                     \
	"{\"name\":\"" name "\",\"arrivals\":null,\"iops\":{\"sqpoll\":[3,1,2],\"stock\":[4,null,6],\"plain\":[1,1,1],"        \
	"\"ratio_to_stock\":" stock ",\"ratio_to_plain\":" EST(2, 1.5, 2.5) "},"                                              \
	"\"cpu_us_per_io\":{\"sqpoll\":[1,2,3],\"stock\":null,\"plain\":[4,4,4],\"ratio_to_stock\":null,\"ratio_to_plain\":" \
	EST(0.5, 0.4, 0.6) "}}"
#define ASK(of, against, cell, direction, limit, est, verdict)                                                      \
	"{\"measure\":\"iops\",\"of\":\"" of "\",\"against\":" against ",\"side\":" against ",\"cell\":" cell        \
	",\"direction\":\"" direction "\",\"limit\":" limit "," est ",\"verdict\":\"" verdict "\"}"

#define MEASURES "\"measures\":[{\"measure\":\"iops\",\"title\":\"IOPS\"},{\"measure\":\"cpu_us_per_io\",\"title\":\"CPU per I/O, job and SQ thread\"}]"

static const char asked[] =
	"{" MEASURES ",\"rows\":["
	"{\"row\":\"awake\",\"what\":\"SQ thread awake\",\"reason\":null,\"cells\":[" CELL("512, iodepth 1", EST(1.04, 1.01, 1.07)) ","
	CELL("512, iodepth 16", EST(50, 1, 6499)) "],\"geomeans\":{\"iops\":{\"ratio_to_stock\":" EST(1.1, 1.05, 1.2) ",\"ratio_to_plain\":null}},"
	"\"asks\":[" ASK("ratio", "\"stock\"", "0", "at least", "1", "\"value\":1.04,\"lo\":1.01,\"hi\":1.07,\"cover\":0.97", "met") ","
	ASK("ratio", "\"plain\"", "1", "at least", "0.9", "\"value\":2,\"lo\":1.5,\"hi\":2.5,\"cover\":0.97", "met") ","
	ASK("spread", "null", "0", "at most", "5", "\"value\":3.1,\"lo\":1,\"hi\":6,\"cover\":0.95", "met, interval not clear") ","
	ASK("geomean", "\"stock\"", "null", "at least", "1.2", "\"value\":1.1,\"lo\":1.05,\"hi\":1.2,\"cover\":0.95", "not met") "]},"
	"{\"row\":\"sparse\",\"what\":\"rare\",\"reason\":\"no direct I/O\",\"cells\":[],\"geomeans\":null,\"asks\":[],\"verdict\":null}]}";

static const char plain[] = "{" MEASURES ",\"rows\":[{\"row\":null,\"what\":null,\"reason\":null,\"cells\":["
			    CELL("iodepth 1", EST(1.04, 1.01, 1.07)) "],\"geomeans\":null,\"asks\":[],\"verdict\":null}]}";

static json_t *parse(const char *text)
{
	json_error_t error;
	json_t *doc = json_loads(text, 0, &error);

	if (!doc)
		print_message("%s\n", error.text);
	assert_non_null(doc);
	return doc;
}

static void a_line_for_each_ratio_asked_for(void **state)
{
	json_t *doc = parse(asked);
	struct forest_line *l = NULL;

	(void)state;
	assert_int_equal(forest_lines(doc, &l), 5);
	assert_int_equal(l[0].kind, FOREST_HEADER);
	assert_string_equal(l[0].label, "awake: SQ thread awake");
	assert_string_equal(l[1].label, "512, iodepth 1: IOPS");
	assert_int_equal(l[1].judged, FOREST_STOCK);
	assert_near(l[1].stock.value, 1.04, 1e-6);
	assert_near(l[1].plain.hi, 2.5, 1e-6);
	assert_near(l[1].limit, 1, 1e-6);
	assert_string_equal(l[1].value, "1.04 [1.01, 1.07]");
	assert_string_equal(l[1].asked, ">= 1.00 stock");
	assert_string_equal(l[1].verdict, "met");
	assert_int_equal(l[2].judged, FOREST_PLAIN);
	assert_string_equal(l[2].value, "2.00 [1.50, 2.50]");
	assert_string_equal(l[3].label, "geometric mean: IOPS");
	assert_near(l[3].stock.lo, 1.05, 1e-6);
	assert_int_equal(l[3].plain.n, 0);
	assert_int_equal(l[4].kind, FOREST_MISSING);
	assert_string_equal(l[4].label, "sparse: rare");
	free(l);
	json_decref(doc);
}

static void without_asks_the_cells_themselves(void **state)
{
	json_t *doc = parse(plain);
	struct forest_line *l = NULL;

	(void)state;
	assert_int_equal(forest_lines(doc, &l), 2);
	assert_string_equal(l[0].label, "iodepth 1: IOPS");
	assert_string_equal(l[0].value, "1.04 [1.01, 1.07]");
	assert_string_equal(l[0].asked, "2.00 [1.50, 2.50]");
	assert_int_equal(l[0].judged, FOREST_NONE);
	assert_true(isnan(l[0].limit));
	assert_string_equal(l[1].label, "iodepth 1: CPU per I/O");
	assert_string_equal(l[1].value, "");
	assert_string_equal(l[1].asked, "0.500 [0.400, 0.600]");
	free(l);
	json_decref(doc);
}

static void one_wide_interval_does_not_squeeze_the_others(void **state)
{
	json_t *doc = parse(asked);
	struct forest_line *l = NULL;

	(void)state;
	assert_int_equal(forest_lines(doc, &l), 5);
	assert_false(forest_far(&l[1]));
	assert_true(forest_far(&l[2]));		/* by the ratio that is not judged */
	assert_false(forest_far(&l[3]));
	l[3].stock.hi = 7.9;
	assert_false(forest_far(&l[3]));
	l[3].stock.hi = 8.1;
	assert_true(forest_far(&l[3]));
	l[3].stock.hi = 2;
	l[3].limit = 0.12;
	assert_true(forest_far(&l[3]));
	free(l);
	json_decref(doc);
}

static char *table(void (*fill)(FILE *, const json_t *), const json_t *doc)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	fill(f, doc);
	fclose(f);
	return text;
}

static void near_and_far_are_blocks(void **state)
{
	json_t *doc = parse(asked);
	char *text = table(forest_table, doc), *body = strchr(text, '\n') + 1;

	(void)state;
	assert_string_equal(body,
			    "\"near 1\"\n"
			    "0\t0\tawake: SQ thread awake\tNaN\tNaN\tNaN\tNaN\tNaN\tNaN\t0\tNaN\t \t \t \n"
			    "1\t1\t512, iodepth 1: IOPS\t1.04\t1.01\t1.07\t2\t1.5\t2.5\t1\t1\t1.04 [1.01, 1.07]\t>= 1.00 stock\tmet\n"
			    "2\t1\tgeometric mean: IOPS\t1.1\t1.05\t1.2\tNaN\tNaN\tNaN\t1\t1.2\t1.10 [1.05, 1.20]\t>= 1.20 stock\tnot met\n"
			    "3\t2\tsparse: rare\tNaN\tNaN\tNaN\tNaN\tNaN\tNaN\t0\tNaN\t \t \t \n"
			    "\n\n\"far from 1\"\n"
			    "0\t0\tawake: SQ thread awake\tNaN\tNaN\tNaN\tNaN\tNaN\tNaN\t0\tNaN\t \t \t \n"
			    "1\t1\t512, iodepth 16: IOPS\t50\t1\t6499\t2\t1.5\t2.5\t2\t0.9\t2.00 [1.50, 2.50]\t>= 0.900 plain\tmet\n");
	free(text);
	json_decref(doc);
}

static void values_are_medians_of_what_was_had(void **state)
{
	json_t *doc = parse(plain);
	char *text = table(forest_cpu_table, doc), *body = strchr(text, '\n') + 1;
	const json_t *cell = json_array_get(json_object_get(json_array_get(json_object_get(doc, "rows"), 0), "cells"), 0);

	(void)state;
	assert_string_equal(body, "0\tiodepth 1\t2\t1\t3\tNaN\tNaN\tNaN\t4\t4\t4\n");
	assert_near(forest_value(cell, "iops", "sqpoll").value, 2, 1e-6);
	assert_near(forest_value(cell, "iops", "stock").value, 5, 1e-6);	/* one is null */
	assert_int_equal(forest_value(cell, "lat_p50_us", "stock").n, 0);
	free(text);
	json_decref(doc);
}

static void three_digits(void **state)
{
	char s[16];

	(void)state;
	assert_string_equal(forest_number(s, sizeof(s), 1), "1.00");
	assert_string_equal(forest_number(s, sizeof(s), 0.0131), "0.0131");
	assert_string_equal(forest_number(s, sizeof(s), 99.94), "99.9");
	assert_string_equal(forest_number(s, sizeof(s), 99.96), "100");
	assert_string_equal(forest_number(s, sizeof(s), 6499.2), "6499");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_for_each_ratio_asked_for),
		cmocka_unit_test(without_asks_the_cells_themselves),
		cmocka_unit_test(one_wide_interval_does_not_squeeze_the_others),
		cmocka_unit_test(near_and_far_are_blocks),
		cmocka_unit_test(values_are_medians_of_what_was_had),
		cmocka_unit_test(three_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
