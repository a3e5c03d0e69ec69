/*
 * diagnosis: what a TAP program says about the failure it has just printed: comments, or a YAML block (of which the
 * message, the place and the duration are read). Becomes "t/total.t:12: got 3, expected 4".
 */
#ifndef REPORT_DIAGNOSIS_H
#define REPORT_DIAGNOSIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/report/text.h"

struct diagnosis {
	struct report_text message;
	struct report_text file, line;     /* the place, when it was told */
	int64_t ms;                        /* -1 unknown */
	bool in_yaml;
	size_t indent;                     /* of the YAML block */
	char section[16];                  /* key whose value is on the lines below it */
	bool message_is_block;             /* those lines are the message */
	size_t block_indent;               /* 0: its first line has not come yet */
	struct report_text whole;
};

void diagnosis_init(struct diagnosis *d);
void diagnosis_done(struct diagnosis *d);
void diagnosis_clear(struct diagnosis *d);
void diagnosis_comment(struct diagnosis *d, const char *text, size_t len);
void diagnosis_yaml_begin(struct diagnosis *d, size_t indent);
/* A line of the block, with its indent. false: the block is over; ret_taken: this line was a part of it. */
bool diagnosis_yaml_line(struct diagnosis *d, const char *line, size_t len, bool *ret_taken);
/* Place and message together; borrowed until the next change. */
const char *diagnosis_message(struct diagnosis *d);

#endif
