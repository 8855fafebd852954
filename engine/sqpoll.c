// SPDX-License-Identifier: GPL-2.0-only
/* fio's hooks -> ring calls, and nothing else. */
#include "fio_compat.h"

#include "bypass.h"
#include "drive.h"
#include "idle.h"
#include "nvme_dev.h"
#include "place.h"
#include "poll.h"
#include "reap.h"
#include "reg.h"
#include "share.h"
#include "sqpoll_nvme.h"
#include "stats.h"
#include "summary.h"
#include "tell.h"
#include "timelog.h"
#include "uapi.h"
#include "wake.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

extern struct ioengine_ops ioengine;

#define WRONG_LAYOUT "sqpoll: the running %s lays out its structures otherwise than the tree of %s that this engine was built with; rebuild it with -DFIO_SOURCE_DIR set to the tree of this very fio\n"

struct sqp_job {
	/* what every I/O touches; so does the front of the ring */
	bool quick;			/* reads and writes are what MODEL says, but for place and data: see queue_quick() */
	bool slow_commits;		/* a commit is more than a time stamp and a publication */
	bool slow_events;		/* completions need more than a look at their result */
	uint16_t index_mask;		/* of the registered buffer, when there are any */
	unsigned first;			/* position of the events of the last getevents */
	struct io_uring_sqe model[2];	/* per direction */
	struct sqp_ring ring;
	bool ring_open;
	struct sqp_seat seat;		/* of the ring, with sq_share */
	bool async_trim;		/* this kernel may take discards through the ring */
	bool keep_open;			/* files stay open and registered until the end */
	bool vectored;
	bool special;			/* requests need more than fill_sqe(): see fill_special() */
	struct sqp_nvme_job *nvme;	/* NULL: no NVMe commands */
	unsigned res_mask;		/* a request is done when the result is its length in these bits */
	unsigned force_count;
	unsigned io_us;
	struct cmdprio cmdprio;
	struct iovec *iovecs;		/* one per io_u */
	int *fds;			/* one per file: kept open, or -1 */
	unsigned nr_files;
	struct sqp_place place;
	struct sqp_place_seen place_seen;
	char place_note[SQP_PLACE_NOTES][SQP_PLACE_NOTE_LEN];
	int own_claim;			/* the CPU that this job is pinned to, or -1 */
	int stats_fd;
	char *target;			/* path of the first file: fio frees its files before the end; NULL: none */
	struct sqp_drive drive;
	struct sqp_timelog timelog;
	unsigned *position;		/* in the SQ ring, one per io_u; with a time log only */
	const char *notes[SQP_MAX_NOTES];
	unsigned nr_notes;
	bool tells_client;		/* the statistics go to fio's client */
	bool drive_known;
	bool ready;			/* nothing was refused: there is something to report */
};

static int fail(struct thread_data *td, int err, const struct sqp_why *why)
{
	log_err("sqpoll: %s: %s\n", td->o.name ? td->o.name : "job", why->text);
	td_verror(td, err < 0 ? -err : err, "sqpoll");
	return 1;
}

static uint64_t timespec_ns(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * 1000000000u + (uint64_t)t->tv_nsec;
}

/* The core runs on fio's clock, so that issue times serve both. */
static uint64_t fio_now_ns(void)
{
	struct timespec t;

	fio_gettime(&t, NULL);
	return timespec_ns(&t);
}

static void on_stall(void *arg, const char *what)
{
	struct thread_data *td = arg;

	log_err("sqpoll: %s: %s\n", td->o.name ? td->o.name : "job", what);
}

/* A job that is told to end, or has failed already, does not wait for a device that is silent. */
static bool give_up(void *arg)
{
	const struct thread_data *td = arg;

	return td->terminate || td->error;
}

static void free_job(struct sqp_job *job)
{
	for (unsigned i = 0; job->fds && i < job->nr_files; i++)
		if (job->fds[i] >= 0)
			close(job->fds[i]);
	if (job->stats_fd >= 0)
		close(job->stats_fd);
	if (job->timelog.fd >= 0)
		close(job->timelog.fd);
	sqp_place_release(&job->place);
	sqp_place_unclaim(sqp_shared_claims(), job->own_claim);
	free(job->target);
	free(job->timelog.io);
	fio_cmdprio_cleanup(&job->cmdprio);
	sqp_nvme_free(job->nvme);
	free(job->position);
	free(job->iovecs);
	free(job->fds);
	free(job);
}

static struct sqp_job *alloc_job(struct thread_data *td)
{
	struct sqp_job *job = calloc(1, sizeof(*job));
	bool nvme = sqp_is_passthrough(td->eo);

	if (!job)
		return NULL;
	job->stats_fd = -1;
	job->own_claim = -1;
	job->res_mask = nvme ? 0 : ~0u;
	job->timelog.fd = -1;
	job->nr_files = td->files_index;
	job->iovecs = calloc(td->o.iodepth, sizeof(*job->iovecs));
	job->fds = malloc((job->nr_files + 1) * sizeof(*job->fds));
	for (unsigned i = 0; job->fds && i <= job->nr_files; i++)
		job->fds[i] = -1;
	if (nvme)
		job->nvme = sqp_nvme_new(td, job->nr_files);
	if (job->iovecs && job->fds && (!nvme || job->nvme))
		return job;
	free_job(job);
	return NULL;
}

