/* Who listens to what. */
#include "daemon/link/subscriptions.h"

#include <stdlib.h>
#include <string.h>

void subscriptions_init(struct subscriptions *s)
{
	s->count = 0;
	s->generation = 1;
	s->crowded = false;
}

void subscriptions_fini(struct subscriptions *s)
{
	while (s->count > 0)
		free(s->prefixes[--s->count]);
}

/* Where @prefix is; count if it is not there. */
static unsigned find(const struct subscriptions *s, const char *prefix)
{
	unsigned i = 0;

	while (i < s->count && strcmp(s->prefixes[i], prefix) != 0)
		i++;
	return i;
}

void subscriptions_add(struct subscriptions *s, const char *prefix)
{
	char *copy;

	if (find(s, prefix) < s->count)
		return;
	s->generation++;
	copy = s->count < SUBSCRIPTIONS_MAX ? strdup(prefix) : NULL;
	if (copy)
		s->prefixes[s->count++] = copy;
	else
		s->crowded = true;
}

void subscriptions_remove(struct subscriptions *s, const char *prefix)
{
	unsigned i = find(s, prefix);

	if (i == s->count)
		return;
	s->generation++;
	free(s->prefixes[i]);
	s->prefixes[i] = s->prefixes[--s->count];
	if (s->count == 0)
		s->crowded = false;
}

bool subscriptions_match(const struct subscriptions *s, const char *name)
{
	for (unsigned i = 0; i < s->count; i++)
		if (strncmp(s->prefixes[i], name, strlen(s->prefixes[i])) == 0)
			return true;
	return s->crowded;
}
