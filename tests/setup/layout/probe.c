// SPDX-License-Identifier: GPL-2.0-only
/*
 * An ioengine that does no I/O: it compares the layout of fio's structs as this file was compiled
 * with what the running fio shows of its own. options.inc holds one OPTION("name", member) for
 * every option of the source tree that is stored in struct thread_options.
 */
#include "fio.h"
#include "parse.h"

#include <malloc.h>
#include <stdatomic.h>

extern struct fio_option fio_options[];

struct known_option {
	const char *name;
	size_t offset;
};

static const struct known_option known_options[] = {
#define OPTION(option, member) {option, offsetof(struct thread_options, member)},
#include "options.inc"
};

static atomic_int checks;
static atomic_int differences;
static atomic_int jobs;
static struct thread_data *job[2];

struct ioengine_ops ioengine;

static void check(const char *what, long long running, long long compiled)
{
	checks++;
	if (running == compiled)
		return;
	differences++;
	fprintf(stderr, "layout: %s is %lld in the running fio, %lld as compiled\n", what, running,
		compiled);
}

static void check_options(void)
{
	for (size_t i = 0; i < sizeof(known_options) / sizeof(known_options[0]); i++) {
		const struct fio_option *option = fio_options;

		while (option->name && strcmp(option->name, known_options[i].name))
			option++;
		if (option->name && option->type != FIO_OPT_UNSUPPORTED)
			check(option->name, option->off1, (long long)known_options[i].offset);
	}
}

/* The command line gives these values; each is far from the others in the struct. */
static void check_job(struct thread_data *td)
{
	check("td->io_ops", (intptr_t)td->io_ops, (intptr_t)&ioengine);
	check("td->o.iodepth", td->o.iodepth, 7);
	check("td->o.size", (long long)td->o.size, 15360);
	check("td->o.loops", td->o.loops, 3);
	check("td->o.bs[DDIR_READ]", (long long)td->o.bs[DDIR_READ], 1536);
	check("td->thread_number is 1 or 2", td->thread_number == 1 || td->thread_number == 2, 1);
}

static int probe_init(struct thread_data *td)
{
	int seen = jobs++; /* td->thread_number may be anywhere */

	check_job(td);
	if (seen == 0)
		check_options();
	if (seen < 2)
		job[seen] = td;
	return 0;
}

/*
 * fio allocates an io_u with room for alignment and, right behind the struct, a footer that says
 * how far it moved the pointer. Only the true size finds a footer that leads back to a block of
 * malloc whose length fits; malloc rounds up by less than 32.
 */
static int probe_io_u_init(struct thread_data *td, struct io_u *io_u)
{
	size_t align = os_cache_line_size();
	size_t size = sizeof(*io_u);
	unsigned int moved;
	size_t block;

	(void)td;
	memcpy(&moved, (char *)io_u + size, sizeof(moved));
	if (moved >= align) {
		check("footer behind io_u is inside a cache line", moved, 0);
		return 0;
	}
	block = malloc_usable_size((char *)io_u - moved);
	size += align + sizeof(moved) - 1;
	check("io_u allocation, to malloc's rounding", block >= size && block < size + 32, 1);
	return 0;
}

static enum fio_q_status probe_queue(struct thread_data *td, struct io_u *io_u)
{
	(void)td;
	(void)io_u;
	return FIO_Q_COMPLETED;
}

static int probe_file(struct thread_data *td, struct fio_file *f)
{
	(void)td;
	(void)f;
	return 0;
}

static void __attribute__((destructor)) summary(void)
{
	if (job[0] && job[1])
		check("sizeof(struct thread_data)", labs((char *)job[1] - (char *)job[0]),
		      (long long)sizeof(struct thread_data));
	fprintf(stderr, "layout: %d checks, %d differ\n", checks, differences);
}

struct ioengine_ops ioengine = {
	.name = "layout",
	.version = FIO_IOOPS_VERSION,
	.flags = FIO_DISKLESSIO | FIO_SYNCIO,
	.init = probe_init,
	.io_u_init = probe_io_u_init,
	.queue = probe_queue,
	.open_file = probe_file,
	.close_file = probe_file,
};
