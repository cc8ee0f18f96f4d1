/* Resources, and who holds them: the arbiter in its smallest form. */
#include "daemon/act/resource.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/nearest.h"

#define NAME_SIZE 48

struct channel {
	struct channel_spec spec; /* its texts are below */
	char name[NAME_SIZE];
	char unit[16];
	struct resource *resource;
	struct value *value;
};

struct resource {
	char name[NAME_SIZE];
	struct channel *channels;
	size_t n;
	struct resource *next;
	struct lease *holder;
	const struct lease
		*claim; /* while the arbiter decides, and after: who is to have it */
};

/* Invariant: leases holds every lease that is held or waits, in order of rank. */
struct resources {
	struct world *world;
	struct resource *first;
	struct list leases;
};

struct resources *resources_new(struct world *world)
{
	struct resources *rs = calloc(1, sizeof(*rs));

	if (!rs)
		return NULL;
	rs->world = world;
	list_init(&rs->leases);
	return rs;
}

static void free_resource(struct resources *rs, struct resource *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->channels[i].value)
			world_remove(rs->world, r->channels[i].value);
	free(r->channels);
	free(r);
}

void resources_free(struct resources *rs)
{
	if (!rs)
		return;
	for (struct resource *r = rs->first, *next; r; r = next) {
		next = r->next;
		free_resource(rs, r);
	}
	free(rs);
}

static int add_channel(struct resources *rs, struct resource *r,
		       const struct channel_spec *spec)
{
	struct channel *c = &r->channels[r->n];
	char name[2 * NAME_SIZE];
	struct value_info info = {
		.name = name,
		.unit = spec->unit,
		.help = "the last command",
		.source = "actuator",
		.typed = true,
		.type = DATUM_NUMBER,
		.min = spec->min,
		.max = spec->max,
	};
	struct datum rest = datum_number(spec->rest);
	int e;

	snprintf(c->name, sizeof(c->name), "%s", spec->name);
	snprintf(c->unit, sizeof(c->unit), "%s", spec->unit);
	snprintf(name, sizeof(name), "%s.%s", r->name, c->name);
	c->spec = *spec;
	c->spec.name = c->name;
	c->spec.unit = c->unit;
	c->resource = r;
	e = world_add(rs->world, &info, &c->value);
	if (e < 0)
		return e;
	r->n++;
	return value_set(c->value, &rest);
}

int resource_add(struct resources *rs, const char *name,
		 const struct channel_spec *channels, size_t n)
{
	struct resource *r, **end = &rs->first;
	int e = 0;

	if (resource_find(rs, name))
		return -EEXIST;
	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	snprintf(r->name, sizeof(r->name), "%s", name);
	r->channels = calloc(n ? n : 1, sizeof(*r->channels));
	if (!r->channels) {
		free(r);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n && e == 0; i++)
		e = add_channel(rs, r, &channels[i]);
	if (e < 0) {
		free_resource(rs, r);
		return e;
	}
	while (*end)
		end = &(*end)->next;
	*end = r;
	return 0;
}

struct resource *resource_find(const struct resources *rs, const char *name)
{
	struct resource *r = rs->first;

	while (r && strcmp(r->name, name) != 0)
		r = r->next;
	return r;
}

const char *resource_nearest(const struct resources *rs, const char *name)
{
	const char *names[64];
	size_t n = 0;

	for (const struct resource *r = rs->first; r && n < ARRAY_LEN(names); r = r->next)
		names[n++] = r->name;
	return nearest_name(name, names, n);
}

const char *resource_name(const struct resource *r)
{
	return r->name;
}

size_t resource_size(const struct resource *r)
{
	return r->n;
}

struct channel *resource_channel(const struct resource *r, size_t i)
{
	return &r->channels[i];
}

struct channel *resource_find_channel(const struct resource *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->channels[i].name, name) == 0)
			return &r->channels[i];
	return NULL;
}

const struct channel_spec *channel_info(const struct channel *c)
{
	return &c->spec;
}

struct value *channel_value(const struct channel *c)
{
	return c->value;
}

/* Positive when @a ranks above @b. The holder stays when band and priority are equal. */
static int rank(const struct lease *a, const struct lease *b)
{
	if (a->band != b->band)
		return a->band > b->band ? 1 : -1;
	if (a->priority != b->priority)
		return a->priority > b->priority ? 1 : -1;
	if (a->held != b->held)
		return a->held ? 1 : -1;
	return strcmp(b->name, a->name);
}

