/* Noise. */
#include "hal/emul/noise.h"

#include <math.h>

/* splitmix64 (Steele, Lea, Flood 2014), and four uniform numbers of variance 1/12 added. */
double emul_noise(int64_t t_ns, unsigned axis)
{
	uint64_t x = (uint64_t)t_ns + (axis + 1) * UINT64_C(0x9e3779b97f4a7c15);
	double sum = 0;

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	x ^= x >> 31;
	for (int i = 0; i < 4; i++, x >>= 16)
		sum += (double)(x & 0xffff) / 0xffff - 0.5;
	return sum * sqrt(3.0);
}
