// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench/remote.h by hand, for remote.sh:
 *   remote-tool hosts FILE                      prints its hosts
 *   remote-tool connect ADDRESS SECONDS
 *   remote-tool check ENGINE_DIR ADDRESS TARGET prints env.json
 *   remote-tool run ADDRESS JOB OUTPUT SECONDS  prints the engine's lines, and a line with results of the first job
 * Ends with 1 and what the suite would say on stderr.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fiojson.h"
#include "remote.h"
#include "store.h"

#define HOST "there"

static int hosts(char **arg, struct why *why)
{
	struct remote_hosts h;
	int rc = remote_hosts_load(&h, arg[0], why);

	for (size_t i = 0; !rc && i < h.n; i++)
		printf("%s|%s|%s\n", h.host[i].name, h.host[i].address, h.host[i].target ? h.host[i].target : "");
	remote_hosts_free(&h);
	return rc;
}

static int try_connect(char **arg, struct why *why)
{
	return remote_connect(HOST, arg[0], atof(arg[1]), why);
}

static int check(char **arg, struct why *why)
{
	struct remote_host h = { .name = HOST };
	struct fio fio;
	json_t *env = NULL;
	int rc = fio_find(&fio, NULL, arg[0], why);

	snprintf(h.address, sizeof(h.address), "%s", arg[1]);
	if (!rc)
		rc = remote_check(&fio, &h, arg[2], &env, why);
	if (!rc)
		json_dumpf(env, stdout, JSON_INDENT(1));
	json_decref(env);
	return rc;
}

static int print_results(const char *output, struct why *why)
{
	char *lines = remote_stats(output);
	json_t *doc = fiojson_parse(output, HOST, why);
	struct fio_result r;
	int rc = doc && lines ? fiojson_result(doc, &r, why) : -1;

	if (!rc) {
		fputs(lines, stdout);
		printf("{\"results\": %zu, \"ios\": %.0f, \"p50\": %.0f}\n", json_array_size(json_object_get(doc, "jobs")), r.ios,
		       r.lat_ns.n > 0 ? hist_percentile(&r.lat_ns, 50) : 0);
		hist_free(&r.lat_ns);
	}
	json_decref(doc);
	free(lines);
	return rc;
}

static int run(char **arg, struct why *why)
{
	struct proc_end end;
	struct remote_args a;
	struct fio fio;
	char *output = NULL;
	int rc = fio_find(&fio, NULL, NULL, why);

	if (!rc)
		rc = remote_args(&a, &fio, arg[0], "json+", false, arg[2], arg[1], why);
	if (!rc)
		rc = proc_run(&(struct proc){ .argv = a.argv, .stderr_path = arg[2], .timeout_s = atof(arg[3]), .stop_signal = SIGTERM }, &end, why);
	if (!rc)
		output = store_read(arg[2], why);
	if (!output)
		return -1;
	rc = remote_outcome(HOST, output, &end, why);
	if (!rc)
		rc = print_results(output, why);
	free(output);
	return rc;
}

int main(int argc, char **argv)
{
	static const struct { const char *name; int args; int (*f)(char **arg, struct why *why); } table[] = {
		{ "hosts", 1, hosts }, { "connect", 2, try_connect }, { "check", 3, check }, { "run", 4, run },
	};
	struct why why = { "wrong arguments: see the source" };
	int rc = -1;

	proc_catch_signals();
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (argc == table[i].args + 2 && !strcmp(argv[1], table[i].name))
			rc = table[i].f(argv + 2, &why);
	if (rc)
		fprintf(stderr, "%s\n", why.text);
	return rc ? 1 : 0;
}
