// SPDX-License-Identifier: GPL-2.0-only
/* Placing on this machine: what is claimed, what is left as it was, what is said of it. */
#include "unit.h"

#include "place.h"

#include <errno.h>
#include <numaif.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

static struct sqp_claims claims;

static unsigned claimed(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SQP_PLACE_CPUS; i++)
		n += claims.users[i];
	return n;
}

static void choosing_leaves_the_affinity_alone(void **state)
{
	cpu_set_t before, after;
	struct sqp_place p;
	struct sqp_why why;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	assert_int_equal(sqp_place_choose(&p, SQP_PLACE_AUTO, SQP_ANY_CPU, &claims, &why), 0);
	assert_int_equal(p.asked, SQP_PLACE_AUTO);
	assert_int_equal(p.job_pinned, CPU_COUNT(&before) == 1);
	assert_int_not_equal(p.cpu, p.job_cpu);
	assert_true(p.cpu == SQP_ANY_CPU || CPU_ISSET(p.cpu, &before));
	assert_int_equal(p.kind == SQP_PLACE_ANY, p.cpu == SQP_ANY_CPU);
	assert_int_equal(claimed(), p.cpu != SQP_ANY_CPU);
	sqp_place_release(&p);
	assert_int_equal(claimed(), 0);
	assert_int_equal(sched_getaffinity(0, sizeof(after), &after), 0);
	assert_true(CPU_EQUAL(&before, &after));
}

