/* Calibrations on disk. */
#include "daemon/app/calibrations.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/json.h"
#include "daemon/base/log.h"
#include "daemon/rt/thread.h"

#define STATE_DIR "/var/lib/instinct"

struct calibrations {
	char path[PATH_MAX];
	struct json_doc doc; /* without a root: nothing, or nothing that can be used */
	bool broken;         /* the file is there and says something else */
	bool writing;        /* a copy with one more; another would not have it */
};

static void tell(struct conf_errors *errs, const char *then)
{
	for (size_t i = 0; i < errs->n; i++)
		LOG(ERR, "%s; %s", errs->list[i].text, then);
	conf_errors_fini(errs);
}

/* Of several folders, as systemd may give, the first. */
static void find_path(char *buf, size_t size)
{
	const char *dir = getenv("STATE_DIRECTORY");

	if (!dir || !dir[0])
		dir = STATE_DIR;
	(void)snprintf(buf, size, "%.*s/calibration.json", (int)strcspn(dir, ":"), dir);
}

struct calibrations *calibrations_new(void)
{
	struct calibrations *c = calloc(1, sizeof(*c));
	struct conf_errors errs = {0};

	if (!c)
		return NULL;
	find_path(c->path, sizeof(c->path));
	if (access(c->path, F_OK) < 0 && errno == ENOENT)
		return c;
	c->broken = json_doc_read(&c->doc, c->path, JSON_FILE_MAX, &errs) < 0;
	tell(&errs, "no chip is calibrated");
	return c;
}

void calibrations_free(struct calibrations *c)
{
	if (!c)
		return;
	json_doc_fini(&c->doc);
	free(c);
}

int calibrations_find(const struct calibrations *c, const struct device_conf *d,
		      const char *role, struct calibration *ret)
{
	char key[CALIBRATION_KEY_MAX];
	char then[96];
	struct conf_errors errs = {0};
	struct conf_at root = conf_root(&c->doc, &errs);
	struct conf_at entry = conf_child(&root, calibration_key(d, key));
	int r;

	if (!c->doc.root || !entry.node)
		return -ENOENT;
	r = calibration_read(&entry, device_chans(d), ret);
	(void)snprintf(then, sizeof(then), "%s runs uncalibrated", role);
	tell(&errs, then);
	return r;
}

/* A file on its way to the disk; the thread's while it is written. */
struct writing {
	const char *path;
	char *text;
};

static int write_all(int fd, const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* The name is on the disk when the folder is. */
static int sync_folder(const char *path)
{
	char folder[PATH_MAX];
	int r;
	int fd;

	(void)snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path),
		       path);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = fsync(fd) < 0 ? -errno : 0;
	(void)close(fd); /* was only read */
	return r;
}

/* Beside it, then in its place: whoever reads sees the old file or the new one. On a thread. */
static int write_file(void *arg)
{
	const struct writing *w = arg;
	char temp[PATH_MAX];
	int r;
	int fd;

	if (snprintf(temp, sizeof(temp), "%s.new", w->path) >= (int)sizeof(temp))
		return -ENAMETOOLONG;
	fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	r = write_all(fd, w->text);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(temp, w->path) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlink(temp); /* of no use */
		return r;
	}
	return sync_folder(w->path);
}

/* The member @key of @object, an object, made unless it is there. NULL without memory. */
static cJSON *member(cJSON *object, const char *key)
{
	cJSON *o = cJSON_GetObjectItemCaseSensitive(object, key);

	if (o && !cJSON_IsObject(o)) {
		cJSON_DeleteItemFromObjectCaseSensitive(object, key);
		o = NULL;
	}
	return o ? o : cJSON_AddObjectToObject(object, key);
}

static cJSON *make_matrix(const float matrix[3][3])
{
	cJSON *rows = cJSON_CreateArray();

	for (int i = 0; rows && i < 3; i++) {
		cJSON *row = cJSON_CreateFloatArray(matrix[i], 3);

		if (!row || !cJSON_AddItemToArray(rows, row)) {
			cJSON_Delete(row);
			cJSON_Delete(rows);
			return NULL;
		}
	}
	return rows;
}

/* Put @item_take at @key of @object. False without memory. */
static bool replace(cJSON *object, const char *key, cJSON *item_take)
{
	cJSON_DeleteItemFromObjectCaseSensitive(object, key);
	if (item_take && cJSON_AddItemToObject(object, key, item_take))
		return true;
	cJSON_Delete(item_take);
	return false;
}

/* A copy of what there is, with what was found. NULL without memory. */
static cJSON *with_found(const struct calibrations *c, const char *key, enum chan chan,
			 const struct calibration_chan *found, bool with_matrix)
{
	cJSON *root =
		c->doc.root ? cJSON_Duplicate(c->doc.root, true) : cJSON_CreateObject();
	cJSON *entry = root ? member(root, key) : NULL;
	cJSON *of_chan = entry ? member(entry, chan_info[chan].name) : NULL;

	if (of_chan &&
	    replace(of_chan, "offset",
		    cJSON_CreateFloatArray(found->offset, chan_info[chan].width)) &&
	    (!with_matrix || replace(of_chan, "matrix", make_matrix(found->matrix))))
		return root;
	cJSON_Delete(root);
	return NULL;
}

/* On a thread of its own: this happens once in a robot's life. Suspends. */
static int write_text(const char *path, char *text)
{
	struct writing w = {.path = path, .text = text};
	struct thread_pool *pool = thread_pool_open(1);
	int r;

	if (!pool)
		return -ENOMEM;
	r = thread_run(pool, write_file, &w);
	thread_pool_close(pool, NS_PER_S);
	return r;
}

/* What was written is what is known. */
static int take_over(struct calibrations *c, const char *text)
{
	struct conf_errors errs = {0};
	struct json_doc doc = {0};
	int r = json_doc_parse(&doc, text, strlen(text), c->path, &errs);

	conf_errors_fini(&errs);
	if (r < 0)
		return r;
	json_doc_fini(&c->doc);
	c->doc = doc;
	return 0;
}

int calibrations_keep(struct calibrations *c, const struct device_conf *d, enum chan chan,
		      const struct calibration_chan *found, bool with_matrix,
		      const char **ret_path)
{
	char key[CALIBRATION_KEY_MAX];
	cJSON *root;
	char *text;
	int r;

	*ret_path = c->path;
	/* What somebody wrote by hand, and wrongly, is not to be lost. */
	if (c->broken)
		return -EBADMSG;
	if (c->writing)
		return -EBUSY;
	root = with_found(c, calibration_key(d, key), chan, found, with_matrix);
	text = root ? cJSON_Print(root) : NULL;
	cJSON_Delete(root);
	if (!text)
		return -ENOMEM;
	c->writing = true;
	r = write_text(c->path, text);
	if (r == 0)
		r = take_over(c, text);
	c->writing = false;
	cJSON_free(text);
	return r;
}
