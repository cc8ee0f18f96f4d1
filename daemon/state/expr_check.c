/* Expressions, third step: the types and units of operands, and the code that joins them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/state/expr_internal.h"

/* Arrays double: there is room for one more unless their size is a power of two. */
static void *make_room(void *array, unsigned n, size_t size)
{
	if (n & (n - 1))
		return array;
	return realloc(array, (n ? 2 * (size_t)n : 1) * size);
}

int expr_emit(struct parser *p, struct expr_instr in)
{
	struct expr *e = p->e;
	struct expr_instr *code = make_room(e->code, e->n_code, sizeof(*code));

	if (!code)
		return -ENOMEM;
	e->code = code;
	code[e->n_code++] = in;
	return 0;
}

int expr_intern(struct parser *p, const char *text, size_t len, unsigned *ret)
{
	struct expr *e = p->e;
	struct datum *strings = make_room(e->strings, e->n_strings, sizeof(*strings));
	int r;

	if (!strings)
		return -ENOMEM;
	e->strings = strings;
	r = datum_string(text, len, &strings[e->n_strings]);
	if (r < 0)
		return r;
	*ret = e->n_strings++;
	return 0;
}

static void erase(struct expr *e, unsigned at)
{
	e->n_code--;
	memmove(e->code + at, e->code + at + 1, (e->n_code - at) * sizeof(*e->code));
}

/* Is the code in [from, to) this one instruction? */
static bool is_lone(const struct expr *e, unsigned from, unsigned to, enum expr_op op)
{
	return to == from + 1 && e->code[from].op == op;
}

static bool contains(const struct expr *e, unsigned from, unsigned to, enum expr_op op)
{
	for (unsigned i = from; i < to; i++)
		if (e->code[i].op == op)
			return true;
	return false;
}

static const char *describe(enum datum_type type)
{
	static const char *const words[] = {
		[DATUM_NULL] = "null",
		[DATUM_BOOL] = "true or false",
		[DATUM_NUMBER] = "a number",
		[DATUM_STRING] = "a string",
		[DATUM_VEC3] = "a vector (of .x, .y, .z)",
		[DATUM_QUAT] = "a quaternion (of .w, .x, .y, .z)",
		[DATUM_TABLE] = "a table",
	};

	return words[type];
}

static const char *quote(struct parser *p, const struct operand *o, char *buf)
{
	return expr_quote(&p->lex, o->at, o->end - o->at, buf);
}

static int want(struct parser *p, const struct operand *o, enum datum_type type)
{
	char buf[QUOTE_MAX];

	if (o->any || o->type == type)
		return 0;
	return expr_fail(&p->lex, o->at, "`%s` is %s, not %s", quote(p, o, buf),
			 describe(o->type), describe(type));
}

static int want_both(struct parser *p, const struct operand *a, const struct operand *b,
		     enum datum_type type)
{
	int r = want(p, a, type);

	return r < 0 ? r : want(p, b, type);
}

static const struct unit *unit_named(const char *name)
{
	return unit_find(name, strlen(name), NULL);
}

int expr_literal(struct parser *p, const struct token *t, struct operand *ret)
{
	double n = t->unit ? t->number * t->unit->mul / t->unit->div : t->number;

	ret->type = DATUM_NUMBER;
	ret->literal = true;
	ret->number = t->number;
	ret->written = t->unit;
	ret->unit = t->unit ? t->unit->dim : NULL;
	return expr_emit(p, (struct expr_instr){.op = OP_NUMBER, .n = n});
}

/*
 * Convert a literal to @unit. It is looked up again, since some names are units of two dimensions: "5m"
 * beside a time are minutes.
 */
static bool refit(struct parser *p, const struct operand *o, const char *unit)
{
	const struct unit *to = unit_named(unit);
	const struct unit *from;

	if (!o->literal || !to)
		return false;
	from = unit_find(o->written->name, strlen(o->written->name), to->dim);
	if (!from)
		return false;
	p->e->code[o->code].n =
		from == to ? o->number
			   : o->number * from->mul / from->div * to->div / to->mul;
	return true;
}

static const char *or_none(const char *unit)
{
	return *unit ? unit : "no unit";
}

/* Bring both operands to one unit, which becomes that of @a. */
static int match_units(struct parser *p, struct operand *a, const struct operand *b)
{
	const struct unit *ua;
	const struct unit *ub;
	char buf_a[QUOTE_MAX];
	char buf_b[QUOTE_MAX];

	if (!a->unit)
		a->unit = b->unit;
	if (!b->unit || strcmp(a->unit, b->unit) == 0 || refit(p, b, a->unit))
		return 0;
	if (refit(p, a, b->unit)) {
		a->unit = b->unit;
		return 0;
	}
	ua = unit_named(a->unit);
	ub = unit_named(b->unit);
	if (!ua || !ub || strcmp(ua->dim, ub->dim) != 0)
		return expr_fail(&p->lex, b->at, "`%s` is in %s, but `%s` is in %s",
				 quote(p, b, buf_b), or_none(b->unit), quote(p, a, buf_a),
				 or_none(a->unit));
	return expr_emit(p,
			 (struct expr_instr){.op = OP_SCALE,
					     .n = ub->mul / ub->div * ua->div / ua->mul});
}

/* The unit of a product or quotient is only known when one factor is a plain number. */
static const char *product_unit(enum expr_op op, const struct operand *a,
				const struct operand *b)
{
	if (b->literal && !b->unit)
		return a->unit;
	if (op == OP_MUL && a->literal && !a->unit)
		return b->unit;
	return NULL;
}

