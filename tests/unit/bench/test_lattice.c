// SPDX-License-Identifier: GPL-2.0-only
#include "check.h"

#include "lattice.h"

/* Measured on a real kernel at HZ=250: 1 to 4 ms are one setting, 5 to 8 ms the next, 0 is 1 s. */
static void settings_at_250(void **state)
{
	(void)state;
	for (unsigned ms = 1; ms <= 4; ms++)
		assert_int_equal(lattice_jiffies(ms, 250), 1);
	for (unsigned ms = 5; ms <= 8; ms++)
		assert_int_equal(lattice_jiffies(ms, 250), 2);
	assert_int_equal(lattice_jiffies(0, 250), 250);
	assert_int_equal(lattice_jiffies(1000, 250), 250);
}

static void canonical(void **state)
{
	(void)state;
	assert_int_equal(lattice_canonical_ms(1, 250), 4);
	assert_int_equal(lattice_canonical_ms(5, 250), 8);
	assert_int_equal(lattice_canonical_ms(1, 100), 10);
	assert_int_equal(lattice_canonical_ms(7, 1000), 7);
	assert_int_equal(lattice_canonical_ms(0, 100), 1000);
	/* HZ=300 has no whole milliseconds: 3 ms and 1 ms are one jiffy of 3.33 ms, 4 ms are two. */
	assert_int_equal(lattice_canonical_ms(1, 300), 3);
	assert_int_equal(lattice_canonical_ms(4, 300), 6);
}

static void canonical_is_the_same_setting(void **state)
{
	static const unsigned rates[] = { 24, 100, 250, 300, 1000, 1024 };

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++)
		for (unsigned ms = 1; ms < 3000; ms++)
			assert_int_equal(lattice_jiffies(lattice_canonical_ms(ms, rates[i]), rates[i]),
					 lattice_jiffies(ms, rates[i]));
}

static void spin(void **state)
{
	double lo, hi;

	(void)state;
	lattice_spin_ms(1, 250, &lo, &hi);
	assert_near(lo, 4, 1e-6);
	assert_near(hi, 8, 1e-6);
	lattice_spin_ms(0, 250, &lo, &hi);
	assert_near(lo, 1000, 1e-6);
	assert_near(hi, 1004, 1e-3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_at_250),
		cmocka_unit_test(canonical),
		cmocka_unit_test(canonical_is_the_same_setting),
		cmocka_unit_test(spin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
