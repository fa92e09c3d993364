/* The base is passed to zstd as a "prefix", with a window that is long enough for both texts. Long-distance
 * matching finds parts that have moved. The lowest level is the best one: releases consist of hashes and of
 * text that repeats very often, and the higher levels look for short matches within the hashes, which makes
 * the result larger. */
#include "store/frame.h"

#include <zstd.h>

enum { LEVEL = 1, WINDOW_LOG_MIN = 17, WINDOW_LOG_MAX = 30 };

/* The logarithm of the smallest window that holds N bytes. */
static int window_log(size_t n)
{
    int log = WINDOW_LOG_MIN;
    while (log < WINDOW_LOG_MAX && ((size_t)1 << log) < n) {
        log++;
    }
    return log;
}

static size_t compress_text(ZSTD_CCtx *zstd, struct str text, struct str base, void *out, size_t cap)
{
    ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, LEVEL);
    ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
    if (base.n > 0) {
        ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, window_log(text.n + base.n));
        ZSTD_CCtx_setParameter(zstd, ZSTD_c_enableLongDistanceMatching, 1);
        ZSTD_CCtx_refPrefix(zstd, base.p, base.n);
    }
    return ZSTD_compress2(zstd, out, cap, text.p, text.n);
}

struct str frame_pack(void *ctx, struct str text, struct str base, struct error *e)
{
    size_t cap = ZSTD_compressBound(text.n);
    char *out = mem_array(ctx, char, cap);
    ZSTD_CCtx *zstd = mem_check(ZSTD_createCCtx());
    size_t n = compress_text(zstd, text, base, out, cap);
    ZSTD_freeCCtx(zstd);
    if (ZSTD_isError(n)) {
        error_set(e, ERROR_INTERNAL, "zstd: %s", ZSTD_getErrorName(n));
        return STR_NONE;
    }
    return (struct str){ mem_resize(ctx, out, char, n), n };
}

struct str frame_unpack(void *ctx, struct str frame, struct str base, size_t size, struct error *e)
{
    char *out = mem_array(ctx, char, size + 1);
    ZSTD_DCtx *zstd = mem_check(ZSTD_createDCtx());
    ZSTD_DCtx_setParameter(zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    if (base.n > 0) {
        ZSTD_DCtx_refPrefix(zstd, base.p, base.n);
    }
    size_t n = ZSTD_decompressDCtx(zstd, out, size, frame.p, frame.n);
    ZSTD_freeDCtx(zstd);
    if (ZSTD_isError(n) || n != size) {
        error_set(e, ERROR_INTERNAL, "zstd: %s",
                  ZSTD_isError(n) ? ZSTD_getErrorName(n) : "the text has another length");
        return STR_NONE;
    }
    return (struct str){ out, n };
}
