/*
 * The reactor's half that talks to the kernel: which descriptors are ready, and the one timer.
 * Two implementations, chosen by rt_conf: epoll with a timerfd, and poll(2).
 */
#ifndef DAEMON_RT_POLLER_H
#define DAEMON_RT_POLLER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/macros.h"

#define POLLER_READ 1u
#define POLLER_WRITE 2u
/* Go on after the first event, level-triggered, until told otherwise; only with POLLER_READ. */
#define POLLER_KEEP 4u

struct wait;

/* One per descriptor that was ever waited for, indexed by its number. */
struct poller_slot {
	struct wait *waiter[2]; /* by enum fd_dir */
	bool kept;              /* is watched with POLLER_KEEP */
	bool dry; /* the last wait of fd_read() was long: the next will most likely have to wait too */
};

struct poller_ops;

struct poller {
	const struct poller_ops *ops;
	struct poller_slot *slots;
	size_t slot_count;
	unsigned waiting; /* tasks that wait for a descriptor */
	int epoll_fd, timer_fd, wake_fd;
	int64_t timer_armed_ns; /* what timer_fd is set to; TIME_NEVER: disarmed */
	void *poll_set;         /* poll(2)'s array */
	size_t poll_cap;
};

struct poller_ops {
	int (*open)(struct poller *p);
	void (*close)(struct poller *p);
	/*
	 * Watch @fd for @interest (0: no more) until its first event, or as POLLER_KEEP says.
	 * 0 or a negative errno.
	 */
	int (*watch)(struct poller *p, int fd, unsigned interest);
	/* Wait until @deadline_ns (CLOCK_MONOTONIC; 0: do not wait) and report through poller_report. */
	void (*wait)(struct poller *p, int64_t deadline_ns);
};

extern const struct poller_ops poller_epoll;
extern const struct poller_ops poller_poll;

/* Open with @wake_fd watched for reading. 0 or a negative errno. */
int poller_open(struct poller *p, const struct poller_ops *ops, int wake_fd) MUST_CHECK;
void poller_close(struct poller *p);

/* For the implementations: @fd has @events; wakes who waits for them. */
void poller_report(struct poller *p, int fd, unsigned events);

#endif
