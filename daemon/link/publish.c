/* The robot's state for everybody who subscribes. */
#include "daemon/link/publish.h"

#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/link/subscriptions.h"
#include "daemon/rt/rt.h"

#define PREFIX_MAX 256    /* bytes of a subscription with its NUL; names are shorter */
#define SENDS_PER_STEP 64 /* then the other tasks have a turn */

/* What is known of one value's messages. */
struct topic {
	struct value *v; /* the key; first, for tsearch(3) */
	struct link pending;
	uint64_t seq;
	uint64_t version; /* with the next two: what the message seq said */
	int64_t sample_ns;
	enum value_state state;
	bool touched; /* the next message is news in any case */
	bool wanted;  /* somebody listens; as of generation */
	uint64_t generation;
	char *unit; /* as JSON */
};

struct publish {
	struct world *world;
	const char *boot;
	struct zsock *sock;
	struct value_watch watch;
	struct subscriptions subscriptions;
	void *topics;        /* tree of struct topic, by value */
	uint64_t seq_floor;  /* no topic starts below: a name that comes back goes on */
	struct list pending; /* topics to be sent */
	struct wait *idle;   /* the sender waits for some */
	char *buf;
	size_t buf_size;
	uint64_t sent;
};

static int by_value(const void *a, const void *b)
{
	uintptr_t va = (uintptr_t)((const struct topic *)a)->v;
	uintptr_t vb = (uintptr_t)((const struct topic *)b)->v;

	return va < vb ? -1 : va > vb;
}

static struct topic *find_topic(struct publish *p, struct value *v)
{
	const struct topic key = {.v = v};
	struct topic **found = (void *)tfind(&key, &p->topics, by_value);

	return found ? *found : NULL;
}

/* "m/s^2" with its quotes; a script's unit may hold anything. NULL without memory. */
static char *unit_json(const char *unit)
{
	struct datum d;
	char *json = NULL;
	size_t len;

	if (datum_string(unit ? unit : "", unit ? strlen(unit) : 0, &d) < 0)
		return NULL;
	len = datum_json(&d, NULL, 0);
	json = malloc(len + 1);
	if (json)
		(void)datum_json(&d, json, len + 1);
	datum_fini(&d);
	return json;
}

static void topic_free(void *arg)
{
	struct topic *t = arg;

	link_remove(&t->pending);
	free(t->unit);
	free(t);
}

/* The topic of a value of the world; NULL for others, and without memory. */
static struct topic *need_topic(struct publish *p, struct value *v)
{
	struct topic *t = find_topic(p, v);

	if (t)
		return t;
	if (world_find(p->world, value_info(v)->name) != v)
		return NULL;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->v = v;
	t->seq = p->seq_floor;
	t->touched = true;
	t->unit = unit_json(value_info(v)->unit);
	if (!t->unit || !tsearch(t, &p->topics, by_value)) {
		topic_free(t);
		return NULL;
	}
	return t;
}

static bool wanted(struct publish *p, struct topic *t)
{
	if (t->generation != p->subscriptions.generation) {
		t->generation = p->subscriptions.generation;
		t->wanted =
			subscriptions_match(&p->subscriptions, value_info(t->v)->name);
	}
	return t->wanted;
}

/* Send it when the sender has its turn: what changes again until then is sent once. */
static void schedule(struct publish *p, struct topic *t)
{
	struct wait *w = p->idle;

	if (!link_linked(&t->pending))
		list_push(&p->pending, &t->pending);
	if (w) {
		p->idle = NULL;
		task_wake(w, 0);
	}
}

/* Number the message: a replay says again what the last one said. */
static void advance(struct topic *t)
{
	const struct value *v = t->v;

	if (!t->touched && t->version == value_version(v) &&
	    t->sample_ns == value_sample_ns(v) && t->state == value_state(v))
		return;
	t->seq++;
	t->touched = false;
	t->version = value_version(v);
	t->sample_ns = value_sample_ns(v);
	t->state = value_state(v);
}

/* Of a buffer with @len bytes written: where the rest begins. Like snprintf, NULL when there is none. */
static char *rest(char *buf, size_t size, size_t len)
{
	return len < size ? buf + len : NULL;
}

static size_t room(size_t size, size_t len)
{
	return len < size ? size - len : 0;
}

/* Write to @buf; returns the length it would have, like snprintf. */
static size_t compose(const struct publish *p, const struct topic *t,
		      const struct rt_wall *wall, char *buf, size_t size)
{
	char when[128] = "\"t\":null, \"mono\":null";
	size_t len;

	if (t->state != VALUE_UNSET)
		snprintf(when, sizeof(when),
			 "\"t\":\"%" PRId64 "\", \"mono\":\"%" PRId64 "\"",
			 t->sample_ns + wall->offset_ns, t->sample_ns);
	len = (size_t)snprintf(buf, size, "{\"v\":");
	len += datum_json(value_get(t->v), rest(buf, size, len), room(size, len));
	len += (size_t)snprintf(rest(buf, size, len), room(size, len),
				", %s, %s\"boot\":\"%s\", \"seq\":%" PRIu64
				", \"state\":\"%s\", \"unit\":%s}",
				when, wall->synced ? "" : "\"synced\":false, ", p->boot,
				t->seq, value_state_name(t->state), t->unit);
	return len;
}

