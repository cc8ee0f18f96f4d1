/* Simulated IIO devices. */
#include "hal/iio_sim.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/rt/error.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/scope.h"
#include "daemon/rt/task.h"
#include "daemon/rt/timer.h"

#define SCANS_MAX                                                                        \
	16 /* kept while nobody reads; what is newer is lost, as in the kernel */

/* How a number is in a scan, and its unit there: see iio_chans[]. */
struct form {
	uint8_t bytes; /* 0: not measured */
	bool is_signed;
	double scale;
	double offset;
};

static const struct form forms[CHAN_COUNT] = {
	[CHAN_ACCEL] = {2, true, 0.002394, 0},   /* LSM6DSO at 8 g */
	[CHAN_GYRO] = {2, true, 0.001221731, 0}, /* and at 2000 deg/s */
	[CHAN_MAG] = {2, true, 0.000146156, 0},  /* LIS3MDL at 4 gauss */
	[CHAN_TEMP] = {2, true, 3.90625, 6400},  /* LSM6DSO: 256 LSB a degree, 0 at 25 */
	[CHAN_PRESSURE] = {4, false, 1. / 40960, 0}, /* LPS22HB: 4096 LSB a hPa */
	[CHAN_HUMIDITY] = {2, false, 2, 0},
	[CHAN_DISTANCE] = {2, false, 0.001, 0}, /* VL53L0X: mm */
	[CHAN_VOLTAGE] = {2, false, 4, 0},      /* INA219 */
	[CHAN_CURRENT] = {2, true, 1, 0},
	[CHAN_POWER] = {2, false, 20, 0},
};

struct scan {
	int64_t t_ns;
	uint8_t data[IIO_RAW_MAX - 1];
};

struct sim_dev {
	struct iio_dev dev;
	struct iio_sim *sim;
	char device[64];            /* as it was asked for */
	uint8_t shown[IIO_RAW_MAX]; /* the last reading */
	int64_t period_ns;
	struct timer timer;
	int64_t due_ns;
	int64_t last_ns;
	bool unread; /* the newest has not been read; a paced scene then waits */
	struct wait *waiter;
	/* The scans that nobody has read; without a buffer the newest, again and again. */
	struct scan scan[SCANS_MAX];
	unsigned first;
	unsigned count;
};

static struct sim_dev *sim_of(struct iio_dev *d)
{
	return container_of(d, struct sim_dev, dev);
}

/* What the scene has of @chan, in our units. */
static void sense(const struct scene_motion *m, const struct scene_ambient *air,
		  enum chan chan, double ret[3])
{
	memset(ret, 0, 3 * sizeof(*ret));
	if (chan == CHAN_ACCEL)
		memcpy(ret, m->accel_ms2, sizeof(m->accel_ms2));
	if (chan == CHAN_GYRO)
		memcpy(ret, m->gyro_rads, sizeof(m->gyro_rads));
	if (chan == CHAN_MAG)
		memcpy(ret, m->mag_t, sizeof(m->mag_t));
	if (chan == CHAN_TEMP)
		ret[0] = air->temp_c;
	if (chan == CHAN_PRESSURE)
		ret[0] = air->pressure_pa;
	if (chan == CHAN_HUMIDITY)
		ret[0] = air->humidity;
	if (chan == CHAN_DISTANCE)
		ret[0] = air->distance_m;
	if (chan == CHAN_VOLTAGE)
		ret[0] = air->supply_v;
	if (chan == CHAN_CURRENT)
		ret[0] = air->supply_a;
	if (chan == CHAN_POWER)
		ret[0] = air->supply_v * air->supply_a;
}

/* The number that shows @value: the inverse of iio_decode(), kept within its bits. */
static void encode(const struct iio_element *e, double value, uint8_t *scan)
{
	double number = value / (double)e->scale - (double)e->offset;
	double most = ldexp(1, e->form & IIO_SIGNED ? e->bits - 1 : e->bits) - 1;
	double least = e->form & IIO_SIGNED ? -most - 1 : 0;
	uint64_t v = (uint64_t)llrint(fmin(fmax(number, least), most));

	for (unsigned i = 0; i < e->bytes; i++)
		scan[e->at + i] = (uint8_t)(v >> 8 * i);
}

