/* Descriptors: who waits for which, whatever the poller. */
#include "daemon/rt/fd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/rt/internal.h"

#define LONG_WAIT_NS (20 * NS_PER_US) /* several times what trying in vain costs */

int poller_open(struct poller *p, const struct poller_ops *ops, int wake_fd)
{
	memset(p, 0, sizeof(*p));
	p->ops = ops;
	p->wake_fd = wake_fd;
	p->epoll_fd = p->timer_fd = -1;
	p->timer_armed_ns = TIME_NEVER;
	return ops->open(p);
}

void poller_close(struct poller *p)
{
	p->ops->close(p);
	free(p->slots);
	free(p->poll_set);
}

/* The slot of @fd; grows the table. NULL without memory. */
static struct poller_slot *slot(struct poller *p, int fd)
{
	size_t want = (size_t)fd + 1;
	struct poller_slot *grown;

	if (want <= p->slot_count)
		return &p->slots[fd];
	want = (want + 63) / 64 * 64;
	grown = realloc(p->slots, want * sizeof(*grown));
	if (!grown)
		return NULL;
	memset(grown + p->slot_count, 0, (want - p->slot_count) * sizeof(*grown));
	p->slots = grown;
	p->slot_count = want;
	return &p->slots[fd];
}

static unsigned bit(enum fd_dir dir)
{
	return dir == FD_READ ? POLLER_READ : POLLER_WRITE;
}

static unsigned wanted(const struct poller_slot *s)
{
	return (s->waiter[FD_READ] ? POLLER_READ : 0) |
	       (s->waiter[FD_WRITE] ? POLLER_WRITE : 0);
}

static void release(struct poller *p, struct poller_slot *s, enum fd_dir dir, int r)
{
	struct wait *w = s->waiter[dir];

	if (!w)
		return;
	s->waiter[dir] = NULL;
	p->waiting--;
	task_wake(w, r);
}

/* The kernel's answer, or in a replay the one that it gave then. */
static int watch(struct poller *p, int fd, unsigned interest)
{
	struct rt *rt = container_of(p, struct rt, poller);
	int r;

	if (rt->conf.replay) {
		r = replay_refused(rt, fd);
	} else {
		r = p->ops->watch(p, fd, interest);
		if (r < 0)
			record_refused(rt, fd, r);
	}
	p->slots[fd].kept = r == 0 && (interest & POLLER_KEEP);
	return r;
}

/* No longer watch a descriptor that stayed registered. It may be closed by now, which is as good. */
static void unkeep(struct poller *p, int fd)
{
	if (p->slots[fd].kept)
		(void)watch(p, fd, 0);
}

HOT void poller_report(struct poller *p, int fd, unsigned events)
{
	struct rt *rt = container_of(p, struct rt, poller);
	struct poller_slot *s = &p->slots[fd];
	unsigned left;

	if (rt->traced)
		record_ready(rt, fd, events);
	/* Of no interest now, and would be said again and again. */
	if (!s->waiter[FD_READ])
		unkeep(p, fd);
	if (events & POLLER_READ)
		release(p, s, FD_READ, 0);
	if (events & POLLER_WRITE)
		release(p, s, FD_WRITE, 0);
	left = wanted(s);
	/* A watch ends with its first event. One for the other direction goes on; if that fails, the
	 * descriptor is gone. */
	if (left && watch(p, fd, left) < 0) {
		release(p, s, FD_READ, -EBADF);
		release(p, s, FD_WRITE, -EBADF);
	}
}

bool poller_replay_report(struct poller *p, int fd, unsigned events)
{
	if (fd < 0 || (size_t)fd >= p->slot_count)
		return false;
	poller_report(p, fd, events);
	return true;
}

static bool fd_abort(struct wait *w)
{
	struct fd_waiter *fw = container_of(w, struct fd_waiter, wait);
	struct poller *p = &rt_this()->poller;

	p->slots[fw->fd].waiter[fw->dir] = NULL;
	p->waiting--;
	return true;
}

static void fd_describe(const struct wait *w, char *buf, size_t size)
{
	snprintf(buf, size, "%d", container_of(w, struct fd_waiter, wait)->fd);
}

