/* Another configuration for the running robot. */
#include "daemon/app/reload.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/app/candidate.h"
#include "daemon/app/notify.h"
#include "daemon/app/plan_params.h"
#include "daemon/app/plan_values.h"
#include "daemon/base/log.h"
#include "daemon/base/nearest.h"
#include "daemon/rt/event.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/thread.h"

struct reload {
	struct config *running;
	const struct options *options;
	struct senses *senses;
	struct world *world;
	struct thread_pool *pool;
	struct event wanted; /* by a signal */
	bool busy;
	struct event freed; /* no longer busy */
};

struct reload *reload_new(struct config *running, const struct options *o,
			  struct senses *senses, struct world *world)
{
	struct reload *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->running = running;
	r->options = o;
	r->senses = senses;
	r->world = world;
	r->pool = thread_pool_open(1);
	if (!r->pool) {
		free(r);
		return NULL;
	}
	event_init(&r->wanted, "reload");
	event_init(&r->freed, "other reload");
	return r;
}

void reload_free(struct reload *r)
{
	if (!r)
		return;
	thread_pool_close(r->pool, NS_PER_S);
	free(r);
}

/* One at a time. 0 or -ECANCELED. Suspends. */
static int lock(struct reload *r)
{
	while (r->busy) {
		int e = event_wait(&r->freed);

		if (e < 0)
			return e;
	}
	r->busy = true;
	return 0;
}

static void unlock(struct reload *r)
{
	r->busy = false;
	event_set(&r->freed);
}

static void add_texts(cJSON *object, const char *key, const struct conf_errors *errs)
{
	cJSON *list = cJSON_AddArrayToObject(object, key);

	for (size_t i = 0; i < errs->n; i++)
		cJSON_AddItemToArray(list, cJSON_CreateString(errs->list[i].text));
}

static int refuse_errors(const struct conf_errors *errs, struct rpc_error *err)
{
	rpc_fail(err, RPC_REFUSED, "",
		 "the configuration has %zu error%s; the old one goes on", errs->n_errors,
		 errs->n_errors == 1 ? "" : "s");
	err->data = cJSON_CreateObject();
	add_texts(err->data, "errors", errs);
	return -EINVAL;
}

/* Why, unless it was a cancellation. */
static int refuse(int e, const char *why, struct rpc_error *err)
{
	if (e != -ECANCELED)
		rpc_fail(err, RPC_REFUSED, "", "%s", why[0] ? why : strerror(-e));
	return e;
}

/* Make what was planned true. Suspends. */
static int apply(struct reload *r, const struct plan *p, struct config *next,
		 struct rpc_error *err)
{
	struct plan_values values = {0};
	char why[SWAP_WHY_MAX] = "";
	int e;

	if (p->restart) {
		char sections[160];

		rpc_fail(err, RPC_REFUSED, "",
			 "not while it runs: %s; nothing was changed",
			 plan_restarts(p, sections, sizeof(sections)));
		rpc_hint(err, "restart the daemon, or leave these as they were");
		return -EBUSY;
	}
	e = plan_params_check(p, r->world, why, sizeof(why));
	if (e == 0)
		e = plan_values_prepare(p, next, r->world, &values, why, sizeof(why));
	if (e == 0)
		e = swap_sensors(r->senses, p->swaps, p->n_swaps, why);
	if (e == 0) {
		plan_params_set(p, r->world);
		plan_adopt(p, r->running, next);
		if (p->fusion)
			senses_retune(r->senses);
	}
	plan_values_finish(&values, e < 0);
	return e < 0 ? refuse(e, why, err) : 0;
}

/* What is asked for, by request or signal. */
struct wish {
	const char *overlay; /* laid over what runs; NULL: the files */
	bool only_check, only_plan;
};

static cJSON *outcome(const struct plan *p, bool applied)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddBoolToObject(o, "applied", applied);
	cJSON_AddBoolToObject(o, "restart", p->restart);
	cJSON_AddItemToObject(o, "changes", plan_json(p));
	return o;
}