/* The version was right at load time; this catches the same version, configured otherwise. */
static bool layout_is_ours(struct thread_data *td)
{
	struct sqp_options *o = td->eo;

	/* fio clears the back pointer of a job that others are cloned from */
	return td->io_ops == &ioengine && o && (!o->td || o->td == td) && td->o.ioengine && td->o.iodepth > 0;
}

/* Everything that can be refused is refused in post_init: fio adds a misleading hint to a failed init. */
static int sqp_fio_init(struct thread_data *td)
{
	struct sqp_why why;
	struct sqp_job *job;

	if (!layout_is_ours(td)) {
		fprintf(stderr, WRONG_LAYOUT, fio_version_string, SQP_FIO_VERSION);
		return 1;
	}
	job = alloc_job(td);
	if (!job) {
		sqp_why(&why, 0, "no memory for iodepth=%u and %u files", td->o.iodepth, td->files_index);
		return fail(td, ENOMEM, &why);
	}
	td->io_ops_data = job;
	/* before the ring: other jobs, started together with this one, then look for CPUs for their SQ threads */
	job->own_claim = sqp_place_claim_own(sqp_shared_claims());
	if (job->nvme) {
		td->flags |= (unsigned long long)(FIO_RAWIO | FIO_MEMALIGN) << TD_ENG_FLAG_SHIFT;
		td->o.odirect = 0;	/* commands are direct by nature, and the character device refuses O_DIRECT */
	}
	/* As the stock engine: submission is filling the ring. disable_slat=0 shows it all the same. */
	if (!fio_option_is_set(&td->o, disable_slat))
		td->o.disable_slat = 1;
	return 0;
}

/* fio has just set these, from the front of struct io_u to behind its middle. */
static bool io_u_is_ours(struct thread_data *td, const struct io_u *io_u, unsigned due)
{
	return io_u->index == due && io_u->index < td->o.iodepth && io_u->flags == IO_U_F_FREE &&
	       io_u->verify_list.next == &io_u->verify_list;
}

static int sqp_fio_io_u_init(struct thread_data *td, struct io_u *io_u)
{
	struct sqp_job *job = td->io_ops_data;

	if (!io_u_is_ours(td, io_u, job->io_us++)) {
		fprintf(stderr, WRONG_LAYOUT, fio_version_string, SQP_FIO_VERSION);
		td_verror(td, EINVAL, "sqpoll");	/* fio stops the job without calling that an error */
		return 1;
	}
	return 0;
}

static int sqp_fio_get_file_size(struct thread_data *td, struct fio_file *f)
{
	struct sqp_why why;
	int ret;

	if (!layout_is_ours(td) || !sqp_is_passthrough(td->eo))
		return generic_get_file_size(td, f);
	ret = sqp_nvme_file_size(td, f, &why);
	return ret ? fail(td, ret, &why) : 0;
}

static int open_stats(struct thread_data *td, struct sqp_job *job)
{
	const struct sqp_options *o = td->eo;
	struct sqp_why why;

	if (!o->stats_file)
		return 0;
	if (!strcmp(o->stats_file, SQP_TO_CLIENT)) {
		job->tells_client = is_backend;
		sqp_why(&why, 0, "stats_file=" SQP_TO_CLIENT " sends the statistics to fio's client, and this fio is no server (--server); name a file (one of that name is ./" SQP_TO_CLIENT ")");
		return is_backend ? 0 : fail(td, EINVAL, &why);
	}
	job->stats_fd = sqp_stats_open(o->stats_file, &why);
	return job->stats_fd < 0 ? fail(td, job->stats_fd, &why) : 0;
}

static void remember_target(struct thread_data *td, struct sqp_job *job)
{
	if (!job->nr_files || !td->files[0]->file_name || (job->stats_fd < 0 && !job->tells_client))
		return;
	job->target = strdup(td->files[0]->file_name);
	job->drive_known = sqp_drive_of(td->files[0]->file_name, &job->drive);
}

static int open_timelog(struct thread_data *td, struct sqp_job *job)
{
	const struct sqp_options *o = td->eo;
	struct sqp_why why;
	int ret;

	if (!o->time_log)
		return 0;
	ret = sqp_timelog_open(&job->timelog, o->time_log, (unsigned)td->thread_number, &why);
	if (ret)
		return fail(td, ret, &why);
	job->position = calloc(td->o.iodepth, sizeof(*job->position));
	if (job->position)
		return 0;
	sqp_why(&why, 0, "time_log: no memory for iodepth=%u", td->o.iodepth);
	return fail(td, ENOMEM, &why);
}

/* fio allocates the buffers after io_u_init. A job of trims alone has none. */
static int register_buffers(struct thread_data *td, struct sqp_job *job, struct sqp_why *why)
{
	if (!td_read(td) && !td_write(td))
		return 0;
	for (unsigned i = 0; i < td->o.iodepth; i++)
		job->iovecs[i] = (struct iovec){ td->io_u_all.io_us[i]->buf, td_max_bs(td) };
	return sqp_buffers_register(&job->ring, job->iovecs, td->o.iodepth, why);
}

/* Who first writes into a page has it on his node: of a buffer that is read into, that is the SQ thread. A file in the place
 * of memory (mem=mmap:FILE) may be a device's, as CUDA's is: not ours to bind. */
static int keep_buffers_near(struct thread_data *td)
{
	bool ours = td->orig_buffer && !td->o.mmapfile && td->o.mem_type != MEM_CUDA_MALLOC;

	if (!ours)
		return -ENODEV;
	return sqp_place_near_memory(td->orig_buffer, td->orig_buffer_size);
}

