/* run, check, demo: commands that become the daemon's program. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/instinct/cli.h"

#define ARGS_MAX 64

/* The arguments with which the daemon is started. */
struct launch {
	char *argv[ARGS_MAX + 1];
	int argc;
};

static void add(struct launch *l, const char *arg)
{
	/* execv() takes char *, and leaves them alone. */
	if (l->argc < ARGS_MAX)
		l->argv[l->argc++] = (char *)arg;
}

/* The file @name seen from the folder of this program; written to @buf (PATH_MAX). NULL if not there. */
static const char *beside(const char *name, char *buf)
{
	char exe[PATH_MAX], path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	if (n <= 0)
		return NULL;
	exe[n] = '\0';
	slash = strrchr(exe, '/');
	if (!slash)
		return NULL;
	*slash = '\0';
	if (snprintf(path, sizeof(path), "%s/%s", exe, name) >= (int)sizeof(path))
		return NULL;
	return realpath(path, buf);
}

/* Become instinctd: the one that was built or installed with this program, else one from PATH. */
static int launch(struct launch *l)
{
	static const char *const places[] = {"instinctd", "../sbin/instinctd"};
	char path[PATH_MAX];

	if (l->argc >= ARGS_MAX)
		return cli_fail(CLI_USAGE, "too many arguments");
	l->argv[0] = "instinctd";
	l->argv[l->argc] = NULL;
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (beside(places[i], path))
			execv(path, l->argv);
	execvp("instinctd", l->argv);
	return cli_fail(CLI_ERROR, "instinctd cannot be started: %s", strerror(errno));
}

static const char *find_desk(char *buf)
{
	static const char installed[] = "/usr/lib/instinct/desk.jsonc";

	if (beside("../config/desk.jsonc", buf) ||
	    beside("../lib/instinct/desk.jsonc", buf))
		return buf;
	return access(installed, R_OK) == 0 ? installed : NULL;
}

int cmd_demo(struct cli *cli, int argc, char **argv)
{
	struct launch l = {.argc = 1};
	char buf[PATH_MAX];
	const char *desk = find_desk(buf);

	(void)cli;
	if (!desk)
		return cli_fail(CLI_ERROR, "the desk robot's configuration is not "
					   "installed: /usr/lib/instinct/desk.jsonc");
	add(&l, "--config");
	add(&l, desk);
	add(&l, "--view");
	for (int i = 0; i < argc; i++)
		add(&l, argv[i]);
	return launch(&l);
}

int cmd_check(struct cli *cli, int argc, char **argv)
{
	struct launch l = {.argc = 1};

	(void)cli;
	add(&l, "--check");
	for (int i = 0; i < argc; i++) {
		if (argv[i][0] != '-')
			add(&l, "--config");
		add(&l, argv[i]);
	}
	return launch(&l);
}

int cmd_run(struct cli *cli, int argc, char **argv)
{
	struct launch l = {.argc = 1};

	(void)cli;
	if (argv[0][0] == '-')
		return cli_fail(CLI_USAGE, "run: the script comes first: instinct run "
					   "FILE.lua [OPTIONS]");
	add(&l, "--run");
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--virtual") == 0) {
			add(&l, "--speed");
			add(&l, "max");
		} else {
			add(&l, argv[i]);
		}
	}
	return launch(&l);
}
