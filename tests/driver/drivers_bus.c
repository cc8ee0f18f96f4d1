/* Another service as an actuator: which calls it gets, and what is said while there is no connection. */
#include <math.h>
#include <stdio.h>

#include "daemon/base/log.h"
#include "daemon/rt/nursery.h"
#include "drivers/core/actuator.h"
#include "tests/driver/rig.h"

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

struct bench {
	struct rig rig;
	struct actuator_conf conf;
	struct service service;
	struct chip *chip;
	struct actuator *voice;
	void (*script)(struct bench *b);
	char log[2048];
};

static void keep_log(enum log_level level, const char *text, void *arg)
{
	struct bench *b = arg;
	size_t len = strlen(b->log);

	(void)level;
	(void)snprintf(b->log + len, sizeof(b->log) - len, "%s\n", text);
}

static int run_script(void *arg)
{
	struct bench *b = arg;
	struct nursery n;

	nursery_open(&n);
	nursery_go(&n, "voice", chip_run, b->chip);
	b->script(b);
	nursery_cancel(&n, "the script is over");
	return nursery_close(&n, 0);
}

static int read_conf(const char *text, struct actuator_conf *ret, char *error,
		     size_t size)
{
	struct conf_errors errs = {0};
	struct json_doc doc = {0};
	struct conf_at root;
	int r;

	cr_assert(eq(int, json_doc_parse(&doc, text, strlen(text), "t", &errs), 0));
	root = conf_root(&doc, &errs);
	r = actuator_conf_read(&root, ret);
	if (r == 0)
		r = actuator_conf_check(&root, ret, &ret->device);
	(void)snprintf(error, size, "%s", errs.n > 0 ? errs.list[0].text : "");
	json_doc_fini(&doc);
	conf_errors_fini(&errs);
	return r;
}

static void run(struct bench *b, bool connected, void (*script)(struct bench *b))
{
	static const char text[] = "{\"driver\": \"bus\", \"peer\": \"speech\", "
				   "\"method\": \"say\", \"valid_for\": \"3s\"}";
	struct device_ports ports;
	char error[160];

	*b = (struct bench){.service.port.command = service_command, .script = script};
	cr_assert(eq(int, read_conf(text, &b->conf, error, sizeof(error)), 0), "%s",
		  error);
	rig_open(&b->rig, 0);
	ports = rig_ports(&b->rig);
	ports.peers = connected ? &b->service.port : NULL;
	b->chip = chip_new("voice", &b->conf.device, &ports, NULL);
	cr_assert(b->chip != NULL);
	cr_assert(eq(int, chip_add(b->chip, "voice", &b->conf, &b->voice), 0));
	log_set_sink(keep_log, b);
	cr_assert(eq(int, rig_run(run_script, b), 0));
	log_set_sink(NULL, NULL);
}

static void bury(struct bench *b)
{
	chip_free(b->chip);
	rig_close(&b->rig);
}

static void say(struct bench *b)
{
	(void)!task_sleep(NS_PER_MS);
	actuator_set(b->voice, 0.5f);
	(void)!task_sleep(STEP_NS);
	cr_expect(eq(flt, actuator_position(b->voice), 0.5f));
}

Test(bus_driver, calls_the_service)
{
	struct bench b;
	const struct peer_command *last;

	run(&b, true, say);
	cr_assert(b.service.n >= 2);
	last = &b.service.call[b.service.n - 1];
	cr_expect(isnan(last->value), "the safe state cancels");
	last--;
	while (isnan(last->value) && last > b.service.call)
		last--;
	cr_expect(eq(flt, last->value, 0.5f));
	cr_expect(eq(str, (char *)last->peer, "speech"));
	cr_expect(eq(str, (char *)last->method, "say"));
	cr_expect(last->valid_for_ns == 3 * NS_PER_S);
	cr_expect(strstr(b.log, "voice: starting -> running: bus at service speech") !=
			  NULL,
		  "%s", b.log);
	bury(&b);
}

static void say_in_vain(struct bench *b)
{
	actuator_set(b->voice, 1);
	(void)!task_sleep(10 * NS_PER_S);
	cr_expect(isnan(actuator_position(b->voice)));
	cr_expect(eq(int, (int)chip_health(b->chip).state, DEVICE_LOST));
}

Test(bus_driver, says_that_there_is_no_connection)
{
	struct bench b;

	run(&b, false, say_in_vain);
	cr_expect(eq(uint, b.service.n, 0));
	cr_expect(strstr(b.log,
			 "voice: starting -> failing: no connection to the service "
			 "speech: this daemon makes none yet") != NULL,
		  "%s", b.log);
	bury(&b);
}

static void be_refused(struct bench *b)
{
	(void)!task_sleep(NS_PER_MS);
	b->service.result = -EREMOTEIO;
	actuator_set(b->voice, 1);
	(void)!task_sleep(STEP_NS);
	cr_expect(eq(int, (int)chip_health(b->chip).state, DEVICE_FAILING));
	b->service.result = 0;
	(void)!task_sleep(NS_PER_S);
	cr_expect(eq(int, (int)chip_health(b->chip).state, DEVICE_RUNNING));
	cr_expect(eq(flt, actuator_position(b->voice), 1));
}

Test(bus_driver, passes_on_what_the_service_says)
{
	struct bench b;

	run(&b, true, be_refused);
	cr_expect(strstr(b.log, "voice: running -> failing: speech: no voice today") !=
			  NULL,
		  "%s", b.log);
	bury(&b);
}

Test(bus_driver, refuses_a_configuration_that_cannot_be)
{
	struct actuator_conf conf;
	char error[160];

	cr_expect(eq(int, read_conf("{\"driver\": \"bus\"}", &conf, error, sizeof(error)),
		     -EINVAL));
	cr_expect(strstr(error, "peer: missing; bus commands a service") != NULL, "%s",
		  error);
	cr_expect(eq(int,
		     read_conf("{\"driver\": \"bus\", \"peer\": \"speech\"}", &conf,
			       error, sizeof(error)),
		     -EINVAL));
	cr_expect(strstr(error, "method: missing") != NULL, "%s", error);
	cr_expect(eq(int,
		     read_conf("{\"driver\": \"bus\", \"peer\": \"speech\", \"method\": "
			       "\"say\", \"valid_for\": \"1ms\"}",
			       &conf, error, sizeof(error)),
		     -EINVAL));
	cr_expect(strstr(error, "valid_for") != NULL, "%s", error);
	cr_expect(eq(int,
		     read_conf("{\"driver\": \"bus\", \"peer\": \"speech\", \"method\": "
			       "\"say\"}",
			       &conf, error, sizeof(error)),
		     0));
	cr_expect(conf.device.valid_for_ns == 5 * NS_PER_S);
}
