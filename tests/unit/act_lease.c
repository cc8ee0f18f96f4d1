/* Leases: what channels are told when one ends, and moves that end where they should. */
#include "daemon/act/move.h"
#include "tests/unit/state_run.h"

struct part {
	unsigned made_safe, left;
	double last;
};

static int command(void *arg, double value)
{
	((struct part *)arg)->last = value;
	return 0;
}

static void make_safe(void *arg)
{
	((struct part *)arg)->made_safe++;
}

static void leave(void *arg)
{
	((struct part *)arg)->left++;
}

static void asked(struct lease *l, const struct lease *winner)
{
	(void)l;
	(void)winner;
}

/* A head with one joint, from @min to @max. */
struct head {
	struct world *world;
	struct resources *resources;
	struct part part;
};

static void build(struct head *h, double min, double max)
{
	const struct channel_spec pan = {
		.name = "pan",
		.unit = "rad",
		.min = min,
		.max = max,
		.set = command,
		.safe = make_safe,
		.leave = leave,
		.arg = &h->part,
	};

	*h = (struct head){.world = world_new()};
	h->resources = resources_new(h->world);
	cr_assert(eq(int, resource_add(h->resources, "head", &pan, 1), 0));
}

static void wreck(struct head *h)
{
	resources_free(h->resources);
	world_free(h->world);
}

static struct lease lease_on(const struct head *h, const char *name, double priority)
{
	return (struct lease){
		.name = name,
		.band = LEASE_NORMAL,
		.priority = priority,
		.needs = {resource_find(h->resources, "head")},
		.n_needs = 1,
		.leave = asked,
	};
}

static int end_alone(void *unused)
{
	struct head h;
	struct lease l;

	(void)unused;
	build(&h, -1, 1);
	l = lease_on(&h, "nod", 1);
	cr_assert(eq(int, lease_take(h.resources, &l), 0));
	lease_release(&l, false);
	cr_expect(eq(u32, h.part.left, 1));
	cr_expect(eq(u32, h.part.made_safe, 0));
	wreck(&h);
	return 0;
}

Test(act, A4_a_channel_that_nobody_takes_over_is_left)
{
	run(end_alone);
}

static int end_badly(void *unused)
{
	struct head h;
	struct lease l;

	(void)unused;
	build(&h, -1, 1);
	l = lease_on(&h, "nod", 1);
	cr_assert(eq(int, lease_take(h.resources, &l), 0));
	lease_release(&l, true);
	cr_expect(eq(u32, h.part.left, 0));
	cr_expect(eq(u32, h.part.made_safe, 1));
	wreck(&h);
	return 0;
}

Test(act, A4_a_failure_makes_safe)
{
	run(end_badly);
}

static int take(void *arg)
{
	struct lease *l = arg;

	return lease_take(l->rs, l);
}

static int hand_over(void *unused)
{
	struct nursery n;
	struct head h;
	struct lease nod, dizzy;

	(void)unused;
	build(&h, -1, 1);
	nod = lease_on(&h, "nod", 1);
	dizzy = lease_on(&h, "dizzy", 2);
	dizzy.rs = h.resources;
	cr_assert(eq(int, lease_take(h.resources, &nod), 0));
	nursery_open(&n);
	nursery_go(&n, "dizzy", take, &dizzy);
	settle();
	lease_release(&nod, false);
	cr_expect(eq(u32, h.part.left, 0));
	cr_assert(eq(int, nursery_close(&n, 0), 0));
	cr_expect(dizzy.held);
	lease_release(&dizzy, false);
	cr_expect(eq(u32, h.part.left, 1));
	wreck(&h);
	return 0;
}

Test(act, A4_a_hand_over_keeps_the_last_command)
{
	run(hand_over);
}

static unsigned asked_to_leave;

static void count_asked(struct lease *l, const struct lease *winner)
{
	(void)l;
	(void)winner;
	asked_to_leave++;
}

/*
 * "amble" needs the wheels too, which somebody more important has; so "bow", its equal, gets the head. When
 * the wheels are free "amble" waits for its end, although its name comes first.
 */
static int hold_on(void *unused)
{
	const struct channel_spec turn = {.name = "turn", .unit = "", .set = command};
	struct lease flee, amble, bow;
	struct nursery n;
	struct head h;

	(void)unused;
	build(&h, -1, 1);
	cr_assert(eq(int, resource_add(h.resources, "wheels", &turn, 1), 0));
	flee = lease_on(&h, "flee", 5);
	flee.needs[0] = resource_find(h.resources, "wheels");
	amble = lease_on(&h, "amble", 1);
	amble.needs[amble.n_needs++] = flee.needs[0];
	bow = lease_on(&h, "bow", 1);
	bow.leave = count_asked;
	amble.rs = bow.rs = h.resources;
	cr_assert(eq(int, lease_take(h.resources, &flee), 0));
	nursery_open(&n);
	nursery_go(&n, "amble", take, &amble);
	settle();
	cr_assert(eq(int, lease_take(h.resources, &bow), 0));
	lease_release(&flee, false);
	settle();
	cr_expect(eq(u32, asked_to_leave, 0));
	cr_expect(bow.held && !amble.held);
	lease_release(&bow, false);
	cr_assert(eq(int, nursery_close(&n, 0), 0));
	cr_expect(amble.held);
	lease_release(&amble, false);
	wreck(&h);
	return 0;
}

Test(act, A2_the_holder_stays_before_an_equal_that_came_first)
{
	run(hold_on);
}

/* Among these are starts from which start + (limit - start) is above the limit, as doubles are. */
static int move_to_the_end(void *unused)
{
	const double limit = 0.9;
	struct head h;
	struct lease l;
	struct move_target t = {.value = limit};

	(void)unused;
	build(&h, -limit, limit);
	t.channel = resource_channel(resource_find(h.resources, "head"), 0);
	l = lease_on(&h, "nod", 1);
	cr_assert(eq(int, lease_take(h.resources, &l), 0));
	for (int i = -60; i <= 60; i++) {
		cr_assert(eq(int, lease_set(&l, t.channel, 0.01 * i), 0));
		cr_assert(eq(int, move_run(&l, &t, 1, NS_PER_S / 10, EASE_INOUT), 0),
			  "from %g", 0.01 * i);
		cr_assert(h.part.last == limit);
	}
	lease_release(&l, false);
	wreck(&h);
	return 0;
}

Test(act, a_move_ends_at_its_target_exactly)
{
	run(move_to_the_end);
}
