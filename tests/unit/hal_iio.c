/* IIO: the kernel's texts, the layout of scans, and what becomes of their numbers. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "hal/iio.h"

Test(iio, reads_scan_types)
{
	static const struct {
		const char *text;
		struct iio_type type;
	} rows[] = {
		{"le:s16/16>>0", {IIO_SIGNED, 2, 16, 0, 1}},
		{"be:u12/16>>4\n", {IIO_BIG_ENDIAN, 2, 12, 4, 1}},
		{"le:s64/64>>0", {IIO_SIGNED, 8, 64, 0, 1}},
		{"le:s16/16X4>>0", {IIO_SIGNED, 2, 16, 0, 4}},
		{"be:f32/32>>0", {IIO_FLOAT | IIO_BIG_ENDIAN, 4, 32, 0, 1}},
		{"le:u8/8>>7", {0, 1, 1, 7, 1}},
	};
	struct iio_type t;

	for (size_t i = 0; i < ARRAY_LEN(rows) - 1; i++) {
		cr_assert(eq(int, iio_type_parse(rows[i].text, &t), 0), "%s",
			  rows[i].text);
		cr_expect(memcmp(&t, &rows[i].type, sizeof(t)) == 0, "%s", rows[i].text);
	}
	/* 8 bits behind a shift of 7 do not fit 8. */
	cr_expect(eq(int, iio_type_parse(rows[ARRAY_LEN(rows) - 1].text, &t), -EINVAL));
}

Test(iio, refuses_what_is_no_type)
{
	static const char *const texts[] = {
		"",
		"le",
		"le:",
		"me:s16/16>>0",
		"le:x16/16>>0",
		"le:s16/16",
		"le:s16/16>0",
		"le:s16/16>>0 ",
		"le:s16/16>>0\nx",
		"le:s0/16>>0",
		"le:s17/16>>0",
		"le:s16/24>>0",
		"le:s16/128>>0",
		"le:s12/16>>5",
		"le:s16/16X0>>0",
		"le:s16/16X1000>>0",
		"le:f16/32>>0",
		"le:f16/16>>0",
		"le:s-1/16>>0",
		"le:s99999999999999999999/16>>0",
	};
	struct iio_type t;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		cr_expect(eq(int, iio_type_parse(texts[i], &t), -EINVAL), "%s", texts[i]);
}

Test(iio, reads_numbers_and_nothing_else)
{
	static const char *const wrong[] = {"",     "\n",     "x",    "0x10",  "inf",
					    "nan",  "1 2",    "1,5",  "1e999", "--1",
					    "1 dB", "12\n\n", "1.2.3"};
	double v;

	cr_assert(eq(int, iio_number_parse("100.653253906\n", &v), 0));
	cr_expect(eq(dbl, v, 100.653253906));
	cr_assert(eq(int, iio_number_parse("-0.000598", &v), 0));
	cr_expect(eq(dbl, v, -0.000598));
	cr_assert(eq(int, iio_number_parse("25080", &v), 0));
	cr_expect(eq(dbl, v, 25080));
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		cr_expect(eq(int, iio_number_parse(wrong[i], &v), -EINVAL), "%s",
			  wrong[i]);
}

Test(iio, chooses_the_next_higher_rate)
{
	const char *list = "12.5 26 52 104 208\n";

	cr_expect(eq(dbl, iio_rate_choose(list, 100), 104));
	cr_expect(eq(dbl, iio_rate_choose(list, 104), 104));
	cr_expect(eq(dbl, iio_rate_choose(list, 1), 12.5));
	cr_expect(eq(dbl, iio_rate_choose(list, 5000), 208));
	cr_expect(eq(dbl, iio_rate_choose("208 104 52", 60), 104));
	cr_expect(eq(dbl, iio_rate_choose("[10 5 100]", 12), 15));
	cr_expect(eq(dbl, iio_rate_choose("[10 5 100]", 1), 10));
	cr_expect(eq(dbl, iio_rate_choose("[10 5 100]", 1000), 100));
	cr_expect(isnan(iio_rate_choose("", 1)));
	cr_expect(isnan(iio_rate_choose("12 fast", 1)));
	cr_expect(isnan(iio_rate_choose("[1 2]", 1)));
}

/* The kernel aligns each number to its own size, and the whole to the widest. */
Test(iio, lays_scans_out_as_the_kernel_does)
{
	const struct iio_type s16 = {IIO_SIGNED, 2, 16, 0, 1};
	const struct iio_type s64 = {IIO_SIGNED, 8, 64, 0, 1};
	const struct iio_type quat = {IIO_SIGNED, 2, 16, 0, 4};
	size_t size = 0;

	for (int i = 0; i < 3; i++)
		cr_expect(eq(int, iio_scan_add(&s16, &size), 2 * i));
	cr_expect(eq(int, iio_scan_add(&s64, &size), 8));
	cr_expect(eq(sz, iio_scan_end(size, 8), 16));
	size = 2;
	cr_expect(eq(int, iio_scan_add(&quat, &size), 8));
	cr_expect(eq(sz, size, 16));
	cr_expect(eq(sz, iio_scan_end(6, 2), 6));
	cr_expect(eq(sz, iio_scan_end(9, 4), 12));
	size = IIO_RAW_MAX - 2;
	cr_expect(eq(int, iio_scan_add(&s16, &size), -ENOSPC));
}

static double number(uint8_t form, unsigned bytes, unsigned bits, unsigned shift,
		     const uint8_t *scan)
{
	const struct iio_element e = {.form = form,
				      .bytes = (uint8_t)bytes,
				      .bits = (uint8_t)bits,
				      .shift = (uint8_t)shift};

	return iio_element_number(&e, scan);
}

