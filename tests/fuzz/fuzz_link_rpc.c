/* Fuzz target: a request of the control socket, what may be in its parameters, and the answer to it. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/json.h"
#include "daemon/link/datum_in.h"
#include "daemon/link/rpc_message.h"

/* Whatever is offered to a value becomes a datum of its type, in its range, or a reason. */
static void offer(const cJSON *json, const struct value_info *info)
{
	struct datum d;
	char why[128] = "";
	char text[256];

	if (datum_in(json, info, &d, why, sizeof(why)) < 0) {
		assert(why[0] != '\0');
		return;
	}
	assert(!info->typed || d.type == info->type || d.type == DATUM_NULL);
	assert(info->max == 0 || d.type != DATUM_NUMBER ||
	       (d.n >= info->min && d.n <= info->max));
	(void)datum_json(&d, text, sizeof(text));
	datum_fini(&d);
}

static void offer_to_all(const cJSON *json)
{
	static const struct value_info infos[] = {
		{.name = "any"},
		{.name = "number", .typed = true, .type = DATUM_NUMBER, .max = 1},
		{.name = "vector", .typed = true, .type = DATUM_VEC3},
		{.name = "quaternion", .typed = true, .type = DATUM_QUAT},
		{.name = "text", .typed = true, .type = DATUM_STRING},
		{.name = "table", .typed = true, .type = DATUM_TABLE},
	};

	for (size_t i = 0; i < ARRAY_LEN(infos); i++)
		offer(json, &infos[i]);
}

/* An answer is JSON, whatever the id was. */
static void check_answer(const struct rpc_request *req, const struct rpc_error *err)
{
	struct conf_errors errs = {0};
	char *text = rpc_answer(req->id, NULL, err);
	cJSON *back = NULL;

	assert(text);
	assert(json_message_parse(text, strlen(text), (size_t)1 << 20, "answer", &errs,
				  &back) == 0);
	assert(cJSON_GetObjectItemCaseSensitive(back, err ? "error" : "result"));
	cJSON_Delete(back);
	cJSON_free(text);
	conf_errors_fini(&errs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct rpc_error err = {0};
	struct rpc_request req;
	int r = rpc_request_parse((const char *)data, len, &req, &err);

	assert((r == 0) == (err.code == 0));
	assert(r < 0 || (req.method && cJSON_IsObject(req.root)));
	if (r == 0 && req.params)
		for (const cJSON *v = req.params->child; v; v = v->next)
			offer_to_all(v);
	check_answer(&req, r < 0 ? &err : NULL);
	rpc_request_fini(&req);
	return 0;
}
