/*
 * Script calls: worker, which computes in a Lua state of its own on a thread. What goes in and comes out
 * is copied; nothing else is shared.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/behave/lua_datum.h"
#include "daemon/behave/lua_error.h"
#include "daemon/behave/lua_host.h"
#include "daemon/behave/trap.h"
#include "daemon/rt/thread.h"

enum {
	DATA_MAX = 16,              /* arguments, results */
	WATCH_INSTRUCTIONS = 10000, /* from one look at the time to the next */
};

#define WHY 512
#define CPU_MAX_NS (60 * NS_PER_S)
#define HEADROOM ((ptrdiff_t)64 * 1024) /* of the thread's stack */

/* The error that it ended with, as far as it can leave its state. */
struct failure {
	char message[WHY], traceback[LUA_HOST_WHY];
	char kind[16];
	struct datum value; /* what was raised, if that was no text */
	bool has_value;
};

/* One call. Invariant: freed when neither the calling task nor the thread has a reference. */
struct work {
	atomic_int refs;
	atomic_bool stop; /* nobody waits any more */
	char *source;
	size_t len;
	struct datum args[DATA_MAX], results[DATA_MAX];
	int n_args, n_results;
	struct failure failure;
	int64_t until_ns; /* on the thread's clock of processor time */

	/*
	 * What the sandbox finds where behaviours have their host. What goes in and comes out is charged to its
	 * memory, too, which belongs like all of this to one thread at a time.
	 */
	struct lua_host host;
	struct lua_task task;
};

static void drop(struct work *w)
{
	if (atomic_fetch_sub(&w->refs, 1) > 1)
		return;
	for (int i = 0; i < DATA_MAX; i++) {
		datum_fini(&w->args[i]);
		datum_fini(&w->results[i]);
	}
	datum_fini(&w->failure.value);
	account_unref(w->host.memory);
	free(w->source);
	free(w);
}

/* Called when the work that was left behind has ended. */
static void release(void *arg)
{
	drop(arg);
}

/* A count hook: end what nobody waits for, and what takes too long. No pcall catches it. */
static void watch(lua_State *L, lua_Debug *ar)
{
	struct work *w = container_of(lua_host_of(L), struct work, host);

	if (atomic_load(&w->stop))
		lua_raise_cancel(L);
	if (trap_cpu_ns() < w->until_ns)
		return;
	lua_getinfo(L, "Sl", ar);
	snprintf(w->failure.kind, sizeof(w->failure.kind), "budget");
	snprintf(w->failure.message, WHY, "%s:%d: computed for more than %d s; stopped",
		 ar->short_src, ar->currentline, (int)(CPU_MAX_NS / NS_PER_S));
	lua_raise_cancel(L);
}

/* Call the chunk at the top and keep copies of its results. */
static void call_chunk(lua_State *L, struct work *w)
{
	int base = lua_gettop(L), n;

	for (int i = 0; i < w->n_args; i++)
		lua_push_datum(L, &w->args[i]);
	if (lua_call_guarded(L, w->n_args) < 0)
		lua_error(L);
	n = lua_gettop(L) - base + 1;
	if (n > DATA_MAX)
		luaL_error(L, "more than %d results", DATA_MAX);
	for (int i = 0; i < n; i++) {
		const char *why = NULL;

		if (lua_isnil(L, base + i))
			w->results[i] = datum_null();
		else
			why = lua_get_datum(L, base + i, w->host.memory, &w->results[i]);
		if (why)
			luaL_error(L, "result %d: %s", i + 1, why);
		w->n_results = i + 1;
	}
}

/* Argument: the struct work. The sandbox without what waits or prints. */
static int compute(lua_State *L)
{
	struct work *w = lua_touserdata(L, 1);

	lua_open_base(L);
	lua_open_error(L);
	lua_open_null(L);
	lua_pushnil(L);
	lua_setglobal(L, "print");
	lua_seal_globals(L);
	lua_sethook(L, watch, LUA_MASKCOUNT, WATCH_INSTRUCTIONS);
	if (luaL_loadbufferx(L, w->source, w->len, "@worker", "t") != LUA_OK) {
		lua_error_settle(L);
		return lua_error(L);
	}
	call_chunk(L, w);
	return 0;
}

/* The text in the field @key of the error at 2. */
static void copy_field(lua_State *L, const char *key, char *buf, size_t size)
{
	if (lua_getfield(L, 2, key) == LUA_TSTRING)
		snprintf(buf, size, "%s", lua_tostring(L, -1));
	lua_pop(L, 1);
}

/* Arguments: the struct work, the error: an object, but a text when memory ran out. */
static int describe(lua_State *L)
{
	struct work *w = lua_touserdata(L, 1);
	struct failure *f = &w->failure;
	bool memory = lua_type(L, 2) == LUA_TSTRING;

	lua_error_settle(L);
	copy_field(L, "message", f->message, sizeof(f->message));
	copy_field(L, "traceback", f->traceback, sizeof(f->traceback));
	copy_field(L, "kind", f->kind, sizeof(f->kind));
	if (memory)
		snprintf(f->kind, sizeof(f->kind), "memory");
	if (lua_getfield(L, 2, "value") != LUA_TNIL)
		f->has_value = !lua_get_datum(L, -1, w->host.memory, &f->value);
	return 0;
}

