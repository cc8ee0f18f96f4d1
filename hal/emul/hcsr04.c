/*
 * A model of the HC-SR04: a pulse of 10 us on its trigger line makes it measure the scene's distance, and
 * answer with a pulse as long as sound needs there and back; 38 ms without an echo.
 */
#include <stdio.h>

#include "daemon/rt/rt.h"
#include "daemon/rt/timer.h"
#include "hal/emul/emul.h"

#define TRIGGER_NS (10 * NS_PER_US)
#define BURST_NS (450 * NS_PER_US) /* eight cycles of 40 kHz, and what the chip needs */
#define NO_ECHO_NS (38 * NS_PER_MS)
#define FAR_M 4.0

struct hcsr04_model {
	struct emul emul;
	struct gpio_board *board;
	char echo[EMUL_LINE_MAX];
	struct gpio_watch trigger;
	int64_t trigger_ns; /* when it rose */
	struct timer timer; /* of the echo's next edge; while armed it does not listen */
	int64_t edge_ns;    /* what it is armed to */
	int64_t width_ns;   /* of the echo */
	bool level;         /* of the echo */
};

static int64_t echo_ns(const struct hcsr04_model *m, int64_t t_ns)
{
	struct scene_ambient air;

	scene_ambient(m->emul.scene, t_ns, &air);
	if (air.distance_m > FAR_M)
		return NO_ECHO_NS;
	return (int64_t)(2e9 * air.distance_m / (331.3 + 0.606 * air.temp_c));
}

static void hcsr04_triggered(struct gpio_watch *w, bool level)
{
	struct hcsr04_model *m = container_of(w, struct hcsr04_model, trigger);

	if (level) {
		m->trigger_ns = rt_now();
		return;
	}
	if (!m->emul.running || timer_armed(&m->timer) ||
	    rt_now() - m->trigger_ns < TRIGGER_NS)
		return;
	m->width_ns = echo_ns(m, rt_now());
	m->edge_ns = rt_now() + BURST_NS;
	timer_arm(&m->timer, m->edge_ns);
}

static void hcsr04_echo(struct timer *t)
{
	struct hcsr04_model *m = container_of(t, struct hcsr04_model, timer);

	m->level = !m->level;
	/* Cannot fail: the line was made with the model. */
	(void)gpio_board_drive(m->board, m->echo, m->level, m->edge_ns);
	if (m->level) {
		m->edge_ns += m->width_ns;
		timer_arm(&m->timer, m->edge_ns);
	}
}

static int hcsr04_init(struct emul *e, const struct emul_conf *conf)
{
	struct hcsr04_model *m = container_of(e, struct hcsr04_model, emul);
	int r = gpio_board_drive(conf->board, conf->line, false, 0);

	if (r < 0)
		return r;
	m->board = conf->board;
	(void)snprintf(m->echo, sizeof(m->echo), "%s", conf->line);
	m->timer.fn = hcsr04_echo;
	m->trigger.changed = hcsr04_triggered;
	return gpio_board_watch(conf->board, conf->trigger, &m->trigger);
}

static void hcsr04_stop(struct emul *e)
{
	timer_disarm(&container_of(e, struct hcsr04_model, emul)->timer);
}

const struct emul_kind emul_hcsr04 = {
	.name = "hcsr04",
	.size = sizeof(struct hcsr04_model),
	.init = hcsr04_init,
	.stop = hcsr04_stop,
};
