// SPDX-License-Identifier: GPL-2.0-only
#include "page.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plotdata.h"
#include "verdict.h"

const char *page_string(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

unsigned page_whole(const json_t *o, const char *key)
{
	return (unsigned)json_integer_value(json_object_get(o, key));
}

void page_answer(char *out, size_t size, const json_t *doc)
{
	snprintf(out, size, "%s", page_string(doc, "answer"));
}

bool page_is_chosen(const json_t *doc, const json_t *one, const char *key)
{
	return !strcmp(page_string(doc, "chosen"), page_string(one, key));
}

void page_options_of_chosen(FILE *f, const json_t *doc, const json_t *all, const char *key)
{
	const json_t *one;
	size_t i;

	json_array_foreach(all, i, one) {
		if (!page_is_chosen(doc, one, key) || !*page_string(one, "options"))
			continue;
		fputs("<p>In the job file:</p><pre>", f);
		html_text(f, page_string(one, "options"));
		fputs("</pre>\n", f);
	}
}

struct est page_est(const json_t *o)
{
	const json_t *median = json_object_get(o, "median"), *value = median ? median : json_object_get(o, "value");

	if (!json_is_number(value))
		return (struct est){ .value = NAN, .lo = NAN, .hi = NAN };
	return (struct est){ .value = json_number_value(value), .lo = json_number_value(json_object_get(o, "lo")),
			     .hi = json_number_value(json_object_get(o, "hi")),
			     .cover = json_number_value(json_object_get(o, "cover")), .n = 1 };
}

json_t *page_est_json(const struct est *e)
{
	return e->n ? json_pack("{s:f, s:f, s:f, s:f}", "value", e->value, "lo", e->lo, "hi", e->hi, "cover", e->cover) : json_null();
}

void page_real(FILE *f, double v)
{
	if (isfinite(v))
		fprintf(f, "\t%.6g", v);
	else
		fputs("\tNaN", f);
}

void page_column(FILE *f, const struct est *e)
{
	page_real(f, e->n ? e->value : NAN);
	page_real(f, e->n ? e->lo : NAN);
	page_real(f, e->n ? e->hi : NAN);
}

static const char *absent(const struct page_plot *p, const json_t *doc)
{
	return p->absent ? p->absent(doc) : NULL;
}

static int tables(const struct page_kind *kind, const char *dir, const struct page_in *in, struct why *why)
{
	int rc = store_mkdirs(dir, why);

	for (unsigned i = 0; i < kind->plots && !rc; i++) {
		const struct page_plot *p = &kind->plot[i];
		struct draft d;
		char file[64];

		if (absent(p, in->doc))
			continue;
		rc = store_draft(&d, why);
		if (rc)
			return rc;
		p->table(d.f, in);
		snprintf(file, sizeof(file), "%s.tsv", p->name);
		rc = store_draft_keep(&d, 0, dir, file, why);
	}
	return rc;
}

/* Tables say the same in numbers, so a page without its drawings is still one. */
static void draw(const struct page_kind *kind, const char *dir, const json_t *doc, struct page_said *said)
{
	struct why why = { "" };

	for (unsigned i = 0; i < kind->plots; i++) {
		if (absent(&kind->plot[i], doc) || !plotdata_draw_one(dir, kind->plot[i].name, &why))
			continue;
		why.text[strcspn(why.text, "\n")] = '\0';
		snprintf(said->missing, sizeof(said->missing), "there are no drawings: %s", why.text);
		return;
	}
}

static int plots(FILE *f, const struct page_kind *kind, const char *dir, const struct page_in *in, const struct page_said *said,
		 struct why *why)
{
	int rc = 0;

	for (unsigned i = 0; i < kind->plots && !rc; i++) {
		const struct page_plot *p = &kind->plot[i];
		const char *reason = absent(p, in->doc);

		if (!reason && *said->missing)
			reason = said->missing;
		if (!reason) {
			rc = html_plot(f, dir, p->name, &p->says, "", why);
			continue;
		}
		fprintf(f, "<h2>%s</h2><p class=\"dim\">", p->says.heading);
		html_text(f, reason);
		fputs("</p>\n", f);
	}
	return rc;
}

static void again(FILE *f, const struct page_in *in)
{
	const char *command = json_string_value(json_object_get(in->run, "command"));

	fputs("<h2>Do it again</h2>", f);
	if (command) {
		fputs("<pre>", f);
		html_text(f, command);
		fputs("</pre>", f);
	} else {
		fputs("<p class=\"dim\">The run was made by an older version, which did not keep its command.</p>", f);
	}
	fputs("<p>Tables, drawings and this page from the kept values:</p><pre>sqbench report ", f);
	html_text(f, in->id);
	fputs("</pre>\n", f);
}

static int write_page(const struct page_kind *kind, const struct run *run, const char *dir, const struct page_in *in,
		      const struct page_said *said, struct why *why)
{
	struct draft d;
	int rc = store_draft(&d, why);

	if (rc)
		return rc;
	html_begin(d.f, kind->title);
	fputs("<p class=\"answer\">", d.f);
	html_text(d.f, said->answer);
	fputs(".</p>\n", d.f);
	kind->intro(d.f, in);
	rc = plots(d.f, kind, dir, in, said, why);
	kind->body(d.f, in);
	html_environment(d.f, in->env);
	again(d.f, in);
	html_end(d.f);
	return store_draft_keep(&d, rc, run->dir, "report.html", why);
}

int page_make(const struct page_kind *kind, const struct run *run, struct page_said *said, struct why *why)
{
	json_t *about = store_load(run, "run.json", why), *env = about ? store_load(run, "env.json", why) : NULL,
	       *doc = env ? store_load(run, kind->file, why) : NULL;
	struct page_in in = { run->id, about, env, doc };
	char dir[PATH_MAX];
	int rc = doc ? store_in_run(dir, run, "derived", why) : -EINVAL;

	*said = (struct page_said){ "", "" };
	if (!rc)
		rc = tables(kind, dir, &in, why);
	if (!rc) {
		size_t len;

		draw(kind, dir, doc, said);
		kind->answer(said->answer, sizeof(said->answer), doc);
		len = strlen(said->answer);
		if (json_is_true(json_object_get(env, "emulated")))
			snprintf(said->answer + len, sizeof(said->answer) - len, "; " VERDICT_EMULATED);
		rc = write_page(kind, run, dir, &in, said, why);
	}
	json_decref(doc);
	json_decref(env);
	json_decref(about);
	return rc;
}

int page_keep(const struct page_kind *kind, struct run *run, json_t *doc, json_t *end, struct page_said *said, struct why *why)
{
	int rc = store_keep_both(run, kind->file, json_incref(doc), "end.json", end, why);

	if (!rc)
		rc = page_make(kind, run, said, why);
	return rc ? rc : store_commit(run, why);
}

int page_keep_text(const struct run *run, void (*say)(FILE *f, const json_t *doc), const json_t *doc, const char *name, const char *also, struct why *why)
{
	struct draft d;
	char path[PATH_MAX], *text;
	int rc = store_draft(&d, why);

	if (rc)
		return rc;
	say(d.f, doc);
	rc = store_draft_keep(&d, 0, run->dir, name, why);
	if (rc || !also)
		return rc;
	rc = store_in_run(path, run, name, why);
	text = rc ? NULL : store_read(path, why);
	rc = text ? store_write(also, text, why) : -EIO;
	free(text);
	return rc;
}

struct est page_shift_pct(const json_t *o)
{
	struct est e = page_est(json_object_get(o, "shift"));

	e.value *= 100;
	e.lo *= 100;
	e.hi *= 100;
	return e;
}

int page_open(struct run *run, const char *dir, struct why *why)
{
	json_t *about;
	const char *id;
	int rc = 0;

	*run = (struct run){ .lock_fd = -1 };
	if (!realpath(dir, run->dir))
		return why_set(why, -errno, "%s: %s: name a run's directory or its id, see sqbench list", dir, strerror(errno));
	memcpy(run->final, run->dir, sizeof(run->final));
	if (!store_kept(run, "run.json"))
		return why_set(why, -EINVAL, "%s: not a run of sqbench tune, ring or versus", dir);
	about = store_load(run, "run.json", why);
	if (!about)
		return -EINVAL;
	id = json_string_value(json_object_get(about, "id"));
	if (!id)
		rc = why_set(why, -EINVAL, "%s: its run.json has no id: the file is damaged", dir);
	snprintf(run->id, sizeof(run->id), "%s", id ? id : "");
	json_decref(about);
	return rc;
}

static const char *page_path(char *path, const struct run *run)
{
	if (store_path(path, PATH_MAX, run->final, "report.html"))
		*path = '\0';
	return path;
}

void page_print(const struct run *run, const struct page_said *said)
{
	char path[PATH_MAX];

	if (*said->missing)
		printf("note: %s\n", said->missing);
	printf("answer: %s\nreport: %s\n", said->answer, page_path(path, run));
}

void page_put(json_t *doc, const struct run *run, const struct page_said *said)
{
	char path[PATH_MAX];

	json_object_set_new(doc, "dir", json_string(run->final));
	json_object_set_new(doc, "answer", json_string(said->answer));
	json_object_set_new(doc, "report", json_string(page_path(path, run)));
	json_object_set_new(doc, "missing", *said->missing ? json_string(said->missing) : json_null());
}
