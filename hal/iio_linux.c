/* IIO devices of Linux. */
#include "hal/iio_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "daemon/rt/error.h"
#include "daemon/rt/fd.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/scope.h"
#include "daemon/rt/task.h"
#include "daemon/rt/worker.h"
#include "hal/iio_setup.h"
#include "hal/node.h"

#define SCANS_MAX 16           /* read at a time */
#define WORK_NS (5 * NS_PER_S) /* an axis of a slow IMU takes two sample times */
#define STOP_NS (500 * NS_PER_MS)
#define HINT "is the kernel built with IIO buffers?"

/* One device of the chip, with the scans that were read but not taken yet. */
struct member {
	struct iio_scan scan;
	int fd; /* its node; -1: nothing of it is wanted, or it is read by attributes */
	bool scans;
	size_t len; /* bytes in `buf` */
	size_t pos; /* of the next scan */
	uint8_t buf[SCANS_MAX * (IIO_RAW_MAX - 1)];
};

/*
 * A job of the device's thread, with what came of it. There is one at a time; a driver that does not return
 * is left alone with it, and with the device.
 */
struct work {
	struct job job;
	int result;
	bool node; /* it was this node that could not be opened */
	char path[64];
	struct iio_why why;
	uint8_t raw[IIO_RAW_MAX];
};

struct linux_dev {
	struct iio_dev dev;
	struct iio_linux *from;
	struct worker worker;
	struct work work;
	struct iio_request req; /* with what it points to: */
	char device[128];
	char trigger[64];
	struct iio_pick picks[IIO_PICKS_MAX];
	bool stuck; /* the thread was left */
	struct iio_found found;
	struct iio_source source[IIO_ELEMENTS_MAX];
	size_t n_sources;
	int attr[IIO_ELEMENTS_MAX]; /* without a buffer: one file for each source */
	int epoll;                  /* with one: all nodes */
	struct member member[IIO_MEMBERS_MAX];
	size_t at_hand; /* the member whose scan is next */
};

static struct linux_dev *linux_of(struct iio_dev *d)
{
	return container_of(d, struct linux_dev, dev);
}

static struct linux_dev *of_job(struct job *j)
{
	return container_of(j, struct linux_dev, work.job);
}

/* Give a failed work's error its text, on the loop. */
static int work_error(const struct work *w)
{
	if (w->result >= 0)
		return w->result;
	if (w->node)
		return node_error(w->path, w->result, "/dev/iio:device*", HINT);
	return w->why.text[0] ? error_set(w->result, "%s", w->why.text) : w->result;
}

