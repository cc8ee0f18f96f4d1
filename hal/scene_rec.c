/*
 * A recorded trial as scene: inertial and magnetic data with the orientation that cameras saw beside
 * them. The file is little-endian: a header of 96 bytes, then records of 14 floats.
 */
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/base/list.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/task.h"
#include "hal/scene.h"

#define REC_MAGIC "BROADF32"
#define REC_VERSION 1
#define REC_HEADER 96
#define REC_FLOATS 14
#define REC_BYTES (REC_FLOATS * sizeof(float))
#define REC_RATE_MIN_HZ 1.0
#define REC_RATE_MAX_HZ 10000.0

/* Columns of a record. */
enum { COL_ACCEL = 0, COL_GYRO = 3, COL_MAG = 6, COL_QUAT = 9, COL_MOVING = 13 };

/* Recordings do not tell. */
#define TEMP_C 25.0

struct rec {
	struct scene scene;
	char name[65];
	double rate_hz;
	uint32_t count;
	float (*record)[REC_FLOATS];
	uint32_t measured;  /* records given out; the next one has this index */
	int64_t start_ns;   /* the nominal time of record 0, once it is known */
	bool begun, ended;  /* the first record was asked for; the last one was read */
	struct list enders; /* struct ender: who waits for the end */
};

struct ender {
	struct wait wait;
	struct link link;
};

static struct rec *rec_of(const struct scene *s)
{
	return container_of(s, struct rec, scene);
}

static int64_t nominal_ns(const struct rec *rec, uint32_t index)
{
	return rec->start_ns + llround(index * (double)NS_PER_S / rec->rate_hz);
}

static void end(struct rec *rec)
{
	struct link *k;

	rec->ended = true;
	while ((k = list_pop(&rec->enders)))
		task_wake(&container_of(k, struct ender, link)->wait, 0);
}

static void rec_start(struct scene *s)
{
	struct rec *rec = rec_of(s);

	rec->measured = 0;
	rec->begun = rec->ended = false;
}

static void rec_stop(struct scene *s)
{
	(void)s;
}

static int64_t rec_next_ns(struct scene *s, int64_t last_ns, int64_t period_ns)
{
	struct rec *rec = rec_of(s);

	if (rec->measured == rec->count) {
		end(rec);
		return TIME_NEVER;
	}
	if (!rec->begun) {
		rec->begun = true;
		rec->start_ns = last_ns + period_ns;
	}
	return nominal_ns(rec, rec->measured);
}

static void rec_measure(struct scene *s, int64_t t_ns, struct scene_motion *ret)
{
	struct rec *rec = rec_of(s);
	const float *f = rec->record[rec->measured];

	assert(t_ns == nominal_ns(rec, rec->measured));
	for (int i = 0; i < 3; i++) {
		ret->accel_ms2[i] = (double)f[COL_ACCEL + i];
		ret->gyro_rads[i] = (double)f[COL_GYRO + i];
		ret->mag_t[i] = (double)f[COL_MAG + i] * 1e-6;
	}
	ret->temp_c = TEMP_C;
	rec->measured++;
}

/* The field as it was measured last; of all else the recording knows nothing. */
static void rec_ambient(const struct scene *s, int64_t t_ns, struct scene_ambient *ret)
{
	const struct rec *rec = rec_of(s);
	const float *f = rec->record[rec->measured ? rec->measured - 1 : 0];

	(void)t_ns;
	*ret = scene_still_room;
	for (int i = 0; i < 3; i++)
		ret->mag_t[i] = (double)f[COL_MAG + i] * 1e-6;
}

static void rec_free(struct scene *s)
{
	struct rec *rec = rec_of(s);

	assert(list_empty(&rec->enders));
	free(rec->record);
	free(rec);
}

static const struct scene_ops rec_ops = {
	.start = rec_start,
	.stop = rec_stop,
	.next_ns = rec_next_ns,
	.measure = rec_measure,
	.ambient = rec_ambient,
	.free = rec_free,
};

/* A file being read, and where its errors go. */
struct source {
	const char *path;
	char *why;
	int fd;
};

PRINTF_LIKE(3, 4)
static int fail(const struct source *src, int code, const char *fmt, ...)
{
	int n = snprintf(src->why, SCENE_WHY_MAX, "%s: ", src->path);
	va_list ap;

	va_start(ap, fmt);
	if (n >= 0 &&
	    n < SCENE_WHY_MAX) /* a path that fills it all leaves no room for why */
		(void)vsnprintf(src->why + n, (size_t)(SCENE_WHY_MAX - n), fmt, ap);
	va_end(ap);
	return code;
}

