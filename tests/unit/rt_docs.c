/*
 * The example of docs/USING_THE_RUNTIME.md, compiled and run; it stands here word for word, which is looked at too.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "daemon/rt/fd.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/periodic.h"
#include "daemon/rt/scope.h"
#include "tests/unit/rt_run.h"

struct lamp {
	int fd; /* non-blocking: each byte that comes is a visitor */
	unsigned visitors, blinks;
};

/* Count visitors until none has come for a second. Suspends. */
static int count_visitors(void *arg)
{
	struct lamp *lamp = arg;

	(void)task_ready(NULL); /* nursery_start_ready() returns */
	for (;;) {
		struct scope patience;
		ssize_t n;
		int r;
		char c;

		scope_enter_after(&patience, NS_PER_S);
		n = fd_read(lamp->fd, &c, 1);
		r = scope_leave_timeout(&patience, (int)n);
		if (r == -ETIMEDOUT)
			return 0;
		if (r <= 0)
			return r; /* cancelled, an error, or the end of what came */
		lamp->visitors++;
	}
}

/* Blink four times a second, until cancelled. Suspends. */
static int blink(void *arg)
{
	struct lamp *lamp = arg;
	struct periodic p;
	struct tick tick;
	int r;

	periodic_init(&p, 250 * NS_PER_MS, PERIODIC_SKIP);
	while ((r = periodic_next(&p, &tick)) == 0)
		lamp->blinks++;
	return r;
}

/* The root task: rt_run(NULL, run_lamp, &lamp). */
static int run_lamp(void *arg)
{
	const struct task_opt helper = {.name = "blink", .service = true};
	const struct task_opt work = {.name = "visitors"};
	struct nursery n;
	int r;

	nursery_open(&n);
	nursery_start(&n, NULL, &helper, blink, arg);
	r = nursery_start_ready(&n, &work, count_visitors, arg, NULL);
	return nursery_close(&n, r); /* waits for the work, then ends the helper */
}

static int with_visitors(void *arg)
{
	struct lamp lamp = {0};
	int fds[2];

	(void)arg;
	expect(pipe2(fds, O_NONBLOCK), 0);
	lamp.fd = fds[0];
	expect(write(fds[1], "abc", 3), 3);
	expect(run_lamp(&lamp), 0);
	cr_assert(eq(u32, lamp.visitors, 3));
	cr_assert(eq(u32, lamp.blinks, 5)); /* the first at once */
	cr_assert(eq(i64, rt_now(), NS_PER_S));
	fd_close(fds[1]);
	expect(run_lamp(&lamp), 0); /* nobody can come any more: at once */
	cr_assert(eq(i64, rt_now(), NS_PER_S));
	fd_close(fds[0]);
	expect(run_lamp(&lamp), -EBADF);
	return 0;
}

Test(docs, the_example_runs)
{
	run_on(RT_CLOCK_VIRTUAL, with_visitors);
}

static char *read_whole(const char *path)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = fopen(path, "r");

	cr_assert(f != NULL, "%s", path);
	cr_assert(getdelim(&text, &size, '\0', f) > 0, "%s", path);
	fclose(f);
	return text;
}

Test(docs, the_example_is_that_of_the_page)
{
	char *page = read_whole(INSTINCT_SOURCE "/docs/USING_THE_RUNTIME.md");
	char *source = read_whole(INSTINCT_SOURCE "/tests/unit/rt_docs.c");
	char *block = strstr(page, "```c\n");
	char *end;

	cr_assert(block != NULL);
	block += strlen("```c\n");
	end = strstr(block, "```");
	cr_assert(end != NULL);
	*end = '\0';
	cr_assert(strstr(source, block) != NULL, "not in rt_docs.c: %s", block);
	free(page);
	free(source);
}
