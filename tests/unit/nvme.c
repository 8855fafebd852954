// SPDX-License-Identifier: GPL-2.0-only
/* Expected numbers are those of the NVM Express specifications, worked out by hand, not by the code under test. */
#include "unit.h"

#include "nvme_dev.h"
#include "reap.h"
#include "wake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct sqp_nvme_ns ns512 = { .nsid = 1, .lba_shift = 9, .blocks = 2097152 };
static const struct sqp_nvme_ns ns4k = { .nsid = 7, .lba_shift = 12, .blocks = 262144 };

/* The fields that are not listed must be 0. */
struct expected {
	uint8_t opcode;
	uint32_t nsid, cdw10, cdw11, cdw12, data_len;
	uint64_t addr;
};

static void assert_command(const struct nvme_uring_cmd *got, const struct expected *e)
{
	struct nvme_uring_cmd want;

	memset(&want, 0, sizeof(want));
	want.opcode = e->opcode;
	want.nsid = e->nsid;
	want.cdw10 = e->cdw10;
	want.cdw11 = e->cdw11;
	want.cdw12 = e->cdw12;
	want.data_len = e->data_len;
	want.addr = e->addr;
	assert_memory_equal(got, &want, sizeof(want));
}

static void builds_each_command(void **state)
{
	char buf[4096];
	uint64_t addr = (uintptr_t)buf;
	const struct { const char *name; struct sqp_nvme_io io; struct expected e; } table[] = {
		{ "read", { .op = SQP_NVME_READ, .offset = 1048576, .bytes = 4096, .buf = buf },
		  { .opcode = 0x02, .nsid = 1, .cdw10 = 2048, .cdw12 = 7, .data_len = 4096, .addr = addr } },
		{ "read", { .op = SQP_NVME_READ, .bytes = 512, .buf = buf, .fua = true },
		  { .opcode = 0x02, .nsid = 1, .cdw12 = 0x40000000, .data_len = 512, .addr = addr } },
		{ "write", { .op = SQP_NVME_WRITE, .offset = 512, .bytes = 1024, .buf = buf, .deac = true },
		  { .opcode = 0x01, .nsid = 1, .cdw10 = 1, .cdw12 = 1, .data_len = 1024, .addr = addr } },
		{ "write", { .op = SQP_NVME_WRITE, .offset = 512ull << 32, .bytes = 512, .buf = buf, .fua = true },
		  { .opcode = 0x01, .nsid = 1, .cdw11 = 1, .cdw12 = 0x40000000, .data_len = 512, .addr = addr } },
		{ "compare", { .op = SQP_NVME_COMPARE, .bytes = 4096, .buf = buf },
		  { .opcode = 0x05, .nsid = 1, .cdw12 = 7, .data_len = 4096, .addr = addr } },
		{ "write zeroes", { .op = SQP_NVME_ZEROES, .offset = 4096, .bytes = 4096, .buf = buf },
		  { .opcode = 0x08, .nsid = 1, .cdw10 = 8, .cdw12 = 7 } },
		{ "write zeroes", { .op = SQP_NVME_ZEROES, .bytes = 4096, .buf = buf, .deac = true, .fua = true },
		  { .opcode = 0x08, .nsid = 1, .cdw12 = 0x42000007 } },
		{ "write uncorrectable", { .op = SQP_NVME_UNCOR, .offset = 4096, .bytes = 4096, .buf = buf, .fua = true },
		  { .opcode = 0x04, .nsid = 1, .cdw10 = 8, .cdw12 = 7 } },
		{ "verify", { .op = SQP_NVME_VERIFY, .bytes = 33554432, .buf = buf },
		  { .opcode = 0x0c, .nsid = 1, .cdw12 = 65535 } },
		{ "flush", { .op = SQP_NVME_FLUSH, .offset = 1, .bytes = 3, .fua = true }, { .opcode = 0x00, .nsid = 1 } },
	};
	struct nvme_uring_cmd cmd;

	(void)state;
	for (unsigned i = 0; i < SQP_NR(table); i++) {
		memset(&cmd, 0xff, sizeof(cmd));
		assert_int_equal(sqp_nvme_build(&cmd, &ns512, &table[i].io), 0);
		assert_command(&cmd, &table[i].e);
		assert_string_equal(sqp_nvme_op_name(table[i].io.op), table[i].name);
	}
}

