// SPDX-License-Identifier: GPL-2.0-only
#include "timeslog.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct line {
	uint64_t issue_ns, handed_ns;
};

struct lines {
	struct line *line;
	size_t n, room;
};

static int add(struct lines *l, const struct line *one)
{
	if (l->n == l->room) {
		size_t room = l->room ? 2 * l->room : 1024;
		struct line *more = realloc(l->line, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		l->line = more;
		l->room = room;
	}
	l->line[l->n++] = *one;
	return 0;
}

static int read_lines(FILE *f, const char *path, struct lines *l, struct why *why)
{
	struct line one;
	char text[256];

	while (fgets(text, sizeof(text), f)) {
		if (sscanf(text, "%*u, %*u, %" SCNu64 ", %*u, %*u, %" SCNu64, &one.issue_ns, &one.handed_ns) != 2 ||
		    !one.issue_ns || one.handed_ns < one.issue_ns)
			return why_set(why, -EINVAL, "%s: line %zu is none of a log of times: it is damaged, or another version's", path, l->n + 1);
		if (add(l, &one))
			return why_set(why, -ENOMEM, "out of memory");
	}
	if (ferror(f))
		return why_set(why, -EIO, "%s: it cannot be read", path);
	return l->n ? 0 : why_set(why, -EINVAL, "%s: no request is in it: the job did nothing", path);
}

static int by_issue(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	return (x->issue_ns > y->issue_ns) - (x->issue_ns < y->issue_ns);
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Both sorted: the last activity before each submission is the submission before it or the last completion before it. */
static void fill(struct timeslog *log, const struct line *line, const uint64_t *handed_ns)
{
	size_t done = 0;

	for (size_t i = 0; i < log->n; i++) {
		uint64_t last_ns = i ? line[i - 1].issue_ns : line[0].issue_ns;

		while (done < log->n && handed_ns[done] <= line[i].issue_ns)
			done++;
		if (done && handed_ns[done - 1] > last_ns)
			last_ns = handed_ns[done - 1];
		log->request[i] = (struct predict_request){
			.gap_us = (double)(line[i].issue_ns - last_ns) / 1e3,
			.lat_us = (double)(line[i].handed_ns - line[i].issue_ns) / 1e3,
			.overlaps = i && line[i - 1].handed_ns > line[i].issue_ns,
		};
	}
	log->span_us = (double)(handed_ns[log->n - 1] - line[0].issue_ns) / 1e3;
}

static int make(struct timeslog *log, struct lines *l)
{
	uint64_t *handed_ns = calloc(l->n + 1, sizeof(*handed_ns));

	log->n = l->n;
	log->request = calloc(l->n + 1, sizeof(*log->request));
	if (!l->line || !handed_ns || !log->request) {
		free(handed_ns);
		timeslog_free(log);
		return -ENOMEM;
	}
	for (size_t i = 0; i < l->n; i++)
		handed_ns[i] = l->line[i].handed_ns;
	qsort(l->line, l->n, sizeof(*l->line), by_issue);
	qsort(handed_ns, l->n, sizeof(*handed_ns), by_number);
	fill(log, l->line, handed_ns);
	free(handed_ns);
	return 0;
}

int timeslog_read(const char *path, struct timeslog *log, struct why *why)
{
	struct lines l = { 0 };
	FILE *f = fopen(path, "re");
	int rc;

	*log = (struct timeslog){ 0 };
	if (!f)
		return why_set(why, -errno, "%s: %s", path, strerror(errno));
	rc = read_lines(f, path, &l, why);
	fclose(f);
	if (!rc && make(log, &l))
		rc = why_set(why, -ENOMEM, "out of memory");
	free(l.line);
	return rc;
}

void timeslog_free(struct timeslog *log)
{
	free(log->request);
	*log = (struct timeslog){ 0 };
}
