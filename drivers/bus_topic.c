/*
 * Another service as a sensor: each message of one of its topics is a reading. Who has connections to services is behind
 * struct peer_port (hal/peer.h).
 *
 * A message is bare JSON, or what an Instinct publishes (docs/CLI.md): an object with the datum as "v", and as "mono"
 * the time, CLOCK_MONOTONIC in ns, as text. null is a datum: nothing is measured now. Unlike a chip's bytes it takes
 * memory while it is decoded.
 */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/unit.h"
#include "drivers/chan_list.h"
#include "drivers/driver.h"

#define MESSAGE_LEN PEER_MESSAGE_MAX /* one that fills it was cut off */
#define ALL_CHANS (CHAN_BIT(CHAN_COUNT) - 1)

_Static_assert(MESSAGE_LEN <= DRIVER_BURST_MAX, "a message is a reading");

/* One channel, and where it is in a message. */
struct bus_field {
	double scale; /* from the unit there to ours */
	uint8_t chan;
	char path[39]; /* "range", "front.range"; "": the message itself */
};

struct bus_conf {
	double rate_hz;
	int64_t latency_ns;
	uint32_t chans;
	uint32_t n;
	struct bus_field field[DRIVER_SAMPLES];
};

static const struct conf_field bus_fields[] = {
	CONF_LIST("channels", NULL,
		  "What is measured: [\"distance\"]; where it is called otherwise there, "
		  "with "
		  "its name, or name and unit: { \"distance\": { \"field\": "
		  "\"front.range\", "
		  "\"unit\": \"mm\" } }. \"\" is the message itself."),
	CONF_REAL(
		bus_conf, rate_hz, 10, 0, 1000, "Hz",
		"How often the service publishes, at least; 0: when something changes."),
	CONF_DURATION_NS(
		bus_conf, latency_ns, 0, 0, NS_PER_S,
		"How long a message is on its way, if it does not tell when it was "
		"measured."),
	CONF_END,
};

static const char what_field[] =
	"its field in the message, such as { \"distance\": \"range\" } or "
	"{ \"distance\": { \"field\": \"range\", \"unit\": \"mm\" } }";

static int read_path(const struct conf_at *at, struct bus_field *f)
{
	const char *path = conf_text(at);

	if (!path)
		return -EINVAL;
	if (strlen(path) >= sizeof(f->path)) {
		conf_complain(at, "too long; at most %zu bytes", sizeof(f->path) - 1);
		return -EINVAL;
	}
	(void)snprintf(f->path, sizeof(f->path), "%s", path);
	return 0;
}

static int read_unit(const struct conf_at *at, struct bus_field *f)
{
	const char *ours = chan_info[f->chan].unit;
	const char *theirs = conf_text(at);
	const struct unit *u;

	if (!theirs)
		return -EINVAL;
	u = unit_find(theirs, strlen(theirs), ours);
	if (!u) {
		conf_complain(at, "%s has no unit \"%.20s\"; its own is \"%s\"",
			      chan_info[f->chan].name, theirs, ours);
		return -EINVAL;
	}
	f->scale = u->mul / u->div;
	return 0;
}

/* { "field": "range", "unit": "mm" } */
static int read_field(const struct conf_at *at, struct bus_field *f)
{
	static const char *const keys[] = {"field", "unit"};
	struct conf_at field = conf_child(at, "field");
	struct conf_at unit = conf_child(at, "unit");
	int r = 0;

	for (struct conf_at it = conf_first(at); it.node; it = conf_next(&it)) {
		if (strcmp(it.key, "field") == 0 || strcmp(it.key, "unit") == 0)
			continue;
		conf_complain_unknown(&it, "key", it.key, keys, ARRAY_LEN(keys));
		r = -EINVAL;
	}
	if (field.node && read_path(&field, f) < 0)
		r = -EINVAL;
	if (unit.node && read_unit(&unit, f) < 0)
		r = -EINVAL;
	return r;
}

