// SPDX-License-Identifier: GPL-2.0-only
#include "sqpoll_nvme.h"

#include "nvme_dev.h"
#include "verify.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct sqp_nvme_job {
	enum sqp_nvme_op write_op;
	bool flush_in_place;
	struct sqp_nvme_ns *ns;		/* one per file */
	struct sqp_nvme_range *ranges;	/* one per io_u */
	struct sqp_nvme_errors errors;
};

void sqp_nvme_free(struct sqp_nvme_job *nj)
{
	if (!nj)
		return;
	free(nj->ns);
	free(nj->ranges);
	free(nj);
}

struct sqp_nvme_job *sqp_nvme_new(struct thread_data *td, unsigned nr_files)
{
	static const enum sqp_nvme_op write_ops[] = {
		[SQP_WRITE_MODE_WRITE] = SQP_NVME_WRITE, [SQP_WRITE_MODE_UNCOR] = SQP_NVME_UNCOR,
		[SQP_WRITE_MODE_ZEROES] = SQP_NVME_ZEROES, [SQP_WRITE_MODE_VERIFY] = SQP_NVME_VERIFY,
	};
	const struct sqp_options *o = td->eo;
	struct sqp_nvme_job *nj = calloc(1, sizeof(*nj));

	if (!nj)
		return NULL;
	nj->write_op = write_ops[o->write_mode];
	nj->ns = calloc(nr_files + 1, sizeof(*nj->ns));
	nj->ranges = calloc(td->o.iodepth, sizeof(*nj->ranges));
	if (nj->ns && nj->ranges)
		return nj;
	sqp_nvme_free(nj);
	return NULL;
}