static int open_node(struct linux_dev *d, size_t m)
{
	struct epoll_event event = {.events = EPOLLIN, .data = {.u64 = m}};
	struct work *w = &d->work;
	int fd;

	(void)snprintf(w->path, sizeof(w->path), "%.32s/%s", d->from->dev,
		       d->found.node[m]);
	fd = open(w->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == EBUSY)
		return iio_fail(&w->why, -EBUSY, "somebody else reads %s", w->path);
	w->node = fd < 0;
	if (fd < 0)
		return -errno;
	d->member[m].fd = fd;
	return epoll_ctl(d->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static const struct iio_source *first_of(const struct linux_dev *d, size_t m)
{
	for (size_t i = 0; i < d->n_sources; i++)
		if (d->source[i].member == m)
			return &d->source[i];
	return NULL;
}

/* The node first: it is what says that somebody else uses the buffer. */
static int set_up_scans(struct linux_dev *d, size_t m)
{
	const struct iio_source *source = first_of(d, m);
	struct iio_why *why = &d->work.why;
	struct member *member = &d->member[m];
	int r;

	if (!source)
		return 0;
	r = open_node(d, m);
	if (r == 0)
		r = iio_scan_set(&d->found, m, d->source, d->n_sources, &d->dev.layout,
				 &member->scan, why);
	if (r == 0)
		r = iio_set_rate(d->found.dir[m], source, d->req.rate_hz, why);
	if (r == 0)
		r = iio_set_trigger(d->from->sys, &d->found, m, d->trigger,
				    d->req.rate_hz, why);
	if (r == 0)
		r = iio_scan_start(d->found.dir[m], why);
	member->scans = r == 0;
	return r;
}

static int open_attrs(struct linux_dev *d)
{
	for (size_t i = 0; i < d->n_sources; i++) {
		const struct iio_source *s = &d->source[i];
		char path[IIO_PATH_MAX + 64];

		(void)snprintf(path, sizeof(path), "%s/in_%s_%s", d->found.dir[s->member],
			       s->name, s->processed ? "input" : "raw");
		d->attr[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (d->attr[i] < 0)
			return iio_fail(&d->work.why, -errno, "%s: %s", path,
					strerror(errno));
	}
	iio_layout_of_attrs(d->source, d->n_sources, &d->dev.layout);
	return 0;
}

static int set_up(struct linux_dev *d)
{
	struct iio_why *why = &d->work.why;
	int r = iio_find(d->from->sys, d->device, &d->found, why);

	if (r == 0)
		r = iio_sources(&d->found, &d->req, d->source, why);
	if (r < 0)
		return r;
	d->n_sources = (size_t)r;
	d->dev.layout = (struct iio_layout){.magic = IIO_LAYOUT_MAGIC};
	r = 0;
	for (size_t m = 0; m < d->found.n && r == 0; m++) {
		if (d->req.buffered)
			r = set_up_scans(d, m);
		else if (first_of(d, m))
			r = iio_set_rate(d->found.dir[m], first_of(d, m), d->req.rate_hz,
					 why);
	}
	return r < 0 || d->req.buffered ? r : open_attrs(d);
}

/* On the thread. */
static void set_up_run(struct job *j)
{
	struct linux_dev *d = of_job(j);

	d->work.result = set_up(d);
}

/* On the thread: what scans is stopped. */
static void stop_run(struct job *j)
{
	const struct linux_dev *d = of_job(j);

	for (size_t m = 0; m < d->found.n; m++)
		if (d->member[m].scans)
			iio_scan_stop(d->found.dir[m]);
}

static void put_double(double value, uint8_t *ret)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	for (int i = 0; i < 8; i++)
		ret[i] = (uint8_t)(bits >> 8 * i);
}

static int read_attr(struct linux_dev *d, size_t i)
{
	char text[64];
	ssize_t n = pread(d->attr[i], text, sizeof(text) - 1, 0);
	double value;

	if (n < 0)
		return -errno;
	text[n] = '\0';
	if (iio_number_parse(text, &value) < 0)
		return iio_fail(&d->work.why, -EBADMSG, "%s says \"%.20s\"",
				d->source[i].name, text);
	put_double(value, d->work.raw + 1 + 8 * i);
	return 0;
}

/* On the thread: a driver may well ask its chip now. */
static void read_run(struct job *j)
{
	struct linux_dev *d = of_job(j);
	int r = 0;

	d->work.raw[0] = 0;
	for (size_t i = 0; i < d->n_sources && r == 0; i++)
		r = read_attr(d, i);
	d->work.result = r < 0 ? r : (int)(1 + 8 * d->n_sources);
}

/* On the thread, when its task has not waited: linux_gone() will free all of it. */
static void work_left(struct job *j)
{
	(void)j;
}

/*
 * Have @fn run on the device's thread. Returns its result; -ETIMEDOUT after @limit_ns, and then the device
 * can only be closed; -ECANCELED. Suspends.
 */
static int run_work(struct linux_dev *d, void (*fn)(struct job *j), int64_t limit_ns)
{
	int64_t until_ns = time_add(rt_now(), limit_ns);
	struct scope scope;
	int r;

	d->work =
		(struct work){.job = {.fn = fn, .left = work_left, .leave_ns = until_ns}};
	scope_enter_until(&scope, until_ns);
	r = worker_run(&d->worker, &d->work.job);
	if (r == -EINPROGRESS) { /* the work is the thread's now */
		d->stuck = true;
		r = -ECANCELED;
	}
	r = scope_leave_timeout(&scope, r);
	if (r == -ETIMEDOUT)
		return error_set(r,
				 "%s: the kernel's driver does not return; does the chip "
				 "hang?",
				 d->device);
	return r < 0 ? r : work_error(&d->work);
}

static int read_attrs(struct linux_dev *d, uint8_t *ret_raw)
{
	int n = d->stuck ? -ETIMEDOUT : run_work(d, read_run, d->from->work_ns);

	if (n > 0)
		memcpy(ret_raw, d->work.raw, (size_t)n);
	return n;
}

static bool is_at_hand(const struct member *m)
{
	return m->len - m->pos >= m->scan.size && m->len > 0;
}

/* Take what the kernel has for @m. 0: perhaps nothing; -ENODEV: it has gone. */
static int fill(struct member *m)
{
	size_t room = sizeof(m->buf) / m->scan.size * m->scan.size;
	ssize_t n = read(m->fd, m->buf, room);

	m->len = m->pos = 0;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	m->len = (size_t)n;
	return n == 0 ? -ENODEV : 0;
}

/* Is there a scan? If none was taken earlier, ask the kernel. 1: yes, of the member d->at_hand. */
static int look(struct linux_dev *d)
{
	for (size_t i = 0; i < d->found.n; i++) {
		size_t m = (d->at_hand + i) % d->found.n;
		int r = 0;

		if (d->member[m].fd < 0)
			continue;
		if (!is_at_hand(&d->member[m]))
			r = fill(&d->member[m]);
		if (r < 0)
			return r;
		if (is_at_hand(&d->member[m])) {
			d->at_hand = m;
			return 1;
		}
	}
	return 0;
}

static int64_t stamp_of(const struct member *m)
{
	if (m->scan.stamp.bytes == 0)
		return rt_now();
	return (int64_t)iio_element_number(&m->scan.stamp, m->buf + m->pos);
}

/* A device that has gone does not wake its waiter: it is asked once more when the time is up. */
static int linux_wait(struct iio_dev *dev, int64_t until_ns, int64_t *ret_t_ns)
{
	struct linux_dev *d = linux_of(dev);
	struct scope scope;
	int r = task_check();

	if (r == 0)
		r = look(d);
	if (r == 1)
		task_yield(); /* a device that is quicker than the loop leaves room for others */
	while (r == 0) {
		scope_enter_until(&scope, until_ns);
		r = fd_wait_kept(d->epoll);
		r = scope_leave_timeout(&scope, r);
		if (r == 0) {
			r = look(d);
		} else if (r == -ETIMEDOUT) {
			r = look(d);
			r = r == 0 ? -ETIMEDOUT : r;
		}
	}
	if (r < 0)
		return r == -ENODEV ? error_set(r, "%s has gone", dev->name) : r;
	*ret_t_ns = stamp_of(&d->member[d->at_hand]);
	return 0;
}

static int linux_read(struct iio_dev *dev, uint8_t *ret_raw)
{
	struct linux_dev *d = linux_of(dev);
	struct member *m = &d->member[d->at_hand];

	if (!dev->buffered)
		return read_attrs(d, ret_raw);
	if (!is_at_hand(m))
		return 0;
	ret_raw[0] = (uint8_t)d->at_hand;
	memcpy(ret_raw + 1, m->buf + m->pos, m->scan.size);
	m->pos += m->scan.size;
	return (int)(1 + m->scan.size);
}

/* The last of it, on whichever thread is done last. */
static void linux_gone(struct worker *w)
{
	struct linux_dev *d = container_of(w, struct linux_dev, worker);

	for (size_t m = 0; m < IIO_MEMBERS_MAX; m++)
		if (d->member[m].fd >= 0)
			(void)close(d->member[m].fd); /* was only read */
	for (size_t i = 0; i < IIO_ELEMENTS_MAX; i++)
		if (d->attr[i] >= 0)
			(void)close(d->attr[i]);
	free(d);
}

static void linux_close(struct iio_dev *dev)
{
	struct linux_dev *d = linux_of(dev);
	struct scope shield;

	if (dev->buffered && !d->stuck) {
		scope_enter_shield(&shield, STOP_NS);
		/* What does not stop now is stopped by whom opens it next. */
		(void)!scope_leave(&shield, run_work(d, stop_run, STOP_NS));
	}
	if (d->epoll >= 0)
		fd_close(d->epoll);
	worker_close(&d->worker, linux_gone);
}

/* Copies of what is asked for: a thread that is left may look at them later than the caller keeps them. */
static void copy_request(struct linux_dev *d, const struct iio_request *req)
{
	size_t n = req->n_picks < IIO_PICKS_MAX ? req->n_picks : IIO_PICKS_MAX;

	(void)snprintf(d->device, sizeof(d->device), "%s", req->device);
	(void)snprintf(d->trigger, sizeof(d->trigger), "%s", req->trigger);
	for (size_t i = 0; i < n; i++)
		d->picks[i] = req->picks[i];
	d->req = *req;
	d->req.device = d->device;
	d->req.trigger = d->trigger;
	d->req.picks = d->picks;
	d->req.n_picks = n;
}

static struct linux_dev *make(struct iio_linux *from, const struct iio_request *req)
{
	static const struct iio_ops ops = {
		.wait = linux_wait, .read = linux_read, .close = linux_close};
	struct linux_dev *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->dev.ops = &ops;
	d->dev.buffered = req->buffered;
	d->from = from;
	d->epoll = -1;
	copy_request(d, req);
	for (size_t i = 0; i < IIO_ELEMENTS_MAX; i++)
		d->attr[i] = -1;
	for (size_t m = 0; m < IIO_MEMBERS_MAX; m++)
		d->member[m].fd = -1;
	return d;
}

static int linux_open(struct iio_provider *p, const struct iio_request *req,
		      struct iio_dev **ret)
{
	struct linux_dev *d = make(container_of(p, struct iio_linux, provider), req);
	int r = d ? worker_open(&d->worker, "iio") : -ENOMEM;

	if (r < 0) {
		free(d);
		return r;
	}
	if (req->buffered) {
		d->epoll = epoll_create1(EPOLL_CLOEXEC);
		r = d->epoll < 0 ? -errno : 0;
	}
	if (r == 0)
		r = run_work(d, set_up_run, d->from->work_ns);
	if (r < 0) {
		linux_close(&d->dev);
		return r;
	}
	(void)snprintf(d->dev.name, sizeof(d->dev.name), "%.20s (%s)", d->found.name[0],
		       d->found.node[0]);
	*ret = &d->dev;
	return 0;
}

void iio_linux_init(struct iio_linux *p, const char *sys, const char *dev)
{
	*p = (struct iio_linux){.provider = {.name = "linux", .open = linux_open},
				.sys = sys,
				.dev = dev,
				.work_ns = WORK_NS};
}
