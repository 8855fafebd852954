// SPDX-License-Identifier: GPL-2.0-only
#include "unit.h"

#include "config.h"
#include "place.h"

#include <errno.h>
#include <sched.h>

static const struct sqp_config good = { .depth = 32, .sq_cpu = SQP_ANY_CPU, .stall_ms = 1000 };

static void accepts_the_whole_range(void **state)
{
	struct sqp_config cfg = good;
	struct sqp_why why;

	(void)state;
	assert_int_equal(sqp_config_check(&cfg, &why), 0);
	cfg.depth = SQP_MAX_DEPTH;
	cfg.idle_ms = SQP_MAX_IDLE_MS;
	assert_int_equal(sqp_config_check(&cfg, &why), 0);
	cfg.depth = 1;
	assert_int_equal(sqp_config_check(&cfg, &why), 0);
}

static void refuses_what_is_outside(void **state)
{
	struct sqp_config cfg = good;
	struct sqp_why why;

	(void)state;
	cfg.depth = SQP_MAX_DEPTH + 1;
	assert_int_equal(sqp_config_check(&cfg, &why), -EINVAL);
	assert_contains(why.text, "iodepth=32769");
	cfg = good;
	cfg.depth = 0;
	assert_int_equal(sqp_config_check(&cfg, &why), -EINVAL);
	cfg = good;
	cfg.idle_ms = (unsigned)SQP_MAX_IDLE_MS + 1;
	assert_int_equal(sqp_config_check(&cfg, &why), -EINVAL);
	assert_contains(why.text, "sq_thread_idle=2147483648");
	cfg = good;
	cfg.stall_ms = 0;
	assert_int_equal(sqp_config_check(&cfg, &why), -EINVAL);
	cfg = good;
	cfg.hybrid = true;
	assert_int_equal(sqp_config_check(&cfg, &why), -EINVAL);
	assert_contains(why.text, "add hipri");
	cfg.hipri = true;
	assert_int_equal(sqp_config_check(&cfg, &why), 0);
}

static void a_long_reason_is_cut_and_not_overrun(void **state)
{
	char name[2 * SQP_WHY_LEN];
	struct sqp_why why;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(sqp_why(&why, -EIO, "%s", name), -EIO);
	assert_int_equal(strlen(why.text), SQP_WHY_LEN - 1);
}

static void parses_cpus(void **state)
{
	static const struct { const char *text; int ret, cpu; enum sqp_place_kind kind; } table[] = {
		{ NULL, 0, SQP_ANY_CPU, SQP_PLACE_ANY }, { "any", 0, SQP_ANY_CPU, SQP_PLACE_ANY },
		{ "0", 0, 0, SQP_PLACE_NUMBER }, { "17", 0, 17, SQP_PLACE_NUMBER },
		{ "smt", 0, SQP_ANY_CPU, SQP_PLACE_SMT }, { "llc", 0, SQP_ANY_CPU, SQP_PLACE_LLC },
		{ "node", 0, SQP_ANY_CPU, SQP_PLACE_NODE }, { "remote", 0, SQP_ANY_CPU, SQP_PLACE_REMOTE },
		{ "auto", 0, SQP_ANY_CPU, SQP_PLACE_AUTO },
		{ "-1", -EINVAL, SQP_ANY_CPU, SQP_PLACE_ANY }, { "", -EINVAL, SQP_ANY_CPU, SQP_PLACE_ANY },
		{ "1x", -EINVAL, SQP_ANY_CPU, SQP_PLACE_ANY }, { "same", -EINVAL, SQP_ANY_CPU, SQP_PLACE_ANY },
		{ "number", -EINVAL, SQP_ANY_CPU, SQP_PLACE_ANY }, { "SMT", -EINVAL, SQP_ANY_CPU, SQP_PLACE_ANY },
		{ "99999999999999999999", -EINVAL, SQP_ANY_CPU, SQP_PLACE_ANY },
	};
	enum sqp_place_kind kind;
	struct sqp_why why;
	int cpu;

	(void)state;
	for (unsigned i = 0; i < SQP_NR(table); i++) {
		assert_int_equal(sqp_place_parse(table[i].text, &kind, &cpu, &why), table[i].ret);
		assert_int_equal(kind, table[i].kind);
		assert_int_equal(cpu, table[i].cpu);
	}
}

static void checking_a_cpu_leaves_the_affinity_alone(void **state)
{
	cpu_set_t before, after;
	struct sqp_why why;
	int first = 0;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	while (!CPU_ISSET(first, &before))
		first++;
	assert_int_equal(sqp_place_check(SQP_ANY_CPU, &why), 0);
	assert_int_equal(sqp_place_check(first, &why), 0);
	assert_int_equal(sqp_place_check(1 << 20, &why), -EINVAL);
	assert_contains(why.text, "there is no such CPU");
	assert_int_equal(sched_getaffinity(0, sizeof(after), &after), 0);
	assert_true(CPU_EQUAL(&before, &after));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_the_whole_range),
		cmocka_unit_test(refuses_what_is_outside),
		cmocka_unit_test(a_long_reason_is_cut_and_not_overrun),
		cmocka_unit_test(parses_cpus),
		cmocka_unit_test(checking_a_cpu_leaves_the_affinity_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
