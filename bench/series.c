// SPDX-License-Identifier: GPL-2.0-only
#include "series.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static struct series *find(const struct series_set *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->one[i].name, name))
			return &s->one[i];
	return NULL;
}

const struct series *series_find(const struct series_set *s, const char *name)
{
	return find(s, name);
}

static struct series *find_or_make(struct series_set *s, const char *name)
{
	struct series *one = find(s, name);

	if (one)
		return one;
	one = realloc(s->one, (s->n + 1) * sizeof(*one));
	if (!one)
		return NULL;
	s->one = one;
	one[s->n] = (struct series){ .name = name };
	return &one[s->n++];
}

static int add(struct series *one, double value, size_t row)
{
	if (one->n == one->room) {
		size_t room = one->room ? 2 * one->room : 32;
		double *values = realloc(one->value, room * sizeof(*values));
		size_t *rows;

		if (!values)
			return -ENOMEM;
		one->value = values;
		rows = realloc(one->row, room * sizeof(*rows));
		if (!rows)
			return -ENOMEM;
		one->row = rows;
		one->room = room;
	}
	one->value[one->n] = value;
	one->row[one->n++] = row;
	return 0;
}

int series_read(struct series_set *s, const char *path, const char *const *wanted, unsigned required, unsigned name, unsigned value, struct why *why)
{
	int rc;

	*s = (struct series_set){ 0 };
	rc = csvfile_read(&s->file, path, wanted, required, why);
	for (size_t row = 0; row < s->file.rows && !rc; row++) {
		struct series *one;
		double v = 0;

		rc = csvfile_number(&s->file, row, value, &v, path, wanted[value], why);
		one = rc ? NULL : find_or_make(s, s->file.cell[row][name]);
		if (!rc && (!one || add(one, v, row)))
			rc = why_set(why, -ENOMEM, "out of memory");
	}
	return rc;
}

struct keyed {
	const char *text;
	double number, value;
	size_t row;
};

static int by_number(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->row < y->row ? -1 : 1;
}

static int by_text(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	int c = strcmp(x->text, y->text);

	return c ? c : x->row < y->row ? -1 : 1;
}

static bool is_number(const char *s)
{
	char *end;

	strtod(s, &end);
	return end != s && !*end;
}

static bool is_date(const char *s)
{
	return isdigit((unsigned char)s[0]) && strlen(s) >= 10 && s[4] == '-' && s[7] == '-';
}

static void order(struct series *one, const struct csvfile *file, unsigned column)
{
	struct keyed *k = malloc(one->n * sizeof(*k) + 1);
	bool numbers = true, dates = true;

	for (size_t i = 0; k && i < one->n; i++) {
		const char *text = file->cell[one->row[i]][column];

		k[i] = (struct keyed){ text, strtod(text, NULL), one->value[i], one->row[i] };
		numbers &= is_number(text);
		dates &= is_date(text);
	}
	if (k && (numbers || dates))
		qsort(k, one->n, sizeof(*k), numbers ? by_number : by_text);
	for (size_t i = 0; k && i < one->n; i++) {
		one->value[i] = k[i].value;
		one->row[i] = k[i].row;
	}
	free(k);
}

void series_order(struct series_set *s, unsigned column)
{
	for (size_t i = 0; i < s->n; i++)
		order(&s->one[i], &s->file, column);
}

void series_free(struct series_set *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->one[i].value);
		free(s->one[i].row);
	}
	free(s->one);
	csvfile_free(&s->file);
	*s = (struct series_set){ 0 };
}
