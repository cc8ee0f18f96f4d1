/* What a device of the kernel measures. */
#include "hal/iio_channels.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAMES_MAX 16

/* Channels of one quantity: "voltage0", "voltage1". */
struct names {
	char name[NAMES_MAX][IIO_CHANNEL_MAX];
	size_t n;
};

/* What is looked for, and where. */
struct search {
	const struct iio_found *found;
	const struct iio_request *req;
	struct iio_why *why;
};

static bool exists(const char *dir, const char *file)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, file);
	return access(path, F_OK) == 0;
}

static bool has(const char *dir, const char *name, const char *suffix)
{
	char file[64];

	(void)snprintf(file, sizeof(file), "in_%s_%s", name, suffix);
	return exists(dir, file);
}

/* Can the channel @name be read in the way that is asked for? */
static bool offered(const struct search *s, size_t member, const char *name)
{
	const char *dir = s->found->dir[member];
	char file[64];

	if (!s->req->buffered)
		return has(dir, name, "input") || has(dir, name, "raw");
	(void)snprintf(file, sizeof(file), "scan_elements/in_%s_en", name);
	return exists(dir, file);
}

/* A quantity's channels begin with its name: "temp", "temp_object", "voltage0-voltage1", not "temperature". */
static bool is_of(const char *name, const char *type)
{
	size_t len = strlen(type);

	return strncmp(name, type, len) == 0 && !isalpha((unsigned char)name[len]);
}

static void add_name(struct names *names, const char *name, size_t len)
{
	for (size_t i = 0; i < names->n; i++)
		if (strncmp(names->name[i], name, len) == 0 && !names->name[i][len])
			return;
	if (names->n == NAMES_MAX || len >= IIO_CHANNEL_MAX)
		return;
	memcpy(names->name[names->n], name, len);
	names->name[names->n++][len] = '\0';
}

static int by_number(const void *a, const void *b)
{
	return strverscmp(a, b);
}

/* All channels of the quantity @type that @member offers, in order. */
static void list(const struct search *s, size_t member, const char *type,
		 struct names *ret)
{
	static const char *const plain[] = {"_input", "_raw"};
	char path[PATH_MAX];
	const struct dirent *d;
	DIR *dir;

	ret->n = 0;
	(void)snprintf(path, sizeof(path), "%s%s", s->found->dir[member],
		       s->req->buffered ? "/scan_elements" : "");
	dir = opendir(path);
	if (!dir)
		return;
	while ((d = readdir(dir)) != NULL) {
		size_t len = strlen(d->d_name);

		if (strncmp(d->d_name, "in_", 3) != 0 || !is_of(d->d_name + 3, type))
			continue;
		for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
			const char *end = s->req->buffered ? "_en" : plain[i];
			size_t n = strlen(end);

			if (len > n + 3 && strcmp(d->d_name + len - n, end) == 0)
				add_name(ret, d->d_name + 3, len - n - 3);
		}
	}
	(void)closedir(dir);
	qsort(ret->name, ret->n, sizeof(ret->name[0]), by_number);
}

/* Does @member have all axes of @type? */
static bool has_vector(const struct search *s, size_t member, const char *type)
{
	static const char axes[] = "xyz";
	char name[IIO_CHANNEL_MAX];

	for (int i = 0; i < 3; i++) {
		(void)snprintf(name, sizeof(name), "%.16s_%c", type, axes[i]);
		if (!offered(s, member, name))
			return false;
	}
	return true;
}

/* Our names of all that the device offers. */
static void print_offer(const struct search *s, char *ret, size_t size)
{
	ret[0] = '\0';
	for (int c = 0; c < CHAN_COUNT; c++) {
		bool there = false;

		for (size_t m = 0; iio_chans[c].type && m < s->found->n && !there; m++) {
			struct names names;

			list(s, m, iio_chans[c].type, &names);
			there = chan_info[c].width == 3
					? has_vector(s, m, iio_chans[c].type)
					: names.n > 0;
		}
		if (there)
			iio_list_add(ret, size, chan_info[c].name);
	}
	if (!ret[0])
		(void)snprintf(ret, size, "nothing that we know");
}

static int lacking(const struct search *s, int chan, const char *name)
{
	char offer[90];

	print_offer(s, offer, sizeof(offer));
	return iio_fail(s->why, -ENXIO, "%s has no %s%s; it offers %s", s->found->name[0],
			name ? name : chan_info[chan].name,
			s->req->buffered ? " in its scans" : "", offer);
}

/* Read what an attribute of the channel @name, or one for all of its kind, says; else leave *ret. */
static int shared_number(const char *dir, const char *name, const char *attr, double *ret)
{
	size_t type = strcspn(name, "0123456789_-");
	const char *other = strchr(name, '-');
	char file[96];
	int r;

	(void)snprintf(file, sizeof(file), "in_%s_%s", name, attr);
	r = iio_attr_number(dir, file, ret);
	if (r == -ENOENT && other) { /* in_voltage-voltage_scale */
		(void)snprintf(file, sizeof(file), "in_%.*s-%.*s_%s", (int)type, name,
			       (int)strcspn(other + 1, "0123456789_"), other + 1, attr);
		r = iio_attr_number(dir, file, ret);
	}
	if (r == -ENOENT) {
		(void)snprintf(file, sizeof(file), "in_%.*s_%s", (int)type, name, attr);
		r = iio_attr_number(dir, file, ret);
	}
	return r == -ENOENT ? 0 : r;
}

