// SPDX-License-Identifier: GPL-2.0-only
#include "fiojob.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc.h"

#define PATIENCE_S 60
#define ARGS 12		/* of our own, at most */

static int failed(const struct fiojob *job, const char *messages, const struct proc_end *end, struct why *why)
{
	char said[300] = "";

	if (end->timed_out)
		snprintf(said, sizeof(said), "it did not end");
	else if (!fio_complaint(messages, said, sizeof(said)))
		fio_complaint(job->json_path, said, sizeof(said));
	return why_set(why, -EIO, "%s at iodepth=%u failed (exit %d)%s%s; try the same with fio itself on %s", job->name, job->iodepth,
		       end->exit, *said ? ": " : "", said, job->path);
}

static int run(const struct fio *fio, const struct fiojob *job, const char *messages, struct proc_end *end, struct why *why)
{
	char name[PATH_MAX + 16], bs[64], qd[32], rw[32], runtime[48], output[PATH_MAX + 16];
	char *argv[ARGS + FIOJOB_MORE_MAX + 1] = { (char *)fio->bin, "--name=job", "--norandommap", "--invalidate=0",
						   job->bins ? "--output-format=json+" : "--output-format=json",
						   job->direct ? "--direct=1" : "--direct=0", name, bs, qd, rw, runtime, output };
	int n = ARGS, rc;

	if (!job->writes)
		argv[n++] = "--readonly";
	if (job->seconds > 0 && !job->replay)
		argv[n++] = "--time_based";
	for (const char *const *more = job->more; *more; more++)
		argv[n++] = (char *)*more;
	snprintf(name, sizeof(name), "--%s=%s", job->replay ? "read_iolog" : "filename", job->replay ? job->replay : job->path);
	snprintf(bs, sizeof(bs), "--bs=%s", job->bs);
	snprintf(qd, sizeof(qd), "--iodepth=%u", job->iodepth);
	snprintf(rw, sizeof(rw), "--rw=%s", job->rw);
	if (job->seconds > 0)
		snprintf(runtime, sizeof(runtime), "--runtime=%.0fms", job->seconds * 1e3);
	else
		snprintf(runtime, sizeof(runtime), "--number_ios=1");
	snprintf(output, sizeof(output), "--output=%s", job->json_path);
	unlink(job->json_path);
	rc = proc_run(&(struct proc){ .argv = argv, .stderr_path = messages, .lib_dir = fio_lib_dir(fio),
				      .timeout_s = job->seconds + PATIENCE_S,
				      .stop_signal = SIGKILL, .tick = job->tick, .ctx = job->ctx }, end, why);
	if (!rc && end->interrupted)
		rc = why_set(why, -EINTR, "interrupted: nothing is kept");
	return rc;
}

static int results(const struct fiojob *job, const char *messages, const struct proc_end *end, struct fio_result *r, struct why *why)
{
	json_t *doc = fiojson_load(job->json_path, why);
	int rc = doc ? fiojson_result(doc, r, why) : -EIO;

	json_decref(doc);
	if (rc || (!r->error && r->iops > 0))
		return rc;
	hist_free(&r->lat_ns);
	return failed(job, messages, end, why);
}

int fiojob_run(const struct fio *fio, const struct fiojob *job, struct fio_result *r, double *cpu_s, struct why *why)
{
	struct proc_end end = { 0 };
	char messages[PATH_MAX + 16];
	int rc;

	snprintf(messages, sizeof(messages), "%s.messages", job->json_path);
	rc = run(fio, job, messages, &end, why);
	*cpu_s = end.cpu_s;
	if (!rc && end.exit)
		rc = failed(job, messages, &end, why);
	else if (!rc && r)
		rc = results(job, messages, &end, r, why);
	unlink(messages);
	return rc;
}
