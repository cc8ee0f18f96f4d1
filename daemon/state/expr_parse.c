/*
 * Expressions, second step: the grammar, by precedence climbing.
 *
 * A mistake ends the parse: what follows it would mostly be guesses.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/state/expr_internal.h"

/* How strongly operators bind; 0 is none. */
enum { BIND_OR = 1, BIND_AND, BIND_COMPARE, BIND_SUM, BIND_PRODUCT, BIND_SIGN };

static const struct {
	int bind;
	enum expr_op op;
} infix[] = {
	[TOKEN_END] = {0, OP_NULL},
	[TOKEN_OR] = {BIND_OR, OP_OR},
	[TOKEN_AND] = {BIND_AND, OP_AND},
	[TOKEN_EQ] = {BIND_COMPARE, OP_EQ},
	[TOKEN_NE] = {BIND_COMPARE, OP_NE},
	[TOKEN_LT] = {BIND_COMPARE, OP_LT},
	[TOKEN_LE] = {BIND_COMPARE, OP_LE},
	[TOKEN_GT] = {BIND_COMPARE, OP_GT},
	[TOKEN_GE] = {BIND_COMPARE, OP_GE},
	[TOKEN_PLUS] = {BIND_SUM, OP_ADD},
	[TOKEN_MINUS] = {BIND_SUM, OP_SUB},
	[TOKEN_STAR] = {BIND_PRODUCT, OP_MUL},
	[TOKEN_SLASH] = {BIND_PRODUCT, OP_DIV},
	[TOKEN_COMMA] = {0, OP_NULL},
};

static int parse_binary(struct parser *p, int min_bind, struct operand *ret);

static int next(struct parser *p)
{
	p->end = p->lex.token.at + p->lex.token.len;
	return expr_lex(&p->lex);
}

/* What stands at the current token, for errors. */
enum { FOUND_MAX = QUOTE_MAX + 2 };
static const char *found(struct parser *p, char *buf)
{
	const struct token *t = &p->lex.token;
	char quote[QUOTE_MAX];

	if (t->kind == TOKEN_END)
		return "the end";
	expr_quote(&p->lex, t->at, t->len, quote);
	snprintf(buf, FOUND_MAX, "`%s`", quote);
	return buf;
}

static int expect(struct parser *p, enum token_kind kind, const char *sign)
{
	char buf[FOUND_MAX];

	if (p->lex.token.kind != kind)
		return expr_fail(&p->lex, p->lex.token.at, "expected `%s`, found %s",
				 sign, found(p, buf));
	return next(p);
}

static int parse_abs(struct parser *p, enum expr_op op, struct operand *ret)
{
	int r = parse_binary(p, BIND_OR, ret);

	return r < 0 ? r : expr_unary(p, op, ret);
}

/* min() and max() fold from the left, as any infix operator would. */
static int parse_extreme(struct parser *p, enum expr_op op, struct operand *ret)
{
	struct operand more = {0};
	size_t at;
	int r = parse_binary(p, BIND_OR, ret);

	if (r == 0 && p->lex.token.kind != TOKEN_COMMA)
		return expect(p, TOKEN_COMMA, ",");
	while (r == 0 && p->lex.token.kind == TOKEN_COMMA) {
		at = p->lex.token.at;
		r = next(p);
		if (r == 0)
			r = parse_binary(p, BIND_OR, &more);
		if (r == 0)
			r = expr_binary(p, op, at, ret, &more);
	}
	return r;
}

/* age() and stale() are of the value that the name begins with; that the fields make sense is not asked. */
static int parse_ask(struct parser *p, enum expr_op op, struct operand *ret)
{
	struct token t = p->lex.token;
	struct value *v = NULL;
	size_t len = 0;
	int r;

	if (t.kind != TOKEN_NAME)
		return expr_fail(&p->lex, t.at, "expected the name of a value");
	r = expr_find(p, &t, &v, &len);
	if (r == 0)
		r = next(p);
	if (r < 0)
		return r;
	ret->type = op == OP_AGE ? DATUM_NUMBER : DATUM_BOOL;
	ret->unit = op == OP_AGE ? "s" : NULL;
	return expr_emit(p, (struct expr_instr){.op = op, .v = v});
}

