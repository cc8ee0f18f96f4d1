/* Simulated PWM outputs: a board that remembers what each was set to. */
#ifndef HAL_PWM_SIM_H
#define HAL_PWM_SIM_H
#include "hal/pwm.h"

struct pwm_board;

/* A board; outputs come into being when they are asked for. NULL without memory. */
struct pwm_board *pwm_board_new(void);
void pwm_board_free(struct pwm_board *b); /* NULL is fine; outputs must be closed */
struct pwm_provider *pwm_board_provider(struct pwm_board *b);

/* What an oscilloscope shows at an output: the width of its pulses in s; NaN: none. */
double pwm_board_pulse_s(const struct pwm_board *b, const char *output);

#endif
