/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel ABI newer than the oldest headers we build with (Debian 12: Linux 6.1, liburing 2.3). */
#ifndef SQP_UAPI_H
#define SQP_UAPI_H

#include <liburing.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/types.h>

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 0x00000008
#endif
#ifndef RWF_ATOMIC
#define RWF_ATOMIC 0x00000040		/* Linux 6.11 */
#endif
#ifndef RWF_DONTCACHE
#define RWF_DONTCACHE 0x00000080	/* Linux 6.14 */
#endif

#ifndef IORING_SETUP_NO_SQARRAY
#define IORING_SETUP_NO_SQARRAY (1U << 16)	/* Linux 6.6: SQEs are taken in ring order, there is no index array */
#endif
#ifndef IORING_SETUP_HYBRID_IOPOLL
#define IORING_SETUP_HYBRID_IOPOLL (1U << 17)	/* Linux 6.13: sleep for a while, then poll */
#endif
#ifndef IORING_FEAT_RW_ATTR
#define IORING_FEAT_RW_ATTR (1U << 16)		/* Linux 6.14 */
#endif
#define SQP_OP_READ_MULTISHOT 49		/* Linux 6.7; an enumerator in newer headers. Never used: who knows it is not older (caps.c, nvme_dev.c) */

/* IORING_REGISTER_QUERY, Linux 6.18: what the kernel knows, without a ring (descriptor -1) */
#define SQP_REGISTER_QUERY 35
#define SQP_QUERY_OPCODES 0

struct sqp_query_header {
	__u64 next_entry, query_data;
	__u32 query_op, size;
	__s32 result;
	__u32 reserved[3];
};

struct sqp_query_opcodes {
	__u32 nr_request_opcodes, nr_register_opcodes;
	__u64 feature_flags, ring_setup_flags, enter_flags, sqe_flags;
};

/* Linux 6.12: another ring's registered buffers, all of them when nr is 0 */
#define SQP_REGISTER_CLONE_BUFFERS 30

struct sqp_clone_buffers {
	__u32 src_fd, flags, src_off, dst_off, nr, pad[3];
};

/* Discard through IORING_OP_URING_CMD, Linux 6.12: offset in addr, length in addr3 */
#define SQP_BLOCK_URING_CMD_DISCARD _IO(0x12, 0)

#endif
