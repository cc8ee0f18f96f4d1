/* UTF-8: the table of well-formed sequences (Unicode 15, table 3-7) as code. */
#include "daemon/base/utf8.h"

#include <stdint.h>

size_t utf8_char(const char *s, size_t n)
{
	const uint8_t *b = (const uint8_t *)s;
	/* The second byte is where overlong forms and surrogates show. */
	uint8_t low = 0x80;
	uint8_t high = 0xbf;
	size_t len;

	if (n == 0)
		return 0;
	if (b[0] < 0x80)
		return 1;
	if (b[0] < 0xc2 || b[0] > 0xf4)
		return 0;
	len = b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
	if (b[0] == 0xe0)
		low = 0xa0;
	else if (b[0] == 0xed)
		high = 0x9f;
	else if (b[0] == 0xf0)
		low = 0x90;
	else if (b[0] == 0xf4)
		high = 0x8f;
	if (n < len || b[1] < low || b[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if (b[i] < 0x80 || b[i] > 0xbf)
			return 0;
	return len;
}
