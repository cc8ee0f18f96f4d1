/*
 * Air pressure and height in the international standard atmosphere (ISO 2533, below 11 km):
 * p = p0 (1 - L h / T0)^(g M / (R L)).
 */
#ifndef DAEMON_FUSION_BARO_H
#define DAEMON_FUSION_BARO_H
#include <math.h>

#define BARO_SEA_LEVEL_PA 101325.0
#define BARO_LAPSE_K_M 0.0065
#define BARO_SEA_LEVEL_K 288.15
#define BARO_EXPONENT 5.255876

/* The height at which the pressure is @pressure_pa, above 0, if it is @zero_pa at height 0. */
static inline double baro_height_m(double pressure_pa, double zero_pa)
{
	return BARO_SEA_LEVEL_K / BARO_LAPSE_K_M *
	       (1 - pow(pressure_pa / zero_pa, 1 / BARO_EXPONENT));
}

/* The pressure at @height_m. */
static inline double baro_pressure_pa(double height_m, double zero_pa)
{
	return zero_pa *
	       pow(1 - BARO_LAPSE_K_M * height_m / BARO_SEA_LEVEL_K, BARO_EXPONENT);
}

#endif