/* From a good configuration to the plan, and on to its end. Suspends. */
static int carry_out(struct reload *r, const struct wish *w, struct config *next,
		     cJSON **ret, struct rpc_error *err)
{
	struct plan p;
	int e = plan_make(r->running, next, &p);

	if (e == 0 && !w->only_plan)
		e = apply(r, &p, next, err);
	if (e == 0)
		*ret = outcome(&p, !w->only_plan);
	plan_fini(&p);
	return e;
}

/* The lock is held. Suspends. */
static int transact(struct reload *r, const struct wish *w, cJSON **ret,
		    struct rpc_error *err)
{
	struct candidate c = {
		.running = r->running,
		.options = r->options,
		.overlay = w->overlay,
	};
	int e = thread_run(r->pool, candidate_read, &c);

	if (e == -EINVAL)
		refuse_errors(&c.errs, err);
	else if (e == 0 && w->only_check)
		*ret = cJSON_CreateObject();
	else if (e == 0)
		e = carry_out(r, w, c.config, ret, err);
	if (e == 0)
		add_texts(*ret, "warnings", &c.errs);
	candidate_fini(&c);
	return e;
}

static void tell_reloading(void)
{
	char lines[64];

	snprintf(lines, sizeof(lines), "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
		 rt_now() / NS_PER_US);
	notify_send(lines);
}

/* One transaction, with the service manager knowing of it. Suspends. */
static int run(struct reload *r, const struct wish *w, cJSON **ret, struct rpc_error *err)
{
	bool changes = !w->only_check && !w->only_plan;
	int e = lock(r);

	if (e < 0)
		return e;
	if (changes)
		tell_reloading();
	e = transact(r, w, ret, err);
	if (changes)
		notify_send("READY=1");
	unlock(r);
	return e;
}

void reload_request(struct reload *r)
{
	event_set(&r->wanted);
}

static void log_texts(enum log_level level, const cJSON *object, const char *key)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(object, key);

	for (const cJSON *text = list ? list->child : NULL; text; text = text->next)
		log_line(level, "%s", text->valuestring);
}

static void log_outcome(const struct config *c, int e, const cJSON *result,
			const struct rpc_error *err)
{
	const cJSON *changes = cJSON_GetObjectItemCaseSensitive(result, "changes");

	if (e == 0) {
		log_texts(LOG_LEVEL_WARNING, result, "warnings");
		LOG(NOTICE, "%s: configuration read again: %d change%s", c->robot.name,
		    cJSON_GetArraySize(changes),
		    cJSON_GetArraySize(changes) == 1 ? "" : "s");
		return;
	}
	log_texts(LOG_LEVEL_ERR, err->data, "errors");
	LOG(ERR, "%s: configuration not taken over: %s", c->robot.name,
	    err->message[0] ? err->message : strerror(-e));
}

int reload_run(void *arg)
{
	static const struct wish files = {0};
	struct reload *r = arg;
	struct event_listener l;

	event_listen(&l, &r->wanted, false);
	for (;;) {
		struct rpc_error err = {0};
		cJSON *result = NULL;
		int e = event_next(&l);

		if (e == 0)
			e = run(r, &files, &result, &err);
		if (e == -ECANCELED)
			return e;
		log_outcome(r->running, e, result, &err);
		cJSON_Delete(result);
		cJSON_Delete(err.data);
	}
}

static int config_check(void *arg, const cJSON *params, cJSON **ret,
			struct rpc_error *err)
{
	static const struct wish check = {.only_check = true};
	int e = run(arg, &check, ret, err);

	(void)params;
	if (e == 0)
		cJSON_AddBoolToObject(*ret, "good", true);
	return e;
}

static int config_plan(void *arg, const cJSON *params, cJSON **ret, struct rpc_error *err)
{
	static const struct wish plan = {.only_plan = true};

	(void)params;
	return run(arg, &plan, ret, err);
}

