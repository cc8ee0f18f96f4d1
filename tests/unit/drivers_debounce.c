/* Debouncing: a change counts once it has lasted. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "daemon/base/macros.h"
#include "drivers/core/debounce.h"

Test(debounce, changes_after_the_input_has_been_different_for_long_enough)
{
	struct debounce d;

	debounce_start(&d, 30, false, 0);
	cr_expect(eq(i64, debounce_due_ns(&d), TIME_NEVER));
	debounce_input(&d, true, 100);
	cr_expect(eq(i64, debounce_due_ns(&d), 130));
	cr_expect(eq(int, debounce_advance(&d, 129), 0));
	cr_expect(eq(int, debounce_advance(&d, 130), 1));
	cr_expect(eq(int, d.level, 1));
	cr_expect(eq(i64, d.since_ns, 100));
	cr_expect(eq(int, debounce_advance(&d, 500), 0), "once");
}

Test(debounce, starts_anew_after_an_interruption)
{
	struct debounce d;

	debounce_start(&d, 30, false, 0);
	debounce_input(&d, true, 100);
	debounce_input(&d, true, 110); /* nothing new */
	cr_expect(eq(i64, debounce_due_ns(&d), 130));
	debounce_input(&d, false, 120);
	cr_expect(eq(i64, debounce_due_ns(&d), TIME_NEVER));
	debounce_input(&d, true, 125);
	cr_expect(eq(int, debounce_advance(&d, 154), 0));
	cr_expect(eq(int, debounce_advance(&d, 155), 1));
}

Test(debounce, of_no_time_follows_at_once)
{
	struct debounce d;

	debounce_start(&d, 0, true, 0);
	debounce_input(&d, false, 5);
	cr_expect(eq(int, debounce_advance(&d, 5), 1));
	cr_expect(eq(int, d.level, 0));
}
