/* Stamps of a FIFO's frames: they follow the chip's clock, whatever the host does. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdlib.h>

#include "daemon/base/macros.h"
#include "drivers/core/burst_clock.h"

/* A chip whose period is @drift off, read every @every_ns by a host that is sometimes late. */
struct world {
	double drift;
	int64_t every_ns, late_ns; /* up to so much */
	int64_t jitter_ns;         /* of edges; negative: there is no line */
	int64_t settle_ns;         /* from when on errors count */
	/* What came of it. */
	int64_t worst_ns; /* |stamp - truth| */
	double worst_step; /* a step between two stamps, against the true period: |ratio - 1| */
	double period_ratio; /* found over true */
};

#define NOMINAL_NS NS_PER_MS
#define TRANSFER_NS (200 * NS_PER_US)
#define RUN_NS (60 * NS_PER_S)

static int64_t up_to(int64_t ns)
{
	return ns > 0 ? (int64_t)((double)rand() / RAND_MAX * (double)ns) : 0;
}

static void live(struct world *w)
{
	double period = (double)NOMINAL_NS * (1 + w->drift);
	int64_t phase_ns = NS_PER_S - 20 * NS_PER_MS + 123456;
	int64_t last_ns = 0;
	uint64_t taken = 0;
	struct burst_clock c;

	srand(1); /* the limits below are those of this sequence */
	burst_clock_init(&c, NOMINAL_NS);
	for (int64_t due_ns = NS_PER_S; due_ns < RUN_NS; due_ns += w->every_ns) {
		int64_t from_ns = due_ns + up_to(w->late_ns);
		int64_t counted_ns = from_ns + up_to(TRANSFER_NS);
		uint64_t total =
			(uint64_t)floor((double)(counted_ns - phase_ns) / period) + 1;
		unsigned n = (unsigned)(total - taken);

		if (w->jitter_ns < 0) {
			burst_clock_counted(&c, n, from_ns, from_ns + TRANSFER_NS);
		} else { /* the last edge before the host asked */
			double k = floor((double)(from_ns - phase_ns) / period);

			burst_clock_edge(&c, n,
					 phase_ns + (int64_t)(k * period) +
						 up_to(w->jitter_ns),
					 from_ns, from_ns + TRANSFER_NS);
		}
		for (unsigned i = 0; i < n; i++) {
			int64_t truth_ns =
				phase_ns + (int64_t)((double)(taken + i) * period);
			int64_t t_ns = burst_clock_stamp(&c, i);
			double step = (double)(t_ns - last_ns) / period;

			cr_assert(t_ns > last_ns, "stamps grow");
			if (truth_ns > w->settle_ns) {
				w->worst_ns = llabs(t_ns - truth_ns) > w->worst_ns
						      ? llabs(t_ns - truth_ns)
						      : w->worst_ns;
				w->worst_step = fmax(w->worst_step, fabs(step - 1));
			}
			last_ns = t_ns;
		}
		taken = total;
	}
	w->period_ratio = c.period_ns / period;
}

Test(burst_clock, without_a_line_is_right_to_one_period)
{
	static const double drifts[] = {0, 0.01, -0.01, 0.05, -0.05, 1e-4};

	for (size_t i = 0; i < ARRAY_LEN(drifts); i++) {
		struct world w = {.drift = drifts[i],
				  .every_ns = 20 * NS_PER_MS,
				  .late_ns = 3 * NS_PER_MS,
				  .jitter_ns = -1,
				  .settle_ns = 5 * NS_PER_S};

		live(&w);
		cr_expect(w.worst_ns <= NOMINAL_NS + TRANSFER_NS, "%g: %lld ns",
			  drifts[i], (long long)w.worst_ns);
		cr_expect(w.worst_step < 0.02, "%g: %g", drifts[i], w.worst_step);
		cr_expect(fabs(w.period_ratio - 1) < 1e-3, "%g: %g", drifts[i],
			  w.period_ratio);
	}
}

Test(burst_clock, with_a_line_is_as_good_as_its_edges)
{
	static const double drifts[] = {0, 0.01, -0.01, 0.05, -0.05};

	for (size_t i = 0; i < ARRAY_LEN(drifts); i++) {
		struct world w = {.drift = drifts[i],
				  .every_ns = 20 * NS_PER_MS,
				  .late_ns = 3 * NS_PER_MS,
				  .jitter_ns = 50 * NS_PER_US,
				  .settle_ns = 10 * NS_PER_S};

		live(&w);
		cr_expect(w.worst_ns <= 60 * NS_PER_US, "%g: %lld ns", drifts[i],
			  (long long)w.worst_ns);
		cr_expect(w.worst_step < 0.005, "%g: %g", drifts[i], w.worst_step);
		cr_expect(fabs(w.period_ratio - 1) < 2e-4, "%g: %g", drifts[i],
			  w.period_ratio);
	}
}

/* A host that is away for longer than many periods reads many frames at once, and is not confused. */
Test(burst_clock, does_not_jump_when_the_host_is_late)
{
	struct world w = {.drift = 0.01,
			  .every_ns = 50 * NS_PER_MS,
			  .late_ns = 49 * NS_PER_MS,
			  .jitter_ns = -1,
			  .settle_ns = 10 * NS_PER_S};

	live(&w);
	cr_expect(w.worst_ns <= NOMINAL_NS + TRANSFER_NS, "%lld", (long long)w.worst_ns);
	cr_expect(w.worst_step < 0.1, "%g", w.worst_step);
}

Test(burst_clock, begins_again_with_the_period_that_it_knows)
{
	struct burst_clock c;

	burst_clock_init(&c, NOMINAL_NS);
	c.period_ns = 1.01e6;
	burst_clock_restart(&c);
	burst_clock_counted(&c, 4, 100 * NS_PER_MS, 100 * NS_PER_MS);
	/* Nothing is known but that the newest is up to 1.01 ms old. */
	cr_expect(eq(i64, burst_clock_stamp(&c, 3), 100 * NS_PER_MS - 505000));
	cr_expect(eq(i64, burst_clock_stamp(&c, 2), 100 * NS_PER_MS - 1515000));
	cr_expect(eq(i64, burst_clock_stamp(&c, 0), 100 * NS_PER_MS - 3535000));
}

Test(burst_clock, nothing_new_changes_nothing)
{
	struct burst_clock c;
	struct burst_clock before;

	burst_clock_init(&c, NOMINAL_NS);
	burst_clock_counted(&c, 4, 100 * NS_PER_MS, 100 * NS_PER_MS);
	before = c;
	burst_clock_counted(&c, 0, 101 * NS_PER_MS, 101 * NS_PER_MS);
	burst_clock_edge(&c, 0, 101 * NS_PER_MS, 101 * NS_PER_MS, 101 * NS_PER_MS);
	cr_expect(eq(i64, c.newest_ns, before.newest_ns));
	cr_expect(c.period_ns == before.period_ns);
}
