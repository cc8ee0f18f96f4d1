/* Mounting: reading and applying the rotation. */
#include "drivers/core/mount.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "daemon/base/nearest.h"

/* How far a matrix written by hand, with few digits, may be from a rotation. */
#define ROTATION_TOLERANCE 2e-3

const struct mount mount_identity = {.m = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};

static const char *const way_names[] = {"front", "back", "left", "right", "up", "down"};

/* The chip's axis @axis points to the way @word (@len bytes). */
static int set_axis(const struct conf_at *at, int axis, const char *word, size_t len,
		    struct mount *ret)
{
	char name[16] = "";
	const char *near;

	for (int way = 0; way < (int)ARRAY_LEN(way_names); way++) {
		if (strlen(way_names[way]) != len ||
		    memcmp(way_names[way], word, len) != 0)
			continue;
		ret->m[way / 2][axis] = way % 2 ? -1.0f : 1.0f;
		return 0;
	}
	memcpy(name, word, len < sizeof(name) ? len : sizeof(name) - 1);
	near = nearest_name(name, way_names, ARRAY_LEN(way_names));
	conf_complain(at,
		      "\"%s\" is no direction; front, back, left, right, up, down%s%s",
		      name, near ? "; did you mean " : "", near ? near : "");
	return -EINVAL;
}

/* Three terms such as "x=left", with spaces between them. */
static int read_text(const struct conf_at *at, const char *text, struct mount *ret)
{
	const char *p = text + strspn(text, " ");
	unsigned seen = 0;

	for (; *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");
		int axis = p[0] - 'x';

		if (len < 3 || axis < 0 || axis > 2 || p[1] != '=' || seen & 1u << axis)
			break;
		if (set_axis(at, axis, p + 2, len - 2, ret) < 0)
			return -EINVAL;
		seen |= 1u << axis;
		p += len;
	}
	if (*p || seen != 7) {
		conf_complain(at, "not a mounting; each axis of the chip once, such as "
				  "\"x=left y=up z=front\"");
		return -EINVAL;
	}
	return 0;
}

static const struct conf_field row_field[] = {
	{.name = "number",
	 .type = CONF_TYPE_REAL,
	 .size = sizeof(float),
	 .min = -1,
	 .max = 1,
	 .unit = ""},
};

static int read_matrix(const struct conf_at *at, struct mount *ret)
{
	size_t rows = 0;

	for (struct conf_at row = conf_first(at); row.node;
	     row = conf_next(&row), rows++) {
		size_t cols = 0;

		for (struct conf_at it = conf_first(&row); it.node;
		     it = conf_next(&it), cols++)
			if (rows < 3 && cols < 3 &&
			    conf_read_value(&it, row_field, &ret->m[rows][cols]) < 0)
				return -EINVAL;
		if (cols != 3)
			rows = 3; /* wrong, whatever follows */
	}
	if (rows != 3) {
		conf_complain(at, "not a matrix; three rows of three numbers");
		return -EINVAL;
	}
	return 0;
}

static double dot(const float *a, const float *b)
{
	return (double)a[0] * (double)b[0] + (double)a[1] * (double)b[1] +
	       (double)a[2] * (double)b[2];
}

static double determinant(const float m[3][3])
{
	const float cross[3] = {
		m[1][1] * m[2][2] - m[1][2] * m[2][1],
		m[1][2] * m[2][0] - m[1][0] * m[2][2],
		m[1][0] * m[2][1] - m[1][1] * m[2][0],
	};

	return dot(m[0], cross);
}

static int check_rotation(const struct conf_at *at, const struct mount *mount)
{
	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 3; k++)
			if (fabs(dot(mount->m[i], mount->m[k]) - (i == k)) >
			    ROTATION_TOLERANCE) {
				conf_complain(at, "not a rotation; the axes must be at "
						  "right angles and of length 1");
				return -EINVAL;
			}
	if (determinant(mount->m) < 0) {
		conf_complain(at, "a mirror image, not a rotation; one axis points the "
				  "wrong way (x, y, z are thumb, first and second "
				  "finger of the right hand)");
		return -EINVAL;
	}
	return 0;
}

int mount_read(const struct conf_at *at, struct mount *ret)
{
	struct mount mount = {0};
	const char *text;
	int r;

	*ret = mount_identity;
	if (!at->node)
		return 0;
	if (cJSON_IsArray(at->node)) {
		r = read_matrix(at, &mount);
	} else {
		text = conf_text(at);
		r = text ? read_text(at, text, &mount) : -EINVAL;
	}
	if (r == 0)
		r = check_rotation(at, &mount);
	if (r == 0)
		*ret = mount;
	return r;
}

void mount_apply(const struct mount *mount, struct sample *s)
{
	const float v[3] = {s->v[0], s->v[1], s->v[2]};

	if (chan_info[s->chan].width != 3)
		return;
	for (int i = 0; i < 3; i++)
		s->v[i] = mount->m[i][0] * v[0] + mount->m[i][1] * v[1] +
			  mount->m[i][2] * v[2];
}
