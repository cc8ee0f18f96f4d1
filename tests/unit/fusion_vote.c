/* Redundant sources: who agrees, what they say together, and that it does not jump. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdlib.h>

#include "daemon/base/macros.h"
#include "daemon/fusion/vote.h"
#include "tests/seed.h"

#define STEP_NS (10 * NS_PER_MS)
#define SETTLE_S 1.0

struct bench {
	struct vote vote;
	struct vote_source s[VOTE_MAX];
	unsigned n;
	int64_t t_ns;
};

static void start(struct bench *b, unsigned n, double tolerance)
{
	*b = (struct bench){.n = n};
	for (unsigned i = 0; i < n; i++)
		b->s[i] = (struct vote_source){.tolerance = tolerance, .known = true};
}

static struct vote_result take(struct bench *b)
{
	struct vote_result r;

	b->t_ns += STEP_NS;
	cr_assert(vote_take(&b->vote, b->s, b->n, 1, SETTLE_S, b->t_ns, &r));
	return r;
}

Test(vote, those_who_agree_are_combined_and_the_falseticker_is_named)
{
	struct vote_result r;
	struct bench b;

	start(&b, 3, 0.1);
	b.s[0].v[0] = 1.00;
	b.s[1].v[0] = 1.06;
	b.s[2].v[0] = 1.50;
	r = take(&b);
	cr_expect(r.majority);
	cr_expect(eq(uint, r.used, 2));
	cr_expect(epsilon_eq(dbl, r.v[0], 1.03, 1e-12));
	cr_expect(eq(int, r.verdict[0], VOTE_USED));
	cr_expect(eq(int, r.verdict[2], VOTE_OUTVOTED));
	cr_expect(epsilon_eq(dbl, r.off[2], 0.47, 1e-12));
}

/* Weights are 1 / tolerance^2. */
Test(vote, a_better_source_weighs_more)
{
	struct bench b;

	start(&b, 2, 0.1);
	b.s[1].tolerance = 0.2;
	b.s[0].v[0] = 1.0;
	b.s[1].v[0] = 1.1;
	cr_expect(epsilon_eq(dbl, take(&b).v[0], (4 * 1.0 + 1.1) / 5, 1e-12));
}

/* RFC 5905's figure: a chain of overlaps is no agreement; the point that most intervals hold decides. */
Test(vote, overlapping_in_a_chain_is_not_agreeing)
{
	struct vote_result r;
	struct bench b;

	start(&b, 4, 1);
	b.s[0].v[0] = -0.2;
	b.s[1].v[0] = 1.5;
	b.s[2].v[0] = 2.0;
	b.s[3].v[0] = 3.2;
	r = take(&b);
	cr_expect(r.majority);
	cr_expect(eq(int, r.verdict[0], VOTE_OUTVOTED));
	cr_expect(eq(uint, r.used, 3));
}

Test(vote, losing_a_source_is_no_jump)
{
	struct bench b;
	double before;
	double last;

	start(&b, 3, 0.2);
	b.s[0].v[0] = 1.0;
	b.s[1].v[0] = 1.1;
	b.s[2].v[0] = 1.2;
	before = take(&b).v[0];
	cr_expect(epsilon_eq(dbl, before, 1.1, 1e-12));
	b.s[2].known = false;
	last = take(&b).v[0];
	cr_expect(epsilon_eq(dbl, last, before, 1e-12));
	for (int i = 0; i < 500; i++) {
		struct vote_result r = take(&b);

		cr_assert(lt(dbl, fabs(r.v[0] - last), 0.001));
		cr_assert(eq(int, r.verdict[2], VOTE_SILENT));
		last = r.v[0];
	}
	cr_expect(epsilon_eq(dbl, last, 1.05, 1e-3));
}

