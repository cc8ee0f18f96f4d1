/*
 * Another service as an actuator: each level is a call of one of its methods, with the time after which the
 * service goes safe by itself. Who has connections to services is behind struct peer_port (hal/peer.h).
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "drivers/driver.h"

enum { RAW_LEN = 4 }; /* the level as IEEE 754, low byte first; NaN cancels */

static int bus_probe(struct dev_io *io, const void *conf)
{
	(void)conf;
	return peer_check(io->peer.port, io->peer.peer);
}

static int bus_encode(const void *conf, const struct command *c, uint8_t *ret_raw)
{
	uint32_t bits;

	(void)conf;
	if (c->channel > 0 || c->value < 0 || c->value > 1)
		return -ERANGE;
	memcpy(&bits, &c->value, sizeof(bits));
	for (int i = 0; i < RAW_LEN; i++)
		ret_raw[i] = (uint8_t)(bits >> 8 * i);
	return RAW_LEN;
}

static int bus_write(struct dev_io *io, const void *conf, const uint8_t *raw, size_t len)
{
	struct peer_command c = {
		.peer = io->peer.peer,
		.method = io->peer.method,
		.valid_for_ns = io->peer.valid_for_ns,
	};
	uint32_t bits = 0;

	(void)conf;
	(void)len;
	for (int i = 0; i < RAW_LEN; i++)
		bits |= (uint32_t)raw[i] << 8 * i;
	memcpy(&c.value, &bits, sizeof(c.value));
	return io->peer.port->command(io->peer.port, &c);
}

static int bus_safe(const void *conf, uint8_t *ret_raw)
{
	const struct command off = {.value = NAN};

	return bus_encode(conf, &off, ret_raw);
}

const struct driver driver_bus__actuator = {
	.name = "bus",
	.summary = "another service as an actuator: one of its methods",
	.bus = BUS_PEER,
	.conf_key = "", /* peer, method and valid_for are all */
	.raw_max = RAW_LEN,
	.probe = bus_probe,
	.command_unit = "",
	.channels = 1,
	.encode = bus_encode,
	.write = bus_write,
	.safe = bus_safe,
};
