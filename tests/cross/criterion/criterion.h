/*
 * As much of Criterion as the tests of the runtime and of values use, for where Criterion does not go:
 * under ThreadSanitizer, on a foreign machine in an emulator, and under valgrind, where one process for
 * all tests saves most of the time. tests/cross/run.c runs them; tools/check builds it.
 */
#ifndef TESTS_CROSS_CRITERION_H
#define TESTS_CROSS_CRITERION_H
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cross_test {
	const char *suite, *name;
	void (*fn)(void);
	struct cross_test *next;
};
void cross_add(struct cross_test *t);
void cross_fail(bool end, const char *file, int line, const char *what, const char *fmt,
		...) __attribute__((format(printf, 5, 6)));
_Noreturn void cross_skip(const char *why);

#define Test(test_suite, test_name, ...)                                                 \
	static void test_suite##_##test_name##_test(void);                               \
	__attribute__((constructor)) static void test_suite##_##test_name##_add(void)    \
	{                                                                                \
		static struct cross_test t = {.suite = #test_suite,                      \
					      .name = #test_name,                        \
					      .fn = test_suite##_##test_name##_test};    \
		cross_add(&t);                                                           \
	}                                                                                \
	static void test_suite##_##test_name##_test(void)

/* The message, a literal and what it formats, may be left out. */
#define cr_assert(condition, ...)                                                        \
	CROSS_CHECK(true, condition, #condition, " " __VA_ARGS__)
#define cr_expect(condition, ...)                                                        \
	CROSS_CHECK(false, condition, #condition, " " __VA_ARGS__)
#define CROSS_CHECK(end, condition, text, ...)                                           \
	((condition) ? (void)0 : cross_fail(end, __FILE__, __LINE__, text, __VA_ARGS__))
#define cr_skip_test(why) cross_skip(why)
#define cr_redirect_stderr() ((void)!freopen("/dev/null", "w", stderr))

#define eq(type, a, b) CROSS_EQ_##type(a, b)
#define ne(type, a, b) (!CROSS_EQ_##type(a, b))
#define lt(type, a, b) ((a) < (b))
#define le(type, a, b) ((a) <= (b))
#define gt(type, a, b) ((a) > (b))
#define ge(type, a, b) ((a) >= (b))
#define not(a) (!(a))
#define epsilon_eq(type, a, b, epsilon) (fabs((double)(a) - (double)(b)) <= (epsilon))
/* Within @ulps units in the last place. */
#define ieee_ulp_eq(type, a, b, ulps)                                                    \
	(fabs((double)(a) - (double)(b)) <=                                              \
	 (ulps)*DBL_EPSILON * fmax(fabs((double)(a)), fabs((double)(b))))

#define CROSS_EQ_str(a, b) (strcmp(a, b) == 0)
#define CROSS_SAME(a, b) ((a) == (b))
#define CROSS_EQ_int CROSS_SAME
#define CROSS_EQ_uint CROSS_SAME
#define CROSS_EQ_long CROSS_SAME
#define CROSS_EQ_ulong CROSS_SAME
#define CROSS_EQ_llong CROSS_SAME
#define CROSS_EQ_ullong CROSS_SAME
#define CROSS_EQ_chr CROSS_SAME
#define CROSS_EQ_flt CROSS_SAME
#define CROSS_EQ_dbl CROSS_SAME
#define CROSS_EQ_ptr CROSS_SAME
#define CROSS_EQ_sz CROSS_SAME
#define CROSS_EQ_i8 CROSS_SAME
#define CROSS_EQ_i16 CROSS_SAME
#define CROSS_EQ_i32 CROSS_SAME
#define CROSS_EQ_i64 CROSS_SAME
#define CROSS_EQ_u8 CROSS_SAME
#define CROSS_EQ_u16 CROSS_SAME
#define CROSS_EQ_u32 CROSS_SAME
#define CROSS_EQ_u64 CROSS_SAME

#endif
