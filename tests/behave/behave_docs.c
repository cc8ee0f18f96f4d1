/*
 * The documentation is true: every example in it is run on the virtual clock, and what it prints must be
 * what the page shows. An example is one or more ```lua blocks and the ```text block behind them; a
 * block that begins with `-- name.lua` or `-- lib/name.lua` is the file of that name. Files that return
 * behaviour { ... } live for ten seconds on the example robot; else the last one is run as a program.
 * INSTINCT_REGOLD=1 in the environment writes the pages anew.
 *
 * A ```c block must stand word for word in tests/unit/state_docs.c, where it is compiled and run.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/base/log.h"
#include "daemon/behave/lua_host.h"
#include "daemon/behave/script.h"
#include "daemon/behave/supervisor.h"
#include "daemon/rt/nursery.h"
#include "tests/behave/example_robot.h"

#define FILES_MAX 4
#define BEHAVIOURS_LIVE_NS (10 * NS_PER_S)

struct script_file {
	char name[48]; /* "greet.lua" */
	char path[128];
	char *text;
};

struct example {
	const char *folders[2]; /* where its files are */
	const char *page;
	unsigned line;
	struct script_file files[FILES_MAX];
	size_t n;
	FILE *out;
	struct example_robot bot;
};

static void say(void *arg, const char *line, size_t len)
{
	struct example *ex = arg;

	fprintf(ex->out, "%.*s\n", (int)len, line);
}

static void decided(void *arg, const struct decision *d)
{
	struct example *ex = arg;

	fprintf(ex->out, "%6.2f  %s\n", (double)d->t_ns / 1e9, d->text);
}

static void behaviour_says(void *arg, const char *behaviour, const char *line)
{
	struct example *ex = arg;

	fprintf(ex->out, "%6.2f  %s: %s\n", (double)rt_now() / 1e9, behaviour, line);
}

static void logged(enum log_level level, const char *text, void *arg)
{
	struct example *ex = arg;

	(void)level;
	fprintf(ex->out, "%6.2f  log: %.*s\n", (double)rt_now() / 1e9,
		(int)strcspn(text, "\n"), text);
}

static int run_program(struct example *ex)
{
	const struct script_conf conf = {.path = ex->files[ex->n - 1].path,
					 .world = ex->bot.world,
					 .folders = ex->folders,
					 .print = say,
					 .arg = ex};
	char why[SCRIPT_WHY];

	char *trace;

	if (script_run(&conf, why) == 0)
		return 0;
	trace = strstr(why, "\nstack traceback:");
	fprintf(ex->out, "error: %.*s\n", trace ? (int)(trace - why) : SCRIPT_WHY, why);
	return 0;
}

static int run_behaviours(struct example *ex)
{
	const struct supervisor_conf conf = {.world = ex->bot.world,
					     .resources = ex->bot.resources,
					     .folders = ex->folders,
					     .decided = decided,
					     .print = behaviour_says,
					     .arg = ex};
	struct supervisor *s = supervisor_new(&conf);
	struct conf_errors errs = {0};
	struct nursery n;
	int r;

	cr_assert(ne(ptr, s, NULL));
	for (size_t i = 0; i < ex->n; i++) {
		struct script_file *f = &ex->files[i];
		char name[48];

		if (strchr(f->name, '/'))
			continue; /* found by require */
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(f->name, "."), f->name);
		(void)!supervisor_load(s, name, f->path, NULL, &errs); /* errs tells */
	}
	for (size_t i = 0; i < errs.n; i++)
		fprintf(ex->out, "%s\n", errs.list[i].text);
	nursery_open(&n);
	nursery_go(&n, "behaviours", supervisor_run, s);
	r = task_sleep_until(errs.n ? 0 : BEHAVIOURS_LIVE_NS);
	nursery_cancel(&n, "the example has ended");
	r = nursery_close(&n, r);
	supervisor_free(s);
	conf_errors_fini(&errs);
	return r;
}

static int example_main(void *arg)
{
	const struct task_opt teller = {.name = "story", .service = true};
	struct example *ex = arg;
	struct nursery n;
	int r;

	example_robot_init(&ex->bot);
	for (size_t i = 0; i < ex->n; i++)
		story_read(&ex->bot.story, ex->files[i].text);
	nursery_open(&n);
	r = nursery_start(&n, NULL, &teller, story_tell, &ex->bot);
	if (r == 0 && strstr(ex->files[ex->n - 1].text, "return behaviour"))
		r = run_behaviours(ex);
	else if (r == 0)
		r = run_program(ex);
	r = nursery_close(&n, r);
	example_robot_fini(&ex->bot);
	return r;
}

