/*
 * key: the const table of everything a configuration may hold: one array of keys per kind of object. Reading, defaults,
 * suggestions, clean-up and the JSON Schema are all made from it, so a new key is one row.
 */
#ifndef CONFIG_KEY_H
#define CONFIG_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a value looks like in the file, and what it becomes in the structure. type.c holds one row for each. */
enum key_type {
	KEY_IGNORED,       /* text nobody reads ("$schema") */
	KEY_TEXT,          /* char *; at most max bytes */
	KEY_NAME,          /* char *; a name: [a-z0-9][a-z0-9-]* */
	KEY_HTTP_PATH,     /* char *; begins with "/" */
	KEY_REQUEST,       /* char * path; its method, the key's name in capitals, goes to `also` (char *) */
	KEY_FOLDER,        /* char *; made absolute, relative to the file's folder */
	KEY_ADDRESS,       /* char *; an IPv4 or IPv6 address */
	KEY_DURATION,      /* int64_t milliseconds; min and max too */
	KEY_NUMBER,        /* int between min and max */
	KEY_RANGE,         /* int first, and int last in `also`; "FIRST-LAST" between min and max */
	KEY_WORD,          /* an enum: the value of one of words */
	KEY_SWITCH,        /* bool: the value of one of words */
	KEY_CHOICE,        /* char *: one of words */
	KEY_ARGV,          /* char **, NULL-terminated: a program and its arguments */
	KEY_NAMES,         /* char **, their number in `also` (size_t) */
	KEY_VARIABLES,     /* struct config_var *, number in `also` */
	KEY_URLS,          /* struct config_var *, number in `also`: component and address */
	KEY_PORTS,         /* struct config_env_port *, number in `also` */
	KEY_FLAG,          /* bool: true or false */
	KEY_FILE,          /* char *; made absolute, relative to the file's folder */
	KEY_TEXTS,         /* char **, their number in `also` (size_t); each text not empty */
	KEY_PEOPLE,        /* the same; each a user ("alice") or a group ("@release") of the machine */
	KEY_AFTER,         /* struct config_after *, number in `also`: environments, with or without a soak */
	KEY_WINDOWS,       /* struct window *, number in `also` */
	KEY_INSTANT,       /* int64_t milliseconds since 1970: "2026-12-20 00:00 Europe/Paris" */
	KEY_LIMIT,         /* KEY_DURATION, or one of words for a value that is no duration */
	KEY_GROUP,         /* an object whose keys lie in the same structure (kind) */
	KEY_MAP,           /* objects of `kind` by name, number in `also`; at most max */
	KEY_LIST,          /* an array of objects of `kind`, number in `also`; at most max */
	KEY_TYPE_COUNT
};

enum { NAME_MAX_LENGTH = 40 };

struct config_word { const char *word; int value; };        /* an array of them ends with a NULL word */

struct config_key {
	const char *name;
	enum key_type type;
	size_t at, also;                   /* offsets in the structure */
	int64_t min, max;
	const char *otherwise;             /* the default as the file would say it; NULL: none */
	bool required;
	const struct config_word *words;
	const struct config_kind *kind;
	const char *driver;                /* the only driver that reads it; NULL: any */
	const char *help;                  /* one sentence or two, for editors */
};

struct source;

struct config_kind {
	const char *name;                  /* "component": in mistakes and in the schema */
	const char *help;
	size_t size;
	bool has_name_key;                 /* false for members of a KEY_MAP: the key around them is the name */
	size_t name_at;                    /* char * name; where a KEY_MAP puts it */
	/* What one object can have wrong in itself, and what follows from its keys; may be NULL (check.c). */
	void (*finish)(const struct source *source, const void *json, int place, void *item);
	size_t nkeys;
	const struct config_key *keys;
};

extern const struct config_kind config_kind_app, config_kind_environment;
extern const struct config_kind config_kind_groups;       /* groups.json, into struct config */

/*
 * The row for a key whose value has the JSON type `json_type`; some keys ("rollback") have a row for each form. When no
 * form fits, the first row; NULL when the kind has no such key.
 */
const struct config_key *config_key_find(const struct config_kind *kind, const char *name, int json_type);

#endif
