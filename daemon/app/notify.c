/* What the service manager is told. */
#include "daemon/app/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/base/log.h"
#include "daemon/rt/task.h"

void notify_send(const char *lines)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (len == 0 || len >= sizeof(addr.sun_path))
		return;
	memcpy(addr.sun_path, path, len);
	if (path[0] == '@') /* the abstract namespace */
		addr.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	if (sendto(fd, lines, strlen(lines), MSG_NOSIGNAL, (const struct sockaddr *)&addr,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		LOG(WARNING, "service manager: %s: %s", path, strerror(errno));
	close(fd);
}

/* How often to send; TIME_NEVER without a watchdog, or when it is meant for another process. */
static int64_t interval_ns(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	long long us = usec ? strtoll(usec, NULL, 10) : 0;

	if (us <= 0 || us > INT64_MAX / NS_PER_US)
		return TIME_NEVER;
	if (pid && strtoll(pid, NULL, 10) != (long long)getpid())
		return TIME_NEVER;
	return us * NS_PER_US / 3;
}

int notify_heartbeat(void *unused)
{
	int64_t every = interval_ns();

	(void)unused;
	for (;;) {
		int r = task_sleep(every);

		if (r < 0)
			return r;
		notify_send("WATCHDOG=1");
	}
}