/* What the example prints; to be freed. */
static char *run_example(struct example *ex)
{
	const struct rt_conf rt = {.clock = RT_CLOCK_VIRTUAL, .slow_step_ns = -1};
	char folder[] = "/tmp/instinct-docs-XXXXXX", lib[64];
	char *text = NULL;
	size_t size = 0;

	cr_assert(ne(ptr, mkdtemp(folder), NULL));
	snprintf(lib, sizeof(lib), "%s/lib", folder);
	cr_assert(eq(int, mkdir(lib, 0700), 0));
	ex->folders[0] = folder;
	for (size_t i = 0; i < ex->n; i++) {
		struct script_file *f = &ex->files[i];
		FILE *out;

		snprintf(f->path, sizeof(f->path), "%s/%s", folder, f->name);
		out = fopen(f->path, "w");
		cr_assert(ne(ptr, out, NULL), "%s", f->path);
		fputs(f->text, out);
		fclose(out);
	}
	ex->out = open_memstream(&text, &size);
	log_set_level(LOG_LEVEL_INFO);
	log_set_sink(logged, ex);
	cr_expect(eq(int, rt_run(&rt, example_main, ex), 0), "%s:%u", ex->page, ex->line);
	log_set_sink(NULL, NULL);
	fclose(ex->out);
	for (size_t i = 0; i < ex->n; i++) {
		unlink(ex->files[i].path);
		free(ex->files[i].text);
	}
	rmdir(lib);
	rmdir(folder);
	ex->n = 0;
	return text;
}

static char *read_whole(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	cr_assert(ne(ptr, f, NULL), "%s", path);
	cr_assert(gt(long, (long)getdelim(&text, &size, '\0', f), 0), "%s", path);
	fclose(f);
	return text;
}

/* A page while it is read, and written anew. */
struct page {
	const char *name;
	const char *at;
	unsigned line;
	FILE *anew;
	struct example ex;
	unsigned n_examples;
};

/* The next line with its newline; its length, 0 at the end. */
static size_t next_line(struct page *p, const char **ret)
{
	size_t len = strcspn(p->at, "\n");

	*ret = p->at;
	len += p->at[len] == '\n';
	p->at += len;
	p->line++;
	return len;
}

/* From here to the closing fence, which is read too; to be freed. */
static char *read_block(struct page *p)
{
	const char *line, *begin = p->at;
	size_t len = 0, n;

	while ((n = next_line(p, &line)) > 0 && strncmp(line, "```", 3) != 0)
		len += n;
	cr_assert(gt(sz, n, 0), "%s: a block does not end", p->name);
	return strndup(begin, len);
}

static void take_script(struct page *p)
{
	struct example *ex = &p->ex;
	struct script_file *f = &ex->files[ex->n];

	cr_assert(lt(sz, ex->n, FILES_MAX), "%s:%u", p->name, p->line);
	if (ex->n++ == 0)
		ex->line = p->line;
	ex->page = p->name;
	f->text = read_block(p);
	if (sscanf(f->text, "-- %40[a-z_/].lua", f->name) == 1 &&
	    strstr(f->text, ".lua\n") == strchr(f->text, '.'))
		strcat(f->name, ".lua");
	else
		strcpy(f->name, "example.lua");
	fprintf(p->anew, "%s```\n", f->text);
}

static void check_output(struct page *p)
{
	unsigned line = p->ex.line;
	char *shown = read_block(p), *got;

	cr_assert(gt(sz, p->ex.n, 0), "%s:%u: output without an example", p->name,
		  p->line);
	got = run_example(&p->ex);
	cr_expect(eq(str, got, shown), "%s:%u", p->name, line);
	fprintf(p->anew, "%s```\n", got);
	p->n_examples++;
	free(got);
	free(shown);
}

static void check_c(struct page *p)
{
	char *source = read_whole(INSTINCT_SOURCE "/tests/unit/state_docs.c");
	unsigned line = p->line;
	char *block = read_block(p);

	cr_expect(ne(ptr, strstr(source, block), NULL),
		  "%s:%u: not in tests/unit/state_docs.c", p->name, line);
	fprintf(p->anew, "%s```\n", block);
	free(block);
	free(source);
}

static void check_page(const char *name)
{
	struct page p = {.name = name};
	char path[256], *text, *anew = NULL;
	const char *line;
	size_t len, size = 0;

	snprintf(path, sizeof(path), INSTINCT_SOURCE "/docs/%s", name);
	text = read_whole(path);
	p.at = text;
	p.anew = open_memstream(&anew, &size);
	while ((len = next_line(&p, &line)) > 0) {
		fwrite(line, 1, len, p.anew);
		cr_assert(p.ex.n == 0 || *line != '#', "%s:%u: what does it print?", name,
			  p.ex.line);
		if (strncmp(line, "```lua", 6) == 0)
			take_script(&p);
		else if (strncmp(line, "```text", 7) == 0)
			check_output(&p);
		else if (strncmp(line, "```c\n", 5) == 0)
			check_c(&p);
	}
	fclose(p.anew);
	cr_expect(gt(uint, p.n_examples, 0), "%s has no example", name);
	if (getenv("INSTINCT_REGOLD")) {
		FILE *f = fopen(path, "w");

		fputs(anew, f);
		fclose(f);
	}
	free(anew);
	free(text);
}

