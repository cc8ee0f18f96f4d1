/* Configuration tables: single values, from JSON to the members of structs. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/conf.h"
#include "daemon/base/unit.h"

enum { ALLOWED_MAX = 200 };

/* Store the number @v, which fits. */
static void store(const struct conf_field *f, double v, void *ret)
{
	char *to = (char *)ret + f->offset;
	int64_t wide = f->type == CONF_TYPE_DURATION ? (int64_t)v : 0;
	size_t bytes = f->type == CONF_TYPE_SIZE ? (size_t)v : 0;
	bool yes = v != 0;
	float single = (float)v;
	int number = 0;

	switch (f->type) {
	case CONF_TYPE_INT:
	case CONF_TYPE_ENUM:
	case CONF_TYPE_ADDR:
		number = (int)v;
		memcpy(to, &number, sizeof(number));
		break;
	case CONF_TYPE_REAL:
		if (f->size == sizeof(float))
			memcpy(to, &single, sizeof(single));
		else
			memcpy(to, &v, sizeof(v));
		break;
	case CONF_TYPE_BOOL:
		memcpy(to, &yes, sizeof(yes));
		break;
	case CONF_TYPE_DURATION:
		memcpy(to, &wide, sizeof(wide));
		break;
	case CONF_TYPE_SIZE:
		memcpy(to, &bytes, sizeof(bytes));
		break;
	case CONF_TYPE_PAIR:
	case CONF_TYPE_STRING:
	case CONF_TYPE_TABLE:
	case CONF_TYPE_MAP:
	case CONF_TYPE_LIST:
	case CONF_TYPE_ANY:
	case CONF_TYPE_GONE:
	case CONF_TYPE_END:
		break;
	}
}

bool conf_same(const void *a, const void *b, size_t size)
{
	return memcmp(a, b, size) == 0;
}

static void store_pair(const struct conf_field *f, double low, double high, void *ret)
{
	double pair[2] = {low, high};

	memcpy((char *)ret + f->offset, pair, sizeof(pair));
}

static void store_text(const struct conf_field *f, const char *text, void *ret)
{
	/* The rest is zeroed, so that equal settings are equal bytes. */
	strncpy((char *)ret + f->offset, text, f->size - 1);
	((char *)ret + f->offset)[f->size - 1] = '\0';
}

bool conf_is_required(const struct conf_field *f)
{
	if (f->type == CONF_TYPE_STRING)
		return !f->def_text;
	return f->def == CONF_REQUIRED;
}

void conf_defaults(const struct conf_field *fields, void *ret)
{
	for (const struct conf_field *f = fields; f->type != CONF_TYPE_END; f++) {
		bool none = f->def == CONF_REQUIRED;

		if (f->type == CONF_TYPE_TABLE)
			conf_defaults(f->fields, (char *)ret + f->offset);
		else if (f->type == CONF_TYPE_STRING)
			store_text(f, f->def_text ? f->def_text : "", ret);
		else if (f->type == CONF_TYPE_PAIR)
			store_pair(f, none ? (double)NAN : f->def,
				   none ? (double)NAN : f->def2, ret);
		else if (none)
			store(f, f->type == CONF_TYPE_REAL ? (double)NAN : 0, ret);
		else
			store(f, f->def, ret);
	}
}

/* What a number in the file is multiplied with to be in the unit of the limits and the member. */
static double scale_of(const struct conf_field *f)
{
	return f->type == CONF_TYPE_DURATION ? 1e9 : 1;
}

/* "50Hz": the number @v, in the unit of the file. */
static const char *show(const struct conf_field *f, double v, char *buf)
{
	if (f->type == CONF_TYPE_ADDR && v >= 0 && v <= 0xffff)
		snprintf(buf, UNIT_TEXT_MAX, "0x%02x", (unsigned)v);
	else
		unit_format(v, strcmp(f->unit, "x") == 0 ? "" : f->unit, buf);
	return buf;
}

static void put_range(const struct conf_field *f, char *buf, size_t size)
{
	char low[UNIT_TEXT_MAX];
	char high[UNIT_TEXT_MAX];
	double scale = scale_of(f);
	const char *head = f->type == CONF_TYPE_PAIR ? "[low, high], " : "";

	if (isinf(f->min) && isinf(f->max))
		snprintf(buf, size, "%sa number%s%s", head, *f->unit ? " in " : "",
			 f->unit);
	else if (isinf(f->max))
		snprintf(buf, size, "%sat least %s", head, show(f, f->min / scale, low));
	else if (isinf(f->min))
		snprintf(buf, size, "%sat most %s", head, show(f, f->max / scale, high));
	else
		snprintf(buf, size, "%s%s to %s", head, show(f, f->min / scale, low),
			 show(f, f->max / scale, high));
}

