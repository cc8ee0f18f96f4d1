/*
 * The rules of values, each as a scenario of tests/behave/rules.txt, which tells its form. Every scenario is
 * run twice: its waits are C tasks, and then a Lua script. The sets are made here both times, and what comes
 * of it must be what the table says.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/log.h"
#include "daemon/behave/script.h"
#include "daemon/rt/nursery.h"
#include "daemon/rt/rt.h"
#include "daemon/rt/scope.h"
#include "daemon/state/await.h"
#include "daemon/state/derive.h"
#include "daemon/state/world.h"
#include "tests/behave/rules_table.h"

/* A wait of the scenario as a C task. */
struct waiting {
	struct scenario *s;
	struct line *l;
};

static void tell(struct waiting *w, int r, struct datum *data, size_t n)
{
	FILE *out = w->s->out;

	fputs(w->l->words[2], out);
	for (size_t i = 0; i < n && r == 0; i++) {
		write_datum(out, &data[i]);
		datum_fini(&data[i]);
	}
	if (r < 0)
		fputs(r == -EPIPE       ? " closed"
		      : r == -ETIMEDOUT ? " timeout"
					: " failed",
		      out);
	fprintf(out, " @%g\n", (double)rt_now() / 1e9);
}

static struct await_opt opt_of(const struct line *l)
{
	return (struct await_opt){
		.held_for_ns = ns_of(number_option(l, "held_for")),
		.grace_ns = ns_of(number_option(l, "grace")),
		.fresh_ns = ns_of(number_option(l, "fresh")),
		.stale_use = option(l, "stale") != NULL,
		.still = option(l, "still") != NULL,
	};
}

static int wait_once(struct waiting *w, bool edge)
{
	struct value *v = find(w->s, w->l->words[3]);
	struct pred p = pred_of(w->l->words[4]);
	struct await_opt opt = opt_of(w->l);
	struct datum d[2] = {0};
	struct scope limit;
	int r;

	if (option(w->l, "timeout"))
		scope_enter_after(&limit, ns_of(number_option(w->l, "timeout")));
	r = edge ? value_await_transition(v, &p, &opt, &d[0], &d[1])
		 : value_await(v, &p, &opt, &d[0]);
	if (option(w->l, "timeout"))
		r = scope_leave_timeout(&limit, r);
	datum_fini(&p.datum);
	if (r == -ECANCELED)
		return r;
	tell(w, r, d, edge ? 2 : 1);
	return 0;
}

static int loop_edges(struct waiting *w)
{
	struct pred p = pred_of(w->l->words[4]);
	struct await_opt opt = opt_of(w->l);
	struct transitions t;
	struct datum d[2];
	int r;

	cr_assert(eq(int,
		     transitions_open(&t, find(w->s, w->l->words[3]), &p, &opt,
				      (unsigned)number_option(w->l, "queue")),
		     0));
	while ((r = transitions_next(&t, &d[0], &d[1])) == 0) {
		tell(w, 0, d, 2);
		r = task_sleep(ns_of(number_option(w->l, "body")));
		if (r < 0)
			break;
	}
	transitions_close(&t);
	if (r != -ECANCELED)
		tell(w, r, d, 0);
	return r == -ECANCELED ? r : 0;
}

static int loop_eventual(struct waiting *w)
{
	struct pred p = pred_of(w->l->words[4]);
	struct await_opt opt = opt_of(w->l);
	struct eventual e;
	struct datum d;
	int r;

	eventual_open(&e, find(w->s, w->l->words[3]), &p, &opt);
	while ((r = eventual_next(&e, &d)) == 0) {
		tell(w, 0, &d, 1);
		r = task_sleep(ns_of(number_option(w->l, "body")));
		if (r < 0)
			break;
	}
	eventual_close(&e);
	datum_fini(&p.datum);
	if (r != -ECANCELED)
		tell(w, r, &d, 0);
	return r == -ECANCELED ? r : 0;
}

static int waiting_task(void *arg)
{
	struct waiting *w = arg;
	int r = task_sleep_until(ns_of(w->l->t));

	if (r < 0)
		return r;
	switch (w->l->words[1][0]) {
	case 'w':
		return wait_once(w, false);
	case 'e':
		return wait_once(w, true);
	case 'l':
		return loop_edges(w);
	default:
		return loop_eventual(w);
	}
}