static int open_ring(struct thread_data *td, struct sqp_job *job)
{
	const struct sqp_options *o = td->eo;
	struct sqp_config cfg = {
		.clock = fio_fill_issue_time(td), .clock_ns = fio_now_ns,
		.register_fd = true,	/* only the job's own thread commits and reaps: FIO_NO_OFFLOAD */
		.on_stall = on_stall, .give_up = give_up, .arg = td,
	};
	struct sqp_why why;
	int ret = sqp_options_to_config(td, &cfg, &why);

	if (!ret)
		ret = sqp_place_choose(&job->place, cfg.sq_place, cfg.sq_cpu, sqp_shared_claims(), &why);
	cfg.sq_cpu = job->place.cpu;
	job->place.buffers_node = keep_buffers_near(td);
	if (!ret)
		ret = sqp_share_open(&job->ring, &cfg, &job->seat, &why);
	if (ret)
		return fail(td, ret, &why);
	job->ring_open = true;
	if (cfg.idle_auto)
		ret = sqp_live_open(&job->ring, &why);
	if (!ret && cfg.wake != SQP_WAKE_ALWAYS)
		ret = sqp_bypass_open(&job->ring, &why);
	if (!ret && o->fixedbufs)
		ret = register_buffers(td, job, &why);
	if (!ret && job->nr_files)
		ret = sqp_files_init(&job->ring, job->nr_files, &why);
	if (ret)
		return fail(td, ret, &why);
	job->vectored = o->nonvectored == (unsigned)-1 ? !sqp_ring_has_op(&job->ring, IORING_OP_READ) : !o->nonvectored;
	if (job->nvme && o->fixedbufs)
		job->vectored = false;
	/* a zone is not trimmed but reset, which fio does */
	job->async_trim = !cfg.hipri && td->o.zone_mode != ZONE_MODE_ZBD &&
			  sqp_ring_has_op(&job->ring, IORING_OP_URING_CMD);
	return 0;
}

static int sqp_fio_open_file(struct thread_data *td, struct fio_file *f)
{
	struct sqp_job *job = td->io_ops_data;
	struct sqp_why why;
	int ret;

	if (!job || !job->ring_open)
		return generic_open_file(td, f);
	if (job->fds[f->fileno] >= 0) {
		f->fd = job->fds[f->fileno];
		return 0;
	}
	ret = generic_open_file(td, f);
	if (ret)
		return ret;
	ret = job->nvme ? sqp_nvme_file_opened(td, job->nvme, f, &why) : 0;
	if (!ret)
		ret = sqp_file_set(&job->ring, f->fileno, f->fd, f->file_name, &why);
	if (ret) {
		int fio_unused closed = generic_close_file(td, f);

		return fail(td, ret, &why);
	}
	if (job->keep_open)
		job->fds[f->fileno] = f->fd;
	return 0;
}

static int sqp_fio_close_file(struct thread_data *td, struct fio_file *f)
{
	struct sqp_job *job = td->io_ops_data;
	struct sqp_why why;
	int ret;

	if (!job || !job->ring_open)
		return generic_close_file(td, f);
	if (job->fds[f->fileno] >= 0) {
		f->fd = -1;
		return 0;
	}
	ret = sqp_file_set(&job->ring, f->fileno, -1, f->file_name, &why);
	if (ret)
		fail(td, ret, &why);
	return generic_close_file(td, f) || ret;
}

/* Where all files may be open at once they are opened and registered before the run and stay so, as in the stock
 * engine; else (openfiles < nrfiles, files that come and go or are laid out later) each one when fio opens it. */
static int open_files(struct thread_data *td, struct sqp_job *job)
{
	struct fio_file *f;
	unsigned int i;

	job->keep_open = td->o.open_files >= td->o.nr_files && !td->o.unlink_each_loop && !td->o.create_on_open &&
			 td->o.create_serialize;
	if (!job->keep_open)
		return 0;
	for_each_file(td, f, i) {
		if (fio_file_open(f))
			continue;
		if (sqp_fio_open_file(td, f))
			return 1;
		f->fd = -1;
	}
	return 0;
}

static int check_polling(struct thread_data *td, struct sqp_job *job, struct fio_file *f, int fd, struct sqp_why *why)
{
	unsigned len = (unsigned)td_min_bs(td);
	int ret = sqp_poll_check(fd, f->file_name, td_write(td), why);

	if (ret > 0)
		job->notes[0] = "hipri: /sys does not tell whether a file's device polls; kernels before 6.7 use interrupts if it does not";
	return ret < 0 ? ret : sqp_poll_probe(&job->ring, (unsigned)f->fileno, f->file_name, f->file_offset, len, why);
}

static int check_file(struct thread_data *td, struct sqp_job *job, struct fio_file *f)
{
	struct sqp_why why;
	bool opened = job->fds[f->fileno] < 0;
	int ret, fd;

	if (opened && sqp_fio_open_file(td, f))
		return 1;
	fd = opened ? f->fd : job->fds[f->fileno];
	ret = job->nvme ? sqp_nvme_check(td, job->nvme, &job->ring, f, fd, &why) : check_polling(td, job, f, fd, &why);
	if (ret)
		fail(td, ret, &why);
	return (opened && sqp_fio_close_file(td, f)) || ret;
}

