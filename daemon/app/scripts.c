/* The configured behaviours. */
#include "daemon/app/scripts.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/log.h"

/*
 * A daemon that runs from the folder it was built in, build/ or one below it, finds the scripts of its
 * source tree. NULL when there are none.
 */
static const char *source_folder(void)
{
	static char path[PATH_MAX]; /* handed out for ever; the same each time */
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 32);

	if (n < 0)
		return NULL;
	path[n] = '\0';
	/* Not the program's own folder, /usr/sbin say: two and three levels up from the program. */
	for (int up = 0; up < 3; up++) {
		char *slash = strrchr(path, '/');

		if (!slash)
			return NULL;
		memcpy(slash, "/behaviours", sizeof("/behaviours"));
		if (up > 0 && access(path, R_OK) == 0)
			return path;
		*slash = '\0';
	}
	return NULL;
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

/* A robot with a broken script goes on with the behaviours that it has. */
static void log_script(const char *name, struct conf_errors *own)
{
	for (size_t i = 0; i < own->n; i++)
		LOG(ERR, "behaviour %s: %s", name, own->list[i].text);
	conf_errors_fini(own);
}

int scripts_load(struct supervisor *s, const struct config *c, bool check,
		 struct conf_errors *errs)
{
	size_t before = errs->n_errors;

	for (size_t i = 0; i < c->n_behaviours; i++) {
		const struct conf_behaviour *b = &c->behaviours[i];
		struct conf_errors own = {0};
		struct conf_at root = conf_root(&c->doc, &own);
		struct conf_at section = conf_child(&root, "behaviours");
		struct conf_at at = conf_child(&section, b->name);
		int r = supervisor_load(s, b->name, b->script, &at, &own);

		if (r == -ENOEXEC && !check)
			log_script(b->name, &own);
		else
			conf_errors_move(errs, &own);
		if (r == -ENOMEM)
			return r;
	}
	return errs->n_errors > before ? -EINVAL : 0;
}
