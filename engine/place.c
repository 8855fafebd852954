// SPDX-License-Identifier: GPL-2.0-only
#include "place.h"

#include "procfs.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

static const char possible_list[] = "/sys/devices/system/cpu/possible";
static const char online_list[] = "/sys/devices/system/cpu/online";

/* sched_setaffinity() fails when the mask and the task's cpuset have no CPU in common: that is the very question,
 * and it has the same answer under cgroup v1 and v2. */
static bool in_cpuset(int cpu)
{
	size_t size = CPU_ALLOC_SIZE((size_t)cpu + 1), saved_size = CPU_ALLOC_SIZE(65536);
	cpu_set_t *set = CPU_ALLOC((size_t)cpu + 1), *saved = CPU_ALLOC(65536);
	bool ok = true;

	if (set && saved && !sched_getaffinity(0, saved_size, saved)) {
		CPU_ZERO_S(size, set);
		CPU_SET_S((size_t)cpu, size, set);
		ok = sched_setaffinity(0, size, set) == 0;
		sched_setaffinity(0, saved_size, saved);
	}
	CPU_FREE(set);
	CPU_FREE(saved);
	return ok;
}

int sqp_place_check(int cpu, struct sqp_why *why)
{
	char possible[1024], online[1024];

	if (cpu == SQP_ANY_CPU)
		return 0;
	if (sqp_read_line(possible_list, possible, sizeof(possible)) && !sqp_cpu_in_list(possible, cpu))
		return sqp_why(why, -EINVAL, "sq_thread_cpu=%d: there is no such CPU, this machine has %s; choose one of those",
			       cpu, possible);
	if (sqp_read_line(online_list, online, sizeof(online)) && !sqp_cpu_in_list(online, cpu))
		return sqp_why(why, -EINVAL,
			       "sq_thread_cpu=%d: this CPU is offline (online: %s); choose another or echo 1 >/sys/devices/system/cpu/cpu%d/online",
			       cpu, online, cpu);
	if (!in_cpuset(cpu))
		return sqp_why(why, -EINVAL,
			       "sq_thread_cpu=%d: this CPU is outside the task's cpuset; choose one inside it or widen the cpuset",
			       cpu);
	return 0;
}

int sqp_place_parse(const char *text, int *cpu, struct sqp_why *why)
{
	char *end;
	long n;

	*cpu = SQP_ANY_CPU;
	if (!text || !strcmp(text, "any"))
		return 0;
	errno = 0;
	n = strtol(text, &end, 10);
	if (end == text || *end || errno || n < 0 || n > INT_MAX - 1)
		return sqp_why(why, -EINVAL, "sq_thread_cpu=%s: this is neither a CPU number nor \"any\"", text);
	*cpu = (int)n;
	return 0;
}
