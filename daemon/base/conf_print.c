/* Configuration tables: the reference page. */
#include <string.h>

#include "daemon/base/conf.h"

enum { TEXT_MAX = 256 };

static const char *type_name(enum conf_type type)
{
	switch (type) {
	case CONF_TYPE_INT:
	case CONF_TYPE_REAL:
		return "number";
	case CONF_TYPE_PAIR:
		return "pair";
	case CONF_TYPE_BOOL:
		return "bool";
	case CONF_TYPE_STRING:
		return "text";
	case CONF_TYPE_ENUM:
		return "name";
	case CONF_TYPE_DURATION:
		return "duration";
	case CONF_TYPE_SIZE:
		return "size";
	case CONF_TYPE_ADDR:
		return "address";
	case CONF_TYPE_TABLE:
	case CONF_TYPE_MAP:
		return "object";
	case CONF_TYPE_LIST:
		return "list";
	case CONF_TYPE_ANY:
		return "any";
	case CONF_TYPE_GONE:
	case CONF_TYPE_END:
		break;
	}
	return "";
}

static void print_row(const struct conf_field *f, const char *path, FILE *out)
{
	char def[TEXT_MAX];
	char allowed[TEXT_MAX];

	conf_default_text(f, def, sizeof(def));
	fprintf(out, "%s\t%s\t%s\t%s\t%s\n", path, type_name(f->type),
		conf_is_required(f) ? "required" : def,
		conf_allowed(f, allowed, sizeof(allowed)), f->help);
}

void conf_print_reference(const struct conf_field *fields, const char *prefix, FILE *out)
{
	for (const struct conf_field *f = fields; f->type != CONF_TYPE_END; f++) {
		char path[CONF_PATH_MAX];
		const char *instance = "";

		if (f->type == CONF_TYPE_GONE)
			continue;
		if (f->type == CONF_TYPE_MAP)
			instance = ".NAME";
		else if (f->type == CONF_TYPE_LIST)
			instance = "[]";
		snprintf(path, sizeof(path), "%s%s%.*s", prefix, *prefix ? "." : "",
			 (int)conf_key_len(f), f->name);
		print_row(f, path, out);
		if (!f->fields)
			continue;
		strncat(path, instance, sizeof(path) - strlen(path) - 1);
		conf_print_reference(f->fields, path, out);
	}
}
