/* The battery's values, from those of its voltage and current. */
#include <string.h>

#include "daemon/app/battery.h"
#include "tests/unit/state_run.h"

static struct value *number(struct world *w, const char *name, const char *unit)
{
	const struct value_info info = {.name = name,
					.unit = unit,
					.typed = true,
					.type = DATUM_NUMBER,
					.stale_after_ns = 10 * NS_PER_S};
	struct value *v;

	cr_assert(eq(int, world_add(w, &info, &v), 0));
	return v;
}

/* A configuration of 2 Ah, with what stands in @inputs. */
static void configure(struct config *c, const char *voltage, const char *current)
{
	*c = (struct config){.fusion.battery = {.capacity_ah = 2,
						.cells = 1,
						.low = 0.2,
						.critical = 0.08,
						.recover = 0.03}};
	strcpy(c->fusion.battery.voltage, voltage);
	strcpy(c->fusion.battery.current, current);
}

static const struct datum *get(const struct world *w, const char *name)
{
	struct value *v = world_find(w, name);

	cr_assert(v != NULL, "%s", name);
	cr_assert(eq(int, value_state(v), VALUE_OK), "%s", name);
	return value_get(v);
}

static int draining(void *arg)
{
	struct world *w = world_new();
	struct value *voltage = number(w, "power.voltage", "V");
	struct value *current = number(w, "power.current", "A");
	struct conf_errors errs = {0};
	struct battery *b;
	struct config c;

	(void)arg;
	configure(&c, "power.voltage", "power.current");
	cr_assert(eq(int, battery_new(&c, w, &errs, &b), 0));
	set(current, 1);
	set(voltage, 3.84);
	cr_expect(epsilon_eq(dbl, get(w, "battery.percent")->n, 50, 1e-6));
	cr_expect(epsilon_eq(dbl, get(w, "battery.time_left")->n, 3600, 1e-3));
	cr_expect(not(get(w, "battery.low")->b));
	for (int i = 0; i < 900; i++) {
		nap(1);
		set(current, -1);
		set(voltage, 3.85);
	}
	cr_expect(get(w, "battery.charging")->b);
	cr_expect(eq(int, get(w, "battery.time_left")->type, DATUM_NULL));
	/* Nothing is measured any more: nothing is known. */
	nap(11);
	cr_expect(eq(int, value_state(world_find(w, "battery.percent")), VALUE_STALE));
	battery_free(b);
	world_free(w);
	return 0;
}

Test(app_battery, percent_time_left_and_charging)
{
	run(draining);
}

static int refusing(void *arg)
{
	struct world *w = world_new();
	struct conf_errors errs = {0};
	struct battery *b;
	struct config c;

	(void)arg;
	(void)number(w, "power.voltage", "V");
	configure(&c, "", "");
	cr_expect(eq(int, battery_new(&c, w, &errs, &b), 0));
	cr_expect(b == NULL);
	configure(&c, "power.volts", "");
	cr_expect(eq(int, battery_new(&c, w, &errs, &b), -EINVAL));
	cr_expect(strstr(errs.list[0].text, "power.voltage") != NULL);
	configure(&c, "power.voltage", "power.voltage");
	cr_expect(eq(int, battery_new(&c, w, &errs, &b), -EINVAL));
	cr_expect(strstr(errs.list[1].text, "is in \"V\", not in A") != NULL);
	conf_errors_fini(&errs);
	world_free(w);
	return 0;
}

Test(app_battery, unknown_values_and_wrong_units)
{
	run(refusing);
}
