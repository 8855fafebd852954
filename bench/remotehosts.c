// SPDX-License-Identifier: GPL-2.0-only
#include "remote.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "store.h"

#define BLANKS " \t\r"

static int port_check(const char *name, const char *address, const char *port, struct why *why)
{
	size_t len = strlen(port);

	if (len && len <= 5 && strspn(port, "0123456789") == len && atoi(port) >= 1 && atoi(port) <= 65535)
		return 0;
	return why_set(why, -EINVAL, "%s: address %s: \"%s\" is no port: write HOST,PORT with a number from 1 to 65535 behind the comma", name, address, port);
}

int remote_address_check(const char *name, const char *address, struct why *why)
{
	static const char *const kinds[] = { "ip:", "ip4:", "ip6:" };
	const char *host = address, *comma;

	if (strlen(address) > REMOTE_ADDRESS_MAX)
		return why_set(why, -EINVAL, "%s: the address is longer than %d characters", name, REMOTE_ADDRESS_MAX);
	if (!strncmp(address, "sock:", 5)) {
		struct sockaddr_un un;

		if (address[5] == '/' && strlen(address + 5) < sizeof(un.sun_path))
			return 0;
		return why_set(why, -EINVAL, "%s: address %s: sock: needs the absolute path of a socket, of at most %zu characters", name, address, sizeof(un.sun_path) - 1);
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds) && host == address; i++)
		if (!strncmp(address, kinds[i], strlen(kinds[i])))
			host += strlen(kinds[i]);
	comma = strchr(host, ',');
	if (!*host || comma == host || (host == address && *host == ':') || strpbrk(host, "/ \t"))
		return why_set(why, -EINVAL, "%s: address %s names no host: write HOST, HOST,PORT, ip6:HOST or sock:/PATH", name, address);
	if (strchr(host, ':') && strncmp(address, "ip6:", 4))
		return why_set(why, -EINVAL, "%s: address %s: a port stands behind a comma, and IPv6 needs ip6: in front: write HOST,PORT or ip6:HOST,PORT", name, address);
	return comma ? port_check(name, address, comma + 1, why) : 0;
}

/* Next word of *P, which is cut off; empty at the end */
static char *word(char **p)
{
	char *start = *p + strspn(*p, BLANKS), *end = start + strcspn(start, BLANKS);

	*p = *end ? end + 1 : end;
	*end = '\0';
	return start;
}

static int add(struct remote_hosts *h, const char *where, size_t line, const char *name, const char *address, const char *target, struct why *why)
{
	struct remote_host *grown, *new;

	for (size_t i = 0; i < h->n; i++) {
		bool same = !strcmp(h->host[i].name, name);

		if (same || !strcmp(h->host[i].address, address))
			return why_set(why, -EINVAL, "%s: %s %s is that of line %zu: each host once, under one name", where, same ? "name" : "address", same ? name : address,
				       h->host[i].line);
	}
	grown = realloc(h->host, (h->n + 1) * sizeof(*grown));
	if (!grown)
		return why_set(why, -ENOMEM, "%s: out of memory", where);
	h->host = grown;
	new = &grown[h->n++];
	memset(new, 0, sizeof(*new));
	snprintf(new->name, sizeof(new->name), "%s", name);
	snprintf(new->address, sizeof(new->address), "%s", address);
	new->line = line;
	new->target = *target ? strdup(target) : NULL;
	return *target && !new->target ? why_set(why, -ENOMEM, "%s: out of memory", where) : 0;
}

static int read_line(struct remote_hosts *h, const char *path, size_t line, char *text, struct why *why)
{
	char where[PATH_MAX + 32], *name, *address, *end;
	int rc;

	text[strcspn(text, "#")] = '\0';
	for (end = text + strlen(text); end > text && strchr(BLANKS, end[-1]);)
		*--end = '\0';
	name = word(&text);
	if (!*name)
		return 0;
	address = word(&text);
	text += strspn(text, BLANKS);
	snprintf(where, sizeof(where), "%s:%zu", path, line);
	if (plainname_check(where, name, "a host", why))
		return -EINVAL;
	if (!*address)
		return why_set(why, -EINVAL, "%s: %s has no address: write NAME ADDRESS [TARGET]", where, name);
	rc = remote_address_check(where, address, why);
	return rc ? rc : add(h, where, line, name, address, text, why);
}

int remote_hosts_load(struct remote_hosts *h, const char *path, struct why *why)
{
	char *text = store_read(path, why), *next;
	size_t line = 1;
	int rc = 0;

	memset(h, 0, sizeof(*h));
	if (!text)
		return -EIO;
	for (char *p = text; p && !rc; p = next, line++) {
		next = strchr(p, '\n');
		if (next)
			*next++ = '\0';
		rc = read_line(h, path, line, p, why);
	}
	free(text);
	if (!rc && !h->n)
		rc = why_set(why, -EINVAL, "%s: there is no host in it: write NAME ADDRESS [TARGET], one a line", path);
	return rc;
}

void remote_hosts_free(struct remote_hosts *h)
{
	for (size_t i = 0; i < h->n; i++)
		free(h->host[i].target);
	free(h->host);
	memset(h, 0, sizeof(*h));
}
