/* Configuration tables: places, keys, and filling a struct. The single values are in conf_value.c. */
#include "daemon/base/conf.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "daemon/base/nearest.h"

enum {
	WHAT_MAX = 400,  /* text of one error, less its place and path */
	KEYS_MAX = 64,   /* of a table, and */
	NAMES_MAX = 192, /* of all known names, what is searched for the nearest one */
};

struct conf_at conf_root(const struct json_doc *doc, struct conf_errors *errs)
{
	return (struct conf_at){.doc = doc, .errs = errs, .node = doc->root};
}

struct conf_at conf_child(const struct conf_at *up, const char *key)
{
	struct conf_at it = {.doc = up->doc, .errs = up->errs, .up = up, .key = key};

	if (cJSON_IsObject(up->node))
		it.node = cJSON_GetObjectItemCaseSensitive(up->node, key);
	return it;
}

struct conf_at conf_first(const struct conf_at *up)
{
	struct conf_at it = {.doc = up->doc, .errs = up->errs, .up = up};

	if (cJSON_IsObject(up->node) || cJSON_IsArray(up->node))
		it.node = up->node->child;
	if (it.node)
		it.key = it.node->string;
	return it;
}

struct conf_at conf_next(const struct conf_at *it)
{
	struct conf_at next = *it;

	next.node = it->node->next;
	next.key = next.node ? next.node->string : NULL;
	next.index++;
	return next;
}

static size_t put_path(const struct conf_at *at, char *buf)
{
	size_t n;
	int m;

	if (!at->up)
		return 0;
	n = put_path(at->up, buf);
	if (at->key)
		m = snprintf(buf + n, CONF_PATH_MAX - n, "%s%s", n ? "." : "", at->key);
	else
		m = snprintf(buf + n, CONF_PATH_MAX - n, "[%zu]", at->index);
	return (size_t)m < CONF_PATH_MAX - n ? n + (size_t)m : CONF_PATH_MAX - 1;
}

const char *conf_path(const struct conf_at *at, char *buf)
{
	buf[0] = '\0';
	put_path(at, buf);
	return buf;
}

/* The place of the nearest thing around @at that is in a file. */
static struct conf_place place_of(const struct conf_at *at)
{
	while (!at->node && at->up)
		at = at->up;
	return json_place(at->doc, at->node);
}