static void a_pinned_job_is_where_it_is_pinned(void **state)
{
	cpu_set_t before, one;
	struct sqp_place p;
	struct sqp_why why;
	int last, own;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	sqp_place_remember();
	for (last = CPU_SETSIZE - 1; !CPU_ISSET(last, &before); last--)
		;
	CPU_ZERO(&one);
	CPU_SET(last, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	own = sqp_place_claim_own(&claims);
	assert_int_equal(own, last);
	assert_int_equal(claims.users[last], 1);
	assert_int_equal(sqp_place_choose(&p, SQP_PLACE_AUTO, SQP_ANY_CPU, &claims, &why), 0);
	assert_true(p.job_pinned);
	assert_int_equal(p.job_cpu, last);
	/* the CPUs of the program are allowed, not just those of this thread */
	assert_int_equal(p.cpu == SQP_ANY_CPU, CPU_COUNT(&before) == 1);
	sqp_place_release(&p);
	sqp_place_unclaim(&claims, own);
	assert_int_equal(claimed(), 0);
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	assert_int_equal(sqp_place_claim_own(&claims), CPU_COUNT(&before) == 1 ? last : -1);
}

static void the_second_to_come_is_told(void **state)
{
	struct sqp_place first, second;
	struct sqp_why why;

	(void)state;
	assert_int_equal(sqp_place_choose(&first, SQP_PLACE_NUMBER, 0, &claims, &why), 0);
	assert_int_equal(sqp_place_choose(&second, SQP_PLACE_NUMBER, 0, &claims, &why), 0);
	assert_false(first.busy);
	assert_true(second.busy);
	sqp_place_release(&first);
	sqp_place_release(&second);
	sqp_place_release(&second);
	assert_int_equal(claimed(), 0);
	/* without a table of claims it is the same but for that */
	assert_int_equal(sqp_place_choose(&first, SQP_PLACE_NUMBER, 0, NULL, &why), 0);
	assert_int_equal(first.cpu, 0);
	sqp_place_release(&first);
}

/* Our own thread stands for the SQ thread. */
static void verifying_reads_the_thread(void **state)
{
	struct sqp_fdinfo info = { .tid = gettid(), .cpu = 0 };
	struct sqp_place p = { .asked = SQP_PLACE_NUMBER, .cpu = 0 };
	struct sqp_place_seen seen;
	cpu_set_t before, one;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	if (!CPU_ISSET(0, &before))
		skip();
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	sqp_place_verify(&p, &info, &seen);
	assert_null(seen.unknown_why);
	assert_string_equal(seen.allowed, "0");
	assert_true(seen.kept);
	info.cpu = 1;
	sqp_place_verify(&p, &info, &seen);
	assert_false(seen.kept);
	info.cpu = 0;
	p.cpu = 1;
	sqp_place_verify(&p, &info, &seen);
	assert_false(seen.kept);
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	info.tid = -1;
	sqp_place_verify(&p, &info, &seen);
	assert_non_null(seen.unknown_why);
	p.cpu = SQP_ANY_CPU;
	sqp_place_verify(&p, &info, &seen);
	assert_contains(seen.unknown_why, "was not placed");
}

static void notes_say_what_counts(void **state)
{
	static const struct sqp_place_seen unseen = { .unknown_why = "x" }, kept = { .kept = true },
					   moved = { .cpu = 5, .allowed = "4-7" };
	static const struct {
		struct sqp_place p;
		const struct sqp_place_seen *seen;
		unsigned nr;
		const char *text;
	} table[] = {
		{ { SQP_PLACE_ANY, SQP_PLACE_ANY, .cpu = -1 }, &unseen, 0, "" },
		{ { SQP_PLACE_NUMBER, SQP_PLACE_NUMBER, .cpu = 1, .busy = true }, &kept, 0, "" },
		{ { SQP_PLACE_SMT, SQP_PLACE_SMT, .cpu = 1, .job_pinned = true }, &kept, 0, "" },
		{ { SQP_PLACE_AUTO, SQP_PLACE_ANY, .cpu = -1, .job_cpu = 3 }, &unseen, 1, "no CPU to use but the job's, 3: taken as any" },
		{ { SQP_PLACE_AUTO, SQP_PLACE_LLC, .cpu = 1 }, &kept, 1, "sq_thread_cpu=auto: the job is not pinned and may move away from CPU 0, to which CPU 1 is llc" },
		{ { SQP_PLACE_LLC, SQP_PLACE_LLC, .cpu = 1, .job_pinned = true, .busy = true }, &kept, 1, "uses CPU 1 as well" },
		{ { SQP_PLACE_LLC, SQP_PLACE_LLC, .cpu = 1, .job_pinned = true, .foreign = true }, &kept, 1, "not this machine's" },
		{ { SQP_PLACE_ANY, SQP_PLACE_ANY, .cpu = -1, .buffers_node = -EPERM }, &unseen, 1, "mbind: Operation not permitted" },
		{ { SQP_PLACE_NUMBER, SQP_PLACE_NUMBER, .cpu = 1 }, &moved, 1, "was put on CPU 1, and at the end had run on CPU 5 and might run on 4-7" },
		{ { SQP_PLACE_LLC, SQP_PLACE_LLC, .cpu = 1, .busy = true, .foreign = true }, &moved, 4, "is not pinned" },
	};
	char note[SQP_PLACE_NOTES][SQP_PLACE_NOTE_LEN];

	(void)state;
	for (unsigned i = 0; i < SQP_NR(table); i++) {
		memset(note, 0, sizeof(note));
		assert_int_equal(sqp_place_notes(&table[i].p, table[i].seen, note), table[i].nr);
		assert_contains(note[0], table[i].text);
	}
}

static void memory_is_bound_where_there_are_nodes(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), len = 4 * page;
	char *buf = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), list[64];
	bool many = sqp_read_line("/sys/devices/system/node/has_memory", list, sizeof(list)) && strcmp(list, "0") != 0;
	int mode = -1, node = sqp_place_near_memory(buf + 100, 2 * page);

	(void)state;
	assert_true(buf != MAP_FAILED);
	assert_int_equal(node >= 0, many);
	assert_int_equal(get_mempolicy(&mode, NULL, 0, buf, MPOL_F_ADDR), 0);
	assert_int_equal(mode, many ? MPOL_PREFERRED : MPOL_DEFAULT);
	if (many)
		assert_int_equal(sqp_place_near_memory((void *)page, 1), -EFAULT);
	munmap(buf, len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(choosing_leaves_the_affinity_alone),
		cmocka_unit_test(a_pinned_job_is_where_it_is_pinned),
		cmocka_unit_test(the_second_to_come_is_told),
		cmocka_unit_test(verifying_reads_the_thread),
		cmocka_unit_test(memory_is_bound_where_there_are_nodes),
		cmocka_unit_test(notes_say_what_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
