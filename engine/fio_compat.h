/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only way to fio's headers, and what differs between its releases. SQP_FIO_NUM is the release the tree
 * belongs to (333 for 3.33), SQP_FIO_VERSION its version string; both come from the build.
 */
#ifndef SQP_FIO_COMPAT_H
#define SQP_FIO_COMPAT_H

#include "fio.h"
#include "optgroup.h"
#include "engines/cmdprio.h"

#include "config.h"

#define SQP_HAVE_CMDPRIO_HINT	(SQP_FIO_NUM >= 336)
#define SQP_HAVE_ATOMIC_FLAG	(SQP_FIO_NUM >= 338)	/* before, atomic=1 meant O_ATOMIC, which no kernel has */
#define SQP_HAVE_VERIFIED_FLAG	(SQP_FIO_NUM >= 338)	/* the device has verified: fio does not look at the buffer */
#define SQP_HAVE_SYNCFS		(SQP_FIO_NUM >= 342)

#if SQP_HAVE_SYNCFS
#define SQP_ENGINE_FLAGS (FIO_NO_OFFLOAD | FIO_ASYNCIO_SETS_ISSUE_TIME | FIO_ATOMICWRITES | FIO_SYNCFS)
#elif SQP_HAVE_ATOMIC_FLAG
#define SQP_ENGINE_FLAGS (FIO_NO_OFFLOAD | FIO_ASYNCIO_SETS_ISSUE_TIME | FIO_ATOMICWRITES)
#else
#define SQP_ENGINE_FLAGS (FIO_NO_OFFLOAD | FIO_ASYNCIO_SETS_ISSUE_TIME)
#endif

static inline bool sqp_is_syncfs(const struct io_u *io_u)
{
#if SQP_HAVE_SYNCFS
	return io_u->ddir == DDIR_SYNCFS;
#else
	(void)io_u;
	return false;
#endif
}

static inline bool sqp_is_atomic(struct thread_data *td)
{
	return SQP_HAVE_ATOMIC_FLAG && td->o.oatomic;
}

/* Values of the options that io_uring_cmd has; 0 is cmd_type not given. */
enum {
	SQP_CMD_TYPE_NVME = 1,
	SQP_WRITE_MODE_WRITE = 1, SQP_WRITE_MODE_UNCOR, SQP_WRITE_MODE_ZEROES, SQP_WRITE_MODE_VERIFY,
	SQP_VERIFY_MODE_READ = 1, SQP_VERIFY_MODE_COMPARE,
};

/* The device has compared the data of IO_U: what is in its buffer is what was sent. */
static inline void sqp_mark_verified(struct thread_data *td, struct io_u *io_u)
{
#if SQP_HAVE_VERIFIED_FLAG
	io_u_set(td, io_u, IO_U_F_VER_IN_DEV);
#else
	(void)td;
	(void)io_u;
#endif
}

/* The job's options. fio wants the thread first. */
struct sqp_options {
	struct thread_data *td;
	unsigned int hipri, hybrid;
	struct cmdprio_options cmdprio_options;
	unsigned int fixedbufs;
	unsigned int no_registerfiles;
	unsigned int no_sqthread_poll;
	unsigned long long sqthread_poll_cpu;
	unsigned int sqthread_poll_cpu_set;
	unsigned int nonvectored;
	unsigned int uncached;
	unsigned int nowait;
	unsigned int force_async;
	unsigned int cmd_type, readfua, writefua, write_mode, verify_mode, deac;
	unsigned int md_per_io_size, pi_act, apptag, apptag_mask;
	char *pi_chk;
	char *sq_thread_idle;		/* a number of ms or auto: parsed into the next two */
	unsigned long long idle_ms;
	unsigned int idle_auto;
	char *sq_thread_cpu;
	unsigned int sq_wake, reap;
	char *stats_file, *time_log;
	unsigned long long stall_ms, idle_probe_ms, sq_share, wake_cost_us;
};

extern struct fio_option sqp_fio_options[];

/* Did the job ask for NVMe commands? */
static inline bool sqp_is_passthrough(const struct sqp_options *o)
{
	return o->cmd_type == SQP_CMD_TYPE_NVME;
}

/* The ring configuration that these options ask for. 0, or -EINVAL with the reason in WHY. */
int sqp_options_to_config(struct thread_data *td, struct sqp_config *cfg, struct sqp_why *why);

/* Notes for the statistics line: options that are accepted and have no effect. Returns their number. */
unsigned sqp_options_notes(struct thread_data *td, const char **notes, unsigned max);

struct sqp_claims;

/* The CPUs in use by the jobs of this fio; NULL when there is no memory for that. */
struct sqp_claims *sqp_shared_claims(void);

struct sqp_summary;

/* Where the end of fio's output finds this job's figures. */
void sqp_summary_add(const struct sqp_summary *s);

#endif
