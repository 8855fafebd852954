// SPDX-License-Identifier: GPL-2.0-only
#include "check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nightkey.h"
#include "nightsay.h"
#include "suite.h"

static char *lookup(const char *name)
{
	return strcmp(name, "TARGET") ? NULL : "/dev/x";
}

static void cells(void **state)
{
	struct suite s;
	struct why why = { "" };

	(void)state;
	assert_int_equal(suite_parse(&s, "# a comment\n[global]\nfilename=${TARGET}\nbs=4k\n[one]\nbs = 8k\nstonewall\nruntime=300ms\nramp_time=1\n\n[global]\nrw=randread\n; more\n[two]\ntime_based\n",
				     "x.fio", lookup, &why), 0);
	assert_int_equal(s.n, 2);
	assert_string_equal(s.cell[0].name, "one");
	assert_string_equal(s.cell[0].text, "[global]\nfilename=/dev/x\nbs=4k\n[one]\nbs=8k\nruntime=300ms\nramp_time=1\n");
	assert_string_equal(s.cell[1].text, "[global]\nfilename=/dev/x\nbs=4k\nrw=randread\n[two]\ntime_based\n");
	assert_string_equal(suite_option(&s.cell[0], "bs"), "8k");
	assert_string_equal(suite_option(&s.cell[1], "bs"), "4k");
	assert_string_equal(suite_option(&s.cell[1], "iodepth"), "");
	assert_near(s.cell[0].seconds, 1.3, 1e-6);
	assert_near(s.cell[1].seconds, 0, 1e-6);
	suite_free(&s);
	/* a fraction is none to fio */
	assert_int_equal(suite_parse(&s, "[a]\nruntime=0.3s\n[b]\nruntime=2m\n", "x.fio", lookup, &why), 0);
	assert_near(s.cell[0].seconds, 0, 1e-6);
	assert_near(s.cell[1].seconds, 120, 1e-6);
	suite_free(&s);
}

static void refused(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "", "no section" },
		{ "[global]\nbs=4k\n", "no section" },
		{ "bs=4k\n[a]\n", "x.fio:1: 'bs=4k' is in no section" },
		{ "[a]\nbs=4k\n[a]\n", "x.fio:3: there are two sections [a]" },
		{ "\n[a b]\n", "x.fio:2: \"a b\" cannot name a cell" },
		{ "[a\n", "no closing bracket" },
		{ "[a]\ninclude other.fio\n", "x.fio:2: 'include other.fio'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct suite s;
		struct why why = { "" };

		assert_int_equal(suite_parse(&s, bad[i].text, "x.fio", lookup, &why), -EINVAL);
		assert_non_null(strstr(why.text, bad[i].says));
		suite_free(&s);
	}
}

static json_t *key(const char *env, const char *host)
{
	json_t *doc = json_loads(env, 0, NULL), *k = nightkey_make(doc, host, "0.1.0");

	json_decref(doc);
	return k;
}

static void keys(void **state)
{
	json_t *a = key("{\"kernel\":\"6.1\",\"kernel_build\":\"#1\",\"hz\":250,\"target\":{\"model\":\"M\",\"device\":\"nvme0n1\"}}", "h"),
	       *b = key("{\"kernel\":\"6.2\",\"kernel_build\":\"#2\",\"hz\":250,\"target\":{\"model\":\"M\",\"device\":\"nvme1n1\"}}", "h"),
	       *c = key("{\"kernel\":\"6.1\",\"kernel_build\":\"#1\",\"hz\":250,\"target\":{\"model\":\"N\",\"device\":\"nvme0n1\"}}", "h"),
	       *d = key("{\"target\":{\"device\":\"vda\"}}", "h"), *e = key("{\"target\":{\"device\":\"vdb\"}}", "h"), *f = key("{\"target\":{\"device\":\"vda\"}}", "g"),
	       *differences = nightkey_differences(a, b), *one = json_array_get(differences, 0), *none = nightkey_differences(a, a);

	(void)state;
	assert_true(nightkey_comparable(a, b, "x"));		/* of one model, under another name */
	assert_false(nightkey_comparable(a, c, "x"));
	assert_false(nightkey_comparable(a, d, "x"));
	assert_true(nightkey_comparable(d, d, "x"));
	assert_false(nightkey_comparable(d, e, "x"));
	assert_false(nightkey_comparable(d, f, "x"));
	assert_int_equal(json_array_size(differences), 1);	/* another kernel has another build */
	assert_string_equal(json_string_value(json_object_get(one, "what")), "the kernel");
	assert_string_equal(json_string_value(json_object_get(one, "was")), "6.1");
	assert_string_equal(json_string_value(json_object_get(one, "is")), "6.2");
	assert_int_equal(json_array_size(none), 0);
	json_decref(none);
	none = nightkey_differences(a, d);
	assert_string_equal(json_string_value(json_object_get(json_array_get(none, 0), "is")), "not told");
	json_decref(none);
	json_decref(differences);
	json_decref(a);
	json_decref(b);
	json_decref(c);
	json_decref(d);
	json_decref(e);
	json_decref(f);
}

