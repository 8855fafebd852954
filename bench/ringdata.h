/* SPDX-License-Identifier: GPL-2.0-only */
/* The values of sqbench ring as a document, as tables for people, and as files. */
#ifndef SQB_RINGDATA_H
#define SQB_RINGDATA_H

#include <jansson.h>
#include <stdio.h>

#include "ringmeasure.h"
#include "stats.h"
#include "store.h"

struct ring_bench {
	struct ring_setup setup;
	struct ring_spec spec;
	bool scratch, direct;
	unsigned rounds;
	const char *fio_version;	/* NULL: fio was not run */
	json_t *notes;			/* array of sentences: what was not had as usual */

	struct ring_cell cell[RING_CELLS_MAX];
	unsigned cells;
	char *reason[RING_CELLS_MAX];	/* why a cell was not measured, NULL: it was */
	struct ring_result result[RING_CELLS_MAX][RING_ROUNDS_MAX];
	struct hist lat[RING_LATENCIES];	/* us, of all rounds, sealed */
	double lat_us_p50[RING_LATENCIES][RING_ROUNDS_MAX];	/* NaN: no sample in that round */
};

/* The document of docs/RESULTS_FORMAT.md. */
json_t *ringdata_json(const struct ring_bench *b);

void ringdata_print(FILE *out, const struct ring_bench *b);

/* rounds.tsv and samples.tsv into RUN. */
int ringdata_write(const struct run *run, const struct ring_bench *b, struct why *why);

void ringdata_free(struct ring_bench *b);

#endif
