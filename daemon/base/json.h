/*
 * JSON from files and from the network, and where in its file each value stands.
 *
 * Parsing is cJSON's, behind a scanner that refuses what cJSON would let through: invalid UTF-8,
 * duplicate keys, numbers like 007 or 1e999, raw control characters, \u0000, byte order marks and more
 * than 32 levels (jsonscan.h). In the trees, look keys up with cJSON_GetObjectItemCaseSensitive(), as the
 * other one takes "Rate" for "rate". Numbers are doubles: integers are exact up to 2^53, so that
 * nanoseconds since 1970 travel as text.
 */
#ifndef DAEMON_BASE_JSON_H
#define DAEMON_BASE_JSON_H
#include <cjson/cJSON.h>

#include "daemon/base/conf_errors.h"

/* The largest configuration file, bytes. */
#define JSON_FILE_MAX ((size_t)1 << 20)

/*
 * A document: one file, or several merged into one. Storage is the caller's; start with {0}, end with
 * json_doc_fini(). The root is an object, or NULL before a successful parse.
 */
struct json_doc {
	cJSON *root;

	/* Private: the names of the files, and a hash table from values to places. */
	char **files;
	size_t n_files;
	struct json_spot *spots;
	size_t n_spots;
	size_t cap_spots;
};

/*
 * Parse @len bytes of JSON with comments and trailing commas. @name is the file's name in places; it is
 * copied. @doc must be empty.
 * Returns 0; -EINVAL after errors, all of which are in @errs; -ENOMEM. After failures @doc is empty.
 */
int json_doc_parse(struct json_doc *doc, const char *text, size_t len, const char *name,
		   struct conf_errors *errs) MUST_CHECK;

/*
 * Read and parse the regular file @path of at most @max bytes. Blocks on the disk.
 * Returns as json_doc_parse(), or the reason why the file cannot be read (-ENOENT, -EACCES, -EISDIR,
 * -EFBIG ...), which is in @errs as well.
 */
int json_doc_read(struct json_doc *doc, const char *path, size_t max,
		  struct conf_errors *errs) MUST_CHECK;

/*
 * Lay @over_take on top of @doc: objects merge key by key, all else is replaced, and each value keeps
 * its place. @over_take is empty afterwards, whatever happens. An empty @doc becomes @over_take.
 * Returns 0, or -ENOMEM: then @doc is good for json_doc_fini() only.
 */
int json_doc_merge(struct json_doc *doc, struct json_doc *over_take) MUST_CHECK;

/*
 * A copy of @doc with all its places. *@ret must be empty. Returns 0, or -ENOMEM: then it is empty again.
 */
int json_doc_copy(const struct json_doc *doc, struct json_doc *ret) MUST_CHECK;

void json_doc_fini(struct json_doc *doc);

/*
 * Where @node, of the tree of @doc, begins; where its key begins, or it if it has none. Constant time.
 * The file's name lives as long as @doc. For values that have no place (made by the program), and for
 * NULL, the file is NULL.
 */
struct conf_place json_place(const struct json_doc *doc, const cJSON *node);
struct conf_place json_key_place(const struct json_doc *doc, const cJSON *node);

/*
 * Parse a message: plain JSON, any value, at most @max bytes. @ret is freed with cJSON_Delete().
 * @name stands for the file in @errs ("vision.person").
 * Returns 0, -EMSGSIZE, -EINVAL after errors, -ENOMEM. Each has put its error into @errs but -ENOMEM.
 */
int json_message_parse(const char *text, size_t len, size_t max, const char *name,
		       struct conf_errors *errs, cJSON **ret) MUST_CHECK;

#endif