/* One read before the run says what the kernel would say of each one. */
static int check_files(struct thread_data *td, struct sqp_job *job)
{
	struct fio_file *f;
	unsigned int i;

	if (!job->ring.cfg.hipri && !job->nvme)
		return 0;
	for_each_file(td, f, i)
		if (!fio_file_open(f) && check_file(td, job, f))
			return 1;
	return 0;
}

static void fill_rw(struct thread_data *td, struct sqp_job *job, struct io_u *io_u, struct io_uring_sqe *sqe)
{
	static const uint8_t op[2][3] = {
		{ IORING_OP_READ, IORING_OP_READV, IORING_OP_READ_FIXED },
		{ IORING_OP_WRITE, IORING_OP_WRITEV, IORING_OP_WRITE_FIXED },
	};
	const struct sqp_options *o = td->eo;

	sqe->opcode = op[io_u->ddir == DDIR_WRITE][o->fixedbufs ? 2 : job->vectored];
	sqe->addr = (uintptr_t)io_u->xfer_buf;
	sqe->len = (unsigned)io_u->xfer_buflen;
	sqe->off = io_u->offset;
	if (o->fixedbufs) {
		sqe->buf_index = (uint16_t)io_u->index;
	} else if (job->vectored) {
		job->iovecs[io_u->index] = (struct iovec){ io_u->xfer_buf, io_u->xfer_buflen };
		sqe->addr = (uintptr_t)&job->iovecs[io_u->index];
		sqe->len = 1;
	}
	/* the SQ thread does not inherit our I/O priority on every kernel */
	sqe->ioprio = (uint16_t)td->ioprio;
	if (o->uncached && !td->o.odirect)
		sqe->rw_flags |= RWF_DONTCACHE;
	if (o->nowait)
		sqe->rw_flags |= RWF_NOWAIT;
	if (io_u->ddir == DDIR_WRITE && sqp_is_atomic(td))
		sqe->rw_flags |= RWF_ATOMIC;
}

static void fill_sync(struct thread_data *td, struct io_u *io_u, struct io_uring_sqe *sqe)
{
	const struct fio_file *f = io_u->file;

	sqe->opcode = IORING_OP_FSYNC;
	if (io_u->ddir == DDIR_DATASYNC)
		sqe->fsync_flags = IORING_FSYNC_DATASYNC;
	if (io_u->ddir != DDIR_SYNC_FILE_RANGE)
		return;
	sqe->opcode = IORING_OP_SYNC_FILE_RANGE;
	sqe->off = f->first_write;
	sqe->len = (unsigned)(f->last_write - f->first_write);
	sqe->sync_range_flags = td->o.sync_file_range;
}

static void fill_trim(struct io_u *io_u, struct io_uring_sqe *sqe)
{
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->cmd_op = SQP_BLOCK_URING_CMD_DISCARD;
	sqe->addr = io_u->offset;
	sqe->addr3 = io_u->xfer_buflen;
}

static void force_async(const struct sqp_options *o, struct sqp_job *job, struct io_uring_sqe *sqe)
{
	if (o->force_async && ++job->force_count == o->force_async) {
		job->force_count = 0;
		sqe->flags |= IOSQE_ASYNC;
	}
}

static void fill_sqe(struct thread_data *td, struct sqp_job *job, struct io_u *io_u, struct io_uring_sqe *sqe)
{
	const struct sqp_options *o = td->eo;

	memset(sqe, 0, sizeof(*sqe));
	sqe->fd = io_u->file->fileno;
	sqe->flags = IOSQE_FIXED_FILE;
	sqe->user_data = (uintptr_t)io_u;
	if (io_u->ddir == DDIR_READ || io_u->ddir == DDIR_WRITE)
		fill_rw(td, job, io_u, sqe);
	else if (ddir_sync(io_u->ddir))
		fill_sync(td, io_u, sqe);
	else
		fill_trim(io_u, sqe);
	force_async(o, job, sqe);
}

/* Requests that are more than what fill_sqe() makes of them: one test in the usual path covers them all. */
static int fill_special(struct thread_data *td, struct sqp_job *job, struct io_u *io_u, struct io_uring_sqe *sqe)
{
	int ret;

	if (!job->nvme) {
		fill_sqe(td, job, io_u, sqe);
		if (fio_cmdprio_set_ioprio(td, &job->cmdprio, io_u))
			sqe->ioprio = (uint16_t)io_u->ioprio;
		return 0;
	}
	ret = sqp_nvme_fill(td, job->nvme, io_u, sqe, job->vectored ? &job->iovecs[io_u->index] : NULL);
	if (!ret)
		force_async(td->eo, job, sqe);
	return ret;
}

/* What is the same in all reads, and in all writes, is put together once. */
static void make_models(struct thread_data *td, struct sqp_job *job)
{
	const struct sqp_options *o = td->eo;
	struct fio_file f = { .fileno = 0 };

	job->quick = !job->special && !job->vectored && !job->position && !o->force_async && !job->ring.big_shift;
	job->slow_events = job->nvme || job->position || job->ring.side || job->ring.big_shift;
	job->slow_commits = job->ring.side || job->ring.big_shift || !job->ring.cfg.clock || !td->o.disable_slat || td->o.read_iolog_file;
	job->index_mask = o->fixedbufs ? UINT16_MAX : 0;
	for (int ddir = DDIR_READ; job->quick && ddir <= DDIR_WRITE; ddir++) {
		struct io_u io_u = { .ddir = (enum fio_ddir)ddir, .file = &f };

		fill_sqe(td, job, &io_u, &job->model[ddir]);
	}
}