static int read_channel(const struct conf_at *item, struct bus_conf *c)
{
	struct bus_field *f = &c->field[c->n];
	struct conf_at how;
	int chan = chan_list_item(item, ALL_CHANS, what_field, &c->chans, &how);

	if (chan < 0)
		return chan;
	if (c->n == ARRAY_LEN(c->field)) {
		conf_complain(item, "too many; at most %d channels", DRIVER_SAMPLES);
		return -EINVAL;
	}
	c->n++;
	f->chan = (uint8_t)chan;
	f->scale = 1;
	(void)snprintf(f->path, sizeof(f->path), "%s", chan_info[chan].name);
	if (!how.node)
		return 0;
	return cJSON_IsObject(how.node) ? read_field(&how, f) : read_path(&how, f);
}

static int bus_conf_read(const struct conf_at *at, void *conf)
{
	struct conf_at list = conf_child(at, "channels");
	struct bus_conf *c = conf;
	int r = 0;

	c->chans = c->n = 0;
	memset(c->field, 0, sizeof(c->field)); /* plans compare settings byte by byte */
	for (struct conf_at it = conf_first(&list); it.node; it = conf_next(&it))
		if (read_channel(&it, c) < 0)
			r = -EINVAL;
	if (r == 0 && at->node && c->chans == 0) {
		conf_complain(&list, "missing; what is measured, such as "
				     "[\"distance\"]");
		r = -EINVAL;
	}
	return r;
}

static uint32_t bus_measures(const void *conf)
{
	return ((const struct bus_conf *)conf)->chans;
}

static int64_t bus_period_ns(const void *conf)
{
	double rate_hz = ((const struct bus_conf *)conf)->rate_hz;

	return rate_hz > 0 ? (int64_t)((double)NS_PER_S / rate_hz) : 0;
}

static int bus_probe(struct dev_io *io, const void *conf)
{
	(void)conf;
	return peer_check(io->peer.port, io->peer.peer);
}

static int bus_wait(struct dev_io *io, const void *conf, int64_t until_ns,
		    int64_t *ret_t_ns)
{
	int r = peer_topic_wait(io->peer.topic, until_ns, ret_t_ns);

	if (r == 0)
		*ret_t_ns -= ((const struct bus_conf *)conf)->latency_ns;
	return r;
}

static int bus_read(struct dev_io *io, const void *conf, uint8_t *raw)
{
	uint32_t lost;
	size_t len = peer_topic_read(io->peer.topic, raw, MESSAGE_LEN, &lost);

	(void)conf;
	io->lost += lost;
	return (int)len;
}

static int nonsense(const char *what)
{
	return error_set(-EBADMSG, "a message that %s", what);
}

/* The JSON of a message, for the caller to free. NULL after an error. */
static cJSON *parse(const uint8_t *raw, size_t len)
{
	struct conf_errors errs = {0};
	cJSON *json = NULL;
	int r;

	if (len >= MESSAGE_LEN) {
		(void)error_set(-EBADMSG, "a message of %d bytes or more", MESSAGE_LEN);
		return NULL;
	}
	r = json_message_parse((const char *)raw, len, MESSAGE_LEN, "message", &errs,
			       &json);
	conf_errors_fini(&errs);
	if (r < 0)
		(void)nonsense(r == -ENOMEM ? "there is no memory for" : "is not JSON");
	return r < 0 ? NULL : json;
}

/* When it was measured, as the message has it; *ret stays where it has not. */
static int read_time(const cJSON *json, int64_t came_ns, int64_t *ret)
{
	const cJSON *mono = cJSON_GetObjectItemCaseSensitive(json, "mono");
	const char *text = cJSON_GetStringValue(mono);
	int64_t t_ns;
	char *end;

	if (!mono)
		return 0;
	if (!text || text[0] < '0' || text[0] > '9')
		return nonsense("has no time as \"mono\": ns, as text");
	errno = 0;
	t_ns = strtoll(text, &end, 10);
	if (*end != '\0' || errno == ERANGE)
		return nonsense("has no time as \"mono\": ns, as text");
	if (t_ns > came_ns)
		return nonsense("was measured after it came: the clock of another "
				"machine");
	*ret = t_ns;
	return 0;
}

