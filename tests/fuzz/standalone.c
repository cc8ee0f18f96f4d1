/*
 * Runs a fuzz target without libFuzzer: every file of the directories given as arguments, then
 * mutations of them. They follow from the seed, which is printed; INSTINCT_FUZZ_SEED sets another.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/macros.h"

enum {
	FILES_MAX = 1000,
	MUTATIONS = 5000,
	EDITS_MAX = 6,
	GROWTH_MAX = 16, /* bytes that one edit adds at most */
};

struct input {
	uint8_t *data;
	size_t len;
};

struct corpus {
	struct input files[FILES_MAX];
	size_t n;
	uint64_t random;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void *need(void *p)
{
	if (!p) {
		perror("standalone");
		exit(1);
	}
	return p;
}

/* xorshift64* (Vigna 2016): small, and the same everywhere. */
static size_t below(struct corpus *c, size_t n)
{
	c->random ^= c->random >> 12;
	c->random ^= c->random << 25;
	c->random ^= c->random >> 27;
	return (size_t)((c->random * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % n;
}

static void load_file(struct corpus *c, const char *path)
{
	FILE *in = need(fopen(path, "rb"));
	struct input *file = &c->files[c->n++];
	size_t room = 1 << 20;

	file->data = need(malloc(room));
	file->len = fread(file->data, 1, room, in);
	fclose(in);
	/* Of exact size, so that the address sanitizer sees a read behind it. */
	file->data = need(realloc(file->data, file->len ? file->len : 1));
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* In the order of names, as that of the directory differs from machine to machine. */
static void load_dir(struct corpus *c, const char *dir)
{
	struct dirent **names;
	int n = scandir(dir, &names, visible, alphasort);

	if (n < 0) {
		perror(dir);
		exit(1);
	}
	for (int i = 0; i < n; i++) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
		if (c->n < FILES_MAX)
			load_file(c, path);
		free(names[i]);
	}
	free(names);
}

/* One edit of the @len bytes at @data, which has room for GROWTH_MAX more. Returns the new length. */
static size_t edit(struct corpus *c, uint8_t *data, size_t len)
{
	size_t at = len ? below(c, len) : 0;
	size_t n = len ? 1 + below(c, len - at < GROWTH_MAX ? len - at : GROWTH_MAX) : 0;
	const struct input *other;

	switch (below(c, 5)) {
	case 0: /* cut short */
		return at;
	case 1: /* take some out */
		memmove(data + at, data + at + n, len - at - n);
		return len - n;
	case 2: /* repeat some */
		memmove(data + at + n, data + at, len - at);
		return len + n;
	case 3: /* overwrite with a piece of some file */
		other = &c->files[below(c, c->n)];
		if (other->len >= n && n > 0)
			memcpy(data + at, other->data + below(c, other->len - n + 1), n);
		return len;
	case 4: /* flip a bit */
		if (len)
			data[at] ^= (uint8_t)(1u << below(c, 8));
		return len;
	}
	return len;
}

static void run_mutation(struct corpus *c)
{
	const struct input *from = &c->files[below(c, c->n)];
	size_t len = from->len;
	uint8_t *data = need(malloc(len + (size_t)GROWTH_MAX * EDITS_MAX + 1));

	memcpy(data, from->data, len);
	for (size_t edits = 1 + below(c, EDITS_MAX); edits > 0; edits--)
		len = edit(c, data, len);
	data = need(realloc(data, len ? len : 1));
	LLVMFuzzerTestOneInput(data, len);
	free(data);
}

int main(int argc, char **argv)
{
	const char *seed = getenv("INSTINCT_FUZZ_SEED");
	struct corpus *c = need(calloc(1, sizeof(*c)));

	c->random = seed ? strtoull(seed, NULL, 0) : 1;
	if (c->random == 0)
		c->random = 1;
	printf("seed %llu\n", (unsigned long long)c->random);
	fflush(stdout);
	for (int i = 1; i < argc; i++)
		load_dir(c, argv[i]);
	if (c->n == 0) {
		fprintf(stderr, "no corpus: name a directory with files in it\n");
		return 1;
	}
	for (size_t i = 0; i < c->n; i++)
		LLVMFuzzerTestOneInput(c->files[i].data, c->files[i].len);
	for (int i = 0; i < MUTATIONS; i++)
		run_mutation(c);
	printf("%zu files, %d mutations\n", c->n, MUTATIONS);
	for (size_t i = 0; i < c->n; i++)
		free(c->files[i].data);
	free(c);
	return 0;
}
