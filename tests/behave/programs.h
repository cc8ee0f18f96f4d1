/* Programs in Lua, written in the test, run side by side, each in a Lua state of its own. */
#ifndef TESTS_BEHAVE_PROGRAMS_H
#define TESTS_BEHAVE_PROGRAMS_H
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/behave/script.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"

/* A program in Lua, and what came of it. */
struct program {
	const char *text;
	struct world *world;        /* what `value` finds, or NULL */
	const char *const *folders; /* of modules, or NULL */
	int r;
	unsigned place; /* in the order in which programs ended */
	char why[SCRIPT_WHY];
	char out[4096];
};

static unsigned ended;

struct run {
	struct program *programs;
	unsigned n;
};

static inline void program_print(void *arg, const char *line, size_t len)
{
	struct program *p = arg;
	size_t used = strlen(p->out);

	snprintf(p->out + used, sizeof(p->out) - used, "%.*s\n", (int)len, line);
}

static inline int program_main(void *arg)
{
	struct program *p = arg;
	char folder[] = "/tmp/program.XXXXXX", path[64];
	const struct script_conf conf = {
		.path = path,
		.world = p->world,
		.folders = p->folders,
		.print = program_print,
		.arg = p,
	};
	FILE *f;

	cr_assert(ne(ptr, mkdtemp(folder), NULL));
	snprintf(path, sizeof(path), "%s/script.lua", folder);
	f = fopen(path, "w");
	cr_assert(ne(ptr, f, NULL));
	fputs(p->text, f);
	fclose(f);
	p->r = script_run(&conf, p->why);
	p->place = ++ended;
	unlink(path);
	rmdir(folder);
	return 0;
}

static inline int run_main(void *arg)
{
	struct run *run = arg;
	struct nursery n;

	nursery_open(&n);
	for (unsigned i = 0; i < run->n; i++)
		nursery_go(&n, "program", program_main, &run->programs[i]);
	return nursery_close(&n, 0);
}

/* Run the programs side by side, each in a Lua state of its own. */
static inline void run_all(enum rt_clock clock, struct program *programs, unsigned n)
{
	const struct rt_conf conf = {.clock = clock, .slow_step_ns = -1};
	struct run run = {.programs = programs, .n = n};

	cr_assert(eq(int, rt_run(&conf, run_main, &run), 0));
}

#endif
