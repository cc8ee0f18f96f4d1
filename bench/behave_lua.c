/* What scripts cost that wait for values: waking one, keeping one, a fast source that concerns none. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"
#include "daemon/base/log.h"
#include "daemon/behave/lua_host.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/periodic.h"
#include "daemon/rt/rt.h"
#include "daemon/state/world.h"

#include <lualib.h>

#define ROUNDS 5 /* the best of so many: the machine has other things to do */
#define TURNS 100000
#define WAITING 200 /* behaviours, and tasks of one */
#define FOLLOWERS 10
#define KHZ_TICKS 1000
#define KHZ_ROUNDS 5
#define BURST 10 /* samples that a FIFO holds when it is read */

/* Two tasks and two values: each waits until its value has come so far, and sets the other's. */
static const char ping_pong[] = "local turns <const> = 100000\n"
				"local a, b = AsyncValue(0), AsyncValue(0)\n"
				"nursery(function(n)\n"
				"	n:start(function() for i = 1, turns do "
				"a:wait_value(i) b.value = i end end)\n"
				"	n:start(function() for i = 1, turns do "
				"b:wait_value(i) a.value = i + 1 end end)\n"
				"	a.value = 1\n"
				"end)\n";

/* The same number of wake-ups in Lua alone. */
static const char resume_yield[] =
	"local resume, yield = coroutine.resume, coroutine.yield\n"
	"local co = coroutine.create(function() while true do yield() end end)\n"
	"for i = 1, 200000 do resume(co) end\n";

static const char waiting[] = "local touched = value 'source'\n"
			      "local greeted = 0\n"
			      "local function greet()\n"
			      "	touched:wait_value(gt(1e6))\n"
			      "	greeted = greeted + 1\n"
			      "	print('hello', greeted)\n"
			      "end\n"
			      "while true do greet() end\n";

static const char waiting_tasks[] = "local source = value 'source'\n"
				    "nursery(function(n)\n"
				    "	for i = 1, 200 do n:start(function() "
				    "source:wait_value(gt(1e6)) end) end\n"
				    "end)\n";

/* Each has a limit of its own, taken in turn from the value it is told. */
static const char follower[] =
	"local source, limit = value 'source', value('limit').value\n"
	"while true do\n"
	"	source:wait_value(gt(limit))\n"
	"	source:wait_value(lt(limit))\n"
	"end\n";

/* Long steps and tasks that wake all the time are what is measured here. */
static const struct rt_conf quiet = {.slow_step_ns = -1};

static struct world *world;
static struct value *source, *limit;

static void give_up(const char *what, const char *why)
{
	fprintf(stderr, "behave_lua: %s: %s\n", what, why);
	exit(1);
}

static void set(struct value *v, double x)
{
	const struct datum d = datum_number(x);

	if (value_set(v, &d) < 0)
		give_up("value", "cannot be set");
}

static struct value *add(const char *name)
{
	const struct value_info info = {.name = name, .source = "bench"};
	struct value *v;

	if (world_add(world, &info, &v) < 0)
		give_up(name, "cannot be added");
	set(v, 0);
	return v;
}

static void world_make(void)
{
	world = world_new();
	if (!world)
		give_up("world", "no memory");
	source = add("source");
	limit = add("limit");
}

/* A script in a Lua state of its own; freed by the task that runs it. */
struct behaviour {
	struct lua_host *host;
	const char *text;
	int chunk;
};

static int load_main(void *arg)
{
	const struct lua_host_conf conf = {.name = "bench", .world = world};
	struct behaviour *b = arg;
	char why[LUA_HOST_WHY];
	char path[] = "/tmp/behave_lua.XXXXXX";
	const size_t len = strlen(b->text);
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, b->text, len) != (ssize_t)len)
		give_up("script", "cannot be written");
	close(fd);
	if (lua_host_new(&conf, &b->host) < 0)
		give_up("Lua", "no memory");
	if (lua_host_load(b->host, path, &b->chunk, why) < 0)
		give_up("script", why);
	unlink(path);
	return 0;
}

/* To its end, or until it is cancelled. */
static int run_main(void *arg)
{
	struct behaviour *b = arg;
	char *why;
	int r = lua_host_call(b->host, b->chunk, NULL, &why);

	if (r < 0 && r != -ECANCELED)
		give_up("script", why ? why : "no memory");
	free(why);
	lua_host_free(b->host);
	free(b);
	return r;
}

static void go(struct nursery *n, int (*fn)(void *), struct behaviour *b)
{
	const struct task_opt opt = {.name = "script", .stack_size = STACK_LUA};

	if (nursery_start(n, NULL, &opt, fn, b) < 0)
		give_up("script", "no task");
}