static bool is_wait(const struct line *l)
{
	static const char *const kinds[] = {"wait", "edge", "loop", "follow"};

	for (size_t i = 0; i < ARRAY_LEN(kinds) && l->n > 1; i++)
		if (strcmp(l->words[1], kinds[i]) == 0)
			return true;
	return false;
}

/* The same waits as a script. */
static void write_pred(FILE *f, const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(functions); i++)
		if (strcmp(functions[i].name, word) == 0) {
			fputs(functions[i].lua, f);
			return;
		}
	if (strcmp(word, "any") == 0)
		fputs("nil", f);
	else if (strchr(word, ':'))
		fprintf(f, "%.*s(%s)", (int)strcspn(word, ":"), word,
			strchr(word, ':') + 1);
	else
		fputs(word, f);
}

static void write_wait(FILE *f, const struct line *l)
{
	static const char *const options[] = {"held_for", "grace",   "fresh", "stale",
					      "still",    "timeout", "queue"};
	static const struct {
		char kind;
		const char *before, *method, *after;
	} forms[] = {
		{'w', "tell(name, ", "wait_value", ")"},
		{'e', "tell(name, ", "wait_transition", ")"},
		{'l', "for new, old in ", "transitions",
		 " do tell(name, new, old) sleep(body) end tell(name, nil, 'closed')"},
		{'f', "for x in ", "eventual_values",
		 " do tell(name, x) sleep(body) end tell(name, nil, 'closed')"},
	};
	size_t i = 0;

	while (forms[i].kind != l->words[1][0])
		i++;
	fprintf(f,
		"n:start(function() local name, body = '%s', %g sleep_until(%g) "
		"local ok, err = pcall(function() %s%s:%s(",
		l->words[2], number_option(l, "body"), l->t, forms[i].before, l->words[3],
		forms[i].method);
	write_pred(f, l->words[4]);
	fputs(", {", f);
	for (size_t k = 0; k < ARRAY_LEN(options); k++)
		if (option(l, options[k]))
			fprintf(f, " %s = %s,", options[k], option(l, options[k]));
	fprintf(f, " })%s end) if not ok then tell(name, nil, 'failed') end end)\n",
		forms[i].after);
}

static const char script_head[] =
	"local function show(x)\n"
	"	return type(x) == 'number' and ('%g'):format(x) or tostring(x)\n"
	"end\n"
	"local function tell(name, x, y)\n"
	"	local line = name\n"
	"	if x ~= nil then line = line .. ' ' .. show(x) end\n"
	"	if y ~= nil then line = line .. ' ' .. show(y) end\n"
	"	print(line .. (' @%g'):format(now()))\n"
	"end\n";

static void write_script(FILE *f, struct scenario *s)
{
	fputs(script_head, f);
	for (size_t i = 0; i < s->n; i++) {
		const struct line *l = &s->lines[i];

		if (strcmp(l->words[0], "value") == 0)
			fprintf(f, "local %s = value 'test.%s'\n", l->words[1],
				l->words[1]);
		else if (strcmp(l->words[0], "sum") == 0)
			fprintf(f,
				"local %s = compose { a = %s, b = %s, transform = "
				"function(t) return t.a + t.b end }\n",
				l->words[1], l->words[2], l->words[3]);
		else if (strcmp(l->words[0], "times") == 0)
			fprintf(f,
				"local %s = %s:transform(function(x) return x * %s "
				"end)\n",
				l->words[1], l->words[2], l->words[3]);
		else if (strcmp(l->words[0], "root") == 0)
			fprintf(f,
				"local %s = %s:transform(function(x) return x < 0 and "
				"error 'no' or x ^ 0.5 end)\n",
				l->words[1], l->words[2]);
		else if (strcmp(l->words[0], "held") == 0) {
			fprintf(f, "local %s = held_for(%s, ", l->words[1], l->words[2]);
			write_pred(f, l->words[3]);
			fprintf(f, ", %s)\n", l->words[4]);
		} else if (strcmp(l->words[0], "hysteresis") == 0)
			fprintf(f, "local %s = hysteresis(%s, %s, %s)\n", l->words[1],
				l->words[2], l->words[3], l->words[4]);
	}
	fputs("nursery(function(n)\n", f);
	for (size_t i = 0; i < s->n; i++)
		if (is_wait(&s->lines[i]))
			write_wait(f, &s->lines[i]);
	fputs("end)\n", f);
}

