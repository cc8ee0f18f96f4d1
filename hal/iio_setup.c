/* Setting a device of the kernel up. */
#include "hal/iio_setup.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Scans that the kernel keeps while the loop is busy: 0.1 s at 1 kHz, and some. */
#define BUFFER_LENGTH "128"

/* The frequencies that there are to choose from, "" when it does not say. */
static void read_offer(const char *dir, const char *prefix, char *ret)
{
	char attr[64];

	(void)snprintf(attr, sizeof(attr), "%ssampling_frequency_available", prefix);
	if (iio_attr_read(dir, attr, ret) < 0 &&
	    iio_attr_read(dir, "sampling_frequency_available", ret) < 0)
		ret[0] = '\0';
}

/* Set the frequency in @dir/@prefix"sampling_frequency", if there is such an attribute. */
static int set_frequency(const char *dir, const char *prefix, double rate_hz,
			 struct iio_why *why)
{
	char attr[64];
	char text[IIO_TEXT_MAX];
	char offer[IIO_TEXT_MAX];
	double now_hz;
	int r;

	(void)snprintf(attr, sizeof(attr), "%ssampling_frequency", prefix);
	r = iio_attr_number(dir, attr, &now_hz);
	if (r == -ENOENT)
		return 0;
	read_offer(dir, prefix, offer);
	if (offer[0] && !isnan(iio_rate_choose(offer, rate_hz)))
		rate_hz = iio_rate_choose(offer, rate_hz);
	if (r == 0 && fabs(now_hz - rate_hz) <= rate_hz * 1e-6)
		return 0;
	(void)snprintf(text, sizeof(text), "%.10g", rate_hz);
	r = iio_attr_write(dir, attr, text, why);
	if (r == -EINVAL && offer[0])
		return iio_fail(why, r, "%s/%s does not take %s Hz; it offers %.60s", dir,
				attr, text, offer);
	/* One that follows from other settings is shown all the same. */
	return r == -EINVAL || r == -EIO ? 0 : r;
}

int iio_set_rate(const char *dir, const struct iio_source *source, double rate_hz,
		 struct iio_why *why)
{
	char prefix[48];
	int r = set_frequency(dir, "", rate_hz, why);

	if (r == 0)
		r = set_frequency(dir, "in_", rate_hz, why);
	/* Some devices have one for each quantity, or channel. */
	(void)snprintf(prefix, sizeof(prefix), "in_%.*s_",
		       (int)strcspn(source->name, "0123456789_-"), source->name);
	if (r == 0)
		r = set_frequency(dir, prefix, rate_hz, why);
	(void)snprintf(prefix, sizeof(prefix), "in_%s_", source->name);
	return r < 0 ? r : set_frequency(dir, prefix, rate_hz, why);
}

/* A trigger of the chip itself has the device's name and number (Documentation/driver-api/iio/triggers.rst). */
static bool own_trigger(const char *root, const struct iio_found *found, size_t m,
			char *ret, size_t size)
{
	char dir[IIO_PATH_MAX];

	(void)snprintf(ret, size, "%s-dev%s", found->name[m],
		       found->node[m] + strlen("iio:device"));
	return iio_find_trigger(root, ret, dir, NULL) == 0;
}

static int no_trigger(const char *root, const struct iio_found *found, size_t m,
		      struct iio_why *why)
{
	char names[60];

	iio_trigger_names(root, names, sizeof(names));
	return iio_fail(why, -EINVAL,
			"%s has no trigger of its own: name one, such as an hrtimer; "
			"there is %s",
			found->name[m], names);
}

int iio_set_trigger(const char *root, const struct iio_found *found, size_t m,
		    const char *name, double rate_hz, struct iio_why *why)
{
	const char *dir = found->dir[m];
	char now[IIO_TEXT_MAX];
	char own[64];
	char trigger[IIO_PATH_MAX];
	int r = iio_attr_read(dir, "trigger/current_trigger", now);

	if (r == -ENOENT)
		return name[0] ? iio_fail(why, -EINVAL,
					  "%s takes no trigger: it scans by itself",
					  found->name[m])
			       : 0;
	if (r < 0)
		return r;
	if (!name[0] && now[0])
		name = now;
	else if (!name[0] && own_trigger(root, found, m, own, sizeof(own)))
		name = own;
	if (!name[0])
		return no_trigger(root, found, m, why);
	r = iio_find_trigger(root, name, trigger, why);
	if (r == 0)
		r = set_frequency(trigger, "", rate_hz, why);
	if (r == 0 && strcmp(now, name) != 0)
		r = iio_attr_write(dir, "trigger/current_trigger", name, why);
	if (r < 0 && why && !why->text[0])
		return iio_fail(why, r, "%s does not take the trigger %s: %s",
				found->name[m], name, strerror(-r));
	return r;
}

/* A channel of a scan, at its place among them. */
struct slot {
	double index;
	struct iio_type type;
	const struct iio_source *source; /* NULL: the time stamp */
};

static int by_index(const void *a, const void *b)
{
	double d = ((const struct slot *)a)->index - ((const struct slot *)b)->index;

	return (d > 0) - (d < 0);
}

/* Switch all of it off: what somebody else has chosen would be in the scans too. */
static int clear(const char *dir, struct iio_why *why)
{
	char path[PATH_MAX];
	const struct dirent *d;
	int r = 0;
	DIR *all;

	(void)snprintf(path, sizeof(path), "%s/scan_elements", dir);
	all = opendir(path);
	if (!all)
		return -errno;
	while (r == 0 && (d = readdir(all)) != NULL) {
		size_t len = strlen(d->d_name);

		if (len > 3 && strcmp(d->d_name + len - 3, "_en") == 0)
			r = iio_attr_write(path, d->d_name, "0", why);
	}
	(void)closedir(all);
	return r;
}

