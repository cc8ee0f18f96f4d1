/* Channels. */
#include <errno.h>

#include "daemon/rt/chan.h"
#include "daemon/rt/nursery.h"
#include "tests/unit/rt_run.h"

static int sends_1_to_4(void *arg)
{
	struct chan *c = arg;

	for (int i = 1; i <= 4; i++) {
		expect(chan_send(c, &i), 0);
		say("sent%d", i);
	}
	chan_close_sender(c);
	return 0;
}

static int receives_all(void *arg)
{
	int v, r;

	while ((r = chan_recv(arg, &v)) == 0)
		say("got%d", v);
	say("end%d", r);
	return 0;
}

RT_TEST(chan, P3_B41_rendezvous)
{
	struct nursery n;
	struct chan c;
	int v = 5;

	expect(chan_init(&c, "test", sizeof(int), 0), 0);
	expect(chan_try_send(&c, &v), -EAGAIN);
	expect(chan_try_recv(&c, &v), -EAGAIN);
	nursery_open(&n);
	nursery_go(&n, "sender", sends_1_to_4, &c);
	expect(task_wait_all_blocked(), 0);
	cr_assert(eq(str, (char *)heard(), ""));
	nursery_go(&n, "receiver", receives_all, &c);
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(),
		     "sent1 got1 sent2 got2 sent3 got3 sent4 got4 end-32"));
	chan_fini(&c);
	return 0;
}

RT_TEST(chan, P3_capacity_and_drain_after_close)
{
	struct nursery n;
	struct chan c;
	int v = 9;

	expect(chan_init(&c, "test", sizeof(int), 2), 0);
	nursery_open(&n);
	nursery_go(&n, "sender", sends_1_to_4, &c);
	expect(task_wait_all_blocked(), 0);
	cr_assert(eq(str, (char *)heard(), "sent1 sent2"));
	cr_assert(eq(sz, chan_count(&c), 2));
	expect(chan_try_send(&c, &v), -EAGAIN); /* full, and one waits */
	nursery_go(&n, "receiver", receives_all, &c);
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "sent3 got1 sent4 got2 got3 got4 end-32"));
	chan_fini(&c);

	expect(chan_init(&c, "test", sizeof(int), 2), 0);
	expect(chan_try_send(&c, &v), 0);
	chan_close(&c);
	expect(chan_try_send(&c, &v), -EPIPE);
	expect(chan_send(&c, &v), -EPIPE);
	v = 0;
	expect(chan_recv(&c, &v), 0);
	cr_assert(eq(int, v, 9));
	expect(chan_recv(&c, &v), -EPIPE);
	chan_fini(&c);
	return 0;
}

static int receives_one(void *arg)
{
	int v = 0;
	int r = chan_recv(arg, &v);

	say("%s%d", task_name(task_self()), v);
	return r;
}

RT_TEST(chan, P3_B41_who_waits_longer_is_served_first)
{
	struct nursery n;
	struct chan c;
	int v;

	expect(chan_init(&c, "test", sizeof(int), 4), 0);
	nursery_open(&n);
	nursery_go(&n, "a", receives_one, &c);
	nursery_go(&n, "b", receives_one, &c);
	expect(task_wait_all_blocked(), 0);
	v = 1;
	expect(chan_try_send(&c, &v), 0);
	expect(chan_try_recv(&c, &v), -EAGAIN); /* a has it already */
	v = 2;
	expect(chan_try_send(&c, &v), 0);
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "a1 b2"));
	chan_fini(&c);
	return 0;
}

RT_TEST(chan, P3_B41_the_last_end_that_closes_is_the_end)
{
	struct nursery n;
	struct chan c;
	int v = 1;

	expect(chan_init(&c, "test", sizeof(int), 0), 0);
	chan_clone_sender(&c);
	nursery_open(&n);
	nursery_go(&n, "receiver", receives_all, &c);
	expect(task_wait_all_blocked(), 0);
	chan_close_sender(&c);
	expect(task_wait_all_blocked(), 0);
	cr_assert(eq(str, (char *)heard(), ""));
	chan_close_sender(&c);
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "end-32"));
	chan_fini(&c);

	expect(chan_init(&c, "test", sizeof(int), 0), 0);
	chan_clone_receiver(&c);
	chan_close_receiver(&c);
	expect(chan_try_send(&c, &v), -EAGAIN);
	chan_close_receiver(&c);
	expect(chan_send(&c, &v), -EPIPE);
	chan_fini(&c);
	return 0;
}

RT_TEST(chan, P3_C6_a_cancelled_party_has_taken_nothing)
{
	struct child first;
	const struct task_opt opt = {.name = "first"};
	struct nursery n;
	struct chan c;
	int v = 3;

	expect(chan_init(&c, "test", sizeof(int), 0), 0);
	nursery_open(&n);
	nursery_start(&n, &first, &opt, receives_one, &c);
	nursery_go(&n, "second", receives_one, &c);
	expect(task_wait_all_blocked(), 0);
	child_cancel(&first, CANCEL_EXPLICIT, "test");
	expect(chan_try_send(&c, &v), 0);
	expect(nursery_close(&n, 0), 0);
	cr_assert(eq(str, (char *)heard(), "first0 second3"));
	chan_fini(&c);
	return 0;
}
