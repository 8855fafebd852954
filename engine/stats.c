// SPDX-License-Identifier: GPL-2.0-only
#include "stats.h"

#include "idle.h"
#include "procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* 6 digits: jansson prints doubles with up to 17, which no measurement here deserves */
enum { LINE_FLAGS = JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6) };

static const char *const setup_names[] = {
	"IOPOLL", "SQPOLL", "SQ_AFF", "CQSIZE", "CLAMP", "ATTACH_WQ", "R_DISABLED", "SUBMIT_ALL", "COOP_TASKRUN",
	"TASKRUN_FLAG", "SQE128", "CQE32", "SINGLE_ISSUER", "DEFER_TASKRUN", "NO_MMAP", "REGISTERED_FD_ONLY",
	"NO_SQARRAY", "HYBRID_IOPOLL",
};

static const char *const feature_names[] = {
	"SINGLE_MMAP", "NODROP", "SUBMIT_STABLE", "RW_CUR_POS", "CUR_PERSONALITY", "FAST_POLL", "POLL_32BITS",
	"SQPOLL_NONFIXED", "EXT_ARG", "NATIVE_WORKERS", "RSRC_TAGS", "CQE_SKIP", "LINKED_FILE", "REG_REG_RING",
	"RECVSEND_BUNDLE", "MIN_TIMEOUT", "RW_ATTR", "NO_IOWAIT",
};

/* Bits without a name yet are given as "bitN": nothing is hidden. */
static json_t *bit_names(unsigned bits, const char *const *names, unsigned nr)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < 32; i++) {
		if (!(bits & (1u << i)))
			continue;
		json_array_append_new(list, i < nr ? json_string(names[i]) : json_sprintf("bit%u", i));
	}
	return list;
}

static json_t *hist_json(const struct sqp_hist *h)
{
	static const struct { const char *name; double fraction; } p[] = {
		{ "p50", 0.5 }, { "p90", 0.9 }, { "p99", 0.99 }, { "p999", 0.999 },
	};
	json_t *o = json_object(), *bins = json_array();
	bool some = h->n > 0;

	json_object_set_new(o, "n", json_integer((json_int_t)h->n));
	json_object_set_new(o, "min", some ? json_integer((json_int_t)h->min) : json_null());
	json_object_set_new(o, "mean", some ? json_integer((json_int_t)(h->sum / h->n)) : json_null());
	for (unsigned i = 0; i < SQP_NR(p); i++)
		json_object_set_new(o, p[i].name,
				    some ? json_integer((json_int_t)sqp_hist_percentile(h, p[i].fraction)) : json_null());
	json_object_set_new(o, "max", some ? json_integer((json_int_t)h->max) : json_null());
	for (unsigned i = 0; some && i < SQP_HIST_BINS; i++)
		if (h->bin[i])
			json_array_append_new(bins, json_pack("[I,I,I]", (json_int_t)sqp_hist_low(i),
							      (json_int_t)sqp_hist_low(i + 1), (json_int_t)h->bin[i]));
	json_object_set_new(o, "bins", bins);
	return o;
}

/* VALUE under NAME, or null when it is negative, with the reason under PATH. */
static void set_or_null(json_t *o, const char *name, double value, json_t *reasons, const char *path, const char *why)
{
	if (value >= 0) {
		json_object_set_new(o, name, value == (double)(json_int_t)value ? json_integer((json_int_t)value) :
									   json_real(value));
		return;
	}
	json_object_set_new(o, name, json_null());
	json_object_set_new(reasons, path, json_string(why));
}

int64_t sqp_sq_cpu_us(const struct sqp_usage *used, const char **source)
{
	const struct { int64_t us; const char *source; } table[] = {
		{ used->info.total_us, "fdinfo" }, { used->sched.cpu_us, "schedstat" },
	};

	for (unsigned i = 0; i < SQP_NR(table); i++) {
		*source = table[i].source;
		if (table[i].us >= 0)
			return table[i].us;
	}
	*source = NULL;
	return -1;
}

