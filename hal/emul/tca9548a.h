/* The model of the multiplexer TCA9548A: what stands behind it asks which channels it connects. */
#ifndef HAL_EMUL_TCA9548A_H
#define HAL_EMUL_TCA9548A_H
#include "hal/emul/emul.h"

/* The control register of @e, a "tca9548a": bit n connects channel n. For struct i2c_gate. */
const uint8_t *tca9548a_control(const struct emul *e);

#endif
