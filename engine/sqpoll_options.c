// SPDX-License-Identifier: GPL-2.0-only
/* fio's option table -> struct sqp_config. Every option of the stock io_uring engine is here and means the same. */
#include "fio_compat.h"

#include "place.h"
#include "verify.h"

#include <errno.h>
#include <string.h>

#define OFF(member) offsetof(struct sqp_options, member)
#define ENGINE_OPTION .category = FIO_OPT_C_ENGINE, .group = FIO_OPT_G_IOURING

static int set_poll_cpu(void *data, unsigned long long *val)
{
	struct sqp_options *o = data;

	o->sqthread_poll_cpu = *val;
	o->sqthread_poll_cpu_set = 1;
	return 0;
}

/* A default would make fio warn that the option "will always be true". */
static int set_registerfiles(void *data, int *val)
{
	((struct sqp_options *)data)->no_registerfiles = !*val;
	return 0;
}

/* Here, in fio's first process and before it starts jobs, so that all have the topology of one reading. What is wrong with
 * it, or with the option, is said when a job asks for it. */
static int set_sq_thread_cpu(void *data, const char *text)
{
	struct sqp_why why;
	enum sqp_place_kind kind;
	int cpu;

	(void)data;
	if (!sqp_place_parse(text, &kind, &cpu, &why) && kind != SQP_PLACE_ANY && kind != SQP_PLACE_NUMBER)
		(void)sqp_place_load();
	return 0;
}

static int set_sqthread_poll(void *data, int *val)
{
	((struct sqp_options *)data)->no_sqthread_poll = !*val;
	return 0;
}

