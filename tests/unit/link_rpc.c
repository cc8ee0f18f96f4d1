/* The control socket: REQ and DEALER clients, bad requests, too many, clients that vanish. */
#include "daemon/link/rpc.h"

#include "daemon/base/json.h"
#include "tests/unit/link_run.h"

struct served {
	struct rpc *rpc;
	const char *where;
	struct nursery n;
	bool hold; /* "wait" does not come to its end */
};

static int echo(void *arg, const cJSON *params, cJSON **ret, struct rpc_error *err)
{
	(void)arg;
	(void)err;
	*ret = cJSON_Duplicate(params, true);
	return 0;
}

static int refuse(void *arg, const cJSON *params, cJSON **ret, struct rpc_error *err)
{
	(void)arg;
	(void)params;
	(void)ret;
	rpc_fail(err, RPC_REFUSED, "params.x", "x is too %s", "green");
	rpc_hint(err, "try blue");
	return -EPERM;
}

static int fail_without_words(void *arg, const cJSON *params, cJSON **ret,
			      struct rpc_error *err)
{
	(void)arg;
	(void)params;
	(void)ret;
	(void)err;
	return -EIO;
}

static int wait_long(void *arg, const cJSON *params, cJSON **ret, struct rpc_error *err)
{
	const struct served *s = arg;
	int r = 0;

	(void)params;
	(void)err;
	while (r == 0 && s->hold)
		r = task_sleep(NS_PER_MS);
	*ret = r == 0 ? cJSON_CreateString("waited") : NULL;
	return r;
}

static void serve(struct served *s, struct link_test *t)
{
	static struct rpc_method methods[] = {
		{"echo", "Gives back.", false, echo, NULL},
		{"refuse", "Does not.", true, refuse, NULL},
		{"fail", "Fails.", false, fail_without_words, NULL},
		{"wait", "Takes long.", false, wait_long, NULL},
	};

	s->where = endpoint(t, "control");
	expect(rpc_new(t->ctx, s->where, &s->rpc), 0);
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		methods[i].arg = s;
		expect(rpc_register(s->rpc, &methods[i]), 0);
	}
	expect(rpc_register(s->rpc, &methods[0]), -EEXIST);
	nursery_open(&s->n);
	nursery_go(&s->n, "rpc", rpc_run, s->rpc);
}

static void stop(struct served *s)
{
	nursery_cancel(&s->n, "done");
	expect(nursery_close(&s->n, 0), 0);
	rpc_free(s->rpc);
}

static struct rpc_stats stats(const struct served *s)
{
	struct rpc_stats ret;

	rpc_stats(s->rpc, &ret);
	return ret;
}

static void ask(struct zsock *client, const char *request, char *answer, size_t size)
{
	expect(send_text(client, request), 0);
	expect(recv_text(client, answer, size), 0);
}

static void expect_answer(struct zsock *client, const char *request, const char *want)
{
	char answer[1024];

	ask(client, request, answer, sizeof(answer));
	cr_assert(eq(str, answer, (char *)want));
}

LINK_TEST(rpc, answers_req_and_dealer_clients)
{
	struct served s = {0};

	serve(&s, t);
	struct zsock *req = open_connected(t, &s.n, ZMQ_REQ, s.where);
	struct zsock *dealer = open_connected(t, &s.n, ZMQ_DEALER, s.where);

	expect_answer(req,
		      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"params\":[1]}",
		      "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[1]}");
	expect_answer(dealer, "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"echo\"}",
		      "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":null}");
	stop(&s);
	zsock_close(req);
	zsock_close(dealer);
	return 0;
}

LINK_TEST(rpc, errors_say_what_where_and_what_else)
{
	struct served s = {0};

	serve(&s, t);
	struct zsock *c = open_connected(t, &s.n, ZMQ_REQ, s.where);

	expect_answer(
		c, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"refuse\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32001,\"message\":"
		"\"x is too green\",\"data\":{\"path\":\"params.x\",\"hint\":\"try "
		"blue\"}}}");
	expect_answer(
		c, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"fail\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32603,\"message\":"
		"\"fail: Input/output error\"}}");
	expect_answer(
		c, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ecko\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32601,\"message\":"
		"\"no method \\\"ecko\\\"\",\"data\":{\"path\":\"method\",\"hint\":"
		"\"did you mean \\\"echo\\\"?\"}}}");
	stop(&s);
	zsock_close(c);
	return 0;
}

LINK_TEST(rpc, a_long_name_is_cut_between_characters)
{
	struct served s = {0};
	char request[1024] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x";
	char answer[1024];
	struct conf_errors errs = {0};
	cJSON *json = NULL;

	serve(&s, t);
	struct zsock *c = open_connected(t, &s.n, ZMQ_REQ, s.where);

	for (int i = 0; i < 200; i++)
		strcat(request, "\u00e9");
	strcat(request, "\"}");
	ask(c, request, answer, sizeof(answer));
	expect(json_message_parse(answer, strlen(answer), sizeof(answer), "answer", &errs,
				  &json),
	       0);
	cJSON_Delete(json);
	stop(&s);
	zsock_close(c);
	return 0;
}

