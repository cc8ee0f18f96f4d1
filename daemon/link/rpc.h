/*
 * The control socket: JSON-RPC 2.0 on a ROUTER, one request a message, for REQ and DEALER clients.
 *
 * Methods are registered before the server runs. Each request runs as a task of its own, at most
 * RPC_AT_ONCE at a time; the next ones get the error "busy". A request without id is a notification
 * and gets no answer.
 */
#ifndef DAEMON_LINK_RPC_H
#define DAEMON_LINK_RPC_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/macros.h"
#include "daemon/link/zsock.h"

#define RPC_MESSAGE_MAX 65536 /* bytes of a request */
#define RPC_AT_ONCE 32        /* requests that run at a time */

/* The codes of JSON-RPC 2.0, section 5.1, and ours. */
enum rpc_code {
	RPC_PARSE_ERROR = -32700,
	RPC_INVALID_REQUEST = -32600,
	RPC_NO_METHOD = -32601,
	RPC_INVALID_PARAMS = -32602,
	RPC_INTERNAL = -32603,
	RPC_BUSY = -32000,
	RPC_REFUSED = -32001, /* understood, but not now or not so */
};

/* Why a request failed: for people, with where in the request, and what might be meant. */
struct rpc_error {
	enum rpc_code code;
	char message[256];
	char path[128]; /* "params.name"; "": the request as a whole */
	char hint[192]; /* "did you mean \"imu.accel\"?"; "": none */
	cJSON *data; /* NULL, or an object whose members go out with them; the server frees it */
};

/* Fill @err: `return rpc_fail(err, RPC_INVALID_PARAMS, "params.name", "no value ...");` -EINVAL. */
int rpc_fail(struct rpc_error *err, enum rpc_code code, const char *path, const char *fmt,
	     ...) PRINTF_LIKE(4, 5);

/* Add what might be meant. */
void rpc_hint(struct rpc_error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

struct rpc_method {
	const char *name; /* "values.get" */
	const char *help; /* one line */
	bool changes;     /* it changes something, so it is for administrators */
	/*
	 * Answer one request. @params is an object or array, or NULL. Puts the result into *@ret, which
	 * the server frees, and returns 0 (a result of NULL is null); or fills @err (rpc_fail) and
	 * returns a negative errno. May suspend; is cancelled when the daemon stops.
	 */
	int (*call)(void *arg, const cJSON *params, cJSON **ret, struct rpc_error *err);
	void *arg;
};

struct rpc;

/* Bind to @endpoint. Returns 0 or zsock_open()'s errors. */
int rpc_new(struct zctx *ctx, const char *endpoint, struct rpc **ret) MUST_CHECK;

/* rpc_run() must have ended. NULL is fine. */
void rpc_free(struct rpc *rpc);

/*
 * Add a method, before the server runs; *@m is copied, its texts are borrowed for good. Returns 0; -EEXIST
 * when the name is taken; -ENOMEM.
 */
int rpc_register(struct rpc *rpc, const struct rpc_method *m) MUST_CHECK;

/* Add the @n methods of @table, a part's own, which all get @arg. As rpc_register(). */
int rpc_register_all(struct rpc *rpc, const struct rpc_method *table, size_t n,
		     void *arg) MUST_CHECK;

/* The methods in the order of their registration; NULL after the last. Valid until the next one is added. */
const struct rpc_method *rpc_method_at(const struct rpc *rpc, size_t i);

/* The task that serves, until it is cancelled. @arg is a struct rpc. Suspends. */
int rpc_run(void *arg);

struct rpc_stats {
	uint64_t requests, errors; /* errors are among the requests */
	unsigned running;
};
void rpc_stats(const struct rpc *rpc, struct rpc_stats *ret);

#endif
