/*
 * Configuration tables: every key is declared once, beside the code that uses it, and the table is the
 * parser, the error messages and the reference page.
 *
 *     struct bmp280_conf {
 *             int oversample;
 *             double rate_hz;
 *     };
 *
 *     static const struct conf_field bmp280_fields[] = {
 *             CONF_INT(bmp280_conf, oversample, 4, 1, 16, "x", "Pressure oversampling."),
 *             CONF_REAL(bmp280_conf, rate_hz, 10, 0.5, 50, "Hz", "How often to read."),
 *             CONF_END,
 *     };
 *
 * A key is called like the member that holds it, less the unit at the member's end: rate_hz is "rate",
 * stale_after_ns is "stale_after", height_m is "height". The unit is in the file only where somebody
 * writes it: a number is in the field's unit, and a text like "50Hz" or "180deg/s" is converted to it
 * (unit.h). Structs filled from tables hold no pointers, so they are copied by assignment.
 */
#ifndef DAEMON_BASE_CONF_H
#define DAEMON_BASE_CONF_H
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "daemon/base/json.h"
#include "daemon/base/macros.h"

enum conf_type {
	CONF_TYPE_END,
	CONF_TYPE_INT,
	CONF_TYPE_REAL,
	CONF_TYPE_PAIR,
	CONF_TYPE_BOOL,
	CONF_TYPE_STRING,
	CONF_TYPE_ENUM,
	CONF_TYPE_DURATION,
	CONF_TYPE_SIZE,
	CONF_TYPE_ADDR,
	CONF_TYPE_TABLE,
	CONF_TYPE_MAP,
	CONF_TYPE_LIST,
	CONF_TYPE_ANY,
	CONF_TYPE_GONE,
};

/* One row; made by the macros below. */
struct conf_field {
	const char *name; /* the member, or the key itself where there is no member */
	enum conf_type type;
	size_t offset;
	size_t size; /* of the member */
	double def;
	double def2; /* the upper default of a pair */
	double min;
	double max;
	const char *unit;
	const char *def_text;
	const char *const *names;        /* of an enum, NULL-terminated */
	const struct conf_field *fields; /* of a table, or of each instance */
	const char *help; /* of a key that has gone: what to write instead */
};

/* As the default of a number, an address, a bool or an enum: the key must be there. */
#define CONF_REQUIRED ((double)INFINITY)

/* The offset of a member that must be of type @type. */
#define CONF_AT(tag, member, type)                                                       \
	_Generic(((struct tag *)0)->member, type : offsetof(struct tag, member))
#define CONF_AT_REAL(tag, member)                                                        \
	_Generic(((struct tag *)0)->member, double                                       \
		 : offsetof(struct tag, member), float                                   \
		 : offsetof(struct tag, member))
#define CONF_SIZEOF(tag, member) sizeof(((struct tag *)0)->member)

/* int. @unit is "" for a plain number; "x", "%" or a count's name read as units do. */
#define CONF_INT(tag, member, default_, min_, max_, unit_, help_)                        \
	{                                                                                \
		.name = #member, .type = CONF_TYPE_INT,                                  \
		.offset = CONF_AT(tag, member, int), .size = sizeof(int),                \
		.def = (default_), .min = (min_), .max = (max_), .unit = (unit_),        \
		.help = (help_)                                                          \
	}

/* double or float, in @unit. NAN as the default stands for "not set". */
#define CONF_REAL(tag, member, default_, min_, max_, unit_, help_)                       \
	{                                                                                \
		.name = #member, .type = CONF_TYPE_REAL,                                 \
		.offset = CONF_AT_REAL(tag, member), .size = CONF_SIZEOF(tag, member),   \
		.def = (double)(default_), .min = (double)(min_), .max = (double)(max_), \
		.unit = (unit_), .help = (help_)                                         \
	}

/* double[2], written as a list of two, the first below the second: ["-60deg", "60deg"]. */
#define CONF_PAIR(tag, member, low_, high_, min_, max_, unit_, help_)                    \
	{                                                                                \
		.name = #member, .type = CONF_TYPE_PAIR,                                 \
		.offset = CONF_AT(tag, member[0], double),                               \
		.size = CONF_SIZEOF(tag, member), .def = (double)(low_),                 \
		.def2 = (double)(high_), .min = (double)(min_), .max = (double)(max_),   \
		.unit = (unit_), .help = (help_)                                         \
	}

