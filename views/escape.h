/* escape: percent-encodes for paths and queries (RFC 3986). The client's own does the same; the core asks nobody. */
#ifndef VIEWS_ESCAPE_H
#define VIEWS_ESCAPE_H

struct buf;

void escape_put(struct buf *b, const char *text);       /* what is not unreserved */
char *escape_dup(const char *text);                     /* yours */

#endif
