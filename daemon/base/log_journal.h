/*
 * The journal's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): one datagram of FIELD=value lines.
 * Private to log.c.
 */
#ifndef DAEMON_BASE_LOG_JOURNAL_H
#define DAEMON_BASE_LOG_JOURNAL_H
#include <stdbool.h>

/*
 * Is standard error the journal? $JOURNAL_STREAM names the device and inode that systemd gave; whoever
 * redirected it since has others.
 */
bool log_journal_is_stderr(void);

/*
 * Send a line with its fields. @context, NULL or the name of the running task, becomes INSTINCT_TASK.
 * Any thread; never blocks. Returns false when it could not be sent.
 */
bool log_journal_send(int priority, const char *text, const char *context);

#endif
