/* folder: a folder of a test's own under $TMPDIR or /tmp, gone at the end of the test. */
#ifndef TESTS_API_FOLDER_H
#define TESTS_API_FOLDER_H

char *folder_new(void);            /* mode 0700; yours */
void folder_free(char *folder);    /* removes it with all that is in it */

#endif
