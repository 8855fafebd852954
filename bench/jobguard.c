// SPDX-License-Identifier: GPL-2.0-only
#include "jobguard.h"

#include <errno.h>
#include <sys/stat.h>

int jobguard(const struct jobscan *s, const char *job, bool allow_write, bool *readonly, struct why *why)
{
	struct stat st;

	*readonly = s->replays && !allow_write;		/* what a log says that is written is not looked at: fio leaves it out then */
	if (allow_write)
		return 0;
	if (s->includes || s->too_many)
		return why_set(why, -EPERM, "%s: it includes other files or names more than %d, so what it writes cannot be checked: pass --allow-write if that is wanted",
			       job, JOBSCAN_FILES_MAX);
	for (size_t i = 0; i < s->files; i++) {
		if (stat(s->file[i], &st))
			continue;
		*readonly = true;
		if (s->writes)
			return why_set(why, -EPERM, "%s: the job writes to %s, %s: nothing was written; pass --allow-write if its content may be lost",
				       job, s->file[i], S_ISBLK(st.st_mode) ? "a block device" : "which exists already");
	}
	return 0;
}
