/*
 * host_app: programs that the tests of the host driver run: a small application and a load generator. They are the test
 * program itself, started with other arguments, so nothing else has to be built.
 */
#ifndef TESTS_TOOLS_HOST_APP_H
#define TESTS_TOOLS_HOST_APP_H

/*
 * `TEST serve BEHAVIOUR` on $PORT: GET /health and anything else answer "VERSION COLOUR".
 *   good     as said; sick from SIGUSR1 on
 *   sick     /health answers 503 "warming up"
 *   crash    prints and exits 3   broken   all but /health answers 500
 *   fragile  exits 7 on a request that is not /health
 *   shy      /health answers 503 to whoever asks it by another port than its own: through HAProxy
 *   slow     answers what is not /health after 1.5 s
 *   tcp      no HTTP: says "VERSION COLOUR" to whoever connects, then echoes
 *   worker   no port: waits
 * `TEST hammer URL` asks without pause, on kept and on fresh connections, GET and POST, until SIGTERM; prints
 * "SENT FAILED" and the first error.
 * -1 when argv asks for neither.
 */
int host_app_main(int argc, char **argv);

#endif
