/* The poller on poll(2), for systems without epoll: O(descriptors) for each turn. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/rt/internal.h"
#include "daemon/rt/poller.h"

/* Room for every slot and the wake descriptor. */
static int reserve(struct poller *p)
{
	size_t want = p->slot_count + 1;
	struct pollfd *set;

	if (p->poll_cap >= want)
		return 0;
	set = realloc(p->poll_set, want * sizeof(*set));
	if (!set)
		return -ENOMEM;
	p->poll_set = set;
	p->poll_cap = want;
	return 0;
}

static int poll_poller_open(struct poller *p)
{
	return reserve(p);
}

static void poll_poller_close(struct poller *p)
{
	(void)p;
}

/* What is watched is read from the slots at each turn; only refuse what epoll refuses. */
static int poll_poller_watch(struct poller *p, int fd, unsigned interest)
{
	struct stat st;

	if (interest == 0)
		return 0;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
		return -EPERM;
	return reserve(p);
}

/* One entry per descriptor that somebody waits for, the wake descriptor first. */
static nfds_t collect(struct poller *p)
{
	struct pollfd *set = p->poll_set;
	nfds_t n = 0;

	set[n++] = (struct pollfd){.fd = p->wake_fd, .events = POLLIN};
	for (size_t fd = 0; fd < p->slot_count; fd++) {
		const struct poller_slot *s = &p->slots[fd];
		short events = (short)((s->waiter[0] ? POLLIN : 0) |
				       (s->waiter[1] ? POLLOUT : 0));

		if (events)
			set[n++] = (struct pollfd){.fd = (int)fd, .events = events};
	}
	return n;
}

/* Milliseconds until @deadline_ns, rounded up so that it does not spin. */
static int timeout_ms(int64_t deadline_ns)
{
	int64_t left;

	if (deadline_ns == 0)
		return 0;
	if (deadline_ns == TIME_NEVER)
		return -1;
	left = (deadline_ns - clock_read() + NS_PER_MS - 1) / NS_PER_MS;
	return left <= 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

static void poll_poller_wait(struct poller *p, int64_t deadline_ns)
{
	nfds_t n = collect(p);
	const struct pollfd *set = p->poll_set;
	uint64_t count;

	if (poll(p->poll_set, n, timeout_ms(deadline_ns)) <= 0)
		return;
	if (set[0].revents)
		(void)!read(p->wake_fd, &count, sizeof(count));
	for (nfds_t i = 1; i < n; i++) {
		unsigned events = 0;

		if (set[i].revents & (POLLIN | POLLHUP | POLLERR | POLLNVAL))
			events |= POLLER_READ;
		if (set[i].revents & (POLLOUT | POLLHUP | POLLERR | POLLNVAL))
			events |= POLLER_WRITE;
		if (events)
			poller_report(p, set[i].fd, events);
	}
}

const struct poller_ops poller_poll = {
	.open = poll_poller_open,
	.close = poll_poller_close,
	.watch = poll_poller_watch,
	.wait = poll_poller_wait,
};
