/* A connection to the daemon. */
#include "tools/instinct/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zmq.h>

#include "daemon/base/json.h"
#include "daemon/base/runtime_dir.h"
#include "daemon/base/runtime_socket.h"

#define ANSWER_S 5
#define PATIENT_S 60
#define ANSWER_MAX ((size_t)16 << 20) /* bytes of an answer */

static int no_daemon(const char *where)
{
	return cli_fail(CLI_NO_DAEMON,
			"no instinctd answers at %s: is it running? systemctl status "
			"instinct; for a simulated robot: instinct demo",
			where);
}

/* Says why the socket at @path, which is there, cannot be used. */
static int not_usable(const char *path, int r)
{
	if (r == -EACCES || r == -EPERM)
		return cli_fail(CLI_NO_DAEMON,
				"%s: permission denied; it is for members of the group "
				"instinct: sudo usermod -aG instinct $USER",
				path);
	return no_daemon(path);
}

/* Whether @path, or the socket in the folder @path, is being served; its endpoint. */
static int try_path(struct client *c, const char *path)
{
	struct stat st;
	bool folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);

	if (snprintf(c->endpoint, sizeof(c->endpoint), "ipc://%s%s", path,
		     folder ? "/control" : "") >= (int)sizeof(c->endpoint))
		return -ENAMETOOLONG;
	return runtime_socket_probe(c->endpoint + strlen("ipc://"));
}

static int find_given(struct client *c, const char *socket)
{
	int r;

	if (strstr(socket, "://") && strncmp(socket, "ipc://", 6) != 0) {
		snprintf(c->endpoint, sizeof(c->endpoint), "%s", socket);
		return CLI_OK;
	}
	if (strncmp(socket, "ipc://", 6) == 0)
		socket += 6;
	r = try_path(c, socket);
	return r < 0 ? not_usable(socket, r) : CLI_OK;
}

/* The first usual place that is served; else tell of all, or of the one that may not be used. */
static int find_usual(struct client *c)
{
	char dir[RUNTIME_PATH_MAX], tried[4 * RUNTIME_PATH_MAX] = "";

	for (unsigned i = 0; runtime_dir_candidate(i, dir) == 0; i++) {
		int r = try_path(c, dir);

		if (r == 0)
			return CLI_OK;
		if (r == -EACCES || r == -EPERM)
			return not_usable(dir, r);
		snprintf(tried + strlen(tried), sizeof(tried) - strlen(tried), "%s%s",
			 i > 0 ? " or " : "", dir);
	}
	return no_daemon(tried);
}

int client_open(struct client *c, const struct cli *cli)
{
	const int timeout_s = cli->timeout_s ? cli->timeout_s : ANSWER_S;
	const int wait_ms = timeout_s * 1000;
	const int linger = 0;
	int code;

	memset(c, 0, sizeof(*c));
	c->timeout_s = timeout_s;
	code = cli->socket ? find_given(c, cli->socket) : find_usual(c);
	if (code != CLI_OK)
		return code;
	c->zmq = zmq_ctx_new();
	c->socket = c->zmq ? zmq_socket(c->zmq, ZMQ_REQ) : NULL;
	if (!c->socket)
		return cli_fail(CLI_ERROR, "no socket: %s", zmq_strerror(errno));
	zmq_setsockopt(c->socket, ZMQ_LINGER, &linger, sizeof(linger));
	zmq_setsockopt(c->socket, ZMQ_SNDTIMEO, &wait_ms, sizeof(wait_ms));
	zmq_setsockopt(c->socket, ZMQ_RCVTIMEO, &wait_ms, sizeof(wait_ms));
	if (zmq_connect(c->socket, c->endpoint) < 0)
		return cli_fail(CLI_USAGE, "--socket %s: %s", c->endpoint,
				zmq_strerror(errno));
	return CLI_OK;
}

void client_close(struct client *c)
{
	if (c->socket)
		zmq_close(c->socket);
	if (c->zmq)
		zmq_ctx_term(c->zmq);
	c->zmq = c->socket = NULL;
}

