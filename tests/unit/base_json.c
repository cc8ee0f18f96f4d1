/* JSON documents and messages: what is refused, where things are, how files merge. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/base/json.h"
#include "daemon/base/jsonscan.h"

static struct json_doc parsed(const char *text, const char *name)
{
	struct conf_errors errs = {0};
	struct json_doc doc = {0};
	int r = json_doc_parse(&doc, text, strlen(text), name, &errs);

	cr_assert(eq(int, r, 0), "%s", errs.n ? errs.list[0].text : "");
	cr_assert(eq(sz, errs.n, 0));
	return doc;
}

/* Parse @len bytes, which must fail, and compare its errors, one a line, with @want. */
static void expect_errors_len(const char *text, size_t len, const char *want)
{
	struct conf_errors errs = {0};
	struct json_doc doc = {0};
	char got[4096] = "";

	cr_assert(eq(int, json_doc_parse(&doc, text, len, "f", &errs), -EINVAL), "%s",
		  text);
	cr_assert(eq(ptr, doc.root, NULL));
	for (size_t i = 0; i < errs.n; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s",
			 i ? "\n" : "", errs.list[i].text);
	cr_expect(eq(str, got, (char *)want));
	conf_errors_fini(&errs);
}

static void expect_errors(const char *text, const char *want)
{
	expect_errors_len(text, strlen(text), want);
}

static const cJSON *get(const cJSON *node, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(node, key);
}

static void expect_place(struct conf_place at, const char *file, unsigned line,
			 unsigned col)
{
	cr_assert(ne(ptr, (void *)at.file, NULL));
	cr_expect(eq(str, (char *)at.file, (char *)file));
	cr_expect(eq(uint, at.line, line));
	cr_expect(eq(uint, at.col, col));
}

Test(json, comments_and_trailing_commas)
{
	struct json_doc doc = parsed("// one\n{ /* é */ \"a\": [1, 2,], // \"b\": 1\n"
				     "\"u\": \"http://x/*y*/\",\n}\n/* end */",
				     "f");

	cr_expect(eq(int, cJSON_GetArraySize(get(doc.root, "a")), 2));
	cr_expect(eq(str, get(doc.root, "u")->valuestring, "http://x/*y*/"));
	json_doc_fini(&doc);
}

Test(json, K1_places_of_keys_and_values)
{
	struct json_doc doc = parsed(
		"{\n\t\"a\": 1, /* é\n */ \"é\" : [ true,\n  {\"c\": null}]}", "f");
	const cJSON *list = get(doc.root, "é");
	const cJSON *c = get(list->child->next, "c");

	expect_place(json_place(&doc, doc.root), "f", 1, 1);
	expect_place(json_key_place(&doc, get(doc.root, "a")), "f", 2, 2);
	expect_place(json_place(&doc, get(doc.root, "a")), "f", 2, 7);
	expect_place(json_key_place(&doc, list), "f", 3, 5);
	expect_place(json_place(&doc, list), "f", 3, 11);
	expect_place(json_place(&doc, list->child), "f", 3, 13);
	expect_place(json_key_place(&doc, list->child), "f", 3, 13);
	expect_place(json_key_place(&doc, c), "f", 4, 4);
	expect_place(json_place(&doc, c), "f", 4, 9);
	cr_expect(eq(ptr, (void *)json_place(&doc, NULL).file, NULL));
	json_doc_fini(&doc);
}

Test(json, K1_duplicate_keys)
{
	expect_errors("{\"a\": 1,\n \"b\": {\"c\": 1, \"c\": 2},\n \"a\": 3}",
		      "f:2:16: b.c: duplicate key; the first is at line 2, column 8\n"
		      "f:3:2: a: duplicate key; the first is at line 1, column 2");
	expect_errors("{\"a\": 1, \"\\u0061\": 2}",
		      "f:1:10: a: duplicate key; the first is at line 1, column 2");
}

Test(json, keys_differ_by_case_and_by_place)
{
	struct json_doc doc = parsed(
		"{\"a\":{\"a\":1},\"A\":{\"a\":1},\"b\":[{\"a\":1},{\"a\":2}]}", "f");

	json_doc_fini(&doc);
}

