// SPDX-License-Identifier: GPL-2.0-only
#include "remote.h"

#include "../engine/tell.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fiojson.h"
#include "store.h"

#define FIO_PORT "8765"
#define LINE_START SQP_TELL_MARK "{"

static int is_connected(int domain, const struct sockaddr *to, socklen_t len)
{
	int fd = socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;

	if (fd < 0)
		return -errno;
	rc = connect(fd, to, len) ? -errno : 0;
	close(fd);
	return rc;
}

static int connect_path(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	return is_connected(AF_UNIX, (struct sockaddr *)&to, sizeof(to));
}

/* As fio does: IPv4 unless ip6: is in front, and the first address of the name. */
static int connect_host(const char *name, const char *address, struct why *why)
{
	bool six = !strncmp(address, "ip6:", 4);
	char host[REMOTE_ADDRESS_MAX + 1], *port;
	struct addrinfo hints = { .ai_family = six ? AF_INET6 : AF_INET, .ai_socktype = SOCK_STREAM }, *found;
	int rc;

	snprintf(host, sizeof(host), "%s", strchr(address, ':') ? strchr(address, ':') + 1 : address);
	if (six)
		snprintf(host, sizeof(host), "%s", address + 4);
	port = strchr(host, ',');
	if (port)
		*port++ = '\0';
	rc = getaddrinfo(host, port ? port : FIO_PORT, &hints, &found);
	if (rc)
		return why_set(why, -EHOSTUNREACH, "%s: %s is not known: %s: correct the name, or use an address", name, host, gai_strerror(rc));
	rc = is_connected(hints.ai_family, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return rc;
}

/* In a process of its own, because a resolver and a connect take as long as they like. */
static int try_connect(const char *name, const char *address, struct why *why)
{
	bool is_path = !strncmp(address, "sock:", 5);
	int rc = is_path ? connect_path(address + 5) : connect_host(name, address, why);

	if (!rc || why->text[0])
		return rc;
	return why_set(why, rc, "%s: no connection to %s: %s: is the host up, is fio --server running on it, does a firewall let this host in?", name, address, strerror(-rc));
}

static int wait_for(pid_t pid, int fd, double timeout_s, struct why *why)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n = 0;
	int status, ready;

	ready = poll(&p, 1, (int)(timeout_s * 1e3));
	if (ready > 0)
		n = read(fd, why->text, sizeof(why->text) - 1);
	else
		kill(pid, SIGKILL);
	why->text[n > 0 ? n : 0] = '\0';
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return ready > 0 && WIFEXITED(status) ? -WEXITSTATUS(status) : -ETIMEDOUT;
}

int remote_connect(const char *name, const char *address, double timeout_s, struct why *why)
{
	struct why said = { "" };
	int fd[2], rc;
	pid_t pid;

	if (pipe(fd))
		return why_set(why, -errno, "%s: a pipe cannot be made: %s", name, strerror(errno));
	fflush(NULL);
	pid = fork();
	if (!pid) {
		close(fd[0]);
		rc = try_connect(name, address, &said);
		_exit(write(fd[1], said.text, strlen(said.text)) < 0 ? EIO : -rc);
	}
	close(fd[1]);
	rc = pid < 0 ? -errno : wait_for(pid, fd[0], timeout_s, &said);
	close(fd[0]);
	if (!rc)
		return 0;
	if (!said.text[0])
		return why_set(why, rc, "%s: %s does not answer within %.0f s: the host is off or a firewall drops what comes to its port", name, address, timeout_s);
	return why_set(why, rc, "%s", said.text);
}

int remote_args(struct remote_args *a, const struct fio *fio, const char *address, const char *format, bool writes, const char *output_path,
		const char *job_path, struct why *why)
{
	bool has_kind = !strncmp(address, "ip", 2) || !strncmp(address, "sock:", 5);
	unsigned n = 0;

	/* Without a kind in front fio takes the address for a file with addresses if there happens to be one of that name. */
	snprintf(a->client, sizeof(a->client), "--client=%s%s", has_kind && strchr(address, ':') ? "" : "ip:", address);
	snprintf(a->format, sizeof(a->format), "--output-format=%s", format);
	if (snprintf(a->output, sizeof(a->output), "--output=%s", output_path) >= (int)sizeof(a->output) ||
	    snprintf(a->job, sizeof(a->job), "%s", job_path) >= (int)sizeof(a->job))
		return why_set(why, -ENAMETOOLONG, "%s: the path is too long: choose another --out", output_path);
	a->argv[n++] = (char *)fio->bin;
	a->argv[n++] = a->format;
	a->argv[n++] = a->output;
	a->argv[n++] = a->client;
	if (!writes)
		a->argv[n++] = (char *)"--readonly";
	a->argv[n++] = a->job;
	a->argv[n] = NULL;
	return 0;
}

