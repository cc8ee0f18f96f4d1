/*
 * Linked into every test program: a test without a time limit of its own, or of its suite, gets one.
 * (Criterion's option --timeout lowers limits, but gives none to a test that has none.)
 */
#include <criterion/criterion.h>
#include <criterion/hooks.h>

/* Many times what any of them takes: on a slow machine only what hangs fails. */
#define LIMIT_S 300

ReportHook(PRE_ALL)(struct criterion_test_set *all)
{
	FOREACH_SET(struct criterion_suite_set * s, all->suites)
	{
		if (s->suite.data && s->suite.data->timeout > 0)
			continue;
		FOREACH_SET(struct criterion_test * test, s->tests)
		{
			if (!(test->data->timeout > 0))
				test->data->timeout = LIMIT_S;
		}
	}
}
