/* The state socket: replay, numbers, conflation, nothing for nobody. */
#include "daemon/base/json.h"
#include "daemon/link/publish.h"
#include "daemon/link/subscriptions.h"
#include "tests/unit/link_run.h"

#define STATE "inproc://state"

struct desk {
	struct world *world;
	struct publish *publish;
	struct zsock *sub;
	struct nursery n;
};

static struct value *add(struct desk *d, const char *name, const char *unit)
{
	const struct value_info info = {.name = name, .unit = unit};
	struct value *v;

	expect(world_add(d->world, &info, &v), 0);
	return v;
}

static void set(struct value *v, double x)
{
	const struct datum d = datum_number(x);

	expect(value_set(v, &d), 0);
}

static void desk_open(struct desk *d, struct link_test *t)
{
	d->world = world_new();
	expect(publish_new(t->ctx, d->world, STATE, "b007", &d->publish), 0);
	nursery_open(&d->n);
	nursery_go(&d->n, "publish", publish_run, d->publish);
	d->sub = open_connected(t, &d->n, ZMQ_XSUB, STATE);
}

static void desk_close(struct desk *d)
{
	nursery_cancel(&d->n, "done");
	expect(nursery_close(&d->n, 0), 0);
	zsock_close(d->sub);
	publish_free(d->publish);
	world_free(d->world);
}

static unsigned subscriptions(const struct publish *p)
{
	struct publish_stats stats;

	publish_stats(p, &stats);
	return stats.subscriptions;
}

static void subscribe(struct zsock *s, const char *prefix)
{
	char text[64];

	snprintf(text, sizeof(text), "\1%s", prefix);
	expect(send_text(s, text), 0);
}

/* The next message: its name, and its body as an object for the caller to delete. */
static cJSON *next(struct zsock *s, char *name, size_t size)
{
	struct conf_errors errs = {0};
	struct zmsg m;
	cJSON *body = NULL;

	expect(zsock_recv(s, &m), 0);
	cr_assert(eq(uint, m.n, 2));
	snprintf(name, size, "%.*s", (int)m.frame[0].len, (const char *)m.frame[0].data);
	expect(json_message_parse(m.frame[1].data, m.frame[1].len, 65536, name, &errs,
				  &body),
	       0);
	zmsg_fini(&m);
	return body;
}

static char *text_in(const cJSON *body, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, key));
}

static double number_in(const cJSON *body, const char *key)
{
	return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(body, key));
}

/* Expect the next message to be that of @name with the number @v; its seq. */
static double expect_next(struct zsock *s, const char *name, double v)
{
	char got[64];
	cJSON *body = next(s, got, sizeof(got));
	double seq = number_in(body, "seq");

	cr_assert(eq(str, got, (char *)name));
	cr_assert(eq(dbl, number_in(body, "v"), v));
	cJSON_Delete(body);
	return seq;
}

LINK_TEST(publish, a_new_subscriber_gets_the_last_values_it_matches)
{
	struct desk d;
	char name[64];
	cJSON *body;

	desk_open(&d, t);
	set(add(&d, "imu.temp", "degC"), 21.5);
	set(add(&d, "head.touched", NULL), 1);
	add(&d, "imu.accel", "m/s^2");
	subscribe(d.sub, "imu.");

	body = next(d.sub, name, sizeof(name));
	cr_assert(eq(str, name, "imu.accel"));
	cr_assert(eq(str, text_in(body, "state"), "unset"));
	cr_assert(zero(ptr, text_in(body, "mono")));
	cJSON_Delete(body);
	body = next(d.sub, name, sizeof(name));
	cr_assert(eq(str, name, "imu.temp"));
	cr_assert(eq(dbl, number_in(body, "v"), 21.5));
	cr_assert(eq(str, text_in(body, "unit"), "degC"));
	cr_assert(eq(str, text_in(body, "state"), "ok"));
	cr_assert(eq(str, text_in(body, "boot"), "b007"));
	cr_assert(gt(dbl, strtod(text_in(body, "t"), NULL), 1.5e18));
	cr_assert(gt(dbl, strtod(text_in(body, "mono"), NULL), 0));
	cJSON_Delete(body);
	desk_close(&d);
	return 0;
}

LINK_TEST(publish, replays_repeat_the_number_and_news_count_on)
{
	struct desk d;
	double seq;

	desk_open(&d, t);
	struct value *v = add(&d, "a.b", NULL);

	set(v, 1);
	subscribe(d.sub, "a");
	seq = expect_next(d.sub, "a.b", 1);
	subscribe(d.sub, "a."); /* as another subscriber would */
	cr_assert(eq(dbl, expect_next(d.sub, "a.b", 1), seq));
	set(v, 2);
	cr_assert(eq(dbl, expect_next(d.sub, "a.b", 2), seq + 1));
	set(v, 2); /* measured again, the same */
	cr_assert(eq(dbl, expect_next(d.sub, "a.b", 2), seq + 2));
	desk_close(&d);
	return 0;
}

