// SPDX-License-Identifier: GPL-2.0-only
/* The statistics line against docs/RESULTS_FORMAT.md, parsed back by the JSON library. */
#include "unit.h"

#include "stats.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

static struct sqp_ring ring;

static const struct sqp_usage none = {
	.info = { .tid = -1, .cpu = -1, .total_us = -1, .work_us = -1 }, .sched = { -1, -1, -1, -1 },
};

static json_t *line_of(const struct sqp_ring *r, const struct sqp_usage *used)
{
	static const struct sqp_place place = {
		.asked = SQP_PLACE_AUTO, .kind = SQP_PLACE_LLC, .cpu = 3, .job_cpu = 1, .job_pinned = true,
		.buffers_node = -1,
	};
	struct sqp_place_seen seen;
	const struct sqp_identity id = {
		.place = &place, .place_seen = &seen,
		.job = "a \"job\"\n", .groupid = 2, .thread = 3, .fio_version = "fio-3.33",
		.option = { { "sq_thread_idle", NULL, 7 }, { "sq_thread_cpu", "any", -1 } }, .nr_options = 2,
		.note = { "a note" }, .nr_notes = 1,
	};
	size_t len;
	json_t *o;
	char *line;

	sqp_place_verify(&place, &used->info, &seen);
	line = sqp_stats_line(r, &id, used, "not watched");
	assert_non_null(line);
	len = strlen(line);
	assert_int_equal(line[len - 1], '\n');
	assert_ptr_equal(strchr(line, '\n'), line + len - 1);
	o = json_loads(line, 0, NULL);
	assert_non_null(o);
	free(line);
	return o;
}

static void every_documented_field_is_there(void **state)
{
	static const char *const fields[] = {
		"schema", "job", "groupid", "thread", "pid", "fio_version", "engine_version", "kernel", "hz", "host", "target", "error",
		"setup_flags", "side_setup_flags", "features", "attached", "registered_ring", "place", "share_group", "share_jobs", "options",
		"notes", "nvme_errors", "elapsed_us", "submitted", "completed", "enters", "wakeups",
		"rechecks", "bypassed", "bypass_enters", "waits", "polls", "yields", "sq_full", "cq_overflow", "stalls", "trials",
		"trials_failed", "idle_ms_requested", "idle_series", "idle_changes", "idle_ms_effective",
		"idle_ms_samples", "idle_ms_awake_max", "idle_ms_asleep_min", "sq_thread", "app_cpu_us", "gap_ns",
		"wake_ns", "pickup_ns", "reap_ns", "reasons",
	};
	json_t *o = line_of(&ring, &none);

	(void)state;
	for (unsigned i = 0; i < SQP_NR(fields); i++)
		assert_non_null(json_object_get(o, fields[i]));
	assert_int_equal(json_object_size(o), SQP_NR(fields));
	assert_string_equal(json_string_value(json_object_get(o, "schema")), "sqpoll-stats/1");
	assert_string_equal(json_string_value(json_object_get(o, "job")), "a \"job\"\n");
	json_decref(o);
}

static void the_machine_is_known_again(void **state)
{
	static const struct sqp_drive drive = { .device = "nvme0n1", .model = "M", .serial = "S", .scheduler = "none", .io_poll = 1, .poll_queues = 2 };
	static const struct sqp_place place = { .cpu = -1 };
	static const struct sqp_place_seen seen = { .kept = true };
	const struct sqp_identity id = { .place = &place, .place_seen = &seen, .target = "/data", .drive = &drive };
	char *line = sqp_stats_line(&ring, &id, &none, NULL);
	json_t *o = json_loads(line, 0, NULL), *target = json_object_get(o, "target"), *host = json_object_get(o, "host");
	struct utsname u;

	(void)state;
	uname(&u);
	assert_string_equal(json_string_value(json_object_get(host, "name")), u.nodename);
	assert_string_equal(json_string_value(json_object_get(host, "kernel_build")), u.version);
	assert_int_equal(json_integer_value(json_object_get(host, "cpus")), sysconf(_SC_NPROCESSORS_ONLN));
	assert_string_equal(json_string_value(json_object_get(target, "path")), "/data");
	assert_string_equal(json_string_value(json_object_get(target, "device")), "nvme0n1");
	assert_int_equal(json_integer_value(json_object_get(target, "io_poll")), 1);
	assert_int_equal(json_integer_value(json_object_get(target, "poll_queues")), 2);
	assert_true(json_is_null(json_object_get(target, "firmware")));
	assert_string_equal(json_string_value(json_object_get(json_object_get(o, "reasons"), "target.firmware")), "the device does not tell");
	free(line);
	json_decref(o);
}

