// SPDX-License-Identifier: GPL-2.0-only
#include "fioread.h"

#include <errno.h>
#include <stdio.h>

#include "proc.h"

#define PATIENCE_S 60

int fioread_run(const struct fio *fio, const struct fioread *job, struct fio_result *r, double *cpu_s, struct why *why)
{
	char name[PATH_MAX + 16], bs[64], qd[32], rw[32], runtime[48], output[PATH_MAX + 16];
	char *argv[15 + FIOREAD_MORE_MAX] = { (char *)fio->bin, "--name=read", "--readonly", "--norandommap", "--time_based",
					      "--invalidate=0", job->bins ? "--output-format=json+" : "--output-format=json",
					      job->direct ? "--direct=1" : "--direct=0", name, bs, qd, rw, runtime, output };
	struct proc_end end = { 0 };
	json_t *doc;
	int n = 14, rc;

	for (const char *const *more = job->more; *more; more++)
		argv[n++] = (char *)*more;
	snprintf(name, sizeof(name), "--filename=%s", job->path);
	snprintf(bs, sizeof(bs), "--bs=%s", job->bs);
	snprintf(qd, sizeof(qd), "--iodepth=%u", job->iodepth);
	snprintf(rw, sizeof(rw), "--rw=%s", job->rw);
	snprintf(runtime, sizeof(runtime), "--runtime=%.0fms", job->seconds * 1e3);
	snprintf(output, sizeof(output), "--output=%s", job->json_path);
	rc = proc_run(&(struct proc){ .argv = argv, .lib_dir = fio_lib_dir(fio), .timeout_s = job->seconds + PATIENCE_S,
				      .stop_signal = SIGKILL, .tick = job->tick, .ctx = job->ctx }, &end, why);
	if (!rc && end.interrupted)
		return why_set(why, -EINTR, "interrupted: nothing is kept");
	doc = rc ? NULL : fiojson_load(job->json_path, why);
	rc = doc ? fiojson_result(doc, r, why) : -EIO;
	json_decref(doc);
	if (rc)
		return rc;
	*cpu_s = end.cpu_s;
	if (!end.exit && !r->error && r->iops > 0)
		return 0;
	hist_free(&r->lat_ns);
	return why_set(why, -EIO, "%s at iodepth=%u failed (exit %d): try the same with fio itself on %s", job->name, job->iodepth,
		       end.exit, job->path);
}
