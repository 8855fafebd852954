// SPDX-License-Identifier: GPL-2.0-only
/* Temperatures, SMT, turbo and poll queues from trees like /sys. */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../engine/drive.h"
#include "hostinfo.h"
#include "store.h"

static char root[64];

static int set_up(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/hostinfo.XXXXXX");
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
	(void)state;
	assert_true(isnan(hostinfo_disk_temp_c(root, "nvme0n1")));
	assert_true(isnan(hostinfo_cpu_temp_c(root)));
	assert_null(hostinfo_smt(root));
	assert_null(hostinfo_turbo(root));
	assert_int_equal(sqp_drive_poll_queues(root, "nvme0n1"), -1);
}

static void disks(void **state)
{
	(void)state;
	file("block/nvme0n1/device/hwmon3", "temp1_input", "41850\n");
	file("block/nvme1n1/device/device/hwmon/hwmon4", "temp1_input", "52000\n");
	file("block/nvme2n1/device/nvme2/hwmon5", "temp1_input", "-1000\n");
	file("block/sda/device/hwmon/hwmon6", "temp1_input", "30000\n");
	assert_near(hostinfo_disk_temp_c(root, "nvme0n1"), 41.85, 1e-3);
	assert_near(hostinfo_disk_temp_c(root, "nvme1n1"), 52, 1e-3);
	assert_near(hostinfo_disk_temp_c(root, "nvme2n1"), -1, 1e-3);
	assert_near(hostinfo_disk_temp_c(root, "sda"), 30, 1e-3);
	assert_true(isnan(hostinfo_disk_temp_c(root, "sdb")));
	file("module/nvme/parameters", "poll_queues", "2\n");
	assert_int_equal(sqp_drive_poll_queues(root, "nvme0n1"), 2);
	assert_int_equal(sqp_drive_poll_queues(root, "sda"), -1);
}

static void cpus(void **state)
{
	(void)state;
	file("class/hwmon/hwmon0", "name", "nvme\n");
	file("class/hwmon/hwmon0", "temp1_input", "99000\n");
	assert_true(isnan(hostinfo_cpu_temp_c(root)));
	file("class/hwmon/hwmon1", "name", "coretemp\n");
	file("class/hwmon/hwmon1", "temp1_input", "61000\n");
	assert_near(hostinfo_cpu_temp_c(root), 61, 1e-3);
	file("class/thermal/thermal_zone0", "type", "acpitz\n");
	file("class/thermal/thermal_zone0", "temp", "88000\n");
	file("class/thermal/thermal_zone1", "type", "x86_pkg_temp\n");
	file("class/thermal/thermal_zone1", "temp", "63000\n");
	file("class/thermal/thermal_zone2", "type", "x86_pkg_temp\n");
	file("class/thermal/thermal_zone2", "temp", "64500\n");
	assert_near(hostinfo_cpu_temp_c(root), 64.5, 1e-3);
}

static void words(void **state)
{
	(void)state;
	file("devices/system/cpu/smt", "active", "1\n");
	assert_string_equal(hostinfo_smt(root), "on");
	file("devices/system/cpu/smt", "active", "0\n");
	assert_string_equal(hostinfo_smt(root), "off");
	file("devices/system/cpu/cpufreq", "boost", "1\n");
	assert_string_equal(hostinfo_turbo(root), "on");
	/* What it says is the opposite. */
	file("devices/system/cpu/intel_pstate", "no_turbo", "1\n");
	assert_string_equal(hostinfo_turbo(root), "off");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_told),
		cmocka_unit_test(disks),
		cmocka_unit_test(cpus),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
