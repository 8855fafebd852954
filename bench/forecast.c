// SPDX-License-Identifier: GPL-2.0-only
#include "forecast.h"

#include <errno.h>
#include <math.h>

#include "lattice.h"

#define AWAKE_MS 10000	/* longer than the run's gaps: the SQ thread does not sleep */
#define WAKE_ASSUMED_US 50.0	/* what one costs, when none was seen */
#define SEED 1
#define SAMPLES 200000	/* p99 then rests on 2,000 */
#define LOGGED_REQUESTS 100000.0
#define LOGGED_MS_MIN 300

static const struct predict_way plain = { "plain io_uring", "ioengine=io_uring\n", PREDICT_OTHER };

/* Equal settings once, under their largest whole millisecond. */
static void add_setting(struct forecast *f, unsigned idle_ms)
{
	unsigned ms = lattice_canonical_ms(idle_ms, f->hz);

	for (unsigned i = 0; i < f->settings; i++)
		if (lattice_jiffies(f->setting[i].idle_ms, f->hz) == lattice_jiffies(ms, f->hz))
			return;
	if (f->settings < FORECAST_SETTINGS_MAX)
		f->setting[f->settings++].idle_ms = ms;
}

void forecast_settings(struct forecast *f, const unsigned *idle, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		add_setting(f, idle[i]);
	if (n)
		return;
	for (unsigned jiffies = 1; jiffies <= f->hz; jiffies += jiffies < 16 ? 1 : jiffies / 4)
		add_setting(f, (jiffies * 1000 + f->hz - 1) / f->hz);
	add_setting(f, 1000);
}

/* A busy load says all about itself in a moment, and its log would fill the disk. */
static unsigned log_ms(double iops, unsigned seconds)
{
	return (unsigned)fmin(fmax(LOGGED_REQUESTS / iops * 1e3, LOGGED_MS_MIN), seconds * 1e3);
}

int forecast_learn(struct forecast *f, struct predict_job *job, bool paced, struct why *why)
{
	unsigned shortest = lattice_canonical_ms(1, f->hz);
	struct predict_seen seen;
	int rc = predictrun(job, &plain, &f->plain, &f->plain_us, why);

	if (!rc)
		job->logged_ms = log_ms(f->plain.p.iops, job->seconds);
	if (!rc)
		rc = predictrun_logged(job, "an SQ thread that never sleeps", AWAKE_MS, &f->awake, &f->awake_log, NULL, why);
	if (!rc)
		rc = predictrun_logged(job, "one that sleeps as soon as it can", shortest, &seen, NULL, &f->wake_us, why);
	if (rc)
		return rc;
	f->wakes_seen = f->wake_us.total;
	if (!(f->wakes_seen > 0) && hist_add(&f->wake_us, WAKE_ASSUMED_US, 1))
		return why_set(why, -ENOMEM, "out of memory");
	hist_seal(&f->wake_us);
	for (unsigned i = 0; i < f->settings; i++)
		if (f->setting[i].idle_ms == shortest) {
			f->setting[i].seen = seen;
			f->setting[i].measured = true;
		}
	f->load = (struct predict_load){ .request = f->awake_log.request, .n = f->awake_log.n, .span_us = f->awake_log.span_us,
					 .rest_us = fmax(f->awake.elapsed_us - f->awake_log.span_us, 0), .app_us = f->awake.app_us, .paced = paced };
	return 0;
}

int forecast_compute(struct forecast *f, struct why *why)
{
	for (unsigned i = 0; i < f->settings; i++) {
		int rc = predict(&f->load, &f->wake_us, f->setting[i].idle_ms, f->hz, SAMPLES, SEED, &f->setting[i].p);

		if (rc)
			return why_set(why, rc, rc == -ENOMEM ? "out of memory" : "the job did no I/O with an SQ thread: give more --seconds");
		if (objective_prefers(&f->objective, &f->setting[i].p, &f->setting[f->best].p))
			f->best = i;
	}
	return 0;
}

/* As many of the settings as there is room for, evenly by their order, the first and the last among them. */
static void choose_rows(struct forecast *f)
{
	unsigned rows = f->settings < HEATMAP_IDLES ? f->settings : HEATMAP_IDLES;

	for (unsigned i = 0; i < rows; i++)
		heatmap_add(&f->heat, f->setting[rows > 1 ? i * (f->settings - 1) / (rows - 1) : 0].idle_ms);
}

void forecast_heat(struct forecast *f)
{
	int rc;

	choose_rows(f);
	rc = heatmap_compute(&f->heat, &f->load, &f->wake_us, f->hz, SEED);
	if (rc)
		f->no_heat = "there was no memory for it";
}

json_t *forecast_heat_json(const struct forecast *f)
{
	return f->no_heat ? json_null() : heatmap_json(&f->heat, &f->objective, objective_cost(&f->objective, &f->plain.p));
}

double forecast_cost(const struct forecast *f, unsigned setting)
{
	return objective_cost(&f->objective, &f->setting[setting].p);
}

json_t *forecast_settings_json(const struct forecast *f)
{
	json_t *all = json_array();

	for (unsigned i = 0; i < f->settings; i++) {
		const struct forecast_setting *t = &f->setting[i];

		json_array_append_new(all, json_pack("{s:i, s:o, s:o}", "idle_ms", (int)t->idle_ms, "predicted", predictrun_prediction_json(&t->p), "measured",
						     t->measured ? predictrun_json(&t->seen) : json_null()));
	}
	return all;
}

void forecast_free(struct forecast *f)
{
	timeslog_free(&f->awake_log);
	hist_free(&f->wake_us);
	hist_free(&f->plain_us);
}
