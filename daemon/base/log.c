/* The log: lines to standard error, or to a sink. */
#include "daemon/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Process-wide on purpose: a log that had to be passed around would not be used. */
static _Atomic(int) threshold = LOG_LEVEL_NOTICE;
static void (*sink_fn)(enum log_level level, const char *text, void *arg);
static void *sink_arg;

void log_set_level(enum log_level level)
{
	atomic_store(&threshold, (int)level);
}

void log_set_sink(void (*sink)(enum log_level level, const char *text, void *arg),
		  void *arg)
{
	sink_fn = sink;
	sink_arg = arg;
}

/* The start of a line: "<4>" for journald, else the time since boot as the kernel writes it. */
static int put_prefix(char *buf, size_t size, enum log_level level)
{
	struct timespec ts;

	if (getenv("JOURNAL_STREAM"))
		return snprintf(buf, size, "<%d>", (int)level);
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return snprintf(buf, size, "[%lld.%03ld] ", (long long)ts.tv_sec,
			ts.tv_nsec / 1000000);
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char buf[1040];
	int saved = errno;
	int n = 0;
	int m;
	va_list ap;

	if ((int)level > atomic_load(&threshold))
		return;
	if (!sink_fn)
		n = put_prefix(buf, sizeof(buf), level);
	va_start(ap, fmt);
	m = vsnprintf(buf + n, 1001, fmt, ap);
	va_end(ap);
	if (m > 1000)
		m = 1000;
	if (m >= 0 && sink_fn) {
		sink_fn(level, buf, sink_arg);
	} else if (m >= 0) {
		buf[n + m] = '\n';
		/* One write, so that lines of several threads do not mix. A log that cannot
		 * be written has nobody left to be told. */
		(void)!write(STDERR_FILENO, buf, (size_t)(n + m + 1));
	}
	errno = saved;
}
