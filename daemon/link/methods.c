/* The methods that every daemon has. */
#include "daemon/link/methods.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/link/datum_in.h"
#include "daemon/rt/dump.h"
#include "daemon/rt/rt.h"

static double seconds(int64_t ns)
{
	return (double)ns / 1e9;
}

/* The member @key of @params as a text, or NULL. */
static const char *text_param(const cJSON *params, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(params, key));
}

/* As JSON of our own writing: cJSON's numbers have 15 digits. */
static void add_datum(cJSON *object, const char *key, const struct datum *d)
{
	size_t len = datum_json(d, NULL, 0);
	char *text = malloc(len + 1);

	if (!text)
		return;
	(void)datum_json(d, text, len + 1);
	cJSON_AddRawToObject(object, key, text);
	free(text);
}

static cJSON *describe(const struct value *v)
{
	const struct value_info *info = value_info(v);
	cJSON *o = cJSON_CreateObject();

	cJSON_AddStringToObject(o, "name", info->name);
	add_datum(o, "v", value_get(v));
	cJSON_AddStringToObject(o, "state", value_state_name(value_state(v)));
	cJSON_AddStringToObject(o, "unit", info->unit ? info->unit : "");
	if (value_state(v) != VALUE_UNSET)
		cJSON_AddNumberToObject(o, "age_s",
					seconds(rt_now() - value_sample_ns(v)));
	cJSON_AddStringToObject(o, "source", info->source ? info->source : "");
	cJSON_AddStringToObject(o, "help", info->help ? info->help : "");
	return o;
}

static int values_list(void *arg, const cJSON *params, cJSON **ret, struct rpc_error *err)
{
	const struct methods *m = arg;
	const char *prefix = text_param(params, "prefix");
	cJSON *list = cJSON_CreateArray();

	(void)err;
	for (size_t i = 0; i < world_size(m->world); i++) {
		const struct value *v = world_at(m->world, i);

		if (!prefix || strncmp(value_info(v)->name, prefix, strlen(prefix)) == 0)
			cJSON_AddItemToArray(list, describe(v));
	}
	*ret = list;
	return 0;
}

/* The value that the parameter "name" names; NULL after filling @err. */
static struct value *named_value(const struct methods *m, const cJSON *params,
				 struct rpc_error *err)
{
	const char *name = text_param(params, "name");
	struct value *v = name ? world_find(m->world, name) : NULL;
	const char *near;

	if (!name) {
		rpc_fail(err, RPC_INVALID_PARAMS, "params.name",
			 "name must be given: the name of a value");
	} else if (!v) {
		rpc_fail(err, RPC_INVALID_PARAMS, "params.name", "no value \"%.100s\"",
			 name);
		near = world_nearest(m->world, name);
		if (near)
			rpc_hint(err, "did you mean \"%s\"?", near);
	}
	return v;
}

static int values_get(void *arg, const cJSON *params, cJSON **ret, struct rpc_error *err)
{
	const struct value *v = named_value(arg, params, err);

	if (!v)
		return -ENOENT;
	*ret = describe(v);
	return 0;
}

/* A name has one source. Parameters are there to be set; so is what nobody else sets. */
static bool may_set(const struct value *v)
{
	const struct value_info *info = value_info(v);

	return !value_is_derived(v) && (strncmp(info->name, "param.", 6) == 0 ||
					!info->source || info->source[0] == '\0');
}

static int refuse_set(const struct value *v, struct rpc_error *err)
{
	const char *source = value_info(v)->source;

	rpc_fail(err, RPC_REFUSED, "params.name", "%s is set by %s", value_info(v)->name,
		 source && source[0] ? source : "what it is derived from");
	rpc_hint(err, "parameters can be set: param.*");
	return -EPERM;
}

static int set_value(struct value *v, const cJSON *json, struct rpc_error *err)
{
	struct datum d;
	char why[128];
	int r = datum_in(json, value_info(v), &d, why, sizeof(why));

	if (r == -EINVAL)
		return rpc_fail(err, RPC_INVALID_PARAMS, "params.v", "%s %s",
				value_info(v)->name, why);
	if (r < 0)
		return r;
	r = value_set(v, &d);
	datum_fini(&d);
	return r;
}

