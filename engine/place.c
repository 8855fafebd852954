// SPDX-License-Identifier: GPL-2.0-only
#include "place.h"

#include <errno.h>
#include <limits.h>
#include <numaif.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CLAIM_TRIES = 16 };

static const char possible_list[] = "/sys/devices/system/cpu/possible";
static const char online_list[] = "/sys/devices/system/cpu/online";
static const char isolated_list[] = "/sys/devices/system/cpu/isolated";

struct wide_mask {
	cpu_set_t part[SQP_PLACE_CPUS / CPU_SETSIZE];
};

static struct wide_mask remembered;
static bool have_remembered;

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

int sqp_place_parse(const char *text, enum sqp_place_kind *kind, int *cpu, struct sqp_why *why)
{
	static const enum sqp_place_kind words[] = {
		SQP_PLACE_ANY, SQP_PLACE_SMT, SQP_PLACE_LLC, SQP_PLACE_NODE, SQP_PLACE_REMOTE, SQP_PLACE_AUTO,
	};
	char *end;
	long n;

	*cpu = SQP_ANY_CPU;
	*kind = SQP_PLACE_ANY;
	for (unsigned i = 0; text && i < SQP_NR(words); i++)
		if (!strcmp(text, sqp_place_name(words[i])))
			*kind = words[i];
	if (!text || !strcmp(text, sqp_place_name(*kind)))
		return 0;
	errno = 0;
	n = strtol(text, &end, 10);
	if (end == text || *end || errno || n < 0 || n > INT_MAX - 1)
		return sqp_why(why, -EINVAL, "sq_thread_cpu=%s: this is neither a CPU number nor smt, llc, node, remote, auto or any", text);
	*kind = SQP_PLACE_NUMBER;
	*cpu = (int)n;
	return 0;
}

static bool get_mask(struct wide_mask *m)
{
	memset(m, 0, sizeof(*m));
	return sched_getaffinity(0, sizeof(*m), m->part) == 0;
}

void sqp_place_remember(void)
{
	have_remembered = get_mask(&remembered);
}

/* The kernel cuts what is asked for down to the cpuset: so one learns what that is, under cgroup v1 and v2. */
static void get_cpuset(const struct wide_mask *own, struct wide_mask *cpuset)
{
	memset(cpuset, 0xff, sizeof(*cpuset));
	if (!sched_setaffinity(0, sizeof(*cpuset), cpuset->part) && get_mask(cpuset))
		sched_setaffinity(0, sizeof(*own), own->part);
	else
		*cpuset = *own;
}

/* Of the CPUs of the calling thread, OWN, and of the program: those in the cpuset and online, for ALLOWED. */
static void gather_allowed(const struct wide_mask *own, hwloc_bitmap_t allowed)
{
	const struct wide_mask *home = have_remembered ? &remembered : own;
	struct wide_mask cpuset;

	get_cpuset(own, &cpuset);
	for (int cpu = 0; cpu < SQP_PLACE_CPUS; cpu++) {
		bool may = CPU_ISSET_S((size_t)cpu, sizeof(*own), own->part) || CPU_ISSET_S((size_t)cpu, sizeof(*home), home->part);

		if (may && CPU_ISSET_S((size_t)cpu, sizeof(cpuset), cpuset.part))
			hwloc_bitmap_set(allowed, (unsigned)cpu);
	}
}

static void gather_busy(const struct sqp_claims *claims, hwloc_bitmap_t busy)
{
	hwloc_bitmap_zero(busy);
	for (unsigned cpu = 0; claims && cpu < SQP_PLACE_CPUS; cpu++)
		if (atomic_load(&claims->users[cpu]))
			hwloc_bitmap_set(busy, cpu);
}

static void gather_isolated(hwloc_bitmap_t isolated)
{
	char list[1024];

	if (sqp_read_line(isolated_list, list, sizeof(list)) && list[0])
		hwloc_bitmap_list_sscanf(isolated, list);
}

/* The only CPU of the calling thread, or -1. */
static int only_cpu(const struct wide_mask *own)
{
	int cpu = 0;

	if (CPU_COUNT_S(sizeof(*own), own->part) != 1)
		return -1;
	while (!CPU_ISSET_S((size_t)cpu, sizeof(*own), own->part))
		cpu++;
	return cpu;
}

/* No lock, which a forked child might find taken for ever: who comes second throws away what it has loaded. */
static _Atomic(hwloc_topology_t) loaded;

