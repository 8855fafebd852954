/* SPDX-License-Identifier: GPL-2.0-only */
/* Analysis as tables, tables as SVG: gnuplot draws and computes nothing. */
#ifndef SQB_PLOTDATA_H
#define SQB_PLOTDATA_H

#include <jansson.h>

#include "cells.h"

enum plot { PLOT_LATENCY, PLOT_DUTY, PLOT_FRONT, PLOT_STAIRCASE, PLOT_COUNT };

const char *plot_name(enum plot p);

/* Writes all tables into DIR. STAIRS: array of {idle_ms, spin_ms: []} from the bare ring. */
int plotdata_write(const char *dir, const struct tune *t, const struct analysis *a, const struct measure *m,
		   const json_t *stairs, struct why *why);

/* Draws DIR/NAME.svg from DIR/NAME.tsv for each plot. */
int plotdata_draw(const char *dir, struct why *why);

/* Draws DIR/PLOT.svg from DIR/PLOT.tsv. */
int plotdata_draw_one(const char *dir, const char *plot, struct why *why);

/* 0 when gnuplot and the plot scripts are there. */
int plotdata_ready(struct why *why);

#endif