Test(json, K1_all_errors_in_one_run)
{
	expect_errors(
		"{\"a\": 01,\n\"b\": \"\x01\",\n\"c\": tru,\n\"d\": 1 \"e\": \"\xe9\"\n,"
		"\"f\": [1, 0x40], \"f\": 1e999}",
		"f:4:14: invalid UTF-8, byte 0xe9\n"
		"f:1:7: a: 01: number with a leading zero\n"
		"f:2:7: b: control character in text; write \\u0001\n"
		"f:3:6: c: tru: neither number, true, false nor null; text takes \"\"\n"
		"f:4:7: missing comma\n"
		"f:5:11: f[1]: 0x40: not a number; text, units and hexadecimal take "
		"\"\"\n"
		"f:5:23: f: 1e999: number too large\n"
		"f:5:18: f: duplicate key; the first is at line 5, column 2");
}

Test(json, structure)
{
	expect_errors("", "f:1:1: expected a value, found the end");
	expect_errors("{\"a\": {\n\"b\": 1", "f:1:7: a: '{' without its '}'");
	expect_errors("{\"a\" 1}", "f:1:6: a: expected ':', found '1'");
	expect_errors("{a: 1}", "f:1:2: expected a key in double quotes, found 'a'");
	expect_errors(
		"{\"a\": 'x'}",
		"f:1:7: a: expected a value, found a single quote; text takes \"\"");
	expect_errors("{\"a\": \"x\n\"}", "f:1:7: a: text without its closing quote");
	expect_errors("{\"a\": /1}", "f:1:7: a: lone '/'; comments are // and /* */");
	expect_errors("{} /* x", "f:1:4: comment without its end");
	expect_errors("{} x", "f:1:4: expected nothing more, found 'x'");
	expect_errors("{,}", "f:1:2: expected a key in double quotes, found ','");
	expect_errors("{\"a\": [1,,2]}", "f:1:10: a[1]: expected a value, found ','");
	expect_errors("[1]", "f:1:1: a configuration is an object: { ... }");
	expect_errors("\xef\xbb\xbf{}",
		      "f:1:1: byte order mark; save the file as plain UTF-8");
	expect_errors_len("{\"a\"\0:1}", 8, "f:1:5: a: expected ':', found byte 0x00");
}

Test(json, texts)
{
	expect_errors("{\"a\": \"\\u0000\"}", "f:1:8: a: \\u0000 is not allowed in text");
	expect_errors("{\"a\": \"\\ud800x\"}", "f:1:8: a: half of a surrogate pair");
	expect_errors("{\"a\": \"\\udc00\"}", "f:1:8: a: half of a surrogate pair");
	expect_errors("{\"a\": \"\\u12g4\"}",
		      "f:1:8: a: \\u takes four hexadecimal digits");
	expect_errors(
		"{\"a\": \"\\x\"}",
		"f:1:8: a: unknown escape; \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
}

Test(json, numbers_that_cjson_would_take_or_cut)
{
	static const char *const bad[] = {"01",  "1.",       "-",   "+1",    ".5",  "1e",
					  "NaN", "Infinity", "-01", "1e400", "1.e5"};
	char text[128];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct conf_errors errs = {0};
		struct json_doc doc = {0};

		snprintf(text, sizeof(text), "{\"a\": %s}", bad[i]);
		cr_expect(eq(int, json_doc_parse(&doc, text, strlen(text), "f", &errs),
			     -EINVAL),
			  "%s", text);
		cr_expect(eq(sz, errs.n, 1), "%s", text);
		conf_errors_fini(&errs);
	}
	snprintf(text, sizeof(text), "{\"a\": %064d}", 1);
	memset(text + 6, '1', 64);
	expect_errors(text, "f:1:7: a: 1111111111111111111111111111111111111111: "
			    "number of more than 63 characters");
}

static char *nested(int depth)
{
	char *text = calloc(1, 2 * (size_t)depth + 8);

	cr_assert(ne(ptr, text, NULL));
	strcpy(text, "{\"a\":");
	memset(text + 5, '[', (size_t)depth - 1);
	memset(text + 5 + depth - 1, ']', (size_t)depth - 1);
	strcat(text, "}");
	return text;
}

