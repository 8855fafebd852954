// SPDX-License-Identifier: GPL-2.0-only
#include "fiojson.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store.h"

static size_t bare_word(const char *p)
{
	static const char *const words[] = { "-nan", "nan", "-inf", "inf", "-NaN", "NaN", "-Infinity", "Infinity" };

	if (!strchr("-nNiI", *p))
		return 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t len = strlen(words[i]);

		if (!strncmp(p, words[i], len) && !isalnum((unsigned char)p[len]))
			return len;
	}
	return 0;
}

/* A copy of TEXT with nan and inf outside strings replaced by null. */
static char *without_nan(const char *text)
{
	/* "inf" and "nan" grow by one character each. */
	char *copy = malloc(2 * strlen(text) + 1), *out = copy;
	bool string = false;

	if (!copy)
		return NULL;
	while (*text) {
		size_t skip = string ? 0 : bare_word(text);

		if (skip) {
			out = stpcpy(out, "null");
			text += skip;
			continue;
		}
		if (string && *text == '\\' && text[1])
			*out++ = *text++;
		else if (*text == '"')
			string = !string;
		*out++ = *text++;
	}
	*out = '\0';
	return copy;
}

static const char *next_line(const char *p)
{
	p = strchr(p, '\n');
	return p ? p + 1 : NULL;
}

/* fio's client puts a sum behind the results of several jobs (client.c, handle_ts): what has that name otherwise is a job. */
static bool is_sum(const json_t *results, size_t i)
{
	static const char sum[] = "All clients";
	const char *name = json_string_value(json_object_get(json_array_get(results, i), "jobname"));

	return i >= 2 && i + 1 == json_array_size(results) && name && !strcmp(name, sum);
}

/* Is DOC fio's? A client's document gets its results as "jobs", too. */
static bool has_jobs(json_t *doc)
{
	const json_t *results = json_object_get(doc, "client_stats");
	json_t *jobs;

	if (json_is_array(json_object_get(doc, "jobs")))
		return true;
	if (!json_is_array(results))
		return false;
	jobs = json_array();
	for (size_t i = 0; i < json_array_size(results); i++)
		if (!is_sum(results, i))
			json_array_append(jobs, json_array_get(results, i));
	return !json_object_set_new(doc, "jobs", jobs);
}

json_t *fiojson_parse(const char *text, const char *name, struct why *why)
{
	char *clean = without_nan(text);
	json_error_t error = { .line = 0 }, last = { .line = 0 };
	bool opened = false;
	json_t *doc = NULL;

	for (const char *p = clean; p && !doc; p = next_line(p)) {
		if (*p != '{')
			continue;
		doc = json_loads(p, JSON_DISABLE_EOF_CHECK, &error);
		if (doc && !has_jobs(doc)) {
			json_decref(doc);
			doc = NULL;
			continue;
		}
		if (!doc && !opened)
			last = error;
		opened = true;
	}
	free(clean);
	if (doc)
		return doc;
	if (!opened)
		why_set(why, -EINVAL, "%s: there is no JSON document of fio in it: fio failed before it had results, read its stderr",
			name);
	else if (json_error_code(&last) == json_error_premature_end_of_input)
		why_set(why, -EINVAL, "%s: the JSON is cut off: fio was killed or the disk is full, run it again", name);
	else
		why_set(why, -EINVAL, "%s: line %d of the JSON: %s: the file is damaged, run it again", name, last.line,
			last.text);
	return NULL;
}

json_t *fiojson_load(const char *path, struct why *why)
{
	char *text = access(path, F_OK) ? strdup("") : store_read(path, why);
	json_t *doc;

	if (!text)
		return NULL;
	doc = fiojson_parse(text, path, why);
	free(text);
	return doc;
}

