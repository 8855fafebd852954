/* SPDX-License-Identifier: GPL-2.0-only */
/* The report of a run that keeps its values in one document: tables, drawings and page are made from the kept files alone, so
 * they may be deleted and made again, on another machine too. */
#ifndef SQB_PAGE_H
#define SQB_PAGE_H

#include "html.h"
#include "store.h"

/* What a page is made from: the run's id, its run.json and env.json, and the document. */
struct page_in {
	const char *id;
	const json_t *run, *env, *doc;
};

/* derived/NAME.tsv, drawn by NAME.gp. */
struct page_plot {
	const char *name;
	struct html_plot says;
	void (*table)(FILE *f, const struct page_in *in);
	const char *(*absent)(const json_t *doc);	/* why there is nothing to draw, NULL: there is; may be NULL */
};

struct page_kind {
	const char *kind, *file;	/* of run.json; the document's */
	const char *title;
	void (*answer)(char *out, size_t size, const json_t *doc);	/* one sentence without its full stop */
	void (*intro)(FILE *f, const struct page_in *in);		/* what was measured, in a paragraph */
	void (*body)(FILE *f, const struct page_in *in);		/* tables */
	const struct page_plot *plot;
	unsigned plots;
};

/* What a command says of the page. */
struct page_said {
	char answer[2000];
	char missing[700];	/* why there is no drawing, empty: all are there */
};

/* Makes derived/ and report.html in RUN. Without gnuplot the page has tables only and says why. -EINVAL: files are damaged. */
int page_make(const struct page_kind *kind, const struct run *run, struct page_said *said, struct why *why);

/* How a RUN ends that store_create() began: DOC, END (end.json, taken over) and the page into it, and it is committed. */
int page_keep(const struct page_kind *kind, struct run *run, json_t *doc, json_t *end, struct page_said *said, struct why *why);

/* What SAY says of DOC into file NAME of RUN, and into ALSO (NULL: nowhere else). */
int page_keep_text(const struct run *run, void (*say)(FILE *f, const json_t *doc), const json_t *doc, const char *name, const char *also, struct why *why);

/* Member "shift" of O, a share, as an estimate in percent. */
struct est page_shift_pct(const json_t *o);

/* RUN from the files in DIR. -ENOENT, -EINVAL. */
int page_open(struct run *run, const char *dir, struct why *why);

/* "answer: ..." and "report: PATH", and "note: ..." when drawings are missing; PATH is RUN's, where it is when it is whole. */
void page_print(const struct run *run, const struct page_said *said);

/* The same into DOC: "dir", "answer", "report", "missing" (null when all is there). */
void page_put(json_t *doc, const struct run *run, const struct page_said *said);

/* Member KEY of O: "" when it is no string, 0 when it is no number. */
const char *page_string(const json_t *o, const char *key);
unsigned page_whole(const json_t *o, const char *key);

/* For documents with an "answer", and a "chosen" one that bears that name under KEY: the answer; is ONE it; what it says to write into the job file ("options"
 * of the one in ALL; nothing when it says nothing). */
void page_answer(char *out, size_t size, const json_t *doc);
bool page_is_chosen(const json_t *doc, const json_t *one, const char *key);
void page_options_of_chosen(FILE *f, const json_t *doc, const json_t *all, const char *key);

/* {median or value, lo, hi, cover} as an estimate; n is 0 for anything else. */
struct est page_est(const json_t *o);

/* And back: {value, lo, hi, cover}, null when there is none. */
json_t *page_est_json(const struct est *e);

/* Columns of a table for gnuplot: a tab and a number, or a value and its interval; NaN when not measured. */
void page_real(FILE *f, double v);
void page_column(FILE *f, const struct est *e);

#endif