/* From behind the name @t to the closing parenthesis. */
static int parse_call(struct parser *p, const struct token *t, struct operand *ret)
{
	static const struct {
		const char *name;
		int (*parse)(struct parser *p, enum expr_op op, struct operand *ret);
		enum expr_op op;
	} functions[] = {
		{"abs", parse_abs, OP_ABS},     {"min", parse_extreme, OP_MIN},
		{"max", parse_extreme, OP_MAX}, {"age", parse_ask, OP_AGE},
		{"stale", parse_ask, OP_STALE},
	};
	const char *name = p->lex.text + t->at;
	char buf[QUOTE_MAX];
	int r;

	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		if (strlen(functions[i].name) != t->len ||
		    memcmp(name, functions[i].name, t->len) != 0)
			continue;
		r = next(p);
		if (r == 0)
			r = functions[i].parse(p, functions[i].op, ret);
		return r < 0 ? r : expect(p, TOKEN_CLOSE, ")");
	}
	return expr_fail(&p->lex, t->at,
			 "unknown function `%s`; there are abs, min, max, age, stale",
			 expr_quote(&p->lex, t->at, t->len, buf));
}

/* Quotes and backslashes are written with a backslash before them. */
static int parse_string(struct parser *p, const struct token *t, struct operand *ret)
{
	const char *s = p->lex.text + t->at + 1;
	struct expr_instr in = {.op = OP_STRING};
	char *text = malloc(t->len);
	size_t n = 0;
	int r = 0;

	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < t->len - 2 && r == 0; i++) {
		if (s[i] == '\\' && !strchr("'\"\\", s[++i]))
			r = expr_fail(&p->lex, t->at + i,
				      "a backslash stands before a quote or a backslash");
		text[n++] = s[i];
	}
	if (r == 0)
		r = expr_intern(p, text, n, &in.string);
	free(text);
	ret->type = DATUM_STRING;
	return r < 0 ? r : expr_emit(p, in);
}

/* What begins with the token @t, which has been taken. */
static int parse_after(struct parser *p, const struct token *t, struct operand *ret)
{
	struct expr_instr in = {.op = OP_BOOL, .b = t->kind == TOKEN_TRUE};
	char buf[QUOTE_MAX];
	int r;

	switch (t->kind) {
	case TOKEN_NUMBER:
		return expr_literal(p, t, ret);
	case TOKEN_STRING:
		return parse_string(p, t, ret);
	case TOKEN_TRUE:
	case TOKEN_FALSE:
		ret->type = DATUM_BOOL;
		return expr_emit(p, in);
	case TOKEN_NULL:
		return expr_emit(p, (struct expr_instr){.op = OP_NULL});
	case TOKEN_NAME:
		if (p->lex.token.kind == TOKEN_OPEN)
			return parse_call(p, t, ret);
		return expr_name(p, t, ret);
	case TOKEN_NOT:
		r = parse_binary(p, BIND_COMPARE, ret);
		return r < 0 ? r : expr_unary(p, OP_NOT, ret);
	case TOKEN_MINUS:
		r = parse_binary(p, BIND_SIGN, ret);
		return r < 0 ? r : expr_unary(p, OP_NEG, ret);
	case TOKEN_OPEN:
		r = parse_binary(p, BIND_OR, ret);
		return r < 0 ? r : expect(p, TOKEN_CLOSE, ")");
	case TOKEN_END:
		return expr_fail(&p->lex, t->at, "expected a value, found the end");
	default:
		return expr_fail(&p->lex, t->at, "expected a value, found `%s`",
				 expr_quote(&p->lex, t->at, t->len, buf));
	}
}

static int parse_operand(struct parser *p, struct operand *ret)
{
	struct token t = p->lex.token;
	unsigned code = p->e->n_code;
	int r = next(p);

	*ret = (struct operand){.at = t.at, .end = p->end};
	if (r == 0)
		r = parse_after(p, &t, ret);
	ret->at = t.at;
	ret->end = p->end;
	ret->code = code;
	return r;
}

static int add_clause(struct expr *e, const struct operand *o, unsigned code_end)
{
	struct clause *clauses =
		realloc(e->clauses, (e->n_clauses + 1) * sizeof(*clauses));

	if (!clauses)
		return -ENOMEM;
	e->clauses = clauses;
	clauses[e->n_clauses++] = (struct clause){
		.at = o->at,
		.end = o->end,
		.code = {o->code, code_end},
	};
	return 0;
}

/* @a @op @b stands at the top: the operands of an `and` are clauses, unless an `or` follows. */
static int note_clauses(struct parser *p, enum expr_op op, const struct operand *a,
			const struct operand *b)
{
	int r = 0;

	if (op != OP_AND) {
		p->e->n_clauses = 0;
		return 0;
	}
	if (p->e->n_clauses == 0)
		r = add_clause(p->e, a, b->code);
	return r < 0 ? r : add_clause(p->e, b, p->e->n_code);
}