/* What is at @path, words joined by points, of @json. NULL: nothing. null is at any place below null. */
static const cJSON *at_path(const cJSON *json, const char *path)
{
	char word[sizeof(((struct bus_field *)0)->path)];

	while (json && *path && !cJSON_IsNull(json)) {
		size_t len = strcspn(path, ".");

		(void)snprintf(word, sizeof(word), "%.*s", (int)len, path);
		json = cJSON_IsObject(json) ? cJSON_GetObjectItemCaseSensitive(json, word)
					    : NULL;
		path += len + (path[len] == '.');
	}
	return json;
}

static float number(const cJSON *json, double scale)
{
	double v = json->valuedouble * scale;

	return fabs(v) > (double)FLT_MAX ? INFINITY : (float)v;
}

/* The numbers of one channel, or -EBADMSG. */
static int read_numbers(const cJSON *json, const struct bus_field *f, float ret[3])
{
	const struct chan_info *info = &chan_info[f->chan];

	if (cJSON_IsNull(json)) {
		for (int i = 0; i < info->width; i++)
			ret[i] = NAN;
		return 0;
	}
	if (info->is_bool && cJSON_IsBool(json)) {
		ret[0] = cJSON_IsTrue(json) ? 1 : 0;
		return 0;
	}
	if (info->width == 1) {
		if (!cJSON_IsNumber(json) || info->is_bool)
			return -EBADMSG;
		ret[0] = number(json, f->scale);
		return 0;
	}
	if (!cJSON_IsArray(json) || cJSON_GetArraySize(json) != info->width)
		return -EBADMSG;
	for (int i = 0; i < info->width; i++) {
		const cJSON *item = cJSON_GetArrayItem(json, i);

		if (!cJSON_IsNumber(item))
			return -EBADMSG;
		ret[i] = number(item, f->scale);
	}
	return 0;
}

static int refuse_field(const struct bus_field *f, bool missing)
{
	const struct chan_info *info = &chan_info[f->chan];

	return error_set(-EBADMSG, "a message whose %s%s%s, for %s, %s%s",
			 f->path[0] ? "\"" : "datum", f->path, f->path[0] ? "\"" : "",
			 info->name, missing ? "is missing" : "is not ",
			 missing           ? ""
			 : info->is_bool   ? "true or false"
			 : info->width > 1 ? "three numbers"
					   : "a number");
}

static int decode_json(const struct bus_conf *c, const cJSON *json, int64_t t_ns,
		       struct sample *ret)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(json, "v");
	int r = v ? read_time(json, t_ns + c->latency_ns, &t_ns) : 0;

	for (uint32_t i = 0; i < c->n && r == 0; i++) {
		const struct bus_field *f = &c->field[i];
		const cJSON *at = at_path(v ? v : json, f->path);

		ret[i] = (struct sample){.t_ns = t_ns, .chan = (enum chan)f->chan};
		if (!at || read_numbers(at, f, ret[i].v) < 0)
			r = refuse_field(f, !at);
	}
	return r < 0 ? r : (int)c->n;
}

static int bus_decode(const void *conf, const uint8_t *trim, const uint8_t *raw,
		      size_t len, int64_t t_ns, struct sample *ret)
{
	cJSON *json = parse(raw, len);
	int r;

	(void)trim;
	if (!json)
		return -EBADMSG;
	r = decode_json(conf, json, t_ns, ret);
	cJSON_Delete(json);
	return r;
}

const struct driver driver_bus__sensor = {
	.name = "bus",
	.summary = "another service as a sensor: a topic that it publishes",
	.bus = BUS_TOPIC,
	.chans = ALL_CHANS,
	.measures = bus_measures,
	.conf = bus_fields,
	.conf_key = "message",
	.conf_size = sizeof(struct bus_conf),
	.conf_read = bus_conf_read,
	.raw_max = MESSAGE_LEN,
	.probe = bus_probe,
	.period_ns = bus_period_ns,
	.wait = bus_wait,
	.read = bus_read,
	.decode = bus_decode,
};
