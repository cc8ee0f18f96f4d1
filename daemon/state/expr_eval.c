/* Expressions, last step: the code on a small stack, with three-valued truth. */
#include <math.h>
#include <string.h>

#include "daemon/rt/rt.h"
#include "daemon/state/expr_internal.h"

enum cell_type { CELL_UNKNOWN, CELL_NULL, CELL_BOOL, CELL_NUMBER, CELL_DATUM };

struct cell {
	enum cell_type type;
	union {
		bool b;
		double n;
		const struct datum *d; /* what fits into no cell */
	};
};

/* One evaluation: now, and the next moment at which an age() reaches its limit. */
struct run {
	int64_t now_ns;
	int64_t next_ns;
};

static const struct cell unknown = {.type = CELL_UNKNOWN};

static struct cell cell_bool(bool b)
{
	return (struct cell){.type = CELL_BOOL, .b = b};
}

static struct cell cell_number(double n)
{
	return isnan(n) ? unknown : (struct cell){.type = CELL_NUMBER, .n = n};
}

static struct cell cell_datum(const struct datum *d)
{
	switch (d->type) {
	case DATUM_NULL:
		return (struct cell){.type = CELL_NULL};
	case DATUM_BOOL:
		return cell_bool(d->b);
	case DATUM_NUMBER:
		return cell_number(d->n);
	default:
		return (struct cell){.type = CELL_DATUM, .d = d};
	}
}

static struct cell load(const struct value *v)
{
	return value_state(v) == VALUE_OK ? cell_datum(value_get(v)) : unknown;
}

/* Component @name ('w' to 'z') of a vector or a quaternion. */
static struct cell component(const struct datum *d, const char *name)
{
	const char *names = d->type == DATUM_QUAT ? "wxyz" : "xyz";
	const char *at = strchr(names, *name);

	if (name[0] == '\0' || name[1] != '\0' || !at)
		return unknown;
	return cell_number(d->v[at - names]);
}

/* A field of null, and a key that a table lacks, is null. */
static struct cell field(struct cell c, const char *name)
{
	const struct datum *d;

	if (c.type == CELL_NULL)
		return c;
	if (c.type != CELL_DATUM)
		return unknown;
	if (c.d->type == DATUM_VEC3 || c.d->type == DATUM_QUAT)
		return component(c.d, name);
	if (c.d->type != DATUM_TABLE)
		return unknown;
	d = datum_get(c.d, name);
	return d ? cell_datum(d) : (struct cell){.type = CELL_NULL};
}

static bool never_sampled(const struct value *v)
{
	return value_state(v) == VALUE_UNSET || value_version(v) == 0;
}

static double age_s(const struct run *run, const struct value *v)
{
	if (never_sampled(v))
		return (double)INFINITY;
	return (double)(run->now_ns - value_sample_ns(v)) / (double)NS_PER_S;
}

static bool order(enum expr_op op, double a, double b)
{
	switch (op) {
	case OP_LT:
	case OP_AGE_LT:
		return a < b;
	case OP_LE:
	case OP_AGE_LE:
		return a <= b;
	case OP_GT:
	case OP_AGE_GT:
		return a > b;
	default:
		return a >= b;
	}
}

/* age(v) @op limit, in whole nanoseconds, so that the timer set for the moment finds it changed. */
static struct cell compare_age(struct run *run, enum expr_op op, const struct value *v,
			       struct cell limit)
{
	const double far_ns = 4e18; /* 127 years; sums of two stay within int64_t */
	int64_t age_ns, left_ns;
	double limit_ns;

	if (limit.type != CELL_NUMBER)
		return unknown;
	limit_ns = limit.n * (double)NS_PER_S;
	if (never_sampled(v) || fabs(limit_ns) > far_ns)
		return cell_bool(order(op, age_s(run, v), limit.n));
	age_ns = run->now_ns - value_sample_ns(v);
	left_ns = llround(limit_ns) - age_ns;
	if (op == OP_AGE_GT || op == OP_AGE_LE)
		left_ns++;
	if (left_ns > 0 && run->now_ns + left_ns < run->next_ns)
		run->next_ns = run->now_ns + left_ns;
	/* The condition is age >= limit or, as whole nanoseconds go, age > limit - 1. */
	return cell_bool((left_ns <= 0) == (op == OP_AGE_GT || op == OP_AGE_GE));
}

static struct cell negate(struct cell c)
{
	return c.type == CELL_BOOL ? cell_bool(!c.b) : unknown;
}

static bool is_bool(struct cell c, bool b)
{
	return c.type == CELL_BOOL && c.b == b;
}

/* Kleene's strong logic: the operand @decides settles it, whatever the other one is. */
static struct cell join(struct cell a, struct cell b, bool decides)
{
	if (is_bool(a, decides) || is_bool(b, decides))
		return cell_bool(decides);
	return a.type == CELL_BOOL && b.type == CELL_BOOL ? cell_bool(!decides) : unknown;
}

static struct cell equal(struct cell a, struct cell b)
{
	if (a.type <= CELL_NULL || b.type <= CELL_NULL)
		return unknown;
	if (a.type != b.type)
		return cell_bool(false);
	switch (a.type) {
	case CELL_BOOL:
		return cell_bool(a.b == b.b);
	case CELL_NUMBER:
		return cell_bool(a.n == b.n);
	default:
		return cell_bool(datum_equal(a.d, b.d));
	}
}

static struct cell is_null(struct cell c)
{
	return c.type == CELL_UNKNOWN ? unknown : cell_bool(c.type == CELL_NULL);
}

static struct cell unary(enum expr_op op, struct cell c, double factor)
{
	if (c.type != CELL_NUMBER)
		return unknown;
	if (op == OP_NEG)
		return cell_number(-c.n);
	return cell_number(op == OP_ABS ? fabs(c.n) : c.n * factor);
}

