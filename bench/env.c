// SPDX-License-Identifier: GPL-2.0-only
#include "env.h"

#include "../engine/drive.h"
#include "../engine/jiffies.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <linux/fs.h>
#include <time.h>
#include <unistd.h>

#include "fiojson.h"
#include "hostclock.h"
#include "hostinfo.h"
#include "store.h"
#include "sysfs.h"

#define LINE 512

static const char no_cpufreq[] = "no cpufreq driver: usual in a virtual machine";

static void put(json_t *o, const char *key, json_t *value)
{
	json_object_set_new(o, key, value ? value : json_null());
}

static void put_null(json_t *env, json_t *o, const char *key, const char *reason)
{
	put(o, key, json_null());
	json_object_set_new(json_object_get(env, "reasons"), key, json_string(reason));
}

unsigned env_hz(const char **source)
{
	unsigned hz = sqp_kernel_hz();

	if (hz && source)
		*source = "resolution of CLOCK_MONOTONIC_COARSE";
	return hz;
}

bool env_cpu_allowed(int cpu)
{
	cpu_set_t set;

	return cpu >= 0 && cpu < CPU_SETSIZE && !sched_getaffinity(0, sizeof(set), &set) && CPU_ISSET(cpu, &set);
}

/* Where the run of usable CPUs that begins at FIRST ends. */
static int last_of_run(int first, int except)
{
	int last = first;

	while (last + 1 < CPU_SETSIZE && last + 1 != except && env_cpu_allowed(last + 1))
		last++;
	return last;
}

unsigned env_cpus_allowed(int except, char *list, size_t size)
{
	unsigned n = 0;
	size_t used = 0;

	if (list && size)
		*list = '\0';
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		int last;

		if (cpu == except || !env_cpu_allowed(cpu))
			continue;
		last = last_of_run(cpu, except);
		if (list && used < size)
			used += (size_t)snprintf(list + used, size - used, last > cpu ? "%s%d-%d" : "%s%d", n ? "," : "", cpu, last);
		n += (unsigned)(last - cpu + 1);
		cpu = last;
	}
	return n;
}

static void put_cpu(json_t *env)
{
	char line[LINE];
	FILE *f = fopen("/proc/cpuinfo", "re");
	const char *model = NULL;

	put(env, "cpus_online", json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
	put(env, "cpus_allowed", json_integer(env_cpus_allowed(-1, NULL, 0)));
	put(env, "hypervisor", json_false());
	while (f && fgets(line, sizeof(line), f)) {
		char *value = strchr(line, ':');

		if (value && !model && !strncmp(line, "model name", 10)) {
			value[strcspn(value, "\n")] = '\0';
			put(env, "cpu_model", json_string(value + 2));
			model = "known";
		}
	}
	if (f)
		fclose(f);
	if (!model)
		put_null(env, env, "cpu_model", "/proc/cpuinfo has no model name");
	if (!access("/sys/hypervisor/type", F_OK) || (sysfs_line("/sys/class/dmi/id/sys_vendor", line, LINE) &&
						      strstr(line, "QEMU")))
		put(env, "hypervisor", json_true());
	if (sysfs_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", line, LINE))
		put(env, "governor", json_string(line));
	else
		put_null(env, env, "governor", no_cpufreq);
}

/* The name that the CPU gives of its hypervisor in SIGNATURE; false when it has none. */
static bool cpuid_hypervisor(char signature[13])
{
#if defined(__x86_64__) || defined(__i386__)
	unsigned eax, ebx, ecx, edx, words[3];

	if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & 1u << 31))
		return false;
	__cpuid(0x40000000, eax, words[0], words[1], words[2]);
	memcpy(signature, words, sizeof(words));
	signature[12] = '\0';
	return signature[0] != '\0';
#else
	(void)signature;
	return false;
#endif
}

static const struct {
	const char *signature;
	const char *name;
	bool emulates;	/* runs no instruction of the guest as it is */
} hypervisors[] = {
	{ "TCGTCGTCGTCG", "QEMU TCG", true },
	{ "KVMKVMKVM", "KVM", false },
	{ "Microsoft Hv", "Hyper-V", false },
	{ "VMwareVMware", "VMware", false },
	{ "XenVMMXenVMM", "Xen", false },
};

static void put_hypervisor(json_t *env)
{
	const char *model = json_string_value(json_object_get(env, "cpu_model"));
	bool emulated = model && strstr(model, "TCG");
	/* The flags line of /proc/cpuinfo is longer than any fixed buffer. */
	char *text = store_read("/proc/cpuinfo", NULL), signature[13];
	const char *name = NULL;

	if (cpuid_hypervisor(signature)) {
		name = signature;
		put(env, "hypervisor", json_true());
		for (size_t i = 0; i < sizeof(hypervisors) / sizeof(*hypervisors); i++) {
			if (strcmp(signature, hypervisors[i].signature))
				continue;
			name = hypervisors[i].name;
			emulated |= hypervisors[i].emulates;
		}
	}
	if (text && strstr(text, " hypervisor"))
		put(env, "hypervisor", json_true());
	free(text);
	if (name)
		put(env, "hypervisor_name", json_string(name));
	else
		put_null(env, env, "hypervisor_name", "the CPU names no hypervisor");
	put(env, "emulated", json_boolean(emulated));
}

