/* Device nodes that cannot be opened. */
#include "hal/node.h"

#include <errno.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/rt/error.h"

static const char *user_name(void)
{
	const struct passwd *user = getpwuid(geteuid());

	return user ? user->pw_name : "this user";
}

static int denied(const char *path, int code)
{
	const struct group *group;
	struct stat st;

	if (stat(path, &st) < 0)
		return error_set(code, "no permission to reach %s", path);
	group = getgrgid(st.st_gid);
	if (!group || (st.st_mode & 0060) != 0060)
		return error_set(code,
				 "no permission for %s: no group may use it (%s, mode "
				 "%04o); a udev rule can give it one",
				 path, group ? group->gr_name : "?", st.st_mode & 07777u);
	return error_set(code,
			 "no permission for %s: it is for the group %s (mode %04o); "
			 "adduser %s %s, and start again",
			 path, group->gr_name, st.st_mode & 07777u, user_name(),
			 group->gr_name);
}

static int missing(const char *path, int code, const char *like, const char *hint)
{
	char names[100] = "";
	size_t len = 0;
	glob_t found;

	if (glob(like, 0, NULL, &found) != 0)
		return error_set(code, "there is no %s, nor any %s: %s", path, like,
				 hint);
	for (size_t i = 0; i < found.gl_pathc && len < sizeof(names); i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
					i ? ", " : "", found.gl_pathv[i]);
	globfree(&found);
	return error_set(code, "there is no %s; there is %s", path, names);
}

int node_error(const char *path, int code, const char *like, const char *hint)
{
	if (code == -EACCES || code == -EPERM)
		return denied(path, code);
	if (code == -ENOENT)
		return missing(path, code, like, hint);
	return error_set(code, "%s: %s", path, strerror(-code));
}
