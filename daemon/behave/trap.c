/* The trap: a timer, its signal, and whom it is meant for. */
#include "daemon/behave/trap.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/behave/lua_host.h"
#include "daemon/rt/rt.h"

#define TICK_MS 1
#define TRAP_SIGNAL SIGVTALRM

/* A signal handler has no argument: what it works on is found through the thread. */
static _Thread_local struct {
	struct lua_task *volatile task; /* whose Lua code runs or, in a wait, ran last */
	volatile sig_atomic_t ticks;    /* of this stretch */
	bool armed;
	timer_t timer;
	lua_Hook hook;
	unsigned users;
	struct rt_idle idle;
} trap;

/* Lua's own programs set hooks in signal handlers: lua_sethook() is made for it. */
static void on_tick(int signo)
{
	struct lua_task *t = trap.task;

	(void)signo;
	if (!t || t->self != task_self())
		return;
	trap.ticks++;
	if (trap.ticks * TICK_MS >= TRAP_STRETCH_MS)
		lua_sethook(t->L, trap.hook, LUA_MASKCOUNT, 1);
}

static void set_timer(long ns)
{
	const struct itimerspec every = {.it_value.tv_nsec = ns,
					 .it_interval.tv_nsec = ns};

	timer_settime(trap.timer, 0, &every, NULL);
	trap.armed = ns > 0;
}

/* While the loop sleeps no Lua code runs, and nothing shall wake it. */
static void stop_timer(struct rt_idle *idle)
{
	(void)idle;
	if (trap.armed)
		set_timer(0);
}

static int make_timer(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID,
				 .sigev_signo = TRAP_SIGNAL};
	/* Tasks have small stacks: run on the thread's own for signals where it has one. */
	struct sigaction sa = {.sa_handler = on_tick,
			       .sa_flags = SA_RESTART | SA_ONSTACK};
	sigset_t unblock;

#ifdef sigev_notify_thread_id
	event.sigev_notify_thread_id = gettid();
#else /* older headers of glibc lack the name */
	event._sigev_un._tid = gettid();
#endif
	if (timer_create(CLOCK_MONOTONIC, &event, &trap.timer) < 0)
		return -errno;
	sigemptyset(&sa.sa_mask);
	sigaction(TRAP_SIGNAL, &sa, NULL);
	sigemptyset(&unblock);
	sigaddset(&unblock, TRAP_SIGNAL);
	pthread_sigmask(SIG_UNBLOCK, &unblock, NULL);
	return 0;
}

int trap_open(lua_Hook hook)
{
	int r;

	if (trap.users == 0) {
		r = make_timer();
		if (r < 0)
			return r;
		trap.hook = hook;
		trap.armed = false;
		trap.idle.fn = stop_timer;
		rt_idle_add(&trap.idle);
	}
	trap.users++;
	return 0;
}

void trap_close(void)
{
	if (--trap.users > 0)
		return;
	rt_idle_remove(&trap.idle);
	timer_delete(trap.timer);
}

void trap_begin(struct lua_task *t)
{
	trap.task = t;
	trap.ticks = 0;
	if (!trap.armed && trap.users > 0)
		set_timer(TICK_MS * NS_PER_MS);
}

struct lua_task *trap_exchange(struct lua_task *t)
{
	struct lua_task *before = trap.task;

	if (t && !before)
		trap_begin(t); /* outside of any task's code */
	trap.task = t;
	return before;
}

unsigned trap_stretch_ms(void)
{
	return (unsigned)trap.ticks * TICK_MS;
}

int64_t trap_cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

bool trap_where(char *file, size_t size, int *ret_line)
{
	struct lua_task *t = trap.task;
	lua_Debug ar;

	if (!t || t->self != task_self())
		return false;
	file[0] = '\0';
	*ret_line = 0;
	for (int level = 0; lua_getstack(t->L, level, &ar); level++) {
		lua_getinfo(t->L, "Sl", &ar);
		if (ar.currentline < 0)
			continue;
		strncat(file, ar.short_src, size - 1);
		*ret_line = ar.currentline;
		break;
	}
	return true;
}