static void a_vector_describes_the_buffer(void **state)
{
	char buf[8192];
	struct iovec vec = { 0 };
	struct sqp_nvme_io io = { .op = SQP_NVME_WRITE, .offset = 4096, .bytes = 8192, .buf = buf, .vec = &vec };
	struct nvme_uring_cmd cmd;

	(void)state;
	assert_int_equal(sqp_nvme_build(&cmd, &ns4k, &io), 0);
	assert_command(&cmd, &(struct expected){ .opcode = 0x01, .nsid = 7, .cdw10 = 1, .cdw12 = 1, .data_len = 1,
						 .addr = (uintptr_t)&vec });
	assert_ptr_equal(vec.iov_base, buf);
	assert_int_equal(vec.iov_len, 8192);
}

static void a_trim_has_one_range(void **state)
{
	/* attributes 0, 16 blocks, from block 0x1_0000_0002: as it lies in memory */
	static const uint8_t bytes[16] = { 0, 0, 0, 0, 16, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0 };
	struct sqp_nvme_range range;
	struct sqp_nvme_io io = {
		.op = SQP_NVME_TRIM, .offset = 0x100000002ull << 12, .bytes = 65536, .range = &range, .fua = true,
	};
	struct nvme_uring_cmd cmd;

	(void)state;
	memset(&range, 0xff, sizeof(range));
	assert_int_equal(sqp_nvme_build(&cmd, &ns4k, &io), 0);
	assert_command(&cmd, &(struct expected){ .opcode = 0x09, .nsid = 7, .cdw11 = 4, .data_len = 16,
						 .addr = (uintptr_t)&range });
	assert_memory_equal(&range, bytes, sizeof(bytes));
	io.bytes = (uint64_t)UINT32_MAX << 12;
	assert_int_equal(sqp_nvme_build(&cmd, &ns4k, &io), 0);
	io.bytes += 4096;
	assert_int_equal(sqp_nvme_build(&cmd, &ns4k, &io), -EINVAL);
}

static void refuses_what_is_no_whole_number_of_blocks(void **state)
{
	static const struct { uint64_t offset, bytes; } table[] = {
		{ 0, 0 }, { 0, 512 }, { 0, 4095 }, { 0, 4097 }, { 512, 4096 }, { 1, 4096 }, { 0, (65536ull + 1) << 12 },
	};
	struct nvme_uring_cmd cmd;

	(void)state;
	for (unsigned i = 0; i < SQP_NR(table); i++) {
		struct sqp_nvme_io io = { .op = SQP_NVME_READ, .offset = table[i].offset, .bytes = table[i].bytes };

		assert_int_equal(sqp_nvme_build(&cmd, &ns4k, &io), -EINVAL);
	}
}

static void only_some_commands_carry_data(void **state)
{
	(void)state;
	for (enum sqp_nvme_op op = SQP_NVME_READ; op < SQP_NVME_OPS; op++)
		assert_int_equal(sqp_nvme_has_data(op), op == SQP_NVME_READ || op == SQP_NVME_WRITE || op == SQP_NVME_COMPARE);
}

static void parses_identify_data(void **state)
{
	uint8_t id[SQP_NVME_IDENTIFY_BYTES] = { 0 };
	struct sqp_nvme_ns ns;

	(void)state;
	memcpy(id, "\x00\x00\x20\x00\x01\x00\x00\x00", 8);	/* NSZE: 0x1_0020_0000 */
	id[26] = 0x01;						/* FLBAS: format 1 */
	id[128 + 2] = 9;
	id[132 + 2] = 12;
	assert_int_equal(sqp_nvme_parse_ns(id, 3, &ns), 0);
	assert_int_equal(ns.nsid, 3);
	assert_int_equal(ns.lba_shift, 12);
	assert_true(ns.blocks == 0x100200000ull);
	assert_int_equal(ns.metadata_bytes, 0);
	id[132] = 0x08;						/* MS, little endian */
	id[133] = 0x01;
	assert_int_equal(sqp_nvme_parse_ns(id, 3, &ns), 0);
	assert_int_equal(ns.metadata_bytes, 0x108);
}

static void more_than_16_formats_use_two_more_bits(void **state)
{
	uint8_t id[SQP_NVME_IDENTIFY_BYTES] = { 0 };
	struct sqp_nvme_ns ns;

	(void)state;
	id[26] = 0x22;			/* bits 5-6: 1, bits 0-3: 2 */
	id[128 + 4 * 2 + 2] = 9;
	id[128 + 4 * 18 + 2] = 12;
	id[25] = 15;			/* NLBAF counts from 0: 16 formats */
	assert_int_equal(sqp_nvme_parse_ns(id, 1, &ns), 0);
	assert_int_equal(ns.lba_shift, 9);
	id[25] = 16;
	assert_int_equal(sqp_nvme_parse_ns(id, 1, &ns), 0);
	assert_int_equal(ns.lba_shift, 12);
}

