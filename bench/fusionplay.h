/*
 * Recorded trials played through the filter, and the instructions that this takes, as callgrind counts
 * them: the same for the same program and samples, whatever else the machine does.
 */
#ifndef BENCH_FUSIONPLAY_H
#define BENCH_FUSIONPLAY_H
#include <stdbool.h>

#include "daemon/fusion/vqf.h"
#include "tests/replay/broad.h"

struct fusion_trial {
	struct broad_row *rows; /* freed by the caller */
	int count;
	double dt_s;
};

enum { FUSION_TRIALS_MAX = 256 };

/* The folder among the arguments, what has a slash, which is taken out of them; else that of the BROAD benchmark. */
const char *fusion_folder(int *argc, char **argv);

/* The names of the trials in @folder, FUSION_TRIALS_MAX at most, in order; how many. */
int fusion_find(const char *folder, char ret[][BROAD_NAME_MAX]);

/* Read the trial @name of @folder; what is wrong with it is said on standard error. */
bool fusion_load(const char *folder, const char *name, struct fusion_trial *ret);

void fusion_start(struct vqf *vqf, const struct vqf_params *params, double dt_s);

/* A rate, an acceleration and a field. */
void fusion_feed(struct vqf *vqf, const struct broad_row *row, double dt_s);

/*
 * Instructions of one fusion_feed(), the mean over a trial, with the parameters called @params ("default",
 * "paper"). Runs this program again under valgrind, as "PROGRAM FUSION_COUNT FOLDER TRIAL PARAMS",
 * where main() calls fusion_play_counted(). NaN when there is no valgrind.
 */
#define FUSION_COUNT "--count"
double fusion_count(const char *folder, const char *trial, const char *params);
int fusion_play_counted(const char *folder, const char *trial, const char *params);

#endif
