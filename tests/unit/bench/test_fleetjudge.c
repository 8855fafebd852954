// SPDX-License-Identifier: GPL-2.0-only
/* Made fleets: shifts of all, hosts that differ, and how often it is wrong where nothing is. */
#include "check.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fleetjudge.h"

enum { NIGHTS_MADE = 100, HOSTS_MAX = 100, CELLS_MAX = 40, NIGHTS = 20 };

static struct fleet_host host[HOSTS_MAX];
static struct fleet_value value[HOSTS_MAX * CELLS_MAX];
static const bool times[CELLS_MAX];
static const bool rates[CELLS_MAX] = { true, true, true, true };

static struct fleet fleet(size_t hosts, size_t cells)
{
	for (size_t h = 0; h < hosts; h++)
		host[h] = (struct fleet_host){ .name = "h", .model = "M" };
	return (struct fleet){ .host = host, .hosts = hosts, .more_is_better = times, .cells = cells, .value = value };
}

/* Shifts with noise SD; levels around 100 with a spread of SPREAD among the drives, as a share. */
static struct fleet noisy(gsl_rng *r, size_t hosts, size_t cells, double sd, double spread)
{
	for (size_t i = 0; i < hosts * cells; i++)
		value[i] = (struct fleet_value){ .shift = gsl_ran_gaussian(r, sd), .sd = sd, .nights = NIGHTS, .level = 100 * exp(gsl_ran_gaussian(r, spread)) };
	return fleet(hosts, cells);
}

static struct fleet_judgement judge(const struct fleet *f)
{
	const struct fleet_how how = fleet_default();
	struct fleet_judgement j;

	assert_int_equal(fleet_judge(f, &how, &j), 0);
	return j;
}

/* All by 5 % in cell 0, with a noise of 1 %: of the fleet, and of nobody beside the others. */
static void all_shift(void **state)
{
	static const size_t hosts[] = { 3, 4, 10, 100 };
	gsl_rng *r = gsl_rng_alloc(gsl_rng_mt19937);

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
		struct fleet f = noisy(r, hosts[i], 4, 0.01, 0.02);
		struct fleet_judgement j;

		for (size_t h = 0; h < hosts[i]; h++)
			value[h * 4].shift += 0.05;
		j = judge(&f);
		assert_int_equal(j.models, 4);
		assert_int_equal(j.model[0].verdict, GATE_SLOWER);
		assert_int_equal(j.model[0].hosts, hosts[i]);
		assert_near(j.model[0].shift.value, 0.05, 0.02);
		assert_int_equal(j.slower, 1);
		for (size_t h = 0; h < hosts[i]; h++)
			assert_true(j.shift[h * 4].verdict == GATE_SAME || j.shift[h * 4].verdict == GATE_UNKNOWN);
		fleet_free(&j);
		f.more_is_better = rates;
		j = judge(&f);
		assert_int_equal(j.model[0].verdict, GATE_FASTER);
		fleet_free(&j);
	}
	gsl_rng_free(r);
}

/* One by 20 %: it is the outlier, and no fleet has changed, however far out it is. */
static void one_shifts(void **state)
{
	static const size_t hosts[] = { 3, 4, 10, 100 };
	gsl_rng *r = gsl_rng_alloc(gsl_rng_mt19937);

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++)
		for (double by = 0.2; by < 1e4; by *= 100) {
			struct fleet f = noisy(r, hosts[i], 2, 0.01, 0.02);
			struct fleet_judgement j;

			value[2 * 2].shift += by;
			j = judge(&f);
			assert_int_equal(j.slower, 0);
			assert_int_equal(j.shift[2 * 2].verdict, GATE_SLOWER);
			assert_near(j.shift[2 * 2].by / by, 1, 0.2);
			for (size_t k = 0; k < hosts[i] * 2; k++)
				assert_true(k == 4 || j.shift[k].verdict == GATE_SAME || j.shift[k].verdict == GATE_UNKNOWN);
			fleet_free(&j);
		}
	gsl_rng_free(r);
}

/* A drive that was always 30 % slower than its peers has not changed. */
static void weak_drive(void **state)
{
	gsl_rng *r = gsl_rng_alloc(gsl_rng_mt19937);
	struct fleet f = noisy(r, 12, 2, 0.01, 0.02);
	struct fleet_judgement j;

	(void)state;
	value[5 * 2].level *= 1.3;
	value[5 * 2 + 1].level *= 1.3;
	j = judge(&f);
	assert_int_equal(j.level[5 * 2].verdict, GATE_SLOWER);
	assert_int_equal(j.level[5 * 2 + 1].verdict, GATE_SLOWER);
	assert_near(j.level[5 * 2].by, 0.3, 0.08);
	assert_int_equal(j.outliers, 2);
	assert_int_equal(j.slower, 0);
	fleet_free(&j);
	gsl_rng_free(r);
}

