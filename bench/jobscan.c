// SPDX-License-Identifier: GPL-2.0-only
#include "jobscan.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *jobscan_expand(const char *value, jobscan_lookup lookup)
{
	char *out = NULL, name[128];
	size_t size = 0;
	FILE *f = open_memstream(&out, &size);

	if (!f)
		return NULL;
	while (*value) {
		const char *end = value[0] == '$' && value[1] == '{' ? strchr(value, '}') : NULL;
		const char *found;

		if (!end || (size_t)(end - value - 2) >= sizeof(name)) {
			fputc(*value++, f);
			continue;
		}
		memcpy(name, value + 2, (size_t)(end - value - 2));
		name[end - value - 2] = '\0';
		found = lookup(name);
		fputs(found ? found : "", f);
		value = end + 1;
	}
	fclose(f);
	return out;
}

static bool is_write(const char *rw)
{
	static const char *const words[] = { "write", "randwrite", "rw", "readwrite", "randrw", "trim", "randtrim",
					     "trimwrite", "randtrimwrite" };
	size_t len = strcspn(rw, ":, \t");

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strlen(words[i]) == len && !strncmp(rw, words[i], len))
			return true;
	return false;
}

static int add_file(struct jobscan *s, const char *name)
{
	if (s->files == JOBSCAN_FILES_MAX) {
		s->too_many = true;
		return 0;
	}
	s->file[s->files] = strdup(name);
	return s->file[s->files++] ? 0 : -ENOMEM;
}

/* fio splits at colons that no backslash guards. */
static int add_files(struct jobscan *s, const char *value)
{
	char *name = strdup(value), *out = name;
	int rc = name ? 0 : -ENOMEM;

	for (const char *p = value; !rc; p++) {
		if (*p == '\\' && p[1] == ':') {
			*out++ = *++p;
		} else if (*p && *p != ':') {
			*out++ = *p;
		} else {
			*out = '\0';
			rc = *name ? add_file(s, name) : 0;
			out = name;
			if (!*p)
				break;
		}
	}
	free(name);
	return rc;
}

/* fio takes an option without a value as switched on. */
static bool is_on(const char *value)
{
	return !*value || atoi(value);
}

/* Classes such as sq_thread_cpu=auto name none. */
static void take_sq_cpu(struct jobscan *s, const char *value)
{
	if (*value && strspn(value, "0123456789") == strlen(value))
		snprintf(s->sq_cpu, sizeof(s->sq_cpu), "%s", value);
}

static void take_engine(struct jobscan *s, const char *value)
{
	s->sqpoll |= !strcmp(value, "sqpoll") || strstr(value, "fio-sqpoll");
	snprintf(s->engine, sizeof(s->engine), "%s", value);
}

/* "[name]": numjobs of [global] counts for all behind it that do not say otherwise. */
static void take_section(struct jobscan *s, const char *line)
{
	s->in_job = strncmp(line, "[global]", 8) != 0;
	s->numjobs = s->numjobs_of_all ? s->numjobs_of_all : 1;
	if (s->in_job)
		s->jobs += s->numjobs;
}

static void take_numjobs(struct jobscan *s, const char *value)
{
	unsigned n = (unsigned)atoi(value);

	if (!s->in_job) {
		s->numjobs_of_all = n;
		return;
	}
	s->jobs += n - s->numjobs;
	s->numjobs = n;
}

static int take(struct jobscan *s, const char *key, const char *value)
{
	const struct {
		const char *key;
		bool *flag;
		bool on;
	} flags[] = {
		{ "rate", &s->paced, true }, { "rate_iops", &s->paced, true }, { "read_iolog", &s->paced, true }, { "read_iolog", &s->replays, true },
		{ "stats_file", &s->stats_file, true }, { "thinktime", &s->thinks, is_on(value) }, { "sqthread_poll", &s->sqthread_poll, is_on(value) },
		{ "direct", &s->direct, is_on(value) }, { "buffered", &s->direct, !is_on(value) },
	};

	if (!strcmp(key, "rw") || !strcmp(key, "readwrite"))
		s->writes |= is_write(value);
	else if (!strcmp(key, "filename"))
		return add_files(s, value);
	else if (!strcmp(key, "ioengine"))
		take_engine(s, value);
	else if (!strcmp(key, "sq_thread_cpu") || !strcmp(key, "sqthread_poll_cpu"))
		take_sq_cpu(s, value);
	else if (!strcmp(key, "iodepth"))
		s->iodepth = (unsigned)atoi(value);
	else if (!strcmp(key, "cpus_allowed"))
		snprintf(s->cpus, sizeof(s->cpus), "%s", value);
	else if (!strcmp(key, "numjobs"))
		take_numjobs(s, value);
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (!strcmp(key, flags[i].key))
			*flags[i].flag |= flags[i].on;
	return 0;
}