/* The current token is an operator: its right side, joined with @a. */
static int parse_infix(struct parser *p, struct operand *a)
{
	struct token t = p->lex.token;
	int bind = infix[t.kind].bind;
	enum expr_op op = infix[t.kind].op;
	struct operand b = {0};
	int r = next(p);

	if (r == 0)
		r = parse_binary(p, bind + 1, &b);
	if (r == 0 && p->depth == 1)
		r = note_clauses(p, op, a, &b);
	if (r == 0)
		r = expr_binary(p, op, t.at, a, &b);
	if (r == 0 && bind == BIND_COMPARE &&
	    infix[p->lex.token.kind].bind == BIND_COMPARE)
		return expr_fail(&p->lex, p->lex.token.at,
				 "comparisons do not go on; write `a < b and b < c`");
	return r;
}

/* An operand and all operators behind it that bind at least as strongly as @min_bind. */
static int parse_binary(struct parser *p, int min_bind, struct operand *ret)
{
	int r;

	if (p->depth == EXPR_DEPTH_MAX)
		return expr_fail(&p->lex, p->lex.token.at, "nested more than %d deep",
				 EXPR_DEPTH_MAX);
	p->depth++;
	r = parse_operand(p, ret);
	while (r == 0 && infix[p->lex.token.kind].bind >= min_bind)
		r = parse_infix(p, ret);
	p->depth--;
	return r;
}

static bool op_is_age(enum expr_op op)
{
	return op == OP_AGE || (op >= OP_AGE_LT && op <= OP_AGE_GE);
}

/* The values that each clause reads, each once in a clause. */
static int list_inputs(struct expr *e)
{
	unsigned n = 0;

	e->clause_inputs = calloc(e->n_code, sizeof(struct value *));
	if (!e->clause_inputs)
		return -ENOMEM;
	for (unsigned i = 0; i < e->n_clauses; i++) {
		struct clause *c = &e->clauses[i];

		c->inputs = n;
		for (unsigned at = c->code.from; at < c->code.to; at++) {
			struct value *v = expr_instr_value(&e->code[at]);
			unsigned k = c->inputs;

			while (k < n && e->clause_inputs[k] != v)
				k++;
			if (v && k == n)
				e->clause_inputs[n++] = v;
			e->has_age |= v && op_is_age(e->code[at].op);
		}
		c->n_inputs = n - c->inputs;
	}
	return 0;
}

static int finish(struct parser *p, const struct operand *whole)
{
	struct expr *e = p->e;
	int r = 0;

	if (whole->any)
		e->type = EXPR_ANY;
	else if (whole->type == DATUM_BOOL)
		e->type = EXPR_BOOL;
	else if (whole->type == DATUM_NUMBER)
		e->type = EXPR_NUMBER;
	else if (whole->type == DATUM_STRING)
		e->type = EXPR_STRING;
	else
		return expr_fail(&p->lex, whole->at,
				 "the result is a %s; it must be a boolean, number or "
				 "string",
				 datum_type_name(whole->type));
	if (e->n_clauses == 0)
		r = add_clause(e, whole, e->n_code);
	return r < 0 ? r : list_inputs(e);
}

static int parse(struct parser *p)
{
	struct operand whole = {0};
	char buf[FOUND_MAX];
	int r = expr_lex(&p->lex);

	if (r == 0)
		r = parse_binary(p, BIND_OR, &whole);
	if (r < 0)
		return r;
	if (p->lex.token.kind != TOKEN_END)
		return expr_fail(&p->lex, p->lex.token.at,
				 "expected an operator or the end, found %s",
				 found(p, buf));
	return finish(p, &whole);
}

int expr_compile(const char *text, size_t len, const struct expr_names *names,
		 struct expr **ret, struct expr_error *err)
{
	struct parser p = {.lex.err = err, .names = names};
	int r = expr_lex_check(text, len, err);

	if (r < 0)
		return r;
	p.e = calloc(1, sizeof(*p.e));
	if (p.e)
		p.e->text = strndup(text, len);
	if (p.e && p.e->text) {
		p.lex.text = p.e->text;
		r = parse(&p);
	} else {
		r = -ENOMEM;
	}
	if (r < 0) {
		if (r == -ENOMEM)
			*err = (struct expr_error){1, 1, "out of memory"};
		expr_free(p.e);
		return r;
	}
	*ret = p.e;
	return 0;
}

void expr_free(struct expr *e)
{
	if (!e)
		return;
	for (unsigned i = 0; i < e->n_strings; i++)
		datum_fini(&e->strings[i]);
	free(e->text);
	free(e->code);
	free(e->strings);
	free(e->clauses);
	free(e->deps);
	free(e->clause_inputs);
	free(e);
}
