/*
 * Posts: a lock-free list that any thread pushes to and the loop takes whole (Treiber, IBM RJ 5118,
 * 1986; taking all at once avoids its ABA problem), then turns round to be first in, first out.
 */
#include "daemon/rt/post.h"

#include <errno.h>
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

bool posts_pending(struct rt *rt)
{
	return rt->posts_taken || atomic_load(&rt->posts);
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

unsigned posts_deliver(struct rt *rt, unsigned most)
{
	unsigned n = 0;

	if (!rt->posts_taken && !atomic_load_explicit(&rt->posts, memory_order_relaxed))
		return 0;
	if (!rt->posts_taken)
		take(rt);
	while (rt->posts_taken && n < most) {
		struct post *p = rt->posts_taken;

		rt->posts_taken = p->next;
		/* From here on it may be posted again, also by its own fn. */
		atomic_store(&p->pending, false);
		p->fn(p);
		n++;
	}
	return n;
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
