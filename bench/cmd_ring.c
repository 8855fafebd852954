// SPDX-License-Identifier: GPL-2.0-only
/* What io_uring does here without fio: the engine's own core on a bare ring. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "env.h"
#include "fiojob.h"
#include "proc.h"
#include "progress.h"
#include "report_ring.h"
#include "ringdata.h"
#include "scratch.h"

#define ROUNDS_DEFAULT 5
#define ROUNDS_MIN 2
#define SECONDS_DEFAULT 0.2
#define SECONDS_MIN 0.01
#define SECONDS_MAX 600
#define BATCH_MAX 4096
#define SECTOR 512
#define READ_MAX (1 << 20)
#define SIZE_MIB 64
#define CPU_MAX 4095
#define FIO_SETTLE_S 1.0	/* what a fio run takes beyond its run time, about */

struct args {
	struct cmd_common common;
	const char *file;
	struct ring_spec spec;
	unsigned rounds;
	int cpu, sq_cpu;
	bool direct, refill;
};

/* A bench while it runs. */
struct session {
	const struct args *a;
	struct ring_bench bench;
	struct run run;
	struct fio fio;
	struct progress bar;
	char path[PATH_MAX], json_path[PATH_MAX];
	cpu_set_t allowed;		/* before anything was pinned */
};

enum { OPT_BATCH = 1000, OPT_BS, OPT_DIRECT, OPT_REFILL, OPT_CPU, OPT_SQ_CPU, OPT_ROUNDS, OPT_SECONDS, OPT_WITH_FIO };

static const struct argp_option options[] = {
	{ "file", 'F', "PATH", 0, "Read this file or device (never written; default: a scratch file of 64 MiB, removed at the end)", 0 },
	{ "batch", OPT_BATCH, "LIST", 0, "Requests submitted and awaited together (default: 1,4,16,32)", 0 },
	{ "bs", OPT_BS, "LIST", 0, "Bytes of a read, multiples of 512 (default: 512,4096; 4096 with --direct)", 0 },
	{ "direct", OPT_DIRECT, NULL, 0, "Direct I/O: the device, not the page cache", 0 },
	{ "refill", OPT_REFILL, NULL, 0, "Replace each request as it completes, as fio does by default, instead of waiting for the whole batch", 0 },
	{ "cpu", OPT_CPU, "N", 0, "CPU of the submitter (default: the first this process may use)", 0 },
	{ "sq-cpu", OPT_SQ_CPU, "N", 0, "CPU of the SQ thread (default: the next one)", 0 },
	{ "rounds", OPT_ROUNDS, "N", 0, "Rounds of all cells, their order reversed every other time (default: 5)", 0 },
	{ "seconds", OPT_SECONDS, "S", 0, "Time of each cell in each round; latencies take four times as long (default: 0.2)", 0 },
	{ "with-fio", OPT_WITH_FIO, NULL, 0, "Run the same reads through fio and the engine too, at least 1 s each", 0 },
	CMD_OPTION_OUT("Results directory"),
	CMD_OPTION_JSON("Print JSON, with every single value"),
	CMD_OPTIONS_FIO,
	{ 0 },
};

static void parse_bytes(struct argp_state *state, struct ring_spec *spec, char *list)
{
	spec->sizes = cmd_numbers(state, list, "bs", spec->bytes, RING_SIZES_MAX, SECTOR, READ_MAX);
	for (unsigned i = 0; i < spec->sizes; i++)
		if (spec->bytes[i] % SECTOR)
			argp_error(state, "--bs: %u is not a multiple of %d", spec->bytes[i], SECTOR);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'F':
		a->file = arg;
		return 0;
	case OPT_BATCH:
		a->spec.batches = cmd_numbers(state, arg, "batch", a->spec.batch, RING_BATCHES_MAX, 1, BATCH_MAX);
		return 0;
	case OPT_BS:
		parse_bytes(state, &a->spec, arg);
		return 0;
	case OPT_DIRECT:
		a->direct = true;
		return 0;
	case OPT_REFILL:
		a->refill = true;
		return 0;
	case OPT_CPU:
		a->cpu = (int)cmd_number(state, arg, "cpu", 0, CPU_MAX);
		return 0;
	case OPT_SQ_CPU:
		a->sq_cpu = (int)cmd_number(state, arg, "sq-cpu", 0, CPU_MAX);
		return 0;
	case OPT_ROUNDS:
		a->rounds = cmd_number(state, arg, "rounds", ROUNDS_MIN, RING_ROUNDS_MAX);
		return 0;
	case OPT_SECONDS:
		a->spec.seconds = cmd_real(state, arg, "seconds", SECONDS_MIN, SECONDS_MAX);
		return 0;
	case OPT_WITH_FIO:
		a->spec.fio = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one argument too many: name a target with --file", arg);
		return 0;
	default:
		return cmd_parse_common(key, arg, state);
	}
}

