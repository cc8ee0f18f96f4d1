/*
 * Reads recordings of the BROAD benchmark (Laidig et al. 2021, doi 10.3390/data6070072), repacked: a
 * header of 96 bytes, then rows of float32, all little-endian.
 */
#ifndef TESTS_REPLAY_BROAD_H
#define TESTS_REPLAY_BROAD_H
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BROAD_DIR INSTINCT_SOURCE "/../shared/data/broad"
#define BROAD_DT_S 0.0035

enum { BROAD_COLD_ROWS = 286 }; /* a cold start begins so many rows before the motion */

static const char *const broad_trials[] = {
	"02_undisturbed_slow_rotation_B",    "09_undisturbed_fast_rotation_with_breaks_B",
	"12_undisturbed_slow_translation_C", "16_undisturbed_fast_translation_B",
	"21_undisturbed_fast_combined",      "24_disturbed_tapping_A",
	"26_disturbed_phone_vibration_A",    "30_disturbed_stationary_magnet_C",
	"33_disturbed_attached_magnet_2cm",
};

enum { BROAD_TRIALS = 9, BROAD_NAME_MAX = 128 };

/* One row of a trial. */
struct broad_row {
	float acc[3];   /* m/s^2 */
	float gyr[3];   /* rad/s */
	float mag[3];   /* microtesla */
	float truth[4]; /* w x y z, sensor -> east, north, up; NaN: not seen */
	float moving;   /* 1: counts */
};

/* One row of what the reference implementation makes of a trial: of every 20th sample. */
struct broad_reference {
	float quat_6d[4], quat_9d[4];
	float bias[3]; /* rad/s */
	float at_rest, disturbed;
};

enum { BROAD_REFERENCE_STEP = 20 };

/*
 * The rows of @dir/@trial@suffix, @row_size bytes each, which the caller frees, and their number.
 * NULL when the file cannot be read or is not what it should be.
 */
static inline void *broad_load(const char *dir, const char *trial, const char *suffix,
			       size_t row_size, int *ret_rows)
{
	unsigned char header[96];
	char path[512];
	uint32_t rows;
	uint32_t columns;
	void *data = NULL;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s%s", dir, trial, suffix);
	f = fopen(path, "rb");
	if (!f)
		return NULL;
	if (fread(header, sizeof(header), 1, f) == 1) {
		memcpy(&rows, header + 16, sizeof(rows));
		memcpy(&columns, header + 20, sizeof(columns));
		if (columns * sizeof(float) == row_size && rows < 10000000)
			data = malloc(rows * row_size);
		if (data && fread(data, row_size, rows, f) == rows) {
			*ret_rows = (int)rows;
		} else {
			free(data);
			data = NULL;
		}
	}
	fclose(f);
	return data;
}

/* The rate of the recording @dir/@trial@suffix, which has been read, Hz; 0 if it is none. */
static inline double broad_rate_hz(const char *dir, const char *trial, const char *suffix)
{
	double rate_hz = 0;
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s%s", dir, trial, suffix);
	f = fopen(path, "rb");
	if (!f)
		return 0;
	if (fseek(f, 24, SEEK_SET) != 0 || fread(&rate_hz, sizeof(rate_hz), 1, f) != 1 ||
	    !(rate_hz >= 1 && rate_hz <= 10000))
		rate_hz = 0;
	fclose(f);
	return rate_hz;
}

static inline struct broad_row *broad_load_trial(const char *dir, const char *trial,
						 int *ret_rows)
{
	return broad_load(dir, trial, ".f32", sizeof(struct broad_row), ret_rows);
}

static inline struct broad_reference *
broad_load_reference(const char *dir, const char *trial, int *ret_rows)
{
	return broad_load(dir, trial, ".vqfref20.f32", sizeof(struct broad_reference),
			  ret_rows);
}

/* The row at which a cold start begins: a second before the motion, or the first one. */
static inline int broad_cold_start(const struct broad_row *rows, int count)
{
	int first = 0;

	while (first < count && rows[first].moving < 0.5f)
		first++;
	return first > BROAD_COLD_ROWS ? first - BROAD_COLD_ROWS : 0;
}

#endif
