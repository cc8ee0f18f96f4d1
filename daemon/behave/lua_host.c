/* Lua states: memory, sandboxed creation, loading files, running functions as tasks. */
#include "daemon/behave/lua_host.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/behave/evaluator.h"
#include "daemon/behave/lua_error.h"
#include "daemon/behave/lua_file.h"
#include "daemon/behave/lua_option.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/thread.h"

/* What the frames below a headroom check may need at most. */
#define HEADROOM ((ptrdiff_t)64 * 1024)
/* What lies above a Lua task's first frame on its stack: the task itself and the way in. */
#define TOP_RESERVE ((ptrdiff_t)16 * 1024)

/* What computes still for nobody sees that within milliseconds. */
#define WORKERS_END_NS NS_PER_S

/* The innermost functions of a task that its dump shows. */
#define TRACE_MAX 8

/* Blocks of so many bytes and more are charged; others come with instructions enough. */
#define LARGE 1024

/*
 * Of Lua's collector, in percent: when a cycle begins, and how fast it goes on. Where memory is tight there is little
 * room to wait for more garbage. 104 is the least that is more than 100, where one cycle would follow the other (Lua
 * keeps quarters): filling the heap would take minutes.
 */
enum { GC_PAUSE = 130, GC_PAUSE_TIGHT = 104, GC_STEPMUL = 400 };

/* Reads only, so that it may be called in the middle of an allocation. */
static void note_place(struct lua_host *h)
{
	lua_State *L = h->running ? h->running->L : NULL;
	lua_Debug ar;

	snprintf(h->full_at, sizeof(h->full_at), "%s", h->conf.name);
	for (int level = 0; L && lua_getstack(L, level, &ar); level++) {
		lua_getinfo(L, "Sl", &ar);
		if (ar.source[0] != '@' || ar.currentline < 0)
			continue;
		snprintf(h->full_at, sizeof(h->full_at), "%s:%d", ar.short_src,
			 ar.currentline);
		return;
	}
}

/*
 * What C functions do with texts and tables shows in what they allocate. A refusal has all be collected before
 * Lua asks again.
 */
static void spend(struct lua_host *h, size_t new_size, bool refused)
{
	if (h->running && h->running->L)
		budget_spend_bytes(h->running->L,
				   refused ? COLLECT_COST * h->memory->used : new_size);
}

/* Only sets a number, so that it may be called in the middle of an allocation. */
static void set_pace(struct lua_host *h)
{
	bool tight = h->memory->used > h->memory->max / 2;

	if (tight != h->tight && h->L &&
	    lua_gc(h->L, LUA_GCSETPAUSE, tight ? GC_PAUSE_TIGHT : GC_PAUSE) >= 0)
		h->tight = tight;
}

void lua_host_collect(struct lua_host *h, lua_State *L)
{
	if (h->running && h->running->no_wait)
		return;
	budget_spend_bytes(L, COLLECT_COST * h->memory->used);
	lua_gc(L, LUA_GCCOLLECT, 0);
}

/* Giving memory back never fails. */
void *lua_host_allocate(void *arg, void *ptr, size_t old_size, size_t new_size)
{
	struct lua_host *h = arg;
	size_t old = ptr ? old_size : 0; /* without a block it is a type tag */
	void *p;

	if (new_size == 0) {
		free(ptr);
		h->memory->used -= old;
		return NULL;
	}
	if (new_size > old && new_size - old > h->memory->max - h->memory->used) {
		note_place(h);
		spend(h, new_size, true);
		return NULL;
	}
	if (new_size >= LARGE)
		spend(h, new_size, false);
	p = realloc(ptr, new_size);
	if (p)
		h->memory->used = h->memory->used - old + new_size;
	set_pace(h);
	return p;
}

/* An error outside any protected call: a mistake of this host, never of a script. */
static int panic(lua_State *L)
{
	const char *text = lua_tostring(L, -1);

	LOG(CRIT, "%s: unprotected error in Lua: %s", lua_host_of(L)->conf.name,
	    text ? text : "not a text");
	abort();
}

