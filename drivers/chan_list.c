/* Lists of channels in settings: ["accel", { "voltage": "voltage1" }]. */
#include "drivers/chan_list.h"

#include <errno.h>

/* The channel called @word, or -EINVAL after an error at @at. */
static int find_chan(const struct conf_at *at, uint32_t known, const char *word)
{
	const char *names[CHAN_COUNT] = {NULL};
	int c = chan_by_name(word);

	if (c >= 0 && (known & CHAN_BIT(c)))
		return c;
	for (c = 0; c < CHAN_COUNT; c++)
		if (known & CHAN_BIT(c))
			names[c] = chan_info[c].name;
	conf_complain_unknown(at, "channel", word, names, CHAN_COUNT);
	return -EINVAL;
}

/* { "voltage": "voltage1" } */
static int find_key(const struct conf_at *item, uint32_t known, const char *what,
		    struct conf_at *ret_how)
{
	struct conf_at it = conf_first(item);

	*ret_how = it;
	if (it.node && !conf_next(&it).node)
		return find_chan(ret_how, known, ret_how->key);
	conf_complain(item, "one channel and %s", what);
	return -EINVAL;
}

int chan_list_item(const struct conf_at *item, uint32_t known, const char *what,
		   uint32_t *chans, struct conf_at *ret_how)
{
	const char *word;
	int chan;

	if (cJSON_IsObject(item->node)) {
		chan = find_key(item, known, what, ret_how);
	} else {
		*ret_how = (struct conf_at){0};
		word = conf_text(item);
		chan = word ? find_chan(item, known, word) : -EINVAL;
	}
	if (chan < 0)
		return -EINVAL;
	if (*chans & CHAN_BIT(chan)) {
		conf_complain(item, "%s is there already", chan_info[chan].name);
		return -EINVAL;
	}
	*chans |= CHAN_BIT(chan);
	return chan;
}
