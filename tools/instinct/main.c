/* instinct: the command line of the robot's decision daemon. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/nearest.h"
#include "tools/instinct/cli.h"

static const struct command commands[] = {
	{"status", "", "how the daemon is", 0, 0, false, cmd_status},
	{"values", "[PATTERN]", "the robot's values; PATTERN: imu.*, *.state", 0, 1,
	 false, cmd_values},
	{"get", "NAME", "one value", 1, 1, false, cmd_get},
	{"set", "NAME VALUE", "set a parameter; VALUE is JSON, or a bare word", 2, 2,
	 false, cmd_set},
	{"watch", "NAME...", "values as they change; NAME may be the beginning of many",
	 1, -1, false, cmd_watch},
	{"behaviours", "", "what the behaviours are doing", 0, 0, false, cmd_behaviours},
	{"tasks", "", "the daemon's tasks, and what each waits for", 0, 0, false,
	 cmd_tasks},
	{"drivers",
	 "list | probe [BUS] | swap ROLE DRIVER [KEY=VALUE...] | calibrate ROLE [CHANNEL "
	 "[SECONDS]]",
	 "the chips: how they are, which answer, another one for a sensor", 0, -1, false,
	 cmd_drivers},
	{"plan", "", "what a reload of the configuration would change", 0, 0, false,
	 cmd_plan},
	{"reload", "", "read the configuration again and apply it, all or nothing", 0, 0,
	 false, cmd_reload},
	{"config", "", "the configuration that runs", 0, 0, false, cmd_config},
	{"fault", "DEVICE FAULT [COUNT|always [SECONDS]]",
	 "a simulated chip misbehaves: nack, timeout, error, flip, freeze, delay; a "
	 "line: lose, stuck, gone; one of the kernel's: error, freeze, gone; COUNT 0 "
	 "ends it; of parts: imu.second, imu.irq, front.trigger, left.xshut; the "
	 "daemon's own \"loop\": stuck",
	 2, 4, false, cmd_fault},
	{"run", "FILE.lua [--virtual] [OPTIONS]",
	 "run a script as a program, alone or in a robot", 1, -1, true, cmd_run},
	{"check", "[FILE...]", "check a configuration", 0, -1, true, cmd_check},
	{"demo", "[--duration TIME] [OPTIONS]", "the desk robot, all simulated", 0, -1,
	 true, cmd_demo},
};

#define HELP_COLUMN 26 /* of --help, where the texts begin */
#define HELP_END 79    /* and before which they end */

static const char options_help[] =
	"\nOptions of the commands that ask a daemon:\n"
	"  --socket PATH   its control socket, or the folder that it is in; else\n"
	"                  $INSTINCT_SOCKET, or the first that answers of "
	"/run/instinct,\n"
	"                  $XDG_RUNTIME_DIR/instinct, /tmp/instinct-UID\n"
	"  --timeout S     how many seconds an answer may take: $INSTINCT_TIMEOUT, or "
	"5,\n"
	"                  and 60 where chips are waited for\n"
	"  --json          print the answer as JSON, one object on a line\n"
	"  --help, --version\n"
	"\nrun, check and demo start instinctd and pass their options on to it; see\n"
	"instinctd --help. --virtual is its --speed max.\n"
	"\nExit status: 0 done; 1 refused or failed, with the reason on standard error;\n"
	"2 wrong command line; 3 no daemon answers. Of run, check and demo: "
	"instinctd's.\n";

int cli_fail(int code, const char *fmt, ...)
{
	va_list args;

	fputs("instinct: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return code;
}

/* Words from HELP_COLUMN on, in as many lines as it takes. */
static void print_wrapped(const char *text)
{
	int column = HELP_COLUMN;

	for (int len; (len = (int)strcspn(text, " ")) > 0; text += strspn(text, " ")) {
		if (column > HELP_COLUMN && column + 1 + len > HELP_END)
			column = printf("\n%*s", HELP_COLUMN, "") - 1;
		else if (column > HELP_COLUMN)
			column += printf(" ");
		column += printf("%.*s", len, text);
		text += len;
	}
	putchar('\n');
}

static void print_help(void)
{
	puts("Usage: instinct COMMAND [ARGUMENTS]\n\nCommands:");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		const struct command *c = &commands[i];
		int width = printf("  %s %s", c->name, c->usage);

		if (width >= HELP_COLUMN)
			width = printf("\n") - 1;
		printf("%*s", HELP_COLUMN - width, "");
		print_wrapped(c->help);
	}
	fputs(options_help, stdout);
}