static void put_names(const struct conf_field *f, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (const char *const *name = f->names; *name && n < size; name++) {
		int m = snprintf(buf + n, size - n, "%s%s", n ? ", " : "", *name);

		n += (size_t)m;
	}
}

const char *conf_allowed(const struct conf_field *f, char *buf, size_t size)
{
	buf[0] = '\0';
	switch (f->type) {
	case CONF_TYPE_INT:
	case CONF_TYPE_REAL:
	case CONF_TYPE_PAIR:
	case CONF_TYPE_DURATION:
	case CONF_TYPE_SIZE:
	case CONF_TYPE_ADDR:
		put_range(f, buf, size);
		break;
	case CONF_TYPE_BOOL:
		snprintf(buf, size, "true or false");
		break;
	case CONF_TYPE_STRING:
		snprintf(buf, size, "text of at most %zu bytes", f->size - 1);
		break;
	case CONF_TYPE_ENUM:
		put_names(f, buf, size);
		break;
	case CONF_TYPE_TABLE:
	case CONF_TYPE_MAP:
		snprintf(buf, size, "an object");
		break;
	case CONF_TYPE_LIST:
		snprintf(buf, size, "a list");
		break;
	case CONF_TYPE_ANY:
		snprintf(buf, size, "any value");
		break;
	case CONF_TYPE_GONE:
	case CONF_TYPE_END:
		break;
	}
	return buf;
}

const char *conf_default_text(const struct conf_field *f, char *buf, size_t size)
{
	char low[UNIT_TEXT_MAX];
	char high[UNIT_TEXT_MAX];

	buf[0] = '\0';
	if (f->def == CONF_REQUIRED || isnan(f->def))
		return buf;
	switch (f->type) {
	case CONF_TYPE_INT:
	case CONF_TYPE_REAL:
	case CONF_TYPE_DURATION:
	case CONF_TYPE_SIZE:
		snprintf(buf, size, "%s", show(f, f->def / scale_of(f), low));
		break;
	case CONF_TYPE_ADDR:
		if (f->def != 0)
			snprintf(buf, size, "%s", show(f, f->def, low));
		break;
	case CONF_TYPE_PAIR:
		snprintf(buf, size, "[%s, %s]", show(f, f->def, low),
			 show(f, f->def2, high));
		break;
	case CONF_TYPE_BOOL:
		snprintf(buf, size, "%s", f->def != 0 ? "true" : "false");
		break;
	case CONF_TYPE_STRING:
		if (f->def_text)
			snprintf(buf, size, "\"%s\"", f->def_text);
		break;
	case CONF_TYPE_ENUM:
		snprintf(buf, size, "%s", f->names[(int)f->def]);
		break;
	case CONF_TYPE_TABLE:
	case CONF_TYPE_MAP:
	case CONF_TYPE_LIST:
	case CONF_TYPE_ANY:
	case CONF_TYPE_GONE:
	case CONF_TYPE_END:
		break;
	}
	return buf;
}

/* Report "WHAT; what is allowed"; always -EINVAL. */
static int refuse(const struct conf_at *at, const struct conf_field *f, const char *what)
{
	char allowed[ALLOWED_MAX];

	conf_complain(at, "%s; %s", what, conf_allowed(f, allowed, sizeof(allowed)));
	return -EINVAL;
}

/* The number at @at in the unit of the field; of an address also "0x40". */
static int parse_number(const struct conf_at *at, const struct conf_field *f, double *ret)
{
	char why[UNIT_TEXT_MAX];
	char what[UNIT_TEXT_MAX + 60];
	const char *text = cJSON_GetStringValue(at->node);
	char *end;
	double v;

	if (cJSON_IsNumber(at->node)) {
		*ret = at->node->valuedouble;
		return 0;
	}
	if (!text)
		return refuse(at, f,
			      *f->unit ? "expected a number, or text with a unit"
				       : "expected a number");
	if (f->type == CONF_TYPE_ADDR) {
		v = (double)strtoul(text, &end, 16);
		if (strncmp(text, "0x", 2) != 0 || !isxdigit((unsigned char)text[2]) ||
		    *end)
			return refuse(at, f, "expected an address such as \"0x40\"");
		*ret = v;
		return 0;
	}
	if (unit_parse(text, f->unit, ret, why) == 0)
		return 0;
	snprintf(what, sizeof(what), "\"%.40s\": %s", text, why);
	return refuse(at, f, what);
}