/* On the thread. 0, or -EIO with the reason in w->failure. */
static int run(void *arg)
{
	struct work *w = arg;
	lua_State *L;
	int r = 0;

	w->task.host = &w->host;
	w->task.c_floor = (const char *)__builtin_frame_address(0) - STACK_LUA + HEADROOM;
	w->host.running = &w->task;
	w->until_ns = trap_cpu_ns() + CPU_MAX_NS;
	L = lua_newstate(lua_host_allocate, &w->host);
	if (!L)
		return -ENOMEM;
	*(struct lua_host **)lua_getextraspace(L) = &w->host;
	w->task.L = L;
	lua_pushcfunction(L, compute);
	lua_pushlightuserdata(L, w);
	if (lua_pcall(L, 1, 0, 0) != LUA_OK)
		r = -EIO;
	if (r < 0 && !w->failure.message[0]) {
		lua_pushcfunction(L, describe);
		lua_insert(L, -2);
		lua_pushlightuserdata(L, w);
		lua_insert(L, -2);
		if (lua_pcall(L, 2, 0, 0) != LUA_OK)
			w->failure = (struct failure){.message = "not enough memory",
						      .kind = "memory"};
	}
	lua_close(L);
	return r;
}

static struct work *new_work(lua_State *L)
{
	struct work *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	atomic_init(&w->refs, 2);
	atomic_init(&w->stop, false);
	w->host.conf = (struct lua_host_conf){
		.name = "worker",
		.heap_max = lua_host_of(L)->conf.heap_max,
	};
	w->host.memory = account_new(w->host.conf.heap_max);
	if (!w->host.memory) {
		free(w);
		return NULL;
	}
	return w;
}

/* Drop both references; NULL is fine. */
static void free_work(struct work *w)
{
	if (!w)
		return;
	drop(w);
	drop(w);
}

/* Copy the source at 1 and the arguments behind it: NULL, or what is wrong. Never raises. */
static const char *fill(lua_State *L, struct work *w)
{
	const char *source = lua_tolstring(L, 1, &w->len);

	w->source = malloc(w->len + 1);
	if (!w->source)
		return "not enough memory";
	memcpy(w->source, source, w->len + 1);
	for (int i = 2; i <= lua_gettop(L); i++) {
		const char *why = NULL;

		if (lua_isnil(L, i))
			w->args[w->n_args] = datum_null();
		else
			why = lua_get_datum(L, i, w->host.memory, &w->args[w->n_args]);
		if (why)
			return why;
		w->n_args++;
	}
	return NULL;
}

static int push_results(lua_State *L)
{
	struct work *w = lua_touserdata(L, 1);

	luaL_checkstack(L, w->n_results + 4, NULL);
	for (int i = 0; i < w->n_results; i++)
		lua_push_datum(L, &w->results[i]);
	return w->n_results;
}

/*
 * Argument: the struct work. An error object with what the worker's own had; its traceback goes on with that
 * of the caller.
 */
static int push_failure(lua_State *L)
{
	const struct work *w = lua_touserdata(L, 1);
	const struct failure *f = &w->failure;

	luaL_where(L, 2); /* who called worker() */
	lua_pushfstring(L, "the worker failed: %s", f->message);
	lua_concat(L, 2);
	lua_error_wrap(L, f->kind, 1);
	lua_getfield(L, -1, "traceback");
	lua_pushfstring(L, "%s%s%s", f->traceback, f->traceback[0] ? "\n" : "",
			lua_tostring(L, -1));
	lua_setfield(L, -3, "traceback");
	lua_pop(L, 1);
	if (f->has_value) {
		lua_push_datum(L, &f->value);
		lua_setfield(L, -2, "value");
	}
	return 1;
}

/* What came of it; frees @w. */
static int finish(lua_State *L, struct work *w, int r)
{
	int status;

	if (r < 0 && r != -EIO) {
		free_work(w);
		return luaL_error(L, "the worker cannot run: %s", strerror(-r));
	}
	lua_settop(L, 0); /* leaves room enough */
	lua_pushcfunction(L, r < 0 ? push_failure : push_results);
	lua_pushlightuserdata(L, w);
	status = lua_pcall(L, 1, LUA_MULTRET, 0);
	free_work(w);
	return r == 0 && status == LUA_OK ? lua_gettop(L) : lua_error(L);
}

/* worker(source, ...) */
static int api_worker(lua_State *L)
{
	struct lua_host *h = lua_host_of(L);
	struct lua_task *t;
	const char *why;
	struct work *w;
	int r;

	luaL_checktype(L, 1, LUA_TSTRING);
	luaL_argcheck(L, lua_gettop(L) - 1 <= DATA_MAX, DATA_MAX + 1,
		      "too many arguments");
	caps_check(L, &h->caps.workers, CAP_WORKERS, "workers");
	if (!h->workers)
		h->workers = thread_pool_open(CAP_WORKERS);
	if (!h->workers)
		return luaL_error(L, "not enough memory");
	t = lua_wait_begin(L);
	w = new_work(L);
	why = w ? fill(L, w) : "not enough memory";
	if (why) {
		free_work(w);
		return luaL_error(L, "worker: %s", why);
	}
	h->caps.workers++;
	r = thread_run_abandon(h->workers, run, w, release);
	h->caps.workers--;
	if (r == -ECANCELED) {
		atomic_store(&w->stop, true);
		drop(w);
	}
	lua_wait_end(L, t, r);
	return finish(L, w, r);
}

void lua_open_worker(lua_State *L)
{
	lua_register(L, "worker", api_worker);
}
