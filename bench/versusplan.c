// SPDX-License-Identifier: GPL-2.0-only
#include "versusplan.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static void add_options(struct versus_load *l, enum versus_side side, const char *const *more)
{
	unsigned n = 0;

	while (l->option[side][n])
		n++;
	while (*more && n < VERSUS_OPTIONS_MAX)
		l->option[side][n++] = *more++;
}

static void fill(struct versus_cell *c, const struct versus_spec *s, unsigned i)
{
	unsigned inner = s->laws ? s->laws : s->depths;
	double *value = &c->value[0][0][0];

	c->bs = s->bs[i / inner / s->patterns];
	c->rw = s->rw[i / inner % s->patterns];
	c->law = s->laws ? s->law[i % inner] : NULL;
	/* fio looks for completions only when it has no room for the next request */
	c->depth = s->laws ? 1 : s->depth[i % inner];
	for (size_t v = 0; v < sizeof(c->value) / sizeof(*value); v++)
		value[v] = NAN;
}

/* SPEC with all its lists. */
static int plan(struct versus_load *l, const struct versus_spec *s)
{
	unsigned cells = s->sizes * s->patterns * (s->laws ? s->laws : s->depths);

	if (!cells || cells > VERSUS_CELLS_MAX)
		return cells ? -E2BIG : -EINVAL;
	l->cell = calloc(cells, sizeof(*l->cell));
	if (!l->cell)
		return -ENOMEM;
	l->cells = cells;
	for (unsigned i = 0; i < cells; i++)
		fill(&l->cell[i], s, i);
	l->laws = s->laws;
	l->direct = s->direct;
	l->hipri = s->hipri;
	l->pairs = s->pairs ? s->pairs : VERSUS_PAIRS_DEFAULT;
	l->seconds = s->seconds ? s->seconds : VERSUS_SECONDS_DEFAULT;
	for (unsigned side = 0; side < VERSUS_SIDES; side++)
		add_options(l, side, s->more[side]);
	return 0;
}

int versus_plan_cells(struct versus_load *l, const struct versus_spec *spec)
{
	struct versus_spec s = *spec;

	if (!s.sizes)
		s.bs[s.sizes++] = s.direct ? "4k" : "512";
	if (!s.patterns)
		s.rw[s.patterns++] = "randread";
	if (!s.depths) {
		s.depth[s.depths++] = 1;
		s.depth[s.depths++] = 32;
	}
	*l = (struct versus_load){ 0 };
	return plan(l, &s);
}

int versus_plan_row(struct versus_load *l, const struct versus_row *row, const struct versus_spec *spec)
{
	struct versus_spec s = *spec;

	*l = (struct versus_load){ .row = row };
	for (unsigned side = 0; side < VERSUS_SIDES; side++)
		add_options(l, side, row->all);
	add_options(l, VERSUS_OURS, row->ours);
	add_options(l, VERSUS_STOCK, row->stock);
	for (s.sizes = 0; row->bs[s.sizes]; s.sizes++)
		s.bs[s.sizes] = row->bs[s.sizes];
	for (s.patterns = 0; row->rw[s.patterns]; s.patterns++)
		s.rw[s.patterns] = row->rw[s.patterns];
	for (s.depths = 0; s.depths < row->depths; s.depths++)
		s.depth[s.depths] = row->depth[s.depths];
	for (s.laws = 0; row->laws && arrivals_all[s.laws].name; s.laws++)
		s.law[s.laws] = &arrivals_all[s.laws];
	s.direct |= row->direct;
	s.seconds = s.seconds ? s.seconds : row->seconds;
	return plan(l, &s);
}

void versus_load_free(struct versus_load *l)
{
	free(l->cell);
	free(l->reason);
	*l = (struct versus_load){ 0 };
}
