#include "tests/api/folder.h"

#include <stdlib.h>
#include <unistd.h>

#include "backend/base/file.h"
#include "backend/base/mem.h"

/* Those of a test that failed in the middle are removed when its process ends. */
static struct made { char *folder; pid_t by; struct made *next; } *made;

static void remove_left(void)
{
	for (struct made *m = made; m; m = m->next)
		if (m->folder && m->by == getpid())
			file_remove_tree(m->folder, NULL);
}

char *folder_new(void)
{
	const char *tmp = getenv("TMPDIR");
	char *folder = mem_printf("%s/slipway-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	struct made *m = mem_alloc(sizeof *m);

	if (!mkdtemp(folder) || (!made && atexit(remove_left) != 0))
		abort();
	*m = (struct made){ mem_dup(folder), getpid(), made };
	made = m;
	return folder;
}

void folder_free(char *folder)
{
	if (folder)
		file_remove_tree(folder, NULL);
	free(folder);
}