Test(docs, behaviours)
{
	check_page("BEHAVIOURS.md");
}

Test(docs, values)
{
	check_page("VALUES.md");
	check_page("VALUES_BY_EXAMPLE.md");
}

/* One of everything that has methods or fields, so that their types are there. */
static const char one_of_each[] =
	"local v = AsyncValue(0)\n"
	"local kinds = { channel(), Event(), gt(1), eq 'x', _G }\n"
	"v:transitions() v:eventual_values()\n"
	"nursery(function(n) n:start(function() end) end)\n";

struct names {
	const char *page;
	struct lua_host *host;
	unsigned n;
};

/* @name must stand on the page as a call or a field: in a heading, or among what is left of Lua. */
static void expect_entry(struct names *all, const char *before, const char *name)
{
	const char *left = strstr(all->page, "\n## What is left of Lua\n");
	char word[80];
	size_t len;

	snprintf(word, sizeof(word), "%s%s", before, name);
	len = strlen(word);
	all->n++;
	for (const char *at = all->page; (at = strstr(at, word)); at += len) {
		const char *line = at;
		bool whole =
			!strchr("abcdefghijklmnopqrstuvwxyz_", at[len]) &&
			(*before || !strchr("abcdefghijklmnopqrstuvwxyz_.:", at[-1]));

		while (line[-1] != '\n')
			line--;
		if (whole && (strncmp(line, "##", 2) == 0 ||
			      (!*before && at > left && at < left + 600)))
			return;
	}
	cr_expect(false, "docs/BEHAVIOURS.md has no entry for %s", word);
}

/* The names in the table at the top; @before: "" for globals, ":" for methods. */
static void expect_entries(struct names *all, lua_State *L, const char *before)
{
	int table = lua_gettop(L);

	for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
		bool field = lua_type(L, -1) == LUA_TNUMBER; /* of values */

		if (lua_type(L, -2) == LUA_TSTRING &&
		    strncmp(lua_tostring(L, -2), "_", 1) != 0)
			expect_entry(all, field ? "." : before, lua_tostring(L, -2));
	}
}

static int expect_all_entries(lua_State *L)
{
	struct names *all = lua_touserdata(L, 1);

	lua_pushglobaltable(L);
	expect_entries(all, L, "");
	for (const char *const *p = lua_prelude_names; *p; p++)
		expect_entry(all, "", *p);
	/* Types are in the registry: with a name, and methods behind __index. */
	for (lua_pushnil(L); lua_next(L, LUA_REGISTRYINDEX); lua_settop(L, 3)) {
		if (lua_type(L, 3) != LUA_TSTRING || !lua_istable(L, 4) ||
		    lua_getfield(L, 4, "__name") != LUA_TSTRING)
			continue;
		if (lua_getfield(L, 4, "__index") == LUA_TFUNCTION)
			(void)lua_getupvalue(L, -1, 1);
		if (lua_istable(L, -1))
			expect_entries(all, L, ":");
	}
	return 0;
}

static int run_one_of_each(void *arg)
{
	const struct lua_host_conf conf = {.name = "each"};
	struct names *all = arg;
	char path[] = "/tmp/instinct-each-XXXXXX", why[LUA_HOST_WHY], *call_why = NULL;
	FILE *f = fdopen(mkstemp(path), "w");
	int chunk;
	lua_State *L;

	fputs(one_of_each, f);
	fclose(f);
	cr_assert(eq(int, lua_host_new(&conf, &all->host), 0));
	cr_assert(eq(int, lua_host_load(all->host, path, &chunk, why), 0), "%s", why);
	cr_assert(eq(int, lua_host_call(all->host, chunk, NULL, &call_why), 0), "%s",
		  call_why);
	unlink(path);
	L = all->host->L;
	lua_pushcfunction(L, expect_all_entries);
	lua_pushlightuserdata(L, all);
	cr_expect(eq(int, lua_pcall(L, 1, 0, 0), LUA_OK), "%s", lua_tostring(L, -1));
	lua_host_free(all->host);
	return 0;
}

static int entries_main(void *arg)
{
	const struct task_opt opt = {.name = "each", .stack_size = STACK_LUA};
	struct nursery n;

	nursery_open(&n);
	cr_assert(eq(int, nursery_start(&n, NULL, &opt, run_one_of_each, arg), 0));
	return nursery_close(&n, 0);
}

Test(docs, every_call_has_an_entry)
{
	const struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL, .slow_step_ns = -1};
	char *page = read_whole(INSTINCT_SOURCE "/docs/BEHAVIOURS.md");
	struct names all = {.page = page};

	cr_assert(eq(int, rt_run(&conf, entries_main, &all), 0));
	cr_expect(gt(uint, all.n, 80), "%u names", all.n);
	free(page);
}
