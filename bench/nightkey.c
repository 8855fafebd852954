// SPDX-License-Identifier: GPL-2.0-only
#include "nightkey.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* FROM is a dotted path in the environment. Without WORDS two nights that differ in it are not compared. */
static const struct {
	const char *key, *from, *words;
} fields[] = {
	{ "device_model", "target.model", NULL },
	{ "device", "target.device", NULL },
	{ "kernel", "kernel", "the kernel" },
	{ "kernel_build", "kernel_build", "the kernel's build" },
	{ "hz", "hz", "HZ" },
	{ "fio", "fio", "fio" },
	{ "engine", "engine", "the engine" },
	{ "device_firmware", "target.firmware", "the device's firmware" },
	{ "device_serial", "target.serial", "the device" },
	{ "poll_queues", "target.poll_queues", "the number of poll queues" },
	{ "io_poll", "target.io_poll", "io_poll" },
	{ "scheduler", "target.scheduler", "the I/O scheduler" },
	{ "bytes", "target.bytes", "the target's size" },
	{ "fs", "target.fs", "the file system" },
	{ "governor", "governor", "the governor" },
	{ "smt", "smt", "SMT" },
	{ "turbo", "turbo", "turbo" },
	{ "cpu_model", "cpu_model", "the CPU" },
	{ "cpus", "cpus_online", "the number of CPUs" },
	{ "hypervisor", "hypervisor_name", "the hypervisor" },
};

enum { FIELDS = sizeof(fields) / sizeof(*fields) };

static const json_t *at(const json_t *o, const char *dotted)
{
	char key[64];

	while (o && *dotted) {
		size_t n = 0;

		while (dotted[n] && dotted[n] != '.' && n + 1 < sizeof(key)) {
			key[n] = dotted[n];
			n++;
		}
		key[n] = '\0';
		o = json_object_get(o, key);
		dotted += n + (dotted[n] == '.');
	}
	return o;
}

json_t *nightkey_make(const json_t *env, const char *host, const char *engine)
{
	json_t *key = json_pack("{s:s}", "host", host);

	for (int i = 0; key && i < FIELDS; i++) {
		const json_t *v = at(env, fields[i].from);

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