static int open_all(lua_State *L)
{
	/* Heaps are small: collect early, so that garbage with finalizers does not pile up. */
	lua_gc(L, LUA_GCINC, GC_PAUSE, GC_STEPMUL, 0);
	lua_open_base(L);
	lua_open_error(L);
	lua_open_task(L);
	lua_open_scope(L);
	lua_open_channel(L);
	lua_open_event(L);
	lua_open_choose(L);
	lua_open_value(L);
	lua_open_compare(L);
	lua_open_wait(L);
	lua_open_iterate(L);
	lua_open_derive(L);
	lua_open_follow(L);
	lua_open_robot(L);
	lua_open_require(L);
	lua_open_worker(L);
	lua_seal_globals(L);
	return 0;
}

int lua_host_new(const struct lua_host_conf *conf, struct lua_host **ret)
{
	struct lua_host *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	h->conf = *conf;
	if (!h->conf.heap_max)
		h->conf.heap_max = LUA_HOST_HEAP;
	list_init(&h->gate);
	h->memory = account_new(h->conf.heap_max);
	if (!h->memory)
		goto free_host;
	h->L = lua_newstate(lua_host_allocate, h);
	if (!h->L)
		goto free_host;
	*(struct lua_host **)lua_getextraspace(h->L) = h;
	lua_atpanic(h->L, panic);
	budget_open(h);
	lua_pushcfunction(h->L, open_all);
	if (lua_pcall(h->L, 0, 0, 0) != LUA_OK) {
		LOG(ERR, "%s: no Lua state: %s", h->conf.name, lua_tostring(h->L, -1));
		goto close_state;
	}
	*ret = h;
	return 0;

close_state:
	budget_close(h);
	lua_close(h->L);
free_host:
	account_unref(h->memory);
	free(h);
	return -ENOMEM;
}

void lua_host_free(struct lua_host *h)
{
	if (!h)
		return;
	budget_close(h);
	lua_close(h->L);
	evaluator_free(h->evaluator);
	rt_hold(); /* that time is real also where the clock is virtual */
	thread_pool_close(h->workers, WORKERS_END_NS);
	rt_release();
	account_unref(h->memory);
	free(h);
}

static bool in_prelude(lua_State *L, int level)
{
	lua_Debug ar;

	return lua_getstack(L, level, &ar) && lua_getinfo(L, "S", &ar) &&
	       strcmp(ar.source, LUA_PRELUDE) == 0;
}

/*
 * Where the task is, for the dump: "cook at diner.lua:4, called by chef at diner.lua:9". Reads only, as
 * any other task may ask.
 */
static void write_trace(void *arg, FILE *out)
{
	const struct lua_task *t = arg;
	lua_Debug ar;
	bool named;

	for (int level = 0, n = 0; n < TRACE_MAX && lua_getstack(t->L, level, &ar);
	     level++) {
		lua_getinfo(t->L, "nSl", &ar);
		if (ar.currentline < 0 || strcmp(ar.source, LUA_PRELUDE) == 0)
			continue; /* C, or the prelude */
		/* What Lua's hook interrupted is called "?"; the prelude's names say nothing. */
		named = ar.name && strcmp(ar.name, "?") != 0 &&
			!in_prelude(t->L, level + 1);
		fprintf(out, "%s%s%s%s:%d", n++ > 0 ? ", called by " : "",
			named ? ar.name : "", named ? " at " : "", ar.short_src,
			ar.currentline);
	}
}

int lua_task_call(struct lua_host *h, lua_State *L, int nargs)
{
	struct lua_task t = {
		.host = h,
		.self = task_self(),
		.L = L,
		.c_floor = (const char *)__builtin_frame_address(0) - STACK_LUA +
			   TOP_RESERVE + HEADROOM,
	};
	int r;

	budget_renew(&t);
	task_set_trace(write_trace, &t);
	r = lua_call_guarded(L, nargs);
	task_set_trace(NULL, NULL);
	budget_end(&t);
	return r;
}

