// SPDX-License-Identifier: GPL-2.0-only
#include "prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "env.h"
#include "ownfile.h"
#include "store.h"

#define BLOCK 4096U
#define SAMPLES 256U
#define UNWRITTEN 0.9	/* this share of zeros */

static bool all_zero(const char *block)
{
	return !*block && !memcmp(block, block + 1, BLOCK - 1);
}

/* One block in the middle of each of SAMPLES equal parts. */
static int sample(struct prepared *p, int fd, char *block, struct why *why)
{
	uint64_t blocks = p->bytes / BLOCK;
	unsigned n = blocks < SAMPLES ? (unsigned)blocks : SAMPLES;

	p->sampled = p->zeros = 0;
	for (unsigned i = 0; i < n; i++) {
		uint64_t at = (2ULL * i + 1) * blocks / (2ULL * n) * BLOCK;
		ssize_t got = pread(fd, block, BLOCK, (off_t)at);

		if (got != BLOCK)
			return why_set(why, got < 0 ? -errno : -EIO, "%s: cannot be read at byte %llu: %s: choose another target", p->path,
				       (unsigned long long)at, got < 0 ? strerror(errno) : "it ends there");
		p->sampled++;
		p->zeros += all_zero(block);
	}
	return 0;
}

int prepare_sample(struct prepared *p, struct why *why)
{
	int fd = open(p->path, O_RDONLY | O_CLOEXEC | (p->direct ? O_DIRECT : 0)), rc;
	void *block = NULL;

	if (fd < 0)
		return why_set(why, -errno, "%s: cannot be opened: %s", p->path, strerror(errno));
	rc = posix_memalign(&block, BLOCK, BLOCK) ? why_set(why, -ENOMEM, "out of memory") : sample(p, fd, block, why);
	free(block);
	close(fd);
	return rc;
}

static int find(struct prepared *p, const char *target, struct why *why)
{
	struct stat st;
	int fd;

	if (!realpath(target, p->path))
		return why_set(why, -errno, "%s: %s: name a file or device that can be read", target, strerror(errno));
	/* A FIFO must not block the night. */
	fd = open(p->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st)) {
		int err = errno;

		if (fd >= 0)
			close(fd);
		return why_set(why, -err, "%s: %s: name a file or device that can be read", target, strerror(err));
	}
	p->block = S_ISBLK(st.st_mode);
	p->bytes = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	if (p->block && ioctl(fd, BLKGETSIZE64, &p->bytes))
		p->bytes = 0;
	close(fd);
	if (!p->block && !S_ISREG(st.st_mode))
		return why_set(why, -EINVAL, "%s: neither a regular file nor a block device: name one that can be read", target);
	if (p->bytes < BLOCK)
		return why_set(why, -EINVAL, "%s: has less than %u bytes: name a larger one", target, BLOCK);
	p->on_disk = !sysfs_find_disk(&p->disk, p->block ? st.st_rdev : st.st_dev);
	p->direct = env_direct_works(p->path);
	return 0;
}

int prepare_target(struct prepared *p, const char *target, const char *out, uint64_t size, struct why *why)
{
	char own[PATH_MAX];
	int rc = 0;

	memset(p, 0, sizeof(*p));
	p->own = !target;
	if (p->own && store_path(own, sizeof(own), out, "nightly.dat"))
		rc = why_set(why, -ENAMETOOLONG, "%s: the path is too long: choose another --out", out);
	else if (p->own)
		rc = ownfile(own, &p->made, size, why);
	if (!rc)
		rc = find(p, target ? target : own, why);
	return rc ? rc : prepare_sample(p, why);
}

bool prepare_unwritten(const struct prepared *p)
{
	return p->zeros > UNWRITTEN * p->sampled;
}

json_t *prepare_json(const struct prepared *p)
{
	return json_pack("{s:s, s:s, s:I, s:b, s:b, s:s?, s:i, s:i}", "path", p->path, "kind", p->own ? "own" : p->block ? "device" : "file", "bytes",
			 (json_int_t)p->bytes, "made", p->made, "direct", p->direct, "device", p->on_disk ? p->disk.name : NULL, "sampled", (int)p->sampled,
			 "zeros", (int)p->zeros);
}

json_t *prepare_warnings(const struct prepared *p)
{
	json_t *all = json_array();
	char text[PATH_MAX + 160];

	if (!prepare_unwritten(p))
		return all;
	snprintf(text, sizeof(text), "%u of %u blocks of %s are all zeros: it was probably %s, and reads of such blocks do not reach the media", p->zeros,
		 p->sampled, p->path, p->block ? "trimmed or never written" : "never written (a sparse file)");
	json_array_append_new(all, json_pack("{s:s, s:s, s:s}", "id", "unwritten", "text", text, "advice",
					     "fill it once with --allow-write --precondition; its content is lost by that"));
	return all;
}
