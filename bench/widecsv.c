// SPDX-License-Identifier: GPL-2.0-only
#include "widecsv.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char *const attributes[] = { "time", "run", "kernel", "fio", "engine", "device" };

/* ROWS: by the run's name; in each its attributes, and "cells", an object of values by cell. */
struct widecsv {
	json_t *rows, *cells;
};

struct widecsv *widecsv_new(void)
{
	struct widecsv *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->rows = json_object();
	w->cells = json_object();
	if (w->rows && w->cells)
		return w;
	widecsv_free(w);
	return NULL;
}

void widecsv_free(struct widecsv *w)
{
	if (!w)
		return;
	json_decref(w->rows);
	json_decref(w->cells);
	free(w);
}

void widecsv_quoted(FILE *f, const char *s)
{
	putc('"', f);
	for (; *s; s++)
		fputs(*s == '"' ? "\"\"" : (char[]){ *s, '\0' }, f);
	putc('"', f);
}

int widecsv_add(struct widecsv *w, const struct runindex_point *p)
{
	json_t *row = json_object_get(w->rows, p->run);

	if (!row) {
		row = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:{}}", "time", p->created, "run", p->run, "kernel", p->kernel, "fio", p->fio, "engine", p->engine, "device",
				p->device, "cells");
		if (json_object_set_new(w->rows, p->run, row))
			return -ENOMEM;
	}
	if (json_object_set_new(w->cells, p->cell, json_true()))
		return -ENOMEM;
	return json_object_set_new(json_object_get(row, "cells"), p->cell, json_real(p->median)) ? -ENOMEM : 0;
}

static const char *text(const json_t *row, const char *key)
{
	return json_string_value(json_object_get(row, key));
}

static int by_time(const void *a, const void *b)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	int times = strcmp(text(x, "time"), text(y, "time"));

	return times ? times : strcmp(text(x, "run"), text(y, "run"));
}

static void print_row(FILE *f, const json_t *row, json_t *columns)
{
	const json_t *cells = json_object_get(row, "cells"), *v;
	const char *cell;
	json_t *unused;

	for (size_t i = 0; i < sizeof(attributes) / sizeof(*attributes); i++) {
		if (i)
			putc(',', f);
		widecsv_quoted(f, text(row, attributes[i]));
	}
	json_object_foreach(columns, cell, unused) {
		v = json_object_get(cells, cell);
		putc(',', f);
		if (v)
			fprintf(f, "%.9g", json_real_value(v));
	}
	putc('\n', f);
}

int widecsv_print(FILE *f, struct widecsv *w)
{
	size_t n = json_object_size(w->rows), at = 0;
	json_t **row = calloc(n + 1, sizeof(json_t *)), *one;
	const char *name;

	if (!row)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(attributes) / sizeof(*attributes); i++)
		fprintf(f, i ? ",%s" : "%s", attributes[i]);
	json_object_foreach(w->cells, name, one) {
		putc(',', f);
		widecsv_quoted(f, name);
	}
	putc('\n', f);
	json_object_foreach(w->rows, name, one)
		row[at++] = one;
	qsort(row, n, sizeof(json_t *), by_time);
	for (size_t i = 0; i < at; i++)
		print_row(f, row[i], w->cells);
	free(row);
	return 0;
}
