// SPDX-License-Identifier: GPL-2.0-only
/*
 * Question: do measured spins of the SQ thread lie on the kernel's staircase?
 * Expected: spin = ceil(idle * HZ / 1000) + U(0,1) jiffies, idle 0 being one second.
 * Wrong if: a median lies more than a quarter jiffy outside its step, two settings of one step differ, or two steps do
 * not; a smooth line always fails, because one step holds several settings.
 * usage: staircase_check < OBSERVATIONS     (lines hz=N and spin_us.IDLE_MS=US,US,...; others are ignored)
 * Prints a table. Exit 1: not a staircase; 3: no contradiction, but too few samples to tell; 2: bad input.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETTINGS_MAX 32
#define SAMPLES_MAX 64
#define SAMPLES_MIN 4
/* A second of spinning is seldom undisturbed, and its distance to the other steps is large. */
#define SAMPLES_MIN_ONE_SECOND 2
#define SLACK_TICKS 0.25
/* With idle 0 the probe keeps spins that were seen up to a tick late. */
#define LATE_TICKS_ONE_SECOND 1
#define SAME_TICKS 0.5

struct setting {
	unsigned idle_ms;
	int n;
	double spin_ms[SAMPLES_MAX];
	double median_ms;
	double step;
};

static int by_value(const void *a, const void *b)
{
	const double *x = a;
	const double *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(const double *sorted, int n)
{
	return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

static double step_of(unsigned idle_ms, double hz)
{
	return idle_ms ? ceil(idle_ms * hz / 1000) : hz;
}

static bool parse_setting(char *line, struct setting *setting)
{
	char *at = line;

	setting->idle_ms = (unsigned)strtoul(line, &at, 10);
	setting->n = 0;
	if (at == line || *at != '=')
		return false;
	while (setting->n < SAMPLES_MAX) {
		char *number = at + 1;
		double us = strtod(number, &at);

		if (at == number)
			break;
		setting->spin_ms[setting->n++] = us / 1e3;
		if (*at != ',')
			break;
	}
	return true;
}

/* Returns the number of settings read. */
static int read_observations(FILE *in, double *hz, struct setting *settings)
{
	static const char spin[] = "spin_us.";
	static const char rate[] = "hz=";
	char line[2048];
	int n = 0;

	while (n < SETTINGS_MAX && fgets(line, sizeof(line), in)) {
		if (!strncmp(line, rate, sizeof(rate) - 1))
			*hz = strtod(line + sizeof(rate) - 1, NULL);
		else if (!strncmp(line, spin, sizeof(spin) - 1) && parse_setting(line + sizeof(spin) - 1, &settings[n]))
			n++;
	}
	return n;
}

static bool measured(const struct setting *s)
{
	return s->n >= (s->idle_ms ? SAMPLES_MIN : SAMPLES_MIN_ONE_SECOND);
}

static const char *judge_setting(const struct setting *s, double tick_ms)
{
	if (s->median_ms < (s->step - SLACK_TICKS) * tick_ms)
		return "shorter than its step";
	if (s->median_ms > (s->step + 1 + SLACK_TICKS + (s->idle_ms ? 0 : LATE_TICKS_ONE_SECOND)) * tick_ms)
		return "longer than its step";
	return NULL;
}

static int check_settings(struct setting *settings, int n, double hz)
{
	const double tick_ms = 1000 / hz;
	int wrong = 0;

	printf("idle_ms  step   n   min_ms  median_ms   max_ms  expected_ms      verdict\n");
	for (int i = 0; i < n; i++) {
		struct setting *s = &settings[i];
		const char *why;

		qsort(s->spin_ms, (size_t)s->n, sizeof(s->spin_ms[0]), by_value);
		s->step = step_of(s->idle_ms, hz);
		s->median_ms = s->n ? median(s->spin_ms, s->n) : 0;
		why = measured(s) ? judge_setting(s, tick_ms) : "too few clean samples";
		wrong += why && measured(s);
		printf("%7u %5.0f %3d %8.2f %10.2f %8.2f  %7.1f-%-7.1f  %s\n", s->idle_ms, s->step, s->n,
		       s->n ? s->spin_ms[0] : 0, s->median_ms, s->n ? s->spin_ms[s->n - 1] : 0, s->step * tick_ms,
		       (s->step + 1) * tick_ms, why ? why : "ok");
	}
	return wrong;
}

static int check_pairs(const struct setting *settings, int n, double hz)
{
	const double same_ms = SAME_TICKS * 1000 / hz;
	int same = 0;
	int different = 0;
	int wrong = 0;

	for (int i = 0; i < n; i++) {
		for (int j = i + 1; j < n; j++) {
			const struct setting *a = &settings[i];
			const struct setting *b = &settings[j];
			bool one_step = a->step == b->step;
			bool judged = measured(a) && measured(b);
			bool close = fabs(a->median_ms - b->median_ms) < same_ms;

			same += one_step;
			different += !one_step;
			if (!judged || one_step == close)
				continue;
			wrong++;
			printf("wrong: idle %u and %u ms are %s, yet their medians are %.2f and %.2f ms\n", a->idle_ms,
			       b->idle_ms, one_step ? "one step" : "two steps", a->median_ms, b->median_ms);
		}
	}
	printf("pairs on one step: %d, on two steps: %d\n", same, different);
	/* At HZ=1000 every millisecond is a step of its own. */
	if (!different || (!same && hz < 1000)) {
		printf("wrong: too few settings to tell a staircase from a line\n");
		wrong++;
	}
	return wrong;
}

static int count_unmeasured(const struct setting *settings, int n)
{
	int count = 0;

	for (int i = 0; i < n; i++)
		count += !measured(&settings[i]);
	return count;
}

int main(void)
{
	static struct setting settings[SETTINGS_MAX];
	double hz = 0;
	int n = read_observations(stdin, &hz, settings);
	int unmeasured;
	int wrong;

	if (hz < 1 || hz > 10000) {
		fprintf(stderr, "staircase_check: no line hz=N with a sensible N in the input\n");
		return 2;
	}
	wrong = check_settings(settings, n, hz) + check_pairs(settings, n, hz);
	unmeasured = count_unmeasured(settings, n);
	printf("staircase at HZ=%.0f: %s\n", hz, wrong ? "NO" : unmeasured ? "not measured" : "yes");
	return wrong ? 1 : unmeasured ? 3 : 0;
}
