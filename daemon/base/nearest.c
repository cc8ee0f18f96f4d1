/* Nearest names by edit distance (optimal string alignment). */
#include "daemon/base/nearest.h"

#include <ctype.h>
#include <string.h>

enum { WORD_MAX = 63 };

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static int same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Three rows of the usual table are enough: a swap looks two rows back. */
static unsigned distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned rows[3][WORD_MAX + 1];
	unsigned *two = rows[0];
	unsigned *one = rows[1];
	unsigned *row = rows[2];

	for (size_t j = 0; j <= nb; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned *spare = two;

		two = one;
		one = row;
		row = spare;
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			unsigned d = one[j - 1] + !same(a[i - 1], b[j - 1]);

			d = smaller(d, smaller(one[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) &&
			    same(a[i - 2], b[j - 1]))
				d = smaller(d, two[j - 2] + 1);
			row[j] = d;
		}
	}
	return row[nb];
}

/* Is the longer of the two the shorter one with more words behind it? */
static int goes_on(const char *a, size_t na, const char *b, size_t nb)
{
	if (na > nb)
		return goes_on(b, nb, a, na);
	return na > 0 && nb > na && b[na] == '_' && strncmp(a, b, na) == 0;
}

const char *nearest_name(const char *word, const char *const *names, size_t n)
{
	size_t len = strlen(word);
	unsigned best_d = (unsigned)(len + 2) / 3 + 1;
	const char *best = NULL;

	if (len == 0 || len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t name_len = names[i] ? strlen(names[i]) : 0;
		unsigned d;

		if (name_len == 0 || name_len > WORD_MAX)
			continue;
		d = goes_on(word, len, names[i], name_len)
			    ? 1
			    : distance(word, len, names[i], name_len);
		/* A guess that replaces every letter is none. */
		if (d < best_d && d < name_len) {
			best_d = d;
			best = names[i];
		}
	}
	return best;
}
