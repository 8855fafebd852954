// SPDX-License-Identifier: GPL-2.0-only
/* Drives in made sysfs trees. */
#include "unit.h"

#include "drive.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static char sys[] = "/tmp/sqp-drive.XXXXXX";

static void make_dirs(const char *path)
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *p = copy + 1; (p = strchr(p, '/')); *p++ = '/') {
		*p = '\0';
		assert_true(!mkdir(copy, 0755) || errno == EEXIST);
	}
}

static void file(const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", sys, name);
	make_dirs(path);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void link_to(const char *name, const char *to)
{
	char path[PATH_MAX], target[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", sys, name);
	snprintf(target, sizeof(target), "%s/%s", sys, to);
	make_dirs(path);
	assert_int_equal(symlink(target, path), 0);
}

static int make_tree(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(sys));
	file("d/nvme0/model", "FASTDRIVE 9000                          \n");
	file("d/nvme0/firmware_rev", "2B4QGXA7\n");
	file("d/nvme0/serial", "  S1\n");
	file("d/nvme0/nvme0n1/queue/scheduler", "[none] mq-deadline kyber\n");
	file("d/nvme0/nvme0n1/queue/io_poll", "1\n");
	file("d/nvme0/nvme0n1/nvme0n1p2/partition", "2\n");
	link_to("d/nvme0/nvme0n1/device", "d/nvme0");
	file("d/nvme0/ng0n1/dev", "9:9\n");
	link_to("d/nvme0/ng0n1/device", "d/nvme0");
	link_to("dev/block/259:0", "d/nvme0/nvme0n1");
	link_to("dev/block/259:2", "d/nvme0/nvme0n1/nvme0n1p2");
	link_to("dev/char/241:0", "d/nvme0/ng0n1");
	file("module/nvme/parameters/poll_queues", "2\n");
	file("d/vda/serial", "0815\n");
	file("d/vda/queue/scheduler", "none\n");
	link_to("dev/block/254:0", "d/vda");
	link_to("d/dm-0/slaves/nvme0n1p2", "d/nvme0/nvme0n1/nvme0n1p2");
	link_to("dev/block/252:0", "d/dm-0");
	link_to("d/dm-1/slaves/dm-0", "d/dm-0");
	link_to("dev/block/252:1", "d/dm-1");
	link_to("d/md0/slaves/vda", "d/vda");
	link_to("d/md0/slaves/nvme0n1", "d/nvme0/nvme0n1");
	link_to("dev/block/9:0", "d/md0");
	return 0;
}

static int remove_tree(void **state)
{
	char command[PATH_MAX];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", sys);
	return system(command);
}

static struct sqp_drive drive(unsigned major, unsigned minor, bool is_char)
{
	struct sqp_drive d;

	assert_true(sqp_drive_read(sys, makedev(major, minor), is_char, &d));
	return d;
}

static void is_the_nvme_drive(const struct sqp_drive *d)
{
	assert_string_equal(d->device, "nvme0n1");
	assert_string_equal(d->model, "FASTDRIVE 9000");
	assert_string_equal(d->firmware, "2B4QGXA7");
	assert_string_equal(d->serial, "S1");
	assert_string_equal(d->scheduler, "none");
	assert_int_equal(d->io_poll, 1);
	assert_int_equal(d->poll_queues, 2);
}

static void disk_partition_and_mapped(void **state)
{
	static const unsigned dev[][2] = { { 259, 0 }, { 259, 2 }, { 252, 0 }, { 252, 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(dev) / sizeof(*dev); i++) {
		struct sqp_drive d = drive(dev[i][0], dev[i][1], false);

		is_the_nvme_drive(&d);
	}
}

static void character_device(void **state)
{
	struct sqp_drive d = drive(241, 0, true);

	(void)state;
	assert_string_equal(d.device, "ng0n1");
	assert_string_equal(d.model, "FASTDRIVE 9000");
	assert_string_equal(d.scheduler, "");
	assert_int_equal(d.io_poll, -1);
}

static void what_is_not_told(void **state)
{
	struct sqp_drive d = drive(254, 0, false);

	(void)state;
	assert_string_equal(d.device, "vda");
	assert_string_equal(d.model, "");
	assert_string_equal(d.firmware, "");
	assert_string_equal(d.serial, "0815");
	assert_string_equal(d.scheduler, "none");
	assert_int_equal(d.io_poll, -1);
	assert_int_equal(d.poll_queues, -1);
}

/* Of several drives none is the one. */
static void made_of_two(void **state)
{
	struct sqp_drive d = drive(9, 0, false);

	(void)state;
	assert_string_equal(d.device, "md0");
	assert_string_equal(d.model, "");
}

static void unknown(void **state)
{
	struct sqp_drive d;

	(void)state;
	assert_false(sqp_drive_read(sys, makedev(0, 42), false, &d));
	assert_string_equal(d.device, "");
	assert_int_equal(d.io_poll, -1);
	assert_false(sqp_drive_of("/nonexistent", &d));
	assert_false(sqp_drive_of("/proc/version", &d));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(disk_partition_and_mapped), cmocka_unit_test(character_device),
		cmocka_unit_test(what_is_not_told), cmocka_unit_test(made_of_two), cmocka_unit_test(unknown),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