static const struct {
	const char *says;
	const char *means;
} known[] = {
	{ "client/server version mismatch", "its fio has another protocol than this one: install the same fio on both" },
	{ "bad server cmd version", "its fio has another protocol than this one: install the same fio on both" },
	{ "server bad crc on command", "what answers there is no fio server: correct the port, or start fio --server there" },
	{ "engine sqpoll not loadable", "its fio cannot load ioengine=sqpoll: install the engine there, or start its server with LD_LIBRARY_PATH naming the engine's directory" },
	{ "bad ioops version", "its engine was built for another fio than the one there: build it with the source of that one" },
	{ "refusing extend of file", "the target is not there, or too short: make it on that host, or name another" },
	{ "timed out", "the server stopped answering: the host died, hangs, or is cut off; the job may go on there till its time is over" },
	{ " disconnected", "the connection ended before the results came: fio --server was killed, the host died, or fio there refused the job and its reason was lost (see its output there)" },
};

/* The first complaint of the engine, or else of fio; false when there is none. */
static bool complaint(const char *output, char *out, size_t size)
{
	static const char *const starts[] = { "sqpoll: ", "fio: " };
	const char *line = NULL;

	for (size_t i = 0; !line && i < sizeof(starts) / sizeof(*starts); i++)
		line = strstr(output, starts[i]);
	if (line)
		snprintf(out, size, "%.*s", (int)strcspn(line, "\n"), line);
	return line != NULL;
}

static int died(const char *name, const char *output, const struct proc_end *end, struct why *why)
{
	char said[300];

	if (end->timed_out)
		return why_set(why, -EIO, "%s: fio's client had to be ended after %.0f s: the host or its server hangs: look at fio --server there", name, end->wall_s);
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strstr(output, known[i].says))
			return why_set(why, -EIO, "%s: %s", name, known[i].means);
	if (complaint(output, said, sizeof(said)))
		return why_set(why, -EIO, "%s: %s", name, said);
	return end->exit ? why_set(why, -EIO, "%s: fio's client ended with %d and no message: try the same job with fio --client by hand", name, end->exit) : 0;
}

static int check_results(const char *name, const char *output, struct why *why)
{
	json_t *doc = fiojson_parse(output, name, why), *jobs = json_object_get(doc, "jobs"), *job;
	int rc = doc ? 0 : -EIO;
	size_t i;

	if (doc && !json_array_size(jobs))
		rc = why_set(why, -EIO, "%s: fio has no result of any job and no message: try the same job with fio --client by hand", name);
	json_array_foreach(jobs, i, job) {
		int error = (int)json_number_value(json_object_get(job, "error"));

		if (error && !rc)
			rc = why_set(why, -EIO, "%s: job %s failed there: %s", name, json_string_value(json_object_get(job, "jobname")), strerror(error));
	}
	json_decref(doc);
	return rc;
}

int remote_outcome(const char *name, const char *output, const struct proc_end *end, struct why *why)
{
	struct why results = { "" };
	int rc = check_results(name, output, &results);

	if (!rc && !end->exit && !end->timed_out)
		return 0;
	if (died(name, output, end, why))
		return -EIO;
	return why_set(why, -EIO, "%s", results.text);
}

char *remote_stats(const char *output)
{
	char *lines = malloc(strlen(output) + 1), *out = lines;

	while (lines && (output = strstr(output, LINE_START))) {
		size_t len;

		output += sizeof(LINE_START) - 2;
		len = strcspn(output, "\n");
		memcpy(out, output, len);
		out += len;
		*out++ = '\n';
		output += len;
	}
	if (lines)
		*out = '\0';
	return lines;
}