void client_be_patient(struct cli *cli)
{
	if (!cli->timeout_s)
		cli->timeout_s = PATIENT_S;
}

static char *make_request(const char *method, cJSON *params_take)
{
	cJSON *request = cJSON_CreateObject();
	char *text;

	cJSON_AddStringToObject(request, "jsonrpc", "2.0");
	cJSON_AddNumberToObject(request, "id", 1);
	cJSON_AddStringToObject(request, "method", method);
	if (params_take)
		cJSON_AddItemToObject(request, "params", params_take);
	text = cJSON_PrintUnformatted(request);
	cJSON_Delete(request);
	return text;
}

/* The text of member @key, or NULL. */
static const char *text_of(const cJSON *object, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

/* "no value imu.acel; did you mean \"imu.accel\"?" */
static int tell_error(const cJSON *error)
{
	const cJSON *data = cJSON_GetObjectItemCaseSensitive(error, "data");
	const char *message = text_of(error, "message");
	const char *hint = text_of(data, "hint");
	const cJSON *errors = cJSON_GetObjectItemCaseSensitive(data, "errors");

	/* "desk.jsonc:12:4: sensors.imu: ...": as they are, so that editors find the place. */
	for (const cJSON *e = errors ? errors->child : NULL; e; e = e->next)
		if (cJSON_IsString(e))
			fprintf(stderr, "%s\n", e->valuestring);
	return cli_fail(CLI_ERROR, "%s%s%s",
			message ? message : "error without a message", hint ? "; " : "",
			hint ? hint : "");
}

static int read_answer(const zmq_msg_t *m, cJSON **ret)
{
	struct conf_errors errs = {0};
	cJSON *answer = NULL;
	const cJSON *error;
	int code = CLI_OK;

	if (json_message_parse(zmq_msg_data((zmq_msg_t *)m), zmq_msg_size(m), ANSWER_MAX,
			       "answer", &errs, &answer) < 0)
		code = cli_fail(CLI_ERROR, "the answer is not understood: %s",
				errs.n > 0 ? errs.list[0].text : "out of memory");
	conf_errors_fini(&errs);
	if (code != CLI_OK)
		return code;
	error = cJSON_GetObjectItemCaseSensitive(answer, "error");
	if (error)
		code = tell_error(error);
	else
		*ret = cJSON_DetachItemFromObjectCaseSensitive(answer, "result");
	cJSON_Delete(answer);
	if (code == CLI_OK && !*ret)
		return cli_fail(CLI_ERROR, "the answer has neither result nor error");
	return code;
}

int client_call(struct client *c, const char *method, cJSON *params_take, cJSON **ret)
{
	char *text = make_request(method, params_take);
	zmq_msg_t m;
	int code;

	if (!text)
		return cli_fail(CLI_ERROR, "out of memory");
	code = zmq_send(c->socket, text, strlen(text), 0) < 0 ? CLI_ERROR : CLI_OK;
	free(text);
	zmq_msg_init(&m);
	if (code != CLI_OK || zmq_msg_recv(&m, c->socket, 0) < 0)
		code = cli_fail(CLI_NO_DAEMON, "%s: no answer within %d s", c->endpoint,
				c->timeout_s);
	else
		code = read_answer(&m, ret);
	zmq_msg_close(&m);
	return code;
}

int client_ask(const struct cli *cli, const char *method, cJSON *params_take, cJSON **ret)
{
	struct client c;
	int code = client_open(&c, cli);

	if (code == CLI_OK)
		code = client_call(&c, method, params_take, ret);
	else
		cJSON_Delete(params_take);
	client_close(&c);
	return code;
}

cJSON *client_word(const char *text)
{
	struct conf_errors errs = {0};
	cJSON *v = NULL;

	if (json_message_parse(text, strlen(text), 65536, "VALUE", &errs, &v) < 0)
		v = cJSON_CreateString(text);
	conf_errors_fini(&errs);
	return v;
}