/* bool. */
#define CONF_BOOL(tag, member, default_, help_)                                          \
	{                                                                                \
		.name = #member, .type = CONF_TYPE_BOOL,                                 \
		.offset = CONF_AT(tag, member, bool), .size = sizeof(bool),              \
		.def = (default_), .unit = "", .help = (help_)                           \
	}

/* char[N]: a text of at most N - 1 bytes. NULL as the default: the key must be there. */
#define CONF_STRING(tag, member, default_, help_)                                        \
	{                                                                                \
		.name = #member, .type = CONF_TYPE_STRING,                               \
		.offset = CONF_AT(tag, member[0], char),                                 \
		.size = CONF_SIZEOF(tag, member), .def_text = (default_), .unit = "",    \
		.help = (help_)                                                          \
	}

/* int or an enum: the index into @names, a NULL-terminated list. */
#define CONF_ENUM(tag, member, default_, names_, help_)                                  \
	{                                                                                \
		.name = #member, .type = CONF_TYPE_ENUM,                                 \
		.offset =                                                                \
			offsetof(struct tag, member) +                                   \
			0 * sizeof(char[CONF_SIZEOF(tag, member) == sizeof(int) ? 1      \
										: -1]),  \
		.size = sizeof(int), .def = (default_), .unit = "", .names = (names_),   \
		.help = (help_)                                                          \
	}

/* int64_t nanoseconds, the limits too (at most 2^53, 104 days). A bare number is in seconds. */
#define CONF_DURATION_NS(tag, member, default_, min_, max_, help_)                       \
	{                                                                                \
		.name = #member, .type = CONF_TYPE_DURATION,                             \
		.offset = CONF_AT(tag, member, int64_t), .size = sizeof(int64_t),        \
		.def = (double)(default_), .min = (double)(min_), .max = (double)(max_), \
		.unit = "s", .help = (help_)                                             \
	}

/* size_t bytes, at most 2^53. */
#define CONF_SIZE(tag, member, default_, min_, max_, help_)                              \
	{                                                                                \
		.name = #member, .type = CONF_TYPE_SIZE,                                 \
		.offset = CONF_AT(tag, member, size_t), .size = sizeof(size_t),          \
		.def = (double)(default_), .min = (double)(min_), .max = (double)(max_), \
		.unit = "B", .help = (help_)                                             \
	}

/* int: a 7-bit I2C address, 0x03 to 0x77, as a number or "0x40". A default of 0 is "none given". */
#define CONF_ADDR(tag, member, default_, help_)                                          \
	{                                                                                \
		.name = #member, .type = CONF_TYPE_ADDR,                                 \
		.offset = CONF_AT(tag, member, int), .size = sizeof(int),                \
		.def = (default_), .min = 0x03, .max = 0x77, .unit = "", .help = (help_) \
	}

/* A struct with a table of its own. */
#define CONF_TABLE(tag, member, fields_, help_)                                          \
	{                                                                                \
		.name = #member, .type = CONF_TYPE_TABLE,                                \
		.offset = offsetof(struct tag, member),                                  \
		.size = CONF_SIZEOF(tag, member), .unit = "", .fields = (fields_),       \
		.help = (help_)                                                          \
	}

/*
 * Keys that are checked to be an object of named instances, a list, or anything, and that the module
 * reads itself, with conf_child() and conf_first(). @fields is the table of each instance, for the
 * reference page; NULL if there is no single one.
 */
#define CONF_MAP(key_, fields_, help_) CONF_NAMED(key_, CONF_TYPE_MAP, fields_, help_)
#define CONF_LIST(key_, fields_, help_) CONF_NAMED(key_, CONF_TYPE_LIST, fields_, help_)
#define CONF_ANY(key_, help_) CONF_NAMED(key_, CONF_TYPE_ANY, NULL, help_)

/* A key of former versions: a warning that says what to write instead. */
#define CONF_GONE(key_, instead_) CONF_NAMED(key_, CONF_TYPE_GONE, NULL, instead_)