struct fio_option sqp_fio_options[] = {
	{
		.name = "sq_thread_idle", .lname = "SQ thread idle period", .type = FIO_OPT_STR_STORE,
		.off1 = OFF(sq_thread_idle), .def = "0", ENGINE_OPTION,
		.help = "Milliseconds the SQ thread spins without work before it sleeps; 0 (default) is the kernel's 1000; auto: as the gaps seen make best",
	}, {
		.name = "wake_cost_us", .lname = "Worth of a wake-up", .type = FIO_OPT_ULL,
		.off1 = OFF(wake_cost_us), .def = "0", ENGINE_OPTION,
		.help = "With sq_thread_idle=auto: microseconds of spinning that a wake-up is worth; 0 is the time that wake-ups take",
	}, {
		.name = "sq_thread_cpu", .lname = "SQ thread CPU", .type = FIO_OPT_STR_STORE,
		.off1 = OFF(sq_thread_cpu), .cb = set_sq_thread_cpu, ENGINE_OPTION,
		.help = "Pin the SQ thread to this CPU (IORING_SETUP_SQ_AFF), or to one seen from the job's: smt, llc, node, remote, auto; or any",
	}, {
		.name = "sq_wake", .lname = "SQ thread wake-up policy", .type = FIO_OPT_STR,
		.off1 = OFF(sq_wake), .def = "always", ENGINE_OPTION,
		.help = "What to do when the SQ thread sleeps",
		.posval = {
			{ .ival = "always", .oval = SQP_WAKE_ALWAYS, .help = "Wake it with io_uring_enter" },
			{ .ival = "bypass", .oval = SQP_WAKE_BYPASS, .help = "Let it sleep and submit through a plain ring" },
			{ .ival = "adaptive", .oval = SQP_WAKE_ADAPTIVE, .help = "Use it only while it is worth its CPU" },
		},
	}, {
		.name = "reap", .lname = "How to wait for completions", .type = FIO_OPT_STR,
		.off1 = OFF(reap), ENGINE_OPTION,
		.help = "How to wait for completions (default: spin, with sq_wake=adaptive hybrid)",
		.posval = {
			{ .ival = "spin", .oval = SQP_REAP_SPIN + 1, .help = "Watch the CQ ring from user space" },
			{ .ival = "sleep", .oval = SQP_REAP_SLEEP + 1, .help = "Block in io_uring_enter" },
			{ .ival = "hybrid", .oval = SQP_REAP_HYBRID + 1, .help = "Spin as long as that pays, then block" },
		},
	}, {
		.name = "sq_share", .lname = "Jobs per SQ thread", .type = FIO_OPT_ULL,
		.off1 = OFF(sq_share), .def = "1", ENGINE_OPTION,
		.help = "So many jobs (thread=1) share one SQ thread (IORING_SETUP_ATTACH_WQ)",
	}, {
		.name = "stats_file", .lname = "SQPOLL statistics file", .type = FIO_OPT_STR_STORE,
		.off1 = OFF(stats_file), ENGINE_OPTION,
		.help = "Append one JSON line of SQPOLL statistics per job to this file; client: (a server's job) sends it to the client",
	}, {
		.name = "time_log", .lname = "Log of the times of every request", .type = FIO_OPT_STR_STORE,
		.off1 = OFF(time_log), ENGINE_OPTION,
		.help = "Time every request and write what the engine saw to NAME_times.N.log, N being the thread number",
	}, {
		.name = "stall_ms", .lname = "Stall watchdog period", .type = FIO_OPT_ULL,
		.off1 = OFF(stall_ms), .def = "30000", ENGINE_OPTION,
		.help = "Report when nothing completed for so many milliseconds; give up after ten such reports",
	}, {
		.name = "idle_probe_ms", .lname = "Idle probe limit", .type = FIO_OPT_ULL,
		.off1 = OFF(idle_probe_ms), .def = "100", ENGINE_OPTION,
		.help = "Longest time to watch the SQ thread fall asleep after the last I/O, to measure the effective idle period",
	}, {
		.name = "hipri", .lname = "High Priority", .type = FIO_OPT_STR_SET, .off1 = OFF(hipri), ENGINE_OPTION,
		.help = "Use polled IO completions (the SQ thread polls)",
	}, {
		.name = "hybrid", .lname = "Hybrid polling", .type = FIO_OPT_STR_SET, .off1 = OFF(hybrid), ENGINE_OPTION,
		.help = "With hipri: sleep for half of the shortest completion time seen, then poll (Linux 6.13)",
	}, {
		.name = "fixedbufs", .lname = "Fixed (pre-mapped) IO buffers", .type = FIO_OPT_STR_SET,
		.off1 = OFF(fixedbufs), ENGINE_OPTION, .help = "Pre map IO buffers",
	}, {
		.name = "registerfiles", .lname = "Register file set", .type = FIO_OPT_STR_SET, .cb = set_registerfiles,
		ENGINE_OPTION, .help = "Files are always registered; 0 is refused",
	}, {
		.name = "sqthread_poll", .lname = "Kernel SQ thread polling", .type = FIO_OPT_STR_SET,
		.cb = set_sqthread_poll, ENGINE_OPTION, .help = "This engine is SQPOLL; 0 is refused",
	}, {
		.name = "sqthread_poll_cpu", .lname = "SQ Thread Poll CPU", .type = FIO_OPT_INT, .cb = set_poll_cpu,
		ENGINE_OPTION, .help = "The same as sq_thread_cpu with a number",
	}, {
		.name = "nonvectored", .lname = "Non-vectored", .type = FIO_OPT_INT, .off1 = OFF(nonvectored),
		.def = "-1", ENGINE_OPTION, .help = "Use non-vectored read/write commands",
	}, {
		.name = "uncached", .lname = "Uncached", .type = FIO_OPT_INT, .off1 = OFF(uncached), ENGINE_OPTION,
		.help = "Use RWF_DONTCACHE for buffered read/writes",
	}, {
		.name = "nowait", .lname = "RWF_NOWAIT", .type = FIO_OPT_BOOL, .off1 = OFF(nowait), ENGINE_OPTION,
		.help = "Use RWF_NOWAIT for reads/writes",
	}, {
		.name = "force_async", .lname = "Force async", .type = FIO_OPT_INT, .off1 = OFF(force_async), ENGINE_OPTION,
		.help = "Set IOSQE_ASYNC every N requests",
	},
#ifdef FIO_HAVE_IOPRIO_CLASS
	{
		.name = "cmdprio_percentage", .lname = "high priority percentage", .type = FIO_OPT_INT,
		.off1 = OFF(cmdprio_options.percentage[DDIR_READ]), .off2 = OFF(cmdprio_options.percentage[DDIR_WRITE]),
		.minval = 0, .maxval = 100, ENGINE_OPTION, .help = "Send high priority I/O this percentage of the time",
	}, {
		.name = "cmdprio_class", .lname = "Asynchronous I/O priority class", .type = FIO_OPT_INT,
		.off1 = OFF(cmdprio_options.class[DDIR_READ]), .off2 = OFF(cmdprio_options.class[DDIR_WRITE]),
		.minval = IOPRIO_MIN_PRIO_CLASS + 1, .maxval = IOPRIO_MAX_PRIO_CLASS, .interval = 1, ENGINE_OPTION,
		.help = "Set asynchronous IO priority class",
	}, {
		.name = "cmdprio", .lname = "Asynchronous I/O priority level", .type = FIO_OPT_INT,
		.off1 = OFF(cmdprio_options.level[DDIR_READ]), .off2 = OFF(cmdprio_options.level[DDIR_WRITE]),
		.minval = IOPRIO_MIN_PRIO, .maxval = IOPRIO_MAX_PRIO, .interval = 1, ENGINE_OPTION,
		.help = "Set asynchronous IO priority level",
	}, {
		.name = "cmdprio_bssplit", .lname = "Priority percentage block size split", .type = FIO_OPT_STR_STORE,
		.off1 = OFF(cmdprio_options.bssplit_str), ENGINE_OPTION,
		.help = "Set priority percentages for different block sizes",
	},
#if SQP_HAVE_CMDPRIO_HINT
	{
		.name = "cmdprio_hint", .lname = "Asynchronous I/O priority hint", .type = FIO_OPT_INT,
		.off1 = OFF(cmdprio_options.hint[DDIR_READ]), .off2 = OFF(cmdprio_options.hint[DDIR_WRITE]),
		.minval = IOPRIO_MIN_PRIO_HINT, .maxval = IOPRIO_MAX_PRIO_HINT, .interval = 1, ENGINE_OPTION,
		.help = "Set asynchronous IO priority hint",
	},
#endif
#endif
	{
		.name = "cmd_type", .lname = "Uring cmd type", .type = FIO_OPT_STR, .off1 = OFF(cmd_type), ENGINE_OPTION,
		.help = "nvme: NVMe commands to the character device of a namespace (/dev/ngXnY); not given: file I/O",
		.posval = { { .ival = "nvme", .oval = SQP_CMD_TYPE_NVME, .help = "nvme-uring-cmd" } },
	}, {
		.name = "readfua", .lname = "Read fua flag support", .type = FIO_OPT_BOOL, .off1 = OFF(readfua), .def = "0",
		ENGINE_OPTION, .help = "With cmd_type=nvme only",
	}, {
		.name = "writefua", .lname = "Write fua flag support", .type = FIO_OPT_BOOL, .off1 = OFF(writefua), .def = "0",
		ENGINE_OPTION, .help = "With cmd_type=nvme only",
	}, {
		.name = "write_mode", .lname = "Additional Write commands support", .type = FIO_OPT_STR, .off1 = OFF(write_mode),
		.def = "write", ENGINE_OPTION, .help = "With cmd_type=nvme only",
		.posval = {
			{ .ival = "write", .oval = SQP_WRITE_MODE_WRITE, .help = "Write" },
			{ .ival = "uncor", .oval = SQP_WRITE_MODE_UNCOR, .help = "Write Uncorrectable" },
			{ .ival = "zeroes", .oval = SQP_WRITE_MODE_ZEROES, .help = "Write Zeroes" },
			{ .ival = "verify", .oval = SQP_WRITE_MODE_VERIFY, .help = "Verify" },
		},
	}, {
		.name = "verify_mode", .lname = "Verify by Read or Compare", .type = FIO_OPT_STR, .off1 = OFF(verify_mode),
		.def = "read", ENGINE_OPTION, .help = "With cmd_type=nvme only",
		.posval = {
			{ .ival = "read", .oval = SQP_VERIFY_MODE_READ, .help = "Read" },
			{ .ival = "compare", .oval = SQP_VERIFY_MODE_COMPARE, .help = "Compare" },
		},
	}, {
		.name = "deac", .lname = "Deallocate bit for write zeroes command", .type = FIO_OPT_BOOL, .off1 = OFF(deac),
		.def = "0", ENGINE_OPTION, .help = "With cmd_type=nvme only",
	}, {
		.name = "md_per_io_size", .lname = "Separate Metadata Buffer Size per I/O", .type = FIO_OPT_INT,
		.off1 = OFF(md_per_io_size), .def = "0", ENGINE_OPTION,
		.help = "0; separate metadata is not supported by this engine",
	}, {
		.name = "pi_act", .lname = "Protection Information Action", .type = FIO_OPT_BOOL, .off1 = OFF(pi_act),
		.def = "1", ENGINE_OPTION, .help = "Has an effect with md_per_io_size only",
	}, {
		.name = "pi_chk", .lname = "Protection Information Check", .type = FIO_OPT_STR_STORE, .off1 = OFF(pi_chk),
		ENGINE_OPTION, .help = "Has an effect with md_per_io_size only",
	}, {
		.name = "apptag", .lname = "Application Tag used in Protection Information", .type = FIO_OPT_INT,
		.off1 = OFF(apptag), .def = "0x1234", ENGINE_OPTION, .help = "Has an effect with md_per_io_size only",
	}, {
		.name = "apptag_mask", .lname = "Application Tag Mask", .type = FIO_OPT_INT, .off1 = OFF(apptag_mask),
		.def = "0xffff", ENGINE_OPTION, .help = "Has an effect with md_per_io_size only",
	},
	{ .name = NULL },
};

