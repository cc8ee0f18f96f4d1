/* Data that come in as JSON. */
#ifndef DAEMON_LINK_DATUM_IN_H
#define DAEMON_LINK_DATUM_IN_H
#include <cjson/cJSON.h>

#include "daemon/base/macros.h"
#include "daemon/state/value.h"

/*
 * Make the datum for a value declared as @info from @json: lists of 3 and 4 numbers are vectors and
 * quaternions where one is declared, other lists are tables with the keys "1", "2" ...; null is always
 * one. A number must be in the declared range.
 * Returns 0 with *@ret for the caller to give back; -EINVAL when it does not fit, and why in @why (of
 * @size bytes): "must be a number, -1 to 1"; -ENOMEM.
 */
int datum_in(const cJSON *json, const struct value_info *info, struct datum *ret,
	     char *why, size_t size) MUST_CHECK;

#endif
