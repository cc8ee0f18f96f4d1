/* "Did you mean ...": the known name that a mistyped one was probably meant to be. */
#ifndef DAEMON_BASE_NEAREST_H
#define DAEMON_BASE_NEAREST_H
#include <stddef.h>

/*
 * The one of the @n @names nearest to @word, the first of equals, or NULL when none is near enough to
 * be worth a guess. Insertions, deletions, replacements and swaps of neighbours count one each, upper
 * and lower case are the same; about one mistake in three letters is near enough. A name that merely
 * goes on after an underscore ("rate" and "rate_hz") is near as well. NULL names are skipped.
 * Words longer than 63 bytes have no neighbours.
 */
const char *nearest_name(const char *word, const char *const *names, size_t n);

#endif
