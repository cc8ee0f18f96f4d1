/* The configured behaviours. */
#include "daemon/app/scripts.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/log.h"

/*
 * A daemon that runs from the folder it was built in finds the scripts beside it: build/instinctd and
 * behaviours/. NULL when there are none.
 */
static const char *source_folder(void)
{
	static char path[PATH_MAX]; /* handed out for ever; the same each time */
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 32);
	char *slash;

	if (n < 0)
		return NULL;
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return NULL;
	memcpy(slash, "/../behaviours", sizeof("/../behaviours"));
	return access(path, R_OK) == 0 ? path : NULL;
}

const char *const *scripts_folders(void)
{
	static const char *folders[] = {
		"/var/lib/instinct/behaviours",
		"/etc/instinct/behaviours",
		"/usr/lib/instinct/behaviours",
		NULL,
		NULL,
	};

	/* Beside the program first: whoever builds wants what is being worked on. */
	if (!folders[3]) {
		const char *source = source_folder();

		if (source) {
			memmove(&folders[1], &folders[0], 3 * sizeof(folders[0]));
			folders[0] = source;
		}
	}
	return folders;
}

void scripts_load(struct supervisor *s, const struct config *c)
{
	struct conf_errors errs = {0};
	struct conf_at root = conf_root(&c->doc, &errs);
	struct conf_at section = conf_child(&root, "behaviours");

	for (size_t i = 0; i < c->n_behaviours; i++) {
		const struct conf_behaviour *b = &c->behaviours[i];
		struct conf_at at = conf_child(&section, b->name);

		if (supervisor_load(s, b->name, b->script, &at, &errs) < 0)
			LOG(ERR, "behaviour %s is not there; the others run", b->name);
	}
	for (size_t i = 0; i < errs.n; i++)
		LOG(ERR, "%s", errs.list[i].text);
	conf_errors_fini(&errs);
}