Test(iio, takes_numbers_of_all_forms)
{
	const uint8_t b[8] = {0xf8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const uint8_t be[2] = {0x7f, 0xf0};
	const uint8_t one[4] = {0x00, 0x00, 0x80, 0x3f};

	cr_expect(eq(dbl, number(IIO_SIGNED, 2, 16, 0, b), -8));
	cr_expect(eq(dbl, number(0, 2, 16, 0, b), 65528));
	cr_expect(eq(dbl, number(IIO_SIGNED, 2, 12, 4, b), -1));
	cr_expect(eq(dbl, number(IIO_SIGNED, 2, 4, 0, b), -8));
	cr_expect(eq(dbl, number(0, 1, 3, 3, b), 7));
	cr_expect(eq(dbl, number(IIO_SIGNED, 8, 64, 0, b), -8));
	cr_expect(eq(dbl, number(0, 8, 64, 0, b), 18446744073709551608.0));
	cr_expect(eq(dbl, number(IIO_SIGNED | IIO_BIG_ENDIAN, 2, 12, 4, be), 2047));
	cr_expect(eq(dbl, number(IIO_FLOAT, 4, 32, 0, one), 1));
}

/* Two members: an accelerometer, and a thermometer at the other's address. */
static struct iio_layout example(void)
{
	struct iio_layout l = {.magic = IIO_LAYOUT_MAGIC, .n = 4, .size = {8, 2}};

	for (uint8_t i = 0; i < 3; i++)
		l.element[i] = (struct iio_element){.chan = CHAN_ACCEL,
						    .axis = i,
						    .at = (uint8_t)(2 * i),
						    .form = IIO_SIGNED,
						    .bytes = 2,
						    .bits = 16,
						    .scale = 0.01f};
	l.element[3] = (struct iio_element){.chan = CHAN_TEMP,
					    .member = 1,
					    .form = IIO_SIGNED | IIO_BIG_ENDIAN,
					    .bytes = 2,
					    .bits = 16,
					    .scale = 1 / 256.0f,
					    .offset = 6400};
	return l;
}

Test(iio, decodes_the_scans_of_each_member)
{
	const uint8_t accel[] = {0, 100, 0, 0x9c, 0xff, 0xd4, 0x03, 0, 0};
	const uint8_t temp[] = {1, 0x01, 0x00};
	const struct iio_layout l = example();
	struct sample s[IIO_CHANS_MAX];

	cr_assert(eq(int, iio_decode(&l, accel, sizeof(accel), 7, s), 1));
	cr_expect(eq(int, (int)s[0].chan, CHAN_ACCEL));
	cr_expect(s[0].t_ns == 7);
	cr_expect(epsilon_eq(flt, s[0].v[0], 1, 1e-6f));
	cr_expect(epsilon_eq(flt, s[0].v[1], -1, 1e-6f));
	cr_expect(epsilon_eq(flt, s[0].v[2], 9.8f, 1e-5f));
	cr_assert(eq(int, iio_decode(&l, temp, sizeof(temp), 8, s), 1));
	cr_expect(eq(int, (int)s[0].chan, CHAN_TEMP));
	cr_expect(eq(flt, s[0].v[0], 26));
}

Test(iio, refuses_scans_that_do_not_fit)
{
	const uint8_t accel[] = {0, 100, 0, 0x9c, 0xff, 0xd4, 0x03, 0, 0, 0};
	const uint8_t far_away[] = {0, 0xff, 0x7f, 0xff, 0x7f, 0xff, 0x7f, 0, 0};
	const uint8_t nobody[] = {2, 1, 0};
	struct iio_layout l = example();
	struct sample s[IIO_CHANS_MAX];

	for (size_t len = 0; len <= sizeof(accel); len++)
		cr_expect(eq(int, iio_decode(&l, accel, len, 0, s),
			     len == 9 ? 1 : -EBADMSG));
	cr_expect(eq(int, iio_decode(&l, nobody, sizeof(nobody), 0, s), -EBADMSG));
	l.element[0].scale = 1; /* 32767 m/s^2 */
	cr_expect(eq(int, iio_decode(&l, far_away, sizeof(far_away), 0, s), -EBADMSG));
}

Test(iio, refuses_layouts_that_make_no_sense)
{
	struct iio_layout good = example();
	struct iio_layout l;

	cr_assert(eq(int, iio_layout_check(&good), 0));
	l = good, l.magic++;
	cr_expect(eq(int, iio_layout_check(&l), -EBADMSG));
	l = good, l.n = IIO_ELEMENTS_MAX + 1;
	cr_expect(eq(int, iio_layout_check(&l), -EBADMSG));
	l = good, l.size[3] = IIO_RAW_MAX;
	cr_expect(eq(int, iio_layout_check(&l), -EBADMSG));
	l = good, l.element[2].at = 7;
	cr_expect(eq(int, iio_layout_check(&l), -EBADMSG));
	l = good, l.element[2].member = 4;
	cr_expect(eq(int, iio_layout_check(&l), -EBADMSG));
	l = good, l.element[2].axis = 3;
	cr_expect(eq(int, iio_layout_check(&l), -EBADMSG));
	l = good, l.element[2].chan = CHAN_PRESSED;
	cr_expect(eq(int, iio_layout_check(&l), -EBADMSG));
	l = good, l.element[2].chan = 200;
	cr_expect(eq(int, iio_layout_check(&l), -EBADMSG));
	l = good, l.element[2].bits = 0;
	cr_expect(eq(int, iio_layout_check(&l), -EBADMSG));
	l = good, l.element[2].bytes = 3;
	cr_expect(eq(int, iio_layout_check(&l), -EBADMSG));
	l = good, l.element[2].scale = NAN;
	cr_expect(eq(int, iio_layout_check(&l), -EBADMSG));
}
