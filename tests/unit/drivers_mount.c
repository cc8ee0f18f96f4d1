/* Mounting: texts and matrices to rotations. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <string.h>

#include "drivers/core/mount.h"

static int read_mount(const char *text, struct mount *ret)
{
	struct conf_errors errs = {0};
	struct json_doc doc = {0};
	struct conf_at root;
	struct conf_at at;
	int r;

	cr_assert(eq(int, json_doc_parse(&doc, text, strlen(text), "t", &errs), 0));
	root = conf_root(&doc, &errs);
	at = conf_child(&root, "mount");
	r = mount_read(&at, ret);
	json_doc_fini(&doc);
	conf_errors_fini(&errs);
	return r;
}

static struct sample turned(const struct mount *mount, enum chan chan)
{
	struct sample s = {.chan = chan, .v = {1, 2, 3}};

	mount_apply(mount, &s);
	return s;
}

Test(mount, without_the_key_changes_nothing)
{
	struct mount mount;
	struct sample s;

	cr_assert(eq(int, read_mount("{}", &mount), 0));
	s = turned(&mount, CHAN_ACCEL);
	cr_expect(eq(flt, s.v[0], 1));
	cr_expect(eq(flt, s.v[1], 2));
	cr_expect(eq(flt, s.v[2], 3));
}

Test(mount, text_says_where_the_axes_point)
{
	struct mount mount;
	struct sample s;

	cr_assert(
		eq(int, read_mount("{\"mount\": \" x=left  y=up z=front\"}", &mount), 0));
	s = turned(&mount, CHAN_GYRO);
	/* Front is the chip's z, left its x, up its y. */
	cr_expect(eq(flt, s.v[0], 3));
	cr_expect(eq(flt, s.v[1], 1));
	cr_expect(eq(flt, s.v[2], 2));
	cr_assert(
		eq(int, read_mount("{\"mount\": \"x=back y=left z=down\"}", &mount), 0));
	s = turned(&mount, CHAN_MAG);
	cr_expect(eq(flt, s.v[0], -1));
	cr_expect(eq(flt, s.v[1], 2));
	cr_expect(eq(flt, s.v[2], -3));
}

Test(mount, matrix_has_the_body_axes_as_rows)
{
	struct mount mount;
	struct sample s;

	cr_assert(eq(int,
		     read_mount("{\"mount\": [[0.7071, -0.7071, 0], [0.7071, 0.7071, 0], "
				"[0, 0, 1]]}",
				&mount),
		     0));
	s = turned(&mount, CHAN_ACCEL);
	cr_expect(fabsf(s.v[0] + 0.7071f) < 1e-3f);
	cr_expect(fabsf(s.v[1] - 3 * 0.7071f) < 1e-3f);
	cr_expect(eq(flt, s.v[2], 3));
}

Test(mount, leaves_single_numbers_alone)
{
	struct mount mount;

	cr_assert(
		eq(int, read_mount("{\"mount\": \"x=back y=left z=down\"}", &mount), 0));
	cr_expect(eq(flt, turned(&mount, CHAN_TEMP).v[0], 1));
}