static int sqp_fio_post_init(struct thread_data *td)
{
	struct sqp_job *job = td->io_ops_data;
	struct sqp_options *o = td->eo;
	struct sqp_why why;

	if (open_ring(td, job) || open_stats(td, job) || open_timelog(td, job) || open_files(td, job) || check_files(td, job))
		return 1;
	if (fio_cmdprio_init(td, &job->cmdprio, &o->cmdprio_options)) {
		sqp_why(&why, 0, "the cmdprio options are not valid together; see the line above");
		return fail(td, EINVAL, &why);
	}
	if (job->nvme && job->cmdprio.mode != CMDPRIO_MODE_NONE) {
		sqp_why(&why, 0, "cmd_type=nvme: an NVMe command has no priority; leave out the cmdprio options");
		return fail(td, EINVAL, &why);
	}
	job->special = job->nvme || job->cmdprio.mode != CMDPRIO_MODE_NONE;
	make_models(td, job);
	remember_target(td, job);
	job->nr_notes = job->notes[0] ? 1 : 0;
	job->nr_notes += sqp_options_notes(td, job->notes + job->nr_notes, SQP_MAX_NOTES - job->nr_notes);
	if (job->nvme && td_write(td) && job->nr_notes < SQP_MAX_NOTES && !sqp_nvme_polls_without_data(&job->ring))
		job->notes[job->nr_notes++] = "hipri: flushes are made synchronously, a polled ring of this kernel never completes one";
	job->ready = true;
	return 0;
}

static bool goes_round_the_ring(const struct sqp_job *job, const struct io_u *io_u)
{
	if (job->nvme)
		return sqp_nvme_in_place(job->nvme, io_u);
	if (io_u->ddir == DDIR_TRIM)
		return !job->async_trim || io_u->file->filetype != FIO_TYPE_BLOCK;
	if (!ddir_sync(io_u->ddir))
		return false;
	return sqp_is_syncfs(io_u) || job->ring.cfg.hipri;
}

static void do_in_place(struct thread_data *td, struct sqp_job *job, struct io_u *io_u)
{
	if (job->nvme)
		sqp_nvme_do_in_place(td, job->nvme, io_u);
	else if (io_u->ddir == DDIR_TRIM)
		do_io_u_trim(td, io_u);
	else
		do_io_u_sync(td, io_u);
}

static enum fio_q_status queue_in_place(struct thread_data *td, struct sqp_job *job, struct io_u *io_u)
{
	if (sqp_pending(&job->ring))
		return FIO_Q_BUSY;
	if (fio_fill_issue_time(td))
		fio_gettime(&io_u->issue_time, NULL);
	do_in_place(td, job, io_u);
	io_u_mark_submit(td, 1);
	io_u_mark_complete(td, 1);
	return FIO_Q_COMPLETED;
}

/* There is no such request: the entry taken for it is given back. */
static enum fio_q_status queue_refused(struct thread_data *td, struct sqp_job *job, struct io_u *io_u, int err)
{
	job->ring.sq_tail--;
	if (fio_fill_issue_time(td))
		fio_gettime(&io_u->issue_time, NULL);
	io_u->error = (unsigned)-err;
	return FIO_Q_COMPLETED;
}

static __attribute__((noinline)) enum fio_q_status queue_any(struct thread_data *td, struct sqp_job *job, struct io_u *io_u)
{
	struct io_uring_sqe *sqe;
	int ret;

	if (io_u->ddir > DDIR_WRITE && goes_round_the_ring(job, io_u))
		return queue_in_place(td, job, io_u);
	if (job->ring.side && ddir_sync(io_u->ddir) && !sqp_bypass_order(&job->ring))
		return FIO_Q_BUSY;
	sqe = sqp_next_sqe(&job->ring);
	if (!sqe)
		return FIO_Q_BUSY;
	if (__builtin_expect(job->special, 0)) {
		ret = fill_special(td, job, io_u, sqe);
		if (ret)
			return queue_refused(td, job, io_u, ret);
	} else {
		fill_sqe(td, job, io_u, sqe);
	}
	if (job->position)
		job->position[io_u->index] = job->ring.sq_tail - 1;
	return FIO_Q_QUEUED;
}

static inline enum fio_q_status queue_quick(struct sqp_job *job, struct io_u *io_u)
{
	struct sqp_ring *r = &job->ring;
	struct io_uring_sqe *sqe = &r->sqes[r->sq_tail & r->sq_mask];

	/* fio has no more requests than the ring has entries */
	r->sq_tail++;
	*sqe = job->model[io_u->ddir];
	sqe->fd = io_u->file->fileno;
	sqe->off = io_u->offset;
	sqe->addr = (uintptr_t)io_u->xfer_buf;
	sqe->len = (unsigned)io_u->xfer_buflen;
	sqe->user_data = (uintptr_t)io_u;
	sqe->buf_index = (uint16_t)io_u->index & job->index_mask;
	return FIO_Q_QUEUED;
}

static enum fio_q_status sqp_fio_queue(struct thread_data *td, struct io_u *io_u)
{
	struct sqp_job *job = td->io_ops_data;

	if (__builtin_expect(job->quick && io_u->ddir <= DDIR_WRITE, 1))
		return queue_quick(job, io_u);
	return queue_any(td, job, io_u);
}