/* As the supervisor does: one task loads, another runs. Suspends. */
static void start(struct nursery *n, const char *text)
{
	struct behaviour *b = malloc(sizeof(*b));
	struct nursery loading;

	if (!b)
		give_up("script", "no memory");
	b->text = text;
	nursery_open(&loading);
	go(&loading, load_main, b);
	if (nursery_close(&loading, 0) < 0)
		give_up("script", "not loaded");
	go(n, run_main, b);
}

static double wake_lua_us(void)
{
	int64_t began = bench_now_ns();
	struct nursery n;

	nursery_open(&n);
	start(&n, ping_pong);
	if (nursery_close(&n, 0) < 0)
		give_up("ping-pong", "cancelled");
	return (double)(bench_now_ns() - began) / (2.0 * TURNS) / (double)NS_PER_US;
}

static double lua_alone_us(void)
{
	lua_State *L = luaL_newstate();
	int64_t took;

	if (!L)
		give_up("Lua", "no memory");
	luaL_openlibs(L);
	took = bench_now_ns();
	if (luaL_dostring(L, resume_yield))
		give_up("Lua", lua_tostring(L, -1));
	took = bench_now_ns() - took;
	lua_close(L);
	return (double)took / (2.0 * TURNS) / (double)NS_PER_US;
}

/* Until all that run scripts wait. */
static void settle(void)
{
	if (task_wait_all_blocked() < 0)
		give_up("scripts", "cancelled");
}

static void finish(struct nursery *n)
{
	int r;

	nursery_cancel(n, "measured");
	r = nursery_close(n, 0);
	if (r < 0 && r != -ECANCELED)
		give_up("scripts", strerror(-r));
}

static double rss_bytes(void)
{
	unsigned long resident;
	char line[128], *space;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f || !fgets(line, sizeof(line), f) || !(space = strchr(line, ' ')))
		give_up("statm", "cannot be read");
	resident = strtoul(space, NULL, 10); /* the second figure, in pages */
	fclose(f);
	return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

/* @n tasks that run the script @text, until all of them wait. */
struct hold {
	const char *text;
	unsigned n;
	double bytes;
};

static int hold_main(void *arg)
{
	struct hold *h = arg;
	struct nursery n;
	double before;

	world_make();
	before = rss_bytes();
	nursery_open(&n);
	for (unsigned i = 0; i < h->n; i++)
		start(&n, h->text);
	settle();
	h->bytes = rss_bytes() - before;
	finish(&n);
	world_free(world);
	return 0;
}

/* What they hold, in a process whose heap nothing else has used. */
static double hold_bytes(const char *text, unsigned n)
{
	struct hold h = {.text = text, .n = n};
	int out[2];
	pid_t pid = -1;

	if (pipe(out) < 0 || (pid = fork()) < 0)
		give_up("memory", "cannot fork");
	if (pid == 0) {
		int r = rt_run(&quiet, hold_main, &h);

		if (r < 0 || write(out[1], &h.bytes, sizeof(h.bytes)) < 0)
			_exit(1);
		_exit(0);
	}
	close(out[1]);
	if (read(out[0], &h.bytes, sizeof(h.bytes)) != sizeof(h.bytes))
		give_up("memory", "not measured");
	close(out[0]);
	waitpid(pid, NULL, 0);
	return h.bytes;
}

static void report_memory(void)
{
	static const struct {
		const char *name, *text;
		unsigned n;
	} holds[] = {
		{"state.behaviour_rss_bytes", waiting, WAITING},
		{"state.behaviour_task_rss_bytes", waiting_tasks, 1},
	};

	for (size_t i = 0; i < ARRAY_LEN(holds); i++)
		if (bench_wants(holds[i].name))
			bench_report(holds[i].name,
				     hold_bytes(holds[i].text, holds[i].n) / WAITING, "B",
				     NULL, 0);
}

/* A sine of 1 Hz, a thousand times a second. */
static void feed(void)
{
	struct periodic p;
	struct tick tick;

	periodic_init(&p, NS_PER_MS, PERIODIC_SKIP);
	for (int i = 0; i < KHZ_TICKS; i++) {
		if (periodic_next(&p, &tick) < 0)
			give_up("source", "cancelled");
		set(source, sin(2 * M_PI * i / 1000));
	}
}

/* The same number of samples as a chip's FIFO delivers them: read a hundred times a second. */
static void feed_bursts(void)
{
	struct periodic p;
	struct tick tick;

	periodic_init(&p, BURST * NS_PER_MS, PERIODIC_SKIP);
	for (int i = 0; i < KHZ_TICKS; i++) {
		if (i % BURST == 0 && periodic_next(&p, &tick) < 0)
			give_up("source", "cancelled");
		set(source, sin(2 * M_PI * i / 1000));
	}
}

