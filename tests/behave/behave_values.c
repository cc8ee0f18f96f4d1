/* Rules of values that the loop's own side shows: what a script's waits cost and leave, and who may set. */
#include <errno.h>
#include <pthread.h>

#include "daemon/base/log.h"
#include "daemon/behave/lua_host.h"
#include "daemon/rt/post.h"
#include "tests/behave/programs.h"

static void run_virtual(int (*fn)(void *arg))
{
	const struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL, .slow_step_ns = -1};

	cr_assert(eq(int, rt_run(&conf, fn, NULL), 0));
}

static struct value *add(struct world *w, const char *name)
{
	const struct value_info info = {.name = name, .source = "test"};
	const struct datum zero = datum_number(0);
	struct value *v;

	cr_assert(eq(int, world_add(w, &info, &v), 0));
	cr_assert(eq(int, value_set(v, &zero), 0));
	return v;
}

static void set(struct value *v, double x)
{
	const struct datum d = datum_number(x);

	cr_assert(eq(int, value_set(v, &d), 0));
}

static unsigned waits_for(const struct value *v)
{
	const char *name;

	return value_uses(v, &name);
}

/* Ends of waits, of every kind and in every way. */
static const char many_ends[] =
	"local a = value 'test.a'\n"
	"local function never() return false end\n"
	"for _ = 1, 3 do\n"
	"	nursery(function(n)\n"
	"		for i = 1, 40 do\n"
	"			local p = i % 2 == 0 and never or gt(100)\n"
	"			n:start(function() a:wait_value(p) end)\n"
	"			n:start(function() a:wait_value(p, { held_for = 1 }) "
	"end)\n"
	"			n:start(function() a:wait_transition(p) end)\n"
	"			n:start(function() for _ in a:transitions(p, { queue = 3 "
	"}) do "
	"end end)\n"
	"			n:start(function() for _ in a:eventual_values(p) do end "
	"end)\n"
	"			n:start(choose, { { a, p }, 10 })\n"
	"		end\n"
	"		sleep(1)\n"
	"		n:cancel()\n"
	"	end)\n"
	"end\n"
	"for _ = 1, 2000 do a:wait_value(never, { timeout = 0 }) end\n"
	"print(a:wait_value(never, { timeout = 1 }))\n"
	"sleep(1)\n";

static int leaves_nothing(void *arg)
{
	struct program p = {.text = many_ends};
	struct run run = {&p, 1};
	struct world *w = world_new();
	struct value *a = add(w, "test.a");
	struct nursery n;

	(void)arg;
	p.world = w;
	nursery_open(&n);
	nursery_go(&n, "script", run_main, &run);
	cr_assert(eq(int, task_sleep(NS_PER_S / 2), 0));
	cr_expect(eq(uint, waits_for(a), 6 * 40));
	cr_assert(eq(int, task_sleep(4 * NS_PER_S), 0)); /* behind the last wait */
	cr_expect(eq(uint, waits_for(a), 0));
	cr_assert(eq(int, nursery_close(&n, 0), 0));
	cr_expect(eq(str, p.out, (char *)"nil\ttimeout\n"), "%s", p.why);
	world_free(w);
	return 0;
}

/* V18: waits that ended, cancelled or in whatever way, are in no list of the value any more. */
Test(values, V18_ended_waits_of_a_script_leave_nothing)
{
	run_virtual(leaves_nothing);
}

/* Predicates of 200 tasks on one value, and of one on another. */
static const char two_values[] =
	"local a, b, looks = value 'test.a', value 'test.b', 0\n"
	"local function look(x) looks = looks + 1 return x == 9 end\n"
	"nursery(function(n)\n"
	"	for _ = 1, 200 do n:start(function() a:wait_value(look) end) end\n"
	"	n:start(function() b:wait_value(look) end)\n"
	"	sleep(1)\n"
	"	looks = 0\n"
	"	sleep(1)\n"
	"	print(looks)\n"
	"	sleep(1)\n"
	"	print(looks)\n"
	"	n:cancel()\n"
	"end)\n";

static int looks_at_its_own(void *arg)
{
	struct program p = {.text = two_values};
	struct run run = {&p, 1};
	struct world *w = world_new();
	struct value *a = add(w, "test.a"), *b = add(w, "test.b");
	struct nursery n;

	(void)arg;
	p.world = w;
	nursery_open(&n);
	nursery_go(&n, "script", run_main, &run);
	cr_assert(eq(int, task_sleep(3 * NS_PER_S / 2), 0));
	for (int i = 1; i <= 5; i++)
		set(b, i);
	cr_assert(eq(int, task_sleep(NS_PER_S), 0));
	set(a, 1);
	set(a, 1); /* equal: nobody is asked */
	cr_assert(eq(int, nursery_close(&n, 0), 0));
	cr_expect(eq(str, p.out, (char *)"5\n205\n"), "%s", p.why);
	world_free(w);
	return 0;
}

/* V18: a set asks the waiters whose value this is, each once. */
Test(values, V18_a_set_asks_only_those_who_wait_for_it)
{
	run_virtual(looks_at_its_own);
}

/* One task computes for many slices; the predicate of another belongs to the same, paused state. */
static const char computes[] =
	"local a = value 'test.a'\n"
	"local twice = a:transform(function(x) return 2 * x end)\n"
	"nursery(function(n)\n"
	"	n:start(function() print(a:wait_value(function(x) return x == 3 end)) "
	"end)\n"
	"	n:start(function() print(twice:wait_value(8)) end)\n"
	"	sleep(1)\n"
	"	for _ = 1, 3e6 do end\n"
	"	print 'computed'\n"
	"end)\n";

