// SPDX-License-Identifier: GPL-2.0-only
#include "caps.h"

#include "uapi.h"

#include <errno.h>

enum { OP_ANY = -1 };

/*
 * Who knows the witness knows the flag, because the flag came with it or in an earlier release. Kernels that took parts
 * of a later io_uring (5.10.162 has 5.15's, enterprise kernels) took it with what went before. A kernel of just the
 * release between a flag and its witness is counted as having it not; only 6.0 (SINGLE_ISSUER), 6.6 (NO_SQARRAY) and 6.13
 * (HYBRID_IOPOLL) are.
 * Releases: "Available since" in liburing's manual pages; by the kernel's history NO_SQARRAY is 2af89abda7d9,
 * READ_MULTISHOT fc68fcda0491, HYBRID_IOPOLL 01ee194d1aba; RW_ATTR was merged for 6.14.
 */
static const struct row {
	uint64_t flag;			/* IORING_SETUP_* */
	uint64_t feature;		/* witness: this IORING_FEAT_* bit, ... */
	int op;				/* ... and an opcode at least this high */
	const char *name, *since;
	const char *asked_by;		/* what to leave out to do without the flag */
} rows[] = {
	{ IORING_SETUP_IOPOLL, 0, OP_ANY, "IOPOLL", "5.1", "hipri" },
	{ IORING_SETUP_SQPOLL, 0, OP_ANY, "SQPOLL", "5.1", "sqthread_poll" },
	{ IORING_SETUP_SQ_AFF, 0, OP_ANY, "SQ_AFF", "5.1", "sq_thread_cpu" },
	/* 5.5, both */
	{ IORING_SETUP_CQSIZE, IORING_FEAT_NODROP, OP_ANY, "CQSIZE", "5.5", NULL },
	/* 5.6, as IORING_REGISTER_PROBE itself */
	{ IORING_SETUP_ATTACH_WQ, 0, 0, "ATTACH_WQ", "5.6", "a shared SQ thread" },
	/* 5.19, all */
	{ IORING_SETUP_COOP_TASKRUN, 0, IORING_OP_URING_CMD, "COOP_TASKRUN", "5.19", NULL },
	{ IORING_SETUP_TASKRUN_FLAG, 0, IORING_OP_URING_CMD, "TASKRUN_FLAG", "5.19", NULL },
	{ IORING_SETUP_SQE128, 0, IORING_OP_URING_CMD, "SQE128", "5.19", "cmd_type" },
	{ IORING_SETUP_CQE32, 0, IORING_OP_URING_CMD, "CQE32", "5.19", "cmd_type" },
	/* 6.0 and 6.1, and 6.1 */
	{ IORING_SETUP_SINGLE_ISSUER, 0, IORING_OP_SENDMSG_ZC, "SINGLE_ISSUER", "6.0", NULL },
	{ IORING_SETUP_DEFER_TASKRUN, 0, IORING_OP_SENDMSG_ZC, "DEFER_TASKRUN", "6.1", NULL },
	/* 6.6, and 6.7 */
	{ IORING_SETUP_NO_SQARRAY, 0, SQP_OP_READ_MULTISHOT, "NO_SQARRAY", "6.6", NULL },
	/* 6.13, and 6.14 */
	{ IORING_SETUP_HYBRID_IOPOLL, IORING_FEAT_RW_ATTR, OP_ANY, "HYBRID_IOPOLL", "6.13", "hybrid" },
};

static bool implied(const struct row *row, const struct sqp_said *said)
{
	if (said->exact)
		return said->setup_flags & row->flag;
	return (said->features & row->feature) == row->feature && said->last_op >= row->op;
}

void sqp_caps_conclude(const struct sqp_said *said, struct sqp_caps *caps)
{
	*caps = (struct sqp_caps){ 0 };
	for (unsigned i = 0; i < SQP_NR(rows); i++)
		if (implied(&rows[i], said))
			caps->setup_flags |= rows[i].flag;
	/* IORING_REGISTER_RING_FDS and IORING_OP_MSG_RING: 5.18, both */
	caps->register_ring = said->exact ? said->enter_flags & IORING_ENTER_REGISTERED_RING :
					    said->last_op >= IORING_OP_MSG_RING;
}

int sqp_caps_check(const struct sqp_caps *caps, uint64_t flags, const char *release, struct sqp_why *why)
{
	for (unsigned i = 0; i < SQP_NR(rows); i++) {
		const struct row *row = &rows[i];

		if (!(flags & row->flag & ~caps->setup_flags))
			continue;
		if (!row->asked_by)
			return sqp_why(why, -EOPNOTSUPP, "Linux %s has no IORING_SETUP_%s (it came with %s), which this engine needs; boot a newer kernel",
				       release, row->name, row->since);
		return sqp_why(why, -EOPNOTSUPP, "%s: Linux %s has no IORING_SETUP_%s (it came with %s); boot a newer kernel or leave out %s",
			       row->asked_by, release, row->name, row->since, row->asked_by);
	}
	return 0;
}
