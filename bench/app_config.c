/*
 * What checking a configuration costs: a file of 1,000 lines with many sensors, read and checked whole,
 * against cJSON's own parsing of the same text, which finds no place and checks nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "bench/bench.h"
#include "daemon/app/config.h"

#define SENSORS 142 /* of seven lines each */
#define ROUNDS 20

static const char head[] = "{\n\"gpio\": \"sim\",\n\"sensors\": {\n";
static const char sensor[] = "\"button%d\": {\n"
			     "  \"driver\": \"gpio_button\",\n"
			     "  \"line\": \"GPIO%d\",\n"
			     "  \"debounce\": \"20ms\",\n"
			     "  \"stale_after\": \"1s\",\n"
			     "  \"channels\": { \"pressed\": \"touch.b%d\" }\n"
			     "},\n";

static char *make_text(size_t *ret_len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, ret_len);

	if (!f)
		exit(1);
	fputs(head, f);
	for (int i = 0; i < SENSORS; i++)
		fprintf(f, sensor, i, i, i);
	fputs("}\n}\n", f);
	fclose(f);
	return text;
}

static double check_ms(const char *path)
{
	int64_t best = INT64_MAX;

	for (int i = 0; i < ROUNDS; i++) {
		struct conf_errors errs = {0};
		struct config *c = NULL;
		int64_t begin = bench_now_ns();

		if (config_read(&path, 1, &errs, &c) < 0) {
			fprintf(stderr, "app_config: %s\n",
				errs.n ? errs.list[0].text : "?");
			exit(1);
		}
		if (bench_now_ns() - begin < best)
			best = bench_now_ns() - begin;
		config_free(c);
		conf_errors_fini(&errs);
	}
	return (double)best * 1e-6;
}

/* The trailing commas that cJSON does not know are blanked for it. */
static double cjson_ms(char *text)
{
	int64_t best = INT64_MAX;

	for (char *p = text; (p = strstr(p, "},\n}")) != NULL; p++)
		p[1] = ' ';
	for (int i = 0; i < ROUNDS; i++) {
		int64_t begin = bench_now_ns();
		cJSON *json = cJSON_Parse(text);

		if (!json)
			exit(1);
		cJSON_Delete(json);
		if (bench_now_ns() - begin < best)
			best = bench_now_ns() - begin;
	}
	return (double)best * 1e-6;
}

int main(int argc, char **argv)
{
	char path[] = "/tmp/instinct-bench-XXXXXX";
	size_t len;
	char *text;
	int fd;

	bench_begin(argc, argv);
	if (!bench_wants("config.check_ms"))
		return 0;
	text = make_text(&len);
	fd = mkstemp(path);
	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		return 1;
	close(fd);
	bench_report("config.check_ms", check_ms(path), "ms", "cJSON_Parse",
		     cjson_ms(text));
	unlink(path);
	free(text);
	return 0;
}
