/*
 * slot: the folders of a colour, and the mark that says which build is unpacked in it.
 *
 *   DIR/slots/COLOUR/slot.json              version and digest, written when all of it is unpacked
 *   DIR/slots/COLOUR/COMPONENT/release      the unpacked artifact
 *   DIR/slots/COLOUR/COMPONENT/service      the runsv service
 *   DIR/logs/COLOUR/COMPONENT               its log
 */
#ifndef HOST_SLOT_H
#define HOST_SLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/base/err.h"
#include "backend/base/saver.h"
#include "backend/drivers/host/model.h"
#include "backend/proto/words.h"

/* All yours. */
char *slot_release(const char *dir, enum colour colour, const char *component);
char *slot_service(const char *dir, enum colour colour, const char *component);
char *slot_log(const char *dir, enum colour colour, const char *component);

struct slot_mark { char *version; char *digest; };      /* both NULL when there is none */
void slot_mark_read(const char *dir, enum colour colour, struct slot_mark *ret);
void slot_mark_done(struct slot_mark *mark);
struct save *slot_mark_save(struct saver *saver, const char *dir, enum colour colour, const char *version,
                            const char *digest, saver_fn fn, void *arg);
struct save *slot_mark_remove(struct saver *saver, const char *dir, enum colour colour, saver_fn fn, void *arg);
/* The mark names that digest and every component's release is there. */
bool slot_holds(const char *dir, const struct host_model *model, enum colour colour, const char *digest);

/* Service folders of a colour, also of components that are in the configuration no more; yours, NULL-terminated. */
char **slot_services(const char *dir, enum colour colour);
void slot_services_free(char **services);

/* Do all its components run (those with a port, or the workers too)? ret_missing: the first that does not; yours. */
bool slot_runs(const char *dir, const struct host_model *model, enum colour colour, bool with_workers,
               char **ret_missing);

#endif