static void send_topic(struct publish *p, struct topic *t, const struct rt_wall *wall)
{
	const char *name = value_info(t->v)->name;
	struct zframe frames[2] = {{name, strlen(name)}};
	size_t len;
	char *grown;

	advance(t);
	len = compose(p, t, wall, p->buf, p->buf_size);
	if (len >= p->buf_size) {
		grown = realloc(p->buf, 2 * len);
		if (!grown)
			return; /* a gap in seq tells */
		p->buf = grown;
		p->buf_size = 2 * len;
		len = compose(p, t, wall, p->buf, p->buf_size);
	}
	frames[1] = (struct zframe){p->buf, len};
	/* XPUB never waits: who is too slow loses the message, and sees it in seq. */
	(void)zsock_try_send(p->sock, frames, 2);
	p->sent++;
}

/* A value goes: its last message says so, now, as nothing of it is left afterwards. */
static void topic_ends(struct publish *p, struct topic *t)
{
	struct rt_wall wall = rt_wall();

	if (p->subscriptions.count > 0 && wanted(p, t))
		send_topic(p, t, &wall);
	if (t->seq > p->seq_floor)
		p->seq_floor = t->seq;
	tdelete(t, &p->topics, by_value);
	topic_free(t);
}

static void value_moved(struct value_watch *w, struct value *v, bool changed)
{
	struct publish *p = container_of(w, struct publish, watch);
	struct topic *t;

	(void)changed;
	if (!value_info(v)->name)
		return;
	if (value_state(v) == VALUE_CLOSED) {
		t = find_topic(p, v);
		if (t)
			topic_ends(p, t);
		return;
	}
	if (p->subscriptions.count == 0)
		return;
	t = need_topic(p, v);
	if (!t || !wanted(p, t))
		return;
	t->touched = true;
	schedule(p, t);
}

int publish_new(struct zctx *ctx, struct world *world, const char *endpoint,
		const char *boot, struct publish **ret)
{
	const struct zsock_conf conf = {
		.name = "state",
		.type = ZMQ_XPUB,
		.bind = endpoint,
		.verbose = true,
	};
	struct publish *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	r = zsock_open(ctx, &conf, &p->sock);
	if (r < 0) {
		free(p);
		return r;
	}
	p->world = world;
	p->boot = boot;
	subscriptions_init(&p->subscriptions);
	list_init(&p->pending);
	p->watch.fn = value_moved;
	value_watch_add(&p->watch, NULL);
	*ret = p;
	return 0;
}

void publish_free(struct publish *p)
{
	if (!p)
		return;
	value_watch_remove(&p->watch);
	zsock_close(p->sock);
	tdestroy(p->topics, topic_free);
	subscriptions_fini(&p->subscriptions);
	free(p->buf);
	free(p);
}

/* The last value of each name that begins so, for who has just subscribed. */
static void replay(struct publish *p, const char *prefix)
{
	size_t len = strlen(prefix);

	for (size_t i = 0; i < world_size(p->world); i++) {
		struct value *v = world_at(p->world, i);
		struct topic *t;

		if (strncmp(value_info(v)->name, prefix, len) != 0)
			continue;
		t = need_topic(p, v);
		if (t)
			schedule(p, t);
	}
}

/* A message of a subscriber: 1 and a prefix, or 0 and a prefix. No name has such a long one, or a NUL. */
static void subscriber_said(struct publish *p, const struct zmsg *m)
{
	const char *text = m->frame[0].data;
	size_t len = m->frame[0].len;
	char prefix[PREFIX_MAX];

	if (len < 1 || len > sizeof(prefix) || memchr(text + 1, '\0', len - 1))
		return;
	memcpy(prefix, text + 1, len - 1);
	prefix[len - 1] = '\0';
	if (text[0] == 1) {
		subscriptions_add(&p->subscriptions, prefix);
		replay(p, prefix);
	} else if (text[0] == 0) {
		subscriptions_remove(&p->subscriptions, prefix);
	}
}

static int listen_to_subscribers(void *arg)
{
	struct publish *p = arg;
	struct zmsg m;
	int r = 0;

	while (r == 0 || r == -EMSGSIZE) {
		r = zsock_recv(p->sock, &m);
		if (r == 0)
			subscriber_said(p, &m);
		zmsg_fini(&m);
	}
	return r;
}

struct idle_wait {
	struct wait wait;
	struct publish *p;
};

static bool idle_abort(struct wait *w)
{
	container_of(w, struct idle_wait, wait)->p->idle = NULL;
	return true;
}

/* Wait until there is something to send. Suspends. */
static int wait_pending(struct publish *p)
{
	struct idle_wait w = {.wait = {.kind = "changes", .abort = idle_abort}, .p = p};
	int r = task_checkpoint();

	if (r < 0 || !list_empty(&p->pending))
		return r;
	p->idle = &w.wait;
	return task_park(&w.wait);
}

static void send_some(struct publish *p)
{
	struct rt_wall wall = rt_wall();
	struct link *k;

	for (int n = 0; n < SENDS_PER_STEP && (k = list_pop(&p->pending)) != NULL; n++)
		send_topic(p, container_of(k, struct topic, pending), &wall);
}

int publish_run(void *arg)
{
	const struct task_opt listener = {.name = "subscriptions", .service = true};
	struct publish *p = arg;
	struct nursery n;
	int r;

	nursery_open(&n);
	r = zsock_pump(p->sock, &n);
	if (r == 0)
		r = nursery_start(&n, NULL, &listener, listen_to_subscribers, p);
	while (r == 0) {
		r = wait_pending(p);
		if (r == 0)
			send_some(p);
	}
	return nursery_close(&n, r);
}

void publish_stats(const struct publish *p, struct publish_stats *ret)
{
	ret->sent = p->sent;
	ret->subscriptions = p->subscriptions.count;
}