void jobscan_trim(char *s)
{
	size_t n = strlen(s), lead = strspn(s, " \t");

	while (n && isspace((unsigned char)s[n - 1]))
		s[--n] = '\0';
	memmove(s, s + (lead < n ? lead : n), n - (lead < n ? lead : n) + 1);
}

static int scan_line(struct jobscan *s, char *line, jobscan_lookup lookup)
{
	char *eq, *value;
	int rc;

	jobscan_trim(line);
	if (*line == '[')
		take_section(s, line);
	if (!*line || strchr("#;[", *line))
		return 0;
	if (!strncmp(line, "include ", 8)) {
		s->includes = true;
		return 0;
	}
	eq = strchr(line, '=');
	if (eq)
		*eq = '\0';
	jobscan_trim(line);
	value = jobscan_expand(eq ? eq + 1 : "", lookup);
	if (!value)
		return -ENOMEM;
	jobscan_trim(value);
	rc = take(s, line, value);
	free(value);
	return rc;
}

int jobscan_add(struct jobscan *s, const char *text, jobscan_lookup lookup)
{
	char *copy = strdup(text), *save = NULL;
	int rc = copy ? 0 : -ENOMEM;

	for (char *line = rc ? NULL : strtok_r(copy, "\n", &save); line && !rc; line = strtok_r(NULL, "\n", &save))
		rc = scan_line(s, line, lookup);
	free(copy);
	return rc;
}

int jobscan_add_args(struct jobscan *s, char *const *argv, jobscan_lookup lookup)
{
	int rc = 0;

	for (; *argv && !rc; argv++) {
		char line[4096];
		bool split = !strchr(*argv, '=') && argv[1] && argv[1][0] != '-';

		if (strncmp(*argv, "--", 2))
			continue;
		if (snprintf(line, sizeof(line), split ? "%s=%s" : "%s", *argv + 2, split ? argv[1] : "") >=
		    (int)sizeof(line))
			return -ENOMEM;
		rc = scan_line(s, line, lookup);
	}
	return rc;
}

void jobscan_free(struct jobscan *s)
{
	while (s->files)
		free(s->file[--s->files]);
}

static bool sets_sqpoll(const char *line, size_t len)
{
	struct jobscan s = { 0 };
	char copy[512];
	bool yes;

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, line, len);
	copy[len] = '\0';
	scan_line(&s, copy, getenv);
	yes = s.sqpoll;
	jobscan_free(&s);
	return yes;
}

char *jobscan_with_stats(const char *text, const char *path)
{
	char *out = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&out, &size);

	while (f && *text) {
		size_t len = strcspn(text, "\n");

		fprintf(f, "%.*s\n", (int)len, text);
		if (sets_sqpoll(text, len))
			fprintf(f, "stats_file=%s\n", path);
		text += len + (text[len] == '\n');
	}
	if (f)
		fclose(f);
	return out;
}

/* The option that LINE sets, into NAME; empty when it sets none. */
static void option_of(const char *line, size_t len, char *name, size_t size)
{
	size_t lead = strspn(line, " \t"), end;

	*name = '\0';
	if (lead >= len || strchr("#;[", line[lead]))
		return;
	end = lead + strcspn(line + lead, "= \t\r\n");
	if (end - lead < size) {
		memcpy(name, line + lead, end - lead);
		name[end - lead] = '\0';
	}
}

static bool is_in(const char *name, const char *const *list)
{
	while (*list && strcmp(*list, name))
		list++;
	return *list;
}

/* Options in a [global] section count for all jobs behind it that do not say otherwise. */
char *jobscan_with(const char *text, const char *lines, const char *const *drop)
{
	char *out = NULL, name[64];
	size_t size = 0;
	FILE *f = open_memstream(&out, &size);

	if (f)
		fprintf(f, "[global]\n%s", lines);
	while (f && *text) {
		size_t len = strcspn(text, "\n");

		option_of(text, len, name, sizeof(name));
		if (!is_in(name, drop))
			fprintf(f, "%.*s\n", (int)len, text);
		text += len + (text[len] == '\n');
	}
	if (f)
		fclose(f);
	return out;
}