static void measure(struct sim_dev *d, struct scan *scan)
{
	struct scene_motion motion;
	struct scene_ambient air;
	double v[3];

	scene_measure(d->sim->scene, d->due_ns, &motion);
	scene_ambient(d->sim->scene, d->due_ns, &air);
	scan->t_ns = d->due_ns;
	for (uint32_t i = 0; i < d->dev.layout.n; i++) {
		const struct iio_element *e = &d->dev.layout.element[i];

		sense(&motion, &air, (enum chan)e->chan, v);
		encode(e, v[e->axis], scan->data);
	}
}

static void arm(struct sim_dev *d)
{
	if (d->sim->scene->paced && d->unread)
		return;
	d->due_ns = scene_next_ns(d->sim->scene, d->last_ns, d->period_ns);
	if (d->due_ns != TIME_NEVER)
		timer_arm(&d->timer, d->due_ns);
}

static void wake(struct sim_dev *d, int r)
{
	struct wait *w = d->waiter;

	d->waiter = NULL;
	if (w)
		task_wake(w, r);
}

static void sample(struct timer *t)
{
	struct sim_dev *d = container_of(t, struct sim_dev, timer);

	d->last_ns = d->due_ns;
	if (!d->dev.buffered)
		d->count = 0;
	if (d->count < SCANS_MAX)
		measure(d, &d->scan[(d->first + d->count++) % SCANS_MAX]);
	d->unread = true;
	wake(d, 0);
	arm(d);
}

struct sim_wait {
	struct wait wait;
	struct sim_dev *d;
};

static bool wait_abort(struct wait *w)
{
	container_of(w, struct sim_wait, wait)->d->waiter = NULL;
	return true;
}

static int wait_for_scan(struct sim_dev *d, int64_t until_ns)
{
	struct sim_wait w = {
		.wait = {.kind = "iio", .what = d->dev.name, .abort = wait_abort},
		.d = d,
	};
	struct scope scope;

	scope_enter_until(&scope, until_ns);
	d->waiter = &w.wait;
	return scope_leave_timeout(&scope, task_park(&w.wait));
}

/* Is the device misbehaving so? What is counted is one less then. */
static bool at_fault(struct iio_sim *sim, const char *device, enum iio_fault fault)
{
	for (size_t i = 0; i < sim->n_faulty; i++) {
		uint32_t *left = &sim->faulty[i].fault[fault];

		if (strcmp(sim->faulty[i].device, device) != 0 || *left == 0)
			continue;
		if (fault != IIO_FAULT_GONE && *left != IIO_FAULT_ALWAYS)
			(*left)--;
		return true;
	}
	return false;
}

static int check(const struct sim_dev *d)
{
	int r = task_check();

	if (r == 0 && at_fault(d->sim, d->device, IIO_FAULT_GONE))
		return error_set(-ENODEV, "%s has gone", d->dev.name);
	return r;
}

static int sim_wait_scan(struct iio_dev *dev, int64_t until_ns, int64_t *ret_t_ns)
{
	struct sim_dev *d = sim_of(dev);
	int r = check(d);

	if (r == 0 && d->count > 0)
		task_yield();
	while (r == 0 && d->count == 0) {
		r = wait_for_scan(d, until_ns);
		if (r == 0)
			r = check(d);
	}
	if (r == 0)
		*ret_t_ns = d->scan[d->first].t_ns;
	return r;
}

static int sim_read(struct iio_dev *dev, uint8_t *ret_raw)
{
	struct sim_dev *d = sim_of(dev);
	size_t size = dev->layout.size[0];
	int r = check(d);

	if (r < 0)
		return r;
	if (!dev->buffered)
		task_yield();
	if (at_fault(d->sim, d->device, IIO_FAULT_ERROR))
		return -EIO;
	if (d->count == 0)
		return 0;
	if (!at_fault(d->sim, d->device, IIO_FAULT_FREEZE))
		memcpy(d->shown + 1, d->scan[d->first].data, size);
	memcpy(ret_raw, d->shown, 1 + size);
	if (dev->buffered) {
		d->first = (d->first + 1) % SCANS_MAX;
		d->count--;
	}
	if (d->unread && (!dev->buffered || d->count == 0)) {
		d->unread = false;
		if (d->sim->scene->paced)
			arm(d);
	}
	return (int)(1 + size);
}