double env_interrupts(const char *device)
{
	char *text, *save = NULL, wanted[64], link[PATH_MAX], real[PATH_MAX];
	unsigned controller;
	double sum = 0;
	bool found = false;

	/* The head of a multipath device belongs to a subsystem instead of a controller. */
	snprintf(link, sizeof(link), "/sys/block/%s/device", device);
	if (!realpath(link, real) || sscanf(strrchr(real, '/'), "/nvme%u", &controller) != 1)
		return NAN;
	snprintf(wanted, sizeof(wanted), " nvme%uq", controller);
	text = store_read("/proc/interrupts", NULL);
	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line; line = strtok_r(NULL, "\n", &save)) {
		char *name = strstr(line, wanted), *p = strchr(line, ':'), *end;

		/* Queue 0 is the controller's own. */
		if (!name || !p || name[strlen(wanted)] == '0')
			continue;
		found = true;
		for (p++;; p = end) {
			double n = strtod(p, &end);

			if (end == p || (*end && *end != ' '))
				break;
			sum += n;
		}
	}
	free(text);
	return found ? sum : NAN;
}

static void put_ticks(json_t *env)
{
	unsigned long long v[8] = { 0 }, total = 0;
	char line[LINE];
	bool got = sysfs_line("/proc/stat", line, LINE) &&
		   sscanf(line, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &v[0], &v[1], &v[2], &v[3], &v[4],
			  &v[5], &v[6], &v[7]) == 8;

	if (!got) {
		put_null(env, env, "steal_ticks", "/proc/stat has no steal column");
		return;
	}
	for (int i = 0; i < 8; i++)
		total += v[i];
	put(env, "steal_ticks", json_integer((json_int_t)v[7]));
	put(env, "total_ticks", json_integer((json_int_t)total));
}

/* By how much KEY grew; NaN when one of them does not tell. */
static double change(const json_t *before, const json_t *after, const char *key)
{
	return json_number_at(after, key) - json_number_at(before, key);
}

double env_steal_pct(const json_t *before, const json_t *after)
{
	double total = change(before, after, "total_ticks");

	return total > 0 ? 100 * change(before, after, "steal_ticks") / total : NAN;
}

static void put_clock(json_t *env)
{
	struct hostclock c = hostclock_read("/sys/devices/system/cpu");

	if (isfinite(c.mhz))
		put(env, "cpu_mhz", json_real(c.mhz));
	else
		put_null(env, env, "cpu_mhz", no_cpufreq);
	if (isfinite(c.throttles))
		put(env, "throttles", json_real(c.throttles));
	else
		put_null(env, env, "throttles", "the CPUs do not count how often heat slows them down: usual in a virtual machine");
}

json_t *env_host_json(const json_t *before, const json_t *after)
{
	return json_pack("{s:o, s:O, s:O, s:o}", "steal_pct", json_finite(env_steal_pct(before, after)), "cpu_mhz_before", json_object_get(before, "cpu_mhz"),
			 "cpu_mhz_after", json_object_get(after, "cpu_mhz"), "throttled", json_finite(change(before, after, "throttles")));
}

static void put_kernel(json_t *env)
{
	const char *source = NULL;
	unsigned hz = env_hz(&source);
	struct rlimit lock;
	struct utsname u;
	char line[LINE];

	if (!uname(&u)) {
		put(env, "kernel", json_string(u.release));
		put(env, "kernel_build", json_string(u.version));
		put(env, "machine", json_string(u.machine));
	}
	if (hz) {
		put(env, "hz", json_integer(hz));
		put(env, "hz_source", json_string(source));
	} else {
		put_null(env, env, "hz", "the coarse clock has no resolution of one tick");
	}
	if (sysfs_line("/proc/sys/kernel/io_uring_disabled", line, LINE))
		put(env, "io_uring_disabled", json_integer(atoi(line)));
	else
		put_null(env, env, "io_uring_disabled", "this kernel has no such sysctl (older than 6.6)");
	if (!getrlimit(RLIMIT_MEMLOCK, &lock))
		put(env, "memlock_bytes", lock.rlim_cur == RLIM_INFINITY ? json_string("unlimited") :
									  json_integer((json_int_t)lock.rlim_cur));
	if (sysfs_line("/proc/loadavg", line, LINE))
		put(env, "load1", json_real(atof(line)));
}

bool env_direct_works(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	void *buf = NULL;
	bool works = fd >= 0 && !posix_memalign(&buf, 4096, 4096) && pread(fd, buf, 4096, 0) == 4096;

	free(buf);
	if (fd >= 0)
		close(fd);
	return works;
}