static void refuses_block_sizes_that_are_none(void **state)
{
	static const struct { uint8_t shift; int ret; } table[] = {
		{ 0, -EINVAL }, { 8, -EINVAL }, { 9, 0 }, { 16, 0 }, { 17, -EINVAL }, { 255, -EINVAL },
	};
	uint8_t id[SQP_NVME_IDENTIFY_BYTES] = { 0 };
	struct sqp_nvme_ns ns;

	(void)state;
	for (unsigned i = 0; i < SQP_NR(table); i++) {
		id[128 + 2] = table[i].shift;
		assert_int_equal(sqp_nvme_parse_ns(id, 1, &ns), table[i].ret);
	}
}

static void names_what_the_device_answers(void **state)
{
	static const struct { unsigned status; int err; const char *text; } table[] = {
		{ 0x0000, 0, "generic status: success (sct 0 sc 0x00)" },
		{ 0x4001, EOPNOTSUPP, "generic status: invalid command opcode (sct 0 sc 0x01, do not retry)" },
		{ 0x4002, EOPNOTSUPP, "generic status: invalid field in command (sct 0 sc 0x02, do not retry)" },
		{ 0x0007, EIO, "generic status: command abort requested (sct 0 sc 0x07)" },
		{ 0x4080, EREMOTEIO, "generic status: LBA out of range (sct 0 sc 0x80, do not retry)" },
		{ 0x0081, ENOSPC, "generic status: capacity exceeded (sct 0 sc 0x81)" },
		{ 0x0083, EBADE, "generic status: reservation conflict (sct 0 sc 0x83)" },
		{ 0x0182, ENODATA, "command specific status: attempted write to read only range (sct 1 sc 0x82)" },
		{ 0x01bd, EOVERFLOW, "command specific status: too many active zones (sct 1 sc 0xbd)" },
		{ 0x01be, ETOOMANYREFS, "command specific status: too many open zones (sct 1 sc 0xbe)" },
		{ 0x0280, ENODATA, "media error: write fault (sct 2 sc 0x80)" },
		{ 0x0281, ENODATA, "media error: unrecovered read error (sct 2 sc 0x81)" },
		{ 0x0282, EILSEQ, "media error: end-to-end guard check error (sct 2 sc 0x82)" },
		{ 0x0285, EILSEQ, "media error: compare failure (sct 2 sc 0x85)" },
		{ 0x0370, ENOLINK, "path error: host pathing error (sct 3 sc 0x70)" },
		{ 0x0371, EIO, "path error: command aborted by host (sct 3 sc 0x71)" },
		{ 0x07c1, EIO, "vendor specific status: code without a name (sct 7 sc 0xc1)" },
		{ 0x05ff, EIO, "reserved status type 5: code without a name (sct 5 sc 0xff)" },
	};
	char text[SQP_NVME_STATUS_LEN];

	(void)state;
	for (unsigned i = 0; i < SQP_NR(table); i++) {
		sqp_nvme_describe_res((int)table[i].status, text, sizeof(text));
		assert_string_equal(text, table[i].text);
		assert_int_equal(sqp_nvme_errno((int)table[i].status), table[i].err);
	}
}

static void the_retry_delay_says_nothing_about_the_error(void **state)
{
	struct sqp_nvme_status s;

	(void)state;
	sqp_nvme_decode(0x2000 | 0x1800 | 0x281, &s);	/* more information available, delay 3 */
	assert_int_equal(s.sct, 2);
	assert_int_equal(s.sc, 0x81);
	assert_false(s.dnr);
	assert_string_equal(s.code, "unrecovered read error");
	assert_int_equal(sqp_nvme_errno(0x4000 | 0x2000 | 0x1800), 0);
}

static void every_description_fits(void **state)
{
	char text[2 * SQP_NVME_STATUS_LEN];

	(void)state;
	for (unsigned status = 0; status < 0x800; status++) {
		sqp_nvme_describe(0x4000 | status, text, sizeof(text));
		assert_true(strlen(text) < SQP_NVME_STATUS_LEN);
	}
}

static void the_kernels_errors_stay_what_they_are(void **state)
{
	char text[SQP_NVME_STATUS_LEN];

	(void)state;
	assert_int_equal(sqp_nvme_errno(-EINTR), EINTR);
	sqp_nvme_describe_res(-EINVAL, text, sizeof(text));
	assert_string_equal(text, "the kernel refused the command: Invalid argument");
}

