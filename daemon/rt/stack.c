/* Stacks for tasks. */
#include "daemon/rt/stack.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define POOL_KEEP 64    /* stacks of a size that are kept for good */
#define TRIM_AT_ONCE 16 /* about 50 us of work */
#define BELOW 256 /* what may be in use below a stack pointer: red zone, return address */

/* A pooled stack keeps the link to the next one in its highest word, which is resident anyway. */
static void **pool_link(void *lo, size_t size)
{
	return (void **)(void *)((char *)lo + size - sizeof(void *));
}

static void push(void **list, void *lo, size_t size)
{
	*pool_link(lo, size) = *list;
	*list = lo;
}

static void *pop(void **list, size_t size)
{
	void *lo = *list;

	*list = *pool_link(lo, size);
	return lo;
}

static const size_t pool_sizes[] = {STACK_DEFAULT, STACK_LUA};

/* Which of the pool's lists holds stacks of @size; -1: none. */
static int pool_index(size_t size)
{
	for (size_t i = 0; i < ARRAY_LEN(pool_sizes); i++)
		if (size == pool_sizes[i])
			return (int)i;
	return -1;
}

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t round_up(size_t size, size_t page)
{
	return (size + page - 1) / page * page;
}

/*
 * Whether more than the top page was used: looks at the upper half of the page below it, which any
 * deeper call leaves marks in. Reading an untouched page costs no memory. (The red zones of ended
 * frames are none of AddressSanitizer's business here.)
 */
NO_SANITIZE_ADDRESS static bool went_deep(const struct stack *s, size_t page)
{
	const uint64_t *p = (const uint64_t *)(const void *)((char *)s->lo + s->size -
							     page - page / 2);

	for (size_t i = 0; i < page / 2 / sizeof(*p); i++)
		if (p[i])
			return true;
	return false;
}

/* Bytes down to the lowest page that was touched. */
static size_t depth(const struct stack *s, size_t page)
{
	unsigned char resident[STACK_LUA / 4096];
	size_t untouched = 0;

	if (mincore(s->lo, s->size, resident) < 0)
		return 0;
	while (untouched < s->size / page && !(resident[untouched] & 1))
		untouched++;
	return s->size - untouched * page;
}

static void note_depth(struct stack_pool *pool, size_t size, size_t bytes)
{
	int i = pool_index(size);

	if (i >= 0 && bytes > pool->deepest[i])
		pool->deepest[i] = bytes;
}

bool stack_trim(struct stack_pool *pool, const struct stack *s, const void *floor)
{
	size_t page = page_size();
	size_t bytes = pool_index(s->size) < 0 ? 0 : depth(s, page);
	size_t used = round_up(
		(size_t)((char *)s->lo + s->size - (const char *)floor) + BELOW, page);

	note_depth(pool, s->size, bytes);
	if (bytes <= used)
		return false;
	madvise(s->lo, s->size - used, MADV_DONTNEED);
	return true;
}

static void unmap(void *lo, size_t size)
{
	munmap((char *)lo - STACK_GUARD, STACK_GUARD + size);
}

void stack_put(struct stack_pool *pool, const struct stack *s)
{
	int i = pool_index(s->size);

	if (i < 0) {
		unmap(s->lo, s->size);
		return;
	}
	push(&pool->fresh[i], s->lo, s->size);
	pool->count[i]++;
}

/* Take one that came back to those that are kept. Returns whether it was a deep one. */
static bool settle_one(struct stack_pool *pool, size_t i)
{
	size_t page = page_size();
	struct stack s = {pop(&pool->fresh[i], pool_sizes[i]), pool_sizes[i]};
	bool deep = went_deep(&s, page);

	if (deep) {
		note_depth(pool, s.size, depth(&s, page));
		madvise(s.lo, s.size - page, MADV_DONTNEED);
	}
	note_depth(pool, s.size, page);
	push(&pool->free[i], s.lo, s.size);
	return deep;
}

int stack_get(struct stack_pool *pool, size_t size, struct stack *ret)
{
	int i = pool_index(size);
	char *map;

	if (i >= 0 && pool->count[i] > 0) {
		void **list;

		/* A script may wait for long, and does not keep what another touched. */
		if (size == STACK_LUA && pool->fresh[i])
			(void)settle_one(pool, (size_t)i);
		list = pool->fresh[i] && size != STACK_LUA ? &pool->fresh[i]
							   : &pool->free[i];
		ret->lo = pop(list, size);
		ret->size = size;
		pool->count[i]--;
		return 0;
	}
	size = round_up(size, page_size());
	map = mmap(NULL, STACK_GUARD + size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (map == MAP_FAILED)
		return -ENOMEM;
	if (mprotect(map, STACK_GUARD, PROT_NONE) < 0) {
		munmap(map, STACK_GUARD + size);
		return -EAGAIN;
	}
	ret->lo = map + STACK_GUARD;
	ret->size = size;
	return 0;
}

static void drop_one(struct stack_pool *pool, void **list, size_t i)
{
	unmap(pop(list, pool_sizes[i]), pool_sizes[i]);
	pool->count[i]--;
}

bool stack_pool_trim(struct stack_pool *pool)
{
	unsigned left = TRIM_AT_ONCE;
	bool long_work = false;

	for (size_t i = 0; i < ARRAY_LEN(pool_sizes); i++) {
		void **list = pool->fresh[i] ? &pool->fresh[i] : &pool->free[i];

		for (; pool->count[i] > POOL_KEEP && *list && left > 0; left--) {
			drop_one(pool, list, i);
			long_work = true;
		}
		for (; pool->fresh[i] && left > 0; left--)
			long_work |= settle_one(pool, i);
	}
	return long_work || left == 0;
}

void stack_pool_fini(struct stack_pool *pool)
{
	for (size_t i = 0; i < ARRAY_LEN(pool_sizes); i++) {
		while (pool->fresh[i])
			drop_one(pool, &pool->fresh[i], i);
		while (pool->free[i])
			drop_one(pool, &pool->free[i], i);
	}
}

bool stack_in_guard(const struct stack *s, const void *addr)
{
	const char *lo = s->lo;
	const char *a = addr;

	return a >= lo - STACK_GUARD && a < lo;
}
