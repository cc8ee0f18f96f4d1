/* Unix sockets as files. */
#include "daemon/base/runtime_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int runtime_socket_probe(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	size_t len = strlen(path);
	int fd;
	int r;

	if (len >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, len + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	r = connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0 ? -errno : 0;
	close(fd);
	/* Its queue is full: there is somebody. */
	return r == -EAGAIN ? 0 : r;
}

static int lock(const char *path)
{
	char name[sizeof(((struct sockaddr_un *)0)->sun_path) + sizeof(".lock")];
	int fd;
	int r;

	if (snprintf(name, sizeof(name), "%s.lock", path) >= (int)sizeof(name))
		return -ENAMETOOLONG;
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	r = errno == EWOULDBLOCK ? -EADDRINUSE : -errno;
	close(fd);
	return r;
}

/* What is at @path must be nothing, or a socket that nobody serves; that is removed. */
static int clear(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	if (runtime_socket_probe(path) == 0)
		return -EADDRINUSE;
	return unlink(path) < 0 ? -errno : 0;
}

int runtime_socket_claim(const char *path)
{
	int fd = lock(path);
	int r;

	if (fd < 0)
		return fd;
	r = clear(path);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

void runtime_socket_release(int claim, const char *path)
{
	if (claim < 0)
		return;
	unlink(path);
	close(claim);
}
