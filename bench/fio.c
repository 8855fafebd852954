// SPDX-License-Identifier: GPL-2.0-only
#include "fio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc.h"
#include "store.h"

int fio_beside_program(char *out, size_t size, const char *name)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	if (n <= 0)
		return -ENOENT;
	exe[n] = '\0';
	slash = strrchr(exe, '/');
	if (!slash)
		return -ENOENT;
	*slash = '\0';
	return snprintf(out, size, "%s/%s", exe, name) >= (int)size ? -ENAMETOOLONG : 0;
}

static void find_engine(struct fio *fio, const char *dir)
{
	char engine[PATH_MAX + 16];

	fio->engine_dir[0] = '\0';
	if (dir) {
		snprintf(fio->engine_dir, sizeof(fio->engine_dir), "%s", dir);
		return;
	}
	if (fio_beside_program(fio->engine_dir, sizeof(fio->engine_dir), "../engine"))
		return;
	snprintf(engine, sizeof(engine), "%s/sqpoll", fio->engine_dir);
	if (access(engine, R_OK))
		fio->engine_dir[0] = '\0';
}

int fio_find(struct fio *fio, const char *bin, const char *engine_dir, struct why *why)
{
	char *argv[] = { (char *)(bin ? bin : "fio"), "--version", NULL };
	int exit_code = 0;
	char *text;

	fio->bin = argv[0];
	find_engine(fio, engine_dir);
	text = proc_capture(argv, NULL, &exit_code, why);
	if (!text)
		return -ENOENT;
	text[strcspn(text, "\n")] = '\0';
	if (exit_code || strncmp(text, "fio-", 4)) {
		why_set(why, -ENOENT, "%s does not run as fio (%s): run scripts/setup, or name one with --fio",
			fio->bin, *text ? text : "no output");
		free(text);
		return -ENOENT;
	}
	snprintf(fio->version, sizeof(fio->version), "%s", text);
	free(text);
	return 0;
}

bool fio_complaint(const char *path, char *out, size_t size)
{
	static const char *const starts[] = { "sqpoll: ", "fio: " };
	char *text = store_read(path, NULL), *line = NULL;

	for (size_t i = 0; text && !line && i < sizeof(starts) / sizeof(*starts); i++)
		line = strstr(text, starts[i]);
	if (line)
		snprintf(out, size, "%.*s", (int)strcspn(line, "\n"), line);
	free(text);
	return line != NULL;
}

const char *fio_lib_dir(const struct fio *fio)
{
	return *fio->engine_dir ? fio->engine_dir : NULL;
}

int fio_engine_loads(const struct fio *fio, struct why *why)
{
	char *argv[] = { (char *)fio->bin, "--enghelp=sqpoll", NULL };
	int exit_code = 0;
	char *text = proc_capture(argv, fio_lib_dir(fio), &exit_code, why);
	bool good;

	if (!text)
		return -ENOENT;
	good = !exit_code && strstr(text, "sq_thread_idle");
	text[strcspn(text, "\n")] = '\0';
	if (!good)
		why_set(why, -ENOENT, "%s (%s) cannot load ioengine=sqpoll%s%s: %s: build it with scripts/quickstart, or name its directory with --engine-dir",
			fio->bin, fio->version, *fio->engine_dir ? " from " : "", fio->engine_dir,
			*text ? text : "no message");
	free(text);
	return good ? 0 : -ENOENT;
}
