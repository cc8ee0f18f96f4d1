/*
 * The scene: the physics that chip models measure; what moves, and when there is something new to
 * measure. There are two kinds: a robot on a desk that somebody plays with (scene_desk.c), and a
 * recorded trial (scene_rec.c).
 *
 * Earth axes are east, north, up (north is magnetic north); body axes are those of the sensor, and
 * agree with the earth's while the robot stands on the desk.
 */
#ifndef HAL_SCENE_H
#define HAL_SCENE_H
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/macros.h"
#include "hal/gpio_sim.h"

/* What an ideal inertial sensor of this robot would measure at one moment, with the real one's noise. */
struct scene_motion {
	double accel_ms2[3]; /* specific force, body axes: +9.8 upwards at rest */
	double gyro_rads[3]; /* rate of the body, body axes */
	double mag_t[3];     /* magnetic field, body axes */
	double temp_c;
};

/* What else there is to measure around the robot, and inside it. Nothing of it has noise. */
struct scene_ambient {
	double pressure_pa, temp_c, humidity; /* of the air; relative humidity 0 to 1 */
	double mag_t[3];                      /* magnetic field, body axes */
	double distance_m;                    /* ahead, to the nearest thing */
	double supply_v, supply_a;            /* of the battery */
};

struct scene;

struct scene_ops {
	void (*start)(struct scene *s);
	void (*stop)(struct scene *s);
	int64_t (*next_ns)(struct scene *s, int64_t last_ns, int64_t period_ns);
	void (*measure)(struct scene *s, int64_t t_ns, struct scene_motion *ret);
	void (*ambient)(const struct scene *s, int64_t t_ns, struct scene_ambient *ret);
	void (*free)(struct scene *s);
};

/* The part that all scenes share; embedded in theirs. */
struct scene {
	const struct scene_ops *ops;
	/*
	 * Samples are given out one by one: a chip asks for the next moment only after its last sample
	 * was read, so that none is skipped. Such a scene has one chip.
	 */
	bool paced;
};

/* Let time begin, and end it; inside rt_run(). Do not suspend. */
void scene_start(struct scene *s);
void scene_stop(struct scene *s);
void scene_free(struct scene *s); /* NULL is fine; stopped or never started */

/*
 * When a chip that measures every @period_ns and did so last (or was switched on) at @last_ns has its
 * next sample; may be past. TIME_NEVER: no more.
 */
int64_t scene_next_ns(struct scene *s, int64_t last_ns, int64_t period_ns);

/* Measure at @t_ns, as scene_next_ns() said. */
void scene_measure(struct scene *s, int64_t t_ns, struct scene_motion *ret);

/* What surrounds the robot at @t_ns: any chip may ask, at any time. */
void scene_ambient(const struct scene *s, int64_t t_ns, struct scene_ambient *ret);

/* A room in which nothing happens: 101325 Pa, 25 degC, no magnetic field. */
extern const struct scene_ambient scene_still_room;

/*
 * A robot on a desk. By itself it is touched 1.5 s after the start and then about every 7 s, and every
 * 12 s it is lifted, tilted, shaken (first at 3.5 s, for 1.2 s) and put down. The sensor has noise and
 * a constant gyroscope bias; equal seeds give equal scenes. Meanwhile the weather changes a little,
 * somebody walks up and away again, and the battery runs down.
 */
struct scene_desk_conf {
	uint64_t seed;
	struct gpio_board *board; /* borrowed; may be NULL when touch_line is */
	const char *touch_line;   /* high while the head is touched; copied; NULL: none */
};

/* A desk, freed with scene_free(). 0, -EINVAL for the name of the line, or -ENOMEM. */
int scene_desk_new(const struct scene_desk_conf *conf, struct scene **ret) MUST_CHECK;

/* Where the robot of a desk really is at @t_ns, and how it is turned: body to earth. */
struct scene_pose {
	double position_m[3];
	double quat[4]; /* w x y z; NaN: not known */
};
void scene_desk_pose(const struct scene *s, int64_t t_ns, struct scene_pose *ret);

/* What a recording knows apart from the sensor's data. */
struct scene_truth {
	double quat[4]; /* w x y z, body to earth, by cameras; NaN: they saw nothing */
	bool moving;    /* the part of the trial that counts */
};

#define SCENE_WHY_MAX 160

/*
 * Open a recording (BROADF32) of @path, freed with scene_free(). Its first record is measured when
 * the chip is first ready for it, the others follow at the recorded rate, or at once when that moment
 * is past.
 * Returns 0; -EBADMSG: not such a file, or damaged; -ENOMEM; or the errno of open or read. @why then
 * says what is wrong, with the file's name.
 */
int scene_rec_open(const char *path, char why[SCENE_WHY_MAX],
		   struct scene **ret) MUST_CHECK;

/* Its records, its rate in Hz, and the name of the trial (lives as long as the scene). */
uint32_t scene_rec_count(const struct scene *s);
double scene_rec_rate_hz(const struct scene *s);
const char *scene_rec_name(const struct scene *s);

/* How many of its records have been measured. */
uint32_t scene_rec_measured(const struct scene *s);

/*
 * Which record was measured at @t_ns: an estimate's time to the truth. -1 before the first or after
 * the last that was measured.
 */
int64_t scene_rec_index(const struct scene *s, int64_t t_ns);

/* The truth of record @index, below scene_rec_count(). */
void scene_rec_truth(const struct scene *s, uint32_t index, struct scene_truth *ret);

/* Wait until the last record has been read from the chip. 0 or -ECANCELED. Suspends. */
int scene_rec_wait_end(struct scene *s) MUST_CHECK;

#endif
