/*
 * survey: finds out now and then by what an environment is compared with the others: the variables of its configuration
 * (secret ones hashed, see secret.h) and what the application's fact commands print there. What changed is journalled
 * as facts.changed, nothing else. The commands run one after the other in the folder of the configuration, with the
 * environment's variables.
 */
#ifndef ENGINE_SURVEY_H
#define ENGINE_SURVEY_H

struct engine;
struct environment;
struct survey;

struct survey *survey_new(struct environment *env);
void survey_free(struct survey *s);
/* The configuration changed: what is under way is given up and begun anew. */
void survey_again(struct survey *s);
/* Forgets environments that are in the configuration no more. */
void survey_tidy(struct engine *e);

#endif
