/*
 * A battery's state of charge, from its voltage and, if it is measured, its current.
 *
 * The current is counted (coulomb counting); the voltage, less what the battery's resistance takes, stands
 * for a charge by the open-circuit curve of its chemistry, and slowly corrects the count, the slower the
 * larger the current, as a voltage under load says little. G. L. Plett: "Battery Management Systems, Volume
 * 2", 2016, chapters 2 and 3, has the models; the gains are ours. Without a current the curve alone is used,
 * smoothed.
 */
#ifndef DAEMON_FUSION_CHARGE_H
#define DAEMON_FUSION_CHARGE_H
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/conf.h"

enum charge_chemistry { CHARGE_LI_ION, CHARGE_LIFEPO4, CHARGE_NIMH };

struct charge_conf {
	char voltage[96], current[96]; /* the values to be fed with; "": none */
	double capacity_ah;
	int cells; /* in series */
	enum charge_chemistry chemistry;
	double resistance_ohm; /* of the whole battery */
	double low, critical;  /* shares of the full charge */
	double recover;        /* so much above them they are over */
};
extern const struct conf_field charge_fields[];

/* All zero to begin with. */
struct charge {
	double share;  /* 0 to 1 */
	double mean_a; /* of the last minute or so */
	int64_t t_ns;
	bool begun, low, critical;
};

struct estimate_charge {
	double share;       /* of the full charge, 0 to 1 */
	double time_left_s; /* at the mean current; NaN: not known, or it is not discharged */
	bool charging;
	bool low, critical;
};

/*
 * Take a voltage, V, and a current, A, positive while it is discharged, NaN if it is not measured, at
 * @t_ns. What is not finite or is older than the last is left out. Returns the estimate; its share is NaN before the first
 * good voltage.
 */
struct estimate_charge charge_update(struct charge *c, const struct charge_conf *conf,
				     double voltage_v, double current_a, int64_t t_ns);

/* The charge that an open-circuit voltage of one cell stands for, 0 to 1. */
double charge_of_voltage(enum charge_chemistry chemistry, double cell_v);

#endif