static int values_set(void *arg, const cJSON *params, cJSON **ret, struct rpc_error *err)
{
	const cJSON *json = cJSON_GetObjectItemCaseSensitive(params, "v");
	struct value *v = named_value(arg, params, err);
	int r;

	if (!v)
		return -ENOENT;
	if (!may_set(v))
		return refuse_set(v, err);
	if (!json)
		return rpc_fail(err, RPC_INVALID_PARAMS, "params.v",
				"v must be given: what %s becomes", value_info(v)->name);
	r = set_value(v, json, err);
	if (r == 0)
		*ret = describe(v);
	return r;
}

/* "behaviour.nod.state" is the member "state" of the behaviour "nod". */
static int behaviours_list(void *arg, const cJSON *params, cJSON **ret,
			   struct rpc_error *err)
{
	static const char prefix[] = "behaviour.";
	const struct methods *m = arg;
	cJSON *list = cJSON_CreateArray();
	cJSON *last = NULL;

	(void)params;
	(void)err;
	for (size_t i = 0; i < world_size(m->world); i++) {
		const struct value *v = world_at(m->world, i);
		const char *name = value_info(v)->name;
		char behaviour[128];
		const char *member;

		if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
			continue;
		name += sizeof(prefix) - 1;
		member = strchr(name, '.');
		if (!member)
			continue;
		snprintf(behaviour, sizeof(behaviour), "%.*s", (int)(member - name),
			 name);
		/* Names are sorted: those of one behaviour follow each other. */
		if (!last || strcmp(text_param(last, "name"), behaviour) != 0) {
			last = cJSON_CreateObject();
			cJSON_AddStringToObject(last, "name", behaviour);
			cJSON_AddItemToArray(list, last);
		}
		add_datum(last, member + 1, value_get(v));
	}
	*ret = list;
	return 0;
}

static void add_cause(cJSON *o, const struct task_info *info)
{
	const struct cancel_cause *cause = info->cause;
	cJSON *c = cJSON_AddObjectToObject(o, info->cancelled ? "cancelled" : "asked");

	cJSON_AddStringToObject(c, "source", cancel_source_name(cause->source));
	cJSON_AddStringToObject(c, "reason", cause->reason);
	cJSON_AddStringToObject(c, "task", cause->task);
	cJSON_AddNumberToObject(c, "ago_s", seconds(rt_now() - cause->t_ns));
}

/* One task; what does not apply to it is left out. */
static void add_task(void *arg, const struct task_info *info)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddItemToArray(arg, o);
	cJSON_AddStringToObject(o, "name", info->name);
	cJSON_AddNumberToObject(o, "depth", info->depth);
	cJSON_AddStringToObject(o, "state", task_state_name(info->state));
	if (info->state == TASK_WAITING) {
		cJSON_AddStringToObject(o, "waits_for", info->waits_for);
		cJSON_AddNumberToObject(o, "waits_s", seconds(info->waits_ns));
	}
	if (info->deadline_ns != TIME_NEVER)
		cJSON_AddNumberToObject(o, "deadline_s",
					seconds(info->deadline_ns - rt_now()));
	if (info->cause)
		add_cause(o, info);
	if (info->where[0])
		cJSON_AddStringToObject(o, "where", info->where);
	cJSON_AddNumberToObject(o, "steps", (double)info->steps);
}

static int tasks_dump(void *arg, const cJSON *params, cJSON **ret, struct rpc_error *err)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)arg;
	(void)params;
	(void)err;
	if (!out)
		return -errno;
	task_dump(out);
	if (fclose(out) != 0) {
		free(text);
		return -ENOMEM;
	}
	*ret = cJSON_CreateObject();
	task_each(add_task, cJSON_AddArrayToObject(*ret, "tasks"));
	cJSON_AddStringToObject(*ret, "text", text);
	free(text);
	return 0;
}

static int methods_list(void *arg, const cJSON *params, cJSON **ret,
			struct rpc_error *err)
{
	const struct methods *m = arg;
	const struct rpc_method *method;

	(void)params;
	(void)err;
	*ret = cJSON_CreateArray();
	for (size_t i = 0; (method = rpc_method_at(m->rpc, i)) != NULL; i++) {
		cJSON *o = cJSON_CreateObject();

		cJSON_AddStringToObject(o, "name", method->name);
		cJSON_AddStringToObject(o, "help", method->help);
		cJSON_AddBoolToObject(o, "changes", method->changes);
		cJSON_AddItemToArray(*ret, o);
	}
	return 0;
}

