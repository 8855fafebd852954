// SPDX-License-Identifier: GPL-2.0-only
/* The hosts file, and what fio's client says. tests/cli/remote.sh has real servers. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "remote.h"

#define NR(array) (sizeof(array) / sizeof(*(array)))

static int load(struct remote_hosts *h, const char *text, struct why *why)
{
	char path[] = "/tmp/sqbench-hosts.XXXXXX";
	int fd = mkstemp(path), rc;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (int)strlen(text));
	close(fd);
	rc = remote_hosts_load(h, path, why);
	unlink(path);
	return rc;
}

static void hosts(void **state)
{
	static const char text[] = "# the lab\n\nalpha 10.0.0.1\n  beta-2\t10.0.0.1,9000   /dev/nvme0n1 # the fast one\r\nc.d_e ip6:fe80::1,8765 /srv/a file\nf sock:/run/fio\n"
				   "g host-without-colon,1";
	static const char *const expected[][3] = {
		{ "alpha", "10.0.0.1", NULL }, { "beta-2", "10.0.0.1,9000", "/dev/nvme0n1" }, { "c.d_e", "ip6:fe80::1,8765", "/srv/a file" },
		{ "f", "sock:/run/fio", NULL }, { "g", "host-without-colon,1", NULL },
	};
	struct remote_hosts h;
	struct why why = { "" };

	(void)state;
	assert_int_equal(load(&h, text, &why), 0);
	assert_int_equal(h.n, NR(expected));
	for (size_t i = 0; i < h.n; i++) {
		assert_string_equal(h.host[i].name, expected[i][0]);
		assert_string_equal(h.host[i].address, expected[i][1]);
		assert_true(!h.host[i].target == !expected[i][2]);
		if (expected[i][2])
			assert_string_equal(h.host[i].target, expected[i][2]);
	}
	remote_hosts_free(&h);
}

static void wrong_hosts(void **state)
{
	static const struct { const char *text, *says; } wrong[] = {
		{ "", "there is no host in it" }, { "#a b\n", "there is no host in it" },
		{ "a 1.1.1.1\n\nb\n", ":3: b has no address" },
		{ "a/b 1.1.1.1\n", ":1: \"a/b\" cannot name a host" },
		{ "a 1.1.1.1\na 1.1.1.2\n", ":2: name a is that of line 1" },
		{ "a 1.1.1.1\nb 1.1.1.1\n", ":2: address 1.1.1.1 is that of line 1" },
		{ "a 1.1.1.1,\n", "\"\" is no port" }, { "a 1.1.1.1,0\n", "\"0\" is no port" }, { "a h,70000\n", "\"70000\" is no port" }, { "a h,9x\n", "\"9x\" is no port" },
		{ "a ip:\n", "names no host" }, { "a ,99\n", "names no host" }, { "a :99\n", "names no host" }, { "a /tmp/hosts\n", "names no host" },
		{ "a h:8765\n", "a port stands behind a comma" }, { "a fe80::1\n", "IPv6 needs ip6: in front" },
		{ "a sock:run\n", "absolute path" }, { "a sock:/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", "absolute path" },
	};

	(void)state;
	for (size_t i = 0; i < NR(wrong); i++) {
		struct remote_hosts h;
		struct why why = { "" };

		assert_int_not_equal(load(&h, wrong[i].text, &why), 0);
		if (!strstr(why.text, wrong[i].says))
			fail_msg("%s: %s", wrong[i].text, why.text);
		assert_null(strchr(why.text, '\n'));
		remote_hosts_free(&h);
	}
	assert_int_not_equal(remote_hosts_load(&(struct remote_hosts){ 0 }, "/nonexistent", &(struct why){ "" }), 0);
}

/* What is in front of --client fio keeps for itself. */
static void arguments(void **state)
{
	static const struct { const char *address, *client; } table[] = {
		{ "h", "--client=ip:h" }, { "ip:h,1", "--client=ip:h,1" }, { "ip6:::1", "--client=ip6:::1" }, { "sock:/s", "--client=sock:/s" }, { "ipmi", "--client=ip:ipmi" },
	};
	static const struct fio fio = { .bin = "fio" };
	char too_long[PATH_MAX + 32];
	struct remote_args a;

	(void)state;
	for (size_t i = 0; i < NR(table); i++) {
		assert_int_equal(remote_args(&a, &fio, table[i].address, "json", i == 0, "/o", "/j", NULL), 0);
		assert_string_equal(a.argv[1], "--output-format=json");
		assert_string_equal(a.argv[2], "--output=/o");
		assert_string_equal(a.argv[3], table[i].client);
		assert_string_equal(a.argv[4], i ? "--readonly" : "/j");
	}
	memset(too_long, 'a', sizeof(too_long) - 1);
	too_long[sizeof(too_long) - 1] = '\0';
	assert_int_not_equal(remote_args(&a, &fio, "h", "json", true, "/o", too_long, NULL), 0);
}