/* What has no meaning in an NVMe command is refused, not left out. */
static int check_passthrough(struct thread_data *td, struct sqp_why *why)
{
	const struct sqp_options *o = td->eo;
	const struct { bool set; const char *refusal; } table[] = {
		{ o->nowait, "nowait=1: an NVMe command has no such flag; leave it out" },
		{ o->uncached, "uncached: an NVMe command never goes through the page cache; leave it out" },
		{ td->o.oatomic, "atomic=1: an NVMe command has no such flag; leave it out" },
		{ td->sync_file_range_nr, "sync_file_range: NVMe can only flush all; use fsync" },
		{ o->fixedbufs && o->nonvectored == 0, "fixedbufs and nonvectored=0 exclude each other; leave out one" },
		{ o->verify_mode == SQP_VERIFY_MODE_COMPARE && td->o.verify != VERIFY_NONE &&
		  td->o.verify != VERIFY_PATTERN_NO_HDR,
		  "verify_mode=compare: the data must be known beforehand, and the headers of other kinds of verify hold the time; use verify=pattern" },
	};

	for (unsigned i = 0; i < SQP_NR(table); i++)
		if (table[i].set)
			return sqp_why(why, -EINVAL, "cmd_type=nvme: %s", table[i].refusal);
	return 0;
}

