/* Stacks for tasks. */
#include "daemon/rt/stack.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define POOL_KEEP 64    /* stacks of a size that are kept for good */
#define TRIM_AT_ONCE 16 /* about 50 us of work */

/* A pooled stack keeps the link to the next one in its highest word, which is resident anyway. */
static void **pool_link(void *lo, size_t size)
{
	return (void **)(void *)((char *)lo + size - sizeof(void *));
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

int stack_get(struct stack_pool *pool, size_t size, struct stack *ret)
{
	int i = pool_index(size);
	char *map;

	if (i >= 0 && pool->free[i]) {
		ret->lo = pool->free[i];
		ret->size = size;
		pool->free[i] = *pool_link(ret->lo, size);
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

static void give_back(struct stack_pool *pool, int i, const struct stack *s, size_t page)
{
	size_t bytes = depth(s, page);

	if (bytes > pool->deepest[i])
		pool->deepest[i] = bytes;
	madvise(s->lo, s->size - page, MADV_DONTNEED);
}

static void unmap(void *lo, size_t size)
{
	munmap((char *)lo - STACK_GUARD, STACK_GUARD + size);
}

void stack_put(struct stack_pool *pool, const struct stack *s)
{
	int i = pool_index(s->size);
	size_t page = page_size();

	if (i < 0) {
		unmap(s->lo, s->size);
		return;
	}
	/* What is more than the pool keeps is unmapped soon anyway. */
	if (pool->count[i] < POOL_KEEP && went_deep(s, page))
		give_back(pool, i, s, page);
	else if (pool->deepest[i] < page)
		pool->deepest[i] = page;
	*pool_link(s->lo, s->size) = pool->free[i];
	pool->free[i] = s->lo;
	pool->count[i]++;
}

static void drop_one(struct stack_pool *pool, size_t i)
{
	void *lo = pool->free[i];

	pool->free[i] = *pool_link(lo, pool_sizes[i]);
	pool->count[i]--;
	unmap(lo, pool_sizes[i]);
}

bool stack_pool_trim(struct stack_pool *pool)
{
	unsigned dropped = 0;

	for (size_t i = 0; i < ARRAY_LEN(pool_sizes); i++)
		for (; pool->count[i] > POOL_KEEP && dropped < TRIM_AT_ONCE; dropped++)
			drop_one(pool, i);
	return dropped > 0;
}

void stack_pool_fini(struct stack_pool *pool)
{
	for (size_t i = 0; i < ARRAY_LEN(pool_sizes); i++)
		while (pool->free[i])
			drop_one(pool, i);
}

bool stack_in_guard(const struct stack *s, const void *addr)
{
	const char *lo = s->lo;
	const char *a = addr;

	return a >= lo - STACK_GUARD && a < lo;
}