#define CONF_NAMED(key_, type_, fields_, help_)                                          \
	{                                                                                \
		.name = (key_), .type = (type_), .unit = "", .fields = (fields_),        \
		.help = (help_)                                                          \
	}

#define CONF_END                                                                         \
	{                                                                                \
		.type = CONF_TYPE_END                                                    \
	}

/*
 * A place in a document while it is read: a value with the way to it. Borrows all it points to; lives
 * on the stack, below the one it came from.
 */
struct conf_at {
	const struct json_doc *doc;
	struct conf_errors *errs;
	const cJSON *node; /* NULL: not there; reading gives defaults */
	const struct conf_at *up;
	const char *key; /* NULL: an item of a list, or the root */
	size_t index;
};

/* The root of @doc. */
struct conf_at conf_root(const struct json_doc *doc, struct conf_errors *errs);

/* The member @key of @up; its node is NULL if there is none. */
struct conf_at conf_child(const struct conf_at *up, const char *key);

/*
 * Walk the members of an object, or the items of a list, in the order of the file. What is neither, or
 * not there, has none. Ends with a node of NULL:
 *
 *     for (struct conf_at it = conf_first(&sensors); it.node; it = conf_next(&it))
 */
struct conf_at conf_first(const struct conf_at *up);
struct conf_at conf_next(const struct conf_at *it);

/* Room for the path of any place; longer ones are cut. */
#define CONF_PATH_MAX 256

/* Write the path of @at, such as "sensors.imu" or "bus.import[0]", to @buf (CONF_PATH_MAX). Returns @buf. */
const char *conf_path(const struct conf_at *at, char *buf);

/* Report an error about the value at @at: "what; allowed". */
void conf_complain(const struct conf_at *at, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Report, about the value at @at, what is no error but may not be what somebody meant. */
void conf_warn(const struct conf_at *at, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * Report that @word, at @at, names no known @kind ("bus", "line"): says which of the @n @names
 * there are, and the nearest one. NULL names are skipped.
 */
void conf_complain_unknown(const struct conf_at *at, const char *kind, const char *word,
			   const char *const *names, size_t n);

/*
 * Do two structs of @size bytes, both filled by conf_read() in memory that was zero before, hold the same?
 * Then what lies between their members and behind the ends of texts is zero, too.
 */
bool conf_same(const void *a, const void *b, size_t size);

/* Set all members of @ret to their defaults; required ones to 0, NaN or "". */
void conf_defaults(const struct conf_field *fields, void *ret);

/*
 * Fill the struct @ret from the object at @at: defaults first, then every key that is there. Each key
 * that is unknown, of the wrong type or unit, or out of range, and each required one that is missing,
 * is an error in @at->errs, and its member keeps the default. @also, NULL or a NULL-terminated list, are
 * keys that are read elsewhere, such as the names of all chips. An object that is not there lacks nothing:
 * keys are required of those who write it.
 * Returns 0, or -EINVAL after errors; who looks at the list in the end may ignore it.
 */
int conf_read(const struct conf_at *at, const struct conf_field *fields,
	      const char *const *also, void *ret);

/*
 * Read the single value at @at as the field @f (of a map or list of plain values) into the struct
 * @ret. Returns 0, or -EINVAL after errors.
 */
int conf_read_value(const struct conf_at *at, const struct conf_field *f,
		    void *ret) MUST_CHECK;

/* The text at @at, alive as long as the document; NULL after the error that it is no text. */
const char *conf_text(const struct conf_at *at);

/* The length of the key of @f, whose name begins with it: less the unit at the member's end. */
size_t conf_key_len(const struct conf_field *f);

/*
 * Write one line per key to @out, tables and instances unfolded: path below @prefix, type, default,
 * range, help, separated by tabs.
 */
void conf_print_reference(const struct conf_field *fields, const char *prefix, FILE *out);

/* Has @f no default? */
bool conf_is_required(const struct conf_field *f);

/*
 * What is allowed for @f, as text for people: "0.5Hz to 50Hz", "limp, hold", "true or false". Written to
 * @buf of @size bytes, cut if need be. Returns @buf.
 */
const char *conf_allowed(const struct conf_field *f, char *buf, size_t size);

/* The default of @f as a person would write it; "" when the key must be there or has none. */
const char *conf_default_text(const struct conf_field *f, char *buf, size_t size);

#endif