/* Number I of those that are filled and not yet published. */
static inline struct io_u *pending(const struct sqp_ring *r, unsigned i, unsigned big_shift)
{
	return (struct io_u *)(uintptr_t)r->sqes[((r->sq_published + i) & r->sq_mask) << big_shift].user_data;
}

/* The issue time is set before the SQ thread can see the request: no completion is older than its issue. */
static inline uint64_t stamp_pending(struct sqp_ring *r, unsigned nr, unsigned big_shift)
{
	struct timespec now;
	unsigned i = 0;

	fio_gettime(&now, NULL);
	do {
		pending(r, i, big_shift)->issue_time = now;
	} while (++i < nr);
	return timespec_ns(&now);
}

/* fio may want to be told of each submission: of its latency, or of its time in a replay. */
static uint64_t stamp_and_tell(struct thread_data *td, struct sqp_ring *r, unsigned nr)
{
	uint64_t now_ns;

	if (!r->cfg.clock)
		return 0;
	now_ns = stamp_pending(r, nr, r->big_shift);
	for (unsigned i = 0; i < nr; i++)
		io_u_queued(td, pending(r, i, r->big_shift));
	if (td->o.read_iolog_file)
		td->last_issue = pending(r, 0, r->big_shift)->issue_time;
	return now_ns;
}

static __attribute__((noinline)) int explain_enter(struct thread_data *td, int err)
{
	struct sqp_why why;

	if (err == -EOWNERDEAD)
		sqp_why(&why, err, "the SQ thread has exited and its ring is dead (was the task that opened it killed?); run the job again");
	else if (err == -ETIMEDOUT)
		sqp_why(&why, err, "gave up waiting for completions; is the device answering (dmesg)? stall_ms sets the patience");
	else
		sqp_why(&why, err, "io_uring_enter failed: %s", strerror(-err));
	fail(td, err, &why);
	return err;
}

static int commit_either(struct thread_data *td, struct sqp_job *job, unsigned nr)
{
	struct sqp_ring *r = &job->ring;
	unsigned position = r->side->sq_tail;
	bool aside;
	int ret = sqp_bypass_commit(r, stamp_and_tell(td, r, nr), &aside);

	/* they are still where they were filled */
	for (unsigned i = 0; aside && job->position && i < nr; i++)
		job->position[pending(r, i, r->big_shift)->index] = position + i;
	return ret;
}

static __attribute__((noinline)) int commit_any(struct thread_data *td, struct sqp_job *job, unsigned nr)
{
	int ret = job->ring.side ? commit_either(td, job, nr) : sqp_commit(&job->ring, stamp_and_tell(td, &job->ring, nr));

	io_u_mark_submit(td, nr);
	return ret ? explain_enter(td, ret) : 0;
}

static int sqp_fio_commit(struct thread_data *td)
{
	struct sqp_job *job = td->io_ops_data;
	unsigned nr = sqp_pending(&job->ring);
	int ret;

	if (!nr)
		return 0;
	if (__builtin_expect(job->slow_commits, 0))
		return commit_any(td, job, nr);
	ret = sqp_commit(&job->ring, stamp_pending(&job->ring, nr, 0));
	io_u_mark_submit(td, nr);
	return __builtin_expect(ret, 0) ? explain_enter(td, ret) : 0;
}

static int sqp_fio_getevents(struct thread_data *td, unsigned int min, unsigned int max,
			     const struct timespec fio_unused *t)
{
	struct sqp_job *job = td->io_ops_data;
	int ret = sqp_reap(&job->ring, min, max, &job->first);

	return __builtin_expect(ret < 0, 0) ? explain_enter(td, ret) : ret;
}

/* A discard that the ring cannot do (a kernel before 6.12) is done here, and so are all that follow. */
static void trim_result(struct thread_data *td, struct sqp_job *job, struct io_u *io_u, int res)
{
	if (res == -EOPNOTSUPP || res == -EINVAL) {
		job->async_trim = false;
		do_in_place(td, job, io_u);
	} else if (res < 0) {
		io_u->error = (unsigned)-res;
	}
}

static void log_times(struct sqp_job *job, const struct io_u *io_u, unsigned event)
{
	bool aside = job->ring.side && event >= job->ring.split;
	const struct sqp_ring *r = aside ? job->ring.side : &job->ring;
	unsigned cq_position = aside ? job->ring.side_first + event - job->ring.split : job->first + event;
	const struct sqp_io_times times = {
		.offset = io_u->offset, .ddir = (unsigned)io_u->ddir, .issue_ns = timespec_ns(&io_u->issue_time),
		.taken_ns = sqp_taken_ns(r, job->position[io_u->index]),
		.absent_ns = sqp_absent_ns(r, cq_position), .handed_ns = r->looks.handed_ns,
	};

	sqp_timelog_add(&job->timelog, &times);
}

/* A drive that has gone has nothing to read: 0 bytes, and no error. fio fails such a request of a synchronous engine with
 * EIO, but would count it as done here and run on for as long as it was told to. A file may well end early. */
static void short_result(struct io_u *io_u, unsigned moved)
{
	io_u->resid = io_u->xfer_buflen - moved;
	if (!moved && io_u->file->filetype == FIO_TYPE_BLOCK)
		io_u->error = EIO;
}

