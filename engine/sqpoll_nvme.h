/* SPDX-License-Identifier: GPL-2.0-only */
/* cmd_type=nvme: fio's requests -> NVMe commands, and their answers -> what fio knows. */
#ifndef SQP_SQPOLL_NVME_H
#define SQP_SQPOLL_NVME_H

#include "fio_compat.h"
#include "nvme.h"
#include "ring.h"

struct sqp_nvme_job;

/* For a job of NR_FILES files. NULL: no memory. */
struct sqp_nvme_job *sqp_nvme_new(struct thread_data *td, unsigned nr_files);
void sqp_nvme_free(struct sqp_nvme_job *nj);

/* fio's get_file_size. 0, or -errno with the reason. */
int sqp_nvme_file_size(struct thread_data *td, struct fio_file *f, struct sqp_why *why);

/* The file has just been opened: what kind of namespace is it, and do the job's block sizes fit? 0 or -errno with the
 * reason. */
int sqp_nvme_file_opened(struct thread_data *td, struct sqp_nvme_job *nj, const struct fio_file *f, struct sqp_why *why);

/* Before the run, the file being open with descriptor FD and registered: do commands get through? 0 or -errno with the
 * reason. */
int sqp_nvme_check(struct thread_data *td, struct sqp_nvme_job *nj, struct sqp_ring *r, const struct fio_file *f, int fd,
		   struct sqp_why *why);

/* Fills SQE (of SQP_BIG_SQE_BYTES) for IO_U. VEC is for a vectored command, or NULL. 0; -errno: there is no such command,
 * SQE must not be used. */
int sqp_nvme_fill(struct thread_data *td, struct sqp_nvme_job *nj, struct io_u *io_u, struct io_uring_sqe *sqe,
		  struct iovec *vec);

/* Must this request go round the ring? Only a flush may. */
bool sqp_nvme_in_place(const struct sqp_nvme_job *nj, const struct io_u *io_u);
void sqp_nvme_do_in_place(struct thread_data *td, struct sqp_nvme_job *nj, struct io_u *io_u);

/* Gives the answer RES of the command of IO_U to fio; the first of each kind of error is told. */
void sqp_nvme_result(struct thread_data *td, struct sqp_nvme_job *nj, struct io_u *io_u, int res);

const struct sqp_nvme_errors *sqp_nvme_errors(const struct sqp_nvme_job *nj);

#endif
