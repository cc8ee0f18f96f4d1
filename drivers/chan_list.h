/* What drivers for chips of any kind share: how their settings list the channels that are wanted. */
#ifndef DRIVERS_CHAN_LIST_H
#define DRIVERS_CHAN_LIST_H
#include "daemon/base/conf.h"
#include "daemon/base/macros.h"
#include "daemon/base/sample.h"

/*
 * Read @item of such a list: the name of a channel, one of @known (CHAN_BIT()s), or an object with that as its only key.
 * *@chans are those that were there before, and get the new one. What stands behind the name is *@ret_how, which points to
 * @item; its node is NULL where there is but the name. @what says what is to stand there, for errors:
 * "the kernel's name of it, such as { \"voltage\": \"voltage1\" }".
 * Returns the channel, or -EINVAL after errors.
 */
int chan_list_item(const struct conf_at *item, uint32_t known, const char *what,
		   uint32_t *chans, struct conf_at *ret_how) MUST_CHECK;

#endif
