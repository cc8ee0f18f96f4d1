/* The control socket: requests in, a task for each, answers out. */
#include "daemon/link/rpc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/nearest.h"
#include "daemon/link/rpc_message.h"

/* Beyond this a client is cut off; up to it, it is told that its request is too long. */
#define PART_MAX (2 * (size_t)RPC_MESSAGE_MAX)

/* Requests queued for each client: a client is one program that waits for its answers. */
#define QUEUED 64

struct rpc {
	struct zsock *sock;
	struct nursery *nursery; /* while it runs */
	struct rpc_method *methods;
	size_t n_methods;
	struct rpc_stats stats;
};

/* One request: the frames it came in, whose first ones are the way back. */
struct call {
	struct rpc *rpc;
	struct zmsg message;
};

int rpc_new(struct zctx *ctx, const char *endpoint, struct rpc **ret)
{
	const struct zsock_conf conf = {
		.name = "control",
		.type = ZMQ_ROUTER,
		.bind = endpoint,
		.message_max = PART_MAX,
		.recv_hwm = QUEUED,
	};
	struct rpc *rpc = calloc(1, sizeof(*rpc));
	int r;

	if (!rpc)
		return -ENOMEM;
	r = zsock_open(ctx, &conf, &rpc->sock);
	if (r < 0) {
		free(rpc);
		return r;
	}
	*ret = rpc;
	return 0;
}

void rpc_free(struct rpc *rpc)
{
	if (!rpc)
		return;
	zsock_close(rpc->sock);
	free(rpc->methods);
	free(rpc);
}

static const struct rpc_method *find(const struct rpc *rpc, const char *name)
{
	for (size_t i = 0; i < rpc->n_methods; i++)
		if (strcmp(rpc->methods[i].name, name) == 0)
			return &rpc->methods[i];
	return NULL;
}