/* All @size bytes, or an error. */
static int read_all(const struct source *src, void *buf, size_t size)
{
	char *at = buf;

	while (size > 0) {
		ssize_t n = read(src->fd, at, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(src, -errno, "%s", strerror(errno));
		if (n == 0)
			return fail(src, -EBADMSG, "truncated");
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

static uint32_t u32_at(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static double f64_at(const uint8_t *p)
{
	uint64_t bits;
	double v;

	memcpy(&bits, p, sizeof(bits));
	bits = le64toh(bits);
	memcpy(&v, &bits, sizeof(v));
	return v;
}

static float f32_of(float raw)
{
	uint32_t bits;

	memcpy(&bits, &raw, sizeof(bits));
	bits = le32toh(bits);
	memcpy(&raw, &bits, sizeof(raw));
	return raw;
}

static int read_header(const struct source *src, struct rec *rec)
{
	uint8_t h[REC_HEADER];
	int r = read_all(src, h, sizeof(h));

	if (r < 0)
		return r;
	if (memcmp(h, REC_MAGIC, 8) != 0)
		return fail(src, -EBADMSG,
			    "no recording: begins with other than " REC_MAGIC);
	if (u32_at(h + 8) != REC_VERSION)
		return fail(src, -EBADMSG, "version %u; only %d is known", u32_at(h + 8),
			    REC_VERSION);
	if (u32_at(h + 12) != REC_HEADER)
		return fail(src, -EBADMSG, "header of %u bytes instead of %d",
			    u32_at(h + 12), REC_HEADER);
	if (u32_at(h + 20) != REC_FLOATS)
		return fail(src, -EBADMSG, "records of %u numbers instead of %d",
			    u32_at(h + 20), REC_FLOATS);
	rec->count = u32_at(h + 16);
	rec->rate_hz = f64_at(h + 24);
	if (!(rec->rate_hz >= REC_RATE_MIN_HZ && rec->rate_hz <= REC_RATE_MAX_HZ))
		return fail(src, -EBADMSG, "rate of %g Hz, not %g to %g", rec->rate_hz,
			    REC_RATE_MIN_HZ, REC_RATE_MAX_HZ);
	memcpy(rec->name, h + 32, 64);
	return 0;
}

/* The header's count is believed only when the file is as long as that, before memory is taken. */
static int check_length(const struct source *src, const struct rec *rec)
{
	uint64_t want = REC_HEADER + (uint64_t)rec->count * REC_BYTES;
	struct stat st;

	if (fstat(src->fd, &st) < 0)
		return fail(src, -errno, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail(src, -EBADMSG, "not a regular file");
	if ((uint64_t)st.st_size < want)
		return fail(src, -EBADMSG,
			    "truncated: %lld bytes, but %u records take %llu",
			    (long long)st.st_size, rec->count, (unsigned long long)want);
	if ((uint64_t)st.st_size > want)
		return fail(src, -EBADMSG, "%llu bytes too many behind %u records",
			    (unsigned long long)st.st_size - (unsigned long long)want,
			    rec->count);
	return 0;
}

/* The sensor's numbers are finite; the cameras may have seen nothing. */
static int check_record(const struct source *src, const float *f, uint32_t index)
{
	static const char *const names[] = {"acc", "gyr", "mag"};

	for (int i = 0; i < COL_QUAT; i++) {
		if (!isfinite(f[i]))
			return fail(src, -EBADMSG, "record %u: %s %c is not finite",
				    index, names[i / 3], "xyz"[i % 3]);
	}
	return 0;
}

static int read_records(const struct source *src, struct rec *rec)
{
	int r = check_length(src, rec);

	if (r < 0)
		return r;
	if (rec->count == 0)
		return fail(src, -EBADMSG, "no records");
	rec->record = calloc(rec->count, sizeof(*rec->record));
	if (!rec->record)
		return fail(src, -ENOMEM, "no memory for %u records", rec->count);
	r = read_all(src, rec->record, rec->count * REC_BYTES);
	for (uint32_t k = 0; r >= 0 && k < rec->count; k++) {
		for (int i = 0; i < REC_FLOATS; i++)
			rec->record[k][i] = f32_of(rec->record[k][i]);
		r = check_record(src, rec->record[k], k);
	}
	return r;
}

int scene_rec_open(const char *path, char why[SCENE_WHY_MAX], struct scene **ret)
{
	struct source src = {.path = path, .why = why};
	struct rec *rec = calloc(1, sizeof(*rec));
	int r;

	if (!rec)
		return fail(&src, -ENOMEM, "no memory");
	rec->scene = (struct scene){.ops = &rec_ops, .paced = true};
	list_init(&rec->enders);
	/* Without O_NONBLOCK a FIFO by that name would hold us here. */
	src.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (src.fd < 0) {
		r = fail(&src, -errno, "%s", strerror(errno));
		goto free_rec;
	}
	r = read_header(&src, rec);
	if (r >= 0)
		r = read_records(&src, rec);
	(void)close(src.fd); /* was only read */
	if (r < 0)
		goto free_rec;
	*ret = &rec->scene;
	return 0;

free_rec:
	rec_free(&rec->scene);
	return r;
}

uint32_t scene_rec_count(const struct scene *s)
{
	return rec_of(s)->count;
}

double scene_rec_rate_hz(const struct scene *s)
{
	return rec_of(s)->rate_hz;
}

const char *scene_rec_name(const struct scene *s)
{
	return rec_of(s)->name;
}

uint32_t scene_rec_measured(const struct scene *s)
{
	return rec_of(s)->measured;
}

int64_t scene_rec_index(const struct scene *s, int64_t t_ns)
{
	const struct rec *rec = rec_of(s);
	double since_s = (double)(t_ns - rec->start_ns) / (double)NS_PER_S;
	int64_t index = llround(since_s * rec->rate_hz);

	return index >= 0 && index < rec->measured ? index : -1;
}

void scene_rec_truth(const struct scene *s, uint32_t index, struct scene_truth *ret)
{
	const struct rec *rec = rec_of(s);
	const float *f;

	assert(index < rec->count);
	f = rec->record[index];
	for (int i = 0; i < 4; i++)
		ret->quat[i] = (double)f[COL_QUAT + i];
	ret->moving = f[COL_MOVING] > 0.5f;
}

static bool ender_abort(struct wait *w)
{
	link_remove(&container_of(w, struct ender, wait)->link);
	return true;
}

int scene_rec_wait_end(struct scene *s)
{
	struct rec *rec = rec_of(s);
	struct ender e = {
		.wait = {.kind = "recording", .what = rec->name, .abort = ender_abort},
	};

	if (rec->ended)
		return task_checkpoint();
	if (task_check() < 0)
		return -ECANCELED;
	list_push(&rec->enders, &e.link);
	return task_park(&e.wait);
}
