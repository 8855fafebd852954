// SPDX-License-Identifier: GPL-2.0-only
#include "widecsv.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ATTRIBUTES = 6 };

static const char *const attributes[ATTRIBUTES] = { "time", "run", "kernel", "fio", "engine", "device" };

struct row {
	char *attribute[ATTRIBUTES];
	double *value;	/* by column, NaN where there is none; VALUES of them */
	size_t values;
};

/* PLACE: of each run in ROW, by its name. */
struct widecsv {
	json_t *place;
	struct row *row;
	size_t rows;
	char **column;
	size_t columns;
};

struct widecsv *widecsv_new(void)
{
	struct widecsv *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->place = json_object();
	if (w->place)
		return w;
	free(w);
	return NULL;
}

void widecsv_free(struct widecsv *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->rows; i++) {
		for (int k = 0; k < ATTRIBUTES; k++)
			free(w->row[i].attribute[k]);
		free(w->row[i].value);
	}
	for (size_t i = 0; i < w->columns; i++)
		free(w->column[i]);
	free(w->row);
	free(w->column);
	json_decref(w->place);
	free(w);
}

void widecsv_quoted(FILE *f, const char *s)
{
	putc('"', f);
	for (; *s; s++) {
		if (*s == '"')
			putc('"', f);
		putc(*s, f);
	}
	putc('"', f);
}

/* ALL with room for one more behind its N; the room doubles. */
static void *one_more(void *all, size_t n, size_t size)
{
	return n & (n - 1) ? all : realloc(all, (n ? 2 * n : 1) * size);
}

static struct row *new_row(struct widecsv *w, const struct runindex_point *p)
{
	const char *const told[ATTRIBUTES] = { p->created, p->run, p->kernel, p->fio, p->engine, p->device };
	struct row *all = one_more(w->row, w->rows, sizeof(*all)), *r;

	if (!all)
		return NULL;
	w->row = all;
	r = &w->row[w->rows];
	*r = (struct row){ 0 };
	if (json_object_set_new(w->place, p->run, json_integer((json_int_t)w->rows)))
		return NULL;
	w->rows++;
	for (int i = 0; i < ATTRIBUTES; i++) {
		r->attribute[i] = strdup(told[i]);
		if (!r->attribute[i])
			return NULL;
	}
	return r;
}

static int new_column(struct widecsv *w, const char *cell)
{
	char **all = one_more(w->column, w->columns, sizeof(*all));

	if (!all)
		return -ENOMEM;
	w->column = all;
	w->column[w->columns] = strdup(cell);
	if (!w->column[w->columns])
		return -ENOMEM;
	w->columns++;
	return 0;
}

/* The value of the last column. */
static int set_value(struct row *r, size_t columns, double v)
{
	while (r->values < columns) {
		double *all = one_more(r->value, r->values, sizeof(*all));

		if (!all)
			return -ENOMEM;
		r->value = all;
		r->value[r->values++] = NAN;
	}
	r->value[columns - 1] = v;
	return 0;
}

int widecsv_add(struct widecsv *w, const struct runindex_point *p)
{
	const json_t *place = json_object_get(w->place, p->run);
	struct row *r = place ? &w->row[json_integer_value(place)] : new_row(w, p);

	if (!r || ((!w->columns || strcmp(w->column[w->columns - 1], p->cell)) && new_column(w, p->cell)))
		return -ENOMEM;
	return set_value(r, w->columns, p->median);
}

static int by_time(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int times = strcmp(x->attribute[0], y->attribute[0]);

	return times ? times : strcmp(x->attribute[1], y->attribute[1]);
}

static void print_row(FILE *f, const struct row *r, size_t columns)
{
	for (int i = 0; i < ATTRIBUTES; i++) {
		if (i)
			putc(',', f);
		widecsv_quoted(f, r->attribute[i]);
	}
	for (size_t i = 0; i < columns; i++) {
		putc(',', f);
		if (i < r->values && isfinite(r->value[i]))
			fprintf(f, "%.9g", r->value[i]);
	}
	putc('\n', f);
}

void widecsv_print(FILE *f, struct widecsv *w)
{
	for (int i = 0; i < ATTRIBUTES; i++)
		fprintf(f, i ? ",%s" : "%s", attributes[i]);
	for (size_t i = 0; i < w->columns; i++) {
		putc(',', f);
		widecsv_quoted(f, w->column[i]);
	}
	putc('\n', f);
	if (w->rows)
		qsort(w->row, w->rows, sizeof(*w->row), by_time);
	for (size_t i = 0; i < w->rows; i++)
		print_row(f, &w->row[i], w->columns);
}