/* While sources change places, what is measured still moves. */
Test(vote, a_real_step_is_followed_at_once)
{
	struct bench b;

	start(&b, 2, 0.1);
	(void)take(&b);
	b.s[0].v[0] = 5;
	b.s[1].v[0] = 5.05;
	cr_expect(epsilon_eq(dbl, take(&b).v[0], 5.025, 1e-12));
	b.s[1].known = false;
	b.s[0].v[0] = 9;
	cr_expect(epsilon_eq(dbl, take(&b).v[0], 9, 0.2 + 1e-12));
}

Test(vote, two_that_disagree_go_on_as_before)
{
	struct vote_result r;
	struct bench b;

	start(&b, 2, 0.1);
	b.s[0].v[0] = 1.0;
	b.s[1].v[0] = 1.1;
	(void)take(&b);
	b.s[0].v[0] = 4;
	r = take(&b);
	cr_expect(not(r.majority));
	cr_expect(eq(int, r.verdict[0], VOTE_OUTVOTED));
	cr_expect(eq(int, r.verdict[1], VOTE_USED));
	cr_expect(lt(dbl, fabs(r.v[0] - 1.05), 0.06));
}

Test(vote, at_the_edge_of_the_tolerance_nobody_comes_and_goes)
{
	struct bench b;

	start(&b, 3, 0.1);
	b.s[2].v[0] = 0.5;
	cr_expect(eq(int, take(&b).verdict[2], VOTE_OUTVOTED));
	b.s[2].v[0] = 0.19; /* the intervals meet, but it was out */
	cr_expect(eq(int, take(&b).verdict[2], VOTE_OUTVOTED));
	b.s[2].v[0] = 0.17;
	cr_expect(eq(int, take(&b).verdict[2], VOTE_USED));
	b.s[2].v[0] = 0.19;
	cr_expect(eq(int, take(&b).verdict[2], VOTE_USED));
}

Test(vote, vectors_agree_axis_by_axis)
{
	struct vote_result r;
	struct bench b;

	start(&b, 3, 0.1);
	b.s[1].v[1] = 0.05;
	b.s[2].v[2] = 9;
	cr_assert(vote_take(&b.vote, b.s, 3, 3, SETTLE_S, 1, &r));
	cr_expect(eq(uint, r.used, 2));
	cr_expect(eq(int, r.verdict[2], VOTE_OUTVOTED));
	cr_expect(epsilon_eq(dbl, r.v[1], 0.025, 1e-12));
	cr_expect(epsilon_eq(dbl, r.v[2], 0, 1e-12));
}

Test(vote, nobody_reads_anything)
{
	struct vote_result r;
	struct bench b;

	start(&b, 2, 0.1);
	b.s[0].known = b.s[1].known = false;
	cr_expect(not(vote_take(&b.vote, b.s, 2, 1, SETTLE_S, 1, &r)));
	cr_expect(eq(int, r.verdict[1], VOTE_SILENT));
}

/* Whatever comes, the result lies among the sources, give or take what is led over. */
Test(vote, random_sources_never_give_nonsense)
{
	unsigned seed = (unsigned)test_seed(20261121);
	struct bench b;

	start(&b, VOTE_MAX, 0.5);
	for (int i = 0; i < 20000; i++) {
		double low = HUGE_VAL;
		double high = -HUGE_VAL;
		struct vote_result r;

		for (unsigned k = 0; k < VOTE_MAX; k++) {
			b.s[k].known = rand_r(&seed) % 4 != 0;
			b.s[k].v[0] = (double)(rand_r(&seed) % 1000) / 100;
			if (b.s[k].known) {
				low = fmin(low, b.s[k].v[0]);
				high = fmax(high, b.s[k].v[0]);
			}
		}
		b.t_ns += STEP_NS;
		if (!vote_take(&b.vote, b.s, b.n, 1, SETTLE_S, b.t_ns, &r))
			continue;
		cr_assert(r.v[0] >= low - 1 && r.v[0] <= high + 1, "%d: %g", i, r.v[0]);
		cr_assert(r.used > 0);
	}
}
