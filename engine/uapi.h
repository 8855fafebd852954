/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel ABI newer than the oldest headers we build with (Debian 12: Linux 6.1, liburing 2.3). */
#ifndef SQP_UAPI_H
#define SQP_UAPI_H

#include <linux/fs.h>
#include <linux/ioctl.h>

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 0x00000008
#endif
#ifndef RWF_ATOMIC
#define RWF_ATOMIC 0x00000040		/* Linux 6.11 */
#endif
#ifndef RWF_DONTCACHE
#define RWF_DONTCACHE 0x00000080	/* Linux 6.14 */
#endif

/* The opcode itself is not used: it came with Linux 6.7, and tells that the kernel is not older (nvme_dev.c) */
#define SQP_OP_READ_MULTISHOT 49

/* Discard through IORING_OP_URING_CMD, Linux 6.12: offset in addr, length in addr3 */
#define SQP_BLOCK_URING_CMD_DISCARD _IO(0x12, 0)

#endif
