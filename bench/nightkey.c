// SPDX-License-Identifier: GPL-2.0-only
#include "nightkey.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* FROM is a member of the environment, or of its target. Without WORDS two nights that differ in it are not compared. */
static const struct {
	const char *key;
	bool of_target;
	const char *from, *words;
} fields[] = {
	{ "device_model", true, "model", NULL },
	{ "device", true, "device", NULL },
	{ "kernel", false, "kernel", "the kernel" },
	{ "kernel_build", false, "kernel_build", "the kernel's build" },
	{ "hz", false, "hz", "HZ" },
	{ "fio", false, "fio", "fio" },
	{ "engine", false, "engine", "the engine" },
	{ "device_firmware", true, "firmware", "the device's firmware" },
	{ "device_serial", true, "serial", "the device" },
	{ "poll_queues", true, "poll_queues", "the number of poll queues" },
	{ "io_poll", true, "io_poll", "io_poll" },
	{ "scheduler", true, "scheduler", "the I/O scheduler" },
	{ "bytes", true, "bytes", "the target's size" },
	{ "fs", true, "fs", "the file system" },
	{ "governor", false, "governor", "the governor" },
	{ "smt", false, "smt", "SMT" },
	{ "turbo", false, "turbo", "turbo" },
	{ "cpu_model", false, "cpu_model", "the CPU" },
	{ "cpus", false, "cpus_online", "the number of CPUs" },
	{ "hypervisor", false, "hypervisor_name", "the hypervisor" },
};

enum { FIELDS = sizeof(fields) / sizeof(*fields) };

json_t *nightkey_make(const json_t *env, const char *host, const char *engine)
{
	const json_t *target = json_object_get(env, "target");
	json_t *key = json_pack("{s:s}", "host", host);

	for (int i = 0; key && i < FIELDS; i++) {
		const json_t *v = json_object_get(fields[i].of_target ? target : env, fields[i].from);

		json_object_set_new(key, fields[i].key, json_is_string(v) || json_is_number(v) ? json_deep_copy(v) : json_null());
	}
	if (engine && *engine)
		json_object_set_new(key, "engine", json_string(engine));
	return key;
}

static bool same(const json_t *a, const json_t *b, const char *key)
{
	const json_t *x = json_object_get(a, key), *y = json_object_get(b, key);

	return x == y || json_equal((json_t *)x, (json_t *)y);
}

static bool known(const json_t *key, const char *field)
{
	return json_is_string(json_object_get(key, field));
}

void nightkey_add_cell(json_t *key, const char *name, const json_t *options)
{
	json_t *copy = json_deep_copy(options), *cells = json_object_get(key, "cells");
	uint64_t digest = 14695981039346656037ULL;
	char text[20], *dump;

	if (!cells && !json_object_set_new(key, "cells", json_object()))
		cells = json_object_get(key, "cells");
	json_object_del(copy, "filename");
	dump = json_dumps(copy, JSON_SORT_KEYS | JSON_COMPACT);
	for (const char *p = dump; p && *p; p++)
		digest = (digest ^ (unsigned char)*p) * 1099511628211ULL;
	snprintf(text, sizeof(text), "%016" PRIx64, digest);
	json_object_set_new(cells, name, json_string(text));
	free(dump);
	json_decref(copy);
}

/* A device with a model may come back under another name. */
bool nightkey_comparable(const json_t *a, const json_t *b, const char *cell)
{
	bool model = known(a, "device_model") || known(b, "device_model");

	return same(a, b, "host") && same(a, b, model ? "device_model" : "device") && same(json_object_get(a, "cells"), json_object_get(b, "cells"), cell);
}

static json_t *text_of(const json_t *v)
{
	char *text;
	json_t *out;

	if (json_is_string(v))
		return json_deep_copy(v);
	text = json_is_null(v) || !v ? NULL : json_dumps(v, JSON_ENCODE_ANY);
	out = json_string(text ? text : "not told");
	free(text);
	return out;
}

json_t *nightkey_differences(const json_t *was, const json_t *is)
{
	json_t *all = json_array();

	for (int i = 0; all && i < FIELDS; i++)
		if (fields[i].words && !same(was, is, fields[i].key) && (strcmp(fields[i].key, "kernel_build") || same(was, is, "kernel")))
			json_array_append_new(all, json_pack("{s:s, s:o, s:o}", "what", fields[i].words, "was", text_of(json_object_get(was, fields[i].key)), "is",
							     text_of(json_object_get(is, fields[i].key))));
	return all;
}
