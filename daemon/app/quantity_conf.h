/* What quantity.c and the reading of its configuration share. */
#ifndef DAEMON_APP_QUANTITY_CONF_H
#define DAEMON_APP_QUANTITY_CONF_H
#include "daemon/app/quantity.h"

/* The values that one is made of; borrowed from the world. */
struct quantity_inputs {
	struct value *at[VOTE_MAX];
	unsigned n;
};

/* Read and check the value at @at; @ret_inputs are found unless there are some. Returns 0, or -EINVAL after errors in @at->errs. */
int quantity_read(const struct conf_at *at, const struct world *world,
		  struct quantity_conf *ret,
		  struct quantity_inputs *ret_inputs) MUST_CHECK;

#endif
