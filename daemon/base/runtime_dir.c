/* Where the daemon's sockets are. */
#include "daemon/base/runtime_dir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char service_dir[] = "/run/instinct";

static int fits(int n)
{
	return n < 0 || n >= RUNTIME_PATH_MAX ? -ENAMETOOLONG : 0;
}

static int session_dir(char *buf)
{
	const char *session = getenv("XDG_RUNTIME_DIR");

	if (!session || session[0] != '/')
		return -ENOENT;
	return fits(snprintf(buf, RUNTIME_PATH_MAX, "%s/instinct", session));
}

static int private_dir(char *buf)
{
	return fits(snprintf(buf, RUNTIME_PATH_MAX, "/tmp/instinct-%lu",
			     (unsigned long)getuid()));
}

/* What RuntimeDirectory= made: the first of several, separated by colons. */
static int systemd_dir(char *buf)
{
	const char *dirs = getenv("RUNTIME_DIRECTORY");

	if (!dirs || dirs[0] != '/')
		return -ENOENT;
	return fits(
		snprintf(buf, RUNTIME_PATH_MAX, "%.*s", (int)strcspn(dirs, ":"), dirs));
}

/* Make @dir, or find it there: a folder of ours, and not somebody's link to elsewhere. */
static int make(const char *dir)
{
	struct stat st;

	if (mkdir(dir, 0750) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (lstat(dir, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return st.st_uid == getuid() ? 0 : -EPERM;
}

int runtime_dir_make(char *buf)
{
	int r = systemd_dir(buf);

	if (r == -ENOENT)
		r = session_dir(buf);
	if (r == -ENOENT)
		r = private_dir(buf);
	return r < 0 ? r : make(buf);
}

int runtime_dir_candidate(unsigned i, char *buf)
{
	if (i == 0)
		return fits(snprintf(buf, RUNTIME_PATH_MAX, "%s", service_dir));
	if (session_dir(buf) == 0 && --i == 0)
		return 0;
	return i == 1 ? private_dir(buf) : -ENOENT;
}