void conf_complain(const struct conf_at *at, const char *fmt, ...)
{
	char path[CONF_PATH_MAX];
	char what[WHAT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	conf_error(at->errs, place_of(at), conf_path(at, path), "%s", what);
}

void conf_warn(const struct conf_at *at, const char *fmt, ...)
{
	char path[CONF_PATH_MAX];
	char what[WHAT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	conf_warning(at->errs, place_of(at), conf_path(at, path), "%s", what);
}

/* "; did you mean "x"?", or nothing. */
static const char *guess(const char *word, const char *const *names, size_t n, char *buf,
			 size_t size)
{
	const char *near = nearest_name(word, names, n);

	buf[0] = '\0';
	if (near)
		snprintf(buf, size, "; did you mean \"%s\"?", near);
	return buf;
}

/* "a, b, c", of which the last ones may be left out. */
static const char *join(const char *const *names, size_t n, char *buf, size_t size)
{
	size_t len = 0;

	snprintf(buf, size, "none");
	for (size_t i = 0; i < n; i++) {
		const char *sep = len ? ", " : "";

		if (!names[i])
			continue;
		if (len + strlen(names[i]) + sizeof(", ...") + 1 > size) {
			if (len)
				snprintf(buf + len, size - len, ", ...");
			break;
		}
		len += (size_t)snprintf(buf + len, size - len, "%s%s", sep, names[i]);
	}
	return buf;
}

void conf_complain_unknown(const struct conf_at *at, const char *kind, const char *word,
			   const char *const *names, size_t n)
{
	char list[WHAT_MAX / 2];
	char near[96];

	conf_complain(at, "unknown %s \"%.60s\"; known: %s%s", kind, word,
		      join(names, n, list, sizeof(list)),
		      guess(word, names, n, near, sizeof(near)));
}

/* Does @s, up to @end, end with "_" and the unit as names have it: "rad/s^2" is "_rad_s2"? */
static size_t unit_suffix(const char *s, const char *end, const char *unit)
{
	const char *u = unit + strlen(unit);
	const char *p = end;

	while (u > unit) {
		int c = tolower((unsigned char)*--u);

		if (c == '^')
			continue;
		if (p == s || *--p != (isalnum(c) ? c : '_'))
			return 0;
	}
	return p > s + 1 && p < end && p[-1] == '_' ? (size_t)(end - p) + 1 : 0;
}

size_t conf_key_len(const struct conf_field *f)
{
	const char *end = f->name + strlen(f->name);
	const char *unit = f->unit;

	if (f->type == CONF_TYPE_DURATION)
		unit = "ns";
	else if (f->type == CONF_TYPE_SIZE)
		unit = "bytes";
	return (size_t)(end - f->name) - unit_suffix(f->name, end, unit);
}

static bool is_key(const struct conf_field *f, const char *key)
{
	size_t n = conf_key_len(f);

	return strncmp(f->name, key, n) == 0 && key[n] == '\0';
}

/* The row of @key, or the CONF_END. */
static const struct conf_field *find_field(const struct conf_field *fields,
					   const char *key)
{
	while (fields->type != CONF_TYPE_END && !is_key(fields, key))
		fields++;
	return fields;
}

static bool listed(const char *const *names, const char *word)
{
	for (; names && *names; names++)
		if (strcmp(*names, word) == 0)
			return true;
	return false;
}

/* Report the key @it, which is neither in @fields nor in @also. */
static void complain_key(const struct conf_at *it, const struct conf_field *fields,
			 const char *const *also)
{
	char keys[KEYS_MAX][64];
	const char *names[NAMES_MAX];
	char list[WHAT_MAX / 2];
	char path[CONF_PATH_MAX];
	char near[96];
	size_t n = 0;
	size_t n_own;

	for (; fields->type != CONF_TYPE_END && n < KEYS_MAX; fields++) {
		if (fields->type == CONF_TYPE_GONE)
			continue;
		snprintf(keys[n], sizeof(keys[n]), "%.*s", (int)conf_key_len(fields),
			 fields->name);
		names[n] = keys[n];
		n++;
	}
	n_own = n;
	/* Of what is read elsewhere only the nearest is worth its place in the message. */
	for (; also && *also && n < NAMES_MAX; also++)
		names[n++] = *also;
	conf_error(it->errs, json_key_place(it->doc, it->node), conf_path(it, path),
		   "unknown key; allowed: %s%s", join(names, n_own, list, sizeof(list)),
		   guess(it->key, names, n, near, sizeof(near)));
}

/* Report the required keys of @fields that the object at @at lacks. */
static int check_required(const struct conf_at *at, const struct conf_field *fields)
{
	int r = 0;

	for (; fields->type != CONF_TYPE_END; fields++) {
		char key[64];
		char allowed[WHAT_MAX / 2];
		struct conf_at it;

		if (!conf_is_required(fields))
			continue;
		snprintf(key, sizeof(key), "%.*s", (int)conf_key_len(fields),
			 fields->name);
		it = conf_child(at, key);
		if (it.node)
			continue;
		conf_complain(&it, "missing; %s",
			      conf_allowed(fields, allowed, sizeof(allowed)));
		r = -EINVAL;
	}
	return r;
}

/* One member of an object. */
static int read_key(const struct conf_at *it, const struct conf_field *fields,
		    const char *const *also, void *ret)
{
	const struct conf_field *f = find_field(fields, it->key);
	char path[CONF_PATH_MAX];

	if (f->type == CONF_TYPE_GONE) {
		conf_warning(it->errs, json_key_place(it->doc, it->node),
			     conf_path(it, path), "this key has gone; %s", f->help);
		return 0;
	}
	if (f->type != CONF_TYPE_END)
		return conf_read_value(it, f, ret);
	if (listed(also, it->key))
		return 0;
	complain_key(it, fields, also);
	return -EINVAL;
}

int conf_read(const struct conf_at *at, const struct conf_field *fields,
	      const char *const *also, void *ret)
{
	int r = 0;

	conf_defaults(fields, ret);
	if (!at->node)
		return 0;
	if (!cJSON_IsObject(at->node)) {
		conf_complain(at, "expected an object: { ... }");
		return -EINVAL;
	}
	for (struct conf_at it = conf_first(at); it.node; it = conf_next(&it))
		if (read_key(&it, fields, also, ret) < 0)
			r = -EINVAL;
	if (check_required(at, fields) < 0)
		r = -EINVAL;
	return r;
}

const char *conf_text(const struct conf_at *at)
{
	if (cJSON_IsString(at->node))
		return at->node->valuestring;
	conf_complain(at, at->node ? "expected text in double quotes" : "missing; text");
	return NULL;
}