static json_t *sq_thread_json(const struct sqp_usage *used, json_t *reasons)
{
	static const char no_times[] = "this kernel's fdinfo has no SqTotalTime and SqWorkTime (Linux 6.9)";
	static const char no_thread[] = "fdinfo did not name the SQ thread (too old a kernel, or /proc is missing)";
	static const char no_sched[] = "neither fdinfo nor /proc/TID/schedstat tells (CONFIG_SCHED_INFO)";
	static const char no_schedstat[] = "/proc/TID/schedstat of the SQ thread cannot be read (CONFIG_SCHED_INFO)";
	static const char no_debug[] = "/proc/TID/sched of the SQ thread cannot be read (CONFIG_SCHED_DEBUG)";
	static const char no_status[] = "/proc/TID/status of the SQ thread cannot be read";
	const char *source;
	const struct { const char *name, *path; int64_t value; const char *why; } table[] = {
		{ "tid", "sq_thread.tid", used->info.tid, no_thread },
		{ "cpu", "sq_thread.cpu", used->info.cpu, no_thread },
		{ "total_us", "sq_thread.total_us", used->info.total_us, no_times },
		{ "work_us", "sq_thread.work_us", used->info.work_us, no_times },
		{ "cpu_us", "sq_thread.cpu_us", sqp_sq_cpu_us(used, &source), no_sched },
		{ "wait_us", "sq_thread.wait_us", used->sched.wait_us, no_schedstat },
		{ "switches", "sq_thread.switches", used->sched.switches, no_status },
		{ "migrations", "sq_thread.migrations", used->sched.migrations, no_debug },
	};
	json_t *o = json_object();

	for (unsigned i = 0; i < SQP_NR(table); i++)
		set_or_null(o, table[i].name, (double)table[i].value, reasons, table[i].path, table[i].why);
	json_object_set_new(o, "source", source ? json_string(source) : json_null());
	return o;
}

static json_t *text_json(const char *text)
{
	json_t *s = json_string(text);

	return s ? s : json_string("(not UTF-8)");
}

static json_t *options_json(const struct sqp_identity *id)
{
	json_t *o = json_object();

	for (unsigned i = 0; i < id->nr_options; i++) {
		const struct sqp_option_value *v = &id->option[i];

		json_object_set_new(o, v->name, v->text ? text_json(v->text) : json_integer(v->number));
	}
	return o;
}

static json_t *nvme_errors_json(const struct sqp_nvme_errors *e)
{
	json_t *list = json_array();
	char text[SQP_NVME_STATUS_LEN];

	for (unsigned i = 0; e && i < e->nr; i++) {
		const struct sqp_nvme_error *k = &e->kind[i];

		sqp_nvme_describe_res(k->res, text, sizeof(text));
		json_array_append_new(list, json_pack("{s:s,s:s,s:i,s:i,s:I}", "command", sqp_nvme_op_name(k->op), "text", text,
						      "status", k->res > 0 ? k->res : 0, "errno", sqp_nvme_errno(k->res),
						      "n", (json_int_t)k->n));
	}
	return list;
}

static void set_identity(json_t *o, const struct sqp_identity *id)
{
	struct utsname u = { .release = "" };
	json_t *notes = json_array();
	unsigned hz = sqp_kernel_hz();

	uname(&u);
	json_object_set_new(o, "schema", json_string("sqpoll-stats/1"));
	json_object_set_new(o, "job", text_json(id->job ? id->job : ""));
	json_object_set_new(o, "groupid", json_integer(id->groupid));
	json_object_set_new(o, "thread", json_integer(id->thread));
	json_object_set_new(o, "pid", json_integer(getpid()));
	json_object_set_new(o, "fio_version", json_string(id->fio_version));
	json_object_set_new(o, "engine_version", json_string(SQP_ENGINE_VERSION));
	json_object_set_new(o, "kernel", json_string(u.release));
	json_object_set_new(o, "hz", hz ? json_integer(hz) : json_null());
	json_object_set_new(o, "error", json_integer(id->error));
	json_object_set_new(o, "options", options_json(id));
	for (unsigned i = 0; i < id->nr_notes; i++)
		json_array_append_new(notes, json_string(id->note[i]));
	json_object_set_new(o, "notes", notes);
	json_object_set_new(o, "nvme_errors", nvme_errors_json(id->nvme_errors));
}