/* A short protected call on the main thread: @fn gets @arg as a light userdata. */
static int call_main(struct lua_host *h, lua_CFunction fn, void *arg, char *why)
{
	const char *text;
	int status;

	lua_pushcfunction(h->L, fn);
	lua_pushlightuserdata(h->L, arg);
	status = lua_pcall(h->L, 1, 0, 0);
	if (status == LUA_OK)
		return 0;
	text = lua_type(h->L, -1) == LUA_TSTRING ? lua_tostring(h->L, -1)
						 : "unknown error";
	if (why)
		snprintf(why, LUA_HOST_WHY, "%s", text);
	lua_pop(h->L, 1);
	return status == LUA_ERRMEM ? -ENOMEM : -EINVAL;
}

struct load {
	const char *path;
	int ref;
	int r;
};

static int load_chunk(lua_State *L)
{
	struct load *l = lua_touserdata(L, 1);

	l->r = lua_load_file(L, l->path);
	if (l->r < 0)
		return lua_error(L);
	l->ref = luaL_ref(L, LUA_REGISTRYINDEX);
	return 0;
}

int lua_host_load(struct lua_host *h, const char *path, int *ret, char *why)
{
	struct load load = {.path = path};
	int r = call_main(h, load_chunk, &load, why);

	if (r < 0)
		return load.r < 0 ? load.r : r;
	*ret = load.ref;
	return 0;
}

struct call {
	int fn;
	const char *arg;
	lua_State *thread;
	int thread_ref;
	char *why; /* on the heap of C: that of Lua may be full */
};

static void keep_why(struct call *c, const char *text)
{
	free(c->why);
	c->why = strndup(text, LUA_HOST_WHY - 1);
}

static void no_memory(struct call *c, const char *where)
{
	char text[sizeof(((struct lua_host *)0)->full_at) + 32];

	snprintf(text, sizeof(text), "%s: not enough memory", where);
	keep_why(c, text);
}

/* Arguments: the struct call, the function, perhaps its argument. */
static int call_body(lua_State *L)
{
	struct call *c = lua_touserdata(L, 1);
	int r = lua_call_guarded(L, lua_gettop(L) - 2);

	if (r == 0)
		return 0;
	if (r != -ECANCELED) {
		no_memory(c, lua_host_of(L)->full_at);
		lua_error_settle(L); /* at the heap limit it may raise */
		keep_why(c, lua_error_text(L, -1));
	}
	return lua_error(L);
}

static int make_thread(lua_State *L)
{
	struct call *c = lua_touserdata(L, 1);

	c->thread = lua_newthread(L);
	lua_pushcfunction(c->thread, call_body);
	lua_pushlightuserdata(c->thread, c);
	lua_rawgeti(c->thread, LUA_REGISTRYINDEX, c->fn);
	if (c->arg)
		lua_pushstring(c->thread, c->arg);
	c->thread_ref = luaL_ref(L, LUA_REGISTRYINDEX);
	return 0;
}

int lua_host_call(struct lua_host *h, int fn, const char *arg, char **ret_why)
{
	struct call call = {.fn = fn, .arg = arg};
	int r = call_main(h, make_thread, &call, NULL);

	if (r == 0) {
		h->killed = false;
		r = lua_task_call(h, call.thread,
				  arg ? 3 : 2); /* the call, the function */
		luaL_unref(h->L, LUA_REGISTRYINDEX, call.thread_ref);
	}
	if (r < 0 && r != -ECANCELED && !call.why)
		no_memory(&call, h->conf.name);
	*ret_why = call.why;
	return r;
}

void lua_host_unref(struct lua_host *h, int ref)
{
	luaL_unref(h->L, LUA_REGISTRYINDEX, ref);
}

void lua_check_may_wait(lua_State *L)
{
	const struct lua_host *h = lua_host_of(L);

	if (h->running->no_wait)
		luaL_error(L, "cannot wait inside a %s", h->running->no_wait);
	if (h->loading)
		luaL_error(L,
			   "cannot wait while the file is being loaded; wait in `run`");
}