static void sim_close(struct iio_dev *dev)
{
	struct sim_dev *d = sim_of(dev);

	timer_disarm(&d->timer);
	wake(d, -EBADF);
	free(d);
}

static int add_chan(struct iio_layout *l, int chan, size_t *size)
{
	const struct form *f = &forms[chan];
	const struct iio_type type = {
		.form = f->is_signed ? IIO_SIGNED : 0,
		.bytes = f->bytes,
		.bits = (uint8_t)(f->bytes * 8),
		.repeat = 1,
	};

	if (f->bytes == 0)
		return error_set(-ENXIO, "a simulated device has no %s",
				 chan_info[chan].name);
	for (int axis = 0; axis < chan_info[chan].width; axis++) {
		int at = iio_scan_add(&type, size);

		if (at < 0 || l->n == IIO_ELEMENTS_MAX)
			return error_set(-ENOSPC, "more than %d numbers at a time",
					 IIO_ELEMENTS_MAX);
		l->element[l->n++] = (struct iio_element){
			.chan = (uint8_t)chan,
			.axis = (uint8_t)axis,
			.at = (uint8_t)at,
			.form = type.form,
			.bytes = type.bytes,
			.bits = type.bits,
			.scale = (float)(f->scale * iio_chans[chan].si),
			.offset = (float)f->offset,
		};
	}
	return 0;
}

static int lay_out(struct iio_layout *l, uint32_t chans)
{
	size_t size = 0;
	int r = 0;

	l->magic = IIO_LAYOUT_MAGIC;
	for (int c = 0; c < CHAN_COUNT && r == 0; c++)
		if (chans & CHAN_BIT(c))
			r = add_chan(l, c, &size);
	l->size[0] = (uint8_t)iio_scan_end(size, 4);
	return r;
}

static int sim_open(struct iio_provider *p, const struct iio_request *req,
		    struct iio_dev **ret)
{
	static const struct iio_ops ops = {
		.wait = sim_wait_scan, .read = sim_read, .close = sim_close};
	struct iio_sim *sim = container_of(p, struct iio_sim, provider);
	struct sim_dev *d;
	int r;

	if (at_fault(sim, req->device, IIO_FAULT_GONE))
		return error_set(-ENOENT, "no IIO device is \"%s\"", req->device);
	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->dev.ops = &ops;
	d->dev.buffered = req->buffered;
	d->sim = sim;
	d->timer.fn = sample;
	(void)snprintf(d->device, sizeof(d->device), "%s", req->device);
	d->period_ns = (int64_t)((double)NS_PER_S / req->rate_hz);
	d->last_ns = rt_now();
	(void)snprintf(d->dev.name, sizeof(d->dev.name), "%.30s (simulated)",
		       req->device);
	r = lay_out(&d->dev.layout, req->chans);
	if (r < 0) {
		free(d);
		return r;
	}
	arm(d);
	*ret = &d->dev;
	return 0;
}

void iio_sim_init(struct iio_sim *sim, struct scene *scene)
{
	*sim = (struct iio_sim){.provider = {.name = "sim", .open = sim_open},
				.scene = scene};
}

int iio_sim_fault(struct iio_sim *sim, const char *device, enum iio_fault fault,
		  uint32_t count)
{
	size_t i = 0;

	while (i < sim->n_faulty && strcmp(sim->faulty[i].device, device) != 0)
		i++;
	if (i == IIO_SIM_FAULTY_MAX)
		return -ENOSPC;
	if (i == sim->n_faulty)
		(void)snprintf(sim->faulty[sim->n_faulty++].device,
			       sizeof(sim->faulty[i].device), "%s", device);
	sim->faulty[i].fault[fault] = count;
	return 0;
}