static int check_refused(struct thread_data *td, struct sqp_why *why)
{
	const struct sqp_options *o = td->eo;

	if (o->time_log && !fio_fill_issue_time(td))
		return sqp_why(why, -EINVAL, "time_log needs the clock that gtod_reduce and disabled latencies leave out; leave out one of the two");

	if (o->no_sqthread_poll)
		return sqp_why(why, -EINVAL, "sqthread_poll=0: this engine is SQPOLL; for plain rings write ioengine=io_uring");
	if (o->no_registerfiles)
		return sqp_why(why, -EINVAL, "registerfiles=0: this engine always registers its files, as the first SQPOLL kernels demand; leave the option out, or write ioengine=io_uring");
	if (o->md_per_io_size)
		return sqp_why(why, -EINVAL, "md_per_io_size=%u: separate metadata is not supported; leave it out, or write ioengine=io_uring",
			       o->md_per_io_size);
	if (sqp_is_passthrough(o))
		return check_passthrough(td, why);
	if (o->hipri && !td->o.odirect)
		return sqp_why(why, -EINVAL, "hipri polls a device and buffered I/O does not reach one; add direct=1 or leave out hipri");
	if (sqp_is_atomic(td) == false && td->o.oatomic)
		return sqp_why(why, -EINVAL, "atomic=1: fio before 3.38 asks for O_ATOMIC, which Linux does not have; use a newer fio");
	return 0;
}

