/* JSON-RPC 2.0 messages: requests taken apart, answers put together. Pure. */
#ifndef DAEMON_LINK_RPC_MESSAGE_H
#define DAEMON_LINK_RPC_MESSAGE_H
#include <cjson/cJSON.h>
#include <stddef.h>

#include "daemon/base/macros.h"
#include "daemon/link/rpc.h"

/* A request; everything in it lives in the tree below root. */
struct rpc_request {
	cJSON *root;
	const cJSON *id; /* NULL: a notification, or not even an id could be read */
	const char *method;
	const cJSON *params; /* an object or array, or NULL */
};

/*
 * Parse @len bytes. Returns 0, or -EINVAL with the reason in @err; then id is set if it could be read. In
 * both cases *@ret is given back with rpc_request_fini().
 */
int rpc_request_parse(const char *text, size_t len, struct rpc_request *ret,
		      struct rpc_error *err) MUST_CHECK;
void rpc_request_fini(struct rpc_request *req);

/*
 * The answer to the request with @id (NULL: null): @result_take (NULL: null), which is freed, or the
 * error @err unless that is NULL. Freed with cJSON_free(). NULL without memory.
 */
char *rpc_answer(const cJSON *id, cJSON *result_take, const struct rpc_error *err);

#endif
