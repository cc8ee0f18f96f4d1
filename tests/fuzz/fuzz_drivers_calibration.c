/* Fuzz target: a calibration file, each of its entries as one of a chip that measures everything. */
#include <assert.h>
#include <math.h>
#include <stdint.h>

#include "drivers/core/calibration.h"

#define EVERYTHING (CHAN_BIT(CHAN_COUNT) - 1)

/* What is used is finite and of channels there are; what is refused is refused whole, with a reason. */
static void check_entry(const struct conf_at *at)
{
	size_t before = at->errs->n_errors;
	struct calibration c;
	int r = calibration_read(at, EVERYTHING, &c);

	assert((r == 0) == (at->errs->n_errors == before));
	assert(r == 0 || c.chans == 0);
	assert((c.chans & ~EVERYTHING) == 0);
	for (int i = 0; i < CHAN_COUNT; i++) {
		struct sample s = {.chan = (enum chan)i};

		for (int k = 0; k < 3; k++)
			assert(isfinite(c.chan[i].offset[k]));
		calibration_apply(&c, &s);
		assert(s.chan == (enum chan)i);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct conf_errors errs = {0};
	struct json_doc doc = {0};

	if (json_doc_parse(&doc, (const char *)data, len, "fuzz", &errs) == 0) {
		struct conf_at root = conf_root(&doc, &errs);

		for (struct conf_at it = conf_first(&root); it.node; it = conf_next(&it))
			check_entry(&it);
	}
	json_doc_fini(&doc);
	conf_errors_fini(&errs);
	return 0;
}
