/* Recorded trials played through the filter. */
#include "bench/fusionplay.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hal/scene.h"

#define SUFFIX ".f32"

enum { COUNTED_ROWS = 20000 };

/* "NAME.f32", but not what a filter made of it, "NAME.vqfref20.f32". */
static int is_trial(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return len > strlen(SUFFIX) && len < BROAD_NAME_MAX &&
	       strcmp(e->d_name + len - strlen(SUFFIX), SUFFIX) == 0 &&
	       !strstr(e->d_name, ".vqfref");
}

int fusion_find(const char *folder, char ret[][BROAD_NAME_MAX])
{
	struct dirent **found;
	int n_found = scandir(folder, &found, is_trial, alphasort);
	int n = 0;

	for (int i = 0; i < n_found; i++) {
		if (n < FUSION_TRIALS_MAX)
			snprintf(ret[n++], BROAD_NAME_MAX, "%.*s",
				 (int)(strlen(found[i]->d_name) - strlen(SUFFIX)),
				 found[i]->d_name);
		free(found[i]);
	}
	if (n_found >= 0)
		free(found);
	return n;
}

const char *fusion_folder(int *argc, char **argv)
{
	for (int i = 1; i < *argc; i++) {
		const char *folder = argv[i];

		if (!strchr(folder, '/'))
			continue;
		memmove(&argv[i], &argv[i + 1], (size_t)(*argc - i) * sizeof(*argv));
		(*argc)--;
		return folder;
	}
	return BROAD_DIR;
}

/* Is it a recording as it should be? The daemon's reader has the checks. */
static bool check(const char *folder, const char *name, double *ret_rate_hz)
{
	char path[512];
	char why[SCENE_WHY_MAX];
	struct scene *scene;

	snprintf(path, sizeof(path), "%s/%s.f32", folder, name);
	if (scene_rec_open(path, why, &scene) < 0) {
		fprintf(stderr, "bench: left out: %s\n", why);
		return false;
	}
	*ret_rate_hz = scene_rec_rate_hz(scene);
	scene_free(scene);
	return true;
}

bool fusion_load(const char *folder, const char *name, struct fusion_trial *ret)
{
	double rate_hz;

	if (!check(folder, name, &rate_hz))
		return false;
	ret->rows = broad_load_trial(folder, name, &ret->count);
	ret->dt_s = 1 / rate_hz;
	if (!ret->rows)
		fprintf(stderr, "bench: left out: %s/%s.f32: cannot be read\n", folder,
			name);
	return ret->rows != NULL;
}

void fusion_start(struct vqf *vqf, const struct vqf_params *params, double dt_s)
{
	vqf_init(vqf, params, (struct vqf_rates){dt_s, dt_s, dt_s});
}

void fusion_feed(struct vqf *vqf, const struct broad_row *row, double dt_s)
{
	const float *a = row->acc;
	const float *g = row->gyr;
	const float *m = row->mag;

	vqf_gyro(vqf, (double[]){(double)g[0], (double)g[1], (double)g[2]}, dt_s);
	vqf_accel(vqf, (double[]){(double)a[0], (double)a[1], (double)a[2]}, dt_s);
	vqf_mag(vqf, (double[]){(double)m[0], (double)m[1], (double)m[2]}, dt_s);
}

int fusion_play_counted(const char *folder, const char *trial, const char *params)
{
	struct fusion_trial t;
	struct vqf vqf;
	int from;

	if (!fusion_load(folder, trial, &t))
		return 1;
	/* Rest and motion alike. */
	from = broad_cold_start(t.rows, t.count) - COUNTED_ROWS / 2;
	if (from < 0)
		from = 0;
	fusion_start(&vqf,
		     strcmp(params, "paper") == 0 ? &vqf_params_paper
						  : &vqf_params_default,
		     t.dt_s);
	printf("%d\n", t.count - from < COUNTED_ROWS ? t.count - from : COUNTED_ROWS);
	for (int i = from; i < t.count && i < from + COUNTED_ROWS; i++)
		fusion_feed(&vqf, &t.rows[i], t.dt_s);
	free(t.rows);
	return 0;
}

double fusion_count(const char *folder, const char *trial, const char *params)
{
	char self[512] = {0};
	char command[2048];
	char line[256];
	double rows = 0;
	double total = (double)NAN;
	FILE *f;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return (double)NAN;
	snprintf(command, sizeof(command),
		 "valgrind --tool=callgrind --callgrind-out-file=/dev/null "
		 "--toggle-collect=fusion_feed '%s' " FUSION_COUNT " '%s' '%s' %s 2>&1",
		 self, folder, trial, params);
	/* NOLINTNEXTLINE(cert-env33-c): this program, and a folder that its user named */
	f = popen(command, "re");
	if (!f)
		return (double)NAN;
	while (fgets(line, sizeof(line), f)) {
		const char *collected = strstr(line, "Collected : ");

		if (collected)
			total = strtod(collected + strlen("Collected : "), NULL);
		else if (line[0] != '=' && rows == 0)
			rows = strtod(line, NULL);
	}
	if (pclose(f) != 0 || rows == 0)
		return (double)NAN;
	return total / rows;
}
