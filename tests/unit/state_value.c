/* One value: rules V1, V2, V15 to V17, and those who watch it. */
#include <math.h>
#include <pthread.h>

#include "tests/unit/state_run.h"

static int identity(void *arg)
{
	struct value *v = make(&(struct value_info){.name = "imu.temp", .unit = "degC"});
	const struct datum null = datum_null();

	(void)arg;
	cr_assert(eq(int, (int)value_state(v), VALUE_UNSET));
	cr_assert(eq(u64, value_version(v), 0));
	cr_assert(eq(int, (int)value_get(v)->type, DATUM_NULL));
	nap(1);
	cr_assert(eq(int, value_set(v, &null), 0)); /* null is a datum, unset is not */
	cr_assert(eq(int, (int)value_state(v), VALUE_OK));
	cr_assert(eq(u64, value_version(v), 1));
	nap(1);
	set(v, 20);
	nap(1);
	set(v, 20);
	cr_assert(eq(u64, value_version(v), 2));
	cr_assert(eq(i64, value_change_ns(v), 2 * NS_PER_S));
	cr_assert(eq(i64, value_sample_ns(v), 3 * NS_PER_S));
	cr_assert(eq(str, (char *)value_info(v)->unit, "degC"));
	value_free(v);
	return 0;
}

Test(value, V1_V2_version_and_times)
{
	run(identity);
}

static int equality(void *arg)
{
	struct value *v = make(&(struct value_info){0});
	struct value *band = make(&(struct value_info){.dead_band = 0.5});
	const struct datum steps[] = {
		datum_bool(true), datum_number(1), datum_number((double)NAN),
		datum_vec3(1, 2, (double)NAN), datum_quat(1, 0, 0, 0)};

	(void)arg;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		cr_assert(eq(int, value_set(v, &steps[i]), 0));
		cr_assert(eq(int, value_set(v, &steps[i]), 0));
		cr_assert(eq(u64, value_version(v), i + 1));
	}
	set(band, 1);
	set(band, 1.4); /* compared with 1, and so not crept away from */
	set(band, 1.5);
	cr_assert(eq(u64, value_version(band), 1));
	set(band, 1.6);
	cr_assert(eq(u64, value_version(band), 2));
	value_free(v);
	value_free(band);
	return 0;
}

Test(value, V2_equal_is_no_change)
{
	run(equality);
}

static int refusals(void *arg)
{
	struct value *v = make(&(struct value_info){.typed = true, .type = DATUM_BOOL});
	const struct datum number = datum_number(1), null = datum_null();

	(void)arg;
	cr_assert(eq(int, value_set(v, &number), -EINVAL));
	cr_assert(eq(int, value_set(v, &null), 0));
	value_close(v);
	value_close(v);
	cr_assert(eq(int, value_set(v, &null), -EPIPE));
	cr_assert(eq(int, (int)value_state(v), VALUE_CLOSED));
	value_free(v);
	value_free(NULL);
	return 0;
}

Test(value, V1_V15_refuses_wrong_types_and_sets_after_close)
{
	run(refusals);
}

struct foreign {
	struct value *v;
	int result;
};

static void *set_from_outside(void *arg)
{
	struct foreign *f = arg;
	const struct datum d = datum_number(99);

	f->result = value_set(f->v, &d);
	value_close(f->v);
	return NULL;
}

static int foreign_thread(void *arg)
{
	struct foreign f = {.v = value_of(1)};
	pthread_t thread;
	int lines = 0;

	(void)arg;
	log_set_sink(swallow, &lines);
	cr_assert(eq(int, pthread_create(&thread, NULL, set_from_outside, &f), 0));
	cr_assert(eq(int, pthread_join(thread, NULL), 0));
	log_set_sink(NULL, NULL);
	cr_assert(eq(int, f.result, -EPERM));
	cr_assert(eq(int, lines, 2));
	expect_number(*value_get(f.v), 1);
	value_free(f.v);
	return 0;
}

Test(value, V17_refuses_another_thread)
{
	run(foreign_thread);
}

static int watches(void *arg)
{
	struct value *v = value_of(1), *other = value_of(2);
	struct value_watch one = {.fn = watch}, all = {.fn = watch};

	(void)arg;
	value_watch_add(&one, v);
	value_watch_add(&all, NULL);
	watched = 0;
	set(other, 3);
	cr_assert(eq(int, watched, 1));
	set(v, 2);
	cr_assert(eq(int, watched, 3));
	cr_assert(watched_change);
	set(v, 2); /* refreshed */
	cr_assert(eq(int, watched, 5));
	cr_assert(not(watched_change));
	value_free(v); /* closed */
	cr_assert(eq(int, watched, 7));
	value_watch_remove(&one);
	value_watch_remove(&one);
	value_watch_remove(&all);
	set(other, 4);
	cr_assert(eq(int, watched, 7));
	value_free(other);
	return 0;
}

Test(value, watches_see_every_touch)
{
	run(watches);
}
