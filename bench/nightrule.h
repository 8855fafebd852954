/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Did one cell get slower tonight, or in the last nights, compared with its own history? Pure. "The nightly's rule" in docs/METHODOLOGY.md has the
 * formulas, their sources and how well it does.
 */
#ifndef SQB_NIGHTRULE_H
#define SQB_NIGHTRULE_H

#include <stdbool.h>
#include <stddef.h>

#include "stats.h"

enum { NIGHTRULE_WINDOW_MAX = 10, NIGHTRULE_NIGHTS_MAX = 120 };

/* The repeats of one night, X[0..N): finite, 0 or more; N from 1 to STATS_N_MAX. */
struct nightrule_night {
	const double *x;
	size_t n;
};

struct nightrule_how {
	double p_max;		/* of a shift to be believed, for each of six windows; 0 to 1 */
	double worth;		/* share of the baseline that a shift has at least; above 0 */
	unsigned nights_max;	/* of the baseline: NIGHTS_MIN to NIGHTRULE_NIGHTS_MAX */
	unsigned nights_min;	/* 5 or more */
	bool more_is_better;	/* IOPS; not for a latency */
};

struct nightrule_how nightrule_default(void);

enum nightrule_verdict { NIGHTRULE_SAME, NIGHTRULE_SLOWER, NIGHTRULE_FASTER, NIGHTRULE_UNKNOWN, NIGHTRULE_UNSTABLE };

struct nightrule {
	enum nightrule_verdict verdict;
	bool unstable;		/* noisy by nature; also where a shift is believed all the same */
	struct est shift;	/* share of the baseline, below 0: less; of the window that says most; nominal 95 %; N: its nights */
	double p;		/* of that shift, by chance, in this window */
	double baseline;	/* what the window would have had without it */
	unsigned since;		/* slower, faster: so many nights ago the new level began; 0: tonight */
	unsigned nights;	/* of the baseline */
	double visible_tonight;	/* the least shift, a share, that one night is believed */
	double visible;		/* and the window that sees most */
	double suspicion;	/* the shift in units of the least that is believed; the largest of all windows; 1 or more: believed */
	struct est tonight;	/* shift of tonight alone */
	double repeats_share;	/* of the variance of TONIGHT: what more repeats would make less */
	char reason[160];	/* unknown, unstable: why, and what helps; else empty */
};

const char *nightrule_word(enum nightrule_verdict v);

/* Student's t of a shift by so many nights of the baseline has so many degrees of freedom. */
double nightrule_degrees(unsigned nights);

/*
 * Judges TONIGHT by HISTORY[0..N), oldest first. Who has believed a shift gives the nights of the new level only, from then on; of others the last nights_max + 9
 * are looked at. A value of 0 counts as a millionth of the largest in the history. 0, or -EINVAL for values or settings out of range, -ENOMEM.
 */
int nightrule_judge(const struct nightrule_night *history, size_t n, const struct nightrule_night *tonight, const struct nightrule_how *how, struct nightrule *r);

/*
 * How urgently does the cell want more than its REPEATS of tonight? 0: not at all, or it has REPEATS_MAX. Above 1: a shift is suspected, or believed, the more the larger.
 * Up to 1: a shift worth reporting is not excluded, and this share of the doubt is what repeats can make less.
 */
double nightrule_more(const struct nightrule *r, const struct nightrule_how *how, size_t repeats, size_t repeats_max);

#endif
