/*
 * log: the engine's own log, one line an event: time, level, text. Only high floors call it (engine, api, main);
 * low floors return a struct err instead. Lines go to standard error, which the starter points at a file.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
