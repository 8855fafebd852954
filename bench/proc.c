// SPDX-License-Identifier: GPL-2.0-only
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "store.h"

#define KILL_AFTER_S 5
#define EXIT_NOT_STARTED 127
#define PATH_TEXT 8192

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
	interrupted = sig;
}

void proc_catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
}

int proc_interrupted(void)
{
	return interrupted;
}

double proc_now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void redirect(int fd, const char *path)
{
	int to = open(path ? path : "/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0644);

	if (to < 0 || dup2(to, fd) < 0)
		_exit(EXIT_NOT_STARTED);
	close(to);
}

static void library_path(const char *dir)
{
	const char *old = getenv("LD_LIBRARY_PATH");
	char text[PATH_TEXT];

	snprintf(text, sizeof(text), "%s%s%s", dir, old && *old ? ":" : "", old ? old : "");
	setenv("LD_LIBRARY_PATH", text, 1);
}

static void child(const struct proc *p, pid_t parent)
{
	int null = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	/* Killing sqbench must not leave a benchmark behind. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || null < 0 || dup2(null, STDIN_FILENO) < 0)
		_exit(EXIT_NOT_STARTED);
	redirect(STDOUT_FILENO, p->stdout_path);
	redirect(STDERR_FILENO, p->stderr_path);
	if (p->lib_dir)
		library_path(p->lib_dir);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	execvp(p->argv[0], p->argv);
	dprintf(STDERR_FILENO, "%s: %s\n", p->argv[0], strerror(errno));
	_exit(EXIT_NOT_STARTED);
}

/* Waits on a descriptor of the process: a polling loop would steal CPU from what is being measured. */
static void wait_end(const struct proc *p, pid_t pid, int pidfd, struct proc_end *end)
{
	double start = proc_now_s(), kill_at = 0;

	for (;;) {
		struct pollfd fd = { .fd = pidfd, .events = POLLIN };
		double now;

		if (poll(&fd, 1, 1000) > 0)
			break;
		now = proc_now_s();
		if (kill_at > 0) {
			if (now > kill_at)
				kill(-pid, SIGKILL);
			continue;
		}
		end->interrupted = interrupted;
		end->timed_out = !interrupted && now - start > p->timeout_s;
		if (end->interrupted || end->timed_out) {
			kill(-pid, end->interrupted ? p->stop_signal : SIGTERM);
			kill_at = now + KILL_AFTER_S;
		} else if (p->tick) {
			p->tick(p->ctx);
		}
	}
	end->wall_s = proc_now_s() - start;
}

static double seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

int proc_run(const struct proc *p, struct proc_end *end, struct why *why)
{
	pid_t parent = getpid(), pid;
	struct rusage used = { 0 };
	int status = 0, pidfd;

	memset(end, 0, sizeof(*end));
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return why_set(why, -errno, "%s: cannot be started: fork: %s", p->argv[0], strerror(errno));
	if (!pid)
		child(p, parent);
	setpgid(pid, pid);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0) {
		int err = errno;

		kill(-pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return why_set(why, -err, "pidfd_open: %s: Linux 5.3 or newer is needed", strerror(err));
	}
	wait_end(p, pid, pidfd, end);
	close(pidfd);
	while (wait4(pid, &status, 0, &used) < 0 && errno == EINTR)
		;
	end->cpu_s = seconds(&used.ru_utime) + seconds(&used.ru_stime);
	end->exit = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	end->interrupted |= interrupted != 0;
	return 0;
}

char *proc_capture(char *const *argv, const char *lib_dir, int *exit_code, struct why *why)
{
	/* Without a name: nothing stays behind, however sqbench ends. */
	int fd = memfd_create("output", MFD_CLOEXEC);
	char path[32], *text = NULL;
	struct proc p = { .argv = argv, .stdout_path = path, .stderr_path = path, .lib_dir = lib_dir,
			  .timeout_s = 10, .stop_signal = SIGTERM };
	struct proc_end end;

	if (fd < 0) {
		why_set(why, -errno, "memfd_create: no file in memory can be made: %s", strerror(errno));
		return NULL;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!proc_run(&p, &end, why)) {
		*exit_code = end.timed_out ? 124 : end.exit;
		text = store_read(path, why);
	}
	close(fd);
	return text;
}