/* Report that the number at @at, which is @given in its unit, is out of range; always -EINVAL. */
static int refuse_range(const struct conf_at *at, const struct conf_field *f,
			double given)
{
	char shown[UNIT_TEXT_MAX];
	char what[UNIT_TEXT_MAX + 32];

	/* People recognise what they wrote. */
	if (cJSON_IsString(at->node))
		snprintf(shown, sizeof(shown), "\"%.40s\"", at->node->valuestring);
	else
		show(f, given, shown);
	snprintf(what, sizeof(what), "%s is out of range", shown);
	return refuse(at, f, what);
}

/* A number at @at that may be stored for @f, in the unit of the member. */
static int read_number(const struct conf_at *at, const struct conf_field *f, double *ret)
{
	double given;
	double v;
	double stored;

	if (parse_number(at, f, &given) < 0)
		return -EINVAL;
	v = given * scale_of(f);
	/* Conversion of units may miss a limit, or a whole number, by a hair. */
	if (isfinite(f->min) && fabs(v - f->min) <= 1e-12 * fabs(f->min))
		v = f->min;
	else if (isfinite(f->max) && fabs(v - f->max) <= 1e-12 * fabs(f->max))
		v = f->max;
	if (!(v >= f->min && v <= f->max))
		return refuse_range(at, f, given);
	stored = round(v);
	if (f->type == CONF_TYPE_REAL || f->type == CONF_TYPE_PAIR)
		stored = v;
	else if (f->type != CONF_TYPE_DURATION && fabs(v - stored) > 1e-9 * fabs(v))
		return refuse(at, f, "expected a whole number");
	*ret = stored;
	return 0;
}

static int read_pair(const struct conf_at *at, const struct conf_field *f, void *ret)
{
	struct conf_at first = conf_first(at);
	struct conf_at second;
	double low;
	double high;

	if (!cJSON_IsArray(at->node) || cJSON_GetArraySize(at->node) != 2)
		return refuse(at, f, "expected a list of two numbers");
	second = conf_next(&first);
	if (read_number(&first, f, &low) < 0 || read_number(&second, f, &high) < 0)
		return -EINVAL;
	if (low >= high)
		return refuse(at, f, "the first must be below the second");
	store_pair(f, low, high, ret);
	return 0;
}

static int read_text(const struct conf_at *at, const struct conf_field *f, void *ret)
{
	if (!cJSON_IsString(at->node))
		return refuse(at, f, "expected text in double quotes");
	if (strlen(at->node->valuestring) >= f->size)
		return refuse(at, f, "too long");
	store_text(f, at->node->valuestring, ret);
	return 0;
}

static int read_enum(const struct conf_at *at, const struct conf_field *f, void *ret)
{
	const char *text = cJSON_GetStringValue(at->node);
	size_t n;

	if (!text)
		return refuse(at, f, "expected a name in double quotes");
	for (n = 0; f->names[n]; n++) {
		if (strcmp(f->names[n], text) == 0) {
			store(f, (double)n, ret);
			return 0;
		}
	}
	conf_complain_unknown(at, "name", text, f->names, n);
	return -EINVAL;
}

int conf_read_value(const struct conf_at *at, const struct conf_field *f, void *ret)
{
	double v;

	switch (f->type) {
	case CONF_TYPE_INT:
	case CONF_TYPE_REAL:
	case CONF_TYPE_DURATION:
	case CONF_TYPE_SIZE:
	case CONF_TYPE_ADDR:
		if (read_number(at, f, &v) < 0)
			return -EINVAL;
		store(f, v, ret);
		return 0;
	case CONF_TYPE_PAIR:
		return read_pair(at, f, ret);
	case CONF_TYPE_BOOL:
		if (!cJSON_IsBool(at->node))
			return refuse(at, f, "wrong type");
		store(f, cJSON_IsTrue(at->node), ret);
		return 0;
	case CONF_TYPE_STRING:
		return read_text(at, f, ret);
	case CONF_TYPE_ENUM:
		return read_enum(at, f, ret);
	case CONF_TYPE_TABLE:
		return conf_read(at, f->fields, NULL, (char *)ret + f->offset);
	case CONF_TYPE_MAP:
		return cJSON_IsObject(at->node) ? 0 : refuse(at, f, "wrong type");
	case CONF_TYPE_LIST:
		return cJSON_IsArray(at->node) ? 0 : refuse(at, f, "wrong type");
	case CONF_TYPE_ANY:
	case CONF_TYPE_GONE:
	case CONF_TYPE_END:
		return 0;
	}
	return -EINVAL;
}