static __attribute__((noinline)) struct io_u *any_event(struct thread_data *td, struct sqp_job *job, int event)
{
	const struct io_uring_cqe *cqe = sqp_cqe(&job->ring, job->first, (unsigned)event);
	struct io_u *io_u = (struct io_u *)(uintptr_t)cqe->user_data;

	if (cqe->res == (int)((unsigned)io_u->xfer_buflen & job->res_mask))
		io_u->error = 0;
	else if (job->nvme)
		sqp_nvme_result(td, job->nvme, io_u, cqe->res);
	else if (io_u->ddir == DDIR_TRIM)
		trim_result(td, job, io_u, cqe->res);
	else if (cqe->res < 0)
		io_u->error = (unsigned)-cqe->res;
	else if (!ddir_sync(io_u->ddir))
		short_result(io_u, (unsigned)cqe->res);
	if (job->position)
		log_times(job, io_u, (unsigned)event);
	return io_u;
}

static struct io_u *sqp_fio_event(struct thread_data *td, int event)
{
	struct sqp_job *job = td->io_ops_data;
	const struct io_uring_cqe *cqe = &job->ring.cqes[(job->first + (unsigned)event) & job->ring.cq_mask];
	struct io_u *io_u = (struct io_u *)(uintptr_t)cqe->user_data;

	if (__builtin_expect(job->slow_events || cqe->res != (int)io_u->xfer_buflen, 0))
		return any_event(td, job, event);
	io_u->error = 0;
	return io_u;
}

/* What has an effect on NVMe commands only */
static void describe_nvme(struct thread_data *td, const struct sqp_job *job, struct sqp_identity *id)
{
	static const char *const write_modes[] = {
		[SQP_WRITE_MODE_WRITE] = "write", [SQP_WRITE_MODE_UNCOR] = "uncor", [SQP_WRITE_MODE_ZEROES] = "zeroes",
		[SQP_WRITE_MODE_VERIFY] = "verify",
	};
	const struct sqp_options *o = td->eo;
	const struct sqp_option_value table[] = {
		{ "write_mode", write_modes[o->write_mode], 0 },
		{ "verify_mode", o->verify_mode == SQP_VERIFY_MODE_COMPARE ? "compare" : "read", 0 },
		{ "readfua", NULL, o->readfua }, { "writefua", NULL, o->writefua }, { "deac", NULL, o->deac },
	};

	for (unsigned i = 0; i < SQP_NR(table) && id->nr_options < SQP_MAX_OPTIONS; i++)
		id->option[id->nr_options++] = table[i];
	id->nvme_errors = sqp_nvme_errors(job->nvme);
}

static void describe_place(struct sqp_job *job, struct sqp_identity *id)
{
	unsigned nr = sqp_place_notes(&job->place, &job->place_seen, job->place_note);

	for (unsigned i = 0; i < nr && id->nr_notes < SQP_MAX_NOTES; i++)
		id->note[id->nr_notes++] = job->place_note[i];
	id->place = &job->place;
	id->place_seen = &job->place_seen;
}

static void describe_options(struct thread_data *td, const struct sqp_job *job, struct sqp_identity *id)
{
	static const char *const wake_modes[] = {
		[SQP_WAKE_ALWAYS] = "always", [SQP_WAKE_BYPASS] = "bypass",
		[SQP_WAKE_ADAPTIVE] = "adaptive",
	};
	static const char *const reap_modes[] = {
		[SQP_REAP_SPIN] = "spin", [SQP_REAP_SLEEP] = "sleep", [SQP_REAP_HYBRID] = "hybrid",
	};
	const struct sqp_options *o = td->eo;
	const struct sqp_config *cfg = &job->ring.cfg;
	const struct sqp_option_value table[] = {
		{ "sq_thread_idle", cfg->idle_auto ? "auto" : NULL, cfg->idle_ms }, { "wake_cost_us", NULL, cfg->wake_cost_us },
		{ "sq_thread_cpu", cfg->sq_cpu == SQP_ANY_CPU ? "any" : NULL, cfg->sq_cpu },
		{ "sq_share", NULL, cfg->share }, { "sq_wake", wake_modes[cfg->wake], 0 }, { "reap", reap_modes[cfg->reap], 0 },
		{ "hipri", NULL, cfg->hipri }, { "hybrid", NULL, cfg->hybrid }, { "fixedbufs", NULL, o->fixedbufs }, { "nonvectored", NULL, !job->vectored },
		{ "force_async", NULL, o->force_async }, { "nowait", NULL, o->nowait }, { "uncached", NULL, !!o->uncached },
		{ "iodepth", NULL, cfg->depth }, { "sq_entries", NULL, job->ring.sq_entries },
		{ "cq_entries", NULL, job->ring.cq_entries }, { "nrfiles", NULL, job->nr_files },
		{ "stall_ms", NULL, cfg->stall_ms }, { "idle_probe_ms", NULL, cfg->idle_probe_ms },
		{ "cmd_type", job->nvme ? "nvme" : "none", 0 },
		{ "time_log", NULL, cfg->time_all },
	};

	_Static_assert(SQP_NR(table) <= SQP_MAX_OPTIONS, "an option more needs more room");
	id->nr_options = SQP_NR(table);
	memcpy(id->option, table, sizeof(table));
	id->nr_notes = job->nr_notes;
	memcpy(id->note, job->notes, sizeof(job->notes));
	if (job->nvme)
		describe_nvme(td, job, id);
}