struct lua_task *lua_wait_begin(lua_State *L)
{
	struct lua_task *t = lua_host_of(L)->running;

	lua_check_may_wait(L);
	budget_rest(t);
	return t;
}

int lua_wait_end(lua_State *L, struct lua_task *t, int r)
{
	budget_renew(t);
	if (r == -ECANCELED)
		lua_raise_cancel(L);
	return r;
}

void lua_check_headroom(lua_State *L)
{
	if ((const char *)__builtin_frame_address(0) < lua_host_of(L)->running->c_floor)
		luaL_error(L, "C stack overflow");
}

static int64_t seconds_to_ns(lua_State *L, double s, const char *what)
{
	if (!(s >= 0))
		luaL_error(L, "%s: seconds, not negative, expected", what);
	if (s > 9e9)
		return TIME_NEVER;
	return (int64_t)llround(s * 1e9);
}

int64_t lua_check_seconds(lua_State *L, int arg)
{
	double s = luaL_checknumber(L, arg);

	luaL_argcheck(L, s >= 0, arg, "seconds, not negative, expected");
	return seconds_to_ns(L, s, "time");
}

int64_t lua_opt_seconds(lua_State *L, int idx, const char *key, int64_t def)
{
	int64_t ns = def;

	if (lua_getfield(L, idx, key) != LUA_TNIL) {
		if (!lua_isnumber(L, -1))
			luaL_error(L, "%s: seconds expected, got %s", key,
				   luaL_typename(L, -1));
		ns = seconds_to_ns(L, lua_tonumber(L, -1), key);
	}
	lua_pop(L, 1);
	return ns;
}

/* Push the metatable; it is not in the registry until it is whole, as memory may run out. */
static void push_new_type(lua_State *L, const struct lua_type *type)
{
	int meta = lua_gettop(L) + 1;

	lua_newtable(L);
	lua_pushstring(L, type->name);
	lua_setfield(L, meta, "__name");
	lua_newtable(L);
	for (const luaL_Reg *m = type->methods; m->name; m++) {
		lua_pushcfunction(L, m->func);
		lua_setfield(L, strncmp(m->name, "__", 2) == 0 ? meta : meta + 1,
			     m->name);
	}
	if (type->index)
		lua_pushcclosure(L, type->index, 1);
	else
		lua_seal_table(L, type->name);
	lua_setfield(L, meta, "__index");
	lua_pushboolean(L, 0);
	lua_setfield(L, meta, "__metatable");
	lua_pushvalue(L, meta);
	lua_setfield(L, LUA_REGISTRYINDEX, type->name);
}

void lua_set_type(lua_State *L, const struct lua_type *type)
{
	if (luaL_getmetatable(L, type->name) == LUA_TNIL) {
		lua_pop(L, 1);
		push_new_type(L, type);
	}
	lua_setmetatable(L, -2);
}

void lua_make_type(lua_State *L, const struct lua_type *type)
{
	push_new_type(L, type);
	lua_pop(L, 1);
}

void lua_push_methods(lua_State *L, const char *type)
{
	luaL_getmetatable(L, type);
	lua_getfield(L, -1, "__index");
	(void)lua_getupvalue(L, -1, 1);
	lua_replace(L, -3);
	lua_pop(L, 1);
}

void lua_know_type(lua_State *L, const char *type, enum lua_known_type known)
{
	luaL_getmetatable(L, type);
	lua_host_of(L)->known_types[known] = lua_topointer(L, -1);
	lua_pop(L, 1);
}

void *lua_test_known(lua_State *L, int idx, enum lua_known_type known)
{
	void *u = lua_touserdata(L, idx);
	bool same;

	if (!u || !lua_getmetatable(L, idx))
		return NULL;
	same = lua_topointer(L, -1) == lua_host_of(L)->known_types[known];
	lua_pop(L, 1);
	return same ? u : NULL;
}