static int parse_cpu(const struct sqp_options *o, enum sqp_place_kind *kind, int *cpu, struct sqp_why *why)
{
	int ret = sqp_place_parse(o->sq_thread_cpu, kind, cpu, why);

	if (ret || !o->sqthread_poll_cpu_set)
		return ret;
	if (o->sqthread_poll_cpu > INT_MAX - 1)
		return sqp_why(why, -EINVAL, "sqthread_poll_cpu=%llu is no CPU number", o->sqthread_poll_cpu);
	if (o->sq_thread_cpu && *cpu != (int)o->sqthread_poll_cpu)
		return sqp_why(why, -EINVAL, "sq_thread_cpu=%s and sqthread_poll_cpu=%llu contradict each other; give one of them",
			       o->sq_thread_cpu, o->sqthread_poll_cpu);
	*cpu = (int)o->sqthread_poll_cpu;
	*kind = SQP_PLACE_NUMBER;
	return 0;
}

static int check_ms(const char *name, unsigned long long ms, struct sqp_why *why)
{
	if (ms <= SQP_MAX_IDLE_MS)
		return 0;
	return sqp_why(why, -EINVAL, "%s=%llu is out of range 0..%d ms", name, ms, SQP_MAX_IDLE_MS);
}

/* What would make the idle period meaningless, or change it behind another job's back */
static int check_auto(struct thread_data *td, struct sqp_why *why)
{
	const struct sqp_options *o = td->eo;
	const struct { bool set; const char *refusal; } table[] = {
		{ o->sq_wake != SQP_WAKE_ALWAYS, "sq_wake=bypass and adaptive do without long idle periods; leave out one of the two" },
		{ o->sq_share > 1, "jobs that share an SQ thread cannot each set its idle period; give a number or leave out sq_share" },
		{ !fio_fill_issue_time(td), "it needs the clock that gtod_reduce and disabled latencies leave out; give a number" },
		{ o->wake_cost_us > SQP_MAX_WAKE_COST_US, "wake_cost_us may be 10000000 (10 s) at most" },
	};

	for (unsigned i = 0; i < SQP_NR(table); i++)
		if (table[i].set)
			return sqp_why(why, -EINVAL, "sq_thread_idle=auto: %s", table[i].refusal);
	return 0;
}

/* Numbers as fio reads them anywhere. */
static int parse_idle(struct thread_data *td, struct sqp_why *why)
{
	struct sqp_options *o = td->eo;
	long long ms = 0;

	o->idle_auto = o->sq_thread_idle && !strcmp(o->sq_thread_idle, "auto");
	o->idle_ms = 1;
	if (o->idle_auto)
		return check_auto(td, why);
	if (o->sq_thread_idle && str_to_decimal(o->sq_thread_idle, &ms, 1, &td->o, 0, 0))
		return sqp_why(why, -EINVAL, "sq_thread_idle=%s: this is neither a number of milliseconds nor \"auto\"", o->sq_thread_idle);
	o->idle_ms = (unsigned long long)ms;
	return check_ms("sq_thread_idle", o->idle_ms, why);
}

/* Whoever asks for a shared SQ thread must not be given one of his own without a word. */
static int check_share(struct thread_data *td, struct sqp_why *why)
{
	const struct sqp_options *o = td->eo;

	if (o->sq_share < 1 || o->sq_share > SQP_MAX_SHARE)
		return sqp_why(why, -EINVAL, "sq_share=%llu is out of range 1..%d; 1 is an SQ thread for each job",
			       o->sq_share, SQP_MAX_SHARE);
	if (o->sq_share > 1 && !td->o.use_thread)
		return sqp_why(why, -EINVAL, "sq_share=%llu: job processes cannot share an SQ thread, Linux since 5.12 gives each its own and does not say so; add thread=1",
			       o->sq_share);
	return 0;
}

/* reap has no default of its own: a job that adapts does not spin in vain, and its SQ thread has the shortest idle period
 * that there is. */
static void choose_modes(const struct sqp_options *o, struct sqp_config *cfg)
{
	bool adaptive = o->sq_wake == SQP_WAKE_ADAPTIVE;

	cfg->wake = (enum sqp_wake_mode)o->sq_wake;
	if (o->reap)
		cfg->reap = (enum sqp_reap_mode)(o->reap - 1);
	else
		cfg->reap = adaptive ? SQP_REAP_HYBRID : SQP_REAP_SPIN;
	if (adaptive && !cfg->idle_ms)
		cfg->idle_ms = 1;
}

