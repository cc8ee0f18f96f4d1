/* instinctd: the table of contents. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/app/config.h"
#include "daemon/app/options.h"
#include "daemon/app/robot.h"
#include "daemon/app/signals.h"

/* Every error and warning, and how many there are. */
static void print_errors(const struct conf_errors *errs)
{
	for (size_t i = 0; i < errs->n; i++)
		fprintf(stderr, "%s\n", errs->list[i].text);
	if (errs->n_dropped > 0)
		fprintf(stderr, "... and %zu more\n", errs->n_dropped);
	if (errs->n_errors > 0)
		fprintf(stderr,
			"instinctd: the configuration has %zu error%s; nothing was "
			"started\n",
			errs->n_errors, errs->n_errors == 1 ? "" : "s");
}

int main(int argc, char **argv)
{
	struct conf_errors errs = {0};
	struct config *config = NULL;
	struct options options;
	int code = options_parse(argc, argv, &options);
	int r;

	if (code >= 0)
		return code;
	if (options.keys) {
		config_print_reference(stdout);
		return EXIT_OK;
	}
	r = config_read(options.configs, options.n_configs, &errs, &config);
	print_errors(&errs);
	conf_errors_fini(&errs);
	if (r < 0)
		return EXIT_CONFIG;
	r = signals_block();
	if (r < 0)
		fprintf(stderr, "instinctd: signals: %s\n", strerror(-r));
	code = options.check ? EXIT_OK : robot_run(config, &options);
	config_free(config);
	return code;
}
