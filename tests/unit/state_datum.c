/* Data: equality, sharing, text. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "daemon/base/macros.h"
#include "daemon/state/account.h"
#include "daemon/state/datum.h"

static struct datum text(const char *s)
{
	struct datum d;

	cr_assert(eq(int, datum_string(s, strlen(s), &d), 0));
	return d;
}

static struct datum table(const char *const *keys, struct datum *values, size_t n)
{
	struct datum d;

	cr_assert(eq(int, datum_table(keys, values, n, &d), 0));
	return d;
}

Test(datum, V2_equal_by_type_and_content)
{
	const double nan = (double)NAN;
	const struct datum different[] = {
		datum_null(),           datum_bool(false),
		datum_bool(true),       datum_number(0),
		datum_number(1),        datum_number(nan),
		datum_vec3(1, 2, 3),    datum_vec3(1, 2, nan),
		datum_quat(1, 2, 3, 0), datum_quat(1, 2, 3, nan),
	};

	for (size_t i = 0; i < ARRAY_LEN(different); i++)
		for (size_t k = 0; k < ARRAY_LEN(different); k++)
			cr_assert(eq(int, datum_equal(&different[i], &different[k]),
				     i == k),
				  "%zu %zu", i, k);
}

Test(datum, strings_are_shared)
{
	struct datum a = text("abc"), b = text("abc"), c = text("abd");
	struct datum copy = datum_copy(&a);

	cr_assert(datum_equal(&a, &b));
	cr_assert(not(datum_equal(&a, &c)));
	datum_fini(&a);
	cr_assert(eq(int, (int)a.type, DATUM_NULL));
	cr_assert(eq(str, (char *)datum_text(&copy), "abc"));
	cr_assert(eq(sz, datum_text_len(&copy), 3));
	datum_fini(&copy);
	datum_fini(&b);
	datum_fini(&c);
}

Test(datum, strings_may_hold_nul)
{
	struct datum a, b;
	char buf[32];

	cr_assert(eq(int, datum_string("a\0b", 3, &a), 0));
	cr_assert(eq(int, datum_string("a\0c", 3, &b), 0));
	cr_assert(not(datum_equal(&a, &b)));
	cr_assert(eq(sz, datum_json(&a, buf, sizeof(buf)), 10));
	cr_assert(eq(str, buf, "\"a\\u0000b\""));
	datum_fini(&a);
	datum_fini(&b);
}

Test(datum, V2_tables_key_by_key_in_any_order)
{
	struct datum ab[] = {datum_number(1), text("x")};
	struct datum ba[] = {text("x"), datum_number(1)};
	struct datum ac[] = {datum_number(1), text("x")};
	struct datum a[] = {datum_number(1)};
	struct datum one = table((const char *[]){"a", "b"}, ab, 2);
	struct datum two = table((const char *[]){"b", "a"}, ba, 2);
	struct datum three = table((const char *[]){"a", "c"}, ac, 2);
	struct datum four = table((const char *[]){"a"}, a, 1);

	cr_assert(datum_equal(&one, &two));
	cr_assert(not(datum_equal(&one, &three)));
	cr_assert(not(datum_equal(&one, &four)));
	cr_assert(eq(sz, datum_size(&two), 2));
	cr_assert(eq(str, (char *)datum_key(&two, 0), "b"));
	cr_assert(eq(dbl, datum_get(&two, "a")->n, 1));
	cr_assert(eq(dbl, datum_entry(&two, 1)->n, 1));
	cr_assert(eq(ptr, (void *)datum_get(&two, "z"), NULL));
	datum_fini(&one);
	datum_fini(&two);
	datum_fini(&three);
	datum_fini(&four);
}

Test(datum, json)
{
	const double nan = (double)NAN;
	struct datum inner[] = {datum_bool(true), datum_null()};
	struct datum array = table((const char *[]){"1", "2"}, inner, 2);
	struct datum outer[] = {text("q\"\\\n\xc3\xa9"), array, datum_vec3(1, -0.5, nan),
				table(NULL, NULL, 0)};
	struct datum d = table((const char *[]){"s", "a", "v", "e"}, outer, 4);
	static const struct {
		double n;
		const char *json;
	} numbers[] = {{0.1, "0.1"},
		       {1e15, "1e+15"},
		       {123456789, "123456789"},
		       {1.0 / 3, "0.3333333333333333"},
		       {5e-324, "4.94065645841247e-324"}};
	const char *expected = "{\"s\":\"q\\\"\\\\\\u000a\xc3\xa9\",\"a\":[true,null],"
			       "\"v\":[1,-0.5,null],\"e\":{}}";
	char buf[128], small[8];

	cr_assert(eq(sz, datum_json(&d, buf, sizeof(buf)), strlen(expected)));
	cr_assert(eq(str, buf, (char *)expected));
	cr_assert(eq(sz, datum_json(&d, small, sizeof(small)), strlen(expected)));
	cr_assert(eq(str, small, "{\"s\":\"q"));
	cr_assert(eq(sz, datum_json(&d, NULL, 0), strlen(expected)));
	datum_fini(&d);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		d = datum_number(numbers[i].n);
		datum_json(&d, buf, sizeof(buf));
		cr_assert(eq(str, buf, (char *)numbers[i].json));
	}
}

Test(datum, for_people)
{
	struct datum values[] = {datum_number(1.50), text("foo"),
				 datum_vec3(0, -0.0001, 9.8066)};
	struct datum d = table((const char *[]){"n", "s", "v"}, values, 3);
	char buf[128];

	datum_print(&d, 2, buf, sizeof(buf));
	cr_assert(eq(str, buf, "{n: 1.5, s: \"foo\", v: [0, 0, 9.81]}"));
	datum_fini(&d);
	d = text("plain");
	datum_print(&d, 2, buf, sizeof(buf));
	cr_assert(eq(str, buf, "plain"));
	datum_fini(&d);
	d = datum_number((double)NAN);
	datum_print(&d, 2, buf, sizeof(buf));
	cr_assert(eq(str, buf, "nan"));
	d = datum_number(1200);
	datum_print(&d, 0, buf, sizeof(buf));
	cr_assert(eq(str, buf, "1200"));
	cr_assert(eq(str, (char *)datum_type_name(DATUM_QUAT), "quaternion"));
}

/* S1: what a datum takes is charged until the last reference has gone, which may be after the owner. */
Test(datum, S1_charged_until_nobody_holds_it)
{
	static const char *const keys[] = {"text"};
	struct account *a = account_new(1000);
	struct datum d = text("abc"), all, copy;
	size_t used;

	cr_assert(eq(int, datum_charge(&d, a), 0));
	used = a->used;
	cr_assert(gt(sz, used, 3));
	cr_assert(eq(sz, datum_bytes(&d, NULL), used));
	cr_assert(eq(sz, datum_bytes(&d, a), 0)); /* charged already */
	copy = datum_copy(&d);
	datum_fini(&d);
	cr_assert(eq(sz, a->used, used));

	all = table(keys, &copy, 1);
	cr_assert(eq(sz, datum_bytes(&all, NULL), datum_bytes(&all, a) + used));
	cr_assert(eq(int, datum_charge(&all, a), 0));
	cr_assert(eq(sz, datum_bytes(&all, NULL), a->used));
	copy = datum_copy(datum_entry(&all, 0));
	datum_fini(&all);
	cr_assert(eq(sz, a->used, used));

	account_unref(a);
	cr_assert(eq(sz, a->used, used));
	cr_assert(eq(str, (char *)datum_text(&copy), "abc"));
	datum_fini(&copy);
}

Test(datum, S1_not_more_than_the_account_has)
{
	struct account *a = account_new(100);
	struct datum d = text("abc"), big;
	char word[101];

	memset(word, 'x', sizeof(word) - 1);
	word[100] = '\0';
	big = text(word);
	cr_assert(eq(int, datum_charge(&big, a), -ENOMEM));
	cr_assert(eq(int, (int)big.type, DATUM_NULL));
	cr_assert(eq(sz, a->used, 0));
	cr_assert(eq(int, datum_charge(&d, a), 0));
	datum_fini(&d);
	cr_assert(eq(sz, a->used, 0));
	account_unref(a);
}