/* Make the source of one number, by the kernel's name of it. */
static int make(const struct search *s, size_t member, int chan, int axis,
		const char *name, struct iio_source *ret)
{
	const char *dir = s->found->dir[member];
	double scale = 1;
	double offset = 0;
	int r = 0;

	*ret = (struct iio_source){
		.chan = (uint8_t)chan,
		.axis = (uint8_t)axis,
		.member = (uint8_t)member,
		.processed = !s->req->buffered && has(dir, name, "input"),
	};
	(void)snprintf(ret->name, sizeof(ret->name), "%s", name);
	if (!ret->processed)
		r = shared_number(dir, name, "scale", &scale);
	if (r == 0 && !ret->processed)
		r = shared_number(dir, name, "offset", &offset);
	if (r < 0)
		return iio_fail(s->why, r, "%s: scale or offset of %s cannot be read: %s",
				s->found->name[0], name, strerror(-r));
	ret->scale = scale * iio_chans[chan].si;
	ret->offset = offset;
	return 0;
}

static int vector_sources(const struct search *s, int chan, struct iio_source *ret)
{
	static const char axes[] = "xyz";
	const char *type = iio_chans[chan].type;
	char name[IIO_CHANNEL_MAX];
	size_t m = 0;
	int r = 0;

	while (m < s->found->n && !has_vector(s, m, type))
		m++;
	if (m == s->found->n)
		return lacking(s, chan, NULL);
	for (int i = 0; i < 3 && r == 0; i++) {
		(void)snprintf(name, sizeof(name), "%.16s_%c", type, axes[i]);
		r = make(s, m, chan, i, name, &ret[i]);
	}
	return r < 0 ? r : 3;
}

static const char *picked(const struct iio_request *req, int chan)
{
	for (size_t i = 0; i < req->n_picks; i++)
		if (req->picks[i].chan == chan)
			return req->picks[i].name;
	return NULL;
}

static int picked_source(const struct search *s, int chan, const char *name,
			 struct iio_source *ret)
{
	for (size_t m = 0; m < s->found->n; m++)
		if (offered(s, m, name)) {
			int r = make(s, m, chan, 0, name, ret);

			return r < 0 ? r : 1;
		}
	return lacking(s, chan, name);
}

/* The only channel of the quantity @type, or the one without a number. 0: there is none. */
static int only_source(const struct search *s, int chan, const char *type,
		       struct iio_source *ret)
{
	for (size_t m = 0; m < s->found->n; m++) {
		struct names names;
		char text[80] = "";
		int r;

		list(s, m, type, &names);
		if (names.n == 0)
			continue;
		if (names.n > 1 && strcmp(names.name[0], type) != 0) {
			for (size_t i = 0; i < names.n; i++)
				iio_list_add(text, sizeof(text), names.name[i]);
			return iio_fail(s->why, -EEXIST,
					"%s has several: %s; say which: "
					"{ \"%s\": \"%s\" }",
					s->found->name[m], text, chan_info[chan].name,
					names.name[0]);
		}
		r = make(s, m, chan, 0, names.name[0], ret);
		return r < 0 ? r : 1;
	}
	return 0;
}

static int scalar_source(const struct search *s, int chan, struct iio_source *ret)
{
	const char *name = picked(s->req, chan);
	int r;

	if (name)
		return picked_source(s, chan, name, ret);
	r = only_source(s, chan, iio_chans[chan].type, ret);
	if (r == 0 && iio_chans[chan].also)
		r = only_source(s, chan, iio_chans[chan].also, ret);
	return r == 0 ? lacking(s, chan, NULL) : r;
}

static bool scans(const struct iio_found *found)
{
	for (size_t m = 0; m < found->n; m++)
		if (exists(found->dir[m], "buffer/enable"))
			return true;
	return false;
}

int iio_sources(const struct iio_found *found, const struct iio_request *req,
		struct iio_source *ret, struct iio_why *why)
{
	const struct search s = {.found = found, .req = req, .why = why};
	int n = 0;

	if (req->buffered && !scans(found))
		return iio_fail(why, -EOPNOTSUPP,
				"%s has no buffer: read it without, \"buffer\": false",
				found->name[0]);
	for (int c = 0; c < CHAN_COUNT; c++) {
		struct iio_source now[3];
		int r;

		if (!(req->chans & CHAN_BIT(c)))
			continue;
		r = chan_info[c].width == 3 ? vector_sources(&s, c, now)
					    : scalar_source(&s, c, now);
		if (r < 0)
			return r;
		if (n + r > IIO_ELEMENTS_MAX)
			return iio_fail(why, -ENOSPC, "more than %d numbers at a time",
					IIO_ELEMENTS_MAX);
		memcpy(&ret[n], now, (size_t)r * sizeof(*now));
		n += r;
	}
	return n;
}
