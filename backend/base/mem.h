/*
 * mem: small allocations and scope-bound clean-up.
 *
 * Small allocations abort when memory is out: there is nothing sensible left to do, and the journal on disk already
 * holds every intent. Whatever a peer can size goes into a struct buf (buf.h), which is born with a maximum and fails.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>

/* Runs FN(&variable) when the variable leaves its scope: `AUTO(buf_done) struct buf b = { 0 };` */
#define AUTO(fn) __attribute__((cleanup(fn)))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

void *mem_alloc(size_t size);                  /* zeroed; yours; never NULL */
void *mem_array(size_t n, size_t size);        /* zeroed, overflow-checked; yours; never NULL */
char *mem_dup(const char *text);               /* NULL stays NULL; yours */
char *mem_dupn(const char *text, size_t n);    /* at most n bytes, always terminated; yours */
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *mem_vprintf(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

/* A NULL-terminated list of texts, NULL as well; the copy is never NULL and yours. To be freed NULL is fine. */
char **mem_dup_list(const char *const *list);
void mem_free_list(char **list);

/* Makes room for one more element in a growing array: `a = mem_grow(a, n, &cap, sizeof *a)`. New room is zeroed. */
void *mem_grow(void *array, size_t n, size_t *cap, size_t size);

/* For AUTO on a `char *`. */
void mem_auto_free(char **text);

/* For AUTO on an `int` that holds a descriptor, -1 for none. */
void mem_auto_close(int *fd);

#endif
