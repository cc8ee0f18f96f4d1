/* Bench programs: arguments in, rows or JSON lines out. */
#include "bench/bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/base/macros.h"

/* One per program: its arguments. */
static bool as_json;
static int name_count;
static char **names;

void bench_begin(int argc, char **argv)
{
	/* The names move to the front; argv[0] is not one of them. */
	names = argv + 1;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0) {
			as_json = true;
		} else if (argv[i][0] == '-') {
			fprintf(stderr, "%s: no option '%s'; usage: [--json] [NAME...]\n",
				argv[0], argv[i]);
			exit(2);
		} else {
			names[name_count++] = argv[i];
		}
	}
}

bool bench_wants(const char *name)
{
	for (int i = 0; i < name_count; i++)
		if (strstr(name, names[i]))
			return true;
	return name_count == 0;
}

bool bench_as_json(void)
{
	return as_json;
}

/* JSON has no NaN and no infinity. */
static void put_number(const char *key, double value)
{
	if (isfinite(value))
		printf(", \"%s\": %.6g", key, value);
	else
		printf(", \"%s\": null", key);
}

void bench_report(const char *name, double value, const char *unit, const char *peer,
		  double peer_value)
{
	if (as_json) {
		printf("{\"bench\": \"%s\"", name);
		put_number("value", value);
		printf(", \"unit\": \"%s\"", unit);
		if (peer) {
			printf(", \"peer\": \"%s\"", peer);
			put_number("peer_value", peer_value);
			put_number("ratio", value / peer_value);
		}
		puts("}");
	} else {
		printf("%-36s %12.5g %-10s", name, value, unit);
		if (peer)
			printf(" %s %.5g, ratio %.3g", peer, peer_value,
			       value / peer_value);
		putchar('\n');
	}
	fflush(stdout);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_percentile(double *v, size_t n, double p)
{
	qsort(v, n, sizeof(*v), by_size);
	return v[(size_t)(p * (double)(n - 1))];
}

static int by_ratio(const void *a, const void *b)
{
	const struct bench_pair *x = a, *y = b;
	double p = x->ours * y->peer, q = y->ours * x->peer;

	return (p > q) - (p < q);
}

void bench_report_pairs(const char *name, struct bench_pair *rounds, size_t n,
			const char *unit, const char *peer)
{
	const struct bench_pair *mid = &rounds[n / 2];

	qsort(rounds, n, sizeof(*rounds), by_ratio);
	bench_report(name, mid->ours, unit, peer, mid->peer);
}

int64_t bench_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static void keep_answer(struct bench_answer *answers, size_t n, const char *name,
			double value)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(answers[i].name, name) == 0)
			answers[i].value = value;
}

void bench_ask(const char *script, struct bench_answer *answers, size_t n)
{
	char command[512], line[128];
	FILE *out;

	for (size_t i = 0; i < n; i++)
		answers[i].value = (double)NAN;
	snprintf(command, sizeof(command),
		 "exec /usr/bin/python3 '%s/bench/peers/%s' 2>/dev/null", INSTINCT_SOURCE,
		 script);
	/* NOLINTNEXTLINE(cert-env33-c): a script of ours, named by ourselves */
	out = popen(command, "r");
	if (!out)
		return;
	while (fgets(line, sizeof(line), out)) {
		char *space = strchr(line, ' ');

		if (!space)
			continue;
		*space = '\0';
		keep_answer(answers, n, line, strtod(space + 1, NULL));
	}
	pclose(out);
}