static double cpu_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

enum { TRIO_WAKE, TRIO_KHZ, TRIO_COUNT };

static struct bench_answer trio[TRIO_COUNT] = {
	[TRIO_WAKE] = {.name = "wake_us"},
	[TRIO_KHZ] = {.name = "khz_cpu_pct"},
};

/* The least that a loop on epoll can do at 1 kHz: set the timer, wait for it. */
static void tick_bare(void)
{
	int epoll_fd = epoll_create1(0);
	int timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct epoll_event ev = {.events = EPOLLIN | EPOLLET};
	int64_t due_ns = bench_now_ns();

	if (epoll_fd < 0 || timer_fd < 0 ||
	    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, timer_fd, &ev) < 0)
		give_up("timerfd", strerror(errno));
	for (int i = 0; i < KHZ_TICKS; i++) {
		struct itimerspec its = {0};

		due_ns += NS_PER_MS;
		its.it_value.tv_sec = due_ns / NS_PER_S;
		its.it_value.tv_nsec = due_ns % NS_PER_S;
		timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &its, NULL);
		(void)epoll_wait(epoll_fd, &ev, 1, -1);
	}
	close(timer_fd);
	close(epoll_fd);
}

/* The least that any program can do that runs a thousand times a second: sleep. */
static void tick_asleep(void)
{
	int64_t due_ns = bench_now_ns();

	for (int i = 0; i < KHZ_TICKS; i++) {
		struct timespec due;

		due_ns += NS_PER_MS;
		due.tv_sec = due_ns / NS_PER_S;
		due.tv_nsec = due_ns % NS_PER_S;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
	}
}

/* The processor's share that @fn takes, %. */
static double share_pct(void (*fn)(void))
{
	int64_t began = bench_now_ns();
	double cpu = cpu_s();

	fn();
	cpu = cpu_s() - cpu;
	return cpu / ((double)(bench_now_ns() - began) / 1e9) * 100;
}

static void report_khz(void)
{
	struct bench_pair rounds[KHZ_ROUNDS], asleep[KHZ_ROUNDS];
	double ours[KHZ_ROUNDS], bursts[KHZ_ROUNDS];
	struct nursery n;

	nursery_open(&n);
	for (int i = 0; i < FOLLOWERS; i++) {
		set(limit, (double)i / FOLLOWERS - 0.45);
		start(&n, follower);
		settle();
	}
	for (int i = 0; i < KHZ_ROUNDS; i++) {
		rounds[i].ours = asleep[i].ours = ours[i] = share_pct(feed);
		rounds[i].peer = share_pct(tick_bare);
		asleep[i].peer = share_pct(tick_asleep);
		bursts[i] = share_pct(feed_bursts);
	}
	finish(&n);
	bench_report_pairs("state.khz_cpu_pct", rounds, KHZ_ROUNDS, "%", "bare timerfd");
	bench_report_pairs("state.khz_cpu_pct", asleep, KHZ_ROUNDS, "%",
			   "clock_nanosleep");
	bench_report("state.khz_cpu_pct", bench_percentile(ours, KHZ_ROUNDS, 0.5), "%",
		     "trio", trio[TRIO_KHZ].value);
	bench_report("state.khz_bursts_cpu_pct",
		     bench_percentile(bursts, KHZ_ROUNDS, 0.5), "%", NULL, 0);
}

static double best_of(double (*run)(void), int rounds)
{
	double best = run();

	while (--rounds > 0)
		best = fmin(best, run());
	return best;
}

static int run_all(void *arg)
{
	(void)arg;
	world_make();
	if (bench_wants("state.wake_lua_us")) {
		double us = best_of(wake_lua_us, ROUNDS);

		bench_report("state.wake_lua_us", us, "us", "resume/yield in Lua",
			     best_of(lua_alone_us, ROUNDS));
		bench_report("state.wake_lua_us", us, "us", "trio",
			     trio[TRIO_WAKE].value);
	}
	if (bench_wants("state.khz_cpu_pct") || bench_wants("state.khz_bursts_cpu_pct"))
		report_khz();
	world_free(world);
	return 0;
}

int main(int argc, char **argv)
{
	log_set_level(LOG_LEVEL_ERR);
	bench_begin(argc, argv);
	report_memory();
	bench_ask("trio_state.py", trio, TRIO_COUNT);
	return rt_run(&quiet, run_all, NULL) < 0;
}
