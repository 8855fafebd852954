// SPDX-License-Identifier: GPL-2.0-only
/* Two sets of kept results, of two kernels, say: what differs, and is it better or worse? */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "compare.h"
#include "compare_load.h"
#include "verdict.h"

struct args {
	struct cmd_common common;
	const char *what[2];
	int n;
	double worth;
};

enum { OPT_WORTH = 1000 };

static const struct argp_option options[] = {
	{ "worth", OPT_WORTH, "PERCENT", 0, "A smaller difference is none (default: 5)", 0 },
	CMD_OPTION_OUT("Results directory of the ids"),
	CMD_OPTION_JSON("Print JSON"),
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;
	char *end;

	switch (key) {
	case OPT_WORTH:
		a->worth = strtod(arg, &end) / 100;
		if (end == arg || *end || !(a->worth > 0 && a->worth < 1))
			argp_error(state, "--worth: '%s' is not a number of percent above 0 and below 100", arg);
		return 0;
	case ARGP_KEY_ARG:
		if (a->n == 2)
			argp_error(state, "'%s' is one argument too many: name A and B", arg);
		else
			a->what[a->n++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (a->n < 2)
			argp_error(state, "name A and B: two run directories, ids or results directories");
		return 0;
	default:
		return cmd_parse_common(key, arg, state);
	}
}

struct comparison {
	const struct args *a;
	struct compare_source source[2];
	struct compare_pair *pair;
	size_t n;
	json_t *differs, *only[2];
	enum compare_verdict verdict;
};

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "-";
}

static void differ(json_t *all, const char *prefix, const char *key, const json_t *a, const json_t *b)
{
	char name[128];

	if (json_equal((json_t *)a, (json_t *)b))
		return;
	snprintf(name, sizeof(name), "%s%s", prefix, key);
	json_array_append_new(all, json_pack("{s:s, s:O?, s:O?}", "key", name, "a", a, "b", b));
}

/* Of what env.json holds; what changes from run to run anyway is passed over. */
static void differ_env(json_t *all, const json_t *a, const json_t *b, const char *prefix)
{
	static const char *const passing[] = { "time", "steal_ticks", "total_ticks", "load1", "cpu_mhz", "throttles", "cpu_temp_c", "temp_c", "reasons", "schema", "hz_source" };
	json_t *keys = json_object();
	const char *key;
	json_t *unused;

	json_object_update(keys, (json_t *)a);
	json_object_update(keys, (json_t *)b);
	for (size_t i = 0; i < sizeof(passing) / sizeof(*passing); i++)
		json_object_del(keys, passing[i]);
	json_object_foreach(keys, key, unused) {
		const json_t *x = json_object_get(a, key), *y = json_object_get(b, key);

		if (!*prefix && (json_is_object(x) || json_is_object(y)))
			differ_env(all, x, y, "target ");
		else
			differ(all, prefix, key, x, y);
	}
	json_decref(keys);
}

static void differences(struct comparison *c)
{
	const struct compare_source *a = &c->source[0], *b = &c->source[1];

	c->differs = json_array();
	differ_env(c->differs, a->env, b->env, "");
	if (a->key && b->key)
		differ_env(c->differs, a->key, b->key, "key ");
	if (strcmp(a->host, b->host))
		json_array_append_new(c->differs, json_pack("{s:s, s:s, s:s}", "key", "host", "a", a->host, "b", b->host));
	if (!a->job != !b->job || (a->job && strcmp(a->job, b->job)))
		json_array_append_new(c->differs, json_pack("{s:s, s:n, s:n}", "key", "job file", "a", "b"));
}

