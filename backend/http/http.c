#include "backend/http/http.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/base/buf.h"
#include "backend/base/loop.h"
#include "backend/base/mem.h"
#include "backend/proto/words.h"

enum { TIMEOUT_MS = 10000, ANSWER_MAX = 1024 * 1024, HEADERS_MAX = 256 * 1024 };

struct http {
	CURLM *multi;
	struct loop *loop;
	struct loop_timer *timer;
	struct http_call *calls;           /* those under way, doubly linked */
};

struct http_call {
	struct http *http;
	struct http_call *prev, *next;
	CURL *easy;
	struct curl_slist *headers;
	char *what;                        /* "GET http://…" for errors */
	int64_t timeout_ms;
	struct buf body;
	size_t header_bytes;
	bool too_big;
	char error[CURL_ERROR_SIZE];
	http_fn fn;
	void *arg;
};

static void call_free(struct http_call *call)
{
	struct http *http = call->http;

	curl_multi_remove_handle(http->multi, call->easy);
	curl_easy_cleanup(call->easy);
	curl_slist_free_all(call->headers);
	if (call->prev)
		call->prev->next = call->next;
	else
		http->calls = call->next;
	if (call->next)
		call->next->prev = call->prev;
	buf_done(&call->body);
	free(call->what);
	free(call);
}

static void answer_error(const struct http_call *call, CURLcode code, struct err *ret)
{
	const char *why = call->error[0] ? call->error : curl_easy_strerror(code);
	enum err_kind kind = code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ? ERR_USAGE
		: ERR_UNREACHABLE;

	if (call->too_big)
		err_set(ret, ERR_TOO_BIG, "%s: the answer is larger than %zu bytes", call->what, call->body.max);
	else if (code == CURLE_OPERATION_TIMEDOUT)
		err_set(ret, ERR_TIMEOUT, "%s: no whole answer within %" PRId64 " ms", call->what, call->timeout_ms);
	else
		err_set(ret, kind, "%s: %s", call->what, why);
}

static void finish(struct http_call *call, CURLcode code)
{
	struct http_answer answer = { .ok = code == CURLE_OK, .body = call->body.data, .body_len = call->body.len };
	curl_off_t took_us = 0;
	long status = 0;

	curl_easy_getinfo(call->easy, CURLINFO_TOTAL_TIME_T, &took_us);
	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	answer.took_us = took_us;
	answer.status = (int)status;
	if (!answer.ok)
		answer_error(call, code, &answer.err);
	/* Out of the transfers first: the callback may send again or cancel others. */
	curl_multi_remove_handle(call->http->multi, call->easy);
	call->fn(call->arg, &answer);
	call_free(call);
}

static void tell_finished(struct http *http)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(http->multi, &left))) {
		void *call = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
		finish(call, message->data.result);
	}
}

static void socket_ready(int fd, int events, void *arg)
{
	struct http *http = arg;
	int bits = (events & LOOP_READ ? CURL_CSELECT_IN : 0) | (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0);
	int running;

	curl_multi_socket_action(http->multi, fd, bits, &running);
	tell_finished(http);
}

static int socket_wanted(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct http *http = arg;
	struct loop_io *io = socket_arg;
	int events = (what & CURL_POLL_IN ? LOOP_READ : 0) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0);

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		loop_io_free(io);
		curl_multi_assign(http->multi, fd, NULL);
	} else if (io) {
		loop_io_set(io, events);
	} else {
		curl_multi_assign(http->multi, fd, loop_io_new(http->loop, fd, events, socket_ready, http));
	}
	return 0;
}

static void timer_fired(void *arg)
{
	struct http *http = arg;
	int running;

	curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	tell_finished(http);
}

static int timer_wanted(CURLM *multi, long ms, void *arg)
{
	struct http *http = arg;

	(void)multi;
	if (ms < 0)
		loop_timer_stop(http->timer);
	else
		loop_timer_set(http->timer, ms);
	return 0;
}

