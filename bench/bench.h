/*
 * What the bench programs share: the choice of benches by name, and one form for what they measure.
 *
 * A program calls bench_begin() once, asks bench_wants() before each bench, and reports each figure
 * with bench_report(). By default a figure is a row of a table, with --json one JSON object on a line.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Take over the program's arguments: --json, and parts of names. An unknown option ends the program
 * with a message and status 2. @argv must stay.
 */
void bench_begin(int argc, char **argv);

/* Was the bench called @name asked for? True when no names were given, or one of them is part of it. */
bool bench_wants(const char *name);

/* Are the figures for a program? Then nothing else goes to standard output. */
bool bench_as_json(void);

/*
 * Print one figure and flush. @name is dotted, layer first ("rt.switch"); @unit is an SI unit or a
 * count ("ns", "samples/s"). Where a peer did the same work in the same run, @peer names it and
 * @peer_value is its figure in the same unit; the ratio is ours over the peer's. Else @peer is NULL
 * and @peer_value is not looked at. A figure that is NaN was not measured.
 */
void bench_report(const char *name, double value, const char *unit, const char *peer,
		  double peer_value);

/* A figure that a peer measured; NaN: it did not. */
struct bench_answer {
	const char *name;
	double value;
};

/*
 * Run the peer bench/peers/@script in Python. It prints a name and a number on each line, in the units of
 * the bench; those of the names in @answers are kept.
 */
void bench_ask(const char *script, struct bench_answer *answers, size_t n);

/*
 * The value that the share @p of the @n values in @v does not exceed: 0.5 is the median. Puts @v in order;
 * @n > 0.
 */
double bench_percentile(double *v, size_t n, double p);

/*
 * Ours and a peer's, measured one after the other: what a machine does beside differs more from second to
 * second than the two do.
 */
struct bench_pair {
	double ours, peer;
};

/*
 * Report of @n > 0 rounds the one whose ratio is the median of all rounds' ratios. Puts @rounds in order.
 */
void bench_report_pairs(const char *name, struct bench_pair *rounds, size_t n,
			const char *unit, const char *peer);

/* CLOCK_MONOTONIC, ns. */
int64_t bench_now_ns(void);

#endif
