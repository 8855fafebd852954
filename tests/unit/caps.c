// SPDX-License-Identifier: GPL-2.0-only
/* What kernels say of themselves, made up or as they said it, against what they can do. */
#include "unit.h"

#include "ask.h"
#include "uapi.h"

#include <errno.h>

enum { LINKAT = 39, SENDMSG_ZC = 48, FIXED_FD_INSTALL = 54, LISTEN = 57, RECV_ZC = 58 };

#define OLDEST ((uint64_t)(IORING_SETUP_IOPOLL | IORING_SETUP_SQPOLL | IORING_SETUP_SQ_AFF))
#define SINCE_5_5 (OLDEST | IORING_SETUP_CQSIZE)
#define SINCE_5_6 (SINCE_5_5 | IORING_SETUP_ATTACH_WQ)
#define SINCE_5_19 (SINCE_5_6 | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SQE128 | IORING_SETUP_CQE32)
#define SINCE_6_1 (SINCE_5_19 | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN)
#define SINCE_6_7 (SINCE_6_1 | IORING_SETUP_NO_SQARRAY)
#define SINCE_6_14 (SINCE_6_7 | IORING_SETUP_HYBRID_IOPOLL)

static void each_kernel_is_known_by_what_it_says(void **state)
{
	static const struct { const char *kernel; uint64_t features; int last_op; uint64_t flags; bool ring; } table[] = {
		{ "5.1", 0, -1, OLDEST, false },
		{ "5.4", 0x1, -1, OLDEST, false },
		{ "5.5", 0x7, -1, SINCE_5_5, false },
		{ "5.6", 0x1f, 29, SINCE_5_6, false },
		{ "5.10.46", 0x7f, 33, SINCE_5_6, false },
		{ "5.10.223, io_uring of 5.15", 0x7ff, 36, SINCE_5_6, false },
		{ "5.15", 0x7ff, LINKAT, SINCE_5_6, false },
		{ "5.18", 0x1fff, IORING_OP_MSG_RING, SINCE_5_6, true },
		{ "5.19", 0x1fff, IORING_OP_URING_CMD, SINCE_5_19, true },
		{ "6.0: has SINGLE_ISSUER, but so might not", 0x1fff, SENDMSG_ZC - 1, SINCE_5_19, true },
		{ "6.1", 0x1fff, SENDMSG_ZC, SINCE_6_1, true },
		{ "6.6: has NO_SQARRAY, but so might not", 0x3fff, SENDMSG_ZC, SINCE_6_1, true },
		{ "6.7", 0x3fff, 53, SINCE_6_7, true },
		{ "6.8", 0x3fff, FIXED_FD_INSTALL, SINCE_6_7, true },
		{ "6.12", 0xffff, LISTEN, SINCE_6_7, true },
		{ "6.13: has HYBRID_IOPOLL, but so might not", 0xffff, LISTEN, SINCE_6_7, true },
		{ "6.14", 0x1ffff, LISTEN, SINCE_6_14, true },
		{ "6.15", 0x3ffff, RECV_ZC + 3, SINCE_6_14, true },
	};

	(void)state;
	for (unsigned i = 0; i < SQP_NR(table); i++) {
		struct sqp_said said = { .features = table[i].features, .last_op = table[i].last_op };
		struct sqp_caps caps;

		sqp_caps_conclude(&said, &caps);
		if (caps.setup_flags != table[i].flags || caps.register_ring != table[i].ring)
			fail_msg("Linux %s: flags %#llx and not %#llx, registered ring %d and not %d", table[i].kernel,
				 (unsigned long long)caps.setup_flags, (unsigned long long)table[i].flags,
				 caps.register_ring, table[i].ring);
	}
}

/* A newer kernel never loses what an older one was concluded to have. */
static void more_said_is_never_less_concluded(void **state)
{
	uint64_t before = 0;

	(void)state;
	for (unsigned bits = 0; bits <= 32; bits++) {
		struct sqp_said said = { .features = (1ull << bits) - 1, .last_op = (int)bits * 2 - 1 };
		struct sqp_caps caps;

		sqp_caps_conclude(&said, &caps);
		assert_int_equal(before & ~caps.setup_flags, 0);
		before = caps.setup_flags;
	}
	assert_int_equal(before, SINCE_6_14);
}

