// SPDX-License-Identifier: GPL-2.0-only
/* The target of a night: its own file is made once and nobody else's is touched; holes are seen. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "precondition.h"
#include "prepare.h"
#include "store.h"

#define SIZE (4U << 20)

static char root[64], data[128], card[128];

static int set_up(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/prepare.XXXXXX");
	if (!mkdtemp(root))
		return -1;
	snprintf(data, sizeof(data), "%s/nightly.dat", root);
	snprintf(card, sizeof(card), "%s/nightly.dat.json", root);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	store_remove(root);
	return 0;
}

static ino_t inode(void)
{
	struct stat st;

	assert_int_equal(stat(data, &st), 0);
	return st.st_ino;
}

static void sparse(const char *path, off_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	close(fd);
}

static void own_file_is_made_once(void **state)
{
	struct prepared p;
	struct stat st;
	ino_t first;

	(void)state;
	assert_int_equal(prepare_target(&p, NULL, root, SIZE, NULL), 0);
	assert_true(p.own && p.made && !p.block);
	assert_int_equal(p.bytes, SIZE);
	assert_int_equal(p.sampled, 256);
	assert_int_equal(p.zeros, 0);
	assert_int_equal(stat(data, &st), 0);
	assert_true(st.st_blocks * 512 >= SIZE);
	first = st.st_ino;
	assert_int_equal(prepare_target(&p, NULL, root, SIZE, NULL), 0);
	assert_false(p.made);
	assert_int_equal(inode(), first);
	/* Its content may change, it is ours still. */
	sparse(data, SIZE);
	assert_int_equal(prepare_target(&p, NULL, root, SIZE, NULL), 0);
	assert_false(p.made);
	assert_true(prepare_unwritten(&p));
	assert_int_equal(prepare_target(&p, NULL, root, SIZE / 2, NULL), 0);
	assert_true(p.made);
	assert_int_equal(p.bytes, SIZE / 2);
	assert_int_equal(p.zeros, 0);
}

static void others_files_are_refused(void **state)
{
	struct prepared p;
	struct why why = { "" };
	char *text;

	(void)state;
	assert_int_equal(store_write(data, "precious", NULL), 0);
	assert_int_equal(prepare_target(&p, NULL, root, SIZE, &why), -EEXIST);
	assert_non_null(strstr(why.text, "left alone"));
	/* Ours was replaced by another of the same name. */
	unlink(data);
	assert_int_equal(prepare_target(&p, NULL, root, SIZE, NULL), 0);
	assert_int_equal(store_write(data, "precious", NULL), 0);
	assert_int_equal(prepare_target(&p, NULL, root, SIZE, NULL), -EEXIST);
	text = store_read(data, NULL);
	assert_string_equal(text, "precious");
	free(text);
	/* And so is a card that is not ours. */
	unlink(data);
	assert_int_equal(store_write(card, "{\"mine\": 1}", NULL), 0);
	assert_int_equal(prepare_target(&p, NULL, root, SIZE, NULL), -EEXIST);
	unlink(card);
	assert_int_equal(symlink("/dev/null", data), 0);
	assert_int_equal(prepare_target(&p, NULL, root, SIZE, NULL), -EEXIST);
}

/* What nights leave that were killed at each step of making it. */
static void killed_nights_do_not_matter(void **state)
{
	struct prepared p;
	json_t *doc;

	(void)state;
	sparse(data, 0);
	assert_int_equal(prepare_target(&p, NULL, root, SIZE, NULL), 0);
	assert_true(p.made);
	doc = store_read_json(card, NULL);
	json_object_set_new(doc, "whole", json_false());
	assert_int_equal(store_write_json(card, doc, NULL), 0);
	json_decref(doc);
	assert_int_equal(truncate(data, SIZE / 4), 0);
	assert_int_equal(prepare_target(&p, NULL, root, SIZE, NULL), 0);
	assert_true(p.made);
	assert_int_equal(p.bytes, SIZE);
	unlink(data);
	assert_int_equal(prepare_target(&p, NULL, root, SIZE, NULL), 0);
	assert_true(p.made);
}

static void holes_are_seen(void **state)
{
	char path[128], block[4096];
	struct prepared p;
	json_t *warnings;
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/sparse", root);
	sparse(path, SIZE);
	assert_int_equal(prepare_target(&p, path, root, 0, NULL), 0);
	assert_int_equal(p.sampled, 256);
	assert_int_equal(p.zeros, 256);
	warnings = prepare_warnings(&p);
	assert_int_equal(json_array_size(warnings), 1);
	assert_non_null(strstr(json_string_value(json_object_get(json_array_get(warnings, 0), "advice")), "--allow-write --precondition"));
	json_decref(warnings);
	/* A quarter written is enough not to be called unwritten. */
	memset(block, 0x5a, sizeof(block));
	fd = open(path, O_WRONLY);
	for (unsigned i = 0; i < SIZE / 4 / sizeof(block); i++)
		assert_int_equal(pwrite(fd, block, sizeof(block), (off_t)(i * sizeof(block))), sizeof(block));
	close(fd);
	assert_int_equal(prepare_target(&p, path, root, 0, NULL), 0);
	assert_int_equal(p.zeros, 192);
	warnings = prepare_warnings(&p);
	assert_int_equal(json_array_size(warnings), 0);
	json_decref(warnings);
	/* Fewer blocks than samples. */
	assert_int_equal(truncate(path, 3 * 4096 + 100), 0);
	assert_int_equal(prepare_target(&p, path, root, 0, NULL), 0);
	assert_int_equal(p.sampled, 3);
}

static void no_targets(void **state)
{
	char path[128];
	struct prepared p;

	(void)state;
	snprintf(path, sizeof(path), "%s/none", root);
	assert_int_equal(prepare_target(&p, path, root, 0, NULL), -ENOENT);
	assert_int_equal(prepare_target(&p, root, root, 0, NULL), -EINVAL);
	assert_int_equal(prepare_target(&p, "/dev/null", root, 0, NULL), -EINVAL);
	assert_int_equal(mkfifo(path, 0644), 0);
	assert_int_equal(prepare_target(&p, path, root, 0, NULL), -EINVAL);
}

static void nothing_is_written_unasked(void **state)
{
	struct precondition a = { .out = root };
	char path[128], *text;
	struct prepared p;
	struct why why = { "" };
	json_t *done;

	(void)state;
	snprintf(path, sizeof(path), "%s/file", root);
	sparse(path, SIZE);
	assert_int_equal(prepare_target(&p, path, root, 0, NULL), 0);
	assert_int_equal(precondition(&p, &a, &done, &why), -EPERM);
	assert_null(done);
	assert_non_null(strstr(why.text, "--allow-write"));
	assert_int_equal(prepare_sample(&p, NULL), 0);
	assert_int_equal(p.zeros, p.sampled);
	/* A record that is none of ours is not written over, nor the target then. */
	snprintf(path, sizeof(path), "%s/preconditioned.json", root);
	assert_int_equal(store_write(path, "{}", NULL), 0);
	a.allow_write = true;
	assert_int_equal(precondition(&p, &a, &done, &why), -EINVAL);
	text = store_read(path, NULL);
	assert_string_equal(text, "{}");
	free(text);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(own_file_is_made_once), CASE(others_files_are_refused), CASE(killed_nights_do_not_matter),
		CASE(holes_are_seen), CASE(no_targets), CASE(nothing_is_written_unasked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