static void write_stats(struct thread_data *td, struct sqp_job *job, const struct sqp_usage *used,
			const char *idle_why)
{
	const struct sqp_options *o = td->eo;
	struct sqp_identity id = {
		.job = td->o.name, .groupid = (unsigned)td->groupid, .thread = (unsigned)td->thread_number,
		.fio_version = fio_version_string, .error = td->error,
		.share_group = job->seat.number, .share_jobs = sqp_share_jobs(&job->seat),
		.target = job->target, .drive = job->drive_known ? &job->drive : NULL,
	};
	struct sqp_why why;
	char *line;
	int ret = 0;

	if (job->stats_fd < 0 && !job->tells_client)
		return;
	describe_options(td, job, &id);
	describe_place(job, &id);
	if (id.share_jobs < job->ring.cfg.share && id.nr_notes < SQP_MAX_NOTES)
		id.note[id.nr_notes++] = "sq_share: fewer jobs than that had joined this SQ thread when the job ended";
	if (job->ring.live && job->ring.live->error && id.nr_notes < SQP_MAX_NOTES)
		id.note[id.nr_notes++] = "sq_thread_idle=auto: the kernel refused a helper ring (no memory, or ulimit -n), and the idle period was left alone from then on";
	line = sqp_stats_line(&job->ring, &id, used, idle_why);
	if (!line)
		ret = sqp_why(&why, -ENOMEM, "stats_file=%s: no memory for the line", o->stats_file);
	else if (job->tells_client)
		log_info(SQP_TELL_MARK "%s", line);	/* one call: one command of fio's protocol, and not cut */
	else
		ret = sqp_stats_append(job->stats_fd, o->stats_file, line, &why);
	free(line);
	if (ret)
		fail(td, ret, &why);
}

static void write_timelog(struct thread_data *td, struct sqp_job *job)
{
	struct sqp_why why;
	int ret;

	if (job->timelog.fd < 0)
		return;
	ret = sqp_timelog_close(&job->timelog, &why);
	if (ret)
		fail(td, ret, &why);
}

static void add_summary(struct thread_data *td, struct sqp_job *job, const struct sqp_usage *used)
{
	const struct sqp_ring *r = &job->ring;
	const struct sqp_counters count = sqp_ring_count(r);
	const char *source;
	struct sqp_summary s = {
		.thread = (unsigned)td->thread_number, .submitted = count.submitted, .enters = count.enters,
		.wakeups = count.wakeups, .stalls = count.stalls, .idle_ms = sqp_live_idle_ms(r),
		.idle_seen_ns = sqp_idle_median_ns(&r->idle), .sq_cpu_us = sqp_sq_cpu_us(used, &source),
		.sq_cpu = used->info.cpu, .app_cpu_us = used->app_us, .elapsed_us = used->elapsed_us,
		.pickup_p50_ns = sqp_hist_percentile(&r->taken, 0.5), .pickup_p99_ns = sqp_hist_percentile(&r->taken, 0.99),
		.wake_p50_ns = sqp_hist_percentile(&r->wake, 0.5),
	};

	snprintf(s.job, sizeof(s.job), "%s", td->o.name ? td->o.name : "");
	sqp_summary_add(&s);
}

/* fio asks for no more completions once a replay or a latency target says it is done: what is still in flight then
 * is waited for here, so that no request is lost from the figures. */
static void drain(struct thread_data *td, struct sqp_job *job)
{
	unsigned first;

	if (td->done && !td->error && job->ring.inflight)
		(void)sqp_reap(&job->ring, job->ring.inflight, job->ring.inflight, &first);
}

/* The buffers are freed next, and a read that is late would write into what is somebody else's memory by then. */
static void sqp_fio_io_u_free(struct thread_data *td, struct io_u fio_unused *io_u)
{
	struct sqp_job *job = td->io_ops_data;

	if (job && job->ready)
		drain(td, job);
}

/* td->ts is final by now: what is measured here costs the job nothing. */
static void sqp_fio_cleanup(struct thread_data *td)
{
	struct sqp_job *job = td->io_ops_data;
	struct sqp_usage used;
	const char *idle_why = NULL;

	if (!job)
		return;
	if (job->ready) {
		drain(td, job);
		sqp_usage_since(job->ring.fd, &job->ring.birth, &job->ring.sq, &used);
		sqp_place_verify(&job->place, &used.info, &job->place_seen);
		if (!job->ring.inflight)
			idle_why = sqp_idle_probe(&job->ring);
		write_stats(td, job, &used, idle_why);
		write_timelog(td, job);
		add_summary(td, job, &used);
	}
	if (job->ring_open) {
		sqp_share_leave(&job->seat);
		sqp_ring_close(&job->ring);
	}
	free_job(job);
	td->io_ops_data = NULL;
}

__attribute__((visibility("default"))) struct ioengine_ops ioengine = {
	.name			= "sqpoll",
	.version		= FIO_IOOPS_VERSION,
	.flags			= SQP_ENGINE_FLAGS,
	.init			= sqp_fio_init,
	.post_init		= sqp_fio_post_init,
	.io_u_init		= sqp_fio_io_u_init,
	.io_u_free		= sqp_fio_io_u_free,
	.queue			= sqp_fio_queue,
	.commit			= sqp_fio_commit,
	.getevents		= sqp_fio_getevents,
	.event			= sqp_fio_event,
	.cleanup		= sqp_fio_cleanup,
	.open_file		= sqp_fio_open_file,
	.close_file		= sqp_fio_close_file,
	.get_file_size		= sqp_fio_get_file_size,
	.options		= sqp_fio_options,
	.option_struct_size	= sizeof(struct sqp_options),
};
