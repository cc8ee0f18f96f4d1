/*
 * The seed of a test with random inputs: the same in every run, so that one that fails says something about what was
 * changed, unless INSTINCT_SEED sets another, for a hunt. It is printed.
 */
#ifndef TESTS_SEED_H
#define TESTS_SEED_H
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* @usual, or what INSTINCT_SEED says. */
static inline uint64_t test_seed(uint64_t usual)
{
	const char *text = getenv("INSTINCT_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 0) : usual;

	printf("INSTINCT_SEED=%llu\n", (unsigned long long)seed);
	return seed;
}

#endif
