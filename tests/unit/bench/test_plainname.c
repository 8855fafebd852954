// SPDX-License-Identifier: GPL-2.0-only
#include "check.h"

#include <errno.h>
#include <string.h>

#include "plainname.h"

#define LONGEST "A123456789b123456789c123456789d123456789e123456789f123456789ABC"	/* of 63 letters and digits */

static void allowed(void **state)
{
	static const char *const good[] = { "a", "Z", "0", "9-.._", "sqpoll-128k-qd8", "nvme0n1.rack_7", "a-", "a.", LONGEST };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (plainname_check("x", good[i], "a cell", NULL))
			fail_msg("%s", good[i]);
}

static void refused(void **state)
{
	static const char *const bad[] = { "", ".", "..", ".a", "-a", "_a", "a/b", "../a", "a b", "a\t", "a\n", "a:b", "a\"b", "a%s", "\xc3\xa9", "a\xc3\xa9", LONGEST "D" };
	struct why why = { "" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (plainname_check("x", bad[i], "a cell", &why) != -EINVAL)
			fail_msg("%s", bad[i]);
	assert_int_equal(plainname_check("f:3", "-a", "a host", &why), -EINVAL);
	assert_string_equal(why.text, "f:3: \"-a\" cannot name a host: use up to 63 letters, digits, dots, dashes and underscores, a letter or digit first");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allowed),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
