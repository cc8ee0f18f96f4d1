/* What the files of the expression language share with each other and with nobody else. */
#ifndef DAEMON_STATE_EXPR_INTERNAL_H
#define DAEMON_STATE_EXPR_INTERNAL_H
#include "daemon/base/unit.h"
#include "daemon/state/expr.h"

/* Words of the text. */
enum token_kind {
	TOKEN_END,
	TOKEN_NUMBER,
	TOKEN_STRING,
	TOKEN_NAME,
	TOKEN_TRUE,
	TOKEN_FALSE,
	TOKEN_NULL,
	TOKEN_NOT,
	TOKEN_OR,
	TOKEN_AND,
	TOKEN_EQ,
	TOKEN_NE,
	TOKEN_LT,
	TOKEN_LE,
	TOKEN_GT,
	TOKEN_GE,
	TOKEN_PLUS,
	TOKEN_MINUS,
	TOKEN_STAR,
	TOKEN_SLASH,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_COMMA,
};

struct token {
	enum token_kind kind;
	size_t at, len;          /* bytes of the text; a string's include its quotes */
	double number;           /* as written */
	const struct unit *unit; /* behind a number, or NULL */
};

struct expr_lexer {
	const char *text; /* NUL-terminated, without other NULs */
	struct expr_error *err;
	struct token token; /* the current one */
};

/* Go to the next token (the first, from all zero). 0, or -EINVAL with the reason in @err. */
int expr_lex(struct expr_lexer *lex) MUST_CHECK;

/* Whether @text is UTF-8 of bearable length without control characters, as errors quote it. */
int expr_lex_check(const char *text, size_t len, struct expr_error *err) MUST_CHECK;

/* Write the mistake at byte @at of the text. Returns -EINVAL. */
int expr_fail(struct expr_lexer *lex, size_t at, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* A part of the text for an error, in @buf, which is returned. */
enum { QUOTE_MAX = 48 };
const char *expr_quote(const struct expr_lexer *lex, size_t at, size_t len, char *buf);

/*
 * The code: postfix, without jumps, so that any operand is a range of it which evaluates alone, with one
 * cell on the stack in the end.
 */
enum expr_op {
	OP_NULL,
	OP_BOOL,
	OP_NUMBER,
	OP_STRING,
	OP_LOAD,
	OP_FIELD,
	OP_AGE,
	OP_STALE,
	OP_NOT,
	OP_NEG,
	OP_ABS,
	OP_SCALE,
	OP_ADD,
	OP_SUB,
	OP_MUL,
	OP_DIV,
	OP_MIN,
	OP_MAX,
	OP_EQ,
	OP_NE,
	OP_LT,
	OP_LE,
	OP_GT,
	OP_GE,
	OP_AGE_LT, /* age(value) against the number on the stack, exact to the nanosecond */
	OP_AGE_LE,
	OP_AGE_GT,
	OP_AGE_GE,
	OP_IS_NULL,
	OP_NOT_NULL,
	OP_AND,
	OP_OR,
};

struct expr_instr {
	enum expr_op op;
	union {
		bool b;
		double n;
		unsigned string; /* of STRING and FIELD: index into strings */
		struct value *v; /* of LOAD, AGE, AGE_xx, STALE */
	};
};

/* The value that an instruction reads, or NULL. */
static inline struct value *expr_instr_value(const struct expr_instr *in)
{
	switch (in->op) {
	case OP_LOAD:
	case OP_AGE:
	case OP_STALE:
	case OP_AGE_LT:
	case OP_AGE_LE:
	case OP_AGE_GT:
	case OP_AGE_GE:
		return in->v;
	default:
		return NULL;
	}
}

struct code_range {
	unsigned from, to;
};

struct clause {
	size_t at, end; /* bytes of the text */
	struct code_range code;
	unsigned inputs, n_inputs; /* in expr.clause_inputs */
};

struct expr {
	char *text;
	struct expr_instr *code;
	struct datum *strings;
	struct clause *clauses;
	struct value **deps;
	struct value **clause_inputs;
	unsigned n_code, n_strings, n_clauses, n_deps;
	enum expr_type type;
	bool has_age;
};

/* As expr_eval(), and the moment of expr_next_ns(), from one evaluation. */
enum expr_truth expr_eval_next(const struct expr *e, struct datum *ret,
			       int64_t *ret_next_ns);

/* Cells of the stack: of each level of nesting, an infix operator and a min() keep one at most. */
enum { STACK_MAX = 2 * EXPR_DEPTH_MAX + 1 };

/* An operand while it is checked: its code is [code, end of the code so far). */
struct operand {
	enum datum_type type; /* DATUM_NULL with @any */
	bool any;             /* the type shows when it runs */
	const char *unit;     /* NULL: none is known */
	bool literal;         /* a number as written, maybe with a sign */
	const struct unit *written;
	double number; /* of a literal, in the unit written */
	size_t at, end;
	unsigned code;
};

struct parser {
	struct expr_lexer lex;
	const struct expr_names *names;
	struct expr *e;
	size_t end; /* of the last token taken */
	unsigned depth;
};

/* Append an instruction. 0 or -ENOMEM. */
int expr_emit(struct parser *p, struct expr_instr in) MUST_CHECK;

/* Append a string to those of the expression. 0 or -ENOMEM. */
int expr_intern(struct parser *p, const char *text, size_t len, unsigned *ret) MUST_CHECK;

/*
 * Find the longest value that the name @t begins with; *@ret_len is how many of its bytes that is.
 * 0, -EINVAL, -ENOMEM.
 */
int expr_find(struct parser *p, const struct token *t, struct value **ret,
	      size_t *ret_len) MUST_CHECK;

/* Emit the value of that name, and its fields. 0, -EINVAL, -ENOMEM. */
int expr_name(struct parser *p, const struct token *t, struct operand *ret) MUST_CHECK;

/*
 * Check an operation's operands, the second of which was emitted last, and emit it; *@a becomes the
 * result. @at is the operator's place. 0, -EINVAL, -ENOMEM.
 */
int expr_binary(struct parser *p, enum expr_op op, size_t at, struct operand *a,
		const struct operand *b) MUST_CHECK;
int expr_unary(struct parser *p, enum expr_op op, struct operand *a) MUST_CHECK;

/* Emit a number as written, in SI. 0 or -ENOMEM. */
int expr_literal(struct parser *p, const struct token *t, struct operand *ret) MUST_CHECK;

#endif