Test(json, depth_is_bounded)
{
	char *text = nested(JSON_DEPTH_MAX);
	struct json_doc doc = parsed(text, "f");
	struct conf_errors errs = {0};

	json_doc_fini(&doc);
	free(text);
	text = nested(100000);
	cr_expect(eq(int, json_doc_parse(&doc, text, strlen(text), "f", &errs), -EINVAL));
	cr_assert(eq(sz, errs.n, 1));
	cr_expect(ne(ptr, strstr(errs.list[0].text, "nested deeper than 32"), NULL));
	conf_errors_fini(&errs);
	free(text);
}

Test(json, a_flood_of_errors_is_counted)
{
	size_t n = 100000;
	char *text = malloc(6 * n + 3);
	struct conf_errors errs = {0};
	struct json_doc doc = {0};

	cr_assert(ne(ptr, text, NULL));
	for (size_t i = 0; i < n; i++)
		memcpy(text + 1 + 6 * i, "\"a\":0,", 6);
	text[0] = '{';
	strcpy(text + 6 * n, "}");
	cr_expect(eq(int, json_doc_parse(&doc, text, strlen(text), "f", &errs), -EINVAL));
	cr_expect(eq(sz, errs.n, CONF_ERRORS_MAX));
	cr_expect(eq(sz, errs.n_errors, n - 1));
	cr_expect(eq(sz, errs.n_dropped, n - 1 - CONF_ERRORS_MAX));
	conf_errors_fini(&errs);
	free(text);
}

Test(json, errors_are_harmless_text)
{
	expect_errors("{\"\\u001b[2J\xc2\x9b\": 007}",
		      "f:1:16: ?[2J??: 007: number with a leading zero");
}

Test(json, merge_later_wins_key_by_key)
{
	struct json_doc doc =
		parsed("{\"a\": {\"x\": 1, \"y\": [1, 2]}, \"b\": 1}", "one");
	struct json_doc over = parsed(
		"{\n\"a\": {\"y\": [3], \"z\": {\"w\": 4}},\n\"b\": {\"c\": 5}}", "two");
	struct json_doc third = parsed("{\"a\":\n{\"z\": {\"w\": 6}}}", "three");
	char *text;

	cr_assert(eq(int, json_doc_merge(&doc, &over), 0));
	cr_assert(eq(int, json_doc_merge(&doc, &third), 0));
	cr_expect(eq(ptr, over.root, NULL));
	text = cJSON_PrintUnformatted(doc.root);
	cr_expect(eq(str, text,
		     "{\"a\":{\"x\":1,\"y\":[3],\"z\":{\"w\":6}},\"b\":{\"c\":5}}"));
	expect_place(json_place(&doc, doc.root), "one", 1, 1);
	expect_place(json_place(&doc, get(get(doc.root, "a"), "x")), "one", 1, 13);
	expect_place(json_place(&doc, get(get(doc.root, "a"), "y")), "two", 2, 12);
	expect_place(json_place(&doc, get(get(doc.root, "a"), "y")->child), "two", 2, 13);
	expect_place(json_place(&doc, get(get(get(doc.root, "a"), "z"), "w")), "three", 2,
		     13);
	expect_place(json_key_place(&doc, get(doc.root, "b")), "two", 3, 1);
	expect_place(json_place(&doc, get(get(doc.root, "b"), "c")), "two", 3, 12);
	free(text);
	json_doc_fini(&doc);
}

/* A copy has the places of the original, and does not need it. */
Test(json, a_copy_stands_alone)
{
	struct json_doc doc = parsed("{\"a\": {\"x\": 1, \"y\": [1, 2]}}", "one");
	struct json_doc over = parsed("{\n\"a\": {\"y\": [3]}}", "two");
	struct json_doc third = parsed("{\"a\":\n{\"x\": 6}}", "three");
	struct json_doc copy = {0};
	struct json_doc none = {0};
	char *text;

	cr_assert(eq(int, json_doc_copy(&none, &copy), 0));
	cr_assert(eq(ptr, copy.root, NULL));
	cr_assert(eq(int, json_doc_merge(&doc, &over), 0));
	cr_assert(eq(int, json_doc_copy(&doc, &copy), 0));
	json_doc_fini(&doc);
	cr_assert(eq(int, json_doc_merge(&copy, &third), 0));
	text = cJSON_PrintUnformatted(copy.root);
	cr_expect(eq(str, text, "{\"a\":{\"x\":6,\"y\":[3]}}"));
	expect_place(json_place(&copy, copy.root), "one", 1, 1);
	expect_place(json_key_place(&copy, get(copy.root, "a")), "one", 1, 2);
	expect_place(json_place(&copy, get(get(copy.root, "a"), "y")->child), "two", 2,
		     13);
	expect_place(json_place(&copy, get(get(copy.root, "a"), "x")), "three", 2, 7);
	free(text);
	json_doc_fini(&copy);
}

