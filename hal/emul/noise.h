/* The noise that a sensor adds to what a scene without noise shows. */
#ifndef HAL_EMUL_NOISE_H
#define HAL_EMUL_NOISE_H
#include <stdint.h>

/* About normal, mean 0, deviation 1, at most 3.5; the same for a moment and an @axis, so that one run is like the other. */
double emul_noise(int64_t t_ns, unsigned axis);

#endif
