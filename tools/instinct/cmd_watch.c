/* watch: values as they change, from the state socket, until interrupted. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "daemon/base/json.h"
#include "tools/instinct/cli.h"
#include "tools/instinct/client.h"
#include "tools/instinct/print.h"

#define MESSAGE_MAX ((size_t)1 << 20)

/* What was seen of a name: replays for other subscribers repeat messages. */
struct seen {
	char *name;
	char boot[32];
	double seq;
	char shown[256]; /* for people: what is measured anew but the same is no news */
	struct seen *next;
};

static const cJSON *member(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const char *member_text(const cJSON *object, const char *key)
{
	const char *text = cJSON_GetStringValue(member(object, key));

	return text ? text : "";
}

/* What was seen of @name; NULL without memory. */
static struct seen *seen_of(struct seen **list, const char *name)
{
	struct seen *s = *list;

	while (s && strcmp(s->name, name) != 0)
		s = s->next;
	if (s)
		return s;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->name = strdup(name);
	if (!s->name) {
		free(s);
		return NULL;
	}
	s->next = *list;
	*list = s;
	return s;
}

/* Note the message @m. False when it is a repeat. */
static bool is_news(struct seen *s, const cJSON *m)
{
	double seq = cJSON_GetNumberValue(member(m, "seq"));
	const char *boot = member_text(m, "boot");

	if (s->seq == seq && strcmp(s->boot, boot) == 0)
		return false;
	snprintf(s->boot, sizeof(s->boot), "%s", boot);
	s->seq = seq;
	return true;
}

static void forget(struct seen *list)
{
	while (list) {
		struct seen *next = list->next;

		free(list->name);
		free(list);
		list = next;
	}
}

/* A line of columns, unless it is the same as the last one. */
static void print_line(const struct cli *cli, struct seen *s, const cJSON *m)
{
	const char *state = member_text(m, "state");
	const char *unit = member_text(m, "unit");
	char text[200], line[sizeof(s->shown)];

	print_value(member(m, "v"), text, sizeof(text));
	snprintf(line, sizeof(line), "%s %s", state, text);
	if (strcmp(line, s->shown) == 0)
		return;
	memcpy(s->shown, line, sizeof(line));
	printf("%-28s %s%-6s%s %s%s%s\n", s->name, print_colour(cli->colour, state),
	       state, print_plain(cli->colour), text, unit[0] ? " " : "", unit);
}

static void print_message(const struct cli *cli, struct seen *s, cJSON *m)
{
	if (cli->json) {
		cJSON_AddStringToObject(m, "name", s->name);
		print_json(m);
	} else {
		print_line(cli, s, m);
	}
	fflush(stdout);
}

/* Receive the two frames of one message. Returns 0, or the errno. */
static int receive(void *socket, char *name, size_t size, zmq_msg_t *body)
{
	int n = zmq_recv(socket, name, size - 1, 0);

	if (n < 0)
		return -errno;
	name[(size_t)n < size ? (size_t)n : size - 1] = '\0';
	return zmq_msg_recv(body, socket, 0) < 0 ? -errno : 0;
}

static void print_received(const struct cli *cli, struct seen **seen, const char *name,
			   zmq_msg_t *body)
{
	struct seen *s = seen_of(seen, name);
	struct conf_errors errs = {0};
	cJSON *m = NULL;

	if (s &&
	    json_message_parse(zmq_msg_data(body), zmq_msg_size(body), MESSAGE_MAX, name,
			       &errs, &m) == 0 &&
	    is_news(s, m))
		print_message(cli, s, m);
	cJSON_Delete(m);
	conf_errors_fini(&errs);
}

/* Until the user interrupts, or nobody reads what is printed. */
static int follow(const struct cli *cli, void *socket)
{
	struct seen *seen = NULL;
	char name[256];
	int r = 0;

	while (r == 0 && !ferror(stdout)) {
		zmq_msg_t body;

		zmq_msg_init(&body);
		r = receive(socket, name, sizeof(name), &body);
		if (r == 0)
			print_received(cli, &seen, name, &body);
		zmq_msg_close(&body);
	}
	forget(seen);
	return r == -EINTR || r == 0 ? CLI_OK
				     : cli_fail(CLI_ERROR, "watch: %s", zmq_strerror(-r));
}

/* A handler that does nothing: it interrupts the waiting receive. */
static void interrupt(int signo)
{
	(void)signo;
}

static int subscribe(const struct cli *cli, struct client *c, const char *endpoint,
		     char **names)
{
	const int linger = 0;
	void *socket = zmq_socket(c->zmq, ZMQ_SUB);
	int code;

	if (!socket)
		return cli_fail(CLI_ERROR, "no socket: %s", zmq_strerror(errno));
	zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof(linger));
	for (; *names;
	     names++) /* "imu.*" as people write it; subscriptions are beginnings */
		zmq_setsockopt(socket, ZMQ_SUBSCRIBE, *names, strcspn(*names, "*"));
	if (zmq_connect(socket, endpoint) < 0)
		code = cli_fail(CLI_ERROR, "%s: %s", endpoint, zmq_strerror(errno));
	else
		code = follow(cli, socket);
	zmq_close(socket);
	return code;
}

int cmd_watch(struct cli *cli, int argc, char **argv)
{
	const struct sigaction stop = {.sa_handler = interrupt};
	cJSON *status = NULL;
	struct client c;
	int code = client_open(&c, cli);

	(void)argc;
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	if (code == CLI_OK)
		code = client_call(&c, "status", NULL, &status);
	if (code == CLI_OK)
		code = subscribe(cli, &c, member_text(member(status, "bus"), "state"),
				 argv);
	cJSON_Delete(status);
	client_close(&c);
	return code;
}
