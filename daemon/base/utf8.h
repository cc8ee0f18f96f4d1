/* UTF-8 from outside, one character at a time (RFC 3629). */
#ifndef DAEMON_BASE_UTF8_H
#define DAEMON_BASE_UTF8_H
#include <stddef.h>

/*
 * The length in bytes, 1 to 4, of the character that starts at @s, where @n bytes are left; 0 if
 * they do not start with a well-formed one. Overlong forms, surrogates and what lies beyond U+10FFFF
 * are not well-formed.
 */
size_t utf8_char(const char *s, size_t n);

#endif