static const char night[] =
	"{\"id\":\"N\",\"created\":\"2026-11-26T03:00:00Z\",\"host\":\"h\",\"key\":{\"kernel\":\"6.2\",\"fio\":\"fio-3.33\",\"device\":\"vda\"},"
	"\"counts\":{\"slower\":1,\"same\":1,\"lost\":1},\"cells\":["
	"{\"name\":\"one\",\"verdict\":\"slower\",\"reason\":null,\"metrics\":{"
	"\"iops\":{\"title\":\"IOPS\",\"judged\":true,\"verdict\":\"slower\",\"shift\":{\"value\":-0.1,\"lo\":-0.12,\"hi\":-0.08,\"cover\":0.95},\"since\":\"2026-11-24T03:00:00Z\","
	"\"coincides\":[{\"what\":\"the kernel\",\"was\":\"6.1 <a> | b\",\"is\":\"6.2\"}],\"baseline\":100,\"centre\":90},"
	"\"wakeups_per_io\":{\"title\":\"wake-ups\",\"judged\":false,\"values\":[1]}}},"
	"{\"name\":\"two\",\"verdict\":\"same\",\"metrics\":{\"iops\":{\"title\":\"IOPS\",\"judged\":true,\"verdict\":\"same\"}}},"
	"{\"name\":\"three\",\"verdict\":\"lost\",\"reason\":\"no <such> device\",\"metrics\":{}}]}";

static char *said(void (*say)(FILE *f, const json_t *doc))
{
	json_t *doc = json_loads(night, 0, NULL);
	char *out = NULL, *answer = nightsay_answer(doc);
	size_t size;
	FILE *f = open_memstream(&out, &size);

	assert_non_null(doc);
	json_object_set_new(doc, "answer", json_string(answer));
	say(f, doc);
	fclose(f);
	free(answer);
	json_decref(doc);
	return out;
}

static void says(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in:\n%s", part, text);
}

static void sentences(void **state)
{
	char *markdown = said(nightsay_markdown), *text = said(nightsay_text), *junit = said(nightsay_junit);

	(void)state;
	says(text, "slower: one: IOPS 10.0 % lower [-12.0, -8.0] since 2026-11-24, when the kernel changed from 6.1 <a> | b to 6.2\n");
	says(text, "lost: three: no <such> device\n");
	says(markdown, "1 of 3 cells is slower");
	says(markdown, " to 6.2 (1 same, 1 lost).**");
	says(markdown, "| one | IOPS | slower | 100 | 90 | -10.0 [-12.0, -8.0] | 2026-11-24 | the kernel: 6.1 <a> \\| b to 6.2 |");
	says(junit, "<testcase classname=\"one\" name=\"iops\"><failure message=\"one: IOPS 10.0 % lower [-12.0, -8.0] since 2026-11-24, when the kernel changed from 6.1 &lt;a&gt; | b to 6.2\"/>");
	says(junit, "<testcase classname=\"two\" name=\"iops\"/>");
	says(junit, "<testcase classname=\"three\" name=\"measured\"><error message=\"no &lt;such&gt; device\"/>");
	assert_null(strstr(junit, "wakeups"));
	free(markdown);
	free(text);
	free(junit);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(cells), cmocka_unit_test(refused), cmocka_unit_test(keys), cmocka_unit_test(sentences) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
