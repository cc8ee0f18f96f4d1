/* Data that come in as JSON. */
#include "daemon/link/datum_in.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_LEN 24 /* of a list's item: "1" */

static int any_in(const cJSON *json, struct datum *ret);

static int numbers_in(const cJSON *json, enum datum_type type, int n, struct datum *ret)
{
	const cJSON *item;
	int i = 0;

	if (!cJSON_IsArray(json) || cJSON_GetArraySize(json) != n)
		return -EINVAL;
	*ret = (struct datum){.type = type};
	cJSON_ArrayForEach(item, json)
	{
		if (!cJSON_IsNumber(item))
			return -EINVAL;
		ret->v[i++] = item->valuedouble;
	}
	return 0;
}

/* The members of @json with their keys; @texts is where those of a list are written. */
static int members_in(const cJSON *json, const char **keys, char (*texts)[KEY_LEN],
		      struct datum *values, size_t *ret_n)
{
	const cJSON *item;
	size_t n = 0;
	int r = 0;

	cJSON_ArrayForEach(item, json)
	{
		snprintf(texts[n], KEY_LEN, "%zu", n + 1);
		keys[n] = item->string ? item->string : texts[n];
		r = any_in(item, &values[n]);
		if (r < 0)
			break;
		n++;
	}
	*ret_n = n;
	return r;
}

static int table_in(const cJSON *json, struct datum *ret)
{
	size_t room = (size_t)cJSON_GetArraySize(json) + 1;
	const char **keys = calloc(room, sizeof(*keys));
	char(*texts)[KEY_LEN] = calloc(room, sizeof(*texts));
	struct datum *values = calloc(room, sizeof(*values));
	size_t n = 0;
	int r = -ENOMEM;

	if (keys && texts && values)
		r = members_in(json, keys, texts, values, &n);
	if (r == 0)
		r = datum_table(keys, values, n, ret); /* takes the values over */
	else
		while (n > 0)
			datum_fini(&values[--n]);
	free(keys);
	free(texts);
	free(values);
	return r;
}

static int any_in(const cJSON *json, struct datum *ret)
{
	if (cJSON_IsString(json))
		return datum_string(json->valuestring, strlen(json->valuestring), ret);
	if (cJSON_IsArray(json) || cJSON_IsObject(json))
		return table_in(json, ret);
	if (cJSON_IsNumber(json))
		*ret = datum_number(json->valuedouble);
	else if (cJSON_IsBool(json))
		*ret = datum_bool(cJSON_IsTrue(json));
	else
		*ret = datum_null();
	return 0;
}

static int typed_in(const cJSON *json, const struct value_info *info, struct datum *ret)
{
	int r;

	if (cJSON_IsNull(json) || !info->typed)
		return any_in(json, ret);
	if (info->type == DATUM_VEC3)
		return numbers_in(json, DATUM_VEC3, 3, ret);
	if (info->type == DATUM_QUAT)
		return numbers_in(json, DATUM_QUAT, 4, ret);
	r = any_in(json, ret);
	if (r == 0 && ret->type != info->type) {
		datum_fini(ret);
		r = -EINVAL;
	}
	return r;
}

static bool has_range(const struct value_info *info)
{
	return info->min != 0 || info->max != 0;
}

static bool in_range(const struct value_info *info, const struct datum *d)
{
	return !has_range(info) || d->type != DATUM_NUMBER ||
	       (d->n >= info->min && d->n <= info->max);
}

int datum_in(const cJSON *json, const struct value_info *info, struct datum *ret,
	     char *why, size_t size)
{
	const char *unit = info->unit ? info->unit : "";
	struct datum d;
	int r = typed_in(json, info, &d);

	if (r == 0 && !in_range(info, &d))
		r = -EINVAL;
	if (r == 0) {
		*ret = d;
		return 0;
	}
	if (info->type == DATUM_NUMBER && has_range(info))
		snprintf(why, size, "must be a number, %g to %g%s%s", info->min,
			 info->max, unit[0] ? " " : "", unit);
	else
		snprintf(why, size, "must be a %s", datum_type_name(info->type));
	return r;
}
