// SPDX-License-Identifier: GPL-2.0-only
#include "explain.h"

#include "procfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>

static bool seccomp_filtered(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[128];
	bool found = false;

	if (!f)
		return false;
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, "Seccomp:", 8))
			found = strtol(line + 8, NULL, 10) == 2;
	fclose(f);
	return found;
}

void sqp_explain_gather(struct sqp_machine *m)
{
	struct rlimit lim;
	struct utsname u;
	char line[32], *end;

	memset(m, 0, sizeof(*m));
	if (!uname(&u)) {
		snprintf(m->release, sizeof(m->release), "%s", u.release);
		m->kernel_major = (unsigned)strtoul(u.release, &end, 10);
		m->kernel_minor = *end == '.' ? (unsigned)strtoul(end + 1, NULL, 10) : 0;
	}
	m->io_uring_disabled = -1;
	if (sqp_read_line("/proc/sys/kernel/io_uring_disabled", line, sizeof(line)))
		m->io_uring_disabled = (int)strtol(line, NULL, 10);
	m->seccomp = seccomp_filtered();
	m->memlock_bytes = UINT64_MAX;
	if (!getrlimit(RLIMIT_MEMLOCK, &lim) && lim.rlim_cur != RLIM_INFINITY)
		m->memlock_bytes = lim.rlim_cur;
}

static bool older_than(const struct sqp_machine *m, unsigned major, unsigned minor)
{
	return m->kernel_major < major || (m->kernel_major == major && m->kernel_minor < minor);
}

static void explain_eperm(struct sqp_why *why, const struct sqp_machine *m)
{
	if (m->io_uring_disabled > 0)
		sqp_why(why, 0, "io_uring_setup: EPERM: sysctl kernel.io_uring_disabled is %d; set it to 0%s",
			m->io_uring_disabled,
			m->io_uring_disabled == 1 ? ", or join the group of kernel.io_uring_group" : "");
	else if (m->seccomp)
		sqp_why(why, 0, "io_uring_setup: EPERM: a seccomp filter is active (a container?); run outside it or allow io_uring_setup, io_uring_enter and io_uring_register");
	else if (older_than(m, 5, 11))
		sqp_why(why, 0, "io_uring_setup: EPERM: SQPOLL on Linux %s needs CAP_SYS_ADMIN; run as root", m->release);
	else if (older_than(m, 5, 13))
		sqp_why(why, 0, "io_uring_setup: EPERM: SQPOLL on Linux %s needs CAP_SYS_NICE; run as root or grant the capability",
			m->release);
	else
		sqp_why(why, 0, "io_uring_setup: EPERM on Linux %s: a security module forbids it; see its log (LSM, SELinux, AppArmor)",
			m->release);
}

static void explain_enosys(struct sqp_why *why, const struct sqp_machine *m)
{
	if (older_than(m, 5, 1))
		sqp_why(why, 0, "io_uring_setup: ENOSYS: Linux %s has no io_uring, it came with 5.1; boot a newer kernel", m->release);
	else if (m->seccomp)
		sqp_why(why, 0, "io_uring_setup: ENOSYS: a seccomp filter hides io_uring (a container?); run outside it or allow io_uring_setup");
	else
		sqp_why(why, 0, "io_uring_setup: ENOSYS: this build of Linux %s has no io_uring (CONFIG_IO_URING); boot one that has", m->release);
}

static void explain_enomem(struct sqp_why *why, const struct sqp_config *cfg, const struct sqp_machine *m)
{
	if (m->memlock_bytes != UINT64_MAX && older_than(m, 5, 12))
		sqp_why(why, 0, "io_uring_setup: ENOMEM: rings count as locked memory before Linux 5.12 and the limit is %llu KiB; raise ulimit -l or lower iodepth=%u",
			(unsigned long long)(m->memlock_bytes >> 10), cfg->depth);
	else
		sqp_why(why, 0, "io_uring_setup: ENOMEM: no memory for a ring of iodepth=%u; lower it or free memory", cfg->depth);
}

void sqp_explain_setup_on(struct sqp_why *why, int err, const struct sqp_config *cfg, const struct sqp_machine *m)
{
	switch (-err) {
	case EPERM:
	case EACCES:
		explain_eperm(why, m);
		break;
	case ENOSYS:
		explain_enosys(why, m);
		break;
	case ENOMEM:
		explain_enomem(why, cfg, m);
		break;
	case EMFILE:
	case ENFILE:
		sqp_why(why, 0, "io_uring_setup: %s: no file descriptor left for the ring; raise ulimit -n or lower numjobs and nrfiles",
			strerror(-err));
		break;
	case EINVAL:
		sqp_why(why, 0, "io_uring_setup: EINVAL on Linux %s: SQPOLL%s%s%s with iodepth=%u is refused; is sq_thread_cpu inside the cpuset, and the kernel at least %s?",
			m->release, cfg->hipri ? ", IOPOLL" : "", cfg->sq_cpu >= 0 ? ", SQ_AFF" : "",
			cfg->big ? ", SQE128, CQE32" : "", cfg->depth, cfg->big ? "5.19 (NVMe commands)" : "5.5");
		break;
	default:
		sqp_why(why, 0, "io_uring_setup: %s on Linux %s (SQPOLL, iodepth=%u)", strerror(-err), m->release, cfg->depth);
	}
}

void sqp_explain_setup(struct sqp_why *why, int err, const struct sqp_config *cfg)
{
	struct sqp_machine m;

	sqp_explain_gather(&m);
	sqp_explain_setup_on(why, err, cfg, &m);
}

void sqp_explain_buffers(struct sqp_why *why, int err, unsigned nr, uint64_t bytes, const struct sqp_machine *m)
{
	if (err == -ENOMEM && m->memlock_bytes < UINT64_MAX)
		sqp_why(why, 0, "fixedbufs: %u buffers of %llu KiB in all cannot be pinned, the memlock limit is %llu KiB; raise it (ulimit -l), lower iodepth or bs, or leave out fixedbufs",
			nr, (unsigned long long)(bytes >> 10), (unsigned long long)(m->memlock_bytes >> 10));
	else if (err == -EINVAL)
		sqp_why(why, 0, "fixedbufs: this kernel (%s) refuses %u buffers (the limit was 1024 before 5.13, then 16384); lower iodepth or leave out fixedbufs",
			m->release, nr);
	else
		sqp_why(why, 0, "fixedbufs: registering %u buffers of %llu KiB in all failed: %s; leave out fixedbufs or lower iodepth",
			nr, (unsigned long long)(bytes >> 10), strerror(-err));
}