int fd_arm(struct fd_waiter *w)
{
	struct poller *p = &rt_this()->poller;
	struct poller_slot *s;
	unsigned interest;
	bool keep;
	int r = 0;

	if (w->fd < 0)
		return -EBADF;
	s = slot(p, w->fd);
	if (!s)
		return -ENOMEM;
	if (s->waiter[w->dir])
		return -EBUSY;
	interest = wanted(s) | bit(w->dir);
	keep = w->keep && interest == POLLER_READ;
	/* Else told to the kernel each time: the descriptor may be another by now. */
	if (!keep || !s->kept)
		r = watch(p, w->fd, interest | (keep ? POLLER_KEEP : 0));
	if (r < 0)
		return r;
	w->wait = (struct wait){
		.kind = w->dir == FD_READ ? "descriptor to read" : "descriptor to write",
		.abort = fd_abort,
		.describe = fd_describe,
	};
	s->waiter[w->dir] = &w->wait;
	p->waiting++;
	return 0;
}

static int wait_for(struct fd_waiter *w)
{
	int r = task_check();

	if (r == 0)
		r = fd_arm(w);
	return r < 0 ? r : task_park(&w->wait);
}

int fd_wait(int fd, enum fd_dir dir)
{
	struct fd_waiter w = {.fd = fd, .dir = dir};

	return wait_for(&w);
}

int fd_wait_kept(int fd)
{
	struct fd_waiter w = {.fd = fd, .dir = FD_READ, .keep = true};

	return wait_for(&w);
}

/* Wait on behalf of fd_read(), and learn from it. */
static int wait_to_read(int fd)
{
	struct fd_waiter w = {.fd = fd, .dir = FD_READ, .keep = true};
	int r = wait_for(&w);

	if (r == 0)
		rt_this()->poller.slots[fd].dry =
			rt_now() - w.wait.since_ns > LONG_WAIT_NS;
	return r;
}

static bool again(ssize_t n)
{
	return n == -EAGAIN || n == -EINTR;
}

/* Nothing more can come from @fd, or not from this one: it may soon be closed, by whom ever. */
static void at_end(struct poller *p, int fd)
{
	if (fd < 0 || (size_t)fd >= p->slot_count)
		return;
	unkeep(p, fd);
	p->slots[fd].dry = false;
}

/* Both return a count or a negative errno. */
static ssize_t transfer_in(int fd, void *buf, size_t size)
{
	struct rt *rt = rt_this();
	ssize_t n;

	if (rt->conf.replay)
		return replay_read(rt, fd, buf, size);
	n = read(fd, buf, size);
	if (n < 0)
		n = -errno;
	if (rt->traced)
		record_read(rt, fd, n, buf);
	return n;
}

static ssize_t transfer_out(int fd, const void *buf, size_t size)
{
	struct rt *rt = rt_this();
	ssize_t n;

	if (rt->conf.replay)
		return replay_write(rt, fd);
	n = write(fd, buf, size);
	if (n < 0)
		n = -errno;
	record_write(rt, fd, n);
	return n;
}

/* A transfer that did not wait yields. */
static ssize_t done(ssize_t n, bool waited)
{
	if (n >= 0 && !waited)
		task_yield();
	return n;
}

HOT ssize_t fd_read(int fd, void *buf, size_t size)
{
	struct poller *p = &rt_this()->poller;
	bool waits = fd >= 0 && (size_t)fd < p->slot_count && p->slots[fd].dry;
	int r = task_check();

	for (bool waited = false; r >= 0; waits = true) {
		ssize_t n;

		if (waits) {
			r = wait_to_read(fd);
			if (r < 0)
				break;
			waited = true;
		}
		n = transfer_in(fd, buf, size);
		if (again(n))
			continue;
		if (n <= 0)
			at_end(p, fd);
		return done(n, waited);
	}
	return r;
}

ssize_t fd_write(int fd, const void *buf, size_t size)
{
	int r = task_check();

	for (bool waited = false; r >= 0; waited = true) {
		ssize_t n = transfer_out(fd, buf, size);

		if (!again(n))
			return done(n, waited);
		r = fd_wait(fd, FD_WRITE);
	}
	return r;
}

void fd_forget(int fd)
{
	struct rt *rt = rt_this_or_null();
	struct poller_slot *s;

	if (!rt || fd < 0 || (size_t)fd >= rt->poller.slot_count)
		return;
	s = &rt->poller.slots[fd];
	release(&rt->poller, s, FD_READ, -EBADF);
	release(&rt->poller, s, FD_WRITE, -EBADF);
	s->kept = s->dry = false;
	if (!rt->conf.replay)
		(void)rt->poller.ops->watch(&rt->poller, fd, 0); /* may not be watched */
}

void fd_close(int fd)
{
	if (fd < 0)
		return;
	fd_forget(fd);
	close(fd);
}