static void counts_by_kind(void **state)
{
	struct sqp_nvme_errors e = { .nr = 0 };

	(void)state;
	assert_true(sqp_nvme_count(&e, SQP_NVME_READ, 0x281));
	assert_false(sqp_nvme_count(&e, SQP_NVME_READ, 0x4281));
	assert_true(sqp_nvme_count(&e, SQP_NVME_VERIFY, 0x281));
	assert_true(sqp_nvme_count(&e, SQP_NVME_READ, -EIO));
	assert_false(sqp_nvme_count(&e, SQP_NVME_READ, 0x281));
	assert_int_equal(e.nr, 3);
	assert_int_equal(e.kind[0].n, 3);
	assert_int_equal(e.kind[0].res, 0x281);
	assert_int_equal(e.kind[1].op, SQP_NVME_VERIFY);
	assert_int_equal(e.kind[2].res, -EIO);
}

static void no_error_is_left_out_of_the_count(void **state)
{
	struct sqp_nvme_errors e = { .nr = 0 };
	uint64_t n = 0;
	unsigned told = 0;

	(void)state;
	for (int sc = 1; sc <= 200; sc++)
		told += sqp_nvme_count(&e, SQP_NVME_READ, sc);
	assert_int_equal(told, SQP_NVME_KINDS);
	for (unsigned i = 0; i < e.nr; i++)
		n += e.kind[i].n;
	assert_int_equal(n, 200);
}

static void what_is_no_namespace_is_named(void **state)
{
	struct sqp_nvme_ns ns;
	struct sqp_why why;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(sqp_nvme_identify(fd, "/dev/null", &ns, &why), -ENOTTY);
	assert_contains(why.text, "/dev/null is not the character device of an NVMe namespace");
	assert_int_equal(sqp_nvme_poll_check(fd, "/dev/null", &why), 0);
	close(fd);
	assert_int_equal(sqp_nvme_no_device("/dev/ng0n1", -ENODEV, &why), -ENODEV);
	assert_contains(why.text, "/dev/ng0n1 is no character device");
}

static void one_job_polls_at_a_time(void **state)
{
	char path[] = "/tmp/unit-nvme-XXXXXX";
	struct sqp_why why;
	int first = mkstemp(path), second = open(path, O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(first >= 0 && second >= 0);
	unlink(path);
	assert_int_equal(sqp_nvme_poll_alone(first, "drive", &why), 0);
	assert_int_equal(sqp_nvme_poll_alone(second, "drive", &why), -EBUSY);
	assert_contains(why.text, "drive: another job polls this namespace");
	close(first);
	assert_int_equal(sqp_nvme_poll_alone(second, "drive", &why), 0);
	close(second);
}

/* A ring with entries of twice the size, on this machine's kernel: each of them is where we look for it. */
static void big_entries_are_found(void **state)
{
	enum { DEPTH = 4, ROUNDS = 101 };
	const struct sqp_config cfg = { .depth = DEPTH, .sq_cpu = SQP_ANY_CPU, .stall_ms = 20000, .idle_ms = 50, .big = true };
	static struct sqp_ring r;
	struct sqp_why why;
	uint64_t next = 1, seen = 1;
	unsigned first;
	int ret = sqp_ring_open(&r, &cfg, &why);

	(void)state;
	if (ret == -EINVAL || ret == -EPERM || ret == -ENOSYS) {
		print_message("not tried: %s\n", why.text);
		skip();
	}
	assert_int_equal(ret, 0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < DEPTH; i++) {
			struct io_uring_sqe *sqe = sqp_next_sqe(&r);

			memset(sqe, 0, SQP_BIG_SQE_BYTES);
			io_uring_prep_nop(sqe);
			sqe->user_data = next++;
		}
		assert_null(sqp_next_sqe(&r));
		assert_int_equal(sqp_commit(&r, 0), 0);
		assert_int_equal(sqp_reap(&r, DEPTH, DEPTH, &first), DEPTH);
		for (unsigned i = 0; i < DEPTH; i++)
			assert_int_equal(sqp_cqe(&r, first, i)->user_data, seen++);
	}
	sqp_ring_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(builds_each_command),
		cmocka_unit_test(a_vector_describes_the_buffer),
		cmocka_unit_test(a_trim_has_one_range),
		cmocka_unit_test(refuses_what_is_no_whole_number_of_blocks),
		cmocka_unit_test(only_some_commands_carry_data),
		cmocka_unit_test(parses_identify_data),
		cmocka_unit_test(more_than_16_formats_use_two_more_bits),
		cmocka_unit_test(refuses_block_sizes_that_are_none),
		cmocka_unit_test(names_what_the_device_answers),
		cmocka_unit_test(the_retry_delay_says_nothing_about_the_error),
		cmocka_unit_test(every_description_fits),
		cmocka_unit_test(the_kernels_errors_stay_what_they_are),
		cmocka_unit_test(counts_by_kind),
		cmocka_unit_test(no_error_is_left_out_of_the_count),
		cmocka_unit_test(what_is_no_namespace_is_named),
		cmocka_unit_test(one_job_polls_at_a_time),
		cmocka_unit_test(big_entries_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
