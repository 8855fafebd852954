// SPDX-License-Identifier: GPL-2.0-only
/* Each refusal of a kernel must name its own cause and a cure. */
#include "unit.h"

#include "explain.h"

#include <errno.h>

static const struct sqp_config cfg = { .depth = 64, .sq_cpu = SQP_ANY_CPU, .stall_ms = 1 };

static struct sqp_machine machine(unsigned major, unsigned minor)
{
	return (struct sqp_machine){
		.kernel_major = major, .kernel_minor = minor, .release = "x.y-test", .io_uring_disabled = -1,
		.memlock_bytes = UINT64_MAX,
	};
}

static void eperm_names_its_cause(void **state)
{
	static const struct { unsigned major, minor; int disabled; bool seccomp; const char *says; } table[] = {
		{ 6, 6, 2, false, "kernel.io_uring_disabled is 2" },
		{ 6, 6, 1, false, "kernel.io_uring_group" },
		{ 6, 6, 0, true, "seccomp" },
		{ 5, 10, -1, false, "CAP_SYS_ADMIN" },
		{ 4, 19, -1, false, "CAP_SYS_ADMIN" },
		{ 5, 11, -1, false, "CAP_SYS_NICE" },
		{ 5, 12, -1, false, "CAP_SYS_NICE" },
		{ 5, 13, -1, false, "security module" },
	};

	(void)state;
	for (unsigned i = 0; i < SQP_NR(table); i++) {
		struct sqp_machine m = machine(table[i].major, table[i].minor);
		struct sqp_why why;

		m.io_uring_disabled = table[i].disabled;
		m.seccomp = table[i].seccomp;
		sqp_explain_setup_on(&why, -EPERM, &cfg, &m);
		assert_contains(why.text, table[i].says);
	}
}

static void enosys_names_its_cause(void **state)
{
	struct sqp_machine old = machine(5, 0), fresh = machine(6, 6);
	struct sqp_why why;

	(void)state;
	sqp_explain_setup_on(&why, -ENOSYS, &cfg, &old);
	assert_contains(why.text, "came with 5.1");
	sqp_explain_setup_on(&why, -ENOSYS, &cfg, &fresh);
	assert_contains(why.text, "CONFIG_IO_URING");
	fresh.seccomp = true;
	sqp_explain_setup_on(&why, -ENOSYS, &cfg, &fresh);
	assert_contains(why.text, "seccomp");
}

static void enomem_names_the_limit_where_it_counts(void **state)
{
	struct sqp_machine m = machine(5, 10);
	struct sqp_why why;

	(void)state;
	m.memlock_bytes = 64 << 10;
	sqp_explain_setup_on(&why, -ENOMEM, &cfg, &m);
	assert_contains(why.text, "64 KiB");
	m.kernel_minor = 12;
	sqp_explain_setup_on(&why, -ENOMEM, &cfg, &m);
	assert_null(strstr(why.text, "ulimit -l"));
}

static void the_others(void **state)
{
	struct sqp_machine m = machine(6, 6);
	struct sqp_why why;

	(void)state;
	sqp_explain_setup_on(&why, -EMFILE, &cfg, &m);
	assert_contains(why.text, "ulimit -n");
	sqp_explain_setup_on(&why, -EINVAL, &cfg, &m);
	assert_contains(why.text, "cpuset");
	sqp_explain_setup_on(&why, -EIO, &cfg, &m);
	assert_contains(why.text, "Input/output error");
}

static void buffers(void **state)
{
	struct sqp_machine m = machine(6, 6);
	struct sqp_why why;

	(void)state;
	m.memlock_bytes = 8192 << 10;
	sqp_explain_buffers(&why, -ENOMEM, 64, 1ull << 30, &m);
	assert_contains(why.text, "1048576 KiB");
	assert_contains(why.text, "8192 KiB");
	assert_contains(why.text, "ulimit -l");
	sqp_explain_buffers(&why, -EINVAL, 20000, 1, &m);
	assert_contains(why.text, "16384");
}

static void this_machine_can_be_described(void **state)
{
	struct sqp_machine m;

	(void)state;
	sqp_explain_gather(&m);
	assert_true(m.kernel_major >= 5);
	assert_true(m.release[0] != '\0');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eperm_names_its_cause),
		cmocka_unit_test(enosys_names_its_cause),
		cmocka_unit_test(enomem_names_the_limit_where_it_counts),
		cmocka_unit_test(the_others),
		cmocka_unit_test(buffers),
		cmocka_unit_test(this_machine_can_be_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
