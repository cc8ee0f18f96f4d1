/* Fuzz target: a configuration file, or a message, through scanner, parser, merge and tables. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/conf.h"

struct inner {
	int count;
	float gain;
	double limit_rad[2];
};

struct outer {
	int count;
	int address;
	double rate_hz;
	double angle_rad;
	double pulse_s[2];
	bool on;
	char name[8];
	int mode;
	int64_t stale_after_ns;
	size_t room_bytes;
	struct inner inner;
};

static const char *const modes[] = {"limp", "hold", NULL};
static const char *const chips[] = {"bmp280", "icm20948", NULL};

static const struct conf_field inner_fields[] = {
	CONF_INT(inner, count, CONF_REQUIRED, -5, 5, "", "A required number."),
	CONF_REAL(inner, gain, NAN, 0, 10, "x", "A float."),
	CONF_PAIR(inner, limit_rad, -1, 1, -4, 4, "rad", "Limits."),
	CONF_END,
};

static const struct conf_field fields[] = {
	CONF_INT(outer, count, 1, 0, 100, "g", "A number with a customary unit."),
	CONF_ADDR(outer, address, 0, "An address."),
	CONF_REAL(outer, rate_hz, 10, 0.5, 50, "Hz", "A rate."),
	CONF_REAL(outer, angle_rad, 0, -INFINITY, INFINITY, "rad", "An angle."),
	CONF_PAIR(outer, pulse_s, 0.001, 0.002, 0, 0.02, "s", "A pulse."),
	CONF_BOOL(outer, on, true, "A switch."),
	CONF_STRING(outer, name, "x", "A name."),
	CONF_ENUM(outer, mode, 0, modes, "A mode."),
	CONF_DURATION_NS(outer, stale_after_ns, NS_PER_S, 0, 3600 * NS_PER_S, "A time."),
	CONF_SIZE(outer, room_bytes, 1024, 0, 1 << 30, "A size."),
	CONF_TABLE(outer, inner, inner_fields, "A table."),
	CONF_MAP("sensors", inner_fields, "Instances."),
	CONF_LIST("import", NULL, "A list."),
	CONF_ANY("any", "Anything."),
	CONF_GONE("old", "write \"any\""),
	CONF_END,
};

/* Every value has its place: file, line and column. */
static void check_places(const struct json_doc *doc, const cJSON *node)
{
	struct conf_place at = json_place(doc, node);
	struct conf_place key = json_key_place(doc, node);

	assert(at.file && at.line > 0 && at.col > 0);
	assert(key.file && key.line > 0 && key.col > 0);
	for (const cJSON *child = node->child; child; child = child->next)
		check_places(doc, child);
}

static void read_tables(const struct json_doc *doc, struct conf_errors *errs)
{
	struct conf_at root = conf_root(doc, errs);
	struct conf_at sensors = conf_child(&root, "sensors");
	struct outer outer;
	struct inner inner;
	size_t before = errs->n_errors;
	int r = conf_read(&root, fields, chips, &outer);

	assert((r == 0) == (errs->n_errors == before));
	/* Whatever was read, the struct is within its table's limits. */
	assert(outer.count >= 0 && outer.count <= 100 && outer.mode >= 0 &&
	       outer.mode <= 1);
	assert(outer.rate_hz >= 0.5 && outer.rate_hz <= 50);
	assert(outer.pulse_s[0] < outer.pulse_s[1]);
	assert(outer.stale_after_ns >= 0 && outer.stale_after_ns <= 3600 * NS_PER_S);
	assert(strlen(outer.name) < sizeof(outer.name));
	for (struct conf_at it = conf_first(&sensors); it.node; it = conf_next(&it))
		(void)!conf_read(&it, inner_fields, NULL, &inner);
}

static void run_config(const char *text, size_t len)
{
	static const char base[] =
		"{\"sensors\": {\"imu\": {\"count\": 1}}, \"name\": \"y\"}";
	struct conf_errors errs = {0};
	struct json_doc doc = {0};
	struct json_doc over = {0};
	int r = json_doc_parse(&over, text, len, "over", &errs);

	/* -ENOMEM would mean that the parser refused what the scanner had passed. */
	assert(r == 0 || (r == -EINVAL && errs.n_errors > 0));
	if (r == 0) {
		check_places(&over, over.root);
		assert(json_doc_parse(&doc, base, sizeof(base) - 1, "base", &errs) == 0);
		assert(json_doc_merge(&doc, &over) == 0);
		check_places(&doc, doc.root);
		read_tables(&doc, &errs);
	}
	json_doc_fini(&over);
	json_doc_fini(&doc);
	conf_errors_fini(&errs);
}

static void run_message(const char *text, size_t len)
{
	struct conf_errors errs = {0};
	cJSON *root = NULL;
	int r = json_message_parse(text, len, 65536, "peer", &errs, &root);

	assert((r == 0) == (errs.n_errors == 0));
	cJSON_Delete(root);
	conf_errors_fini(&errs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	run_config((const char *)data, len);
	run_message((const char *)data, len);
	return 0;
}