int sqp_place_load(void)
{
	hwloc_topology_t mine, first = NULL;
	int ret;

	if (atomic_load(&loaded))
		return 0;
	if (hwloc_topology_init(&mine))
		return -ENOMEM;
	/* also what our cpuset leaves out: whether a CPU may be used is asked here, and answered with a reason */
	ret = hwloc_topology_set_flags(mine, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED) || hwloc_topology_load(mine) ? -EIO : 0;
	if (ret || !atomic_compare_exchange_strong(&loaded, &first, mine))
		hwloc_topology_destroy(mine);
	return ret;
}

static void claim(struct sqp_place *p, struct sqp_claims *claims)
{
	if (!claims || p->cpu < 0 || p->cpu >= SQP_PLACE_CPUS)
		return;
	p->claims = claims;
	if (atomic_fetch_add(&claims->users[p->cpu], 1))
		p->busy = true;
}

/* Chosen as not busy, and claimed by another job since? */
static bool overtaken(const struct sqp_place *p, const struct sqp_topo_choice *choice)
{
	return p->busy && !choice->busy;
}

static int choose_by_class(struct sqp_place *p, const struct sqp_topo_view *v, hwloc_bitmap_t busy, struct sqp_claims *claims,
			   struct sqp_why *why)
{
	struct sqp_topo_choice choice;

	for (int i = 0;; i++) {
		int ret;

		gather_busy(claims, busy);
		ret = sqp_topo_choose(v, p->asked, &choice, why);
		if (ret)
			return ret;
		p->kind = choice.kind;
		p->cpu = choice.cpu;
		p->busy = choice.busy;
		claim(p, claims);
		if (!overtaken(p, &choice) || i == CLAIM_TRIES)
			return 0;
		sqp_place_release(p);
	}
}

static int choose_near(struct sqp_place *p, const struct wide_mask *own, struct sqp_claims *claims, struct sqp_why *why)
{
	hwloc_bitmap_t allowed = hwloc_bitmap_alloc(), isolated = hwloc_bitmap_alloc(), busy = hwloc_bitmap_alloc();
	const struct sqp_topo_view v = {
		.topology = atomic_load(&loaded), .job_cpu = p->job_cpu, .allowed = allowed, .isolated = isolated, .busy = busy,
	};
	int ret;

	if (allowed && isolated && busy) {
		gather_allowed(own, allowed);
		gather_isolated(isolated);
		p->foreign = !hwloc_topology_is_thissystem(v.topology);
		ret = choose_by_class(p, &v, busy, claims, why);
	} else {
		ret = sqp_why(why, -ENOMEM, "sq_thread_cpu=%s: no memory", sqp_place_name(p->asked));
	}
	hwloc_bitmap_free(allowed);
	hwloc_bitmap_free(isolated);
	hwloc_bitmap_free(busy);
	return ret;
}

static bool is_isolated(int cpu)
{
	char list[1024];

	return cpu >= 0 && sqp_read_line(isolated_list, list, sizeof(list)) && sqp_cpu_in_list(list, cpu);
}

int sqp_place_choose(struct sqp_place *p, enum sqp_place_kind asked, int cpu, struct sqp_claims *claims, struct sqp_why *why)
{
	bool by_class = asked != SQP_PLACE_ANY && asked != SQP_PLACE_NUMBER;
	struct wide_mask own;
	int only = -1, ret = 0;

	*p = (struct sqp_place){ .asked = asked, .kind = asked, .cpu = cpu, .job_cpu = sched_getcpu() };
	if (get_mask(&own))
		only = only_cpu(&own);
	else if (by_class)
		return sqp_why(why, -errno, "sq_thread_cpu=%s: the CPUs of this task cannot be read: %s; give a number or any",
			       sqp_place_name(asked), strerror(errno));
	p->job_pinned = only >= 0;
	if (p->job_pinned)
		p->job_cpu = only;
	if (by_class && sqp_place_load())
		return sqp_why(why, -EIO, "sq_thread_cpu=%s: hwloc cannot read this machine's topology (is /sys mounted?); give a number or any",
			       sqp_place_name(asked));
	if (by_class)
		ret = choose_near(p, &own, claims, why);
	else
		claim(p, claims);
	p->isolated = !ret && is_isolated(p->cpu);
	return ret;
}

