/*
 * Several sources of one quantity: which of them agree, and what they say together.
 *
 * A source's reading, give or take its tolerance, is an interval that ought to hold the truth. The largest
 * group of intervals with a point in common, if it is a majority of those that read at all, is right, and
 * the others are falsetickers (K. Marzullo, S. Owicki: "Maintaining the Time in a Distributed System",
 * PODC 1983; RFC 5905, section 11.2.1, which chrony and NTP follow). The group's readings are combined,
 * weighted by 1 / tolerance^2.
 *
 * When a source comes, goes, or is outvoted, the combination would jump by what the sources differ; it is
 * led over in the settling time instead (ours). An outvoted source comes back when it agrees within 0.8 of
 * its tolerance (ours), so that it does not come and go at the edge.
 */
#ifndef DAEMON_FUSION_VOTE_H
#define DAEMON_FUSION_VOTE_H
#include <stdbool.h>
#include <stdint.h>

enum { VOTE_MAX = 8, VOTE_AXES = 3 };

struct vote_source {
	double v[VOTE_AXES];
	double tolerance; /* above 0, in the quantity's unit, of each axis */
	bool known;       /* it reads something, which is finite */
	bool frozen; /* but the same for so long that it cannot be true: it does not count */
};

enum vote_verdict {
	VOTE_USED,
	VOTE_SILENT,
	VOTE_OUTVOTED,
	VOTE_FROZEN,
	VOTE_STANDBY, /* agrees, where one at a time is used (imus.h) */
};

/* What became of one source, for whoever tells it. */
struct vote_note {
	enum vote_verdict verdict;
	double off;       /* of one that was outvoted, in ... */
	const char *unit; /* ... this unit */
};

struct vote_result {
	double v[VOTE_AXES];
	enum vote_verdict verdict[VOTE_MAX];
	double off
		[VOTE_MAX]; /* of one that was outvoted: how far it is from the result */
	unsigned used;      /* how many agree */
	bool majority; /* of those that read something; else the result is the least surprise */
};

/* All zero to begin with. */
struct vote {
	double out[VOTE_AXES];
	double shift[VOTE_AXES]; /* still to be led over */
	int64_t t_ns;
	uint32_t used; /* bit by source */
	bool begun;
};

/*
 * Take the readings of @n sources (at most VOTE_MAX), @width axes each, at @t_ns. Without a majority the
 * sources that are within their tolerance of the last result are used, else the nearest one; at the very
 * beginning the first. Returns false, and nothing in @ret but the verdicts, when no source reads anything.
 */
bool vote_take(struct vote *vote, const struct vote_source *sources, unsigned n,
	       unsigned width, double settle_s, int64_t t_ns, struct vote_result *ret);

/* What @r says of the first @n sources, of a quantity in @unit, which stays borrowed. */
void vote_notes(const struct vote_result *r, unsigned n, const char *unit,
		struct vote_note *ret);

#endif
