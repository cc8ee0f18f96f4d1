/* JSON documents: reading, places, merging. */
#include "daemon/base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/base/jsonscan.h"

/* A row of the hash table. node NULL: free. */
struct json_spot {
	const cJSON *node;
	size_t file;
	struct json_mark mark;
};

/* The row of @node, or the free one where it belongs. The table is never full. */
static struct json_spot *slot_of(const struct json_doc *doc, const cJSON *node)
{
	/* Fibonacci hashing; the low bits of a heap pointer are always the same. */
	uint64_t hash = ((uint64_t)(uintptr_t)node >> 4) * UINT64_C(0x9e3779b97f4a7c15);
	size_t i = (size_t)(hash >> 32) & (doc->cap_spots - 1);

	while (doc->spots[i].node && doc->spots[i].node != node)
		i = (i + 1) & (doc->cap_spots - 1);
	return &doc->spots[i];
}

/* Make room for @more rows at a load of at most one half. */
static int reserve(struct json_doc *doc, size_t more)
{
	struct json_doc bigger = *doc;

	bigger.cap_spots = doc->cap_spots ? doc->cap_spots : 16;
	while (bigger.cap_spots < 2 * (doc->n_spots + more))
		bigger.cap_spots *= 2;
	if (bigger.cap_spots == doc->cap_spots)
		return 0;
	bigger.spots = calloc(bigger.cap_spots, sizeof(*bigger.spots));
	if (!bigger.spots)
		return -ENOMEM;
	for (size_t i = 0; i < doc->cap_spots; i++)
		if (doc->spots[i].node)
			*slot_of(&bigger, doc->spots[i].node) = doc->spots[i];
	free(doc->spots);
	*doc = bigger;
	return 0;
}

/*
 * Enter a row, for which there is room. A row of the same address is one of a value that a merge has
 * freed, and is overwritten: every value in the tree was entered after it was allocated.
 */
static void put_spot(struct json_doc *doc, struct json_spot spot)
{
	struct json_spot *slot = slot_of(doc, spot.node);

	doc->n_spots += !slot->node;
	*slot = spot;
}

/* Pair the values below and at @node with their marks; both are in pre-order. */
static void place_tree(struct json_doc *doc, const cJSON *node,
		       const struct json_mark **mark)
{
	put_spot(doc, (struct json_spot){node, doc->n_files - 1, *(*mark)++});
	for (const cJSON *child = node->child; child; child = child->next)
		place_tree(doc, child, mark);
}

static int add_file(struct json_doc *doc, const char *name)
{
	doc->files = malloc(sizeof(*doc->files));
	if (!doc->files)
		return -ENOMEM;
	doc->files[0] = strdup(name);
	if (!doc->files[0])
		return -ENOMEM;
	doc->n_files = 1;
	return 0;
}

/* Build @doc of plain JSON and the marks of its values. */
static int build(struct json_doc *doc, const char *plain, size_t len, const char *name,
		 const struct json_marks *marks)
{
	const struct json_mark *mark = marks->list;
	int r;

	/* The scanner has passed it, so that only memory can be missing. */
	doc->root = cJSON_ParseWithLength(plain, len);
	if (!doc->root)
		return -ENOMEM;
	r = add_file(doc, name);
	if (r < 0)
		return r;
	r = reserve(doc, marks->n);
	if (r < 0)
		return r;
	place_tree(doc, doc->root, &mark);
	return 0;
}

int json_doc_parse(struct json_doc *doc, const char *text, size_t len, const char *name,
		   struct conf_errors *errs)
{
	struct json_marks marks = {0};
	char *plain = malloc(len + 1);
	int r;

	if (!plain)
		return -ENOMEM;
	memcpy(plain, text, len);
	r = json_scan(text, len, plain, &marks, name, errs);
	if (r == 0)
		r = build(doc, plain, len, name, &marks);
	if (r == 0 && !cJSON_IsObject(doc->root)) {
		conf_error(errs, json_place(doc, doc->root), "",
			   "a configuration is an object: { ... }");
		r = -EINVAL;
	}
	if (r < 0)
		json_doc_fini(doc);
	free(marks.list);
	free(plain);
	return r;
}