static void add_values(cJSON *status, const struct world *world)
{
	cJSON *o = cJSON_AddObjectToObject(status, "values");
	int count[VALUE_CLOSED + 1] = {0};

	for (size_t i = 0; i < world_size(world); i++)
		count[value_state(world_at(world, i))]++;
	for (enum value_state s = VALUE_UNSET; s < VALUE_CLOSED; s++)
		cJSON_AddNumberToObject(o, value_state_name(s), count[s]);
}

/* health.<role>: how the sensors and actuators are. */
static void add_health(cJSON *status, const struct world *world)
{
	static const char prefix[] = "health.";
	cJSON *o = cJSON_AddObjectToObject(status, "health");

	for (size_t i = 0; i < world_size(world); i++) {
		const struct value *v = world_at(world, i);
		const char *name = value_info(v)->name;

		if (strncmp(name, prefix, sizeof(prefix) - 1) == 0)
			add_datum(o, name + sizeof(prefix) - 1, value_get(v));
	}
}

static void add_loop(cJSON *status)
{
	cJSON *o = cJSON_AddObjectToObject(status, "loop");
	struct rt_stats stats;

	rt_stats(&stats);
	cJSON_AddNumberToObject(o, "tasks", stats.tasks_living);
	cJSON_AddNumberToObject(o, "steps", (double)stats.steps);
	cJSON_AddNumberToObject(o, "polls", (double)stats.polls);
	cJSON_AddNumberToObject(o, "slow_steps", (double)stats.slow_steps);
}

static void add_bus(cJSON *status, const struct methods *m)
{
	cJSON *o = cJSON_AddObjectToObject(status, "bus");
	struct publish_stats published;
	struct rpc_stats asked;

	publish_stats(m->publish, &published);
	rpc_stats(m->rpc, &asked);
	cJSON_AddStringToObject(o, "state", m->state_endpoint);
	cJSON_AddNumberToObject(o, "subscriptions", published.subscriptions);
	cJSON_AddNumberToObject(o, "sent", (double)published.sent);
	cJSON_AddNumberToObject(o, "requests", (double)asked.requests);
	cJSON_AddNumberToObject(o, "errors", (double)asked.errors);
}

/* Resident memory: the second number of statm, in pages. */
static void add_memory(cJSON *status)
{
	FILE *in = fopen("/proc/self/statm", "re");
	char line[128];
	char *resident;

	if (!in)
		return;
	if (fgets(line, sizeof(line), in) && (resident = strchr(line, ' ')) != NULL)
		cJSON_AddNumberToObject(status, "rss_kib",
					(double)strtol(resident, NULL, 10) *
						(double)sysconf(_SC_PAGESIZE) / 1024);
	fclose(in);
}

static int status(void *arg, const cJSON *params, cJSON **ret, struct rpc_error *err)
{
	const struct methods *m = arg;
	cJSON *o = cJSON_CreateObject();

	(void)params;
	(void)err;
	cJSON_AddStringToObject(o, "version", INSTINCT_VERSION);
	if (m->status)
		m->status(m->status_arg, o);
	cJSON_AddNumberToObject(o, "uptime_s", seconds(rt_now() - m->started_ns));
	cJSON_AddStringToObject(o, "boot", m->boot);
	add_values(o, m->world);
	add_health(o, m->world);
	add_bus(o, m);
	add_loop(o);
	add_memory(o);
	*ret = o;
	return 0;
}

int methods_register(struct methods *m)
{
	static const struct rpc_method table[] = {
		{"status", "How the daemon is.", false, status, NULL},
		{"values.list", "Every value, or those with a prefix.", false,
		 values_list, NULL},
		{"values.get", "One value by name.", false, values_get, NULL},
		{"values.set", "Set a parameter, or a value that nobody owns.", true,
		 values_set, NULL},
		{"behaviours.list", "What the behaviours are doing.", false,
		 behaviours_list, NULL},
		{"tasks.dump", "The tree of tasks, and what each waits for.", false,
		 tasks_dump, NULL},
		{"methods.list", "What can be asked for.", false, methods_list, NULL},
	};

	return rpc_register_all(m->rpc, table, ARRAY_LEN(table), m);
}