static struct cell arithmetic(enum expr_op op, struct cell a, struct cell b)
{
	if (a.type != CELL_NUMBER || b.type != CELL_NUMBER)
		return unknown;
	switch (op) {
	case OP_ADD:
		return cell_number(a.n + b.n);
	case OP_SUB:
		return cell_number(a.n - b.n);
	case OP_MUL:
		return cell_number(a.n * b.n);
	case OP_DIV:
		return b.n == 0 ? unknown : cell_number(a.n / b.n);
	case OP_MIN:
		return cell_number(a.n < b.n ? a.n : b.n);
	case OP_MAX:
		return cell_number(a.n > b.n ? a.n : b.n);
	default:
		return cell_bool(order(op, a.n, b.n));
	}
}

static struct cell run_code(const struct expr *e, struct code_range range,
			    struct run *run)
{
	struct cell stack[1 + STACK_MAX];
	struct cell *top = stack; /* the last one pushed; the first stays unused */

	for (unsigned i = range.from; i < range.to; i++) {
		const struct expr_instr *in = &e->code[i];

		switch (in->op) {
		case OP_NULL:
			*++top = (struct cell){.type = CELL_NULL};
			break;
		case OP_BOOL:
			*++top = cell_bool(in->b);
			break;
		case OP_NUMBER:
			*++top = cell_number(in->n);
			break;
		case OP_STRING:
			*++top = cell_datum(&e->strings[in->string]);
			break;
		case OP_LOAD:
			*++top = load(in->v);
			break;
		case OP_AGE:
			*++top = cell_number(age_s(run, in->v));
			break;
		case OP_STALE:
			*++top = cell_bool(value_state(in->v) != VALUE_OK);
			break;
		case OP_FIELD:
			*top = field(*top, datum_text(&e->strings[in->string]));
			break;
		case OP_NOT:
			*top = negate(*top);
			break;
		case OP_NEG:
		case OP_ABS:
		case OP_SCALE:
			*top = unary(in->op, *top, in->n);
			break;
		case OP_IS_NULL:
			*top = is_null(*top);
			break;
		case OP_NOT_NULL:
			*top = negate(is_null(*top));
			break;
		case OP_AGE_LT:
		case OP_AGE_LE:
		case OP_AGE_GT:
		case OP_AGE_GE:
			*top = compare_age(run, in->op, in->v, *top);
			break;
		case OP_AND:
		case OP_OR:
			top--;
			*top = join(top[0], top[1], in->op == OP_OR);
			break;
		case OP_EQ:
			top--;
			*top = equal(top[0], top[1]);
			break;
		case OP_NE:
			top--;
			*top = negate(equal(top[0], top[1]));
			break;
		case OP_ADD:
		case OP_SUB:
		case OP_MUL:
		case OP_DIV:
		case OP_MIN:
		case OP_MAX:
		case OP_LT:
		case OP_LE:
		case OP_GT:
		case OP_GE:
			top--;
			*top = arithmetic(in->op, top[0], top[1]);
			break;
		}
	}
	return *top;
}

static enum expr_truth truth_of(struct cell c)
{
	if (c.type != CELL_BOOL)
		return EXPR_UNKNOWN;
	return c.b ? EXPR_TRUE : EXPR_FALSE;
}

static struct datum datum_of(const struct expr *e, struct cell c)
{
	switch (c.type) {
	case CELL_UNKNOWN:
	case CELL_NULL:
		break;
	case CELL_BOOL:
		return datum_bool(c.b);
	case CELL_NUMBER:
		return datum_number(c.n);
	case CELL_DATUM:
		return *c.d;
	}
	return e->type == EXPR_BOOL ? datum_bool(false) : datum_null();
}

static struct run begin(const struct expr *e)
{
	return (struct run){
		.now_ns = e->has_age ? rt_now() : 0,
		.next_ns = TIME_NEVER,
	};
}

enum expr_truth expr_eval_next(const struct expr *e, struct datum *ret,
			       int64_t *ret_next_ns)
{
	struct run run = begin(e);
	struct cell c = run_code(e, (struct code_range){0, e->n_code}, &run);

	if (ret)
		*ret = datum_of(e, c);
	*ret_next_ns = run.next_ns;
	return truth_of(c);
}

enum expr_truth expr_eval(const struct expr *e, struct datum *ret)
{
	int64_t next_ns;

	return expr_eval_next(e, ret, &next_ns);
}

int64_t expr_next_ns(const struct expr *e)
{
	int64_t next_ns;

	(void)expr_eval_next(e, NULL, &next_ns); /* only the moment is asked for */
	return next_ns;
}

enum expr_type expr_type(const struct expr *e)
{
	return e->type;
}

const char *expr_type_name(enum expr_type type)
{
	static const char *const names[] = {
		[EXPR_ANY] = "anything",
		[EXPR_BOOL] = "boolean",
		[EXPR_NUMBER] = "number",
		[EXPR_STRING] = "string",
	};

	return names[type];
}

const char *expr_text(const struct expr *e)
{
	return e->text;
}

struct value *const *expr_deps(const struct expr *e, unsigned *ret_n)
{
	*ret_n = e->n_deps;
	return e->deps;
}

unsigned expr_clauses(const struct expr *e)
{
	return e->n_clauses;
}

struct expr_clause expr_clause(const struct expr *e, unsigned i)
{
	const struct clause *c = &e->clauses[i];
	struct run run = begin(e);

	return (struct expr_clause){
		.start = c->at,
		.len = c->end - c->at,
		.truth = truth_of(run_code(e, c->code, &run)),
		.inputs = e->clause_inputs + c->inputs,
		.n_inputs = c->n_inputs,
	};
}
