// SPDX-License-Identifier: GPL-2.0-only
#include "texttable.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 24, COLUMNS_FEW = 4, NARROW = 12, GAP = 2 };

struct cell {
	char *text;
	unsigned row, column;
	bool number;
};

struct texttable {
	struct cell *cell;	/* by row and column */
	size_t n;
	unsigned rows, column;	/* COLUMN: the next of the row that is open */
};

struct texttable *texttable_new(void)
{
	return calloc(1, sizeof(struct texttable));
}

void texttable_free(struct texttable *t)
{
	for (size_t i = 0; t && i < t->n; i++)
		free(t->cell[i].text);
	if (t)
		free(t->cell);
	free(t);
}

void texttable_row(struct texttable *t)
{
	t->rows++;
	t->column = 0;
}

int texttable_cell(struct texttable *t, const char *text, bool number)
{
	struct cell *more;

	if (t->column == COLUMNS_MAX || !t->rows)
		return 0;
	more = realloc(t->cell, (t->n + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	t->cell = more;
	more[t->n] = (struct cell){ strdup(text), t->rows - 1, t->column++, number };
	return more[t->n++].text ? 0 : -ENOMEM;
}

/* Columns that N bytes of UTF-8 take. */
static unsigned columns_of(const char *s, size_t n)
{
	unsigned all = 0;

	for (size_t i = 0; i < n && s[i]; i++)
		all += ((unsigned char)s[i] & 0xc0) != 0x80;
	return all;
}

/* How many bytes of S go into a line of WIDTH: up to the last blank that fits, or the first word. */
static size_t line_of(const char *s, unsigned width)
{
	size_t fits = 0;

	for (size_t n = 0;; n++) {
		if (s[n] && s[n] != ' ')
			continue;
		if (columns_of(s, n) > width)
			return fits ? fits : n;
		fits = n;
		if (!s[n])
			return n;
	}
}

static void blanks(FILE *out, unsigned n)
{
	while (n--)
		fputc(' ', out);
}

void texttable_wrap(FILE *out, const char *text, unsigned width, unsigned indent)
{
	while (*text) {
		size_t n = line_of(text, width > indent ? width - indent : 0);

		blanks(out, indent);
		fwrite(text, 1, n, out);
		text += n;
		text += strspn(text, " ");
		if (*text)
			fputc('\n', out);
	}
}

static unsigned all_of(const unsigned *width, unsigned columns)
{
	unsigned all = 0;

	for (unsigned i = 0; i < columns; i++)
		all += width[i] + (i ? GAP : 0);
	return all;
}

/* The natural widths; returns how many columns there are. */
static unsigned measure(const struct texttable *t, unsigned width[COLUMNS_MAX])
{
	unsigned columns = 0;

	memset(width, 0, COLUMNS_MAX * sizeof(*width));
	for (size_t i = 0; i < t->n; i++) {
		const struct cell *c = &t->cell[i];
		unsigned n = columns_of(c->text, strlen(c->text));

		columns = c->column >= columns ? c->column + 1 : columns;
		width[c->column] = n > width[c->column] ? n : width[c->column];
	}
	return columns;
}

/* The widest gives way until all fit. */
static void squeeze(unsigned *width, unsigned columns, unsigned most)
{
	unsigned widest;

	while (all_of(width, columns) > most) {
		widest = 0;
		for (unsigned i = 1; i < columns; i++)
			widest = width[i] > width[widest] ? i : widest;
		if (width[widest] <= NARROW)
			break;
		width[widest]--;
	}
}

/* Prints the row of cells CELL[0..N) in as many lines as the longest needs. */
static void print_row(const struct cell *cell, size_t n, const unsigned *width, FILE *out)
{
	const char *left[COLUMNS_MAX];
	bool more = true;

	for (size_t i = 0; i < n; i++)
		left[i] = cell[i].text;
	while (more) {
		unsigned owed = 0;	/* blanks that are only due if something follows */

		more = false;
		for (size_t i = 0; i < n; i++) {
			size_t len = line_of(left[i], width[i]);
			unsigned taken = columns_of(left[i], len), spare = width[i] > taken ? width[i] - taken : 0;

			if (len) {
				blanks(out, owed + (cell[i].number ? spare : 0));
				owed = 0;
			}
			fwrite(left[i], 1, len, out);
			owed += (len && cell[i].number ? 0 : spare) + GAP;
			left[i] += len;
			left[i] += strspn(left[i], " ");
			more |= *left[i] != '\0';
		}
		fputc('\n', out);
	}
}

/* A bar would end the cell. */
static void markdown_cell(FILE *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '|')
			fputc('\\', out);
		fputc(*s, out);
	}
}

static void markdown_row(const struct cell *cell, size_t n, FILE *out)
{
	fputc('|', out);
	for (size_t i = 0; i < n; i++) {
		fputc(' ', out);
		markdown_cell(out, cell[i].text);
		fputs(" |", out);
	}
	fputc('\n', out);
}

static void markdown_rule(const struct cell *cell, size_t n, FILE *out)
{
	fputc('|', out);
	for (size_t i = 0; i < n; i++)
		fputs(cell[i].number ? "---:|" : "---|", out);
	fputc('\n', out);
}

static size_t cells_of_row(const struct texttable *t, size_t first)
{
	size_t n = 0;

	while (first + n < t->n && t->cell[first + n].row == t->cell[first].row)
		n++;
	return n;
}

/* "name value; name value ...", the first cell above; what is empty or unknown is left out. */
static int print_paragraph(const struct cell *heading, size_t headings, const struct cell *cell, size_t n, FILE *out, unsigned width)
{
	const char *between = "";
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return -ENOMEM;
	for (size_t i = 1; i < n; i++) {
		const char *name = i < headings ? heading[i].text : "";

		if (!*cell[i].text || !strcmp(cell[i].text, "-"))
			continue;
		fprintf(f, "%s%s%s%s", between, name, *name ? " " : "", cell[i].text);
		between = "; ";
	}
	if (fclose(f))
		return -ENOMEM;
	fprintf(out, "%s\n", cell[0].text);
	if (size) {
		texttable_wrap(out, text, width, GAP);
		fputc('\n', out);
	}
	free(text);
	return 0;
}

static int print_paragraphs(const struct texttable *t, FILE *out, unsigned width)
{
	size_t headings = cells_of_row(t, 0);
	int rc = 0;

	for (size_t i = headings, n; i < t->n && !rc; i += n) {
		n = cells_of_row(t, i);
		rc = print_paragraph(t->cell, headings, &t->cell[i], n, out, width);
	}
	return rc;
}

static void print_columns(const struct texttable *t, FILE *out, const unsigned *width)
{
	for (size_t i = 0, n; i < t->n; i += n) {
		n = cells_of_row(t, i);
		print_row(&t->cell[i], n, width, out);
	}
}

static void print_markdown(const struct texttable *t, FILE *out)
{
	for (size_t i = 0, n; i < t->n; i += n) {
		n = cells_of_row(t, i);
		markdown_row(&t->cell[i], n, out);
		if (!i)
			markdown_rule(&t->cell[i], n, out);
	}
}

int texttable_print(const struct texttable *t, FILE *out, bool markdown, unsigned width)
{
	unsigned widths[COLUMNS_MAX], columns = measure(t, widths);

	if (markdown) {
		print_markdown(t, out);
		return 0;
	}
	if (columns > COLUMNS_FEW && all_of(widths, columns) > width)
		return print_paragraphs(t, out, width);
	squeeze(widths, columns, width);
	print_columns(t, out, widths);
	return 0;
}
