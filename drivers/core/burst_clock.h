/*
 * When the frames of a chip's FIFO were measured. The chip counts by a clock of its own, one or two percent
 * off and not constant; the host knows how many frames have come, and between which moments the newest of
 * them was measured. From that the clock follows the chip's: its stamps are as far apart as the chip's
 * measurements are, never jump while the host is late, and never run away.
 *
 * The state is the time of the newest frame and the period, predicted from burst to burst and corrected
 * (an alpha-beta filter: Benedict and Bordner, "Synthesis of an optimal set of radar track-while-scan
 * smoothing equations", IRE Trans. Automatic Control 7, 1962, whose beta = alpha^2 / (2 - alpha)).
 * - With a data-ready line the kernel's stamp of an edge is what is measured.
 * - Without one there are only bounds. They hold without exception, so a prediction within them stays, and one
 *   outside is put on the nearer one: stamps are right to one period.
 *
 * Pure: no clock is looked at here.
 */
#ifndef DRIVERS_CORE_BURST_CLOCK_H
#define DRIVERS_CORE_BURST_CLOCK_H
#include <stdbool.h>
#include <stdint.h>

/* Placed by its user; all private. */
struct burst_clock {
	int64_t nominal_ns;
	double period_ns; /* as it was found to be; within a tenth of the nominal one */
	bool begun;       /* there was a burst: `newest_ns` is known */
	int64_t newest_ns;
	int64_t before_ns; /* the newest of the burst before */
	unsigned n;        /* frames of the last burst */
};

/* A clock of which only the rate is known: @nominal_ns from one measurement to the next, as the settings say. */
void burst_clock_init(struct burst_clock *c, int64_t nominal_ns);

/* The FIFO was emptied, or frames are missing: what was known of the phase is void, the period is kept. */
void burst_clock_restart(struct burst_clock *c);

/*
 * @n frames have come, counted between @from_ns and @to_ns, while the FIFO ran on: the newest was measured
 * not more than a period before @from_ns and not behind @to_ns.
 */
void burst_clock_counted(struct burst_clock *c, unsigned n, int64_t from_ns,
			 int64_t to_ns);

/* The same, and there was a data-ready edge at @edge_ns, of the newest frame or of one not long before it. */
void burst_clock_edge(struct burst_clock *c, unsigned n, int64_t edge_ns, int64_t from_ns,
		      int64_t to_ns);

/* When frame @i of the last burst was measured, 0 being the oldest. Grows with @i and from burst to burst. */
int64_t burst_clock_stamp(const struct burst_clock *c, unsigned i);

#endif
