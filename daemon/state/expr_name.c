/* Expressions: what a dotted name is, a value and fields in it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/state/expr_internal.h"

static int add_dep(struct expr *e, struct value *v)
{
	struct value **deps;

	for (unsigned i = 0; i < e->n_deps; i++)
		if (e->deps[i] == v)
			return 0;
	deps = realloc(e->deps, (e->n_deps + 1) * sizeof(struct value *));
	if (!deps)
		return -ENOMEM;
	e->deps = deps;
	deps[e->n_deps++] = v;
	return 0;
}

/* Say that no value has the name, nor the beginning of it, and which one may have been meant. */
static int fail_unknown(struct parser *p, const struct token *t, const char *name)
{
	char first[EXPR_NAME_MAX];
	char buf[QUOTE_MAX];
	const char *near = p->names->nearest(p->names->arg, name);
	char *dot;

	snprintf(first, sizeof(first), "%s", name);
	while (!near && (dot = strrchr(first, '.')) != NULL) {
		*dot = '\0';
		near = p->names->nearest(p->names->arg, first);
	}
	expr_quote(&p->lex, t->at, t->len, buf);
	if (!near)
		return expr_fail(&p->lex, t->at, "unknown value `%s`", buf);
	return expr_fail(&p->lex, t->at, "unknown value `%s`; did you mean `%.100s%s`?",
			 buf, near, name + strlen(first));
}

int expr_find(struct parser *p, const struct token *t, struct value **ret,
	      size_t *ret_len)
{
	char name[EXPR_NAME_MAX];
	char part[EXPR_NAME_MAX];
	char *dot;

	if (t->len >= sizeof(name))
		return expr_fail(&p->lex, t->at, "a name of more than %d bytes",
				 EXPR_NAME_MAX - 1);
	memcpy(name, p->lex.text + t->at, t->len);
	name[t->len] = '\0';
	memcpy(part, name, t->len + 1);
	while ((*ret = p->names->find(p->names->arg, part)) == NULL) {
		dot = strrchr(part, '.');
		if (!dot)
			return fail_unknown(p, t, name);
		*dot = '\0';
	}
	*ret_len = strlen(part);
	return add_dep(p->e, *ret);
}

/* Take the field of @o that is the @len bytes at @at. */
static int take_field(struct parser *p, struct operand *o, size_t at, size_t len)
{
	const char *key = p->lex.text + at;
	const char *keys = o->type == DATUM_QUAT ? "wxyz" : "xyz";
	struct expr_instr in = {.op = OP_FIELD};
	char buf_o[QUOTE_MAX];
	char buf[QUOTE_MAX];
	int r;

	if (o->any || o->type == DATUM_TABLE) {
		o->any = true;
		o->unit = NULL;
	} else if ((o->type == DATUM_VEC3 || o->type == DATUM_QUAT) && len == 1 &&
		   strchr(keys, *key)) {
		o->type = DATUM_NUMBER;
	} else {
		return expr_fail(&p->lex, at, "`%s` is a %s; it has no field `%s`",
				 expr_quote(&p->lex, o->at, o->end - o->at, buf_o),
				 datum_type_name(o->type),
				 expr_quote(&p->lex, at, len, buf));
	}
	o->end = at + len;
	r = expr_intern(p, key, len, &in.string);
	return r < 0 ? r : expr_emit(p, in);
}

int expr_name(struct parser *p, const struct token *t, struct operand *ret)
{
	const struct value_info *info;
	struct value *v = NULL;
	size_t len = 0;
	int r = expr_find(p, t, &v, &len);

	if (r < 0)
		return r;
	info = value_info(v);
	ret->type = info->typed ? info->type : DATUM_NULL;
	ret->any = ret->type == DATUM_NULL;
	ret->unit = info->unit && *info->unit ? info->unit : NULL;
	ret->end = t->at + len;
	r = expr_emit(p, (struct expr_instr){.op = OP_LOAD, .v = v});
	while (r == 0 && len < t->len) {
		size_t at = t->at + len + 1;
		size_t n = strcspn(p->lex.text + at, ".");

		if (n > t->len - len - 1)
			n = t->len - len - 1;
		r = take_field(p, ret, at, n);
		len += 1 + n;
	}
	return r;
}
