/* Numbers in raw bytes: what the decoders of most chips need. */
#ifndef DRIVERS_BYTES_H
#define DRIVERS_BYTES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Two bytes as a signed number, high or low byte first; and as one without sign. */
static inline int bytes_s16be(const uint8_t *b)
{
	return (int16_t)(uint16_t)(b[0] << 8 | b[1]);
}

static inline int bytes_s16le(const uint8_t *b)
{
	return (int16_t)(uint16_t)(b[0] | b[1] << 8);
}

static inline int bytes_u16be(const uint8_t *b)
{
	return b[0] << 8 | b[1];
}

static inline int bytes_u16le(const uint8_t *b)
{
	return b[0] | b[1] << 8;
}

/* Are they what is read while the data line is stuck high? */
static inline bool bytes_all_ones(const uint8_t *b, size_t len)
{
	while (len > 0 && b[len - 1] == 0xff)
		len--;
	return len == 0;
}

/* The checksum of Sensirion's and Aosong's chips: x^8 + x^5 + x^4 + 1 from 0xff; that of 0xbeef is 0x92. */
static inline uint8_t bytes_crc8(const uint8_t *b, size_t len)
{
	unsigned crc = 0xff;

	for (size_t i = 0; i < len; i++) {
		crc ^= b[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 0x80 ? (crc << 1 ^ 0x31) & 0xff : crc << 1;
	}
	return (uint8_t)crc;
}

#endif