json_t *jsonl_parse(const char *text, const char *name, const char *schema, struct why *why)
{
	json_t *all = json_array();
	int line = 1;

	for (const char *p = text; all && p && *p; p = next_line(p), line++) {
		json_error_t error;
		json_t *one;
		const char *found;

		if (*p == '\n')
			continue;
		one = json_loads(p, JSON_DISABLE_EOF_CHECK, &error);
		found = json_string_value(json_object_get(one, "schema"));
		if (!found || strcmp(found, schema)) {
			why_set(why, -EINVAL, "%s: line %d is not a whole %s object: %s", name, line, schema,
				one ? "another schema" : "the writer was killed or the disk is full");
			json_decref(one);
			json_decref(all);
			return NULL;
		}
		json_array_append_new(all, one);
	}
	return all;
}

json_t *jsonl_load(const char *path, const char *schema, struct why *why)
{
	char *text = store_read(path, why);
	json_t *all;

	if (!text)
		return NULL;
	all = jsonl_parse(text, path, schema, why);
	free(text);
	return all;
}

double fiojson_all_sides(const json_t *job, const char *key)
{
	static const char *const sides[] = { "read", "write", "trim" };
	double sum = 0;

	for (size_t i = 0; i < sizeof(sides) / sizeof(*sides); i++) {
		double v = json_number_at(json_object_get(job, sides[i]), key);

		sum += isfinite(v) ? v : 0;
	}
	return sum;
}

double fiojson_percentile_us(const json_t *job, const char *side, const char *pct)
{
	static const char *const kinds[] = { "clat_ns", "lat_ns" };
	const json_t *rw = json_object_get(job, side);

	if (!(json_number_at(rw, "total_ios") > 0))
		return NAN;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		const json_t *v = json_object_get(json_object_get(json_object_get(rw, kinds[i]), "percentile"), pct);

		if (json_is_number(v))
			return json_number_value(v) / 1e3;
	}
	return NAN;
}

double fiojson_cpu_us(const json_t *job)
{
	return (json_number_at(job, "usr_cpu") + json_number_at(job, "sys_cpu")) / 100 * json_number_at(job, "job_runtime") * 1e3;
}

json_t *json_finite(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

double json_number_at(const json_t *doc, const char *dotted)
{
	char key[64];

	while (doc && *dotted) {
		size_t len = strcspn(dotted, ".");

		if (len >= sizeof(key))
			return NAN;
		memcpy(key, dotted, len);
		key[len] = '\0';
		doc = json_object_get(doc, key);
		dotted += len + (dotted[len] == '.');
	}
	return json_is_number(doc) ? json_number_value(doc) : NAN;
}

static int read_bins(const json_t *lat, struct hist *h)
{
	json_t *bins = json_object_get(lat, "bins"), *count;
	const char *key;

	json_object_foreach(bins, key, count) {
		int rc = hist_add(h, strtod(key, NULL), json_number_value(count));

		if (rc)
			return rc;
	}
	hist_seal(h);
	return 0;
}

int fiojson_result(const json_t *doc, struct fio_result *r, struct why *why)
{
	const json_t *job = json_array_get(json_object_get(doc, "jobs"), 0);
	const json_t *side = json_object_get(job, "read"), *write = json_object_get(job, "write");

	memset(r, 0, sizeof(*r));
	if (!job)
		return why_set(why, -EINVAL, "fio has no result of any job: it refused the job file, or its server did or died; what it said is before the JSON");
	if (!(json_number_at(side, "total_ios") > 0) && json_number_at(write, "total_ios") > 0)
		side = write;
	if (!side)
		return why_set(why, -EINVAL, "fio's JSON has no job with a read side: this fio is not one we know");
	r->error = (int)json_integer_value(json_object_get(job, "error"));
	r->runtime_ms = json_number_at(job, "job_runtime");
	r->ios = json_number_at(side, "total_ios");
	r->iops = json_number_at(side, "iops");
	r->lat_mean_us = json_number_at(side, "lat_ns.mean") / 1e3;
	r->usr_cpu_pct = json_number_at(job, "usr_cpu");
	r->sys_cpu_pct = json_number_at(job, "sys_cpu");
	if (!(r->ios > 0 && r->runtime_ms > 0))
		return why_set(why, -EINVAL, "fio did no I/O in this cell: the target failed or the cell is too short");
	return read_bins(json_object_get(side, "lat_ns"), &r->lat_ns);
}