/* Of another model, without one, without history, dead: none of them is compared, and it is said. */
static void who_is_compared(void **state)
{
	gsl_rng *r = gsl_rng_alloc(gsl_rng_mt19937);
	struct fleet f = noisy(r, 8, 1, 0.01, 0.02);
	struct fleet_judgement j;

	(void)state;
	host[3].model = "other";
	host[4].model = NULL;
	host[5].missing = "its server died";
	value[6].shift = NAN;
	value[7].sd = NAN;
	for (size_t h = 0; h < 8; h++)
		value[h].shift += 0.05;
	value[5].shift = 5;
	value[5].level = 1e6;
	j = judge(&f);
	assert_int_equal(j.models, 2);
	assert_string_equal(j.model[0].model, "M");
	assert_int_equal(j.model[0].hosts, 3);
	assert_int_equal(j.model[0].verdict, GATE_SLOWER);
	assert_string_equal(j.model[1].model, "other");
	assert_int_equal(j.model[1].verdict, GATE_UNKNOWN);
	assert_string_equal(j.model[1].reason, "1 hosts with a history: 3 are needed");
	for (size_t h = 3; h < 8; h++) {
		assert_int_equal(j.shift[h].verdict, GATE_UNKNOWN);
		assert_true(isnan(j.shift[h].p));
	}
	assert_true(isfinite(j.level[6].p) && isfinite(j.level[7].p) && isnan(j.level[4].p) && isnan(j.level[5].p));
	fleet_free(&j);
	gsl_rng_free(r);
}

/* Two hosts cannot tell which of them differs, nor whether a model has changed. */
static void two_hosts(void **state)
{
	gsl_rng *r = gsl_rng_alloc(gsl_rng_mt19937);
	struct fleet f = noisy(r, 2, 1, 0.01, 0.02);
	struct fleet_judgement j;

	(void)state;
	value[0].shift = 0.5;
	value[1].shift = 0.5;
	j = judge(&f);
	assert_int_equal(j.model[0].verdict, GATE_UNKNOWN);
	assert_int_equal(j.shift[0].verdict, GATE_UNKNOWN);
	assert_int_equal(j.slower + j.outliers, 0);
	fleet_free(&j);
	f.hosts = 0;
	j = judge(&f);
	assert_int_equal(j.models, 0);
	fleet_free(&j);
	gsl_rng_free(r);
}

/* Nothing is there: at most one in a hundred nights of 20 cells may say something of a kind, or five by chance. Also with heavy tails. SHOW=1 prints the numbers. */
static void false_alarms(void **state)
{
	static const size_t hosts[] = { 3, 4, 8, 16 };
	gsl_rng *r = gsl_rng_alloc(gsl_rng_mt19937);

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++)
		for (int heavy = 0; heavy < 2; heavy++) {
			unsigned of_model = 0, of_host = 0, of_level = 0;

			for (int night = 0; night < NIGHTS_MADE; night++) {
				struct fleet f = noisy(r, hosts[i], 20, 0.02, 0.1);
				struct fleet_judgement j;
				size_t n = hosts[i] * 20;
				unsigned shift = 0, level = 0;

				for (size_t k = 0; k < n && heavy; k++)
					value[k].shift = 0.02 * gsl_ran_tdist(r, 5) / sqrt(5.0 / 3);
				j = judge(&f);
				for (size_t k = 0; k < n; k++) {
					shift += j.shift[k].verdict == GATE_SLOWER || j.shift[k].verdict == GATE_FASTER;
					level += j.level[k].verdict == GATE_SLOWER || j.level[k].verdict == GATE_FASTER;
				}
				of_model += j.slower > 0;
				of_host += shift > 0;
				of_level += level > 0;
				fleet_free(&j);
			}
			if (getenv("SHOW"))
				printf("%zu hosts, %s: %u model %u host %u level\n", hosts[i], heavy ? "heavy" : "normal", of_model, of_host, of_level);
			assert_true(of_model <= NIGHTS_MADE / 20);
			assert_true(of_host <= NIGHTS_MADE / 20);
			assert_true(of_level <= NIGHTS_MADE / 20);
		}
	gsl_rng_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_shift), cmocka_unit_test(one_shifts), cmocka_unit_test(weak_drive), cmocka_unit_test(who_is_compared),
		cmocka_unit_test(two_hosts), cmocka_unit_test(false_alarms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