static void pair_cells(struct comparison *c)
{
	struct compare_side *a = &c->source[0].side, *b = &c->source[1].side;

	c->pair = calloc(a->n, sizeof(*c->pair));
	c->only[0] = json_array();
	c->only[1] = json_array();
	c->verdict = COMPARE_SAME;
	for (size_t i = 0; c->pair && i < a->n; i++) {
		struct compare_pair *p = &c->pair[c->n];

		p->a = &a->cell[i];
		p->b = compare_find(b, p->a->name);
		if (!p->b) {
			json_array_append_new(c->only[0], json_string(p->a->name));
			continue;
		}
		compare_judge(p, c->a->worth);
		if (p->verdict == COMPARE_WORSE || (p->verdict == COMPARE_UNKNOWN && c->verdict != COMPARE_WORSE) ||
		    (p->verdict == COMPARE_BETTER && c->verdict == COMPARE_SAME))
			c->verdict = p->verdict;
		c->n++;
	}
	for (size_t i = 0; i < b->n; i++)
		if (!compare_find(a, b->cell[i].name))
			json_array_append_new(c->only[1], json_string(b->cell[i].name));
}

static void print_source(const char *letter, const char *what, const struct compare_source *s)
{
	printf("%s: %s: %zu run%s, kernel %s, HZ=%d, %s, engine %s\n", letter, what, json_array_size(s->runs),
	       json_array_size(s->runs) == 1 ? "" : "s", text(s->env, "kernel"),
	       (int)json_integer_value(json_object_get(s->env, "hz")), text(s->env, "fio"), text(s->env, "engine"));
}

static void print_differences(const struct comparison *c)
{
	for (size_t i = 0; i < json_array_size(c->differs); i++) {
		const json_t *one = json_array_get(c->differs, i);
		char *x = json_dumps(json_object_get(one, "a"), JSON_ENCODE_ANY);
		char *y = json_dumps(json_object_get(one, "b"), JSON_ENCODE_ANY);

		if (json_is_null(json_object_get(one, "a")) && json_is_null(json_object_get(one, "b")))
			printf("differs: %s\n", text(one, "key"));
		else
			printf("differs: %s: %s, %s\n", text(one, "key"), x, y);
		free(x);
		free(y);
	}
	for (int s = 0; s < 2; s++)
		for (size_t i = 0; i < json_array_size(c->only[s]); i++)
			printf("only in %c: %s\n", 'A' + s, json_string_value(json_array_get(c->only[s], i)));
}

/* Five digits that count, without an exponent. */
static void figure(char *out, size_t size, const struct est *e)
{
	if (!e->n)
		snprintf(out, size, "-");
	else
		snprintf(out, size, e->value >= 10000 ? "%.0f" : e->value > 0 && e->value < 1e-4 ? "%.6f" : "%.5g", e->value);
}

static void print_metric(enum compare_metric m, const struct compare_result *r)
{
	char a[32], b[32], ratio[80] = "-", cover[16] = "-";

	figure(a, sizeof(a), &r->a);
	figure(b, sizeof(b), &r->b);
	if (r->ratio.n) {
		snprintf(ratio, sizeof(ratio), "%.3f [%.3f, %.3f]", r->ratio.value, r->ratio.lo, r->ratio.hi);
		snprintf(cover, sizeof(cover), "%.0f", 100 * r->ratio.cover);
	}
	printf("  %-25s %12s %12s   %-24s %4s   %s%s%s\n", compare_about[m].title, a, b, ratio, cover,
	       compare_about[m].judged ? compare_verdict_name(r->verdict) : "", compare_about[m].judged && r->reason ? ": " : "",
	       compare_about[m].judged && r->reason ? r->reason : "");
}

static void print_table(const struct comparison *c)
{
	print_source("A", c->a->what[0], &c->source[0]);
	print_source("B", c->a->what[1], &c->source[1]);
	print_differences(c);
	for (size_t i = 0; i < c->n; i++) {
		const struct compare_pair *p = &c->pair[i];

		printf("\n%s: %s%s%s\n", p->a->name, compare_verdict_name(p->verdict), p->reason ? ": " : "",
		       p->reason ? p->reason : "");
		printf("  %-25s %12s %12s   %-24s %4s   %s\n", "medians of repeats", "A", "B", "B/A [interval]", "%", "B is");
		for (int m = 0; m < COMPARE_METRICS; m++)
			if (p->metric[m].a.n || p->metric[m].b.n)
				print_metric((enum compare_metric)m, &p->metric[m]);
		printf("  repeats: %u and %u\n", p->a->n, p->b->n);
	}
	printf("\noverall: %s (a difference below %g %% counts as none)\n", compare_verdict_name(c->verdict), 100 * c->a->worth);
}

