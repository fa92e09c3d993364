/* The place of a value in a blob, and how messages name places and values: in few characters, whatever the
 * blob holds. */
#ifndef BALROG_BLOB_PATH_H
#define BALROG_BLOB_PATH_H

#include "core/json.h"

enum { BLOB_PATH_MAX = 16 };

/* The values on the way from a blob (not included) to one of its values (included), outermost first. What is
 * deeper than BLOB_PATH_MAX is counted and not kept. */
struct blob_path {
    const cJSON *node[BLOB_PATH_MAX];
    size_t n;
};

void blob_path_enter(struct blob_path *path, const cJSON *node);
void blob_path_leave(struct blob_path *path);
/* Finds NODE itself (not an equal value) below BLOB. Returns false, with PATH empty, if it is not there. */
bool blob_path_find(struct blob_path *path, const cJSON *blob, const cJSON *node);

/* Adds " at platforms.p.locales.de.completes[0].filesize"; names that such a text would garble are written
 * as ['a.b'], and long ones are cut. Adds nothing for the blob itself. BLOB: where PATH begins. */
void blob_path_print(struct buf *out, const struct blob_path *path, const cJSON *blob);
/* Adds NAME as Python's repr() shows it, cut to some 60 characters. */
void blob_path_print_name(struct buf *out, struct str name);
/* Adds VALUE as Python's repr() shows it if that is short; else the beginning of a text, {...} or [...]. */
void blob_path_print_value(struct buf *out, const cJSON *value);

#endif
