/*
 * The tokens of JSON, strictly: white space and comments, texts, numbers, words. The lower half of
 * jsonscan.c, which puts them together.
 */
#ifndef DAEMON_BASE_JSONTOKEN_H
#define DAEMON_BASE_JSONTOKEN_H
#include "daemon/base/conf_errors.h"
#include "daemon/base/jsonscan.h"

/* A text, or a key: what it says. */
struct scan_key {
	const char *s;
	size_t len;
	const char *start; /* its opening quote */
	char *plain; /* heap: what s points to where it had to be freed of escapes */
};

/* The objects and lists around the place being scanned, innermost first, for paths and depth. */
struct scan_level {
	const struct scan_level *up;
	const struct scan_key *key; /* the member being scanned; NULL in a list */
	size_t index;
	int depth;
};

struct scanner {
	const char *text;
	const char *end;
	const char *p;
	char *blank; /* or NULL: a message, where comments are errors */
	struct json_marks *marks;
	const char *file;
	struct conf_errors *errs;
	bool bad; /* something was reported */
	int stop; /* 0, or why there is no going on: -EINVAL, -ENOMEM */

	/* Lines and columns are counted on demand, from the last place asked for. */
	const char *spot;
	struct conf_place spot_place;

	/* The keys of all objects still open, innermost object last. */
	struct scan_key *keys;
	size_t n_keys;
	size_t cap_keys;
};

/* Line and column of @p. Cheap when asked for in the order of the text. */
struct conf_place scan_place(struct scanner *s, const char *p);

/* Is the list of errors full, so that places need not be found for more? */
bool scan_list_full(const struct scanner *s);

/* Report an error about @p, inside @at, after which scanning goes on. */
void scan_complain(struct scanner *s, const struct scan_level *at, const char *p,
		   const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Report an error that ends the scan. */
void scan_stop(struct scanner *s, const struct scan_level *at, const char *p,
	       const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Stop with "expected @what" and what is there instead, unless the scan has stopped already. */
void scan_stop_expected(struct scanner *s, const struct scan_level *at, const char *what);

/* Check that the whole text, comments too, is UTF-8; all others here take bytes as they are. */
void scan_encoding(struct scanner *s);

/* The next byte that means something; s->p points to it. -1 at the end and when stopped. */
int scan_peek(struct scanner *s, const struct scan_level *at);

/*
 * Take a text; s->p points to its opening quote. @ret is what is between the quotes, as written.
 * Returns false, and stops, where the closing one is missing.
 */
bool scan_text(struct scanner *s, const struct scan_level *at, struct scan_key *ret);

/* Take true, false, null, a number, or a word that is none of them and is reported. */
void scan_word(struct scanner *s, const struct scan_level *at);

#endif
