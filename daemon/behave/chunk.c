/*
 * Reading compiled chunks, in the form of lua_dump(): Lua 5.4's ldump.c and lundump.c, and lopcodes.h for the
 * instructions.
 */
#include "daemon/behave/chunk.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	HEADER_SIZE = 4 + 1 + 1 + 6 + 3 + 8 + 8, /* then a byte: how many upvalues */
	VERSION = 0x54,
	OP_LOADK = 3,
	OP_GETUPVAL = 9,
	OP_GETTABUP = 11,
	OP_GETTABLE = 12,
	OP_SETTABUP = 15,
	OP_SETFIELD = 18,
	LINE_ABSOLUTE = -128, /* of a difference: the line is in the other table */
	NAME_LEN = 40,        /* longer ones are not named in instructions */
};

/* Types of constants. */
enum { K_INT = 3, K_FLOAT = 19, K_SHORT = 4, K_LONG = 20 };

struct reader {
	const uint8_t *at, *end;
	bool bad; /* it ends too early, or there is no memory */
	struct mentions *found;
};

struct text {
	const char *at;
	size_t len;
};

static const uint8_t *take(struct reader *r, size_t n)
{
	const uint8_t *at = r->at;

	if ((size_t)(r->end - at) < n) {
		r->bad = true;
		return NULL;
	}
	r->at += n;
	return at;
}

static unsigned take_byte(struct reader *r)
{
	const uint8_t *b = take(r, 1);

	return b ? *b : 0;
}

/* Seven bits in a byte, the most significant first; the last byte has the eighth set. */
static size_t take_size(struct reader *r)
{
	size_t n = 0;
	unsigned b;

	do {
		b = take_byte(r);
		n = n << 7 | (b & 0x7f);
	} while (!(b & 0x80) && !r->bad);
	return n;
}

static struct text take_text(struct reader *r)
{
	size_t size = take_size(r);
	struct text t = {.len = size > 0 ? size - 1 : 0};

	t.at = (const char *)take(r, t.len);
	return t;
}

static void add(struct reader *r, const struct text *name, enum mention_kind kind,
		bool top, int line)
{
	struct mentions *m = r->found;
	struct mention *one;

	if (!name || !name->at || name->len > NAME_LEN)
		return;
	if (m->n == m->cap) {
		size_t cap = m->cap ? 2 * m->cap : 64;
		struct mention *grown = reallocarray(m->list, cap, sizeof(*grown));

		if (!grown) {
			r->bad = true;
			return;
		}
		m->list = grown;
		m->cap = cap;
	}
	one = &m->list[m->n++];
	*one = (struct mention){.kind = kind, .top = top, .line = line};
	memcpy(one->name, name->at, name->len);
}

/* One function while it is read. */
struct function {
	const uint8_t *code;
	size_t n_code;
	struct text *constants; /* those that are no texts are NULL */
	size_t n_constants;
	int env; /* the upvalue that holds the globals; -1: none */
	int line;
	bool top;
};

static void take_constants(struct reader *r, struct function *f)
{
	f->n_constants = take_size(r);
	if (f->n_constants > (size_t)(r->end - r->at))
		r->bad = true;
	else
		f->constants = calloc(f->n_constants + 1, sizeof(*f->constants));
	if (!f->constants)
		r->bad = true;
	for (size_t i = 0; i < f->n_constants && !r->bad; i++)
		switch (take_byte(r)) {
		case K_INT:
		case K_FLOAT:
			(void)take(r, 8);
			break;
		case K_SHORT:
		case K_LONG:
			f->constants[i] = take_text(r);
			break;
		default: /* nil, false, true */
			break;
		}
}

/* Which of the upvalues is that of the enclosing function which holds the globals? */
static void take_upvalues(struct reader *r, struct function *f, int outer_env)
{
	size_t n = take_size(r);

	f->env = -1;
	for (size_t i = 0; i < n && !r->bad; i++) {
		const uint8_t *u = take(r, 3); /* in the stack, index, kind */

		if (u && (f->top || (!u[0] && u[1] == outer_env)))
			f->env = (int)i;
	}
}

static const struct text *constant(const struct function *f, unsigned i)
{
	return i < f->n_constants ? &f->constants[i] : NULL;
}

/* An instruction in its parts; behind the last there is none, with the operation -1. */
struct instruction {
	int op;
	unsigned a, b, c, bx;
};

static struct instruction instruction(const struct function *f, size_t pc)
{
	uint32_t i;

	if (pc >= f->n_code)
		return (struct instruction){.op = -1};
	memcpy(&i, f->code + 4 * pc, sizeof(i));
	return (struct instruction){.op = (int)(i & 0x7f),
				    .a = i >> 7 & 0xff,
				    .b = i >> 16 & 0xff,
				    .c = i >> 24,
				    .bx = i >> 15};
}

/* A global is read; when it is `require`, and what it is given comes next, that is a module. */
static void add_read(struct reader *r, const struct function *f, size_t pc, int line)
{
	static const char require[] = "require";
	struct instruction i = instruction(f, pc), next = instruction(f, pc + 1);
	const struct text *name = constant(f, i.c);

	add(r, name, MENTION_READ, f->top, line);
	if (name && name->at && name->len == strlen(require) &&
	    memcmp(name->at, require, name->len) == 0 && next.op == OP_LOADK &&
	    next.a == i.a + 1)
		add(r, constant(f, next.bx), MENTION_REQUIRED, f->top, line);
}