static void unknown_is_null_with_a_reason(void **state)
{
	static const char *const paths[] = {
		"sq_thread.tid", "sq_thread.cpu", "sq_thread.total_us", "sq_thread.work_us", "sq_thread.cpu_us",
		"sq_thread.wait_us", "sq_thread.switches", "sq_thread.migrations", "idle_ms_effective", "idle_ms_awake_max", "idle_ms_asleep_min", "gap_ns", "wake_ns",
		"pickup_ns", "reap_ns", "place.kept", "place.buffers_node", "share_group", "side_setup_flags",
		"target.path", "target.device", "target.model", "target.firmware", "target.serial", "target.scheduler", "target.io_poll", "target.poll_queues",
	};
	json_t *o = line_of(&ring, &none), *reasons = json_object_get(o, "reasons");

	(void)state;
	for (unsigned i = 0; i < SQP_NR(paths); i++)
		assert_true(json_is_string(json_object_get(reasons, paths[i])));
	/* what this machine does not tell of itself */
	json_object_del(reasons, "host.governor");
	json_object_del(reasons, "host.smt");
	assert_int_equal(json_object_size(reasons), SQP_NR(paths));
	assert_true(json_is_null(json_object_get(json_object_get(o, "sq_thread"), "cpu_us")));
	assert_true(json_is_null(json_object_get(o, "idle_ms_effective")));
	assert_string_equal(json_string_value(json_object_get(reasons, "idle_ms_effective")), "not watched");
	assert_true(json_is_null(json_object_get(json_object_get(o, "gap_ns"), "p50")));
	assert_true(json_is_null(json_object_get(json_object_get(o, "place"), "kept")));
	json_decref(o);
}

static void values_come_through(void **state)
{
	struct sqp_usage used = {
		.info = { .tid = 42, .cpu = 3, .total_us = 1000, .work_us = 300 }, .sched = { 9, 5, 10, 2 },
		.elapsed_us = 5000, .app_us = 99,
	};
	static struct sqp_ring r;
	json_t *o, *sq;

	(void)state;
	r.count = (struct sqp_counters){ .submitted = 11, .completed = 10, .enters = 9, .wakeups = 8, .rechecks = 1 };
	r.cfg.idle_ms = 8;
	r.idle.nr_spins = 1;
	r.idle.spin_ns[0] = 9500000;
	r.setup_flags = IORING_SETUP_SQPOLL | IORING_SETUP_IOPOLL | 1u << 31;
	for (int i = 0; i < 100; i++)
		sqp_hist_add(&r.gap, 2000);
	o = line_of(&r, &used);
	sq = json_object_get(o, "sq_thread");
	assert_int_equal(json_integer_value(json_object_get(o, "enters")), 9);
	assert_int_equal(json_integer_value(json_object_get(o, "elapsed_us")), 5000);
	assert_int_equal(json_integer_value(json_object_get(sq, "cpu_us")), 1000);
	assert_int_equal(json_integer_value(json_object_get(sq, "work_us")), 300);
	assert_int_equal(json_integer_value(json_object_get(sq, "wait_us")), 5);
	assert_int_equal(json_integer_value(json_object_get(sq, "switches")), 10);
	assert_int_equal(json_integer_value(json_object_get(sq, "migrations")), 2);
	assert_string_equal(json_string_value(json_object_get(sq, "source")), "fdinfo");
	assert_true(json_real_value(json_object_get(o, "idle_ms_effective")) == 9.5);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(o, "gap_ns"), "p50")), 2000);
	assert_int_equal(json_array_size(json_object_get(o, "setup_flags")), 3);
	assert_string_equal(json_string_value(json_array_get(json_object_get(o, "setup_flags"), 2)), "bit31");
	assert_string_equal(json_string_value(json_object_get(json_object_get(o, "place"), "asked")), "auto");
	assert_string_equal(json_string_value(json_object_get(json_object_get(o, "place"), "class")), "llc");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(o, "place"), "job_cpu")), 1);
	json_decref(o);
}

static void schedstat_is_the_second_choice(void **state)
{
	struct sqp_usage used = none;
	const char *source;

	(void)state;
	used.sched.cpu_us = 20;
	assert_int_equal(sqp_sq_cpu_us(&used, &source), 20);
	assert_string_equal(source, "schedstat");
	assert_int_equal(sqp_sq_cpu_us(&none, &source), -1);
	assert_null(source);
}

static void lines_are_appended(void **state)
{
	char path[] = "/tmp/sqp-unit-stats.XXXXXX";
	struct sqp_why why;
	struct stat st;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	for (int i = 0; i < 2; i++) {
		fd = sqp_stats_open(path, &why);
		assert_true(fd >= 0);
		assert_int_equal(sqp_stats_append(fd, path, "{}\n", &why), 0);
		close(fd);
	}
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 6);
	unlink(path);
	assert_int_equal(sqp_stats_open("/proc/self/no-such-dir/file", &why), -ENOENT);
	assert_contains(why.text, "/proc/self/no-such-dir/file");
	fd = sqp_stats_open("/dev/full", &why);
	assert_true(fd >= 0);
	assert_int_equal(sqp_stats_append(fd, "/dev/full", "{}\n", &why), -ENOSPC);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_documented_field_is_there),
		cmocka_unit_test(the_machine_is_known_again), cmocka_unit_test(unknown_is_null_with_a_reason),
		cmocka_unit_test(values_come_through),
		cmocka_unit_test(schedstat_is_the_second_choice),
		cmocka_unit_test(lines_are_appended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
