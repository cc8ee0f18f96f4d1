/*
 * What the service manager is told: sd_notify(3)'s protocol, spoken by ourselves, as it is one datagram
 * of lines to the socket in $NOTIFY_SOCKET. Without a service manager nothing is sent.
 */
#ifndef DAEMON_APP_NOTIFY_H
#define DAEMON_APP_NOTIFY_H
#include "daemon/base/macros.h"

/* Send "READY=1", "STOPPING=1", "STATUS=..." or several of them on lines. Does not block. */
void notify_send(const char *lines);

/*
 * The heartbeat: a task that sends "WATCHDOG=1" at a third of $WATCHDOG_USEC, for as long as the loop
 * completes its passes; without a watchdog it only sleeps. Returns -ECANCELED. Suspends.
 */
int notify_heartbeat(void *unused);

#endif
