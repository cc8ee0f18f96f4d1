/* PWM through sysfs, played by a folder of plain files. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/rt/error.h"
#include "daemon/rt/rt.h"
#include "hal/pwm_linux.h"

static char root[] = "/tmp/instinct-pwm-XXXXXX";

static void make_file(const char *name)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	f = fopen(path, "w");
	cr_assert(f != NULL);
	(void)fclose(f);
}

static void make_folder(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	cr_assert(eq(int, mkdir(path, 0700), 0));
}

static long number(const char *name)
{
	char path[128];
	long n = -1;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	f = fopen(path, "r");
	cr_assert(f != NULL);
	cr_assert(eq(int, fscanf(f, "%ld", &n), 1));
	(void)fclose(f);
	return n;
}

static void setup(void)
{
	cr_assert(mkdtemp(root) != NULL);
	make_folder("pwmchip0");
	make_file("pwmchip0/export");
	make_folder("pwmchip0/pwm1");
	make_file("pwmchip0/pwm1/period");
	make_file("pwmchip0/pwm1/duty_cycle");
	make_file("pwmchip0/pwm1/enable");
}

static void teardown(void)
{
	char command[64];

	(void)snprintf(command, sizeof(command), "rm -r %s", root);
	cr_expect(eq(int, system(command), 0));
}

TestSuite(pwm_linux, .init = setup, .fini = teardown);

static void run(int (*body)(void *))
{
	struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL};
	struct pwm_linux lx;

	pwm_linux_init(&lx, root);
	cr_expect(eq(int, rt_run(&conf, body, &lx.provider), 0));
}

static int writes(void *provider)
{
	struct pwm_out *p;

	cr_assert(eq(int, pwm_open(provider, "pwmchip0:1", &p), 0));
	cr_expect(eq(int, pwm_set(p, 20 * NS_PER_MS, 1500 * NS_PER_US), 0));
	cr_expect(eq(long, number("pwmchip0/pwm1/period"), 20000000));
	cr_expect(eq(long, number("pwmchip0/pwm1/duty_cycle"), 1500000));
	cr_expect(eq(long, number("pwmchip0/pwm1/enable"), 1));
	cr_expect(eq(int, pwm_set(p, 20 * NS_PER_MS, 0), 0));
	cr_expect(eq(long, number("pwmchip0/pwm1/enable"), 0));
	pwm_close(p);
	return 0;
}

Test(pwm_linux, writes_period_pulse_and_enable)
{
	run(writes);
}

static void said(int code, const char *a, const char *b, const char *c)
{
	const struct error *e = error_last(code);

	cr_assert(e != NULL);
	cr_expect(strstr(e->text, a) && strstr(e->text, b) && strstr(e->text, c), "%s",
		  e->text);
}

static int refuses(void *provider)
{
	static const char *const names[] = {
		"",       "pwmchip0",    "pwmchip0:",  "pwmchip0:x",
		"../x:1", "pwmchip0:1x", "pwmchip0:-1"};
	struct pwm_out *p;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		cr_expect(eq(int, pwm_open(provider, names[i], &p), -EINVAL), "%s",
			  names[i]);
		cr_expect(error_last(-EINVAL) != NULL);
	}
	cr_expect(eq(int, pwm_open(provider, "pwmchip7:0", &p), -ENOENT));
	said(-ENOENT, "there is no ", "/pwmchip7; there is ", "/pwmchip0");
	/* It is exported, but its files do not come. */
	cr_expect(eq(int, pwm_open(provider, "pwmchip0:2", &p), -ENOENT));
	cr_expect(eq(long, number("pwmchip0/export"), 2));
	said(-ENOENT, "PWM output pwmchip0:2: ", "No such file", "");
	return 0;
}

Test(pwm_linux, refuses_what_is_not_there)
{
	run(refuses);
}
