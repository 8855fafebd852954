// SPDX-License-Identifier: GPL-2.0-only
/* What the pages of ring and versus say, and the tables for their drawings. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "report_ring.h"
#include "report_versus.h"

#define EST(v, lo, hi) "{\"median\":" #v ",\"lo\":" #lo ",\"hi\":" #hi ",\"cover\":0.9}"
#define CELL(kind, bytes, batch, way, rate, ratio)                                                                          \
	"{\"kind\":\"" kind "\",\"bytes\":" bytes ",\"batch\":" batch ",\"way\":\"" way "\",\"ios_per_s\":" rate ",\"ratio\":" \
	ratio ",\"reason\":null}"
#define LATENCY(name, p50) "{\"latency\":\"" name "\",\"n\":12,\"us_min\":1,\"us_p50\":" p50 ",\"us_p90\":3,\"us_p99\":null,\"us_max\":9}"

static const char ring[] =
	"{\"fio\":\"fio-3.33\",\"cells\":["
	CELL("rate", "null", "4", "spin", EST(8000000, 7900000, 8100000), EST(2, 1.9, 2.1)) ","
	CELL("rate", "null", "4", "plain", EST(4000000, 4000000, 4000000), "null") ","
	CELL("rate", "512", "1", "spin", EST(500000, 400000, 600000), EST(1.2, 1.1, 1.3)) ","
	CELL("rate", "512", "4", "spin", EST(1000000, 900000, 1100000), EST(1.1, 0.9, 1.2)) ","
	CELL("rate", "512", "4", "sleep", "null", "null") ","
	CELL("fio", "512", "4", "spin", EST(500000, 400000, 600000), EST(2, 1.8, 2.2)) ","
	CELL("fio", "512", "1", "spin", EST(400000, 300000, 500000), EST(1.28, 0.9, 1.4)) ","
	CELL("same-cpu", "512", "1", "spin", EST(80, 70, 90), "null") ","
	CELL("same-cpu", "512", "1", "sleep", EST(100000, 90000, 110000), EST(1250, 1000, 1500)) "],"
	"\"latencies\":[" LATENCY("wake", "35.6") "," LATENCY("awake", "0.4") "]}";

static const char quiet[] = "{\"fio\":null,\"cells\":[" CELL("rate", "null", "4", "spin", EST(82, 80, 84), "null") "],\"latencies\":[]}";

static json_t *parse(const char *text)
{
	json_error_t error;
	json_t *doc = json_loads(text, 0, &error);

	if (!doc)
		print_message("%s\n", error.text);
	assert_non_null(doc);
	return doc;
}

/* The table NAME of KIND, without its first line. */
static char *table(const struct page_kind *kind, const char *name, const json_t *doc)
{
	const struct page_in in = { .id = "x", .doc = doc };
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	for (unsigned i = 0; i < kind->plots; i++)
		if (!strcmp(kind->plot[i].name, name))
			kind->plot[i].table(f, &in);
	fclose(f);
	assert_true(size > 0);
	memmove(text, strchr(text, '\n') + 1, strlen(strchr(text, '\n')));
	return text;
}

static void ring_is_a_sentence(void **state)
{
	json_t *doc = parse(ring);
	char s[500];

	(void)state;
	report_ring.answer(s, sizeof(s), doc);
	assert_string_equal(s, "in batches of 4 a bare ring with its SQ thread awake does 8 million nops a second (2 times a plain ring's) and 1 million reads "
			       "of 512 bytes (no clear difference to a plain ring's); a request that has to wake it takes 35.6 us instead of 0.4 us; "
			       "through fio and the engine a read takes 1.6 times as long as on the bare ring (1.28 to 2 in 2 cells, 1 of them clear of 1)");
	json_decref(doc);
	doc = parse(quiet);
	report_ring.answer(s, sizeof(s), doc);
	assert_string_equal(s, "in batches of 4 a bare ring with its SQ thread awake does 82 nops a second (no plain ring to compare with); the SQ thread was "
			       "never woken, so what that takes is not known; what fio costs on top was not measured (--with-fio)");
	json_decref(doc);
}

