/* Descriptors: who waits for which, whatever the poller. */
#include "daemon/rt/fd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/rt/internal.h"

struct fd_waiter {
	struct wait wait;
	int fd;
	enum fd_dir dir;
};

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

static unsigned wanted(const struct poller_slot *s)
{
	return (s->waiter[FD_READ] ? POLLER_READ : 0) |
	       (s->waiter[FD_WRITE] ? POLLER_WRITE : 0);
}

static void release(struct poller *p, struct poller_slot *s, enum fd_dir dir, int r)
{
	struct wait *w = s->waiter[dir];

	s->waiter[dir] = NULL;
	p->waiting--;
	if (w->parked)
		task_wake(w, r);
}

/*
 * The kernel may have been told to watch for more than somebody waits for now: a task that reads in a
 * loop then costs no further system call. What nobody wants is taken back when it first fires.
 */
void poller_report(struct poller *p, int fd, unsigned events)
{
	struct poller_slot *s = &p->slots[fd];

	if ((events & POLLER_READ) && s->waiter[FD_READ])
		release(p, s, FD_READ, 0);
	else if (events & POLLER_READ)
		events &= ~POLLER_READ;
	if ((events & POLLER_WRITE) && s->waiter[FD_WRITE])
		release(p, s, FD_WRITE, 0);
	else if (events & POLLER_WRITE)
		events &= ~POLLER_WRITE;
	if (events)
		return;
	/* It fired for nobody. Forgetting a descriptor that has gone cannot fail in a way that
	 * matters. */
	s->interest = wanted(s);
	(void)p->ops->watch(p, fd, s->interest);
}

static bool fd_abort(struct wait *w)
{
	struct fd_waiter *fw = container_of(w, struct fd_waiter, wait);
	struct poller *p = &rt_this()->poller;

	p->slots[fw->fd].waiter[fw->dir] = NULL;
	p->waiting--;
	return true;
}

int fd_wait(int fd, enum fd_dir dir)
{
	struct poller *p = &rt_this()->poller;
	struct fd_waiter fw = {
		.wait = {.kind = dir == FD_READ ? "descriptor to read"
						: "descriptor to write",
			 .abort = fd_abort},
		.fd = fd,
		.dir = dir,
	};
	unsigned bit = dir == FD_READ ? POLLER_READ : POLLER_WRITE;
	struct poller_slot *s;
	int r;

	if (task_check() < 0)
		return -ECANCELED;
	if (fd < 0)
		return -EBADF;
	s = slot(p, fd);
	if (!s)
		return -ENOMEM;
	if (s->waiter[dir])
		return -EBUSY;
	if (!(s->interest & bit)) {
		r = p->ops->watch(p, fd, s->interest | bit);
		if (r < 0)
			return r;
		s->interest |= bit;
	}
	s->waiter[dir] = &fw.wait;
	p->waiting++;
	return task_park(&fw.wait);
}

ssize_t fd_read(int fd, void *buf, size_t size)
{
	for (;;) {
		ssize_t n;
		int r = task_check();

		if (r < 0)
			return r;
		n = read(fd, buf, size);
		if (n >= 0) {
			task_yield();
			return n;
		}
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		r = fd_wait(fd, FD_READ);
		if (r < 0)
			return r;
	}
}

ssize_t fd_write(int fd, const void *buf, size_t size)
{
	for (;;) {
		ssize_t n;
		int r = task_check();

		if (r < 0)
			return r;
		n = write(fd, buf, size);
		if (n >= 0) {
			task_yield();
			return n;
		}
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		r = fd_wait(fd, FD_WRITE);
		if (r < 0)
			return r;
	}
}

void fd_forget(int fd)
{
	struct rt *rt = rt_this_or_null();
	struct poller_slot *s;

	if (!rt || fd < 0 || (size_t)fd >= rt->poller.slot_count)
		return;
	s = &rt->poller.slots[fd];
	for (int dir = FD_READ; dir <= FD_WRITE; dir++)
		if (s->waiter[dir])
			release(&rt->poller, s, (enum fd_dir)dir, -EBADF);
	if (s->interest)
		(void)rt->poller.ops->watch(&rt->poller, fd, 0);
	s->interest = 0;
}

void fd_close(int fd)
{
	if (fd < 0)
		return;
	fd_forget(fd);
	close(fd);
}