static json_t *est_json(const struct est *e)
{
	if (!e->n)
		return json_null();
	return json_pack("{s:f, s:f, s:f, s:f, s:i}", "value", e->value, "lo", e->lo, "hi", e->hi, "coverage", e->cover, "n",
			 (int)e->n);
}

static json_t *pair_json(const struct compare_pair *p)
{
	json_t *metrics = json_object();

	for (int m = 0; m < COMPARE_METRICS; m++) {
		const struct compare_result *r = &p->metric[m];
		bool judged = compare_about[m].judged;

		json_object_set_new(metrics, compare_about[m].name,
				    json_pack("{s:o, s:o, s:o, s:b, s:s?, s:s?}", "a", est_json(&r->a), "b", est_json(&r->b),
					      "ratio", est_json(&r->ratio), "judged", judged, "verdict",
					      judged ? compare_verdict_name(r->verdict) : NULL, "reason", r->reason));
	}
	return json_pack("{s:s, s:s, s:s?, s:i, s:i, s:o}", "name", p->a->name, "verdict", compare_verdict_name(p->verdict), "reason",
			 p->reason, "repeats_a", (int)p->a->n, "repeats_b", (int)p->b->n, "metrics", metrics);
}

static void print_json(const struct comparison *c)
{
	json_t *cells = json_array(), *doc;

	for (size_t i = 0; i < c->n; i++)
		json_array_append_new(cells, pair_json(&c->pair[i]));
	doc = json_pack("{s:s, s:s, s:f, s:O, s:O, s:O, s:o}", "schema", "sqbench-compare/1", "verdict",
			compare_verdict_name(c->verdict), "worth", c->a->worth, "differs", c->differs, "only_in_a", c->only[0],
			"only_in_b", c->only[1], "cells", cells);
	for (int s = 0; s < 2; s++)
		json_object_set_new(doc, s ? "b" : "a",
				    json_pack("{s:s, s:O, s:O}", "given", c->a->what[s], "runs", c->source[s].runs, "env",
					      c->source[s].env));
	cmd_print_json(doc);
}

static int carry_out(struct comparison *c, struct why *why)
{
	for (int s = 0; s < 2; s++) {
		int rc = compare_load(&c->source[s], c->a->what[s], c->a->common.out, why);

		if (rc)
			return rc == -ENOENT ? EXIT_USAGE : EXIT_CANNOT;
	}
	differences(c);
	pair_cells(c);
	if (!c->n) {
		why_set(why, 0, "no cell of %s is in %s (A has %s, B has %s): run the same job file on both", c->a->what[0],
			c->a->what[1], c->source[0].side.cell[0].name, c->source[1].side.cell[0].name);
		return EXIT_CANNOT;
	}
	if (c->a->common.json)
		print_json(c);
	else
		print_table(c);
	return c->verdict == COMPARE_WORSE ? EXIT_FAILED : EXIT_DONE;
}

int cmd_compare(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "A B",
					  "Says by what factor the results B differ from A, job by job, and whether that is better or worse. "
					  "A and B are run directories, ids, or results directories whose runs are repeats. "
					  "Exit code 1: something got worse.",
					  NULL, NULL, NULL };
	struct args a = { .common.out = "results", .worth = VERDICT_WORTH };
	struct comparison c = { .a = &a };
	struct why why = { "" };
	int code;

	cmd_parse(&argp, argc, argv, &a);
	code = carry_out(&c, &why);
	if (*why.text)
		cmd_fail(code, "compare", &why);
	for (int s = 0; s < 2; s++) {
		compare_source_free(&c.source[s]);
		json_decref(c.only[s]);
	}
	json_decref(c.differs);
	free(c.pair);
	return code;
}
