/* What the commands of the command line share: the table's row, the options, the exit codes. */
#ifndef TOOLS_INSTINCT_CLI_H
#define TOOLS_INSTINCT_CLI_H
#include <stdbool.h>

#include "daemon/base/macros.h"

/* Exit codes; --help lists them. */
enum {
	CLI_OK = 0,
	CLI_ERROR = 1,     /* the daemon refused, or something failed here */
	CLI_USAGE = 2,     /* wrong command line */
	CLI_NO_DAEMON = 3, /* nobody answers */
};

struct cli {
	const char *socket; /* --socket; NULL: look in the usual places */
	int timeout_s;      /* --timeout: how long an answer may take; 0: as usual */
	bool json;          /* print what the daemon answered, as it is */
	bool colour;        /* standard output is a terminal that wants colours */
};

struct command {
	const char *name;
	const char *usage; /* the arguments */
	const char *help;
	int min_args, max_args; /* max_args < 0: any number */
	/* Options go to the daemon's program unread. */
	bool passes_options;
	/* Returns an exit code. @argv has @argc arguments, without the command's name, and a NULL. */
	int (*run)(struct cli *cli, int argc, char **argv);
};

/* One line to standard error: "instinct: ...". Returns @code. */
int cli_fail(int code, const char *fmt, ...) PRINTF_LIKE(2, 3);

int cmd_status(struct cli *cli, int argc, char **argv);
int cmd_values(struct cli *cli, int argc, char **argv);
int cmd_get(struct cli *cli, int argc, char **argv);
int cmd_set(struct cli *cli, int argc, char **argv);
int cmd_watch(struct cli *cli, int argc, char **argv);
int cmd_tasks(struct cli *cli, int argc, char **argv);
int cmd_behaviours(struct cli *cli, int argc, char **argv);
int cmd_reload(struct cli *cli, int argc, char **argv);
int cmd_plan(struct cli *cli, int argc, char **argv);
int cmd_config(struct cli *cli, int argc, char **argv);
int cmd_drivers(struct cli *cli, int argc, char **argv);
int cmd_fault(struct cli *cli, int argc, char **argv);
int cmd_run(struct cli *cli, int argc, char **argv);
int cmd_check(struct cli *cli, int argc, char **argv);
int cmd_demo(struct cli *cli, int argc, char **argv);

#endif
