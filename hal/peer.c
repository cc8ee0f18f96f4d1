/* Topics of other services: a short queue between who has the connection and the device that hears it. */
#include "hal/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/rt/error.h"
#include "daemon/rt/scope.h"
#include "daemon/rt/task.h"

int peer_check(const struct peer_port *port, const char *peer)
{
	if (port)
		return 0;
	return error_set(-ENOTCONN,
			 "no connection to the service %s: this daemon makes none yet",
			 peer);
}

int peer_topic_open(struct peer_port *port, const char *peer, const char *topic,
		    struct peer_topic **ret)
{
	struct peer_topic *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return -ENOMEM;
	t->peer = peer;
	t->name = topic;
	t->port = port;
	event_init(&t->came, topic);
	r = port->subscribe(port, t);
	if (r < 0) {
		free(t);
		return r;
	}
	*ret = t;
	return 0;
}

void peer_topic_close(struct peer_topic *t)
{
	if (!t)
		return;
	t->port->unsubscribe(t->port, t);
	free(t);
}

void peer_topic_deliver(struct peer_topic *t, const void *data, size_t len, int64_t t_ns)
{
	struct peer_message *m;

	if (t->count == PEER_QUEUE_MAX) {
		t->first = (t->first + 1) % PEER_QUEUE_MAX;
		t->count--;
		t->lost++;
	}
	m = &t->message[(t->first + t->count++) % PEER_QUEUE_MAX];
	m->t_ns = t_ns;
	m->len = len < PEER_MESSAGE_MAX ? len : PEER_MESSAGE_MAX;
	if (m->len > 0)
		memcpy(m->data, data, m->len);
	event_set(&t->came);
}

int peer_topic_wait(struct peer_topic *t, int64_t until_ns, int64_t *ret_t_ns)
{
	int r = task_checkpoint();

	while (r == 0 && t->count == 0) {
		struct scope s;

		scope_enter_until(&s, until_ns);
		r = scope_leave_timeout(&s, event_wait(&t->came));
	}
	if (r == 0)
		*ret_t_ns = t->message[t->first].t_ns;
	return r;
}

size_t peer_topic_read(struct peer_topic *t, uint8_t *ret, size_t size,
		       uint32_t *ret_lost)
{
	const struct peer_message *m = &t->message[t->first];
	size_t len;

	*ret_lost = t->lost;
	t->lost = 0;
	if (t->count == 0)
		return 0;
	len = m->len < size ? m->len : size;
	memcpy(ret, m->data, len);
	t->first = (t->first + 1) % PEER_QUEUE_MAX;
	t->count--;
	return len;
}