/* Read @fd to its end into a buffer of @max + 1 bytes, which a file grown too large fills. */
static int read_all(int fd, char *buf, size_t max, size_t *ret_len)
{
	size_t len = 0;

	while (len <= max) {
		ssize_t n = read(fd, buf + len, max + 1 - len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			break;
		len += n > 0 ? (size_t)n : 0;
	}
	if (len > max)
		return -EFBIG;
	*ret_len = len;
	return 0;
}

/* Open the regular file @path of at most @max bytes. Returns a descriptor or a negative errno. */
static int open_file(const char *path, size_t max)
{
	struct stat st;
	/* Without O_NONBLOCK, a FIFO of that name would hold the daemon up. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int r = fd;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (S_ISDIR(st.st_mode))
		r = -EISDIR;
	else if (!S_ISREG(st.st_mode))
		r = -EINVAL;
	else if (st.st_size > (off_t)max)
		r = -EFBIG;
	if (r < 0)
		close(fd);
	return r;
}

/* "f: larger than 1048576 bytes"; returns @r. */
static int complain_file(const char *path, size_t max, int r, struct conf_errors *errs)
{
	struct conf_place at = {.file = path};

	if (r == -EFBIG)
		conf_error(errs, at, "", "larger than %zu bytes", max);
	else if (r == -EINVAL)
		conf_error(errs, at, "", "not a regular file");
	else
		conf_error(errs, at, "", "cannot read: %s", strerror(-r));
	return r;
}

int json_doc_read(struct json_doc *doc, const char *path, size_t max,
		  struct conf_errors *errs)
{
	char *text;
	size_t len = 0;
	int fd = open_file(path, max);
	int r;

	if (fd < 0)
		return complain_file(path, max, fd, errs);
	text = malloc(max + 1);
	if (!text) {
		r = -ENOMEM;
		goto close_fd;
	}
	r = read_all(fd, text, max, &len);
	if (r < 0)
		complain_file(path, max, r, errs);
	else
		r = json_doc_parse(doc, text, len, path, errs);
	free(text);

close_fd:
	close(fd);
	return r;
}

static int compare_names(const void *a, const void *b)
{
	const cJSON *const *x = a;
	const cJSON *const *y = b;

	return strcmp((*x)->string, (*y)->string);
}

/* The members of @object in the order of their names; the caller frees the list. */
static cJSON **sorted_members(cJSON *object, size_t *ret_n)
{
	size_t n = 0;
	cJSON **list;

	for (cJSON *m = object->child; m; m = m->next)
		n++;
	list = calloc(n + 1, sizeof(cJSON *));
	if (!list)
		return NULL;
	n = 0;
	for (cJSON *m = object->child; m; m = m->next)
		list[n++] = m;
	qsort(list, n, sizeof(cJSON *), compare_names);
	*ret_n = n;
	return list;
}

/* Give @to the value and the place of @from, and @from the value of @to. */
static void swap_values(struct json_doc *doc, cJSON *to, cJSON *from)
{
	struct json_spot spot = *slot_of(doc, from);
	cJSON old = *to;

	to->type = from->type;
	to->child = from->child;
	to->valuestring = from->valuestring;
	to->valueint = from->valueint;
	to->valuedouble = from->valuedouble;
	from->type = old.type;
	from->child = old.child;
	from->valuestring = old.valuestring;
	from->valueint = old.valueint;
	from->valuedouble = old.valuedouble;
	spot.node = to;
	put_spot(doc, spot);
}

/* Both are objects. What @over loses moves to @base; what it gets is replaced values, to be freed. */
static int merge(struct json_doc *doc, cJSON *base, cJSON *over)
{
	size_t n;
	cJSON **known = sorted_members(base, &n);
	cJSON *next;
	int r = 0;

	if (!known)
		return -ENOMEM;
	for (cJSON *m = over->child; m && r == 0; m = next) {
		cJSON **at = bsearch(&m, known, n, sizeof(cJSON *), compare_names);

		next = m->next;
		if (!at)
			/* As to an array, because the member has its name already. */
			cJSON_AddItemToArray(base, cJSON_DetachItemViaPointer(over, m));
		else if (cJSON_IsObject(*at) && cJSON_IsObject(m))
			r = merge(doc, *at, m);
		else
			swap_values(doc, *at, m);
	}
	free(known);
	return r;
}

/* Take over the files and places of @over. */
static int adopt_places(struct json_doc *doc, struct json_doc *over)
{
	char **files =
		reallocarray(doc->files, doc->n_files + over->n_files, sizeof(*files));
	size_t first = doc->n_files;
	int r;

	if (!files)
		return -ENOMEM;
	doc->files = files;
	r = reserve(doc, over->n_spots);
	if (r < 0)
		return r;
	for (size_t i = 0; i < over->n_files; i++)
		doc->files[doc->n_files++] = over->files[i];
	over->n_files = 0;
	for (size_t i = 0; i < over->cap_spots; i++) {
		struct json_spot spot = over->spots[i];

		spot.file += first;
		if (spot.node)
			put_spot(doc, spot);
	}
	return 0;
}

int json_doc_merge(struct json_doc *doc, struct json_doc *over_take)
{
	int r = 0;

	if (!over_take->root)
		return 0;
	if (!doc->root) {
		*doc = *over_take;
		*over_take = (struct json_doc){0};
		return 0;
	}
	r = adopt_places(doc, over_take);
	if (r == 0)
		r = merge(doc, doc->root, over_take->root);
	json_doc_fini(over_take);
	return r;
}

/* Give @copy, and what is below it, the places of @node, which is of the same shape. */
static void copy_places(const struct json_doc *doc, const cJSON *node,
			struct json_doc *ret, const cJSON *copy)
{
	struct json_spot spot = *slot_of(doc, node);
	const cJSON *twin = copy->child;

	if (spot.node) {
		spot.node = copy;
		put_spot(ret, spot);
	}
	for (const cJSON *m = node->child; m; m = m->next, twin = twin->next)
		copy_places(doc, m, ret, twin);
}

static int copy_files(const struct json_doc *doc, struct json_doc *ret)
{
	ret->files = calloc(doc->n_files + 1, sizeof(*ret->files));
	if (!ret->files)
		return -ENOMEM;
	for (; ret->n_files < doc->n_files; ret->n_files++) {
		ret->files[ret->n_files] = strdup(doc->files[ret->n_files]);
		if (!ret->files[ret->n_files])
			return -ENOMEM;
	}
	return 0;
}

int json_doc_copy(const struct json_doc *doc, struct json_doc *ret)
{
	int r;

	if (!doc->root)
		return 0;
	ret->root = cJSON_Duplicate(doc->root, true);
	r = ret->root ? copy_files(doc, ret) : -ENOMEM;
	if (r == 0)
		r = reserve(ret, doc->n_spots);
	if (r < 0)
		json_doc_fini(ret);
	else
		copy_places(doc, doc->root, ret, ret->root);
	return r;
}

void json_doc_fini(struct json_doc *doc)
{
	cJSON_Delete(doc->root);
	for (size_t i = 0; i < doc->n_files; i++)
		free(doc->files[i]);
	free(doc->files);
	free(doc->spots);
	*doc = (struct json_doc){0};
}

struct conf_place json_place(const struct json_doc *doc, const cJSON *node)
{
	const struct json_spot *s = node && doc->cap_spots ? slot_of(doc, node) : NULL;

	if (!s || !s->node)
		return (struct conf_place){0};
	return (struct conf_place){doc->files[s->file], s->mark.line, s->mark.col};
}

struct conf_place json_key_place(const struct json_doc *doc, const cJSON *node)
{
	const struct json_spot *s = node && doc->cap_spots ? slot_of(doc, node) : NULL;

	if (!s || !s->node || s->mark.key_line == 0)
		return json_place(doc, node);
	return (struct conf_place){doc->files[s->file], s->mark.key_line,
				   s->mark.key_col};
}

int json_message_parse(const char *text, size_t len, size_t max, const char *name,
		       struct conf_errors *errs, cJSON **ret)
{
	cJSON *root;
	int r;

	if (len > max) {
		conf_error(errs, (struct conf_place){.file = name}, "",
			   "message of %zu bytes; at most %zu", len, max);
		return -EMSGSIZE;
	}
	r = json_scan(text, len, NULL, NULL, name, errs);
	if (r < 0)
		return r;
	root = cJSON_ParseWithLength(text, len);
	if (!root)
		return -ENOMEM;
	*ret = root;
	return 0;
}