/* What the lines of the scenario make. */
static int add(void *arg, struct value *const *inputs, unsigned n, struct datum *ret)
{
	(void)arg;
	(void)n;
	*ret = datum_number(value_get(inputs[0])->n + value_get(inputs[1])->n);
	return 0;
}

static int multiply(void *arg, struct value *const *inputs, unsigned n, struct datum *ret)
{
	const double *factor = arg;

	(void)n;
	*ret = datum_number(value_get(inputs[0])->n * *factor);
	return 0;
}

static int take_root(void *arg, struct value *const *inputs, unsigned n,
		     struct datum *ret)
{
	double x = value_get(inputs[0])->n;

	(void)arg;
	(void)n;
	*ret = datum_number(sqrt(x));
	return x < 0 ? -EDOM : 0;
}

static void make_value(struct scenario *s, const struct line *l)
{
	const char *first = l->n > 2 && !strchr(l->words[2], '=') ? l->words[2] : NULL;
	char name[48];
	const struct value_info info = {
		.name = name,
		.dead_band = number_option(l, "dead_band"),
		.stale_after_ns = ns_of(number_option(l, "stale_after")),
	};
	struct value *v;

	snprintf(name, sizeof(name), "test.%s", l->words[1]);
	cr_assert(eq(int, world_add(s->world, &info, &v), 0));
	if (first) {
		struct datum d = datum_of(first);

		cr_assert(eq(int, value_set(v, &d), 0));
		datum_fini(&d);
	}
}

static void make_derived(struct scenario *s, const struct line *l)
{
	const struct value_info info = {.name = l->words[1]};
	struct value *in[2] = {find(s, l->words[2])}, *v = NULL;
	static double factor;
	struct derivation how = {.compute = add};
	struct pred p;
	int r = -1;

	switch (l->words[0][0]) {
	case 's':
		in[1] = find(s, l->words[3]);
		r = value_derive(&info, in, 2, &how, &v);
		break;
	case 't':
		factor = strtod(l->words[3], NULL); /* one in a scenario */
		how = (struct derivation){.compute = multiply, .arg = &factor};
		r = value_derive(&info, in, 1, &how, &v);
		break;
	case 'r':
		how = (struct derivation){.compute = take_root};
		r = value_derive(&info, in, 1, &how, &v);
		break;
	case 'h':
		if (strcmp(l->words[0], "held") == 0) {
			p = pred_of(l->words[3]);
			r = value_held_for(&info, in[0], &p,
					   ns_of(strtod(l->words[4], NULL)), &v);
		} else {
			r = value_hysteresis(&info, in[0], strtod(l->words[4], NULL),
					     strtod(l->words[3], NULL), &v);
		}
		break;
	}
	cr_assert(eq(int, r, 0), "%s: %s", s->title, l->words[0]);
	s->derived[s->n_derived++] = v;
}

/* "v=5" */
static void set_one(struct scenario *s, const char *word)
{
	char name[24];
	struct datum d = datum_of(strchr(word, '=') + 1);

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
	cr_assert(eq(int, value_set(find(s, name), &d), 0), "%s", s->title);
	datum_fini(&d);
}

/* Sets, touches, closings, each at its time; those of one time in one frame. Suspends. */
static int tell_story(struct scenario *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct line *l = &s->lines[i];
		int r;

		if (l->t < 0 || is_wait(l))
			continue;
		if (ns_of(l->t) > rt_now()) {
			r = task_sleep_until(ns_of(l->t));
			if (r < 0)
				return r;
		}
		if (strcmp(l->words[1], "end") == 0)
			return 0;
		if (strcmp(l->words[1], "touch") == 0) {
			(void)value_touch(find(s, l->words[2]));
		} else if (strcmp(l->words[1], "close") == 0) {
			value_close(find(s, l->words[2]));
		} else if (strcmp(l->words[1], "set") == 0) {
			for (size_t k = 2; k < l->n; k++)
				set_one(s, l->words[k]);
		} else {
			cr_assert(eq(str, l->words[1], (char *)"batch"), "%s", s->title);
			value_batch_begin();
			for (size_t k = 2; k < l->n; k++)
				set_one(s, l->words[k]);
			value_batch_end();
		}
	}
	return task_sleep_until(20 * NS_PER_S);
}