/*
 * A lone age() on one side is joined with the comparison: its code goes, and the other side is left on
 * the stack as the limit. Returns the operator that does so, or @op where this does not fit.
 */
static enum expr_op join_age(struct expr *e, enum expr_op op, const struct operand *a,
			     const struct operand *b, struct value **ret)
{
	static const struct {
		enum expr_op left, right;
	} joined[] = {
		[OP_LT] = {OP_AGE_LT, OP_AGE_GT},
		[OP_LE] = {OP_AGE_LE, OP_AGE_GE},
		[OP_GT] = {OP_AGE_GT, OP_AGE_LT},
		[OP_GE] = {OP_AGE_GE, OP_AGE_LE},
	};

	if (is_lone(e, a->code, b->code, OP_AGE) &&
	    !contains(e, b->code, e->n_code, OP_AGE)) {
		*ret = e->code[a->code].v;
		erase(e, a->code);
		return joined[op].left;
	}
	if (is_lone(e, b->code, e->n_code, OP_AGE) &&
	    !contains(e, a->code, b->code, OP_AGE)) {
		*ret = e->code[b->code].v;
		erase(e, b->code);
		return joined[op].right;
	}
	return op;
}

static int emit_order(struct parser *p, enum expr_op op, struct operand *a,
		      const struct operand *b)
{
	struct expr_instr in = {0};
	int r = want_both(p, a, b, DATUM_NUMBER);

	if (r < 0)
		return r;
	r = match_units(p, a, b);
	if (r < 0)
		return r;
	in.op = join_age(p->e, op, a, b, &in.v);
	return expr_emit(p, in);
}

/* Only plain data are compared whole. */
static int want_plain(struct parser *p, const struct operand *o)
{
	char buf[QUOTE_MAX];

	if (o->any || o->type == DATUM_BOOL || o->type == DATUM_NUMBER ||
	    o->type == DATUM_STRING)
		return 0;
	return expr_fail(&p->lex, o->at, "`%s` is %s; compare what is in it",
			 quote(p, o, buf), describe(o->type));
}

/* == and !=, of which those with a literal null have operators of their own. */
static int emit_equal(struct parser *p, enum expr_op op, size_t at, struct operand *a,
		      const struct operand *b)
{
	struct expr *e = p->e;
	bool null_b = is_lone(e, b->code, e->n_code, OP_NULL);
	char buf_a[QUOTE_MAX];
	char buf_b[QUOTE_MAX];
	int r;

	if (null_b || is_lone(e, a->code, b->code, OP_NULL)) {
		erase(e, null_b ? b->code : a->code);
		op = op == OP_EQ ? OP_IS_NULL : OP_NOT_NULL;
		return expr_emit(p, (struct expr_instr){.op = op});
	}
	if (contains(e, a->code, e->n_code, OP_AGE))
		return expr_fail(&p->lex, at,
				 "age() never stands still; compare it with < or >");
	r = want_plain(p, a);
	if (r == 0)
		r = want_plain(p, b);
	if (r < 0)
		return r;
	if (!a->any && !b->any && a->type != b->type)
		return expr_fail(&p->lex, b->at, "`%s` is %s, but `%s` is %s",
				 quote(p, b, buf_b), describe(b->type),
				 quote(p, a, buf_a), describe(a->type));
	r = match_units(p, a, b);
	if (r < 0)
		return r;
	return expr_emit(p, (struct expr_instr){.op = op});
}

static int emit_sum(struct parser *p, enum expr_op op, struct operand *a,
		    const struct operand *b)
{
	int r = want_both(p, a, b, DATUM_NUMBER);

	if (r < 0)
		return r;
	if (op == OP_MUL || op == OP_DIV)
		a->unit = product_unit(op, a, b);
	else
		r = match_units(p, a, b);
	if (r < 0)
		return r;
	return expr_emit(p, (struct expr_instr){.op = op});
}

int expr_binary(struct parser *p, enum expr_op op, size_t at, struct operand *a,
		const struct operand *b)
{
	enum datum_type type = DATUM_BOOL;
	int r;

	switch (op) {
	case OP_AND:
	case OP_OR:
		r = want_both(p, a, b, DATUM_BOOL);
		if (r == 0)
			r = expr_emit(p, (struct expr_instr){.op = op});
		break;
	case OP_EQ:
	case OP_NE:
		r = emit_equal(p, op, at, a, b);
		break;
	case OP_LT:
	case OP_LE:
	case OP_GT:
	case OP_GE:
		r = emit_order(p, op, a, b);
		break;
	default:
		type = DATUM_NUMBER;
		r = emit_sum(p, op, a, b);
		break;
	}
	*a = (struct operand){
		.type = type,
		.unit = type == DATUM_NUMBER ? a->unit : NULL,
		.at = a->at,
		.end = b->end,
		.code = a->code,
	};
	return r;
}

int expr_unary(struct parser *p, enum expr_op op, struct operand *a)
{
	enum datum_type type = op == OP_NOT ? DATUM_BOOL : DATUM_NUMBER;
	int r = want(p, a, type);

	if (r < 0)
		return r;
	a->type = type;
	a->any = false;
	if (op == OP_NEG && a->literal) {
		a->number = -a->number;
		p->e->code[a->code].n = -p->e->code[a->code].n;
		return 0;
	}
	a->literal = false;
	return expr_emit(p, (struct expr_instr){.op = op});
}
