/* Scripts as programs. */
#include "daemon/behave/script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	r = lua_host_load(h, p->conf->path, &chunk, p->why);
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
