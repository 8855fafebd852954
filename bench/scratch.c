// SPDX-License-Identifier: GPL-2.0-only
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc.h"

#define CHUNK (1U << 20)

/* xorshift64: fast, and neither a compressing file system nor a device can shrink it. */
static void fill(uint64_t *words, size_t n, uint64_t *state)
{
	uint64_t x = *state;

	for (size_t i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		words[i] = x;
	}
	*state = x;
}

static int write_chunk(int fd, const char *p, size_t left)
{
	while (left) {
		ssize_t n = write(fd, p, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -ENOSPC;
		p += n;
		left -= (size_t)n;
	}
	return 0;
}

int scratch_fill(int fd, uint64_t size)
{
	uint64_t state = 0x9e3779b97f4a7c15ULL;
	uint64_t *chunk = malloc(CHUNK);
	int rc = chunk ? 0 : -ENOMEM;

	for (uint64_t done = 0; !rc && done < size; done += CHUNK) {
		uint64_t n = size - done < CHUNK ? size - done : CHUNK;

		fill(chunk, CHUNK / sizeof(*chunk), &state);
		rc = proc_interrupted() ? -EINTR : write_chunk(fd, (const char *)chunk, n);
	}
	free(chunk);
	if (!rc && fsync(fd))
		rc = -errno;
	return rc;
}

int scratch_create(const char *path, uint64_t size, struct why *why)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int rc;

	if (fd < 0)
		return why_set(why, -errno, "%s: the scratch file cannot be made: %s", path, strerror(errno));
	rc = scratch_fill(fd, size);
	close(fd);
	if (!rc)
		return 0;
	unlink(path);
	return why_set(why, rc, "%s: the scratch file of %llu MiB cannot be written: %s: choose a smaller --size or another --out",
		       path, (unsigned long long)(size >> 20), strerror(-rc));
}

void scratch_warm(const char *path)
{
	static char buf[CHUNK];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	while (fd >= 0 && read(fd, buf, sizeof(buf)) > 0 && !proc_interrupted())
		;
	if (fd >= 0)
		close(fd);
}