static int while_paused(void *arg)
{
	struct program p = {.text = computes};
	struct run run = {&p, 1};
	struct world *w = world_new();
	struct value *a = add(w, "test.a");
	struct nursery n;

	(void)arg;
	p.world = w;
	nursery_open(&n);
	nursery_go(&n, "script", run_main, &run);
	cr_assert(eq(int, task_sleep(NS_PER_S), 0));
	for (int i = 0; i < 10; i++) /* of some thirty slices */
		cr_assert(eq(int, task_sleep(0), 0));
	set(a, 3);
	set(a, 4);
	set(a, 5);
	cr_expect(eq(str, p.out, (char *)""));
	cr_assert(eq(int, nursery_close(&n, 0), 0));
	cr_expect(eq(str, p.out, (char *)"computed\n3\n8\n"), "%s", p.why);
	world_free(w);
	return 0;
}

/* V5: predicates and transforms are evaluated while their script is paused, and miss nothing. */
Test(values, V5_predicates_of_a_paused_script)
{
	run_virtual(while_paused);
}

/* A script on a host of its own, so that the host can be looked at. */
struct hosted {
	const char *path;
	struct world *world;
	struct lua_host *host;
};

static int run_hosted(void *arg)
{
	struct hosted *s = arg;
	const struct lua_host_conf conf = {.name = "compiled.lua", .world = s->world};
	char why[LUA_HOST_WHY], *call_why = NULL;
	int chunk, r;

	cr_assert(eq(int, lua_host_new(&conf, &s->host), 0));
	r = lua_host_load(s->host, s->path, &chunk, why);
	cr_assert(eq(int, r, 0), "%s", why);
	r = lua_host_call(s->host, chunk, NULL, &call_why);
	cr_expect(eq(int, r, 0), "%s", call_why);
	free(call_why);
	return 0;
}

static int compiled(void *arg)
{
	const struct task_opt opt = {.name = "script", .stack_size = STACK_LUA};
	struct hosted s = {
		.path = INSTINCT_SOURCE "/tests/behave/lib/compiled.lua",
		.world = world_new(),
	};
	struct value *a = add(s.world, "test.a");
	struct nursery n;

	(void)arg;
	nursery_open(&n);
	cr_assert(eq(int, nursery_start(&n, NULL, &opt, run_hosted, &s), 0));
	for (int i = 1; i < 10; i++) {
		cr_assert(eq(int, task_sleep(NS_PER_S), 0));
		set(a, i);
	}
	cr_assert(eq(int, nursery_close(&n, 0), 0));
	cr_expect(s.host->evaluator == NULL);
	lua_host_free(s.host);
	world_free(s.world);
	return 0;
}

/* V7: comparisons are evaluated without Lua: there is not even a stack to enter it on. */
Test(values, V7_comparisons_do_not_enter_Lua)
{
	run_virtual(compiled);
}

/* A thread that measures: it tries what it may not, and posts what it has. */
struct foreign {
	struct rt *rt;
	struct post post;
	struct value *v;
	int direct;
};

static void measured(struct post *post)
{
	set(container_of(post, struct foreign, post)->v, 7);
	rt_release();
}

static void *measure(void *arg)
{
	struct foreign *f = arg;
	const struct datum d = datum_number(99);

	f->direct = value_set(f->v, &d);
	cr_assert(eq(int, rt_post(f->rt, &f->post), 0));
	return NULL;
}

/* What a script has on another thread, its workers, has no values at all. */
static const char foreign_script[] =
	"local a = value 'test.a'\n"
	"print(select(2, pcall(worker, 'return (...).value', a)))\n"
	"for _, name in ipairs { 'value', 'AsyncValue', 'batch' } do\n"
	"	print(select(2, pcall(worker, 'return ' .. name)))\n"
	"end\n"
	"print(a:wait_value(ne(0)))\n";

static const char foreign_out[] =
	"worker: a value holds null, booleans, numbers, texts and tables of them\n"
	"the worker failed: worker:1: undeclared name \"value\"\n"
	"the worker failed: worker:1: undeclared name \"AsyncValue\"\n"
	"the worker failed: worker:1: undeclared name \"batch\"; did you mean \"math\"?\n"
	"7\n";

static int another_thread(void *arg)
{
	struct program p = {.text = foreign_script};
	struct foreign f = {.rt = rt_current(), .post = {.fn = measured}};
	struct run run = {&p, 1};
	struct world *w = world_new();
	struct nursery n;
	pthread_t thread;

	(void)arg;
	f.v = add(w, "test.a");
	p.world = w;
	nursery_open(&n);
	nursery_go(&n, "script", run_main, &run);
	while (waits_for(f.v) == 0)
		cr_assert(eq(int, task_sleep(NS_PER_MS), 0));
	rt_hold();
	cr_assert(eq(int, pthread_create(&thread, NULL, measure, &f), 0));
	cr_assert(eq(int, nursery_close(&n, 0), 0));
	cr_assert(eq(int, pthread_join(thread, NULL), 0));
	cr_expect(eq(int, f.direct, -EPERM));
	cr_expect(eq(str, p.out, (char *)foreign_out));
	world_free(w);
	return 0;
}

/* V17: a set from another thread is refused, by way of post() it wakes the script. */
Test(values, V17_another_thread_sets_by_post)
{
	log_set_level(LOG_LEVEL_ERR);
	run_virtual(another_thread);
}
