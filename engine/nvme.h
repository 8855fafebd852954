/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * NVMe commands for IORING_OP_URING_CMD, and what a device answers. Pure: bytes in, bytes out; nvme_dev.h asks devices.
 * Numbers are those of the NVM Express base and NVM command set specifications.
 */
#ifndef SQP_NVME_H
#define SQP_NVME_H

#include <linux/nvme_ioctl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

enum { SQP_NVME_IDENTIFY_BYTES = 4096, SQP_NVME_STATUS_LEN = 160 };

/* A namespace, as Identify describes it. */
struct sqp_nvme_ns {
	uint32_t nsid;			/* 0: not identified yet */
	uint32_t lba_shift;		/* log2 of the bytes of a block, 9..16 */
	uint64_t blocks;
	uint32_t metadata_bytes;	/* of a block */
};

enum sqp_nvme_op {
	SQP_NVME_READ, SQP_NVME_WRITE, SQP_NVME_ZEROES, SQP_NVME_UNCOR, SQP_NVME_VERIFY, SQP_NVME_COMPARE, SQP_NVME_TRIM,
	SQP_NVME_FLUSH, SQP_NVME_OPS
};

/* The one range of a Dataset Management command: it must live until the command has completed. */
struct sqp_nvme_range {
	uint32_t attributes;
	uint32_t blocks;
	uint64_t slba;
};

struct sqp_nvme_io {
	enum sqp_nvme_op op;
	bool fua;			/* has no effect on commands that know no FUA (uncor, trim, flush) */
	bool deac;			/* with SQP_NVME_ZEROES: deallocate */
	uint64_t offset, bytes;		/* of the namespace; not looked at by SQP_NVME_FLUSH */
	void *buf;			/* BYTES long, where the command carries data */
	struct iovec *vec;		/* not NULL: filled and used, the command becomes a vectored one */
	struct sqp_nvme_range *range;	/* with SQP_NVME_TRIM: filled and used */
};

/* What a completion says. */
struct sqp_nvme_status {
	unsigned sct, sc;
	bool dnr;			/* "do not retry" */
	int err;			/* errno (positive) the kernel's block layer gives for it; EIO for what it does not know */
	const char *type, *code;	/* CODE is NULL for a code without a name here */
};

/* Reads the Identify Namespace data of NSID. 0, or -EINVAL: they describe no block size between 512 bytes and 64 KiB. */
int sqp_nvme_parse_ns(const uint8_t data[SQP_NVME_IDENTIFY_BYTES], uint32_t nsid, struct sqp_nvme_ns *ns);

/* Fills CMD. 0; -EINVAL: offset or length are no multiples of the block size, or the length is 0 or more than the command
 * can say (65536 blocks; 2^32-1 for a trim). Whether the blocks exist is for the device to say. */
int sqp_nvme_build(struct nvme_uring_cmd *cmd, const struct sqp_nvme_ns *ns, const struct sqp_nvme_io *io);

/* Does OP go out with NVME_URING_CMD_IO_VEC when io.vec is given? Only commands with data do. */
bool sqp_nvme_has_data(enum sqp_nvme_op op);

const char *sqp_nvme_op_name(enum sqp_nvme_op op);

/* STATUS is the status field as the kernel gives it in cqe->res: code in bits 0-7, type in 8-10, "do not retry" in 14. */
void sqp_nvme_decode(unsigned status, struct sqp_nvme_status *s);

/* "media error: unrecovered read error (sct 2 sc 0x81)" into TEXT of SIZE bytes (SQP_NVME_STATUS_LEN holds all). */
void sqp_nvme_describe(unsigned status, char *text, size_t size);

/* The same for a completion's cqe->res: a status of the device (> 0) or the kernel's -errno. */
void sqp_nvme_describe_res(int res, char *text, size_t size);

/* The errno (positive) of cqe->res; 0 when the command succeeded. */
int sqp_nvme_errno(int res);

enum { SQP_NVME_KINDS = 32 };

/* Failed commands of a job by kind: command and answer. */
struct sqp_nvme_errors {
	struct sqp_nvme_error {
		enum sqp_nvme_op op;
		int res;		/* without the bits that say nothing about the kind */
		uint64_t n;
	} kind[SQP_NVME_KINDS];		/* the last one, once all are in use, also counts what differs */
	unsigned nr;
};

/* Counts an answer that is an error. True when it is the first of its kind. */
bool sqp_nvme_count(struct sqp_nvme_errors *e, enum sqp_nvme_op op, int res);

#endif