/* Switch the channel @name on. */
static int choose(const char *dir, const char *name, struct slot *ret,
		  struct iio_why *why)
{
	char attr[80];
	char text[IIO_TEXT_MAX];
	int r;

	(void)snprintf(attr, sizeof(attr), "scan_elements/in_%s_index", name);
	r = iio_attr_number(dir, attr, &ret->index);
	(void)snprintf(attr, sizeof(attr), "scan_elements/in_%s_type", name);
	if (r == 0)
		r = iio_attr_read(dir, attr, text);
	if (r == 0 && iio_type_parse(text, &ret->type) < 0)
		return iio_fail(why, -EINVAL, "%s/%s: \"%.24s\" is no type that we know",
				dir, attr, text);
	(void)snprintf(attr, sizeof(attr), "scan_elements/in_%s_en", name);
	return r < 0 ? r : iio_attr_write(dir, attr, "1", why);
}

static struct iio_element element_at(const struct slot *slot, size_t member, int at)
{
	const struct iio_source *s = slot->source;
	struct iio_element e = {
		.member = (uint8_t)member,
		.at = (uint8_t)at,
		.form = slot->type.form,
		.bytes = slot->type.bytes,
		.bits = slot->type.bits,
		.shift = slot->type.shift,
		.scale = 1,
	};

	if (s) {
		e.chan = s->chan;
		e.axis = s->axis;
		e.scale = (float)s->scale;
		e.offset = (float)s->offset;
	}
	return e;
}

/* Without this clock the stamps are of no use: older kernels have only that of the day. */
static bool stamp_is_monotonic(const char *dir)
{
	char text[IIO_TEXT_MAX];

	if (iio_attr_read(dir, "current_timestamp_clock", text) < 0)
		return false;
	return strcmp(text, "monotonic") == 0 ||
	       iio_attr_write(dir, "current_timestamp_clock", "monotonic", NULL) == 0;
}

static int lay_out(struct slot *slots, size_t n, size_t m, struct iio_layout *layout,
		   struct iio_scan *ret)
{
	size_t widest = 1;
	size_t size = 0;

	qsort(slots, n, sizeof(*slots), by_index);
	for (size_t i = 0; i < n; i++) {
		size_t whole = (size_t)slots[i].type.bytes * slots[i].type.repeat;
		int at = iio_scan_add(&slots[i].type, &size);

		if (at < 0)
			return at;
		widest = whole > widest ? whole : widest;
		if (slots[i].source)
			layout->element[layout->n++] = element_at(&slots[i], m, at);
		else
			ret->stamp = element_at(&slots[i], m, at);
	}
	ret->size = iio_scan_end(size, widest);
	if (ret->size > IIO_RAW_MAX - 1)
		return -ENOSPC;
	layout->size[m] = (uint8_t)ret->size;
	return 0;
}

int iio_scan_set(const struct iio_found *found, size_t m,
		 const struct iio_source *sources, size_t n, struct iio_layout *layout,
		 struct iio_scan *ret, struct iio_why *why)
{
	const char *dir = found->dir[m];
	struct slot slots[IIO_ELEMENTS_MAX + 1];
	size_t n_slots = 0;
	int r = iio_attr_write(dir, "buffer/enable", "0", why);

	*ret = (struct iio_scan){0};
	if (r == 0)
		r = clear(dir, why);
	for (size_t i = 0; i < n && r == 0; i++) {
		if (sources[i].member != m)
			continue;
		slots[n_slots].source = &sources[i];
		r = choose(dir, sources[i].name, &slots[n_slots++], why);
	}
	if (r == 0 && stamp_is_monotonic(dir)) {
		slots[n_slots].source = NULL;
		r = choose(dir, "timestamp", &slots[n_slots], NULL);
		if (r == 0)
			n_slots++;
		else if (r == -ENOENT)
			r = 0;
	}
	if (r == 0)
		r = lay_out(slots, n_slots, m, layout, ret);
	if (r < 0 && why && !why->text[0])
		return iio_fail(why, r, "%s: its scans cannot be chosen: %s",
				found->name[m], strerror(-r));
	return r;
}

int iio_scan_start(const char *dir, struct iio_why *why)
{
	int r = iio_attr_write(dir, "buffer/length", BUFFER_LENGTH, why);

	if (r == 0)
		r = iio_attr_write(dir, "buffer/enable", "1", why);
	if (r < 0 && why && !why->text[0])
		return iio_fail(why, r, "%s does not begin to scan: %s", dir,
				strerror(-r));
	return r;
}

void iio_scan_stop(const char *dir)
{
	/* The device may have gone; it does not scan then. */
	(void)!iio_attr_write(dir, "buffer/enable", "0", NULL);
}

void iio_layout_of_attrs(const struct iio_source *sources, size_t n,
			 struct iio_layout *ret)
{
	const struct iio_type type = {
		.form = IIO_FLOAT, .bytes = 8, .bits = 64, .repeat = 1};

	*ret = (struct iio_layout){.magic = IIO_LAYOUT_MAGIC, .n = (uint32_t)n};
	for (size_t i = 0; i < n; i++) {
		const struct slot slot = {.type = type, .source = &sources[i]};

		ret->element[i] = element_at(&slot, 0, (int)(i * 8));
	}
	ret->size[0] = (uint8_t)(8 * n);
}
