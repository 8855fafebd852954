// SPDX-License-Identifier: GPL-2.0-only
#include "nightclean.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

static int is_incomplete_night(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return *d->d_name == '.' && len > 8 && !strcmp(d->d_name + len - 4, ".tmp") && strstr(d->d_name, "Z-night-");
}

/* NAME is .ID.tmp; store_resume() takes the lock, which a night that goes on has. */
static bool drop(const char *out, const char *name)
{
	struct run run;
	char id[256];
	bool ours;

	snprintf(id, sizeof(id), "%.*s", (int)strlen(name) - 5, name + 1);
	ours = !store_resume(&run, out, id, NULL);
	if (ours)
		store_remove(run.dir);
	store_close(&run);
	return ours;
}

unsigned nightclean(const char *out)
{
	char runs[PATH_MAX];
	struct dirent **names;
	unsigned n = 0;
	int found = store_path(runs, sizeof(runs), out, "runs") ? -1 : scandir(runs, &names, is_incomplete_night, alphasort);

	for (int i = 0; i < found; i++) {
		n += drop(out, names[i]->d_name);
		free(names[i]);
	}
	if (found >= 0)
		free(names);
	return n;
}