Test(json, merge_with_nothing)
{
	struct json_doc doc = {0};
	struct json_doc over = parsed("{\"a\": 1}", "one");
	struct json_doc none = {0};

	cr_assert(eq(int, json_doc_merge(&doc, &over), 0));
	cr_assert(eq(int, json_doc_merge(&doc, &none), 0));
	expect_place(json_place(&doc, get(doc.root, "a")), "one", 1, 7);
	json_doc_fini(&doc);
	json_doc_fini(&over);
}

Test(json, files_that_cannot_be_read)
{
	char dir[] = "/tmp/instinct-json-XXXXXX";
	char path[64];
	struct conf_errors errs = {0};
	struct json_doc doc = {0};
	FILE *out;

	cr_assert(ne(ptr, mkdtemp(dir), NULL));
	cr_expect(eq(int, json_doc_read(&doc, dir, 100, &errs), -EISDIR));
	snprintf(path, sizeof(path), "%s/f", dir);
	cr_expect(eq(int, json_doc_read(&doc, path, 100, &errs), -ENOENT));
	cr_assert(eq(int, mkfifo(path, 0600), 0));
	cr_expect(eq(int, json_doc_read(&doc, path, 100, &errs), -EINVAL));
	unlink(path);
	out = fopen(path, "w");
	cr_assert(ne(ptr, out, NULL));
	fputs("{\"a\": 1}", out);
	fclose(out);
	cr_expect(eq(int, json_doc_read(&doc, path, 7, &errs), -EFBIG));
	cr_assert(eq(sz, errs.n, 4));
	for (size_t i = 0; i < errs.n; i++)
		cr_expect(eq(ptr, strstr(errs.list[i].text, dir), errs.list[i].text));
	cr_expect(ne(ptr, strstr(errs.list[1].text, "cannot read: No such file"), NULL));
	cr_expect(ne(ptr, strstr(errs.list[3].text, "larger than 7 bytes"), NULL));
	cr_assert(eq(int, json_doc_read(&doc, path, 8, &errs), 0));
	expect_place(json_place(&doc, get(doc.root, "a")), path, 1, 7);
	json_doc_fini(&doc);
	conf_errors_fini(&errs);
	unlink(path);
	rmdir(dir);
}

static int message(const char *text, struct conf_errors *errs)
{
	cJSON *root = NULL;
	int r = json_message_parse(text, strlen(text), 64, "peer", errs, &root);

	cr_assert(eq(int, r == 0, root != NULL));
	cJSON_Delete(root);
	return r;
}

Test(json, messages_are_strict)
{
	struct conf_errors errs = {0};

	cr_expect(eq(int, message("{\"a\": [1, \"x\"]}", &errs), 0));
	cr_expect(eq(int, message("null", &errs), 0));
	cr_expect(eq(sz, errs.n, 0));
	cr_expect(eq(int, message("{\"a\": 1,}", &errs), -EINVAL));
	cr_expect(eq(int, message("{} // x", &errs), -EINVAL));
	cr_expect(eq(int, message("{\"a\": 1, \"a\": 2}", &errs), -EINVAL));
	cr_expect(eq(
		int,
		message("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]", &errs),
		-EINVAL));
	cr_expect(eq(int,
		     message("\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			     "aaaaaa\"",
			     &errs),
		     -EMSGSIZE));
	cr_assert(eq(sz, errs.n, 5));
	cr_expect(
		eq(str, errs.list[0].text, "peer:1:8: comma before the closing bracket"));
	cr_expect(eq(str, errs.list[1].text, "peer:1:4: no comments in a message"));
	cr_expect(eq(str, errs.list[4].text, "peer: message of 65 bytes; at most 64"));
	conf_errors_fini(&errs);
}