int rpc_register(struct rpc *rpc, const struct rpc_method *m)
{
	struct rpc_method *grown;

	if (find(rpc, m->name))
		return -EEXIST;
	grown = reallocarray(rpc->methods, rpc->n_methods + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	rpc->methods = grown;
	rpc->methods[rpc->n_methods++] = *m;
	return 0;
}

int rpc_register_all(struct rpc *rpc, const struct rpc_method *table, size_t n, void *arg)
{
	for (size_t i = 0; i < n; i++) {
		struct rpc_method m = table[i];
		int r;

		m.arg = arg;
		r = rpc_register(rpc, &m);
		if (r < 0)
			return r;
	}
	return 0;
}

const struct rpc_method *rpc_method_at(const struct rpc *rpc, size_t i)
{
	return i < rpc->n_methods ? &rpc->methods[i] : NULL;
}

void rpc_stats(const struct rpc *rpc, struct rpc_stats *ret)
{
	*ret = rpc->stats;
}

static int no_method(const struct rpc *rpc, const char *name, struct rpc_error *err)
{
	const char **names = calloc(rpc->n_methods + 1, sizeof(*names));
	const char *near = NULL;

	rpc_fail(err, RPC_NO_METHOD, "method", "no method \"%.100s\"", name);
	for (size_t i = 0; names && i < rpc->n_methods; i++)
		names[i] = rpc->methods[i].name;
	if (names)
		near = nearest_name(name, names, rpc->n_methods);
	if (near)
		rpc_hint(err, "did you mean \"%s\"?", near);
	free(names);
	return -EINVAL;
}

/* Send an answer the way the request came. Who does not read its answers, or is gone, loses them. */
static void reply(struct call *call, const char *text)
{
	struct zframe frames[ZMSG_PARTS];
	unsigned n = call->message.n;

	for (unsigned i = 0; i + 1 < n; i++)
		frames[i] = call->message.frame[i];
	frames[n - 1] = (struct zframe){text, strlen(text)};
	(void)zsock_try_send(call->rpc->sock, frames, n);
}

static void answer(struct call *call, const struct rpc_request *req, cJSON *result_take,
		   const struct rpc_error *err)
{
	char *text = rpc_answer(req->id, result_take, err);

	if (err)
		call->rpc->stats.errors++;
	if (text)
		reply(call, text);
	cJSON_free(text);
}

/* Every failure fills @err; a method that only returned a code gets its text. */
static int run_method(struct rpc *rpc, const struct rpc_request *req, cJSON **ret,
		      struct rpc_error *err)
{
	const struct rpc_method *m = find(rpc, req->method);
	int r;

	if (!m)
		return no_method(rpc, req->method, err);
	r = m->call(m->arg, req->params, ret, err);
	if (r < 0 && err->code == 0)
		rpc_fail(err, RPC_INTERNAL, "", "%s: %s", m->name, strerror(-r));
	return r;
}

static void serve_call(struct call *call)
{
	const struct zframe *body = &call->message.frame[call->message.n - 1];
	struct rpc_error err = {0};
	struct rpc_request req;
	cJSON *result = NULL;
	int r = rpc_request_parse(body->data, body->len, &req, &err);
	bool silent = r == 0 && !req.id;

	if (r == 0)
		r = run_method(call->rpc, &req, &result, &err);
	if (silent)
		cJSON_Delete(result);
	else
		answer(call, &req, result, r < 0 ? &err : NULL);
	cJSON_Delete(err.data);
	rpc_request_fini(&req);
}

static void call_free(struct call *call)
{
	zmsg_fini(&call->message);
	free(call);
}

/* A request's task. What goes wrong with a request is told to its client, and ends nothing else. */
static int call_run(void *arg)
{
	struct call *call = arg;
	struct rpc *rpc = call->rpc;

	serve_call(call);
	call_free(call);
	rpc->stats.running--;
	return 0;
}

/* It is parsed all the same: the answer bears its id. */
static void refuse_busy(struct call *call)
{
	const struct zframe *body = &call->message.frame[call->message.n - 1];
	struct rpc_error err = {0};
	struct rpc_request req;

	if (rpc_request_parse(body->data, body->len, &req, &err) == 0) {
		rpc_fail(&err, RPC_BUSY, "", "busy: %d requests are running",
			 RPC_AT_ONCE);
		rpc_hint(&err, "try again");
	}
	answer(call, &req, NULL, &err);
	rpc_request_fini(&req);
}

static void accept_call(struct call *call)
{
	struct rpc *rpc = call->rpc;

	rpc->stats.requests++;
	/* Without a frame that says who asks, and one that says what, there is nobody to tell. */
	if (call->message.n < 2) {
		rpc->stats.errors++;
		call_free(call);
	} else if (rpc->stats.running == RPC_AT_ONCE) {
		refuse_busy(call);
		call_free(call);
	} else if (nursery_go(rpc->nursery, "request", call_run, call) < 0) {
		call_free(call);
	} else {
		rpc->stats.running++;
	}
}

/* Receive and start requests until something fails. Suspends. */
static int serve(struct rpc *rpc)
{
	for (;;) {
		struct call *call = calloc(1, sizeof(*call));
		int r;

		if (!call)
			return -ENOMEM;
		call->rpc = rpc;
		r = zsock_recv(rpc->sock, &call->message);
		if (r == 0) {
			accept_call(call);
			continue;
		}
		call_free(call);
		if (r != -EMSGSIZE)
			return r;
		rpc->stats.requests++;
		rpc->stats.errors++;
	}
}

int rpc_run(void *arg)
{
	struct rpc *rpc = arg;
	struct nursery n;
	int r;

	nursery_open(&n);
	rpc->nursery = &n;
	r = zsock_pump(rpc->sock, &n);
	if (r == 0)
		r = serve(rpc);
	r = nursery_close(&n, r);
	rpc->nursery = NULL;
	return r;
}
