// SPDX-License-Identifier: GPL-2.0-only
#include "versuscalc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const struct est none = { .value = NAN, .lo = NAN, .hi = NAN };

void versus_cell_name(const struct versus_load *l, unsigned cell, char *out, size_t size)
{
	const struct versus_cell *c = &l->cell[cell];

	if (c->law)
		snprintf(out, size, "%s", c->law->name);
	else
		snprintf(out, size, "%s %s, iodepth %u", c->bs, c->rw, c->depth);
}

/* Of the rounds into OUT; false when one cannot be had. CPU time may round to 0: an order of ratios has a place for 0 and for infinity. */
static bool ratios(const struct versus_load *l, unsigned cell, enum versus_measure m, enum versus_side side, double *out)
{
	const double (*value)[STATS_N_MAX] = l->cell[cell].value[m];

	for (unsigned i = 0; i < l->pairs; i++) {
		out[i] = value[VERSUS_OURS][i] / value[side][i];
		if (isnan(out[i]))
			return false;
	}
	return true;
}

struct est versus_ratio(const struct versus_load *l, unsigned cell, enum versus_measure m, enum versus_side side)
{
	double ratio[STATS_N_MAX];
	struct est e = none;

	if (ratios(l, cell, m, side, ratio))
		e = stats_median_est(ratio, l->pairs);
	return isfinite(e.value) && isfinite(e.lo) && isfinite(e.hi) ? e : none;
}

struct est versus_geomean(const struct versus_load *l, enum versus_measure m, enum versus_side side)
{
	double (*ratio)[STATS_N_MAX] = calloc(l->cells ? l->cells : 1, sizeof(*ratio));
	struct est e = none;
	bool all = ratio != NULL;

	for (unsigned c = 0; c < l->cells && all; c++)
		all = ratios(l, c, m, side, ratio[c]);
	if (all)
		e = stats_geomean_est((const double (*)[STATS_N_MAX])ratio, l->cells, l->pairs);
	free(ratio);
	return e;
}

static struct est value_of(const struct versus_load *l, unsigned cell, enum versus_measure m, enum versus_side side)
{
	const double *value = l->cell[cell].value[m][side];

	for (unsigned i = 0; i < l->pairs; i++)
		if (!isfinite(value[i]))
			return none;
	return stats_median_est(value, l->pairs);
}

double versus_median(const struct versus_load *l, unsigned cell, enum versus_measure m, enum versus_side side)
{
	return value_of(l, cell, m, side).value;
}

/* Which of the two others is the one to beat; the one that is known when the other is not. */
static enum versus_side better(const struct versus_load *l, unsigned cell, enum versus_measure m)
{
	double stock = versus_median(l, cell, m, VERSUS_STOCK), plain = versus_median(l, cell, m, VERSUS_PLAIN);
	bool more = versus_measures[m].more_is_better;

	if (isnan(stock))
		return VERSUS_PLAIN;
	if (isnan(plain))
		return VERSUS_STOCK;
	return more == (stock > plain) ? VERSUS_STOCK : VERSUS_PLAIN;
}

unsigned versus_ask_parts(const struct versus_load *l, const struct versus_ask *ask)
{
	return ask->of == VERSUS_GEOMEAN ? 1 : l->cells;
}

struct est versus_ask_est(const struct versus_load *l, const struct versus_ask *ask, unsigned cell, enum versus_side *side)
{
	enum versus_side of[] = {
		[VERSUS_TO_NONE] = VERSUS_OURS, [VERSUS_TO_STOCK] = VERSUS_STOCK, [VERSUS_TO_PLAIN] = VERSUS_PLAIN,
		[VERSUS_TO_BETTER] = VERSUS_OURS,
	};

	if (ask->against == VERSUS_TO_BETTER)
		of[VERSUS_TO_BETTER] = better(l, cell, ask->measure);
	*side = of[ask->against];
	switch (ask->of) {
	case VERSUS_RATIO:
		return versus_ratio(l, cell, ask->measure, *side);
	case VERSUS_GEOMEAN:
		return versus_geomean(l, ask->measure, *side);
	case VERSUS_SPREAD:
		return stats_spread_est(l->cell[cell].value[ask->measure][VERSUS_OURS], l->pairs);
	case VERSUS_VALUE:
		break;
	}
	return value_of(l, cell, ask->measure, VERSUS_OURS);
}

enum versus_verdict versus_load_verdict(const struct versus_load *l)
{
	enum versus_verdict worst = VERSUS_MET;

	for (unsigned i = 0; l->row && i < l->row->asks; i++) {
		const struct versus_ask *ask = &l->row->ask[i];

		for (unsigned c = 0; c < versus_ask_parts(l, ask); c++) {
			enum versus_side side;
			struct est e = versus_ask_est(l, ask, c, &side);
			enum versus_verdict v = versus_judge(&e, ask->at_least, ask->limit);

			worst = v > worst ? v : worst;
		}
	}
	return worst;
}
