/* The world: names. */
#include "daemon/state/world.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/state_run.h"

static int add(struct world *w, const char *name, struct value **ret)
{
	return world_add(w, &(struct value_info){.name = name, .unit = "m"}, ret);
}

Test(world, values_by_name_in_order)
{
	static const char *const names[] = {
		"imu.gyro",     "a",      "param.greet.distance_m", "imu.accel",
		"head.touched", "touch.2"};
	static const char *const sorted[] = {
		"a",        "head.touched",           "imu.accel",
		"imu.gyro", "param.greet.distance_m", "touch.2"};
	struct world *w = world_new();
	struct value *v;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char name[32];

		strcpy(name, names[i]); /* texts are copied */
		cr_assert(eq(int, add(w, name, &v), 0));
		memset(name, 'x', sizeof(name));
		cr_assert(eq(ptr, world_find(w, names[i]), v));
	}
	cr_assert(eq(int, add(w, "imu.gyro", &v), -EEXIST));
	cr_assert(eq(sz, world_size(w), ARRAY_LEN(names)));
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		cr_assert(eq(str, (char *)value_info(world_at(w, i))->name,
			     (char *)sorted[i]));
	cr_assert(eq(str, (char *)value_info(world_at(w, 0))->unit, "m"));
	cr_assert(eq(ptr, world_find(w, "imu.mag"), NULL));
	cr_assert(eq(str, (char *)world_nearest(w, "imu.acel"), "imu.accel"));
	cr_assert(eq(ptr, (void *)world_nearest(w, "zebra"), NULL));
	world_remove(w, world_find(w, "imu.accel"));
	cr_assert(eq(ptr, world_find(w, "imu.accel"), NULL));
	cr_assert(eq(sz, world_size(w), ARRAY_LEN(names) - 1));
	cr_assert(eq(int, add(w, "imu.accel", &v), 0));
	world_free(w);
	world_free(NULL);
}

Test(world, names_are_dotted_and_lower_case)
{
	static const char *const bad[] = {"",    ".",        ".a",  "a.", "a..b",
					  "A",   "a b",      "a-b", "2a", "_a",
					  "a.B", "\xc3\xa9", "a\n"};
	struct world *w = world_new();
	struct value *v;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		cr_assert(eq(int, add(w, bad[i], &v), -EINVAL), "'%s'", bad[i]);
	cr_assert(eq(int, add(w, NULL, &v), -EINVAL));
	world_free(w);
}

Test(world, many_values)
{
	struct world *w = world_new();
	struct value *v;
	char name[32];

	for (unsigned i = 0; i < 500; i++) {
		(void)snprintf(name, sizeof(name), "v.n%u", i * 7919 % 500);
		cr_assert(eq(int, add(w, name, &v), 0));
	}
	for (size_t i = 1; i < world_size(w); i++)
		cr_assert(lt(int,
			     strcmp(value_info(world_at(w, i - 1))->name,
				    value_info(world_at(w, i))->name),
			     0));
	world_free(w);
}

static int doubled(void *arg, struct value *const *in, unsigned n, struct datum *ret)
{
	(void)arg;
	(void)n;
	*ret = datum_number(2 * value_get(in[0])->n);
	return 0;
}

static int adopts(void *arg)
{
	const struct derivation how = {.compute = doubled};
	struct world *w = world_new();
	struct value *v, *twice, *other;
	const struct pred p = pred(PRED_GT, 100);
	struct waiting waits;
	struct nursery n;

	(void)arg;
	cr_assert(eq(int, add(w, "v", &v), 0));
	set(v, 4);
	cr_assert(eq(int,
		     value_derive(&(struct value_info){.name = "v.twice"}, &v, 1, &how,
				  &twice),
		     0));
	cr_assert(eq(int, world_adopt_take(w, twice), 0));
	cr_assert(eq(int,
		     value_derive(&(struct value_info){.name = "v.twice"}, &v, 1, &how,
				  &other),
		     0));
	cr_assert(eq(int, world_adopt_take(w, other), -EEXIST));
	value_free(other);
	expect_number(*value_get(world_find(w, "v.twice")), 8);
	waits = (struct waiting){.v = twice, .pred = p};
	nursery_open(&n);
	nursery_go(&n, "waits", waiting_task, &waits);
	settle();
	world_free(w); /* ends every wait */
	settle();
	cr_assert(eq(int, waits.result, -EPIPE));
	return nursery_close(&n, 0);
}

Test(world, adopts_derived_values)
{
	run(adopts);
}