static void ring_is_tables(void **state)
{
	static const struct {
		const char *name, *table;
	} want[] = {
		{ "ring", "\"nop\"\n0\t4\t8e+06\t7.9e+06\t8.1e+06\t4e+06\t4e+06\t4e+06\tNaN\tNaN\tNaN\tNaN\tNaN\tNaN\n\n\n\"read 512\"\n"
			  "0\t1\t500000\t400000\t600000\tNaN\tNaN\tNaN\tNaN\tNaN\tNaN\t400000\t300000\t500000\n"
			  "1\t4\t1e+06\t900000\t1.1e+06\tNaN\tNaN\tNaN\tNaN\tNaN\tNaN\t500000\t400000\t600000\n" },
		{ "ring-same-cpu", "0\tbatch 1, spin\t80\t70\t90\t500000\n1\tbatch 1, sleep\t100000\t90000\t110000\tNaN\n"
				   "2\tbatch 1, hybrid\tNaN\tNaN\tNaN\tNaN\n" },
		{ "ring-fio", "0\tread 512, batch 4\t2000\t1000\t2\t1.8\t2.2\n1\tread 512, batch 1\t2500\t1953.12\t1.28\t0.9\t1.4\n" },
	};
	json_t *doc = parse(ring);

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		char *text = table(&report_ring, want[i].name, doc);

		assert_string_equal(text, want[i].table);
		free(text);
	}
	json_decref(doc);
}

static void what_was_not_run_is_not_drawn(void **state)
{
	json_t *with = parse(ring), *without = parse(quiet);
	const struct page_plot *fio = &report_ring.plot[report_ring.plots - 1];

	(void)state;
	assert_string_equal(fio->name, "ring-fio");
	assert_null(fio->absent(with));
	assert_non_null(strstr(fio->absent(without), "--with-fio"));
	json_decref(without);
	json_decref(with);
}

#define ASK(measure, of, cell, value, verdict)                                                                                       \
	"{\"measure\":\"" measure "\",\"of\":\"" of "\",\"against\":\"stock\",\"side\":\"stock\",\"cell\":" cell ",\"direction\":\"at least\"," \
	"\"limit\":1.1,\"value\":" value ",\"lo\":0.9,\"hi\":1.2,\"cover\":0.95,\"verdict\":\"" verdict "\"}"

static void versus_counts_its_verdicts(void **state)
{
	json_t *doc = parse("{\"rows\":[{\"row\":\"awake\",\"reason\":null,\"cells\":[{\"name\":\"iodepth 1\"}],\"asks\":["
			    ASK("iops", "ratio", "0", "1.2", "met") "," ASK("iops", "ratio", "0", "1.2", "met") ","
			    ASK("iops", "ratio", "0", "1", "not met, interval not clear") "," ASK("iops", "geomean", "null", "0.95", "not met")
			    "]},{\"row\":\"sparse\",\"reason\":\"none\",\"cells\":[],\"asks\":[]}]}");
	char s[500];

	(void)state;
	report_versus.answer(s, sizeof(s), doc);
	assert_string_equal(s, "of 4 limits asked for 2 are met with all of the interval, 1 is missed by the median, but not by all of the interval, 1 is missed: "
			       "awake, geometric mean: iops 0.950 of stock, at least 1.10 asked; 1 row was not measured");
	json_decref(doc);
}

static void versus_names_what_is_not_clear_either(void **state)
{
	json_t *doc = parse("{\"rows\":[{\"row\":\"awake\",\"reason\":null,\"cells\":[{\"name\":\"iodepth 1\"}],\"asks\":["
			    ASK("iops", "ratio", "0", "1", "not met, interval not clear") "]}]}");
	char s[500];

	(void)state;
	report_versus.answer(s, sizeof(s), doc);
	assert_string_equal(s, "of 1 limit asked for 1 is missed by the median, but not by all of the interval: awake, iodepth 1: iops 1.00 of stock, at least "
			       "1.10 asked");
	json_decref(doc);
}

static void versus_without_rows_compares(void **state)
{
	json_t *doc = parse("{\"rows\":[{\"row\":null,\"reason\":null,\"asks\":[],\"geomeans\":null,\"cells\":[{\"name\":\"iodepth 8\",\"arrivals\":null,"
			    "\"iops\":{\"ratio_to_stock\":null,\"ratio_to_plain\":{\"value\":1.5,\"lo\":1.4,\"hi\":1.6,\"cover\":0.9}}}]}]}");
	char s[500];

	(void)state;
	report_versus.answer(s, sizeof(s), doc);
	assert_string_equal(s, "with iodepth 8 this engine has 1.50 times the iops of plain [1.40, 1.60]");
	json_decref(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ring_is_a_sentence),
		cmocka_unit_test(ring_is_tables),
		cmocka_unit_test(what_was_not_run_is_not_drawn),
		cmocka_unit_test(versus_counts_its_verdicts),
		cmocka_unit_test(versus_names_what_is_not_clear_either),
		cmocka_unit_test(versus_without_rows_compares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
