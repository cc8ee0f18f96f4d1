/* PWM outputs: the calls, passed on to whatever is behind the output. */
#include "hal/pwm.h"

#include <assert.h>

int pwm_open(struct pwm_provider *p, const char *output, struct pwm_out **ret)
{
	return p->open(p, output, ret);
}

void pwm_close(struct pwm_out *p)
{
	if (p)
		p->ops->close(p);
}

int pwm_set(struct pwm_out *p, int64_t period_ns, int64_t pulse_ns)
{
	assert(period_ns > 0 && pulse_ns >= 0 && pulse_ns <= period_ns);
	return p->ops->set(p, period_ns, pulse_ns);
}
