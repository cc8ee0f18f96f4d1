/* The configuration's files. */
#include "daemon/app/config_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lay one file over @doc. Errors are collected, so that one run shows those of all files. */
static int add_file(const char *path, struct conf_errors *errs, struct json_doc *doc)
{
	struct json_doc over = {0};
	int r = json_doc_read(&over, path, JSON_FILE_MAX, errs);

	if (r < 0)
		return r == -ENOMEM ? r : -EINVAL;
	return json_doc_merge(doc, &over);
}

static int is_drop_in(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return e->d_name[0] != '.' && len > 6 &&
	       strcmp(e->d_name + len - 6, ".jsonc") == 0;
}

static int add_folder(const char *path, struct conf_errors *errs, struct json_doc *doc)
{
	struct dirent **names = NULL;
	int n = scandir(path, &names, is_drop_in, alphasort);
	int worst = 0;

	if (n < 0 && errno == ENOENT)
		return 0;
	if (n < 0) {
		conf_error(errs, (struct conf_place){.file = path}, "", "%s",
			   strerror(errno));
		return -EINVAL;
	}
	for (int i = 0; i < n; i++) {
		char file[512];
		int len = snprintf(file, sizeof(file), "%s%s", path, names[i]->d_name);
		int r = len < (int)sizeof(file) ? add_file(file, errs, doc) : -EINVAL;

		if (r < 0)
			worst = r;
		free(names[i]);
	}
	free(names);
	return worst;
}

int config_files_read(const char *const *paths, size_t n, struct conf_errors *errs,
		      struct json_doc *doc)
{
	int worst = 0;

	for (size_t i = 0; i < n && worst != -ENOMEM; i++) {
		size_t len = strlen(paths[i]);
		int r = len > 0 && paths[i][len - 1] == '/'
				? add_folder(paths[i], errs, doc)
				: add_file(paths[i], errs, doc);

		if (r < 0)
			worst = r;
	}
	return worst;
}
