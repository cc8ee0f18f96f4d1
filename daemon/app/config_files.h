/* The configuration's files: which there are, and how later ones lie over earlier ones. */
#ifndef DAEMON_APP_CONFIG_FILES_H
#define DAEMON_APP_CONFIG_FILES_H
#include <stddef.h>

#include "daemon/base/json.h"
#include "daemon/base/macros.h"

/*
 * Read @paths into @doc ({0}), the later over the earlier. A path that ends in a slash is a folder: its
 * *.jsonc in the order of their names; a folder that is not there has none.
 * Returns 0, -EINVAL after errors in @errs (also those of the other files), or -ENOMEM.
 */
int config_files_read(const char *const *paths, size_t n, struct conf_errors *errs,
		      struct json_doc *doc) MUST_CHECK;

#endif
