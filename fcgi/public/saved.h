/* How the rows of a snapshot are written in a snapshot file (snapshot_file.h). No I/O.
 *
 * All numbers are little-endian. A text is its length in four bytes and its bytes; the length 0xffffffff
 * means that it is absent. */
#ifndef BALROG_PUBLIC_SAVED_H
#define BALROG_PUBLIC_SAVED_H

#include "core/buf.h"
#include "core/error.h"
#include "release/compiled.h"
#include "store/reader.h"
#include "update/rows.h"

/* Bytes of an index or of a release, before they are compressed and after. talloc allocates less than 256 MB
 * at once, and zstd may make a text a little longer. */
enum { SAVED_MAX = 250 << 20, SAVED_FRAME_MAX = 255 << 20 };

/* A release in the file. LENGTH 0: a snapshot needs it, but the database has none of this name. */
struct saved_release {
    struct str name;
    enum release_use use;
    struct release_stamps stamps;
    uint64_t place, length; /* of its frame in the file */
    uint64_t size;          /* of the frame's content */
};

/* Everything but the content of releases. */
struct saved_index {
    uint64_t feed_id;    /* the newest change that is contained */
    uint64_t feed_print; /* feed_fingerprint() of that change */
    struct rule_row *rules;
    size_t n_rules;
    struct pin_row *pins;
    size_t n_pins;
    struct shutoff_row *shutoffs;
    size_t n_shutoffs;
    struct rule_row *stops; /* partial stops */
    size_t n_stops;
    struct table_stamps stamps;
    struct saved_release *releases; /* all that the snapshot needs, sorted by name */
    size_t n_releases;
};

/* Appends INDEX, or ROW without its name, to OUT. */
void saved_print_index(struct buf *out, const struct saved_index *index);
void saved_print_row(struct buf *out, const struct release_row *row);

/* The opposite. The results refer to RAW; arrays are owned by CTX. False, with the reason in E, if RAW is
 * anything but the complete output of the functions above. */
bool saved_parse_index(void *ctx, struct str raw, struct saved_index *index, struct error *e);
bool saved_parse_row(void *ctx, struct str raw, struct release_row *row, struct error *e);

/* The release NAME of INDEX; NULL if it does not mention it. */
const struct saved_release *saved_find(const struct saved_index *index, struct str name);

#endif