static const struct command *find_command(const char *name)
{
	const char *names[ARRAY_LEN(commands)];
	const char *near;

	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		names[i] = commands[i].name;
		if (strcmp(name, names[i]) == 0)
			return &commands[i];
	}
	near = nearest_name(name, names, ARRAY_LEN(commands));
	if (near)
		cli_fail(CLI_USAGE, "no command \"%s\"; did you mean \"%s\"?", name,
			 near);
	else
		cli_fail(CLI_USAGE, "no command \"%s\"; see instinct --help", name);
	return NULL;
}

/* The value of the option @name at *@arg, given after "=" or as the next argument. False: another one. */
static bool option_is(const char *name, char ***arg, const char **ret)
{
	size_t len = strlen(name);

	if (strncmp(**arg, name, len) != 0)
		return false;
	if ((**arg)[len] == '=')
		*ret = **arg + len + 1;
	else if ((**arg)[len] == '\0' && (*arg)[1])
		*ret = *++*arg;
	else
		return false;
	return true;
}

/* Whole seconds, 1 to 86400. Returns 0 for anything else. */
static int seconds(const char *text)
{
	char *end;
	long s = strtol(text, &end, 10);

	return *text && !*end && s >= 1 && s <= 86400 ? (int)s : 0;
}

static bool set_timeout(struct cli *cli, const char *from, const char *text)
{
	cli->timeout_s = seconds(text);
	if (!cli->timeout_s)
		cli_fail(CLI_USAGE, "%s %s: not a number of seconds, 1 to 86400", from,
			 text);
	return cli->timeout_s > 0;
}

/* An option, and not a negative number or the word "-". */
static bool is_option(const char *arg)
{
	return arg[0] == '-' && arg[1] && arg[1] != '.' &&
	       !isdigit((unsigned char)arg[1]);
}

/*
 * Take the options out of @argv, wherever they stand, and leave the arguments. Returns their number, or
 * -1 after an error.
 */
static int take_options(struct cli *cli, const struct command *c, char **argv)
{
	bool only_arguments = false;
	const char *value;
	int n = 0;

	for (char **arg = argv; *arg; arg++) {
		if (only_arguments || !is_option(*arg)) {
			argv[n++] = *arg;
		} else if (strcmp(*arg, "--") == 0) {
			only_arguments = true;
		} else if (strcmp(*arg, "--json") == 0) {
			cli->json = true;
		} else if (option_is("--socket", &arg, &value)) {
			cli->socket = value;
		} else if (option_is("--timeout", &arg, &value)) {
			if (!set_timeout(cli, "--timeout", value))
				return -1;
		} else {
			cli_fail(CLI_USAGE, "%s: %s %s; see instinct --help", c->name,
				 *arg,
				 strcmp(*arg, "--socket") == 0    ? "needs a path"
				 : strcmp(*arg, "--timeout") == 0 ? "needs a time"
								  : "is no option");
			return -1;
		}
	}
	argv[n] = NULL;
	return n;
}

/* What options say goes before. */
static bool take_environment(struct cli *cli)
{
	const char *timeout = getenv("INSTINCT_TIMEOUT");

	cli->socket = getenv("INSTINCT_SOCKET");
	if (cli->socket && !*cli->socket)
		cli->socket = NULL;
	return !timeout || !*timeout || set_timeout(cli, "INSTINCT_TIMEOUT", timeout);
}

static int run_command(struct cli *cli, const struct command *c, char **argv)
{
	int argc = 0;

	if (argv[0] && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)) {
		printf("Usage: instinct %s%s%s\n\n%s\n", c->name, c->usage[0] ? " " : "",
		       c->usage, c->help);
		return CLI_OK;
	}
	if (c->passes_options)
		while (argv[argc])
			argc++;
	else
		argc = take_environment(cli) ? take_options(cli, c, argv) : -1;
	if (argc < 0)
		return CLI_USAGE;
	if (argc < c->min_args || (c->max_args >= 0 && argc > c->max_args))
		return cli_fail(CLI_USAGE, "usage: instinct %s %s", c->name, c->usage);
	return c->run(cli, argc, argv);
}

int main(int argc, char **argv)
{
	const char *term = getenv("TERM");
	struct cli cli = {0};
	const struct command *c;
	int code;

	cli.colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR") && term &&
		     strcmp(term, "dumb") != 0;
	if (argc < 2) {
		print_help();
		return CLI_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_help();
		return CLI_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("instinct " INSTINCT_VERSION);
		return CLI_OK;
	}
	c = find_command(argv[1]);
	if (!c)
		return CLI_USAGE;
	code = run_command(&cli, c, argv + 2);
	if (fflush(stdout) != 0 && code == CLI_OK)
		return cli_fail(CLI_ERROR, "standard output cannot be written");
	return code;
}