static void insert_ranked(struct resources *rs, struct lease *l)
{
	struct link *at = rs->leases.head.next;

	while (at != &rs->leases.head &&
	       rank(l, container_of(at, struct lease, link)) <= 0)
		at = at->next;
	link_insert_before(at, &l->link);
}

static bool needs_unclaimed(const struct lease *l)
{
	for (size_t i = 0; i < l->n_needs; i++)
		if (l->needs[i]->claim)
			return false;
	return true;
}

static bool needs_free(const struct lease *l)
{
	for (size_t i = 0; i < l->n_needs; i++)
		if (l->needs[i]->holder)
			return false;
	return true;
}

static void ask_to_leave(struct lease *l)
{
	const struct lease *winner = NULL;

	for (size_t i = 0; i < l->n_needs && !winner; i++)
		if (l->needs[i]->claim != l)
			winner = l->needs[i]->claim;
	if (l->asked)
		return;
	l->asked = true;
	l->leave(l, winner);
}

/* Whoever holds ranks above equals from now on, also above those that came before it. */
static void grant(struct lease *l)
{
	for (size_t i = 0; i < l->n_needs; i++)
		l->needs[i]->holder = l;
	l->held = true;
	link_remove(&l->link);
	insert_ranked(l->rs, l);
	if (l->wait.parked)
		task_wake(&l->wait, 0);
}

/*
 * Decide anew, greedily from the highest rank down: each lease whose needs nobody above it claims gets
 * or keeps them all. A holder that does not is asked to leave, and the winner waits for it.
 */
static void arbitrate(struct resources *rs)
{
	for (struct resource *r = rs->first; r; r = r->next)
		r->claim = NULL;
	list_each_safe(l, &rs->leases, struct lease, link)
	{
		if (!needs_unclaimed(l)) {
			if (l->held)
				ask_to_leave(l);
			continue;
		}
		for (size_t i = 0; i < l->n_needs; i++)
			l->needs[i]->claim = l;
		if (!l->held && needs_free(l))
			grant(l);
	}
}

static bool abort_take(struct wait *w)
{
	struct lease *l = container_of(w, struct lease, wait);

	link_remove(&l->link);
	arbitrate(l->rs);
	return true;
}

int lease_take(struct resources *rs, struct lease *l)
{
	int r = task_check();

	if (r < 0)
		return r;
	l->rs = rs;
	l->held = l->asked = false;
	if (l->n_needs == 0) {
		l->held = true;
		task_yield();
		return 0;
	}
	l->wait = (struct wait){
		.kind = "lease", .what = l->needs[0]->name, .abort = abort_take};
	insert_ranked(rs, l);
	arbitrate(rs);
	if (!l->held)
		return task_park(&l->wait);
	task_yield();
	return 0;
}

static void make_safe(const struct resource *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->channels[i].spec.safe)
			r->channels[i].spec.safe(r->channels[i].spec.arg);
}

static void leave(const struct resource *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->channels[i].spec.leave)
			r->channels[i].spec.leave(r->channels[i].spec.arg);
}

void lease_release(struct lease *l, bool safe)
{
	if (!l->held)
		return;
	l->held = false;
	link_remove(&l->link);
	for (size_t i = 0; i < l->n_needs; i++) {
		l->needs[i]->holder = NULL;
		if (safe)
			make_safe(l->needs[i]);
	}
	if (l->n_needs > 0)
		arbitrate(l->rs);
	for (size_t i = 0; i < l->n_needs && !safe; i++)
		if (!l->needs[i]->claim)
			leave(l->needs[i]);
}

const struct lease *lease_blocker(const struct resources *rs, const struct lease *l)
{
	list_each(other, &rs->leases, struct lease, link)
	{
		if (other == l || rank(other, l) < 0)
			continue;
		for (size_t i = 0; i < l->n_needs; i++)
			for (size_t k = 0; k < other->n_needs; k++)
				if (l->needs[i] == other->needs[k])
					return other;
	}
	return NULL;
}

static bool covers(const struct lease *l, const struct channel *c)
{
	return l->held && c->resource->holder == l;
}

int lease_set(struct lease *l, struct channel *c, double value)
{
	struct datum d = datum_number(value);
	int r;

	if (!covers(l, c))
		return -EPERM;
	if (!(value >= c->spec.min && value <= c->spec.max))
		return -ERANGE;
	r = c->spec.set(c->spec.arg, value);
	if (r < 0)
		return r;
	return value_set(c->value, &d);
}
