// SPDX-License-Identifier: GPL-2.0-only
#include "share.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct sqp_share_group {
	struct sqp_share_group *next;
	unsigned number;
	unsigned size;			/* so many may join, ... */
	unsigned joined;		/* ... so many have, ... */
	unsigned open;			/* ... and so many are still there */
	unsigned set, idle_ms;
	int sq_cpu;
	struct sqp_ring *ring[];	/* the first OPEN are those */
};

/* Job processes never get here (they are refused), so no child of a fork finds the lock taken. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sqp_share_group *groups;
static unsigned last_number;

static bool has_room_for(const struct sqp_share_group *g, const struct sqp_config *cfg)
{
	return g->joined < g->size && g->size == cfg->share && g->set == cfg->share_set && g->sq_cpu == cfg->sq_cpu &&
	       g->idle_ms == cfg->idle_ms;
}

static struct sqp_share_group *new_group(const struct sqp_config *cfg)
{
	struct sqp_share_group *g = calloc(1, sizeof(*g) + cfg->share * sizeof(*g->ring));

	if (!g)
		return NULL;
	g->number = ++last_number;
	g->size = cfg->share;
	g->set = cfg->share_set;
	g->idle_ms = cfg->idle_ms;
	g->sq_cpu = cfg->sq_cpu;
	g->next = groups;
	groups = g;
	return g;
}

static struct sqp_share_group *find_group(const struct sqp_config *cfg)
{
	struct sqp_share_group *g = groups;

	while (g && !has_room_for(g, cfg))
		g = g->next;
	return g ? g : new_group(cfg);
}

static void drop_if_empty(struct sqp_share_group *g)
{
	struct sqp_share_group **link = &groups;

	if (g->open)
		return;
	while (*link != g)
		link = &(*link)->next;
	*link = g->next;
	free(g);
}

static int open_in(struct sqp_share_group *g, struct sqp_ring *r, const struct sqp_config *cfg, struct sqp_seat *seat,
		   struct sqp_why *why)
{
	struct sqp_config shared = *cfg;
	int ret;

	shared.attach_to = g->open ? g->ring[0] : NULL;
	ret = sqp_ring_open(r, &shared, why);
	if (ret) {
		drop_if_empty(g);
		return ret;
	}
	r->cfg.attach_to = NULL;	/* it may be closed before this one */
	g->ring[g->open++] = r;
	g->joined++;
	*seat = (struct sqp_seat){ .group = g, .ring = r, .number = g->number };
	return 0;
}

/* The lock is held while a ring is opened: the one that it attaches to must not be closed meanwhile. */
int sqp_share_open(struct sqp_ring *r, const struct sqp_config *cfg, struct sqp_seat *seat, struct sqp_why *why)
{
	struct sqp_share_group *g;
	int ret;

	*seat = (struct sqp_seat){ 0 };
	if (cfg->share <= 1)
		return sqp_ring_open(r, cfg, why);
	pthread_mutex_lock(&lock);
	g = find_group(cfg);
	if (!g)
		ret = sqp_why(why, -ENOMEM, "sq_share=%u: no memory", cfg->share);
	else
		ret = open_in(g, r, cfg, seat, why);
	pthread_mutex_unlock(&lock);
	return ret;
}

unsigned sqp_share_jobs(const struct sqp_seat *seat)
{
	unsigned joined = 1;

	if (!seat->group)
		return joined;
	pthread_mutex_lock(&lock);
	joined = seat->group->joined;
	pthread_mutex_unlock(&lock);
	return joined;
}

void sqp_share_leave(struct sqp_seat *seat)
{
	struct sqp_share_group *g = seat->group;
	unsigned i = 0;

	if (!g)
		return;
	pthread_mutex_lock(&lock);
	while (g->ring[i] != seat->ring)
		i++;
	g->ring[i] = g->ring[--g->open];
	drop_if_empty(g);
	pthread_mutex_unlock(&lock);
	*seat = (struct sqp_seat){ 0 };
}