int sqp_place_claim_own(struct sqp_claims *claims)
{
	struct wide_mask own;
	int cpu = get_mask(&own) ? only_cpu(&own) : -1;

	if (!claims || cpu < 0)
		return -1;
	atomic_fetch_add(&claims->users[cpu], 1);
	return cpu;
}

void sqp_place_unclaim(struct sqp_claims *claims, int cpu)
{
	if (claims && cpu >= 0)
		atomic_fetch_sub(&claims->users[cpu], 1);
}

void sqp_place_release(struct sqp_place *p)
{
	sqp_place_unclaim(p->claims, p->cpu);
	p->claims = NULL;
}

void sqp_place_verify(const struct sqp_place *p, const struct sqp_fdinfo *info, struct sqp_place_seen *seen)
{
	char only[16];

	*seen = (struct sqp_place_seen){ .cpu = info->cpu };
	if (p->cpu == SQP_ANY_CPU) {
		seen->unknown_why = "the SQ thread was not placed";
	} else if (info->tid <= 0 || info->cpu < 0) {
		seen->unknown_why = "the SQ thread never ran, or this kernel did not name it";
	} else if (!sqp_thread_cpus(info->tid, seen->allowed, sizeof(seen->allowed))) {
		seen->unknown_why = "/proc/TID/status of the SQ thread cannot be read";
	} else {
		snprintf(only, sizeof(only), "%d", p->cpu);
		seen->kept = info->cpu == p->cpu && !strcmp(seen->allowed, only);
	}
}

static bool many_nodes(void)
{
	char list[256];

	return sqp_read_line("/sys/devices/system/node/has_memory", list, sizeof(list)) && strpbrk(list, ",-");
}

int sqp_place_near_memory(void *buf, size_t bytes)
{
	enum { NODES = 1024, WORD = 8 * sizeof(unsigned long) };
	unsigned long mask[NODES / WORD] = { 0 };
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), first = (uintptr_t)buf & ~(page - 1);
	unsigned node;
	int policy;

	if (!many_nodes() || get_mempolicy(&policy, NULL, 0, NULL, 0) || policy != MPOL_DEFAULT || getcpu(NULL, &node))
		return -ENODEV;
	if (node >= NODES - 1)
		return -ERANGE;
	mask[node / WORD] = 1ul << node % WORD;
	if (mbind((void *)first, (uintptr_t)buf + bytes - first, MPOL_PREFERRED, mask, NODES, 0))
		return -errno;
	return (int)node;
}

unsigned sqp_place_notes(const struct sqp_place *p, const struct sqp_place_seen *seen,
			 char note[SQP_PLACE_NOTES][SQP_PLACE_NOTE_LEN])
{
	const char *asked = sqp_place_name(p->asked);
	bool by_class = p->asked != SQP_PLACE_NUMBER && p->cpu != SQP_ANY_CPU;
	unsigned n = 0;

	if (p->asked == SQP_PLACE_AUTO && p->cpu == SQP_ANY_CPU)
		snprintf(note[n++], SQP_PLACE_NOTE_LEN, "sq_thread_cpu=auto: there is no CPU to use but the job's, %d: taken as any",
			 p->job_cpu);
	if (by_class && !p->job_pinned)
		snprintf(note[n++], SQP_PLACE_NOTE_LEN, "sq_thread_cpu=%s: the job is not pinned and may move away from CPU %d, to which CPU %d is %s; cpus_allowed pins it",
			 asked, p->job_cpu, p->cpu, sqp_place_name(p->kind));
	if (by_class && p->busy)
		snprintf(note[n++], SQP_PLACE_NOTE_LEN, "sq_thread_cpu=%s: another job or its SQ thread uses CPU %d as well, none was free",
			 asked, p->cpu);
	if (p->foreign)
		snprintf(note[n++], SQP_PLACE_NOTE_LEN, "sq_thread_cpu=%s: the topology is not this machine's (HWLOC_SYNTHETIC or HWLOC_XMLFILE is set)",
			 asked);
	if (p->buffers_node < 0 && p->buffers_node != -ENODEV)
		snprintf(note[n++], SQP_PLACE_NOTE_LEN, "the buffers may be on another node than the job: mbind: %s", strerror(-p->buffers_node));
	if (!seen->unknown_why && !seen->kept)
		snprintf(note[n++], SQP_PLACE_NOTE_LEN, "the SQ thread was put on CPU %d, and at the end had run on CPU %d and might run on %s: something moved it (taskset, a cpuset, a CPU taken offline)",
			 p->cpu, seen->cpu, seen->allowed);
	return n;
}
