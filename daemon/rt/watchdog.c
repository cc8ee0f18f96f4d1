/* The watchdog's thread, and how it asks the loop's thread what runs. */
#include "daemon/rt/watchdog.h"

#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/base/log.h"
#include "daemon/rt/internal.h"

#define ASK_SIGNAL SIGRTMIN
/* A thread in a system call that cannot be interrupted is silent. */
#define ANSWER_NS (100 * NS_PER_MS)
#define LOOKS 2 /* in the time of the limit */

struct watchdog {
	struct watchdog_conf conf;
	struct rt *rt;
	pthread_t loop, thread;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool ending; /* under the lock */

	unsigned long beat; /* at the last look */
	unsigned still;     /* looks since then */

	/* The answer; the loop's thread writes it before it counts it. */
	sem_t answered;
	atomic_uint answers;
	unsigned asks;
	char task[32], file[64];
	int line;
	bool known;
};

/* Whom the signal handler answers. */
static _Thread_local struct watchdog *asking;

static void on_ask(int signo)
{
	struct watchdog *w = asking;
	const struct task *t = task_self();
	int err = errno;

	(void)signo;
	if (!w)
		return;
	memcpy(w->task, t ? t->name : "loop", t ? sizeof(w->task) : sizeof("loop"));
	w->known = w->conf.where && w->conf.where(w->file, sizeof(w->file), &w->line);
	atomic_fetch_add(&w->answers, 1);
	sem_post(&w->answered);
	errno = err;
}

static struct timespec after(int64_t ns)
{
	int64_t t = clock_read() + ns;

	return (struct timespec){.tv_sec = t / NS_PER_S, .tv_nsec = t % NS_PER_S};
}

/* An answer that comes too late is not taken for the next one: every question has its own. */
static bool ask(struct watchdog *w)
{
	struct timespec until = after(ANSWER_NS);
	int r;

	w->asks++;
	pthread_kill(w->loop, ASK_SIGNAL);
	do {
		r = sem_clockwait(&w->answered, CLOCK_MONOTONIC, &until);
	} while (r < 0 ? errno == EINTR : atomic_load(&w->answers) != w->asks);
	return r == 0;
}

static void report(struct watchdog *w)
{
	int ms = (int)(w->conf.limit_ns / NS_PER_MS);
	bool answered = ask(w);
	const char *task = answered ? w->task : "(in the kernel)";

	if (answered && w->known)
		LOG(CRIT, "task %s: has kept the loop for more than %d ms, at %s:%d",
		    task, ms, w->file, w->line);
	else
		LOG(CRIT, "task %s: has kept the loop for more than %d ms", task, ms);
	if (w->conf.on_stuck)
		w->conf.on_stuck(w->conf.arg, task);
}

static void look(struct watchdog *w)
{
	unsigned long beat = atomic_load_explicit(&w->rt->beat, memory_order_relaxed);

	if (beat != w->beat || atomic_load(&w->rt->asleep)) {
		w->beat = beat;
		w->still = 0;
	} else if (++w->still == LOOKS) {
		report(w);
	}
}

static void *watch(void *arg)
{
	struct watchdog *w = arg;

	pthread_mutex_lock(&w->lock);
	while (!w->ending) {
		struct timespec next = after(w->conf.limit_ns / LOOKS);

		if (pthread_cond_timedwait(&w->ended, &w->lock, &next) != ETIMEDOUT)
			continue;
		pthread_mutex_unlock(&w->lock);
		look(w);
		pthread_mutex_lock(&w->lock);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static void init_lock(struct watchdog *w)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->ended, &attr);
	pthread_condattr_destroy(&attr);
	sem_init(&w->answered, 0, 0);
}

static void fini(struct watchdog *w)
{
	sem_destroy(&w->answered);
	pthread_cond_destroy(&w->ended);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

int watchdog_open(const struct watchdog_conf *conf, struct watchdog **ret)
{
	struct sigaction sa = {.sa_handler = on_ask, .sa_flags = SA_RESTART | SA_ONSTACK};
	struct watchdog *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	w->conf = *conf;
	if (!w->conf.limit_ns)
		w->conf.limit_ns = WATCHDOG_LIMIT_NS;
	w->rt = rt_this();
	w->loop = pthread_self();
	init_lock(w);
	sigemptyset(&sa.sa_mask);
	sigaction(ASK_SIGNAL, &sa, NULL);
	asking = w;
	r = thread_start(&w->thread, false, watch, w);
	if (r < 0) {
		asking = NULL;
		fini(w);
		return r;
	}
	*ret = w;
	return 0;
}

void watchdog_close(struct watchdog *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->ending = true;
	pthread_cond_signal(&w->ended);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	asking = NULL;
	fini(w);
}
