/* Another service as an actuator: which calls it gets, and what is said while there is no connection. */
#include "tests/driver/actuator_rig.h"
#include "tests/driver/conf_rig.h"

#define CALLS_MAX 16
#define STEP_NS (50 * NS_PER_MS) /* more than a chip lets pass between two writes */

/* A service that writes down what it is told. */
struct service {
	struct peer_port port;
	struct peer_command call[CALLS_MAX];
	unsigned n;
	int result; /* of the next calls */
};

static int service_command(struct peer_port *p, const struct peer_command *c)
{
	struct service *s = container_of(p, struct service, port);
	int r = task_checkpoint();

	if (r < 0)
		return r;
	if (s->n < CALLS_MAX)
		s->call[s->n++] = *c;
	return s->result == -EREMOTEIO ? error_set(-EREMOTEIO, "speech: no voice today")
				       : s->result;
}

static struct service service = {.port.command = service_command};
static struct actuator *voice;

static struct bench *run(bool connected, void (*script)(struct bench *b))
{
	struct reading r =
		read_conf(ACTUATOR, "{\"driver\": \"bus\", \"peer\": \"speech\", "
				    "\"method\": \"say\", \"valid_for\": \"3s\"}");
	struct bench *b =
		bench_of("voice", &r.actuator.device, connected ? &service.port : NULL);

	cr_assert(eq(str, r.error, ""));
	cr_assert(eq(int, chip_add(b->chip, "voice", &r.actuator, &voice), 0));
	bench_run(b, script);
	return b;
}

static void say(struct bench *b)
{
	(void)b;
	nap(NS_PER_MS);
	actuator_set(voice, 0.5f);
	nap(STEP_NS);
	cr_expect(eq(flt, actuator_position(voice), 0.5f));
}

Test(bus_driver, calls_the_service)
{
	struct bench *b = run(true, say);
	const struct peer_command *last;

	cr_assert(service.n >= 2);
	last = &service.call[service.n - 1];
	cr_expect(isnan(last->value), "the safe state cancels");
	last--;
	while (isnan(last->value) && last > service.call)
		last--;
	cr_expect(eq(flt, last->value, 0.5f));
	cr_expect(eq(str, (char *)last->peer, "speech"));
	cr_expect(eq(str, (char *)last->method, "say"));
	cr_expect(last->valid_for_ns == 3 * NS_PER_S);
	cr_expect(strstr(b->rig.log,
			 "voice: starting -> running: bus at service speech") != NULL,
		  "%s", b->rig.log);
	bench_free(b);
}

static void say_in_vain(struct bench *b)
{
	actuator_set(voice, 1);
	nap(10 * NS_PER_S);
	cr_expect(isnan(actuator_position(voice)));
	cr_expect(eq(int, (int)chip_health(b->chip).state, DEVICE_LOST));
}

Test(bus_driver, says_that_there_is_no_connection)
{
	struct bench *b = run(false, say_in_vain);

	cr_expect(eq(uint, service.n, 0));
	cr_expect(strstr(b->rig.log,
			 "voice: starting -> failing: no connection to the service "
			 "speech: this daemon makes none yet") != NULL,
		  "%s", b->rig.log);
	bench_free(b);
}

static void be_refused(struct bench *b)
{
	nap(NS_PER_MS);
	service.result = -EREMOTEIO;
	actuator_set(voice, 1);
	nap(STEP_NS);
	cr_expect(eq(int, (int)chip_health(b->chip).state, DEVICE_FAILING));
	service.result = 0;
	nap(NS_PER_S);
	cr_expect(eq(int, (int)chip_health(b->chip).state, DEVICE_RUNNING));
	cr_expect(eq(flt, actuator_position(voice), 1));
}

Test(bus_driver, passes_on_what_the_service_says)
{
	struct bench *b = run(true, be_refused);

	cr_expect(strstr(b->rig.log,
			 "voice: running -> failing: speech: no voice today") != NULL,
		  "%s", b->rig.log);
	bench_free(b);
}

Test(bus_driver, refuses_a_configuration_that_cannot_be)
{
	struct reading r = read_conf(ACTUATOR, "{\"driver\": \"bus\", \"peer\": "
					       "\"speech\", \"method\": \"say\"}");

	cr_assert(eq(str, r.error, ""));
	cr_expect(eq(i64, r.actuator.device.valid_for_ns, 5 * NS_PER_S));
	refused(ACTUATOR, "{\"driver\": \"bus\"}",
		"peer: missing; bus commands a service");
	refused(ACTUATOR, "{\"driver\": \"bus\", \"peer\": \"speech\"}",
		"method: missing");
	refused(ACTUATOR,
		"{\"driver\": \"bus\", \"peer\": \"speech\", \"method\": \"say\", "
		"\"valid_for\": \"1ms\"}",
		"valid_for");
}
