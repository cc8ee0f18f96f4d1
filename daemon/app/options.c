/* The command line of instinctd. */
#include "daemon/app/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/log.h"
#include "daemon/base/unit.h"

static const char usage[] =
	"Usage: instinctd [options]\n"
	"\n"
	"The decision daemon of a robot: reads sensors, runs behaviours, drives "
	"actuators.\n"
	"\n"
	"  -c, --config FILE     the configuration; given again, later files lie over "
	"earlier\n"
	"                        ones; FOLDER/ means all its *.jsonc\n"
	"                        (default: /etc/instinct/instinct.jsonc and its "
	"conf.d/)\n"
	"      --check           check the configuration and exit\n"
	"      --json            with --check: the result as one JSON object\n"
	"      --keys            list every key of the configuration and exit\n"
	"      --view            show what the robot senses, decides and does\n"
	"      --no-bus          without the state and control sockets\n"
	"      --run FILE.lua    run a script as a program, alone or, with --config, "
	"in the\n"
	"                        place of the robot's behaviours; ends when it ends\n"
	"      --world FILE      let simulated motion sensors measure this recording "
	"(.f32)\n"
	"                        and report how well the attitude follows its reference\n"
	"      --speed max|real  max: a virtual clock that does not wait (default: "
	"real)\n"
	"      --duration TIME   end after so long, such as 10s\n"
	"      --log LEVEL       err, warning, notice (default), info or debug\n"
	"  -h, --help\n"
	"  -V, --version\n"
	"\n"
	"Exit status: 0 ended as asked; 1 failed while running; 2 wrong command line;\n"
	"78 wrong configuration.\n";

enum {
	OPT_CHECK = 256,
	OPT_JSON,
	OPT_KEYS,
	OPT_NO_BUS,
	OPT_RUN,
	OPT_VIEW,
	OPT_WORLD,
	OPT_SPEED,
	OPT_DURATION,
	OPT_LOG
};

static const struct option long_options[] = {
	{"config", required_argument, NULL, 'c'},
	{"check", no_argument, NULL, OPT_CHECK},
	{"json", no_argument, NULL, OPT_JSON},
	{"keys", no_argument, NULL, OPT_KEYS},
	{"no-bus", no_argument, NULL, OPT_NO_BUS},
	{"run", required_argument, NULL, OPT_RUN},
	{"view", no_argument, NULL, OPT_VIEW},
	{"world", required_argument, NULL, OPT_WORLD},
	{"speed", required_argument, NULL, OPT_SPEED},
	{"duration", required_argument, NULL, OPT_DURATION},
	{"log", required_argument, NULL, OPT_LOG},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

static int wrong(const char *option, const char *text, const char *allowed)
{
	fprintf(stderr, "instinctd: %s %s: %s\n", option, text, allowed);
	return EXIT_USAGE;
}

static int parse_log_level(const char *text)
{
	static const struct {
		const char *name;
		enum log_level level;
	} levels[] = {
		{"err", LOG_LEVEL_ERR},       {"warning", LOG_LEVEL_WARNING},
		{"notice", LOG_LEVEL_NOTICE}, {"info", LOG_LEVEL_INFO},
		{"debug", LOG_LEVEL_DEBUG},
	};

	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		if (strcmp(text, levels[i].name) == 0) {
			log_set_level(levels[i].level);
			return -1;
		}
	}
	return wrong("--log", text, "one of err, warning, notice, info, debug");
}

static int parse_duration(const char *text, int64_t *ret_ns)
{
	char why[UNIT_TEXT_MAX];
	double s;

	if (unit_parse(text, "s", &s, why) < 0)
		return wrong("--duration", text, why);
	if (!(s > 0) || s > 1e9)
		return wrong("--duration", text, "must be above 0");
	*ret_ns = (int64_t)(s * 1e9);
	return -1;
}

static int parse_one(int opt, struct options *o)
{
	switch (opt) {
	case 'c':
		if (o->n_configs == OPTIONS_CONFIGS)
			return wrong("--config", optarg, "too many files");
		o->configs[o->n_configs++] = optarg;
		return -1;
	case OPT_CHECK:
		o->check = true;
		return -1;
	case OPT_JSON:
		o->json = true;
		return -1;
	case OPT_KEYS:
		o->keys = true;
		return -1;
	case OPT_NO_BUS:
		o->no_bus = true;
		return -1;
	case OPT_RUN:
		o->script = optarg;
		return -1;
	case OPT_VIEW:
		o->view = true;
		return -1;
	case OPT_WORLD:
		o->world = optarg;
		return -1;
	case OPT_SPEED:
		o->max_speed = strcmp(optarg, "max") == 0;
		if (!o->max_speed && strcmp(optarg, "real") != 0)
			return wrong("--speed", optarg, "max or real");
		return -1;
	case OPT_DURATION:
		return parse_duration(optarg, &o->duration_ns);
	case OPT_LOG:
		return parse_log_level(optarg);
	case 'h':
		fputs(usage, stdout);
		return EXIT_OK;
	case 'V':
		puts("instinctd " INSTINCT_VERSION);
		return EXIT_OK;
	default: /* getopt has said what is wrong */
		fputs("instinctd: see instinctd --help\n", stderr);
		return EXIT_USAGE;
	}
}

/*
 * Without --config: the files that a package and its administrator have put in place, later over earlier.
 * Those that are not there are left out; one must be.
 */
static int use_installed(struct options *o, struct options *ret)
{
	static const char *const files[] = {
		"/usr/lib/instinct/instinct.jsonc",
		"/etc/instinct/instinct.jsonc",
		"/etc/instinct/conf.d/",
		"/var/lib/instinct/conf.d/",
	};

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (access(files[i], F_OK) == 0)
			o->configs[o->n_configs++] = files[i];
	if (o->n_configs == 0) {
		fputs("instinctd: no configuration: there is no "
		      "/etc/instinct/instinct.jsonc; "
		      "name one with --config, or try: instinct demo\n",
		      stderr);
		return EXIT_CONFIG;
	}
	*ret = *o;
	return -1;
}

int options_parse(int argc, char **argv, struct options *ret)
{
	struct options o = {0};
	int opt;

	while ((opt = getopt_long(argc, argv, "c:hV", long_options, NULL)) != -1) {
		int code = parse_one(opt, &o);

		if (code >= 0)
			return code;
	}
	if (optind < argc)
		return wrong("unexpected", argv[optind],
			     "options only; see instinctd --help");
	if (o.n_configs == 0 && !o.script && !o.keys)
		return use_installed(&o, ret);
	*ret = o;
	return -1;
}
