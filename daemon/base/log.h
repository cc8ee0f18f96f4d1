/*
 * The log: one event, one line: who, what, why, what happens next.
 *
 * Lines go to standard error. When that is the journal, they go to it with fields (priority, the
 * running task as INSTINCT_TASK); under another service manager ($INVOCATION_ID is set) each begins with
 * its priority in angle brackets; on a terminal or in a file it begins with the time.
 */
#ifndef DAEMON_BASE_LOG_H
#define DAEMON_BASE_LOG_H
#include "daemon/base/macros.h"

/* The syslog priorities, under their own names (RFC 5424, section 6.2.1). */
enum log_level {
	LOG_LEVEL_CRIT = 2,
	LOG_LEVEL_ERR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

#define LOG(level, ...) log_line(LOG_LEVEL_##level, __VA_ARGS__)

/*
 * Write one line (no newline at its end) if @level is at most the threshold. Longer than 1000 bytes
 * is cut. Any thread; does not suspend; errno is kept.
 */
void log_line(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Show lines up to and including @level; LOG_LEVEL_NOTICE at the start. */
void log_set_level(enum log_level level);

/*
 * Hand lines to @sink instead of standard error; NULL restores that. The text has neither prefix nor
 * newline. For tests and for the view of the demo; set it before other threads run.
 */
void log_set_sink(void (*sink)(enum log_level level, const char *text, void *arg),
		  void *arg);

/* Who knows what is running now, for the journal's INSTINCT_TASK: a name or NULL. Called on any thread. */
void log_set_context(const char *(*context)(void));

#endif
