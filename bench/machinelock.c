// SPDX-License-Identifier: GPL-2.0-only
#include "machinelock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "proc.h"
#include "store.h"

#define POLL_MS 250
#define TEXT 128
#define OURS "pid "	/* what the file begins with when it is not empty */

/* Where users may not write to /run/lock they still share the file that root has made there. */
static const char *directory(const char *dir)
{
	if (dir)
		return dir;
	return access("/run/lock", W_OK | X_OK) && access("/run/lock/" MACHINELOCK_NAME, F_OK) ? "/tmp" : "/run/lock";
}

/* In a sticky directory the kernel refuses O_CREAT for a file that is somebody else's (fs.protected_regular), so that comes last. */
static int open_lock(const char *path)
{
	const int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	int fd = open(path, O_RDWR | flags);
	mode_t mask;

	if (fd >= 0)
		return fd;
	if (errno == EACCES)
		fd = open(path, O_RDONLY | flags);
	if (fd >= 0 || errno != ENOENT)
		return fd < 0 ? -errno : fd;
	mask = umask(0);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | flags, 0666);
	umask(mask);
	if (fd >= 0)
		return fd;
	return errno == EEXIST ? -EAGAIN : -errno;
}

static void read_text(int fd, char text[TEXT])
{
	ssize_t n = pread(fd, text, TEXT - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	/* Anybody can write to the file, and this is printed. */
	text[strspn(text, "abcdefghijklmnopqrstuvwxyz 0123456789TZ:-")] = '\0';
}

/* A name that anybody may make can be made to lead elsewhere. */
static int check(int fd, const char *path, struct why *why)
{
	char text[TEXT];
	struct stat st;

	if (fstat(fd, &st))
		return why_set(why, -errno, "%s: %s", path, strerror(errno));
	read_text(fd, text);
	if (S_ISREG(st.st_mode) && st.st_nlink <= 1 && (!st.st_size || !strncmp(text, OURS, strlen(OURS))))
		return 0;
	return why_set(why, -EINVAL, "%s: is no lock of sqbench: look at it and remove it", path);
}

/* Whether PATH still names what was locked. */
static bool is_there(int fd, const char *path)
{
	struct stat mine, named;

	return !fstat(fd, &mine) && !lstat(path, &named) && mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;
}

/* One try; -EAGAIN: another may succeed, TEXT then says who has it. */
static int try(const char *path, int *held, char text[TEXT], struct why *why)
{
	int fd = open_lock(path), rc = 0;

	if (fd == -EAGAIN)
		return fd;
	if (fd < 0)
		return why_set(why, fd, "%s: the lock cannot be opened: %s: look at it and remove it", path, strerror(-fd));
	rc = check(fd, path, why);
	if (!rc && flock(fd, LOCK_EX | LOCK_NB)) {
		read_text(fd, text);
		rc = -EAGAIN;
	} else if (!rc && !is_there(fd, path)) {
		rc = -EAGAIN;
	}
	if (!rc)
		*held = fd;
	else
		close(fd);
	return rc;
}

/* For the message of others only, so that it cannot be written is no error. */
static void sign(int fd)
{
	char now[32], text[TEXT];
	int n;

	store_time(now, sizeof(now));
	n = snprintf(text, sizeof(text), OURS "%d since %s\n", (int)getpid(), now);
	if (ftruncate(fd, 0) || pwrite(fd, text, (size_t)n, 0) != n)
		return;
}

int machinelock_take(struct machinelock *l, const char *dir, double wait_s, struct why *why)
{
	const struct timespec moment = { .tv_nsec = POLL_MS * 1000000L };
	double until = proc_now_s() + wait_s;
	char path[PATH_MAX], text[TEXT] = "";
	int rc;

	l->fd = -1;
	if (store_path(path, sizeof(path), directory(dir), MACHINELOCK_NAME))
		return why_set(why, -ENAMETOOLONG, "%s: the path is too long", dir);
	for (;;) {
		rc = try(path, &l->fd, text, why);
		if (!rc)
			sign(l->fd);
		if (rc != -EAGAIN)
			return rc;
		if (proc_interrupted())
			return why_set(why, -EINTR, "interrupted while waiting for another night (%s)", *text ? text : "not known which");
		if (proc_now_s() >= until)
			return why_set(why, -EBUSY, "%s: another night is running on this machine (%s): wait for its end, or stop it", path,
				       *text ? text : "not known which");
		nanosleep(&moment, NULL);
	}
}

void machinelock_drop(struct machinelock *l)
{
	if (l->fd < 0)
		return;
	if (ftruncate(l->fd, 0))
		(void)0;
	close(l->fd);
	l->fd = -1;
}
