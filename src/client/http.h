/*
 * http.h
 *		One request, through libcurl.
 */
#ifndef CG_HTTP_H
#define CG_HTTP_H

#include "common/bytes.h"

/*
 * Posts the body to an http: or https: URL.  Returns the status, and the answer's body in
 * answer, which the caller has made.  No redirection is followed.  Returns 0 if there was no
 * answer in time, or a longer one than a witness sends; then *why says so.
 */
extern long http_post(const char *url, const CgBytes *body, int seconds, CgBytes *answer, const char **why);

/* The same for GET. */
extern long http_get(const char *url, int seconds, CgBytes *answer, const char **why);

#endif							/* CG_HTTP_H */
