/* PWM outputs of Linux: three files for each (Documentation/driver-api/pwm.rst). */
#include "hal/pwm_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/rt/error.h"
#include "daemon/rt/task.h"
#include "hal/node.h"

#define CHIP_MAX 256 /* the path of one */
#define HINT "is there PWM, and an overlay that switches it on?"

/* After the export udev gives the files to their group. */
#define EXPORT_TRIES 10
#define EXPORT_WAIT_NS (20 * NS_PER_MS)

enum file { PERIOD, DUTY_CYCLE, ENABLE, FILES };
static const char *const file_names[] = {"period", "duty_cycle", "enable"};

struct linux_out {
	struct pwm_out out;
	int fd[FILES];
	int64_t period_ns;
};

static int write_number(int fd, int64_t n)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%" PRId64 "\n", n);

	return pwrite(fd, text, (size_t)len, 0) < 0 ? -errno : 0;
}

/* The pulse is never longer than the period, not even in between. */
static int linux_set(struct pwm_out *p, int64_t period_ns, int64_t pulse_ns)
{
	struct linux_out *o = container_of(p, struct linux_out, out);
	int r = 0;

	if (period_ns != o->period_ns) {
		/* Refused while there is no period yet, and of no use then. */
		(void)write_number(o->fd[DUTY_CYCLE], 0);
		r = write_number(o->fd[PERIOD], period_ns);
	}
	if (r < 0)
		return r;
	o->period_ns = period_ns;
	r = write_number(o->fd[DUTY_CYCLE], pulse_ns);
	return r < 0 ? r : write_number(o->fd[ENABLE], pulse_ns > 0);
}

static void linux_close(struct pwm_out *p)
{
	struct linux_out *o = container_of(p, struct linux_out, out);

	for (int i = 0; i < FILES; i++)
		if (o->fd[i] >= 0)
			close(o->fd[i]);
	free(o);
}

/*
 * Ask for the files of @channel. -EBUSY: they are there already, or a driver of the kernel has it; -ENODEV: the
 * chip has no such channel.
 */
static int export_channel(const char *chip, int channel)
{
	char path[PATH_MAX];
	int fd;
	int r;

	(void)snprintf(path, sizeof(path), "%s/export", chip);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = write_number(fd, channel);
	close(fd);
	return r;
}

static int open_files(struct linux_out *o, const char *chip, int channel)
{
	for (int i = 0; i < FILES; i++) {
		char path[PATH_MAX];

		if (o->fd[i] >= 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/pwm%d/%s", chip, channel,
			       file_names[i]);
		o->fd[i] = open(path, O_WRONLY | O_CLOEXEC);
		if (o->fd[i] < 0)
			return -errno;
	}
	return 0;
}

/* Open the files, which may be there or not yet. Suspends. */
static int take(struct linux_out *o, const char *chip, int channel)
{
	int r = open_files(o, chip, channel);
	int taken = 0;

	if (r == -ENOENT) {
		taken = export_channel(chip, channel);
		if (taken < 0 && taken != -EBUSY)
			return taken;
		r = open_files(o, chip, channel);
	}
	for (int i = 0; i < EXPORT_TRIES && (r == -EACCES || r == -ENOENT); i++) {
		r = task_sleep(EXPORT_WAIT_NS);
		if (r == 0)
			r = open_files(o, chip, channel);
	}
	return r == -ENOENT && taken < 0 ? taken : r;
}

static int channels_of(const char *chip)
{
	char path[PATH_MAX];
	char text[16] = "";
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/npwm", chip);
	f = fopen(path, "re");
	if (f && !fgets(text, sizeof(text), f))
		text[0] = '\0';
	if (f)
		(void)fclose(f); /* was only read */
	return (int)strtol(text, NULL, 10);
}

/* Why @output, a channel of @chip, cannot be had. */
static int refuse(const struct pwm_linux *p, const char *output, const char *chip, int r)
{
	char like[CHIP_MAX];
	int n = channels_of(chip);

	if (r == -ENOENT && access(chip, F_OK) < 0) {
		(void)snprintf(like, sizeof(like), "%s/pwmchip*", p->root);
		return node_error(chip, r, like, HINT);
	}
	if (r == -EACCES || r == -EPERM)
		return error_set(r,
				 "no permission for %s: a udev rule gives it to the "
				 "group gpio (docs/DEPLOY.md)",
				 chip);
	if (r == -EBUSY)
		return error_set(r, "PWM output %s is used by a driver of the kernel",
				 output);
	if (r == -ENODEV && n > 0)
		return error_set(r, "%s: %s has the channels 0 to %d", output, chip,
				 n - 1);
	return error_set(r, "PWM output %s: %s", output, strerror(-r));
}

static int linux_open(struct pwm_provider *p, const char *output, struct pwm_out **ret)
{
	static const struct pwm_ops ops = {.set = linux_set, .close = linux_close};
	struct pwm_linux *linux_pwm = container_of(p, struct pwm_linux, provider);
	size_t name_len = strspn(output, "abcdefghijklmnopqrstuvwxyz0123456789");
	const char *number = output[name_len] == ':' ? output + name_len + 1 : "";
	char chip[CHIP_MAX];
	struct linux_out *o;
	char *end;
	long channel = strtol(number, &end, 10);
	int r;

	if (name_len == 0 || *number < '0' || *number > '9' || *end != '\0' ||
	    channel > 999)
		return error_set(-EINVAL,
				 "\"%s\" is no PWM output; they are called pwmchip0:1",
				 output);
	(void)snprintf(chip, sizeof(chip), "%s/%.*s", linux_pwm->root, (int)name_len,
		       output);
	o = calloc(1, sizeof(*o));
	if (!o)
		return -ENOMEM;
	o->out.ops = &ops;
	for (int i = 0; i < FILES; i++)
		o->fd[i] = -1;
	(void)snprintf(o->out.name, sizeof(o->out.name), "%s", output);
	r = take(o, chip, (int)channel);
	if (r < 0) {
		linux_close(&o->out);
		return r == -ECANCELED ? r : refuse(linux_pwm, output, chip, r);
	}
	*ret = &o->out;
	return 0;
}

void pwm_linux_init(struct pwm_linux *p, const char *root)
{
	*p = (struct pwm_linux){.provider = {.name = "linux", .open = linux_open},
				.root = root};
}