struct http *http_new(struct loop *loop)
{
	struct http *http = mem_alloc(sizeof *http);

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		abort();
	http->loop = loop;
	http->timer = loop_timer_new(loop, timer_fired, http);
	http->multi = curl_multi_init();
	if (!http->multi)
		abort();
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, socket_wanted);
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, timer_wanted);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
	return http;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	while (http->calls)
		call_free(http->calls);
	curl_multi_cleanup(http->multi);
	loop_timer_free(http->timer);
	curl_global_cleanup();
	free(http);
}

static size_t body_came(char *data, size_t size, size_t n, void *arg)
{
	struct http_call *call = arg;

	if (buf_add(&call->body, data, size * n))
		return size * n;
	call->too_big = true;
	return 0;
}

/* curl limits each header line but not their number. */
static size_t header_came(char *data, size_t size, size_t n, void *arg)
{
	struct http_call *call = arg;

	(void)data;
	call->header_bytes += size * n;
	if (call->header_bytes <= HEADERS_MAX)
		return size * n;
	call->too_big = true;
	return 0;
}

static void set_safety(CURL *easy, int64_t timeout_ms)
{
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");         /* an http_proxy in the environment is not ours to use */
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "slipway/" SLIPWAY_VERSION);
}

static void set_method(CURL *easy, const struct http_request *request, const char *method)
{
	if (strcmp(method, "HEAD") == 0) {
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
		return;
	}
	if (request->body || strcmp(method, "POST") == 0) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
		curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, request->body ? request->body : "");
	}
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
}

static void set_headers(struct http_call *call, const struct http_request *request)
{
	/* Without this curl waits 1 s for "100 Continue" before a larger body. */
	call->headers = curl_slist_append(NULL, "Expect:");
	for (const char *const *h = request->headers; h && *h; h++)
		call->headers = curl_slist_append(call->headers, *h);
	curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
}

static void set_callbacks(struct http_call *call)
{
	curl_easy_setopt(call->easy, CURLOPT_PRIVATE, call);
	curl_easy_setopt(call->easy, CURLOPT_ERRORBUFFER, call->error);
	curl_easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, body_came);
	curl_easy_setopt(call->easy, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(call->easy, CURLOPT_HEADERFUNCTION, header_came);
	curl_easy_setopt(call->easy, CURLOPT_HEADERDATA, call);
}

static void link_call(struct http *http, struct http_call *call)
{
	call->next = http->calls;
	if (call->next)
		call->next->prev = call;
	http->calls = call;
}

struct http_call *http_send(struct http *http, const struct http_request *request, http_fn fn, void *arg)
{
	struct http_call *call = mem_alloc(sizeof *call);
	const char *method = request->method ? request->method : "GET";

	call->http = http;
	call->fn = fn;
	call->arg = arg;
	call->timeout_ms = request->timeout_ms ? request->timeout_ms : TIMEOUT_MS;
	call->what = mem_printf("%s %s", method, request->url);
	buf_init(&call->body, request->max_answer ? request->max_answer : ANSWER_MAX);
	call->easy = curl_easy_init();
	if (!call->easy)
		abort();
	set_safety(call->easy, call->timeout_ms);
	set_callbacks(call);
	set_method(call->easy, request, method);
	set_headers(call, request);
	curl_easy_setopt(call->easy, CURLOPT_URL, request->url);
	if (request->unix_path)
		curl_easy_setopt(call->easy, CURLOPT_UNIX_SOCKET_PATH, request->unix_path);
	curl_easy_setopt(call->easy, CURLOPT_FRESH_CONNECT, request->fresh ? 1L : 0L);
	curl_easy_setopt(call->easy, CURLOPT_FORBID_REUSE, request->fresh ? 1L : 0L);
	link_call(http, call);
	curl_multi_add_handle(http->multi, call->easy);
	return call;
}

void http_cancel(struct http_call *call)
{
	if (call)
		call_free(call);
}
