/*
 * The poller on epoll(7) with one timerfd: its wake-ups are late by the kernel's own latency only,
 * where epoll_wait's time-out rounds to milliseconds.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "daemon/rt/internal.h"
#include "daemon/rt/poller.h"

#define EVENTS_MAX 64

/* Edge-triggered: the timer's and the eventfd's counts are of no interest, so nobody reads them. */
static int add(int epoll_fd, int fd)
{
	struct epoll_event ev = {.events = EPOLLIN | EPOLLET, .data.fd = fd};

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

static void epoll_poller_close(struct poller *p)
{
	if (p->timer_fd >= 0)
		close(p->timer_fd);
	if (p->epoll_fd >= 0)
		close(p->epoll_fd);
}

static int epoll_poller_open(struct poller *p)
{
	int r;

	p->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (p->epoll_fd < 0)
		return -errno;
	p->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	r = p->timer_fd < 0 ? -errno : add(p->epoll_fd, p->timer_fd);
	if (r == 0)
		r = add(p->epoll_fd, p->wake_fd);
	if (r < 0)
		epoll_poller_close(p);
	return r;
}

static int epoll_poller_watch(struct poller *p, int fd, unsigned interest)
{
	struct epoll_event ev = {
		.events = ((interest & POLLER_KEEP) ? 0u : EPOLLONESHOT) |
			  ((interest & POLLER_READ) ? EPOLLIN | EPOLLRDHUP : 0u) |
			  ((interest & POLLER_WRITE) ? EPOLLOUT : 0u),
		.data.fd = fd,
	};

	if (interest == 0)
		return epoll_ctl(p->epoll_fd, EPOLL_CTL_DEL, fd, NULL) < 0 ? -errno : 0;
	if (epoll_ctl(p->epoll_fd, EPOLL_CTL_MOD, fd, &ev) == 0)
		return 0;
	if (errno != ENOENT)
		return -errno;
	return epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

/* Setting the timer costs a system call: only when the moment is another. */
static void set_timer(struct poller *p, int64_t t_ns)
{
	struct itimerspec its = {0};

	if (t_ns == p->timer_armed_ns)
		return;
	if (t_ns !=
	    TIME_NEVER) { /* not 0, which would disarm: it is later than the last pass */
		its.it_value.tv_sec = t_ns / NS_PER_S;
		its.it_value.tv_nsec = t_ns % NS_PER_S;
	}
	timerfd_settime(p->timer_fd, TFD_TIMER_ABSTIME, &its, NULL);
	p->timer_armed_ns = t_ns;
}

static void dispatch(struct poller *p, const struct epoll_event *ev)
{
	unsigned events = 0;

	if (ev->data.fd == p->timer_fd) {
		p->timer_armed_ns = TIME_NEVER;
		return;
	}
	if (ev->data.fd == p->wake_fd)
		return;
	if (ev->events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		events |= POLLER_READ;
	if (ev->events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		events |= POLLER_WRITE;
	poller_report(p, ev->data.fd, events);
}

HOT static void epoll_poller_wait(struct poller *p, int64_t deadline_ns)
{
	struct epoll_event events[EVENTS_MAX];
	int n;

	if (deadline_ns != 0)
		set_timer(p, deadline_ns);
	n = epoll_wait(p->epoll_fd, events, EVENTS_MAX, deadline_ns == 0 ? 0 : -1);
	for (int i = 0; i < n; i++)
		dispatch(p, &events[i]);
}

const struct poller_ops poller_epoll = {
	.open = epoll_poller_open,
	.close = epoll_poller_close,
	.watch = epoll_poller_watch,
	.wait = epoll_poller_wait,
};