static int next_allowed(int cpu)
{
	while (++cpu < CPU_SETSIZE)
		if (env_cpu_allowed(cpu))
			return cpu;
	return -1;
}

static int choose(int asked, const char *option, int other, int *cpu, struct why *why)
{
	if (asked >= 0 && !env_cpu_allowed(asked))
		return why_set(why, -EINVAL, "%s %d: this process may not use that CPU: see taskset -p $$", option, asked);
	*cpu = asked >= 0 ? asked : next_allowed(-1);
	if (asked < 0 && *cpu == other)
		*cpu = next_allowed(other);
	if (*cpu < 0)
		*cpu = other;
	return 0;
}

/* Two CPUs if there are two, and a note if not. */
static int place(struct session *s, struct why *why)
{
	struct ring_setup *setup = &s->bench.setup;
	const struct args *a = s->a;
	int rc = choose(a->cpu, "--cpu", a->sq_cpu, &setup->cpu, why);

	if (!rc)
		rc = choose(a->sq_cpu, "--sq-cpu", setup->cpu, &setup->sq_cpu, why);
	if (rc)
		return rc;
	s->bench.spec.one_cpu = setup->cpu == setup->sq_cpu;
	if (s->bench.spec.one_cpu)
		json_array_append_new(s->bench.notes, json_string("submitter and SQ thread share one CPU everywhere: give the process two, or --cpu and --sq-cpu"));
	return 0;
}

static unsigned largest_read(const struct ring_spec *spec)
{
	unsigned max = 0;

	for (unsigned i = 0; i < spec->sizes; i++)
		max = spec->bytes[i] > max ? spec->bytes[i] : max;
	return max;
}

static int open_target(struct session *s, struct why *why)
{
	struct ring_setup *setup = &s->bench.setup;
	int fd = open(setup->path, O_RDONLY | O_CLOEXEC | (s->a->direct ? O_DIRECT : 0));
	off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	struct stat st;

	if (fd < 0 && errno == EINVAL)
		return why_set(why, -EINVAL, "%s: its file system has no direct I/O: leave out --direct, or name another file", setup->path);
	if (fd < 0)
		return why_set(why, -EINVAL, "%s: %s: name a file or device that can be read", setup->path, strerror(errno));
	setup->fd = fd;
	if (fstat(fd, &st) || !(S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)))
		return why_set(why, -EINVAL, "%s: neither a regular file nor a block device: name one that can be read", setup->path);
	setup->bytes = end < 0 ? 0 : (uint64_t)end;
	if (setup->bytes < largest_read(&s->bench.spec))
		return why_set(why, -EINVAL, "%s: it has %lld bytes and a read takes %u: name a larger file", setup->path,
			       (long long)setup->bytes, largest_read(&s->bench.spec));
	return 0;
}

/* What the user can get wrong is found before anything is written. */
static int check(struct session *s, struct why *why)
{
	const struct args *a = s->a;
	int rc = place(s, why);

	if (!rc && a->file) {
		s->bench.setup.path = a->file;
		rc = open_target(s, why);
	}
	return rc;
}

static int begin(struct session *s, const char *command, struct why *why)
{
	const struct args *a = s->a;
	struct ring_bench *b = &s->bench;
	char now[32];
	int rc = store_create(&s->run, a->common.out, "ring", why);

	if (!rc)
		rc = store_in_run(s->path, &s->run, "scratch.dat", why);
	if (!rc)
		rc = store_in_run(s->json_path, &s->run, "fio.json", why);
	if (!rc && !a->file) {
		b->setup.path = s->path;
		rc = scratch_create(s->path, (uint64_t)SIZE_MIB << 20, why);
		if (!rc)
			rc = open_target(s, why);
	}
	if (rc)
		return rc;
	if (!a->direct)
		scratch_warm(b->setup.path);
	store_time(now, sizeof(now));
	return store_keep_start(&s->run, "ring", now, command, a->file ? a->file : "scratch file",
				env_collect(a->spec.fio ? &s->fio : NULL, b->setup.path), why);
}

