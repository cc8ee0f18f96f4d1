/* The command line of instinctd. */
#ifndef DAEMON_APP_OPTIONS_H
#define DAEMON_APP_OPTIONS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/macros.h"

/* Exit codes, as sysexits.h and systemd know them. */
#define EXIT_OK 0
#define EXIT_FAILED 1
#define EXIT_USAGE 2
#define EXIT_CONFIG 78

#define OPTIONS_CONFIGS 16

struct options {
	const char *configs[OPTIONS_CONFIGS];
	size_t n_configs;
	const char *world;   /* a recording; NULL: none */
	const char *script;  /* a script to run instead of behaviours; NULL: none */
	int64_t duration_ns; /* 0: until it is told to stop */
	bool max_speed;      /* virtual clock */
	bool view;           /* show what happens */
	bool check;          /* only check the configuration */
	bool no_bus;         /* no sockets: nobody reaches it */
	bool json;           /* what --check finds as JSON */
	bool keys;           /* only list the keys of the configuration */
};

/*
 * Parse @argv. Returns -1 to go on with *@ret, or an exit code: after --help or --version, or after what
 * is wrong was said on standard error.
 */
int options_parse(int argc, char **argv, struct options *ret) MUST_CHECK;

#endif
