/*
 * An intrusive doubly linked list. The owner embeds a struct list as head and a struct link in each
 * element; nothing is allocated. A link that is in no list has next == NULL.
 */
#ifndef DAEMON_BASE_LIST_H
#define DAEMON_BASE_LIST_H
#include <stdbool.h>
#include <stddef.h>

#include "daemon/base/macros.h"

struct link {
	struct link *prev, *next;
};

/* Invariant: head is part of the ring; an empty list's head points at itself. */
struct list {
	struct link head;
};

static inline void list_init(struct list *l)
{
	l->head.prev = l->head.next = &l->head;
}

static inline bool list_empty(const struct list *l)
{
	return l->head.next == &l->head;
}

static inline bool link_linked(const struct link *k)
{
	return k->next != NULL;
}

static inline void link_insert_before(struct link *pos, struct link *k)
{
	k->prev = pos->prev;
	k->next = pos;
	pos->prev->next = k;
	pos->prev = k;
}

static inline void list_push(struct list *l, struct link *k)
{
	link_insert_before(&l->head, k);
}

static inline void list_push_front(struct list *l, struct link *k)
{
	link_insert_before(l->head.next, k);
}

/* Take @k out of the list it is in; nothing happens to one that is in none. */
static inline void link_remove(struct link *k)
{
	if (!k->next)
		return;
	k->prev->next = k->next;
	k->next->prev = k->prev;
	k->prev = k->next = NULL;
}

/* The first link, taken out; NULL when empty. */
static inline struct link *list_pop(struct list *l)
{
	struct link *k = l->head.next;

	if (k == &l->head)
		return NULL;
	l->head.next = k->next;
	k->next->prev = &l->head;
	k->prev = k->next = NULL;
	return k;
}

/* Move all of @from to the end of @to. */
static inline void list_splice(struct list *to, struct list *from)
{
	if (list_empty(from))
		return;
	from->head.next->prev = to->head.prev;
	to->head.prev->next = from->head.next;
	from->head.prev->next = &to->head;
	to->head.prev = from->head.prev;
	list_init(from);
}

/* The first element (struct @type with link @member), or NULL. */
#define list_first(l, type, member)                                                      \
	(list_empty(l) ? NULL : container_of((l)->head.next, type, member))

/* Walk the elements; the body may not remove any. */
#define list_each(pos, l, type, member)                                                  \
	for (type *pos = container_of((l)->head.next, type, member);                     \
	     &pos->member != &(l)->head;                                                 \
	     pos = container_of(pos->member.next, type, member))

/* The same; the body may remove @pos. */
#define list_each_safe(pos, l, type, member)                                             \
	for (type *pos = container_of((l)->head.next, type, member),                     \
		  *pos##_next = container_of(pos->member.next, type, member);            \
	     &pos->member != &(l)->head; pos = pos##_next,                               \
		  pos##_next = container_of(pos->member.next, type, member))

#endif
