/*
 * Every tests/behave/<name>.lua runs as a program on the virtual clock; what it prints, and the error it
 * ends with, must be <name>.out. INSTINCT_REGOLD=1 in the environment writes the files anew.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/behave/script.h"
#include "daemon/rt/rt.h"
#include "daemon/state/world.h"

struct run {
	struct script_conf conf;
	FILE *out;
};

static void print(void *arg, const char *line, size_t len)
{
	fprintf(arg, "%.*s\n", (int)len, line);
}

/* What the scripts find in their world. */
static struct world *make_world(void)
{
	static const struct {
		const char *name;
		double n;
		double stale_after;
	} numbers[] = {{"imu.rate", 100, 0},
		       {"battery.percent", 80, 0},
		       {"front.distance", 3, 1}};
	static const struct value_info touched = {
		.name = "head.touched", .typed = true, .type = DATUM_BOOL};
	struct world *w = world_new();
	struct datum d = datum_bool(false);
	struct value *v;

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		const struct value_info info = {
			.name = numbers[i].name,
			.source = "test",
			.stale_after_ns = (int64_t)(numbers[i].stale_after * 1e9),
		};
		struct datum n = datum_number(numbers[i].n);

		cr_assert(eq(int, world_add(w, &info, &v), 0));
		cr_assert(eq(int, value_set(v, &n), 0));
	}
	cr_assert(eq(int, world_add(w, &touched, &v), 0));
	cr_assert(eq(int, value_set(v, &d), 0));
	return w;
}

static int run_main(void *arg)
{
	struct run *run = arg;
	struct world *w = make_world();
	char why[SCRIPT_WHY];
	int r;

	run->conf.world = w;
	r = script_run(&run->conf, why);
	if (r < 0)
		fprintf(run->out, "error: %.*s\n", (int)strcspn(why, "\n"), why);
	world_free(w);
	return 0;
}

static char *read_text(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!f || getdelim(&text, &size, '\0', f) < 0) {
		free(text);
		text = strdup("");
	}
	if (f)
		fclose(f);
	return text;
}

static void check_script(const char *path, enum rt_poller poller)
{
	const struct rt_conf rt = {
		.clock = RT_CLOCK_VIRTUAL, .poller = poller, .slow_step_ns = -1};
	static const char *const folders[] = {INSTINCT_SOURCE "/tests/behave", NULL};
	struct run run = {.conf = {.path = path, .folders = folders, .print = print}};
	char golden[512], *text = NULL, *want;
	size_t size = 0;

	snprintf(golden, sizeof(golden), "%.*s.out", (int)strlen(path) - 4, path);
	run.out = open_memstream(&text, &size);
	run.conf.arg = run.out;
	cr_assert(eq(int, rt_run(&rt, run_main, &run), 0));
	fclose(run.out);
	if (getenv("INSTINCT_REGOLD")) {
		FILE *f = fopen(golden, "w");

		fputs(text, f);
		fclose(f);
	}
	want = read_text(golden);
	cr_expect(eq(str, text, want), "%s", path);
	free(want);
	free(text);
}

static void check_all(enum rt_poller poller)
{
	const char *one = getenv("INSTINCT_SCRIPT");
	glob_t g;

	cr_assert(eq(int, glob(INSTINCT_SOURCE "/tests/behave/*.lua", 0, NULL, &g), 0));
	for (size_t i = 0; i < g.gl_pathc; i++)
		if (!one || strstr(g.gl_pathv[i], one))
			check_script(g.gl_pathv[i], poller);
	globfree(&g);
}

Test(scripts, golden_output_epoll)
{
	check_all(RT_POLLER_EPOLL);
}

Test(scripts, golden_output_poll)
{
	check_all(RT_POLLER_POLL);
}
