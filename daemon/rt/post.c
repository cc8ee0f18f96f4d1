/*
 * Posts: a lock-free list that any thread pushes to and the loop takes whole (Treiber, IBM RJ 5118,
 * 1986; taking all at once avoids its ABA problem), then turns round to be first in, first out.
 */
#include "daemon/rt/post.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "daemon/rt/internal.h"

/* Stands for the list after the end: whoever sees it is refused. */
static struct post closed_mark;

int rt_post(struct rt *rt, struct post *p)
{
	struct post *head;
	const uint64_t one = 1;

	if (atomic_exchange(&p->pending, true))
		return 1;
	head = atomic_load(&rt->posts);
	do {
		if (head == &closed_mark) {
			atomic_store(&p->pending, false);
			return -ESHUTDOWN;
		}
		p->next = head;
	} while (!atomic_compare_exchange_weak(&rt->posts, &head, p));
	/* The first on an empty list wakes a loop that sleeps; the loop looks at the list after it
	 * has said that it sleeps, so one of the two sees the other. */
	if (atomic_load(&rt->asleep))
		(void)!write(rt->wake_fd, &one, sizeof(one));
	return 0;
}

/* Append what came in, oldest first, to what was taken before. */
static void take(struct rt *rt)
{
	struct post *p = atomic_exchange(&rt->posts, NULL);
	struct post *oldest = NULL;
	struct post **end = &rt->posts_taken;

	while (p) {
		struct post *next = p->next;

		p->next = oldest;
		oldest = p;
		p = next;
	}
	while (*end)
		end = &(*end)->next;
	*end = oldest;
}

static void deliver(struct post *p)
{
	/* From here on it may be posted again, also by its own fn. */
	atomic_store(&p->pending, false);
	p->fn(p);
}

HOT unsigned posts_deliver(struct rt *rt, unsigned most)
{
	unsigned n = 0;

	if (!posts_pending(rt))
		return 0;
	if (!rt->posts_taken)
		take(rt);
	while (rt->posts_taken && n < most) {
		struct post *p = rt->posts_taken;

		rt->posts_taken = p->next;
		record_post(rt, p);
		deliver(p);
		n++;
	}
	return n;
}

uint64_t post_source_new(struct rt *rt)
{
	return UINT64_C(1) << 63 | ++rt->post_source;
}

void posts_wait(struct rt *rt, int timeout_ms)
{
	struct pollfd wake = {.fd = rt->wake_fd, .events = POLLIN};
	uint64_t count;

	atomic_store(&rt->asleep, true);
	if (!atomic_load(&rt->posts) && poll(&wake, 1, timeout_ms) > 0)
		(void)!read(rt->wake_fd, &count, sizeof(count));
	atomic_store(&rt->asleep, false);
}

/* Where the first post from @source, or if given @which, hangs; waits for it. NULL: it did not come. */
static struct post **await(struct rt *rt, uint64_t source, const struct post *which,
			   int timeout_ms)
{
	int64_t until = clock_read() + timeout_ms * NS_PER_MS;

	for (;;) {
		struct post **p = &rt->posts_taken;

		take(rt);
		while (*p && (which ? *p != which : (*p)->source != source))
			p = &(*p)->next;
		if (*p)
			return p;
		if (timeout_ms >= 0 && clock_read() >= until)
			return NULL;
		posts_wait(rt, timeout_ms);
	}
}

bool posts_deliver_from(struct rt *rt, uint64_t source, int timeout_ms)
{
	struct post **at = await(rt, source, NULL, timeout_ms);
	struct post *p;

	if (!at)
		return false;
	p = *at;
	*at = p->next;
	deliver(p);
	return true;
}

void posts_drop(struct rt *rt, struct post *p)
{
	struct post **at = await(rt, 0, p, -1);

	*at = p->next;
}

void posts_refuse(struct rt *rt)
{
	/* What was posted in time is delivered; from the mark on, posters are refused. */
	struct post *left;

	while (posts_pending(rt))
		(void)posts_deliver(rt, ~0u);
	left = NULL;
	while (!atomic_compare_exchange_weak(&rt->posts, &left, &closed_mark)) {
		(void)posts_deliver(rt, ~0u);
		left = NULL;
	}
}
