/*
 * Register-level models of the AKM magnetometers that sit in one package with InvenSense's chips: AK09916 (in the
 * ICM-20948) and AK8963 (in the MPU-9250). Each has an address of its own, which the chip around it lets through.
 *
 * They measure at their own rate; data that are being read stay as they are until ST2 has been read, and what was
 * missed meanwhile is said; a field that is too strong is said to be. Not modelled: single shots, self test, the external
 * trigger.
 */
#ifndef HAL_EMUL_AKM_H
#define HAL_EMUL_AKM_H
#include <stdbool.h>

#include "hal/i2c_sim.h"
#include "hal/scene.h"

#define AKM_REGS 0x40

/* How they differ. */
struct akm_kind {
	uint8_t id[2];     /* registers 0 and 1; the second may be 0 */
	uint8_t st1, st2;  /* the numbers are behind ST1 */
	uint8_t mode_reg;  /* CNTL1 or CNTL2 */
	uint8_t reset_reg; /* its bit 0 resets */
	uint8_t mode_mask; /* of mode_reg */
	uint8_t wide;      /* bit of mode_reg: 16 bits; 0: always */
	uint8_t asa[3];    /* sensitivity adjustment in the fuse ROM; 0: there is none */
	struct {
		uint8_t last, then;
	} wrap[3];       /* where a burst goes on behind some registers */
	double most;     /* LSB at 16 bits: above it overflows */
	uint8_t from[3]; /* which body axis each number is along, */
	double sign[3];  /* and which way */
	int64_t (*period_ns)(uint8_t mode); /* 0: it does not measure */
};
extern const struct akm_kind akm_ak09916, akm_ak8963;

/* Embedded in the model of the chip around it; private. */
struct emul_akm {
	struct i2c_model i2c; /* to be attached as `second` of that */
	const struct akm_kind *kind;
	const struct scene *scene;
	const uint8_t *bypass; /* INT_PIN_CFG of the chip around it */
	uint8_t reg[AKM_REGS];
	uint8_t pointer;
	bool addressed;
	bool reading;     /* a number has been read, ST2 has not */
	bool skipped;     /* a measurement was not stored for that */
	int64_t since_ns; /* of its last measurement, or of switching on or off */
};

/* All is borrowed; as before power-on. */
void emul_akm_init(struct emul_akm *m, const struct akm_kind *kind,
		   const struct scene *scene, const uint8_t *bypass);

/* Registers as after power-on. */
void emul_akm_power_on(struct emul_akm *m);

#endif