#define RESULT(error) "{\"client_stats\": [ { \"jobname\": \"a\", \"error\": " error " } ] }\n"
#define NO_RESULT "{\n\"client_stats\": [ ]\n}\n"

static void outcomes(void **state)
{
	static const struct { const char *output; int exit; bool timed_out; const char *says; } table[] = {
		{ "<vm> Starting 1 process\n" RESULT("0"), 0, false, NULL },
		{ RESULT("0"), 0, true, "had to be ended" },
		{ RESULT("5"), 0, false, "h: job a failed there: Input/output error" },
		{ "<vm> sqpoll: a: stall: nothing completed\n" RESULT("5"), 1, false, "h: sqpoll: a: stall: nothing completed" },
		{ "<vm> sqpoll-stats {}\n" NO_RESULT, 0, false, "h: fio has no result of any job" },
		{ "<vm> fio: engine sqpoll not loadable\n<vm> fio: failed to load engine\n" NO_RESULT, 0, false, "cannot load ioengine=sqpoll" },
		{ "<vm> fio: job one dropped\n" NO_RESULT, 0, false, "h: fio: job one dropped" },
		{ "client: host=10.0.0.1 disconnected\n" NO_RESULT, 1, false, "the connection ended" },
		{ "client <10.0.0.1>: timeout on SEND_ETA\nfio: client 10.0.0.1, timeout on cmd SEND_ETA\nfio: client 10.0.0.1 timed out\n" NO_RESULT, 1, false, "stopped answering" },
		{ "fio: client/server version mismatch (96 != 97)\nclient: host=10.0.0.1 disconnected\n" NO_RESULT, 1, false, "same fio on both" },
		{ "fio: server bad crc on command (got 6575, wanted 5d04)\nclient: host=10.0.0.1 disconnected\n", 1, false, "no fio server" },
		{ "", 137, false, "ended with 137 and no message" },
		{ "", 0, false, "no JSON document" },
	};

	(void)state;
	for (size_t i = 0; i < NR(table); i++) {
		struct proc_end end = { .exit = table[i].exit, .timed_out = table[i].timed_out };
		struct why why = { "" };

		assert_int_equal(!remote_outcome("h", table[i].output, &end, &why), !table[i].says);
		if (table[i].says && !strstr(why.text, table[i].says))
			fail_msg("%s: %s", table[i].output, why.text);
		assert_null(strchr(why.text, '\n'));
	}
}

static void statistics(void **state)
{
	char *lines = remote_stats("<vm> sqpoll-stats {\"a\":1}\n<vm> no newline yetsqpoll-stats {\"b\":2}\nsqpoll-stats none\n<vm> sqpoll-stats {\"cut");

	(void)state;
	assert_string_equal(lines, "{\"a\":1}\n{\"b\":2}\n{\"cut\n");
	free(lines);
	lines = remote_stats("{ \"client_stats\": [] }\n");
	assert_string_equal(lines, "");
	free(lines);
}

/* Nothing listens on port 1; a name that is none. */
static void no_connection(void **state)
{
	struct why why = { "" };

	(void)state;
	assert_int_not_equal(remote_connect("h", "127.0.0.1,1", 5, &why), 0);
	assert_non_null(strstr(why.text, "h: no connection to 127.0.0.1,1: Connection refused"));
	assert_int_not_equal(remote_connect("h", "sock:/nonexistent", 5, &why), 0);
	assert_non_null(strstr(why.text, "No such file"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts), cmocka_unit_test(wrong_hosts), cmocka_unit_test(arguments), cmocka_unit_test(outcomes),
		cmocka_unit_test(statistics), cmocka_unit_test(no_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
