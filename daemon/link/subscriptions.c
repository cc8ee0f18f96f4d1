/* Who listens to what. */
#include "daemon/link/subscriptions.h"

#include <stdlib.h>
#include <string.h>

struct prefix {
	struct link link;
	size_t len;
	char text[];
};

void subscriptions_init(struct subscriptions *s)
{
	*s = (struct subscriptions){.generation = 1};
	list_init(&s->prefixes);
}

void subscriptions_fini(struct subscriptions *s)
{
	struct link *k;

	while ((k = list_pop(&s->prefixes)) != NULL)
		free(container_of(k, struct prefix, link));
	s->count = 0;
}

static struct prefix *find(const struct subscriptions *s, const char *text, size_t len)
{
	list_each(p, &s->prefixes, struct prefix,
		  link) if (p->len == len && memcmp(p->text, text, len) == 0) return p;
	return NULL;
}

void subscriptions_add(struct subscriptions *s, const char *prefix, size_t len)
{
	struct prefix *p;

	if (len > SUBSCRIPTION_LEN_MAX || find(s, prefix, len))
		return;
	s->generation++;
	p = s->count < SUBSCRIPTIONS_MAX ? malloc(sizeof(*p) + len) : NULL;
	if (!p) {
		s->crowded = true;
		return;
	}
	p->link = (struct link){0};
	p->len = len;
	memcpy(p->text, prefix, len);
	list_push(&s->prefixes, &p->link);
	s->count++;
}

void subscriptions_remove(struct subscriptions *s, const char *prefix, size_t len)
{
	struct prefix *p = find(s, prefix, len);

	if (!p)
		return;
	s->generation++;
	link_remove(&p->link);
	free(p);
	s->count--;
	if (s->count == 0)
		s->crowded = false;
}

bool subscriptions_match(const struct subscriptions *s, const char *name)
{
	size_t len = strlen(name);

	if (s->crowded)
		return true;
	list_each(p, &s->prefixes, struct prefix,
		  link) if (p->len <= len &&
			    memcmp(p->text, name, p->len) == 0) return true;
	return false;
}