int sqp_options_to_config(struct thread_data *td, struct sqp_config *cfg, struct sqp_why *why)
{
	const struct sqp_options *o = td->eo;
	int ret = check_refused(td, why);

	if (!ret)
		ret = parse_idle(td, why);
	if (!ret)
		ret = check_ms("stall_ms", o->stall_ms, why);
	if (!ret)
		ret = check_ms("idle_probe_ms", o->idle_probe_ms, why);
	if (!ret)
		ret = check_share(td, why);
	if (!ret)
		ret = parse_cpu(o, &cfg->sq_place, &cfg->sq_cpu, why);
	if (!ret && o->sq_share > 1 && cfg->sq_place != SQP_PLACE_ANY && cfg->sq_place != SQP_PLACE_NUMBER)
		ret = sqp_why(why, -EINVAL, "sq_share=%llu with sq_thread_cpu=%s: jobs on several CPUs have no one place beside them; give a number or any",
			      o->sq_share, o->sq_thread_cpu);
	if (ret)
		return ret;
	cfg->depth = td->o.iodepth;
	cfg->idle_ms = (unsigned)o->idle_ms;
	cfg->idle_auto = o->idle_auto;
	cfg->wake_cost_us = (unsigned)o->wake_cost_us;
	cfg->stall_ms = (unsigned)o->stall_ms;
	cfg->idle_probe_ms = (unsigned)o->idle_probe_ms;
	choose_modes(o, cfg);
	cfg->share = (unsigned)o->sq_share;
	cfg->share_set = (unsigned)td->groupid;
	cfg->hipri = o->hipri;
	cfg->hybrid = o->hybrid;
	cfg->big = sqp_is_passthrough(o);
	cfg->time_all = o->time_log != NULL;
	return sqp_config_check(cfg, why);
}

static bool has_regular_file(struct thread_data *td)
{
	struct fio_file *f;
	unsigned int i;

	for_each_file(td, f, i)
		if (f->filetype == FIO_TYPE_FILE)
			return true;
	return false;
}

unsigned sqp_options_notes(struct thread_data *td, const char **notes, unsigned max)
{
	const struct sqp_options *o = td->eo;
	bool nvme = sqp_is_passthrough(o), writes = o->write_mode == SQP_WRITE_MODE_WRITE;
	const struct { bool set; const char *note; } table[] = {
		{ o->wake_cost_us && !o->idle_auto, "wake_cost_us has no effect without sq_thread_idle=auto" },
		{ o->sq_wake == SQP_WAKE_ADAPTIVE && !o->idle_ms, "sq_wake=adaptive: sq_thread_idle=0 is taken as 1, the shortest idle period" },
		{ !nvme && (o->readfua || o->writefua), "readfua and writefua have no effect without cmd_type=nvme" },
		{ !nvme && (o->deac || !writes), "write_mode and deac have no effect without cmd_type=nvme" },
		{ !nvme && o->verify_mode != SQP_VERIFY_MODE_READ, "verify_mode has no effect without cmd_type=nvme" },
		{ nvme && o->deac && o->write_mode != SQP_WRITE_MODE_ZEROES, "deac has no effect without write_mode=zeroes" },
		{ nvme && o->writefua && o->write_mode == SQP_WRITE_MODE_UNCOR, "writefua has no effect with write_mode=uncor" },
		{ nvme && td->ioprio, "prio and prioclass have no effect: an NVMe command has no priority" },
		{ o->pi_chk || !o->pi_act, "pi_act and pi_chk have no effect without md_per_io_size" },
		{ !nvme && o->hipri && td_write(td), "hipri: sync requests are made synchronously, a polled ring takes none" },
		{ o->hipri && td_write(td) && has_regular_file(td),
		  "hipri: some kernels since 6.6 do not poll writes to files and use interrupts (seen on 6.12, not on 5.10, 6.1 and 7.2); the device itself is polled" },
		{ o->uncached && td->o.odirect, "uncached has no effect with direct=1" },
	};
	unsigned n = 0;

	for (unsigned i = 0; i < SQP_NR(table) && n < max; i++)
		if (table[i].set)
			notes[n++] = table[i].note;
	return n;
}