/* The cell as fio and the engine do it: the same CPUs, as many at once, and by default the whole batch waited for. */
static int run_fio(struct session *s, const struct ring_cell *c, double *iops, struct why *why)
{
	const struct ring_setup *setup = &s->bench.setup;
	char bs[32], cpu[48], sq_cpu[48], submit[48], least[64], most[64];
	const char *more[] = { "--ioengine=sqpoll", cpu, sq_cpu, setup->refill ? NULL : submit, least, most, NULL };
	const struct fiojob job = { .name = "fio with ioengine=sqpoll", .path = setup->path, .more = more, .bs = bs, .rw = "randread",
				     .iodepth = c->batch, .seconds = c->seconds, .direct = s->bench.direct, .json_path = s->json_path,
				     .tick = progress_tick, .ctx = &s->bar };
	struct fio_result r;
	double cpu_s;
	int rc = sched_setaffinity(0, sizeof(s->allowed), &s->allowed) ? -errno : 0;

	if (rc)
		return why_set(why, rc, "the CPUs allowed at the start are not any more: %s", strerror(-rc));
	snprintf(bs, sizeof(bs), "%u", c->bytes);
	snprintf(cpu, sizeof(cpu), "--cpus_allowed=%d", setup->cpu);
	snprintf(sq_cpu, sizeof(sq_cpu), "--sq_thread_cpu=%d", setup->sq_cpu);
	snprintf(submit, sizeof(submit), "--iodepth_batch_submit=%u", c->batch);
	snprintf(least, sizeof(least), "--iodepth_batch_complete_min=%u", c->batch);
	snprintf(most, sizeof(most), "--iodepth_batch_complete_max=%u", c->batch);
	rc = fiojob_run(&s->fio, &job, &r, &cpu_s, why);
	if (rc)
		return rc;
	*iops = r.iops;
	hist_free(&r.lat_ns);
	return 0;
}

/* The samples of one round, kept apart and with the others. */
static int keep_samples(struct ring_bench *b, struct hist *lat, unsigned round)
{
	int rc = 0;

	for (int l = 0; l < RING_LATENCIES && !rc; l++) {
		rc = lat[l].n ? hist_merge(&b->lat[l], &lat[l]) : 0;
		hist_seal(&lat[l]);
		if (lat[l].n)
			b->lat_us_p50[l][round] = hist_percentile(&lat[l], 50);
	}
	return rc;
}

/* A kernel may lack one way, and then that is the result; without the first of them there is nothing to compare. */
static int judge(struct ring_bench *b, unsigned cell, int rc, const struct why *why)
{
	bool can_miss = rc == -EOPNOTSUPP && cell > 0;

	if (!can_miss)
		return rc;
	b->reason[cell] = strdup(why->text);
	return b->reason[cell] ? 0 : -ENOMEM;
}

static int run_cell(struct session *s, unsigned cell, unsigned round, struct why *why)
{
	struct ring_bench *b = &s->bench;
	struct hist lat[RING_LATENCIES] = { 0 };
	int rc;

	if (b->reason[cell])
		return 0;
	if (b->cell[cell].kind == RING_FIO)
		return run_fio(s, &b->cell[cell], &b->result[cell][round].ios_per_s, why);
	rc = ring_pin(b->setup.cpu, why);
	if (!rc)
		rc = ring_measure(&b->setup, &b->cell[cell], lat, &b->result[cell][round], why);
	if (!rc && keep_samples(b, lat, round))
		rc = why_set(why, -ENOMEM, "out of memory");
	for (int l = 0; l < RING_LATENCIES; l++)
		hist_free(&lat[l]);
	return judge(b, cell, rc, why);
}

static double step_s(const struct ring_bench *b)
{
	double sum = 0;

	for (unsigned i = 0; i < b->cells; i++)
		sum += b->cell[i].seconds + (b->cell[i].kind == RING_FIO ? FIO_SETTLE_S : 0);
	return sum / b->cells;
}

