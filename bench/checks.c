// SPDX-License-Identifier: GPL-2.0-only
#include "checks.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "ringprobe.h"

#define MEMLOCK_MIN (1LL << 20)

enum status { OK, WARN, FAIL };

struct check {
	enum status status;
	json_t *value;
	const char *advice;	/* what to do, empty when ok */
	char text[800];		/* room for an advice that must be composed */
};

struct ctx {
	const json_t *env;
	const json_t *target;
	const struct fio *fio;
	const struct why *fio_why;
};

static const char *text_at(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static void warn_if(struct check *c, bool bad, const char *advice)
{
	if (!bad)
		return;
	c->status = WARN;
	c->advice = advice;
}

static void sqpoll_ring(const struct ctx *x, struct check *c)
{
	int rc = ringprobe_sqpoll();

	(void)x;
	c->value = json_string(rc ? strerror(-rc) : "an SQPOLL ring was set up");
	if (!rc)
		return;
	c->status = FAIL;
	switch (-rc) {
	case ENOSYS:
		c->advice = "io_uring is not in this kernel or a seccomp filter hides it: use Linux 5.11 or newer, or a container profile that allows io_uring_setup";
		break;
	case EPERM:
	case EACCES:
		c->advice = "set sysctl kernel.io_uring_disabled=0, or run as root; before Linux 5.13 SQPOLL needs CAP_SYS_NICE (CAP_SYS_ADMIN before 5.11), and a container's seccomp filter can refuse it too";
		break;
	case ENOMEM:
		c->advice = "raise the locked-memory limit (ulimit -l): before Linux 5.12 rings count against it";
		break;
	default:
		c->advice = "this kernel refuses a plain SQPOLL ring: try a newer kernel";
	}
}

static void io_uring_sysctl(const struct ctx *x, struct check *c)
{
	json_t *v = json_object_get(x->env, "io_uring_disabled");

	c->value = json_incref(v);
	warn_if(c, json_is_integer(v) && json_integer_value(v),
		"sysctl kernel.io_uring_disabled=0 lets every user make rings; with 1 only a privileged one can, with 2 none");
}

static void kernel(const struct ctx *x, struct check *c)
{
	const char *release = text_at(x->env, "kernel");
	unsigned major = 0, minor = 0, patch = 0, version;

	c->value = json_string(release ? release : "unknown");
	if (!release || sscanf(release, "%u.%u.%u", &major, &minor, &patch) < 2)
		return;
	version = major * 1000 + minor;
	warn_if(c, version >= 6009 && version <= 6017,
		"6.9 to 6.18-rc2 charge for SQ-thread accounting (about 7 % at full load), and 6.10 to 6.14 cap task work: compare only with the same kernel build");
	warn_if(c, version < 5010 || (version == 5010 && patch < 162),
		"before 5.11 (and 5.10.162) the idle period counts from the wake-up, not from the last request: the SQ thread falls asleep amid work, and predictions do not hold");
	warn_if(c, version < 5018 && c->status == OK,
		"before 5.18 the kernel's side of the wake-up guard may lack a full barrier: the engine re-checks while it waits, other programs may hang");
}

static void hz(const struct ctx *x, struct check *c)
{
	c->value = json_incref(json_object_get(x->env, "hz"));
	warn_if(c, !json_is_integer(c->value),
		"the tick rate is unknown, so idle settings that are the same cannot be told apart: give --idles far apart");
}

static void cpus(const struct ctx *x, struct check *c)
{
	json_int_t allowed = json_integer_value(json_object_get(x->env, "cpus_allowed"));

	c->value = json_integer(allowed);
	warn_if(c, allowed < 2,
		"the SQ thread shares the one CPU with the submitter, and SQPOLL is far slower than plain io_uring there: allow a second CPU");
}

static void memlock(const struct ctx *x, struct check *c)
{
	json_t *v = json_object_get(x->env, "memlock_bytes");

	c->value = json_incref(v);
	warn_if(c, json_is_integer(v) && json_integer_value(v) < MEMLOCK_MIN,
		"registered buffers count against the locked-memory limit: ulimit -l unlimited");
}

static void governor(const struct ctx *x, struct check *c)
{
	const char *name = text_at(x->env, "governor");

	c->value = json_incref(json_object_get(x->env, "governor"));
	warn_if(c, name && strcmp(name, "performance"),
		"a changing clock moves latencies: cpupower frequency-set -g performance");
}

static void load(const struct ctx *x, struct check *c)
{
	c->value = json_incref(json_object_get(x->env, "load1"));
	warn_if(c, json_number_value(c->value) > 0.5 * (double)json_integer_value(json_object_get(x->env, "cpus_allowed")),
		"other work is running: it takes CPUs from both threads, stop it first");
}

static void steal(const struct ctx *x, struct check *c)
{
	double steal = json_number_value(json_object_get(x->env, "steal_ticks"));
	double total = json_number_value(json_object_get(x->env, "total_ticks"));

	c->value = total > 0 ? json_real(100 * steal / total) : json_null();
	warn_if(c, total > 0 && steal > 0.01 * total,
		"the hypervisor has given away more than 1 % of the CPU time since boot: tails here are not the device's");
}

static void emulated(const struct ctx *x, struct check *c)
{
	c->value = json_incref(json_object_get(x->env, "emulated"));
	warn_if(c, json_is_true(c->value),
		"the CPU is software: enters, wake-ups, interrupts and the idle staircase are real here, times are not");
}

static void fio_version(const struct ctx *x, struct check *c)
{
	c->value = x->fio ? json_string(x->fio->version) : json_null();
	if (x->fio)
		return;
	c->status = FAIL;
	c->advice = x->fio_why->text;
}

static void engine(const struct ctx *x, struct check *c)
{
	struct why why = { "fio is missing" };

	if (x->fio && !fio_engine_loads(x->fio, &why)) {
		c->value = json_string("loads");
		return;
	}
	c->value = json_string("does not load");
	c->status = FAIL;
	snprintf(c->text, sizeof(c->text), "%s", why.text);
	c->advice = c->text;
}

static void target(const struct ctx *x, struct check *c)
{
	const char *kind = text_at(x->target, "kind");

	c->value = json_string(kind ? kind : "missing");
	if (kind && strcmp(kind, "other"))
		return;
	c->status = FAIL;
	c->advice = "name an existing regular file or a block device";
}

static void direct(const struct ctx *x, struct check *c)
{
	c->value = json_incref(json_object_get(x->target, "direct"));
	warn_if(c, json_is_false(c->value),
		"direct reads of 4 KiB do not work here, so the page cache would be measured: use a file on a disk's file system");
}

static void scheduler(const struct ctx *x, struct check *c)
{
	const char *name = text_at(x->target, "scheduler");

	c->value = json_incref(json_object_get(x->target, "scheduler"));
	warn_if(c, name && strcmp(name, "none"),
		"an I/O scheduler adds CPU time and locks to every request: echo none > /sys/block/DEV/queue/scheduler");
}

static void poll_queues(const struct ctx *x, struct check *c)
{
	json_t *v = json_object_get(x->target, "io_poll");

	c->value = json_incref(v);
	warn_if(c, json_is_integer(v) && !json_integer_value(v),
		"no poll queues: hipri=1 is refused or interrupt-driven here; NVMe has them with nvme.poll_queues=N");
}

static void iostats(const struct ctx *x, struct check *c)
{
	json_t *v = json_object_get(x->target, "iostats");

	c->value = json_incref(v);
	warn_if(c, json_is_integer(v) && json_integer_value(v),
		"block statistics cost a little on every request: for record runs, echo 0 > /sys/block/DEV/queue/iostats");
}

static void nomerges(const struct ctx *x, struct check *c)
{
	json_t *v = json_object_get(x->target, "nomerges");

	c->value = json_incref(v);
	warn_if(c, json_is_integer(v) && json_integer_value(v) == 0,
		"merge look-ups cost a little on random I/O: for record runs, echo 2 > /sys/block/DEV/queue/nomerges");
}

static const struct {
	const char *id;
	bool on_target;
	void (*fn)(const struct ctx *x, struct check *c);
} table[] = {
	{ "sqpoll-ring", false, sqpoll_ring },
	{ "io_uring_disabled", false, io_uring_sysctl },
	{ "kernel", false, kernel },
	{ "hz", false, hz },
	{ "cpus", false, cpus },
	{ "memlock", false, memlock },
	{ "governor", false, governor },
	{ "load", false, load },
	{ "steal", false, steal },
	{ "emulated", false, emulated },
	{ "fio", false, fio_version },
	{ "engine", false, engine },
	{ "target", true, target },
	{ "direct", true, direct },
	{ "scheduler", true, scheduler },
	{ "poll-queues", true, poll_queues },
	{ "iostats", true, iostats },
	{ "nomerges", true, nomerges },
};

json_t *checks_run(const json_t *env, const struct fio *fio, const struct why *fio_why)
{
	static const char *const names[] = { "ok", "warn", "fail" };
	struct ctx x = { env, json_object_get(env, "target"), fio, fio_why };
	json_t *all = json_array();

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct check c = { .status = OK, .advice = "" };

		if (table[i].on_target && !x.target)
			continue;
		table[i].fn(&x, &c);
		json_array_append_new(all, json_pack("{s:s, s:s, s:o, s:s}", "id", table[i].id, "status",
						     names[c.status], "value", c.value ? c.value : json_null(),
						     "advice", c.advice));
	}
	return all;
}

unsigned checks_count(const json_t *checks, const char *status)
{
	unsigned n = 0;

	for (size_t i = 0; i < json_array_size(checks); i++) {
		const char *s = text_at(json_array_get(checks, i), "status");

		n += s && !strcmp(s, status);
	}
	return n;
}
