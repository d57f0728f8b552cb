/*
 * http.c
 *		One request, through libcurl.
 *
 * The other side is a witness, or an identity provider, that somebody else runs.  Its answer is checked by the caller;
 * here it has a limit of time and of length, and sends us nowhere else.
 */
#include "http.h"

#include "client.h"

#include <curl/curl.h>

/* More than all cosignatures that a note may have */
#define ANSWER_LENGTH CG_NOTE_LENGTH

static long request(const char *url, const CgBytes *body, int seconds, CgBytes *answer, const char **why);
static size_t collect_answer(char *data, size_t size, size_t count, void *arg);
static bool set_options(CURL *curl, const char *url, const CgBytes *body, int seconds, CgBytes *answer);

long
http_post(const char *url, const CgBytes *body, int seconds, CgBytes *answer, const char **why)
{
	return request(url, body, seconds, answer, why);
}

long
http_get(const char *url, int seconds, CgBytes *answer, const char **why)
{
	return request(url, NULL, seconds, answer, why);
}

/* body: NULL for GET */
static long
request(const char *url, const CgBytes *body, int seconds, CgBytes *answer, const char **why)
{
	static char error[CURL_ERROR_SIZE];
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: text/plain; charset=utf-8");
	CURL	   *curl;
	CURLcode	result;
	long		status = 0;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || (curl = curl_easy_init()) == NULL || headers == NULL)
		fail(EXIT_UNCHECKED, "libcurl does not work");
	error[0] = '\0';
	if (!set_options(curl, url, body, seconds, answer) ||
		(body && curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) != CURLE_OK) ||
		curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error) != CURLE_OK)
		fail(EXIT_UNCHECKED, "libcurl is too old");
	result = curl_easy_perform(curl);
	if (result == CURLE_OK)
		(void) curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	*why = error[0] != '\0' ? error : curl_easy_strerror(result);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	return status;
}

static bool
set_options(CURL *curl, const char *url, const CgBytes *body, int seconds, CgBytes *answer)
{
	return curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
#if LIBCURL_VERSION_NUM >= 0x075500
		curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
#else
		curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long) (CURLPROTO_HTTP | CURLPROTO_HTTPS)) == CURLE_OK &&
#endif
		(body == NULL ||
		 (curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK &&
		  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body->data) == CURLE_OK &&
		  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long) body->length) == CURLE_OK)) &&
		curl_easy_setopt(curl, CURLOPT_USERAGENT, "contact-guard/" CG_VERSION) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long) seconds) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect_answer) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer) == CURLE_OK;
}

/* Returns less than it was given to end the request. */
static size_t
collect_answer(char *data, size_t size, size_t count, void *arg)
{
	CgBytes    *answer = arg;

	if (size * count > ANSWER_LENGTH - answer->length)
		return 0;
	cg_bytes_put(answer, data, size * count);
	return answer->failed ? 0 : size * count;
}