static int config_reload(void *arg, const cJSON *params, cJSON **ret,
			 struct rpc_error *err)
{
	static const struct wish reload = {0};

	(void)params;
	return run(arg, &reload, ret, err);
}

static int config_show(void *arg, const cJSON *params, cJSON **ret, struct rpc_error *err)
{
	const struct reload *r = arg;

	(void)params;
	(void)err;
	*ret = cJSON_Duplicate(r->running->doc.root, true);
	return *ret ? 0 : -ENOMEM;
}

static int no_role(const struct config *c, const char *role, struct rpc_error *err)
{
	const char **names = calloc(c->n_sensors + 1, sizeof(*names));
	const char *near = NULL;

	rpc_fail(err, RPC_INVALID_PARAMS, "params.role", "no sensor \"%.40s\"", role);
	for (size_t i = 0; names && i < c->n_sensors; i++)
		names[i] = c->sensors[i].role;
	if (names)
		near = nearest_name(role, names, c->n_sensors);
	if (near)
		rpc_hint(err, "did you mean \"%s\"?", near);
	free(names);
	return -EINVAL;
}

static bool has_role(const struct config *c, const char *role)
{
	for (size_t i = 0; i < c->n_sensors; i++)
		if (strcmp(c->sensors[i].role, role) == 0)
			return true;
	return false;
}

/* { "sensors": { ROLE: { "driver": DRIVER, and the settings } } } as a text; NULL without memory. */
static char *swap_overlay(const char *role, const char *driver, const cJSON *set)
{
	cJSON *root = cJSON_CreateObject();
	cJSON *sensors = cJSON_AddObjectToObject(root, "sensors");
	cJSON *sensor =
		cJSON_IsObject(set) ? cJSON_Duplicate(set, true) : cJSON_CreateObject();
	char *text;

	cJSON_DeleteItemFromObjectCaseSensitive(sensor, "driver");
	cJSON_AddStringToObject(sensor, "driver", driver);
	cJSON_AddItemToObject(sensors, role, sensor);
	text = cJSON_PrintUnformatted(root);
	cJSON_Delete(root);
	return text;
}

static const char *text_param(const cJSON *params, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(params, key));
}

static int drivers_swap(void *arg, const cJSON *params, cJSON **ret,
			struct rpc_error *err)
{
	struct reload *r = arg;
	const char *role = text_param(params, "role");
	const char *driver = text_param(params, "driver");
	const cJSON *set = cJSON_GetObjectItemCaseSensitive(params, "set");
	struct wish w = {0};
	char *overlay;
	int e;

	if (!role || !driver)
		return rpc_fail(
			err, RPC_INVALID_PARAMS, role ? "params.driver" : "params.role",
			"role and driver must be given: which sensor, and what drives it "
			"from now on");
	if (set && !cJSON_IsObject(set))
		return rpc_fail(err, RPC_INVALID_PARAMS, "params.set",
				"set must be an object: the keys that change with it");
	if (!has_role(r->running, role))
		return no_role(r->running, role, err);
	w.overlay = overlay = swap_overlay(role, driver, set);
	e = overlay ? run(r, &w, ret, err) : -ENOMEM;
	cJSON_free(overlay);
	return e;
}

int reload_register(struct reload *r, struct rpc *rpc)
{
	static const struct rpc_method table[] = {
		{"config.check", "Are the configuration's files good?", false,
		 config_check, NULL},
		{"config.plan", "What a reload would change.", false, config_plan, NULL},
		{"config.reload", "Read the configuration's files again and apply them.",
		 true, config_reload, NULL},
		{"config.show", "The configuration that runs.", false, config_show, NULL},
		{"drivers.swap", "Have another driver, or other settings, for a sensor.",
		 true, drivers_swap, NULL},
	};

	return rpc_register_all(rpc, table, ARRAY_LEN(table), r);
}