LINK_TEST(rpc, what_is_no_request_gets_an_error)
{
	static const struct {
		const char *request;
		int code;
	} bad[] = {
		{"", -32700},
		{"garbage", -32700},
		{"\x80\xff", -32700},
		{"{\"jsonrpc\":\"2.0\",\"jsonrpc\":\"2.0\"}", -32700},
		{"[]", -32600},
		{"[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\"}]", -32600},
		{"3", -32600},
		{"{}", -32600},
		{"{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"echo\"}", -32600},
		{"{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"echo\"}", -32600},
		{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", -32600},
		{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"params\":7}",
		 -32600},
	};
	struct served s = {0};
	char answer[1024], code[32];

	serve(&s, t);
	struct zsock *c = open_connected(t, &s.n, ZMQ_REQ, s.where);

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ask(c, bad[i].request, answer, sizeof(answer));
		snprintf(code, sizeof(code), "\"code\":%d,", bad[i].code);
		cr_assert(strstr(answer, code) != NULL, "%s: %s", bad[i].request, answer);
	}
	stop(&s);
	zsock_close(c);
	return 0;
}

/* A message of @len spaces. */
static int send_spaces(struct zsock *c, size_t len)
{
	char *text = malloc(len);
	struct zframe frame = {text, len};
	int r;

	cr_assert(text != NULL);
	memset(text, ' ', len);
	r = zsock_send(c, &frame, 1);
	free(text);
	return r;
}

LINK_TEST(rpc, too_long_gets_an_error_and_far_too_long_is_cut_off)
{
	struct served s = {0};
	char answer[1024];

	serve(&s, t);
	struct zsock *c = open_connected(t, &s.n, ZMQ_REQ, s.where);
	struct zsock *rude = open_connected(t, &s.n, ZMQ_DEALER, s.where);

	expect(send_spaces(c, RPC_MESSAGE_MAX + 1), 0);
	expect(recv_text(c, answer, sizeof(answer)), 0);
	cr_assert(strstr(answer, "65537 bytes; at most 65536") != NULL, "%s", answer);
	expect(send_spaces(rude, 10 << 20), 0);
	ask(c, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\"}", answer,
	    sizeof(answer));
	cr_assert(strstr(answer, "result") != NULL, "%s", answer);
	stop(&s);
	zsock_close(c);
	zsock_close(rude);
	return 0;
}

LINK_TEST(rpc, a_notification_gets_no_answer)
{
	struct served s = {0};

	serve(&s, t);
	struct zsock *c = open_connected(t, &s.n, ZMQ_DEALER, s.where);

	expect(send_text(c, "{\"jsonrpc\":\"2.0\",\"method\":\"echo\",\"params\":[1]}"),
	       0);
	expect_answer(c,
		      "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"echo\",\"params\":[2]}",
		      "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":[2]}");
	stop(&s);
	zsock_close(c);
	return 0;
}

LINK_TEST(rpc, more_than_it_runs_at_once_are_told_that_it_is_busy)
{
	struct served s = {.hold = true};
	char answer[1024];
	int waited = 0;

	serve(&s, t);
	struct zsock *c = open_connected(t, &s.n, ZMQ_DEALER, s.where);

	for (int i = 0; i < RPC_AT_ONCE; i++)
		expect(send_text(c, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"wait\"}"),
		       0);
	expect_answer(
		c, "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"echo\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":9,\"error\":{\"code\":-32000,\"message\":"
		"\"busy: 32 requests are running\",\"data\":{\"hint\":\"try "
		"again\"}}}");
	s.hold = false;
	for (int i = 0; i < RPC_AT_ONCE; i++) {
		expect(recv_text(c, answer, sizeof(answer)), 0);
		waited += strstr(answer, "waited") != NULL;
	}
	expect(waited, RPC_AT_ONCE);
	stop(&s);
	zsock_close(c);
	return 0;
}

LINK_TEST(rpc, clients_that_vanish_do_no_harm)
{
	struct served s = {.hold = true};
	struct nursery short_lived;
	struct zsock *gone[2 * RPC_AT_ONCE]; /* each has some descriptors */

	serve(&s, t);
	nursery_open(&short_lived);
	for (size_t i = 0; i < ARRAY_LEN(gone); i++) {
		gone[i] = open_connected(t, &short_lived, ZMQ_REQ, s.where);
		expect(send_text(gone[i],
				 "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"wait\"}"),
		       0);
	}
	wait_until(stats(&s).requests == ARRAY_LEN(gone));
	nursery_cancel(&short_lived, "vanish");
	expect(nursery_close(&short_lived, 0), 0);
	for (size_t i = 0; i < ARRAY_LEN(gone); i++)
		zsock_close(gone[i]);
	s.hold = false;
	wait_until(stats(&s).running == 0);

	struct zsock *c = open_connected(t, &s.n, ZMQ_REQ, s.where);

	expect_answer(c, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\"}",
		      "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}");
	stop(&s);
	zsock_close(c);
	return 0;
}

LINK_TEST(rpc, requests_that_run_end_with_the_server)
{
	struct served s = {.hold = true};

	serve(&s, t);
	struct zsock *c = open_connected(t, &s.n, ZMQ_DEALER, s.where);

	expect(send_text(c, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"wait\"}"), 0);
	wait_until(stats(&s).running == 1);
	nursery_cancel(&s.n, "stop");
	expect(nursery_close(&s.n, 0), 0);
	cr_assert(eq(uint, stats(&s).running, 0));
	rpc_free(s.rpc);
	zsock_close(c);
	return 0;
}
