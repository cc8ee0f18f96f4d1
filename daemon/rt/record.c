/*
 * Recordings: a row of entries in the order in which the loop met them. A replay asks for each where the
 * recording wrote it; an entry of another kind than asked for means that the run went another way.
 */
#include "daemon/rt/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/rt/internal.h"

#define GROW_BYTES 4096
#define POST_WAIT_MS 10000 /* for a thread to post what it posted before */
#define REST_MS 100        /* between looks, while a run that went astray winds up */
#define FNV_BASIS UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

enum entry_kind {
	ENTRY_TURN,    /* a pass begins: value is the time, other the trace */
	ENTRY_POST,    /* delivered: other is its source */
	ENTRY_POLL,    /* descriptors were looked at: other is the step */
	ENTRY_READY,   /* fd was reported: value is the events */
	ENTRY_SETTLE,  /* all was quiet */
	ENTRY_REFUSED, /* fd cannot be waited for: value is the error */
	ENTRY_READ,    /* from fd: value is the result; its bytes follow */
	ENTRY_WRITE,   /* to fd: value is the result */
	ENTRY_VALUE,   /* that another thread or the machine decided */
};

struct entry {
	int32_t kind, fd;
	int64_t value;
	uint64_t other;
};

static bool make_room(struct rt_record *r, size_t more)
{
	size_t want = r->size + more;
	uint8_t *grown;

	if (r->result < 0)
		return false;
	if (want <= r->capacity)
		return true;
	want += want / 2 + GROW_BYTES;
	grown = realloc(r->bytes, want);
	if (!grown) {
		LOG(ERR, "record: no memory after %zu bytes, it ends here", r->size);
		r->result = -ENOMEM;
		return false;
	}
	r->bytes = grown;
	r->capacity = want;
	return true;
}

static void put(struct rt *rt, const struct entry *e, const void *more, size_t size)
{
	struct rt_record *r = rt->conf.record;

	if (!r || !make_room(r, sizeof(*e) + size))
		return;
	memcpy(r->bytes + r->size, e, sizeof(*e));
	if (size > 0)
		memcpy(r->bytes + r->size + sizeof(*e), more, size);
	r->size += sizeof(*e) + size;
}

/*
 * The replay cannot go on: from here on it is fed nothing, and the next turn ends it. (Not here: locks of
 * pools may be held, which cancelled tasks take too.)
 */
static void stray(struct rt *rt, int result)
{
	struct rt_record *r = rt->conf.replay;

	if (r->result < 0)
		return;
	r->result = result;
	LOG(ERR, "replay: %s at byte %zu, step %llu; ending",
	    result == -ENODATA ? "the record ends" : "the run goes another way", r->at,
	    (unsigned long long)rt->stats.steps);
}

/* The next entry without taking it. False at the end of the record, or of its use. */
static bool peek(const struct rt *rt, struct entry *ret)
{
	const struct rt_record *r = rt->conf.replay;

	if (r->result < 0 || r->size - r->at < sizeof(*ret))
		return false;
	memcpy(ret, r->bytes + r->at, sizeof(*ret));
	return true;
}

static void skip(struct rt *rt, size_t bytes)
{
	rt->conf.replay->at += bytes;
}

/* Take the next entry if it is of @kind. */
static bool take_if(struct rt *rt, enum entry_kind kind, struct entry *ret)
{
	if (!peek(rt, ret) || ret->kind != (int32_t)kind)
		return false;
	skip(rt, sizeof(*ret));
	return true;
}

/* Take the next entry, which has to be of @kind and about @fd. */
static bool take(struct rt *rt, enum entry_kind kind, int fd, struct entry *ret)
{
	if (!peek(rt, ret)) {
		stray(rt, -ENODATA);
		return false;
	}
	if (ret->kind != (int32_t)kind || ret->fd != fd) {
		stray(rt, -EILSEQ);
		return false;
	}
	skip(rt, sizeof(*ret));
	return true;
}

void record_begin(struct rt *rt)
{
	struct rt_record *r = rt->conf.record ? rt->conf.record : rt->conf.replay;

	rt->traced = r;
	if (!r)
		return;
	if (rt->conf.record)
		r->size = 0;
	r->at = 0;
	r->result = 0;
	r->trace = FNV_BASIS;
}

void record_step(struct rt *rt, const struct task *t)
{
	uint64_t hash = rt->traced->trace;

	for (const char *c = t->name; *c; c++)
		hash = (hash ^ (uint8_t)*c) * FNV_PRIME;
	rt->traced->trace = (hash ^ '\n') * FNV_PRIME;
}

void record_turn(struct rt *rt)
{
	put(rt,
	    &(struct entry){
		    .kind = ENTRY_TURN, .value = rt->now_ns, .other = rt->traced->trace},
	    NULL, 0);
}