static int measure(struct session *s, struct why *why)
{
	struct ring_bench *b = &s->bench;
	int rc = 0;

	for (int l = 0; l < RING_LATENCIES; l++)
		for (unsigned r = 0; r < b->rounds; r++)
			b->lat_us_p50[l][r] = NAN;
	progress_start(&s->bar, 0, b->cells * b->rounds, step_s(b));
	for (unsigned i = 0; i < b->cells * b->rounds && !rc; i++) {
		unsigned round = i / b->cells, cell = ring_order(b->cells, round, i % b->cells);
		char name[64], label[96];

		ring_cell_name(&b->cell[cell], name, sizeof(name));
		snprintf(label, sizeof(label), "%s, round %u/%u", name, round + 1, b->rounds);
		progress_step(&s->bar, label);
		rc = run_cell(s, cell, round, why);
		if (!rc && proc_interrupted())
			rc = -EINTR;
		s->bar.done++;
	}
	progress_end(&s->bar);
	for (int l = 0; l < RING_LATENCIES; l++)
		hist_seal(&b->lat[l]);
	sched_setaffinity(0, sizeof(s->allowed), &s->allowed);
	return rc == -EINTR ? why_set(why, rc, "interrupted: nothing is kept") : rc;
}

static int finish(struct session *s, struct why *why)
{
	struct ring_bench *b = &s->bench;
	struct page_said said;
	json_t *doc;
	int rc = ringdata_write(&s->run, b, why);

	if (!s->a->file)
		unlink(s->path);
	unlink(s->json_path);
	if (rc)
		return rc;
	doc = ringdata_json(b);
	rc = page_keep(&report_ring, &s->run, doc, json_pack("{s:i}", "exit", 0), &said, why);
	if (!rc && s->a->common.json) {
		page_put(doc, &s->run, &said);
		cmd_print_json(json_incref(doc));
	} else if (!rc) {
		ringdata_print(stdout, b);
		page_print(&s->run, &said);
		printf("run: %s\n", s->run.final);
	}
	json_decref(doc);
	return rc;
}

static int carry_out(struct session *s, const char *command, struct why *why)
{
	int rc = begin(s, command, why);

	s->bench.cells = rc ? 0 : ring_plan(&s->bench.spec, s->bench.cell);
	if (!rc)
		rc = measure(s, why);
	if (!rc)
		rc = finish(s, why);
	if (rc && s->run.dir[0])
		store_remove(s->run.dir);
	store_close(&s->run);
	return rc;
}

static void start(struct session *s, const struct args *a)
{
	s->a = a;
	s->bench = (struct ring_bench){ .setup = { .fd = -1, .hz = env_hz(NULL), .refill = a->refill }, .spec = a->spec,
					.scratch = !a->file, .direct = a->direct, .rounds = a->rounds, .notes = json_array() };
	if (!s->bench.spec.sizes) {
		s->bench.spec.bytes[0] = a->direct ? 4096 : 512;
		s->bench.spec.bytes[1] = 4096;
		s->bench.spec.sizes = a->direct ? 1 : 2;
	}
	sched_getaffinity(0, sizeof(s->allowed), &s->allowed);
}

int cmd_ring(int argc, char **argv)
{
	static const struct argp argp = { options, parse, NULL,
					  "Measures io_uring with the engine's own core and no fio: nop and read rates with a spinning SQ thread, "
					  "without one, and blocking; what a wake-up, a pick-up and the bypass take; both threads on one CPU. Only "
					  "reads its target. Nothing else should run meanwhile.",
					  NULL, NULL, NULL };
	struct args a = { .common.out = "results", .spec = { .batch = { 1, 4, 16, 32 }, .batches = 4, .seconds = SECONDS_DEFAULT },
			  .rounds = ROUNDS_DEFAULT, .cpu = -1, .sq_cpu = -1 };
	static struct session s = { .run = { .lock_fd = -1 } };
	struct why why = { "" };
	char *command = cmd_line(argc, argv);
	int rc;

	cmd_parse(&argp, argc, argv, &a);
	start(&s, &a);
	rc = check(&s, &why);
	if (!rc && a.spec.fio) {
		if (fio_find(&s.fio, a.common.fio, a.common.engine_dir, &why) || fio_engine_loads(&s.fio, &why))
			rc = -ENOENT;
		s.bench.fio_version = s.fio.version;
	}
	if (!rc) {
		proc_catch_signals();
		rc = carry_out(&s, command ? command : "", &why);
	}
	if (s.bench.setup.fd >= 0)
		close(s.bench.setup.fd);
	ringdata_free(&s.bench);
	free(command);
	if (rc)
		return cmd_fail(rc == -EINTR ? EXIT_INTERRUPTED : rc == -EINVAL ? EXIT_USAGE : EXIT_CANNOT, "ring", &why);
	return EXIT_DONE;
}
