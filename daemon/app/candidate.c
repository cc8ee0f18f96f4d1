/* A configuration that may become the running one. */
#include "daemon/app/candidate.h"

#include <errno.h>
#include <string.h>

#include "daemon/app/config_files.h"
#include "daemon/app/robot.h"

/* What runs, with the overlay on top. */
static int lay_over(struct candidate *c, struct json_doc *ret)
{
	struct json_doc over = {0};
	int r = json_doc_parse(&over, c->overlay, strlen(c->overlay), "command",
			       &c->errs);

	if (r == 0)
		r = json_doc_copy(&c->running->doc, ret);
	if (r == 0)
		return json_doc_merge(ret, &over);
	json_doc_fini(&over);
	return r;
}

int candidate_read(void *candidate)
{
	struct candidate *c = candidate;
	struct json_doc doc = {0};
	int r = c->overlay ? lay_over(c, &doc)
			   : config_files_read(c->options->configs, c->options->n_configs,
					       &c->errs, &doc);

	if (r == 0)
		r = config_from_doc_take(&doc, &c->errs, &c->config);
	else
		json_doc_fini(&doc);
	return r == 0 ? robot_check(c->config, &c->errs) : r;
}

void candidate_fini(struct candidate *c)
{
	conf_errors_fini(&c->errs);
	config_free(c->config);
	c->config = NULL;
}
