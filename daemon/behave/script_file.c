/* Where the script of a behaviour is: in the folders that are looked through, in their order. */
#include "daemon/behave/script_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/nearest.h"

#define FILE_MAX 256 /* bytes of a file's name, with its NUL */
#define NEAR_MAX 64  /* files of a folder among which a near name is looked for */

static int is_script(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && strcmp(dot, ".lua") == 0;
}

/* The script of @folder that @file may stand for, written to @ret (FILE_MAX). False: none is near. */
static bool is_near(const char *folder, const char *file, char *ret)
{
	const char *names[NEAR_MAX] = {NULL};
	struct dirent **entries;
	int n = scandir(folder, &entries, is_script, alphasort);
	const char *found;

	if (n < 0)
		return false;
	for (int i = 0; i < n && i < NEAR_MAX; i++)
		names[i] = entries[i]->d_name;
	found = nearest_name(file, names, NEAR_MAX);
	if (found)
		(void)snprintf(ret, FILE_MAX, "%s", found);
	for (int i = 0; i < n; i++)
		free(entries[i]);
	free(entries);
	return found != NULL;
}

static void complain(const char *const *folders, const char *name, const char *file,
		     const struct conf_at *at, struct conf_errors *errs)
{
	char places[512] = "no folder", near[FILE_MAX], hint[FILE_MAX + 32] = "";
	size_t len = 0;
	struct conf_at key;

	for (size_t i = 0; folders && folders[i] && len < sizeof(places); i++) {
		len += (size_t)snprintf(places + len, sizeof(places) - len, "%s%s",
					i > 0 ? ", " : "", folders[i]);
		if (!hint[0] && is_near(folders[i], file, near))
			(void)snprintf(hint, sizeof(hint), "; did you mean \"%s\"?",
				       near);
	}
	if (!at) {
		conf_error(errs, (struct conf_place){0}, "",
			   "%s: no script \"%s\"; looked in %s%s", name, file, places,
			   hint);
		return;
	}
	key = conf_child(at, "script");
	conf_complain(key.node ? &key : at, "no script \"%s\"; looked in %s%s", file,
		      places, hint);
}

int script_file(const char *const *folders, const char *name, const char *script,
		const struct conf_at *at, struct conf_errors *errs, char *buf,
		size_t size)
{
	char file[FILE_MAX];

	if (*script)
		(void)snprintf(file, sizeof(file), "%s", script);
	else
		(void)snprintf(file, sizeof(file), "%s.lua", name);
	if (strchr(script, '/')) { /* a path; reading it says what is wrong with it */
		(void)snprintf(buf, size, "%s", script);
		return 0;
	}
	for (size_t i = 0; folders && folders[i]; i++) {
		(void)snprintf(buf, size, "%s/%s", folders[i], file);
		if (access(buf, R_OK) == 0)
			return 0;
	}
	complain(folders, name, file, at, errs);
	return -ENOENT;
}