/* TEXT under NAME, or null when it is empty, with the reason under PREFIX.NAME. */
static void text_or_null(json_t *o, const char *name, const char *text, json_t *reasons, const char *prefix, const char *why)
{
	char path[64];

	json_object_set_new(o, name, *text ? text_json(text) : json_null());
	if (*text)
		return;
	snprintf(path, sizeof(path), "%s.%s", prefix, name);
	json_object_set_new(reasons, path, json_string(why));
}

/* What is needed to know the machine again, of a job that ran on another one */
static void set_host(json_t *o, json_t *reasons)
{
	json_t *host = json_object();
	struct utsname u = { .release = "" };
	char line[64];

	uname(&u);
	json_object_set_new(host, "name", text_json(u.nodename));
	json_object_set_new(host, "kernel_build", text_json(u.version));
	json_object_set_new(host, "machine", text_json(u.machine));
	json_object_set_new(host, "cpus", json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
	if (!sqp_read_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", line, sizeof(line)))
		line[0] = '\0';
	text_or_null(host, "governor", line, reasons, "host", "no cpufreq driver: usual in a virtual machine");
	if (!sqp_read_line("/sys/devices/system/cpu/smt/active", line, sizeof(line)))
		line[0] = '\0';
	text_or_null(host, "smt", line[0] ? (line[0] == '1' ? "on" : "off") : "", reasons, "host", "the kernel does not tell whether SMT is on");
	json_object_set_new(o, "host", host);
}

static void set_target(json_t *o, const struct sqp_identity *id, json_t *reasons)
{
	static const char no_device[] = "the job has no file yet, or it is not on a device of /sys";
	static const char not_told[] = "the device does not tell";
	static const struct sqp_drive unknown = { .io_poll = -1, .poll_queues = -1 };
	const struct sqp_drive *d = id->drive ? id->drive : &unknown;
	const char *why = id->drive ? not_told : no_device;
	const struct { const char *name, *text; } table[] = {
		{ "path", id->target ? id->target : "" }, { "device", d->device }, { "model", d->model },
		{ "firmware", d->firmware }, { "serial", d->serial }, { "scheduler", d->scheduler },
	};
	json_t *target = json_object();

	for (unsigned i = 0; i < SQP_NR(table); i++)
		text_or_null(target, table[i].name, table[i].text, reasons, "target", why);
	set_or_null(target, "io_poll", d->io_poll, reasons, "target.io_poll", why);
	set_or_null(target, "poll_queues", d->poll_queues, reasons, "target.poll_queues", why);
	json_object_set_new(o, "target", target);
}

static void set_counters(json_t *o, const struct sqp_counters *c)
{
	const struct { const char *name; uint64_t value; } table[] = {
		{ "submitted", c->submitted }, { "completed", c->completed }, { "enters", c->enters },
		{ "wakeups", c->wakeups }, { "rechecks", c->rechecks }, { "bypassed", c->bypassed },
		{ "bypass_enters", c->bypass_enters }, { "waits", c->waits }, { "polls", c->polls },
		{ "yields", c->yields }, { "sq_full", c->sq_full },
		{ "cq_overflow", c->cq_overflow }, { "stalls", c->stalls },
		{ "trials", c->trials }, { "trials_failed", c->trials_failed },
	};

	for (unsigned i = 0; i < SQP_NR(table); i++)
		json_object_set_new(o, table[i].name, json_integer((json_int_t)table[i].value));
}

static double ms(uint64_t ns)
{
	return ns ? (double)ns / 1e6 : -1;
}

/* The idle period in force over time */
static void set_series(json_t *o, const struct sqp_ring *r)
{
	const struct sqp_live *l = r->live;
	uint64_t changes = l ? l->changes : 0;
	json_t *series = json_array();

	json_array_append_new(series, json_pack("[i,i]", 0, r->cfg.idle_ms ? (int)r->cfg.idle_ms : SQP_DEFAULT_IDLE_MS));
	for (unsigned i = 0; i < changes && i < SQP_LIVE_SERIES; i++)
		json_array_append_new(series, json_pack("[I,i]", (json_int_t)(l->series[i].at_ns / 1000),
							(int)l->series[i].idle_ms));
	json_object_set_new(o, "idle_series", series);
	json_object_set_new(o, "idle_changes", json_integer((json_int_t)changes));
}

static void set_idle(json_t *o, const struct sqp_ring *r, json_t *reasons, const char *idle_why)
{
	static const char no_awake[] = "no submission found the SQ thread awake";
	static const char no_asleep[] = "no submission found the SQ thread asleep after an idle period";
	json_t *samples = json_array();

	set_or_null(o, "idle_ms_requested", r->cfg.idle_auto ? -1 : (double)r->cfg.idle_ms, reasons, "idle_ms_requested",
		    "sq_thread_idle=auto: idle_series has what was in force");
	set_series(o, r);
	set_or_null(o, "idle_ms_effective", ms(sqp_idle_median_ns(&r->idle)), reasons, "idle_ms_effective",
		    idle_why ? idle_why : "the SQ thread was not seen to fall asleep");
	for (unsigned i = 0; i < r->idle.nr_spins; i++)
		json_array_append_new(samples, json_real(ms(r->idle.spin_ns[i])));
	json_object_set_new(o, "idle_ms_samples", samples);
	set_or_null(o, "idle_ms_awake_max", ms(r->idle.awake_max_ns), reasons, "idle_ms_awake_max", no_awake);
	set_or_null(o, "idle_ms_asleep_min", ms(r->idle.asleep_min_ns), reasons, "idle_ms_asleep_min", no_asleep);
}

static void set_hists(json_t *o, const struct sqp_ring *r, json_t *reasons)
{
	struct sqp_hist reaped = r->reaped;
	const struct { const char *name; const struct sqp_hist *h; const char *why; } table[] = {
		{ "gap_ns", &r->gap, "no submission was timed" },
		{ "wake_ns", &r->wake, "the SQ thread never had to be woken while a pick-up could be timed" },
		{ "pickup_ns", &r->taken, "no pick-up by an awake SQ thread was timed" },
		{ "reap_ns", &reaped, "no completion was timed" },
	};
	static const char no_clock[] = "no clock was read for each I/O (gtod_reduce or disabled latencies)";

	if (r->side)
		sqp_hist_merge(&reaped, &r->side->reaped);
	for (unsigned i = 0; i < SQP_NR(table); i++) {
		json_object_set_new(o, table[i].name, hist_json(table[i].h));
		if (!table[i].h->n)
			json_object_set_new(reasons, table[i].name, json_string(r->cfg.clock ? table[i].why : no_clock));
	}
}

static void set_place(json_t *o, const struct sqp_identity *id, json_t *reasons)
{
	const struct sqp_place *p = id->place;
	const struct sqp_place_seen *seen = id->place_seen;
	json_t *place = json_object();

	json_object_set_new(place, "asked", json_string(sqp_place_name(p->asked)));
	json_object_set_new(place, "class", json_string(sqp_place_name(p->kind)));
	json_object_set_new(place, "job_cpu", json_integer(p->job_cpu));
	json_object_set_new(place, "job_pinned", json_boolean(p->job_pinned));
	json_object_set_new(place, "isolated", json_boolean(p->isolated));
	json_object_set_new(place, "busy", json_boolean(p->busy));
	set_or_null(place, "buffers_node", p->buffers_node, reasons, "place.buffers_node",
		    "memory is on one node, a policy is in force (numactl, numa_mem_policy), the buffers are no plain memory (mem=mmap:FILE), or mbind failed: see notes");
	json_object_set_new(place, "kept", seen->unknown_why ? json_null() : json_boolean(seen->kept));
	if (seen->unknown_why)
		json_object_set_new(reasons, "place.kept", json_string(seen->unknown_why));
	json_object_set_new(o, "place", place);
}

static void set_flags(json_t *o, const struct sqp_ring *r, json_t *reasons)
{
	json_object_set_new(o, "setup_flags", bit_names(r->setup_flags, setup_names, SQP_NR(setup_names)));
	json_object_set_new(o, "side_setup_flags", r->side ? bit_names(r->side->setup_flags, setup_names, SQP_NR(setup_names)) : json_null());
	if (!r->side)
		json_object_set_new(reasons, "side_setup_flags", json_string("sq_wake=always: there is no plain ring"));
	json_object_set_new(o, "features", bit_names(r->features, feature_names, SQP_NR(feature_names)));
}

static void set_how_entered(json_t *o, const struct sqp_ring *r, json_t *reasons)
{
	json_object_set_new(o, "attached", json_boolean(sqp_is_attached(r)));
	json_object_set_new(o, "registered_ring", json_boolean(sqp_is_registered(r)));
	if (r->unregistered_why)
		json_object_set_new(reasons, "registered_ring", json_string(r->unregistered_why));
}

static void set_share(json_t *o, const struct sqp_identity *id, json_t *reasons)
{
	set_or_null(o, "share_group", id->share_group ? (double)id->share_group : -1, reasons, "share_group",
		    "sq_share=1: the SQ thread is this job's own");
	json_object_set_new(o, "share_jobs", json_integer(id->share_jobs));
}

char *sqp_stats_line(const struct sqp_ring *r, const struct sqp_identity *id, const struct sqp_usage *used,
		     const char *idle_why)
{
	json_t *o = json_object(), *reasons = json_object();
	struct sqp_counters count = sqp_ring_count(r);
	char *text, *line = NULL;
	size_t len;

	set_identity(o, id);
	set_host(o, reasons);
	set_target(o, id, reasons);
	set_flags(o, r, reasons);
	set_how_entered(o, r, reasons);
	set_place(o, id, reasons);
	set_share(o, id, reasons);
	json_object_set_new(o, "elapsed_us", json_integer((json_int_t)used->elapsed_us));
	set_counters(o, &count);
	set_idle(o, r, reasons, idle_why);
	json_object_set_new(o, "sq_thread", sq_thread_json(used, reasons));
	json_object_set_new(o, "app_cpu_us", json_integer((json_int_t)used->app_us));
	set_hists(o, r, reasons);
	json_object_set_new(o, "reasons", reasons);
	text = json_dumps(o, LINE_FLAGS);
	json_decref(o);
	if (!text)
		return NULL;
	len = strlen(text);
	line = realloc(text, len + 2);
	if (!line) {
		free(text);
		return NULL;
	}
	memcpy(line + len, "\n", 2);
	return line;
}

int sqp_stats_open(const char *path, struct sqp_why *why)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);

	if (fd >= 0)
		return fd;
	return sqp_why(why, -errno, "stats_file=%s cannot be opened for appending: %s; choose a path that can be written",
		       path, strerror(errno));
}

int sqp_stats_append(int fd, const char *path, const char *line, struct sqp_why *why)
{
	size_t len = strlen(line);
	ssize_t done = write(fd, line, len);

	if (done == (ssize_t)len)
		return 0;
	if (done < 0)
		return sqp_why(why, -errno, "stats_file=%s: %s; the statistics of this job are lost", path, strerror(errno));
	return sqp_why(why, -ENOSPC, "stats_file=%s: only %zd of %zu bytes were written (disk full?); its last line is cut",
		       path, done, len);
}
