/* JSON-RPC 2.0 messages. */
#include "daemon/link/rpc_message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/json.h"
#include "daemon/base/utf8.h"

/* Words of a request may have been cut in the middle of a character. */
static void mend(char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		size_t n = utf8_char(text, left);

		if (n == 0)
			*text = '?';
		n = n ? n : 1;
		text += n;
		left -= n;
	}
}

int rpc_fail(struct rpc_error *err, enum rpc_code code, const char *path, const char *fmt,
	     ...)
{
	va_list args;

	err->code = code;
	snprintf(err->path, sizeof(err->path), "%s", path);
	err->hint[0] = '\0';
	va_start(args, fmt);
	vsnprintf(err->message, sizeof(err->message), fmt, args);
	va_end(args);
	mend(err->message);
	return -EINVAL;
}

void rpc_hint(struct rpc_error *err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(err->hint, sizeof(err->hint), fmt, args);
	va_end(args);
}

static int parse_json(const char *text, size_t len, cJSON **ret, struct rpc_error *err)
{
	struct conf_errors errs = {0};
	int r = json_message_parse(text, len, RPC_MESSAGE_MAX, "request", &errs, ret);

	if (r == -EMSGSIZE)
		rpc_fail(err, RPC_INVALID_REQUEST, "",
			 "the request has %zu bytes; at most %d are read", len,
			 RPC_MESSAGE_MAX);
	else if (r < 0)
		rpc_fail(err, r == -ENOMEM ? RPC_INTERNAL : RPC_PARSE_ERROR, "", "%s",
			 errs.n > 0 ? errs.list[0].text : "out of memory");
	conf_errors_fini(&errs);
	return r < 0 ? -EINVAL : 0;
}

static const cJSON *member(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

static int check(const cJSON *root, const cJSON *id, struct rpc_error *err)
{
	const char *version = cJSON_GetStringValue(member(root, "jsonrpc"));
	const cJSON *params = member(root, "params");

	if (!version || strcmp(version, "2.0") != 0)
		return rpc_fail(err, RPC_INVALID_REQUEST, "jsonrpc",
				"jsonrpc must be \"2.0\"");
	if (id && !cJSON_IsString(id) && !cJSON_IsNumber(id) && !cJSON_IsNull(id))
		return rpc_fail(err, RPC_INVALID_REQUEST, "id",
				"id must be a text, a number or null");
	if (!cJSON_IsString(member(root, "method")))
		return rpc_fail(err, RPC_INVALID_REQUEST, "method",
				"method must be a text");
	if (params && !cJSON_IsObject(params) && !cJSON_IsArray(params))
		return rpc_fail(err, RPC_INVALID_REQUEST, "params",
				"params must be an object or a list");
	return 0;
}

int rpc_request_parse(const char *text, size_t len, struct rpc_request *ret,
		      struct rpc_error *err)
{
	const cJSON *id;
	int r;

	memset(ret, 0, sizeof(*ret));
	r = parse_json(text, len, &ret->root, err);
	if (r < 0)
		return r;
	if (!cJSON_IsObject(ret->root))
		return rpc_fail(err, RPC_INVALID_REQUEST, "",
				"a request is an object, and one to a message");
	id = member(ret->root, "id");
	r = check(ret->root, id, err);
	if (cJSON_IsString(id) || cJSON_IsNumber(id) || cJSON_IsNull(id))
		ret->id = id;
	ret->method = cJSON_GetStringValue(member(ret->root, "method"));
	ret->params = member(ret->root, "params");
	return r;
}

void rpc_request_fini(struct rpc_request *req)
{
	cJSON_Delete(req->root);
	memset(req, 0, sizeof(*req));
}

static void add_error(cJSON *answer, const struct rpc_error *err)
{
	cJSON *error = cJSON_AddObjectToObject(answer, "error");
	cJSON *data;

	cJSON_AddNumberToObject(error, "code", err->code);
	cJSON_AddStringToObject(error, "message", err->message);
	if (err->path[0] == '\0' && err->hint[0] == '\0' && !err->data)
		return;
	data = err->data ? cJSON_Duplicate(err->data, true) : cJSON_CreateObject();
	cJSON_AddItemToObject(error, "data", data);
	if (err->path[0] != '\0')
		cJSON_AddStringToObject(data, "path", err->path);
	if (err->hint[0] != '\0')
		cJSON_AddStringToObject(data, "hint", err->hint);
}

char *rpc_answer(const cJSON *id, cJSON *result_take, const struct rpc_error *err)
{
	cJSON *answer = cJSON_CreateObject();
	char *text;

	cJSON_AddStringToObject(answer, "jsonrpc", "2.0");
	if (cJSON_IsString(id))
		cJSON_AddStringToObject(answer, "id", id->valuestring);
	else if (cJSON_IsNumber(id))
		cJSON_AddNumberToObject(answer, "id", id->valuedouble);
	else
		cJSON_AddNullToObject(answer, "id");
	if (err) {
		cJSON_Delete(result_take);
		add_error(answer, err);
	} else if (result_take) {
		cJSON_AddItemToObject(answer, "result", result_take);
	} else {
		cJSON_AddNullToObject(answer, "result");
	}
	text = cJSON_PrintUnformatted(answer);
	cJSON_Delete(answer);
	return text;
}
