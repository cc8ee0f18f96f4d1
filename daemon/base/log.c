/* The log: lines to standard error, or to a sink. */
#include "daemon/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "daemon/base/log_journal.h"

/* Process-wide on purpose: a log that had to be passed around would not be used. */
static _Atomic(int) threshold = LOG_LEVEL_NOTICE;
static void (*sink_fn)(enum log_level level, const char *text, void *arg);
static void *sink_arg;
static const char *(*context_fn)(void);

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

void log_set_context(const char *(*context)(void))
{
	context_fn = context;
}

/* The start of a line: "<4>" for a service manager, else the time since boot as the kernel writes it. */
static int put_prefix(char *buf, size_t size, enum log_level level)
{
	struct timespec ts;

	if (getenv("INVOCATION_ID"))
		return snprintf(buf, size, "<%d>", (int)level);
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return snprintf(buf, size, "[%lld.%03ld] ", (long long)ts.tv_sec,
			ts.tv_nsec / 1000000);
}

/* To standard error, in one write, so that lines of several threads do not mix. */
static void put_line(enum log_level level, const char *text)
{
	char buf[1040];
	int n = put_prefix(buf, sizeof(buf), level);
	int m = snprintf(buf + n, sizeof(buf) - (size_t)n - 1, "%s", text);

	if (n < 0 || m < 0)
		return;
	buf[n + m] = '\n';
	/* A log that cannot be written has nobody left to be told. */
	(void)!write(STDERR_FILENO, buf, (size_t)(n + m + 1));
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char text[1001];
	int saved = errno;
	va_list ap;

	if ((int)level > atomic_load(&threshold))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (sink_fn)
		sink_fn(level, text, sink_arg);
	else if (!log_journal_is_stderr() ||
		 !log_journal_send((int)level, text, context_fn ? context_fn() : NULL))
		put_line(level, text);
	errno = saved;
}
