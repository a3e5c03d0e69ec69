#include "backend/api/peer.h"

#include <errno.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "backend/base/clock.h"
#include "backend/base/mem.h"

enum { FRESH_MS = 5 * 60 * 1000, RECORD_MAX = 64 * 1024 };

struct peer {
	uid_t uid;
	char *name;
	int64_t looked_up;    /* monotonic */
};

struct peers {
	struct peer *items;
	size_t n, cap;
};

struct peers *peers_new(void)
{
	return mem_alloc(sizeof(struct peers));
}

void peers_free(struct peers *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		free(p->items[i].name);
	free(p->items);
	free(p);
}

bool peer_uid(int fd, uid_t *ret, struct err *err)
{
	struct ucred cred;
	socklen_t len = sizeof cred;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0 || len != sizeof cred)
		return err_errno(err, errno, "ask who the caller is");
	*ret = cred.uid;
	return true;
}

static char *look_up(uid_t uid)
{
	struct passwd pw, *found = NULL;
	char *room = NULL, *name;
	size_t size = 1024;
	int rc;

	do {
		free(room);
		room = mem_alloc(size);
		rc = getpwuid_r(uid, &pw, room, size, &found);
		size *= 2;
	} while (rc == ERANGE && size <= RECORD_MAX);
	name = found ? mem_dup(found->pw_name) : mem_printf("#%u", uid);
	free(room);
	return name;
}

const char *peer_name(struct peers *p, uid_t uid)
{
	struct peer *peer = NULL;

	for (size_t i = 0; i < p->n && !peer; i++)
		if (p->items[i].uid == uid)
			peer = &p->items[i];
	if (peer && clock_mono_ms() - peer->looked_up < FRESH_MS)
		return peer->name;
	if (!peer) {
		p->items = mem_grow(p->items, p->n, &p->cap, sizeof *p->items);
		peer = &p->items[p->n++];
		peer->uid = uid;
	}
	free(peer->name);
	peer->name = look_up(uid);
	peer->looked_up = clock_mono_ms();
	return peer->name;
}