static void put_fs(json_t *env, json_t *t, dev_t dev)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096], *dash, type[64];
	unsigned maj, min;
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		dash = strstr(line, " - ");
		if (sscanf(line, "%*d %*d %u:%u", &maj, &min) == 2 && maj == major(dev) && min == minor(dev) &&
		    dash && sscanf(dash + 3, "%63s", type) == 1)
			found = true;
	}
	if (f)
		fclose(f);
	if (found)
		put(t, "fs", json_string(type));
	else
		put_null(env, t, "fs", "the file system is not in /proc/self/mountinfo");
}

static void put_text(json_t *env, json_t *t, const char *key, const char *value, const char *reason)
{
	if (value)
		put(t, key, json_string(value));
	else
		put_null(env, t, key, reason);
}

static void put_celsius(json_t *env, json_t *t, const char *key, double celsius, const char *reason)
{
	if (isfinite(celsius))
		put(t, key, json_real(celsius));
	else
		put_null(env, t, key, reason);
}

static void put_drive(json_t *env, json_t *t, const struct sysfs_disk *disk)
{
	struct sqp_drive d;
	const struct {
		const char *key, *value, *reason;
	} texts[] = {
		{ "model", d.model, "the device names no model" }, { "serial", d.serial, "the device names no serial number" },
		{ "firmware", d.firmware, "the device names no firmware" }, { "scheduler", d.scheduler, "the device has no request queue in /sys" },
	};

	sqp_drive_at("/sys", disk->dir, &d);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		put_text(env, t, texts[i].key, *texts[i].value ? texts[i].value : NULL, texts[i].reason);
	put_celsius(env, t, "temp_c", hostinfo_disk_temp_c("/sys", disk->name),
		    "the device does not tell its temperature in /sys: NVMe does since Linux 5.5, others with the module drivetemp");
	if (d.poll_queues >= 0)
		put(t, "poll_queues", json_integer(d.poll_queues));
	else
		put_null(env, t, "poll_queues", "the device's driver has no such parameter");
}

static void put_queue(json_t *env, json_t *t, dev_t dev)
{
	static const char *const numbers[] = { "io_poll", "nomerges", "iostats", "rotational", "nr_requests" };
	char path[PATH_MAX + 64], line[LINE];
	struct sysfs_disk d;

	if (sysfs_find_disk(&d, dev)) {
		put_null(env, t, "device", "the file system is not on a block device");
		return;
	}
	put(t, "device", json_string(d.name));
	put_drive(env, t, &d);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		snprintf(path, sizeof(path), "%s/queue/%s", d.dir, numbers[i]);
		if (sysfs_line(path, line, LINE))
			put(t, numbers[i], json_integer(atoi(line)));
		else
			put_null(env, t, numbers[i], "the device has no such attribute in /sys");
	}
}

static json_t *describe_target(json_t *env, const char *path)
{
	json_t *t = json_object();
	struct stat st;
	unsigned long long bytes = 0;
	int fd;

	put(t, "path", json_string(path));
	if (stat(path, &st)) {
		put_null(env, t, "kind", strerror(errno));
		return t;
	}
	if (S_ISBLK(st.st_mode)) {
		put(t, "kind", json_string("device"));
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || ioctl(fd, BLKGETSIZE64, &bytes))
			put_null(env, t, "bytes", strerror(errno));
		else
			put(t, "bytes", json_integer((json_int_t)bytes));
		if (fd >= 0)
			close(fd);
		put_queue(env, t, st.st_rdev);
	} else {
		put(t, "kind", json_string(S_ISREG(st.st_mode) ? "file" : "other"));
		put(t, "bytes", json_integer(st.st_size));
		put_fs(env, t, st.st_dev);
		put_queue(env, t, st.st_dev);
	}
	if (S_ISBLK(st.st_mode) || S_ISREG(st.st_mode))
		put(t, "direct", json_boolean(env_direct_works(path)));
	return t;
}

json_t *env_collect(const struct fio *fio, const char *target)
{
	json_t *env = json_object();
	char now[32];

	store_time(now, sizeof(now));
	put(env, "schema", json_string("sqbench-env/1"));
	put(env, "time", json_string(now));
	put(env, "reasons", json_object());
	put(env, "sqbench", json_string(SQB_VERSION));
	put_kernel(env);
	put_cpu(env);
	put_hypervisor(env);
	put_ticks(env);
	put_clock(env);
	put_text(env, env, "smt", hostinfo_smt("/sys"), "the kernel does not tell whether SMT is on");
	put_text(env, env, "turbo", hostinfo_turbo("/sys"), no_cpufreq);
	put_celsius(env, env, "cpu_temp_c", hostinfo_cpu_temp_c("/sys"), "no sensor of the CPUs in /sys: usual in a virtual machine");
	if (fio)
		put(env, "fio", json_string(fio->version));
	if (target)
		put(env, "target", describe_target(env, target));
	return env;
}

json_t *env_at_end(const struct fio *fio)
{
	json_t *end = env_collect(fio, NULL);

	json_object_set_new(end, "exit", json_integer(0));
	return end;
}
