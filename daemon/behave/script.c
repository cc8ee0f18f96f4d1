/* Scripts as programs. */
#include "daemon/behave/script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/behave/load_check.h"
#include "daemon/behave/lua_host.h"
#include "daemon/rt/nursery.h"

struct program {
	const struct script_conf *conf;
	char *why;
};

_Static_assert(SCRIPT_WHY >= LUA_HOST_WHY, "an error must fit");

static void print_line(void *arg, const char *line, size_t len)
{
	(void)arg;
	fwrite(line, 1, len, stdout);
	putchar('\n');
	fflush(stdout);
}

/* Arguments: none. */
static int check_names(lua_State *L)
{
	load_check_program(L);
	lua_gc(L, LUA_GCCOLLECT,
	       0); /* the modules are compiled again when they are required */
	return 0;
}

/* All of @errs, each on a line of its own. */
static void write_errors(const struct conf_errors *errs, char *why)
{
	size_t n = 0;

	for (size_t i = 0; i < errs->n && n < SCRIPT_WHY; i++)
		n += (size_t)snprintf(why + n, SCRIPT_WHY - n, "%s%s", i > 0 ? "\n" : "",
				      errs->list[i].text);
}

/* Compile the program and look whether it knows what it names, before it does anything. */
static int load(struct lua_host *h, const char *path, int *ret_chunk, char *why)
{
	struct conf_errors errs = {0};
	int r = load_check_open(h, &errs);

	if (r == 0)
		r = lua_host_load(h, path, ret_chunk, why);
	if (r == 0) {
		lua_pushcfunction(h->L, check_names);
		if (lua_pcall(h->L, 0, 0, 0) != LUA_OK)
			lua_pop(h->L, 1); /* no memory: it is checked less */
	}
	if (r == 0 && errs.n > 0) {
		write_errors(&errs, why);
		r = -EINVAL;
	}
	load_check_close(h);
	conf_errors_fini(&errs);
	return r;
}

/* On a stack of its own. */
static int program_main(void *arg)
{
	struct program *p = arg;
	const char *slash = strrchr(p->conf->path, '/');
	const struct lua_host_conf conf = {
		.name = slash ? slash + 1 : p->conf->path,
		.heap_max = p->conf->heap_max,
		.world = p->conf->world,
		.folders = p->conf->folders,
		.program = true,
		.print = p->conf->print ? p->conf->print : print_line,
		.arg = p->conf->arg,
	};
	struct lua_host *h;
	char *why = NULL;
	int chunk, r;

	r = lua_host_new(&conf, &h);
	if (r < 0) {
		snprintf(p->why, SCRIPT_WHY, "%s: not enough memory", conf.name);
		return r;
	}
	r = load(h, p->conf->path, &chunk, p->why);
	if (r == 0)
		r = lua_host_call(h, chunk, NULL, &why);
	if (why)
		snprintf(p->why, SCRIPT_WHY, "%s", why);
	free(why);
	lua_host_free(h);
	return r;
}

int script_run(const struct script_conf *conf, char *why)
{
	const struct task_opt opt = {.name = "script", .stack_size = STACK_LUA};
	struct program p = {.conf = conf, .why = why};
	struct nursery n;

	why[0] = '\0';
	nursery_open(&n);
	(void)nursery_start(&n, NULL, &opt, program_main, &p); /* counts as failed */
	return nursery_close(&n, 0);
}
