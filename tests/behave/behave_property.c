/* Rules of values as properties, in Lua: random sets and waiters against a model. */

#include "tests/behave/programs.h"
#include "tests/seed.h"

#define SEEDS 60

struct property {
	const char *text;
	struct program program;
	unsigned seed;
};

static int property_main(void *arg)
{
	struct property *p = arg;
	const struct value_info info = {.name = "test.seed", .source = "test"};
	const struct datum seed = datum_number(p->seed);
	struct run run = {&p->program, 1};
	struct world *w = world_new();
	struct value *v;
	int r;

	cr_assert(eq(int, world_add(w, &info, &v), 0));
	cr_assert(eq(int, value_set(v, &seed), 0));
	p->program = (struct program){.text = p->text, .world = w};
	r = run_main(&run);
	world_free(w);
	return r;
}

static char *read_script(const char *name)
{
	char path[256], *text = NULL;
	size_t size = 0;
	FILE *f;

	snprintf(path, sizeof(path), INSTINCT_SOURCE "/tests/behave/lib/%s", name);
	f = fopen(path, "r");
	cr_assert(ne(ptr, f, NULL), "%s", path);
	cr_assert(getdelim(&text, &size, '\0', f) > 0);
	fclose(f);
	return text;
}

static void check(const char *script, bool shuffle)
{
	unsigned first = (unsigned)test_seed(1);
	char *text = read_script(script);

	for (unsigned i = 0; i < SEEDS; i++) {
		struct property p = {.text = text, .seed = first + i};
		const struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL,
					     .shuffle_seed = shuffle ? p.seed : 0,
					     .slow_step_ns = -1};

		cr_assert(eq(int, rt_run(&conf, property_main, &p), 0));
		cr_assert(eq(int, p.program.r, 0), "INSTINCT_SEED=%u: %s", p.seed,
			  p.program.why);
	}
	free(text);
}

Test(property, V3_V5_V9_V11_in_Lua)
{
	check("property_v3.lua", false);
}

Test(property, V3_V5_V9_V11_in_Lua_shuffled)
{
	check("property_v3.lua", true);
}

Test(property, V13_in_Lua)
{
	check("property_v13.lua", false);
}