static void an_exact_answer_is_taken_as_it_is(void **state)
{
	/* all the features and opcodes of the world, and yet no flag that is not in the mask */
	struct sqp_said said = {
		.features = UINT64_MAX, .last_op = 255, .exact = true, .setup_flags = SINCE_5_5 | 1ull << 40,
		.enter_flags = 0,
	};
	struct sqp_caps caps;

	(void)state;
	sqp_caps_conclude(&said, &caps);
	assert_int_equal(caps.setup_flags, SINCE_5_5);
	assert_false(caps.register_ring);
	said.setup_flags = 0x7ffff;	/* Linux 6.18 */
	said.enter_flags = 0xff;
	sqp_caps_conclude(&said, &caps);
	assert_int_equal(caps.setup_flags, SINCE_6_14);
	assert_true(caps.register_ring);
}

static void what_is_missing_is_named(void **state)
{
	static const struct { uint64_t has, flags; const char *says[3]; } table[] = {
		{ SINCE_6_7, IORING_SETUP_HYBRID_IOPOLL, { "hybrid: Linux 6.1-test has no IORING_SETUP_HYBRID_IOPOLL", "6.13", "leave out hybrid" } },
		{ OLDEST, SINCE_5_5, { "IORING_SETUP_CQSIZE", "which this engine needs", "5.5" } },
		{ SINCE_5_5, IORING_SETUP_ATTACH_WQ, { "ATTACH_WQ", "5.6", "shared SQ thread" } },
		{ SINCE_5_6, IORING_SETUP_SQE128 | IORING_SETUP_CQE32, { "SQE128", "5.19", "cmd_type" } },
	};
	struct sqp_why why = { "" };

	(void)state;
	for (unsigned i = 0; i < SQP_NR(table); i++) {
		struct sqp_caps caps = { .setup_flags = table[i].has };

		assert_int_equal(sqp_caps_check(&caps, table[i].flags, "6.1-test", &why), -EOPNOTSUPP);
		for (unsigned k = 0; k < SQP_NR(table[i].says); k++)
			assert_contains(why.text, table[i].says[k]);
		assert_int_equal(sqp_caps_check(&caps, table[i].has, "6.1-test", &why), 0);
	}
}

static void this_kernel_answers_the_same_again(void **state)
{
	static const struct sqp_config cfg = { .depth = 1, .sq_cpu = SQP_ANY_CPU, .stall_ms = 1 };
	struct sqp_caps caps, again;
	struct sqp_said said;
	struct sqp_why why;

	(void)state;
	assert_int_equal(sqp_ask_once(&said), 0);
	assert_true(said.features & IORING_FEAT_SINGLE_MMAP);
	sqp_caps_conclude(&said, &caps);
	assert_int_equal(sqp_ask_kernel(&cfg, &again, &why), 0);
	assert_int_equal(caps.setup_flags, again.setup_flags);
	assert_int_equal(caps.register_ring, again.register_ring);
}

/* Where the kernel tells exactly, the table must not promise more than it tells. */
static void the_table_agrees_with_an_exact_answer(void **state)
{
	struct sqp_said said;
	struct sqp_caps exact, concluded;

	(void)state;
	assert_int_equal(sqp_ask_once(&said), 0);
	if (!said.exact)
		skip();
	sqp_caps_conclude(&said, &exact);
	said.exact = false;
	sqp_caps_conclude(&said, &concluded);
	assert_int_equal(concluded.setup_flags & ~exact.setup_flags, 0);
	assert_true(exact.register_ring || !concluded.register_ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kernel_is_known_by_what_it_says),
		cmocka_unit_test(more_said_is_never_less_concluded),
		cmocka_unit_test(an_exact_answer_is_taken_as_it_is),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(this_kernel_answers_the_same_again),
		cmocka_unit_test(the_table_agrees_with_an_exact_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
