/* json.h - a JSON text under construction
 *
 * Values go behind one another; commas are put where they belong. `key` is NULL inside an
 * array. json_print() writes the text on one line, or a member a line.
 */
#ifndef JSON_H
#define JSON_H

#include <stdio.h>
#include "str.h"

struct json {
	struct str s;
};

/* `bracket` is { or [ ; json_close() takes the other one. */
void json_open(struct json *j, const char *key, char bracket);
void json_close(struct json *j, char bracket);

void json_number(struct json *j, const char *key, u64 v);
void json_signed(struct json *j, const char *key, s64 v);
void json_bool(struct json *j, const char *key, bool v);
void json_null(struct json *j, const char *key);
void json_text(struct json *j, const char *key, const char *text);
/* ["0x01","0xff"] */
void json_bytes(struct json *j, const char *key, const void *data, size_t len);
/* What is JSON already. */
void json_raw(struct json *j, const char *key, const char *text);

/* Writes and frees the text. False: memory ran out, nothing was written. */
bool json_print(struct json *j, FILE *out, bool pretty);

#endif