static void print_line(void *arg, const char *line, size_t len)
{
	struct scenario *s = arg;

	fprintf(s->out, "%.*s\n", (int)len, line);
}

static int run_script(void *arg)
{
	struct scenario *s = arg;
	char path[] = "/tmp/instinct-rules-XXXXXX", why[SCRIPT_WHY];
	const struct script_conf conf = {
		.path = path, .world = s->world, .print = print_line, .arg = s};
	int fd = mkstemp(path), r;
	FILE *f = fdopen(fd, "w");

	write_script(f, s);
	fclose(f);
	r = script_run(&conf, why);
	unlink(path);
	if (r < 0 && r != -ECANCELED)
		fprintf(s->out, "%s\n", why);
	return r == -ECANCELED ? r : 0;
}

static int play(void *arg)
{
	struct scenario *s = arg;
	struct waiting waits[LINES_MAX];
	struct nursery n;
	int r;

	s->world = world_new();
	s->n_derived = 0;
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->lines[i].words[0], "value") == 0)
			make_value(s, &s->lines[i]);
	for (size_t i = 0; i < s->n && !s->lua; i++)
		if (s->lines[i].t < 0 && strcmp(s->lines[i].words[0], "value") != 0)
			make_derived(s, &s->lines[i]);
	nursery_open(&n);
	if (s->lua)
		nursery_go(&n, "script", run_script, s);
	for (size_t i = 0; i < s->n && !s->lua; i++)
		if (is_wait(&s->lines[i])) {
			waits[i] = (struct waiting){s, &s->lines[i]};
			nursery_go(&n, "wait", waiting_task, &waits[i]);
		}
	r = tell_story(s);
	nursery_cancel(&n, "the scenario has ended");
	r = nursery_close(&n, r);
	for (size_t i = s->n_derived; i > 0; i--)
		value_free(s->derived[i - 1]);
	world_free(s->world);
	return r;
}

static void check(struct scenario *s, bool lua)
{
	const struct rt_conf conf = {.clock = RT_CLOCK_VIRTUAL, .slow_step_ns = -1};
	char *got = NULL;
	size_t size = 0;

	s->lua = lua;
	s->out = open_memstream(&got, &size);
	cr_expect(eq(int, rt_run(&conf, play, s), 0), "%s", s->title);
	fclose(s->out);
	cr_expect(eq(str, got, s->want), "%s, in %s", s->title, lua ? "Lua" : "C");
	free(got);
}

static unsigned check_table(bool lua)
{
	FILE *f = fopen(INSTINCT_SOURCE "/tests/behave/rules.txt", "r");
	static struct scenario s;
	char text[160];
	unsigned count = 0;

	cr_assert(ne(ptr, f, NULL));
	log_set_level(LOG_LEVEL_ERR); /* scenarios of failures warn */
	while (fgets(text, sizeof(text), f)) {
		if (text[0] == '#')
			continue;
		if (text[0] == '=') {
			memset(&s, 0, sizeof(s));
			snprintf(s.title, sizeof(s.title), "%.*s",
				 (int)strcspn(text + 2, "\n"), text + 2);
		} else if (text[0] == '>') {
			strncat(s.want, text + 2, sizeof(s.want) - strlen(s.want) - 1);
		} else if (text[0] != '\n') {
			cr_assert(lt(sz, s.n, LINES_MAX));
			strcpy(s.lines[s.n].text, text);
			read_line(&s.lines[s.n++]);
		} else if (s.n > 0) {
			check(&s, lua);
			count++;
			s.n = 0;
		}
	}
	fclose(f);
	return count;
}

Test(rules, in_C)
{
	cr_expect(gt(uint, check_table(false), 40));
}

Test(rules, in_Lua)
{
	cr_expect(gt(uint, check_table(true), 40));
}
