/* A connection to the daemon: requests to its control socket, one at a time. */
#ifndef TOOLS_INSTINCT_CLIENT_H
#define TOOLS_INSTINCT_CLIENT_H
#include <cjson/cJSON.h>

#include "tools/instinct/cli.h"

struct client {
	void *zmq, *socket;
	int timeout_s;
	char endpoint[256];
};

/*
 * Connect to the daemon that answers at cli->socket or in the usual places. Returns CLI_OK, or an exit
 * code after a line on standard error. client_close() is right in any case.
 */
int client_open(struct client *c, const struct cli *cli) MUST_CHECK;
void client_close(struct client *c);

/*
 * Wait longer for answers than usual, unless --timeout says how long: for what waits for chips, which may be slow.
 */
void client_be_patient(struct cli *cli);

/*
 * Call @method with @params_take (NULL: none), which is freed. Returns CLI_OK with the result, which the
 * caller frees, in *@ret; or an exit code after the error was told.
 */
int client_call(struct client *c, const char *method, cJSON *params_take,
		cJSON **ret) MUST_CHECK;

/* All three of them for the commands that ask once. */
int client_ask(const struct cli *cli, const char *method, cJSON *params_take,
	       cJSON **ret) MUST_CHECK;

/* What a person typed as a value: JSON if it is some, else the bare word. The caller frees it. */
cJSON *client_word(const char *text);

#endif
