/* The journal's native protocol. */
#include "daemon/base/log_journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

bool log_journal_is_stderr(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;
	char *end;

	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return false;
	dev = strtoull(stream, &end, 10);
	if (*end != ':')
		return false;
	ino = strtoull(end + 1, NULL, 10);
	return dev == st.st_dev && ino == st.st_ino;
}

/* A newline would end the field: a log line has none, and gets none. */
static void one_line(char *text)
{
	for (; *text; text++)
		if (*text == '\n')
			*text = ' ';
}

bool log_journal_send(int priority, const char *text, const char *context)
{
	static const struct sockaddr_un journal = {
		.sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket"};
	char line[1004];
	char buf[1300];
	bool sent = false;
	int fd;
	int n;

	snprintf(line, sizeof(line), "%s", text);
	one_line(line);
	n = snprintf(buf, sizeof(buf),
		     "PRIORITY=%d\nSYSLOG_IDENTIFIER=instinctd\nMESSAGE=%s\n%s%s%s",
		     priority, line, context ? "INSTINCT_TASK=" : "",
		     context ? context : "", context ? "\n" : "");
	if (n < 0 || (size_t)n >= sizeof(buf))
		return false;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	sent = sendto(fd, buf, (size_t)n, MSG_NOSIGNAL, (const struct sockaddr *)&journal,
		      sizeof(journal)) == n;
	close(fd);
	return sent;
}
