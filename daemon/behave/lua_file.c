/* Script files. */
#include "daemon/behave/lua_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/behave/load_check.h"
#include "daemon/behave/lua_host.h"

/* The whole regular file; *@ret is freed by the caller. A negative errno, or its size. */
static ssize_t read_file(const char *path, char **ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = 0, r;
	char *buf = NULL;
	struct stat st;

	if (fd < 0)
		return -errno;
	r = fstat(fd, &st) < 0                        ? -errno
	    : S_ISDIR(st.st_mode)                     ? -EISDIR
	    : !S_ISREG(st.st_mode)                    ? -EINVAL
	    : st.st_size > LUA_HOST_FILE_MAX          ? -EFBIG
	    : !(buf = malloc((size_t)st.st_size + 1)) ? -ENOMEM
						      : 0;
	if (r < 0)
		goto close_fd;
	while (n < st.st_size && (r = read(fd, buf + n, (size_t)(st.st_size - n))) > 0)
		n += r;
	r = r < 0 ? -errno : n;
	if (r < 0)
		free(buf);
	else
		*ret = buf;

close_fd:
	close(fd);
	return r;
}

int lua_load_file(lua_State *L, const char *path)
{
	const char *slash = strrchr(path, '/');
	char name[128], *text = NULL;
	ssize_t len = read_file(path, &text);
	int status;

	if (len < 0) {
		lua_pushfstring(L, "%s: %s", path, strerror((int)-len));
		return (int)len;
	}
	if (text && len > 0 && text[0] == LUA_SIGNATURE[0]) {
		free(text);
		lua_pushfstring(L, "%s: bytecode; a script is text", path);
		return -ENOEXEC;
	}
	snprintf(name, sizeof(name), "@%s", slash ? slash + 1 : path);
	if (text && len >= 2 && text[0] == '#' && text[1] == '!')
		text[0] = text[1] = '-'; /* a script may be made executable */
	status = luaL_loadbufferx(L, text, (size_t)len, name, "t"); /* does not raise */
	free(text);
	if (status == LUA_OK)
		load_check_chunk(L, name + 1);
	return status == LUA_OK ? 0 : status == LUA_ERRMEM ? -ENOMEM : -EINVAL;
}
