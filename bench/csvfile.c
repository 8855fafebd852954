// SPDX-License-Identifier: GPL-2.0-only
#include "csvfile.h"

#include <csv.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS_MAX = 256, UNKNOWN = CSVFILE_COLUMNS_MAX };

static const char mark[] = "\xef\xbb\xbf";	/* of UTF-8, by which spreadsheets begin a file */

struct reading {
	struct csvfile *t;
	const char *path, *const *wanted;
	unsigned required, fields, field;	/* of the heading; the next of this row */
	unsigned column[FIELDS_MAX];		/* where a field goes */
	char *row[CSVFILE_COLUMNS_MAX];
	char heading[200];
	size_t line;
	int ended;				/* the character that ended the last row */
	struct why *why;
	int rc;
};

static void heading_field(struct reading *r, const char *text)
{
	size_t used = strlen(r->heading);

	snprintf(r->heading + used, sizeof(r->heading) - used, "%s%s", r->field ? "," : "", text);
	r->column[r->field] = UNKNOWN;
	for (unsigned i = 0; r->wanted[i]; i++)
		if (!strcmp(r->wanted[i], text))
			r->column[r->field] = i;
}

static void field(void *s, size_t len, void *ctx)
{
	struct reading *r = ctx;
	char *text = strndup(s ? s : "", len);
	unsigned column;

	if (!text)
		r->rc = why_set(r->why, -ENOMEM, "out of memory");
	if (!text || r->rc || r->field == FIELDS_MAX) {
		free(text);
		return;
	}
	if (!r->fields) {
		heading_field(r, text);
		free(text);
	} else {
		column = r->field < r->fields ? r->column[r->field] : (unsigned)UNKNOWN;
		if (column == UNKNOWN || r->row[column])
			free(text);
		else
			r->row[column] = text;
	}
	r->field++;
}

static void end_of_heading(struct reading *r)
{
	r->fields = r->field;
	for (unsigned i = 0; i < r->required && !r->rc; i++) {
		bool there = false;

		for (unsigned k = 0; k < r->fields; k++)
			there |= r->column[k] == i;
		if (!there)
			r->rc = why_set(r->why, -EINVAL, "%s: line %zu: there is no column '%s': the first line has to name the columns, and is '%s'", r->path, r->line, r->wanted[i],
					r->heading);
	}
}

static int make_room(struct csvfile *t)
{
	size_t room = t->room ? 2 * t->room : 64;
	void *cell, *line;

	if (t->rows < t->room)
		return 0;
	cell = realloc(t->cell, room * sizeof(*t->cell));
	if (cell)
		t->cell = cell;
	line = realloc(t->line, room * sizeof(*t->line));
	if (line)
		t->line = line;
	if (!cell || !line)
		return -ENOMEM;
	t->room = room;
	return 0;
}

static void end_of_values(struct reading *r)
{
	if (r->field != r->fields)
		r->rc = why_set(r->why, -EINVAL, "%s: line %zu: %u fields where the first line has %u: the file is damaged, or a text with a comma lacks its quotes", r->path,
				r->line, r->field, r->fields);
	else if (make_room(r->t))
		r->rc = why_set(r->why, -ENOMEM, "out of memory");
	if (r->rc)
		return;
	for (unsigned i = 0; i < CSVFILE_COLUMNS_MAX; i++) {
		r->t->cell[r->t->rows][i] = r->row[i] ? r->row[i] : strdup("");
		r->row[i] = NULL;
	}
	r->t->line[r->t->rows++] = r->line;
}

/* Lines without a field are empty, and count; a line feed behind a carriage return does not. */
static void end_of_row(int c, void *ctx)
{
	struct reading *r = ctx;
	bool same_end = c == '\n' && r->ended == '\r' && !r->field;

	r->ended = c;
	if (same_end)
		return;
	if (!r->rc && r->field && !r->fields)
		end_of_heading(r);
	else if (!r->rc && r->field)
		end_of_values(r);
	r->field = 0;
	r->line++;
}

static int read_all(struct reading *r, FILE *f)
{
	struct csv_parser parser;
	char part[65536];
	bool any = false;
	size_t n;

	if (csv_init(&parser, CSV_APPEND_NULL | CSV_REPALL_NL | CSV_EMPTY_IS_NULL))
		return why_set(r->why, -ENOMEM, "out of memory");
	while (!r->rc && (n = fread(part, 1, sizeof(part), f)) > 0) {
		size_t skip = !any && n >= strlen(mark) && !memcmp(part, mark, strlen(mark)) ? strlen(mark) : 0;

		any = true;
		if (csv_parse(&parser, part + skip, n - skip, field, end_of_row, r) != n - skip)
			r->rc = why_set(r->why, -EINVAL, "%s: line %zu: %s", r->path, r->line, csv_strerror(csv_error(&parser)));
	}
	if (!r->rc && ferror(f))
		r->rc = why_set(r->why, -EIO, "%s: %s", r->path, strerror(errno));
	if (!r->rc)
		csv_fini(&parser, field, end_of_row, r);
	csv_free(&parser);
	if (!r->rc && !r->fields)
		r->rc = why_set(r->why, -EINVAL, "%s: the file is empty: its first line has to name the columns", r->path);
	return r->rc;
}

int csvfile_read(struct csvfile *t, const char *path, const char *const *wanted, unsigned required, struct why *why)
{
	struct reading r = { .t = t, .path = path, .wanted = wanted, .required = required, .line = 1, .why = why };
	bool is_stdin = !strcmp(path, "-");
	FILE *f = is_stdin ? stdin : fopen(path, "re");
	int rc;

	*t = (struct csvfile){ 0 };
	if (!f)
		return why_set(why, -errno, "%s: %s", path, strerror(errno));
	rc = read_all(&r, f);
	if (!is_stdin)
		fclose(f);
	for (unsigned i = 0; i < CSVFILE_COLUMNS_MAX; i++)
		free(r.row[i]);
	return rc;
}

int csvfile_number(const struct csvfile *t, size_t row, unsigned column, double *v, const char *path, const char *name, struct why *why)
{
	const char *text = t->cell[row][column];
	char *end;

	*v = strtod(text, &end);
	if (end == text || *end || !isfinite(*v))
		return why_set(why, -EINVAL, "%s: line %zu: %s '%s' is not a number", path, t->line[row], name, text);
	return 0;
}

void csvfile_free(struct csvfile *t)
{
	for (size_t i = 0; i < t->rows; i++)
		for (unsigned k = 0; k < CSVFILE_COLUMNS_MAX; k++)
			free(t->cell[i][k]);
	free(t->cell);
	free(t->line);
	*t = (struct csvfile){ 0 };
}
