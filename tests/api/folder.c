#include "tests/api/folder.h"

#include <stdlib.h>

#include "backend/base/file.h"
#include "backend/base/mem.h"

char *folder_new(void)
{
	const char *tmp = getenv("TMPDIR");
	char *folder = mem_printf("%s/slipway-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");

	if (!mkdtemp(folder))
		abort();
	return folder;
}

void folder_free(char *folder)
{
	if (folder)
		file_remove_tree(folder, NULL);
	free(folder);
}