/* fio asks before it would create a file that is not there: what is no namespace is refused here. */
int sqp_nvme_file_size(struct thread_data *td, struct fio_file *f, struct sqp_why *why)
{
	struct sqp_nvme_ns ns;
	int fd, ret;

	if (fio_file_size_known(f))
		return 0;
	if (td->o.zone_mode == ZONE_MODE_ZBD)
		return sqp_why(why, -EINVAL, "cmd_type=nvme: zonemode=zbd is not supported; leave out cmd_type and use the block device");
	if (f->filetype != FIO_TYPE_CHAR)
		return sqp_nvme_no_device(f->file_name, -ENODEV, why);
	fd = open(f->file_name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return sqp_why(why, -errno, "cmd_type=nvme: %s cannot be opened: %s", f->file_name, strerror(errno));
	ret = sqp_nvme_identify(fd, f->file_name, &ns, why);
	close(fd);
	if (ret)
		return ret;
	f->real_file_size = ns.blocks << ns.lba_shift;
	fio_file_set_size_known(f);
	return 0;
}

static int check_size(const char *option, unsigned long long bytes, const struct fio_file *f, const struct sqp_nvme_ns *ns,
		      struct sqp_why *why)
{
	if (!(bytes & ((1ull << ns->lba_shift) - 1)))
		return 0;
	return sqp_why(why, -EINVAL, "cmd_type=nvme: %s: %s=%llu is no multiple of its blocks of %llu bytes; choose one",
		       f->file_name, option, bytes, 1ull << ns->lba_shift);
}

int sqp_nvme_file_opened(struct thread_data *td, struct sqp_nvme_job *nj, const struct fio_file *f, struct sqp_why *why)
{
	struct sqp_nvme_ns *ns = &nj->ns[f->fileno];
	int ret = 0;

	if (ns->nsid)
		return 0;
	ret = sqp_nvme_identify(f->fd, f->file_name, ns, why);
	for (unsigned ddir = DDIR_READ; !ret && ddir <= DDIR_TRIM; ddir++) {
		if (!(td->o.td_ddir & (1 << ddir)))
			continue;
		ret = check_size("bs", td->o.min_bs[ddir], f, ns, why);
		if (!ret)
			ret = check_size("blockalign", td->o.ba[ddir], f, ns, why);
	}
	if (!ret && td->o.bs_unaligned)
		ret = sqp_why(why, -EINVAL, "cmd_type=nvme: bs_unaligned=1: a command takes whole blocks; leave it out");
	return ret ? ret : check_size("offset", f->file_offset, f, ns, why);
}

int sqp_nvme_check(struct thread_data *td, struct sqp_nvme_job *nj, struct sqp_ring *r, const struct fio_file *f, int fd,
		   struct sqp_why *why)
{
	const struct sqp_options *o = td->eo;
	bool fixed = o->fixedbufs && (td_read(td) || td_write(td));
	struct sqp_nvme_probe probe = {
		.slot = (unsigned)f->fileno, .name = f->file_name, .offset = f->file_offset,
		.fixed = fixed ? td->io_u_all.io_us[0]->buf : NULL,
	};
	int ret = r->cfg.hipri ? sqp_nvme_poll_check(fd, f->file_name, why) : 0;

	nj->flush_in_place = !sqp_nvme_polls_without_data(r);
	if (!ret && nj->flush_in_place && td_write(td) && !sqp_nvme_has_data(nj->write_op))
		ret = sqp_why(why, -EOPNOTSUPP,
			      "cmd_type=nvme: %s: a polled ring of this kernel never completes a %s (seen on 6.1, not on 6.12; looked for: 6.7); leave out hipri",
			      f->file_name, sqp_nvme_op_name(nj->write_op));
	if (!ret && nj->flush_in_place)
		ret = sqp_nvme_poll_alone(fd, f->file_name, why);
	return ret ? ret : sqp_nvme_probe(r, &nj->ns[f->fileno], &probe, why);
}

/* -1: a request that NVMe has no command for */
static int op_of(struct thread_data *td, const struct sqp_nvme_job *nj, const struct io_u *io_u)
{
	const struct sqp_options *o = td->eo;

	switch ((int)io_u->ddir) {
	case DDIR_READ:
		return (io_u->flags & IO_U_F_VER_LIST) && o->verify_mode == SQP_VERIFY_MODE_COMPARE ? SQP_NVME_COMPARE :
												     SQP_NVME_READ;
	case DDIR_WRITE:
		return (int)nj->write_op;
	case DDIR_TRIM:
		return SQP_NVME_TRIM;
	case DDIR_SYNC:
	case DDIR_DATASYNC:
		return SQP_NVME_FLUSH;
	default:
		return -1;
	}
}

/* A comparison sends what ought to be there. */
static void expect_data(struct thread_data *td, struct io_u *io_u)
{
	io_u->buf_filled_len = 0;
	populate_verify_io_u(td, io_u);
	sqp_mark_verified(td, io_u);
}

int sqp_nvme_fill(struct thread_data *td, struct sqp_nvme_job *nj, struct io_u *io_u, struct io_uring_sqe *sqe,
		  struct iovec *vec)
{
	const struct sqp_options *o = td->eo;
	int op = op_of(td, nj, io_u), ret;
	bool data = op >= 0 && sqp_nvme_has_data((enum sqp_nvme_op)op);
	struct sqp_nvme_io io = {
		.op = (enum sqp_nvme_op)op, .offset = io_u->offset, .bytes = io_u->xfer_buflen, .buf = io_u->xfer_buf,
		.fua = io_u->ddir == DDIR_WRITE ? o->writefua : o->readfua, .deac = o->deac, .vec = data ? vec : NULL,
		.range = &nj->ranges[io_u->index],
	};

	if (op < 0)
		return -EOPNOTSUPP;
	if (op == SQP_NVME_COMPARE)
		expect_data(td, io_u);
	memset(sqe, 0, SQP_BIG_SQE_BYTES);
	ret = sqp_nvme_build((struct nvme_uring_cmd *)sqe->cmd, &nj->ns[io_u->file->fileno], &io);
	if (ret)
		return ret;
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = io_u->file->fileno;
	sqe->flags = IOSQE_FIXED_FILE;
	sqe->user_data = (uintptr_t)io_u;
	sqe->cmd_op = io.vec ? NVME_URING_CMD_IO_VEC : NVME_URING_CMD_IO;
	if (data && o->fixedbufs) {
		sqe->uring_cmd_flags = IORING_URING_CMD_FIXED;
		sqe->buf_index = (uint16_t)io_u->index;
	}
	return 0;
}

bool sqp_nvme_in_place(const struct sqp_nvme_job *nj, const struct io_u *io_u)
{
	return sqp_is_syncfs(io_u) || (nj->flush_in_place && ddir_sync(io_u->ddir));
}

void sqp_nvme_do_in_place(struct thread_data *td, struct sqp_nvme_job *nj, struct io_u *io_u)
{
	if (sqp_is_syncfs(io_u))
		do_io_u_sync(td, io_u);
	else
		sqp_nvme_result(td, nj, io_u, sqp_nvme_flush_now(io_u->file->fd, &nj->ns[io_u->file->fileno]));
}

static void tell(struct thread_data *td, const struct sqp_nvme_job *nj, const struct io_u *io_u, enum sqp_nvme_op op, int res)
{
	const struct sqp_nvme_ns *ns = &nj->ns[io_u->file->fileno];
	char text[SQP_NVME_STATUS_LEN], where[96] = "";

	sqp_nvme_describe_res(res, text, sizeof(text));
	if (op != SQP_NVME_FLUSH)
		snprintf(where, sizeof(where), " of %llu bytes at offset %llu (LBA %llu)",
			 (unsigned long long)io_u->xfer_buflen, (unsigned long long)io_u->offset,
			 (unsigned long long)(io_u->offset >> ns->lba_shift));
	log_err("sqpoll: %s: %s: %s%s: %s%s; more of the same are only counted\n",
		td->o.name ? td->o.name : "job", io_u->file->file_name, sqp_nvme_op_name(op), where, text,
		res == -EINVAL ? " (bs above the device's largest transfer, max_hw_sectors_kb?)" : "");
}

void sqp_nvme_result(struct thread_data *td, struct sqp_nvme_job *nj, struct io_u *io_u, int res)
{
	enum sqp_nvme_op op;

	io_u->error = (unsigned)sqp_nvme_errno(res);
	if (!io_u->error)
		return;
	op = (enum sqp_nvme_op)op_of(td, nj, io_u);
	if (sqp_nvme_count(&nj->errors, op, res))
		tell(td, nj, io_u, op, res);
}

const struct sqp_nvme_errors *sqp_nvme_errors(const struct sqp_nvme_job *nj)
{
	return &nj->errors;
}
