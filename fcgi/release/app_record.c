/* A record is numbers, 7 bits a byte, the lowest first and the last byte below 128, and texts, each behind
 * its length + 1, or a 0 where it is absent: the counts of patches by type, then the patches. Records are
 * read only by the code that wrote them, so reading does not check them. */
#include "release/app.h"

const char *const app_single_key[APP_PATCH_TYPES] = { "complete", "partial" };
const char *const app_list_key[APP_PATCH_TYPES] = { "completes", "partials" };

enum { MORE = 0x80, PACKED = 8 /* beside the problem, which is less */ };

static void write_record_number(struct buf *record, size_t n)
{
    for (; n >= MORE; n >>= 7) {
        buf_char(record, (char)(n | MORE));
    }
    buf_char(record, (char)n);
}

static size_t read_record_number(const char **at)
{
    size_t n = 0;
    for (unsigned shift = 0;; shift += 7) {
        unsigned char byte = (unsigned char)*(*at)++;
        n |= (size_t)(byte & ~MORE) << shift;
        if (byte < MORE) {
            return n;
        }
    }
}

static void write_record_text(struct buf *record, struct str text)
{
    write_record_number(record, str_absent(text) ? 0 : text.n + 1);
    buf_str(record, text);
}

static struct str read_record_text(const char **at)
{
    size_t n = read_record_number(at);
    struct str text = n == 0 ? STR_NONE : (struct str){ *at, n - 1 };
    *at += text.n;
    return text;
}

void app_patches_write(struct buf *record, const uint32_t n[APP_PATCH_TYPES])
{
    for (unsigned type = 0; type < APP_PATCH_TYPES; type++) {
        write_record_number(record, n[type]);
    }
}

void app_patch_write(struct buf *record, const struct app_patch *patch)
{
    buf_char(record, (char)(patch->problem | (patch->packed ? PACKED : 0)));
    write_record_number(record, patch->from == APP_FROM_ANY ? 0 : patch->from + 1);
    write_record_text(record, patch->url);
    write_record_text(record, patch->hash);
    write_record_text(record, patch->rest);
}

struct app_patches app_patches_read(const char *record)
{
    struct app_patches patches = { .at = record };
    for (unsigned type = 0; type < APP_PATCH_TYPES; type++) {
        patches.n[type] = (uint32_t)read_record_number(&patches.at);
    }
    return patches;
}

struct app_patch app_patch_read(struct app_patches *patches)
{
    unsigned char flags = (unsigned char)*patches->at++;
    size_t from = read_record_number(&patches->at);
    struct app_patch patch = { .problem = flags & (PACKED - 1),
                               .packed = (flags & PACKED) != 0,
                               .from = from == 0 ? APP_FROM_ANY : (uint32_t)from - 1 };
    patch.url = read_record_text(&patches->at);
    patch.hash = read_record_text(&patches->at);
    patch.rest = read_record_text(&patches->at);
    return patch;
}
