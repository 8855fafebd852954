// SPDX-License-Identifier: GPL-2.0-only
/* Frequency and throttling from trees like /sys/devices/system/cpu. */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hostclock.h"
#include "store.h"

static char root[64];

static int set_up(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/hostclock.XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	store_remove(root);
	return 0;
}

static void file(const char *dir, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", root, dir);
	assert_int_equal(store_mkdirs(path, NULL), 0);
	snprintf(path, sizeof(path), "%s/%s/%s", root, dir, name);
	assert_int_equal(store_write(path, text, NULL), 0);
}

static void nothing_is_told(void **state)
{
	struct hostclock c = hostclock_read(root);

	(void)state;
	assert_true(isnan(c.mhz));
	assert_true(isnan(c.throttles));
}

static void means_and_sums(void **state)
{
	struct hostclock c;

	(void)state;
	file("cpu0/cpufreq", "scaling_cur_freq", "2000000\n");
	file("cpu11/cpufreq", "scaling_cur_freq", "3000000\n");
	file("cpufreq/cpufreq", "scaling_cur_freq", "9000000\n");	/* no CPU */
	file("cpu0/thermal_throttle", "core_throttle_count", "3\n");
	file("cpu11/thermal_throttle", "core_throttle_count", "4\n");
	file("cpu0/thermal_throttle", "package_throttle_count", "10\n");
	c = hostclock_read(root);
	assert_near(c.mhz, 2500, 1e-6);
	assert_near(c.throttles, 17, 1e-6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_told),
		cmocka_unit_test(means_and_sums),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