/*
 * The table of globals itself is loaded: for a name behind the 256th constant of the function, which comes
 * next, to be read or set; else for whatever the script makes of it.
 */
static void add_loaded(struct reader *r, const struct function *f, size_t pc, int line)
{
	static const struct text all = {.at = "_G", .len = 2};
	struct instruction i = instruction(f, pc), key = instruction(f, pc + 1),
			   use = instruction(f, pc + 2);

	if (key.op != OP_LOADK || key.a != i.a + 1)
		add(r, &all, MENTION_ALL, f->top, line);
	else if (use.op == OP_GETTABLE && use.b == i.a && use.c == key.a)
		add(r, constant(f, key.bx), MENTION_READ, f->top, line);
	else
		add(r, constant(f, key.bx), MENTION_SET, f->top, line);
}

static void look_at(struct reader *r, const struct function *f, size_t pc, int line)
{
	struct instruction i = instruction(f, pc);

	if (i.op == OP_GETTABUP && (int)i.b == f->env)
		add_read(r, f, pc, line);
	else if (i.op == OP_SETTABUP && (int)i.a == f->env)
		add(r, constant(f, i.b), MENTION_SET, f->top, line);
	else if (i.op == OP_SETFIELD)
		add(r, constant(f, i.b), MENTION_FIELD, f->top, line);
	else if (i.op == OP_GETUPVAL && (int)i.b == f->env)
		add_loaded(r, f, pc, line);
}

/* The lines of its instructions, differences and absolute ones; with them, what it names. */
static void take_lines(struct reader *r, const struct function *f)
{
	size_t n = take_size(r), n_absolute;
	const uint8_t *differences = take(r, n);
	int line = f->line;

	n_absolute = take_size(r);
	for (size_t pc = 0; pc < n && pc < f->n_code && !r->bad; pc++) {
		int d = differences[pc] < 128 ? differences[pc] : differences[pc] - 256;

		if (d == LINE_ABSOLUTE && n_absolute > 0) {
			(void)take_size(r); /* the instruction, this one */
			line = (int)take_size(r);
			n_absolute--;
		} else {
			line += d;
		}
		look_at(r, f, pc, line);
	}
	for (; n_absolute > 0 && !r->bad; n_absolute--) {
		(void)take_size(r);
		(void)take_size(r);
	}
}

static void take_function(struct reader *r, bool top, int outer_env)
{
	struct function f = {.top = top};
	size_t n;

	(void)take_text(r); /* the source */
	f.line = (int)take_size(r);
	(void)take_size(r); /* its last line */
	(void)take(r, 3);   /* parameters, whether it has ..., size of its stack */
	f.n_code = take_size(r);
	f.code = f.n_code <= (size_t)(r->end - r->at) / 4 ? take(r, 4 * f.n_code) : NULL;
	if (!f.code) {
		r->bad = true;
		return;
	}
	take_constants(r, &f);
	take_upvalues(r, &f, outer_env);
	n = take_size(r);
	for (size_t i = 0; i < n && !r->bad; i++)
		take_function(r, false, f.env);
	take_lines(r, &f);
	n = take_size(r); /* local variables: name, from, to */
	for (size_t i = 0; i < n && !r->bad; i++) {
		(void)take_text(r);
		(void)take_size(r);
		(void)take_size(r);
	}
	n = take_size(r); /* names of upvalues */
	for (size_t i = 0; i < n && !r->bad; i++)
		(void)take_text(r);
	free(f.constants);
}

/* What lua_dump() writes. */
struct dump {
	uint8_t *buf;
	size_t n, cap;
};

static int write_dump(lua_State *L, const void *p, size_t size, void *arg)
{
	struct dump *d = arg;

	(void)L;
	if (d->cap - d->n < size) {
		size_t cap = 2 * d->cap + size + 4096;
		uint8_t *grown = realloc(d->buf, cap);

		if (!grown)
			return 1;
		d->buf = grown;
		d->cap = cap;
	}
	memcpy(d->buf + d->n, p, size);
	d->n += size;
	return 0;
}

static int by_line(const void *a, const void *b)
{
	return ((const struct mention *)a)->line - ((const struct mention *)b)->line;
}

int chunk_mentions(lua_State *L, struct mentions *ret)
{
	struct dump d = {0};
	struct mentions found = {0};
	struct reader r = {.found = &found};
	int e = 0;

	if (lua_dump(L, write_dump, &d, 0) != 0) {
		free(d.buf);
		return -ENOMEM;
	}
	r.at = d.buf;
	r.end = d.buf + d.n;
	if (d.n < HEADER_SIZE || d.buf[4] != VERSION || d.buf[12] != 4 ||
	    d.buf[13] != sizeof(lua_Integer) || d.buf[14] != sizeof(lua_Number))
		e = -EPROTO;
	(void)take(&r, HEADER_SIZE + 1);
	if (e == 0)
		take_function(&r, true, -1);
	free(d.buf);
	if (e == 0 && r.bad)
		e = -EPROTO;
	if (e == 0 && found.n > 0) {
		struct mention *grown =
			reallocarray(ret->list, ret->n + found.n, sizeof(*grown));

		if (!grown) {
			e = -ENOMEM;
		} else {
			qsort(found.list, found.n, sizeof(*grown), by_line);
			memcpy(grown + ret->n, found.list, found.n * sizeof(*grown));
			ret->list = grown;
			ret->n += found.n;
			ret->cap = ret->n;
		}
	}
	free(found.list);
	return e;
}

void mentions_fini(struct mentions *m)
{
	free(m->list);
	*m = (struct mentions){0};
}
