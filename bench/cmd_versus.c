// SPDX-License-Identifier: GPL-2.0-only
/* Our engine against the stock engine of the same fio, side by side in one run. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "env.h"
#include "proc.h"
#include "report_versus.h"
#include "scratch.h"
#include "store.h"
#include "versusargs.h"
#include "versusdata.h"

#define SIZE_MIB 64

struct session {
	const struct versus_args *a;
	struct versus_bench bench;
	struct versus_load load[VERSUS_SPEC_MAX];
	struct run run;
	json_t *env;
	char created[32], *command;
};

static uint64_t size_of(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);

	if (fd >= 0)
		close(fd);
	return end > 0 ? (uint64_t)end : 0;
}

static int plan(struct session *s, struct why *why)
{
	const struct versus_args *a = s->a;
	struct versus_bench *b = &s->bench;
	int rc = 0;

	b->load = s->load;
	b->pairs = a->spec.pairs;
	b->seconds = a->spec.seconds;
	b->file = a->file;
	for (unsigned i = 0; i < a->rows && !rc; i++)
		rc = versus_plan_row(&s->load[b->loads++], a->row[i], &a->spec);
	if (!a->rows)
		rc = versus_plan_cells(&s->load[b->loads++], &a->spec);
	return rc ? why_set(why, rc, "the cells cannot be planned: %s", strerror(-rc)) : 0;
}

static bool some_writes(const struct versus_bench *b)
{
	for (unsigned i = 0; i < b->loads; i++)
		for (unsigned c = 0; c < b->load[i].cells; c++)
			if (versus_writes(&b->load[i].cell[c]))
				return true;
	return false;
}

static bool some_cached(const struct versus_bench *b)
{
	for (unsigned i = 0; i < b->loads; i++)
		if (!b->load[i].direct)
			return true;
	return false;
}

/* What the user can get wrong is found before anything is written. */
static int check_file(struct session *s, struct why *why)
{
	const char *path = s->a->file;
	bool writes = some_writes(&s->bench);
	struct stat st;

	if (!path)
		return 0;
	if (!realpath(path, s->bench.path) || stat(path, &st) || access(path, R_OK))
		return why_set(why, -EINVAL, "%s: %s: name a file or device that can be read", path, strerror(errno));
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return why_set(why, -EINVAL, "%s: neither a regular file nor a block device: name one that can be read", path);
	if (writes && !s->a->allow_write)
		return why_set(why, -EINVAL, "some cells write to %s, %s: nothing was written; pass --allow-write if its content may be lost",
			       path, S_ISBLK(st.st_mode) ? "a block device" : "which exists already");
	if (writes && access(path, W_OK))
		return why_set(why, -EINVAL, "%s: %s: run as a user who may write it", path, strerror(errno));
	s->bench.bytes = size_of(path);
	return 0;
}

static int begin(struct session *s, struct why *why)
{
	const struct versus_args *a = s->a;
	struct versus_bench *b = &s->bench;
	int rc = store_create(&s->run, a->common.out, "versus", why);

	if (!rc)
		rc = store_in_run(b->json_path, &s->run, "fio.json", why);
	if (!rc)
		rc = store_in_run(b->iolog_path, &s->run, "arrivals.iolog", why);
	if (!rc)
		rc = store_in_run(b->stats_path, &s->run, "engine.jsonl", why);
	if (!rc && !a->file) {
		b->bytes = (uint64_t)SIZE_MIB << 20;
		rc = store_in_run(b->path, &s->run, "scratch.dat", why);
		rc = rc ? rc : scratch_create(b->path, b->bytes, why);
	}
	if (rc)
		return rc;
	if (some_cached(b))
		scratch_warm(b->path);
	store_time(s->created, sizeof(s->created));
	s->env = env_collect(&b->fio, b->path);
	return store_keep_start(&s->run, "versus", s->created, s->command, a->file ? a->file : "scratch file", json_incref(s->env), why);
}

/* What of a run is not kept. */
static void clean_up(const struct session *s)
{
	const struct versus_bench *b = &s->bench;

	unlink(b->json_path);
	unlink(b->iolog_path);
	unlink(b->stats_path);
	if (!s->a->file)
		unlink(b->path);
}

static int finish(struct session *s, struct why *why)
{
	json_t *doc = versusdata_json(&s->bench), *end = env_at_end(&s->bench.fio);
	struct page_said said;
	int rc;

	clean_up(s);
	json_object_update_new(doc, json_pack("{s:s, s:s, s:s, s:O}", "id", s->run.id, "created", s->created, "command", s->command, "env", s->env));
	rc = page_keep(&report_versus, &s->run, doc, end, &said, why);
	if (!rc && s->a->common.json) {
		page_put(doc, &s->run, &said);
		cmd_print_json(json_incref(doc));
	} else if (!rc) {
		versusdata_print(stdout, &s->bench);
		page_print(&s->run, &said);
		printf("run: %s\n", s->run.final);
	}
	json_decref(doc);
	return rc;
}

/* Rows that gave nothing; with none that gave something there is nothing to keep. */
static int judge(const struct versus_bench *b, unsigned *missing, struct why *why)
{
	for (unsigned i = 0; i < b->loads; i++) {
		if (!b->load[i].reason)
			continue;
		if (!(*missing)++)
			why_set(why, 0, "%s was not measured: %s", b->load[i].row->name, b->load[i].reason);
	}
	return *missing == b->loads ? -ENODATA : 0;
}

static int carry_out(struct session *s, unsigned *missing, struct why *why)
{
	int rc = begin(s, why);

	if (!rc)
		rc = versus_run(&s->bench, why);
	if (!rc)
		rc = judge(&s->bench, missing, why);
	if (!rc)
		rc = finish(s, why);
	if (rc && s->run.dir[0])
		store_remove(s->run.dir);
	store_close(&s->run);
	return rc;
}

static int code_of(int rc, unsigned missing)
{
	switch (rc) {
	case 0:
		return missing ? EXIT_FAILED : EXIT_DONE;
	case -EINTR:
		return EXIT_INTERRUPTED;
	case -EINVAL:
		return EXIT_USAGE;
	default:
		return EXIT_CANNOT;
	}
}

int cmd_versus(int argc, char **argv)
{
	static struct versus_args a = { .common.out = "results" };
	static struct session s = { .run = { .lock_fd = -1 } };
	unsigned missing = 0;
	struct why why = { "" };
	int rc;

	s.command = cmd_line(argc, argv);
	versus_args_parse(argc, argv, &a);
	s.a = &a;
	rc = s.command ? plan(&s, &why) : why_set(&why, -ENOMEM, "out of memory");
	if (!rc)
		rc = check_file(&s, &why);
	if (!rc && (fio_find(&s.bench.fio, a.common.fio, a.common.engine_dir, &why) || fio_engine_loads(&s.bench.fio, &why)))
		rc = -ENOENT;
	if (!rc) {
		proc_catch_signals();
		rc = carry_out(&s, &missing, &why);
	}
	for (unsigned i = 0; i < s.bench.loads; i++)
		versus_load_free(&s.load[i]);
	json_decref(s.env);
	free(s.command);
	if (rc || missing)
		cmd_fail(0, "versus", &why);
	return code_of(rc, missing);
}
