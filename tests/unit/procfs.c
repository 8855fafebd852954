// SPDX-License-Identifier: GPL-2.0-only
#include "unit.h"

#include "procfs.h"

#include <unistd.h>

static void cpu_lists(void **state)
{
	static const struct { const char *list; int cpu; bool in; } table[] = {
		{ "0-3", 0, true }, { "0-3", 3, true }, { "0-3", 4, false }, { "0,2,4", 2, true }, { "0,2,4", 3, false },
		{ "0-1,8-9,127", 127, true }, { "0-1,8-9,127", 7, false }, { "5", 5, true }, { "", 0, false },
		{ "x", 0, false }, { "0-", 0, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		assert_int_equal(sqp_cpu_in_list(table[i].list, table[i].cpu), table[i].in);
}

static void what_is_missing_is_unknown(void **state)
{
	static const struct sqp_sq_thread unknown = { .tid = -1 };
	struct sqp_fdinfo info;
	char buf[64] = "kept";

	(void)state;
	assert_false(sqp_read_line("/nonexistent/file", buf, sizeof(buf)));
	assert_string_equal(buf, "kept");
	sqp_fdinfo_read(STDIN_FILENO, &unknown, &info);	/* no ring: no such lines */
	assert_int_equal(info.tid, -1);
	assert_int_equal(info.total_us, -1);
	sqp_thread_state(-1, buf, sizeof(buf));
	assert_string_equal(buf, "state unknown");
}

static void our_own_thread_can_be_seen(void **state)
{
	char buf[64];

	(void)state;
	sqp_thread_state((int)gettid(), buf, sizeof(buf));
	assert_string_equal(buf, "state R (running)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpu_lists),
		cmocka_unit_test(what_is_missing_is_unknown),
		cmocka_unit_test(our_own_thread_can_be_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
