/*
 * Runs the tests that are linked in, each in a process of its own, two at a time; the names given are parts
 * of those to run. Says which failed; fails when one did, or when there was none.
 */
#include <criterion/criterion.h>

#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_S 240 /* of one test, in an emulator on a busy machine */
#define AT_ONCE 2
#define SKIPPED 77

static struct cross_test *tests;
static bool failed;

/* Constructors of one file run in its order; files come as the linker has them. */
void cross_add(struct cross_test *t)
{
	struct cross_test **end = &tests;

	while (*end)
		end = &(*end)->next;
	*end = t;
}

void cross_fail(bool end, const char *file, int line, const char *what, const char *fmt,
		...)
{
	va_list ap;

	fprintf(stderr, "%s:%d: not so: %s", file, line, what);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	failed = true;
	if (end)
		_exit(1);
}

_Noreturn void cross_skip(const char *why)
{
	fprintf(stderr, "skipped: %s\n", why);
	exit(SKIPPED);
}

static bool wanted(const struct cross_test *t, char **names)
{
	char full[128];

	snprintf(full, sizeof(full), "%s_%s", t->suite, t->name);
	for (char **n = names; *n; n++)
		if (strstr(full, *n))
			return true;
	return !*names;
}

static struct {
	pid_t pid;
	const struct cross_test *test;
} running[AT_ONCE];

static void begin(int i, const struct cross_test *t)
{
	running[i].test = t;
	running[i].pid = fork();
	if (running[i].pid < 0) {
		perror("fork");
		exit(1);
	}
	if (running[i].pid > 0)
		return;
	alarm(LIMIT_S);
	t->fn();
	exit(failed);
}

struct tally {
	int passed, failed, skipped;
};

static void finish_one(struct tally *n)
{
	int status, i = 0;
	pid_t pid = wait(&status);

	while (running[i].pid != pid)
		i++;
	running[i].pid = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED) {
		n->skipped++;
	} else if (status == 0) {
		n->passed++;
	} else {
		n->failed++;
		printf("failed: %s::%s (status %x)\n", running[i].test->suite,
		       running[i].test->name, (unsigned)status);
	}
}

int main(int argc, char **argv)
{
	struct tally n = {0};
	int busy = 0;

	(void)argc;
	setvbuf(stdout, NULL, _IONBF,
		0); /* what is buffered would be written by each child */
	for (const struct cross_test *t = tests; t; t = t->next) {
		int i = 0;

		if (!wanted(t, argv + 1))
			continue;
		if (busy == AT_ONCE) {
			finish_one(&n);
			busy--;
		}
		while (running[i].pid)
			i++;
		begin(i, t);
		busy++;
	}
	for (; busy > 0; busy--)
		finish_one(&n);
	printf("%d passed, %d failed, %d skipped\n", n.passed, n.failed, n.skipped);
	return n.failed > 0 || n.passed == 0;
}