void record_post(struct rt *rt, const struct post *p)
{
	put(rt, &(struct entry){.kind = ENTRY_POST, .other = p->source}, NULL, 0);
}

void record_poll(struct rt *rt)
{
	put(rt, &(struct entry){.kind = ENTRY_POLL, .other = rt->stats.steps}, NULL, 0);
}

void record_ready(struct rt *rt, int fd, unsigned events)
{
	put(rt, &(struct entry){.kind = ENTRY_READY, .fd = fd, .value = events}, NULL, 0);
}

void record_settle(struct rt *rt)
{
	put(rt, &(struct entry){.kind = ENTRY_SETTLE}, NULL, 0);
}

void record_refused(struct rt *rt, int fd, int r)
{
	put(rt, &(struct entry){.kind = ENTRY_REFUSED, .fd = fd, .value = r}, NULL, 0);
}

void record_read(struct rt *rt, int fd, ssize_t n, const void *buf)
{
	put(rt, &(struct entry){.kind = ENTRY_READ, .fd = fd, .value = n}, buf,
	    n > 0 ? (size_t)n : 0);
}

void record_write(struct rt *rt, int fd, ssize_t n)
{
	put(rt, &(struct entry){.kind = ENTRY_WRITE, .fd = fd, .value = n}, NULL, 0);
}

int64_t record_value(struct rt *rt, int64_t live)
{
	struct entry e;

	if (rt->conf.replay)
		return take(rt, ENTRY_VALUE, 0, &e) ? e.value : live;
	put(rt, &(struct entry){.kind = ENTRY_VALUE, .value = live}, NULL, 0);
	return live;
}

/* A run that went astray: time jumps when nothing else is left, posts come as they come. */
static void wind_up(struct rt *rt)
{
	rt_cancel("replay: not as recorded");
	if (posts_deliver(rt, ~0u) > 0)
		return;
	if (rt->timers && rt->in_flight == 0 && rt->timers->t_ns > rt->now_ns)
		rt->now_ns = rt->timers->t_ns;
}

/* The posts of this pass, each when its thread has got so far. */
static void replay_posts(struct rt *rt)
{
	struct entry e;

	while (take_if(rt, ENTRY_POST, &e))
		if (!posts_deliver_from(rt, e.other, POST_WAIT_MS))
			stray(rt, -EILSEQ);
}

void replay_turn(struct rt *rt)
{
	struct entry e;

	if (take(rt, ENTRY_TURN, 0, &e)) {
		if (e.other != rt->traced->trace)
			stray(rt, -EILSEQ);
		rt->now_ns = e.value;
	}
	if (rt->conf.replay->result < 0)
		wind_up(rt);
	if (rt->timers && rt->timers->t_ns <= rt->now_ns)
		timers_fire(rt, rt->now_ns);
	replay_posts(rt);
}

bool replay_poll(struct rt *rt)
{
	struct entry e;

	if (!peek(rt, &e) || e.kind != ENTRY_POLL || e.other != rt->stats.steps)
		return false;
	skip(rt, sizeof(e));
	while (take_if(rt, ENTRY_READY, &e))
		if (!poller_replay_report(&rt->poller, e.fd, (unsigned)e.value))
			stray(rt, -EILSEQ);
	return true;
}

bool replay_settle(struct rt *rt)
{
	struct entry e;

	return take_if(rt, ENTRY_SETTLE, &e);
}

void replay_rest(struct rt *rt)
{
	if (rt->conf.replay->result < 0 && (!rt->timers || rt->in_flight > 0))
		posts_wait(rt, REST_MS);
}

int replay_refused(struct rt *rt, int fd)
{
	struct entry e;

	if (!peek(rt, &e) || e.kind != ENTRY_REFUSED || e.fd != fd)
		return 0;
	skip(rt, sizeof(e));
	return (int)e.value;
}

ssize_t replay_read(struct rt *rt, int fd, void *buf, size_t size)
{
	struct entry e;

	if (!take(rt, ENTRY_READ, fd, &e))
		return -EIO;
	if (e.value <= 0)
		return (ssize_t)e.value;
	if ((size_t)e.value > size ||
	    (size_t)e.value > rt->conf.replay->size - rt->conf.replay->at) {
		stray(rt, -EILSEQ);
		return -EIO;
	}
	memcpy(buf, rt->conf.replay->bytes + rt->conf.replay->at, (size_t)e.value);
	skip(rt, (size_t)e.value);
	return (ssize_t)e.value;
}

ssize_t replay_write(struct rt *rt, int fd)
{
	struct entry e;

	return take(rt, ENTRY_WRITE, fd, &e) ? (ssize_t)e.value : -EIO;
}

void rt_record_fini(struct rt_record *r)
{
	free(r->bytes);
	*r = (struct rt_record){0};
}
