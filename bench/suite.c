// SPDX-License-Identifier: GPL-2.0-only
#include "suite.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* While a job file is read: what [global] has said so far, as text and as options. */
struct reading {
	struct suite *s;
	const char *path;
	jobscan_lookup lookup;
	char *global;
	size_t global_size;
	FILE *global_text, *text;	/* TEXT: of the section that is being read, NULL in [global] */
	size_t text_size;
	json_t *global_options;
	unsigned line;
	bool in_global;
};

static struct suite_cell *last(const struct reading *r)
{
	return &r->s->cell[r->s->n - 1];
}

static void end_section(struct reading *r)
{
	if (r->text)
		fclose(r->text);
	r->text = NULL;
}

static int begin_section(struct reading *r, const char *name, struct why *why)
{
	char where[PATH_MAX + 32];
	struct suite_cell *more;

	snprintf(where, sizeof(where), "%s:%u", r->path, r->line);
	if (plainname_check(where, name, "a cell", why))
		return -EINVAL;
	for (size_t i = 0; i < r->s->n; i++)
		if (!strcmp(r->s->cell[i].name, name))
			return why_set(why, -EINVAL, "%s:%u: there are two sections [%s]: give each cell a name of its own", r->path, r->line, name);
	if (r->s->n == SUITE_CELLS_MAX)
		return why_set(why, -E2BIG, "%s:%u: more than %d sections", r->path, r->line, SUITE_CELLS_MAX);
	more = realloc(r->s->cell, (r->s->n + 1) * sizeof(*more));
	if (!more)
		return why_set(why, -ENOMEM, "out of memory");
	r->s->cell = more;
	r->s->n++;
	*last(r) = (struct suite_cell){ .options = json_deep_copy(r->global_options) };
	snprintf(last(r)->name, sizeof(last(r)->name), "%s", name);
	r->text = open_memstream(&last(r)->text, &r->text_size);
	if (!r->text || !last(r)->options)
		return why_set(why, -ENOMEM, "out of memory");
	fflush(r->global_text);
	fprintf(r->text, "[global]\n%s[%s]\n", r->global, name);
	return 0;
}

static int take_section(struct reading *r, char *line, struct why *why)
{
	char *end = strchr(line, ']');

	if (!end)
		return why_set(why, -EINVAL, "%s:%u: '%s' has no closing bracket", r->path, r->line, line);
	*end = '\0';
	end_section(r);
	r->in_global = !strcmp(line + 1, "global");
	return r->in_global ? 0 : begin_section(r, line + 1, why);
}

/* As fio reads a time: a whole number, with a unit or in seconds; of 0.3s it sees the 0. */
static double seconds_of(const char *value)
{
	static const struct {
		const char *name;
		double s;
	} units[] = { { "us", 1e-6 }, { "ms", 1e-3 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 } };
	char *end;
	double v = (double)strtoul(value, &end, 10);

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (!strcmp(end, units[i].name))
			return v * units[i].s;
	return v;
}

static int take_option(struct reading *r, char *line, struct why *why)
{
	char *eq = strchr(line, '='), *value;
	json_t *options = r->in_global ? r->global_options : r->s->n ? last(r)->options : NULL;

	if (!r->in_global && !r->text)
		return why_set(why, -EINVAL, "%s:%u: '%s' is in no section", r->path, r->line, line);
	if (eq)
		*eq = '\0';
	jobscan_trim(line);
	value = jobscan_expand(eq ? eq + 1 : "", r->lookup);
	if (!value)
		return why_set(why, -ENOMEM, "out of memory");
	jobscan_trim(value);
	/* cells run alone */
	if (strcmp(line, "stonewall") && strcmp(line, "wait_for_previous")) {
		json_object_set_new(options, line, json_string(value));
		fprintf(r->in_global ? r->global_text : r->text, "%s%s%s\n", line, eq ? "=" : "", value);
	}
	free(value);
	return 0;
}

static int take_line(struct reading *r, char *line, struct why *why)
{
	r->line++;
	jobscan_trim(line);
	if (!*line || *line == '#' || *line == ';')
		return 0;
	if (*line == '[')
		return take_section(r, line, why);
	if (!strncmp(line, "include ", 8))
		return why_set(why, -EINVAL, "%s:%u: '%s': a suite is one file: put the lines here", r->path, r->line, line);
	return take_option(r, line, why);
}

static int read_lines(struct reading *r, const char *text, struct why *why)
{
	int rc = 0;

	while (*text && !rc) {
		size_t len = strcspn(text, "\n");
		char *line = strndup(text, len);

		rc = line ? take_line(r, line, why) : why_set(why, -ENOMEM, "out of memory");
		free(line);
		text += len + (text[len] == '\n');
	}
	return rc;
}

int suite_parse(struct suite *s, const char *text, const char *path, jobscan_lookup lookup, struct why *why)
{
	struct reading r = { .s = s, .path = path, .lookup = lookup, .global_options = json_object() };
	int rc;

	*s = (struct suite){ 0 };
	r.global_text = open_memstream(&r.global, &r.global_size);
	rc = r.global_text && r.global_options ? read_lines(&r, text, why) : why_set(why, -ENOMEM, "out of memory");
	end_section(&r);
	if (r.global_text)
		fclose(r.global_text);
	free(r.global);
	json_decref(r.global_options);
	if (!rc && !s->n)
		rc = why_set(why, -EINVAL, "%s: there is no section but [global]: nothing to run", path);
	for (size_t i = 0; i < s->n && !rc; i++)
		s->cell[i].seconds = seconds_of(suite_option(&s->cell[i], "runtime")) + seconds_of(suite_option(&s->cell[i], "ramp_time"));
	return rc;
}

const char *suite_option(const struct suite_cell *c, const char *name)
{
	const char *v = json_string_value(json_object_get(c->options, name));

	return v ? v : "";
}

void suite_free(struct suite *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->cell[i].text);
		json_decref(s->cell[i].options);
	}
	free(s->cell);
	*s = (struct suite){ 0 };
}
