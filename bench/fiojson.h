/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads what fio and the engine print, and says clearly when it is not what they print. */
#ifndef SQB_FIOJSON_H
#define SQB_FIOJSON_H

#include <jansson.h>
#include <stdbool.h>

#include "hist.h"
#include "why.h"

/* fio's JSON document inside TEXT, which may hold log lines before and after it, and bare nan or inf
 * (they become null). Of `fio --client` its "client_stats" are there as "jobs", too, without the sum over several jobs; there may be none at all,
 * with fio's exit code 0: the server refused the job file. NULL with WHY when there is no document or it is cut off. NAME is for messages. */
json_t *fiojson_parse(const char *text, const char *name, struct why *why);

/* The same for a file. */
json_t *fiojson_load(const char *path, struct why *why);

/* The lines of a JSON-lines text as an array; a line that is not an object of SCHEMA fails. */
json_t *jsonl_parse(const char *text, const char *name, const char *schema, struct why *why);
json_t *jsonl_load(const char *path, const char *schema, struct why *why);

/* fio cuts user and system time to whole milliseconds: half a millisecond each is lost on average. */
#define FIO_CPU_LOST_MS 1.0

struct fio_result {
	int error;
	double runtime_ms;
	double ios;
	double iops;
	double lat_mean_us;
	double usr_cpu_pct;
	double sys_cpu_pct;
	struct hist lat_ns;	/* sealed; from json+ bins, empty without them */
};

/* The first job of DOC: what it read, or what it wrote if it read nothing. */
int fiojson_result(const json_t *doc, struct fio_result *r, struct why *why);

/* KEY of reads, writes and trims of JOB, a job of fio's document, together. */
double fiojson_all_sides(const json_t *job, const char *key);

/* Percentile PCT, as fio writes it ("50.000000"), of completion latency, or of all of it in a job with lat_percentiles, in us. SIDE is "read", "write" or "trim"; NaN: it had no I/O. */
double fiojson_percentile_us(const json_t *job, const char *side, const char *pct);

/* CPU time that fio itself counts for JOB, in us. */
double fiojson_cpu_us(const json_t *job);

/* V as data: null when it is not finite. */
json_t *json_finite(double v);

/* Number under a dotted path, NaN when it is null or missing. */
double json_number_at(const json_t *doc, const char *dotted);

#endif