LINK_TEST(publish, what_changes_before_the_turn_is_sent_once)
{
	struct desk d;
	double seq;

	desk_open(&d, t);
	struct value *v = add(&d, "a.b", NULL);

	set(v, 0);
	subscribe(d.sub, "a");
	seq = expect_next(d.sub, "a.b", 0);
	for (int i = 1; i <= 100; i++)
		set(v, i);
	cr_assert(eq(dbl, expect_next(d.sub, "a.b", 100), seq + 1));
	desk_close(&d);
	return 0;
}

LINK_TEST(publish, nothing_is_sent_that_nobody_wants)
{
	struct desk d;
	struct publish_stats stats;

	desk_open(&d, t);
	struct value *a = add(&d, "a", NULL);
	struct value *b = add(&d, "b", NULL);

	set(a, 1);
	set(b, 1);
	expect(task_wait_all_blocked(), 0);
	publish_stats(d.publish, &stats);
	cr_assert(eq(u64, stats.sent, 0));

	subscribe(d.sub, "b");
	(void)expect_next(d.sub, "b", 1);
	set(a, 2);
	set(b, 3);
	(void)expect_next(d.sub, "b", 3);
	expect(task_wait_all_blocked(), 0);
	publish_stats(d.publish, &stats);
	cr_assert(eq(u64, stats.sent, 2));
	cr_assert(eq(uint, stats.subscriptions, 1));

	const char leave[] = {0, 'b', '\0'};

	expect(zsock_send(d.sub, &(struct zframe){leave, 2}, 1), 0);
	wait_until(subscriptions(d.publish) == 0);
	set(b, 4);
	expect(task_wait_all_blocked(), 0);
	publish_stats(d.publish, &stats);
	cr_assert(eq(u64, stats.sent, 2));
	desk_close(&d);
	return 0;
}

LINK_TEST(publish, a_value_that_goes_says_so_and_its_name_counts_on)
{
	struct desk d;
	char name[64];
	cJSON *body;
	double seq;

	desk_open(&d, t);
	struct value *v = add(&d, "a.b", "odd \"unit\"");

	set(v, 1);
	subscribe(d.sub, "");
	seq = expect_next(d.sub, "a.b", 1);
	set(v, 2); /* is on its way when the value goes */
	world_remove(d.world, v);
	body = next(d.sub, name, sizeof(name));
	cr_assert(eq(str, text_in(body, "state"), "closed"));
	cr_assert(eq(str, text_in(body, "unit"), "odd \"unit\""));
	cr_assert(gt(dbl, number_in(body, "seq"), seq));
	seq = number_in(body, "seq");
	cJSON_Delete(body);
	set(add(&d, "a.b", NULL), 3);
	cr_assert(gt(dbl, expect_next(d.sub, "a.b", 3), seq));
	desk_close(&d);
	return 0;
}

LINK_TEST(publish, a_long_text_arrives_whole)
{
	struct desk d;
	char text[5000];
	char name[64];
	struct datum datum;
	cJSON *body;

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	desk_open(&d, t);
	struct value *v = add(&d, "long", NULL);

	expect(datum_string(text, sizeof(text) - 1, &datum), 0);
	expect(value_set(v, &datum), 0);
	datum_fini(&datum);
	subscribe(d.sub, "");
	body = next(d.sub, name, sizeof(name));
	cr_assert(eq(str, text_in(body, "v"), text));
	cJSON_Delete(body);
	desk_close(&d);
	return 0;
}

Test(subscriptions, are_a_set_of_beginnings)
{
	struct subscriptions s;

	subscriptions_init(&s);
	cr_assert(not(subscriptions_match(&s, "imu.accel")));
	subscriptions_add(&s, "imu.");
	subscriptions_add(&s, "imu.");
	cr_assert(eq(uint, s.count, 1));
	cr_assert(subscriptions_match(&s, "imu.accel"));
	cr_assert(not(subscriptions_match(&s, "imu")));
	subscriptions_remove(&s, "im");
	cr_assert(subscriptions_match(&s, "imu.accel"));
	subscriptions_remove(&s, "imu.");
	cr_assert(not(subscriptions_match(&s, "imu.accel")));
	subscriptions_fini(&s);
}

Test(subscriptions, too_many_match_everything_until_all_are_gone)
{
	struct subscriptions s;
	char text[16];

	subscriptions_init(&s);
	for (int i = 0; i <= SUBSCRIPTIONS_MAX; i++) {
		snprintf(text, sizeof(text), "x%d", i);
		subscriptions_add(&s, text);
	}
	cr_assert(eq(uint, s.count, SUBSCRIPTIONS_MAX));
	cr_assert(subscriptions_match(&s, "anything"));
	for (int i = 0; i <= SUBSCRIPTIONS_MAX; i++) {
		snprintf(text, sizeof(text), "x%d", i);
		subscriptions_remove(&s, text);
	}
	cr_assert(not(subscriptions_match(&s, "anything")));
	subscriptions_fini(&s);
}
