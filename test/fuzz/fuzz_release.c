/* Any release, served to clients of several kinds.
 *
 * Input: the blob, then assets, each a record "PATH\nJSON"; records are separated by the byte 0x1e. */
#include "world.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { ASSETS_MAX = 16 };

/* The release "R", which partials come from. */
static const char good[] =
    "{\"name\": \"R\", \"schema_version\": 9, \"hashFunction\": \"sha512\", \"appVersion\": \"1.0\", "
    "\"platforms\": {\"Win\": {\"locales\": {\"de\": {\"buildID\": \"1\"}}}}}";

static const struct engine_settings *settings;
static struct buf scratch, body;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    settings = world_settings(mem_check(talloc_new(NULL)));
    buf_init(&scratch, 1024, ENGINE_BODY_MAX);
    buf_init(&body, 1024, ENGINE_BODY_MAX);
    return 0;
}

static void ask_all(const struct snapshot *s)
{
    static const char *const urls[] = {
        "/update/6/Firefox/0.5/1/Win/de/c/os/ISET:SSE2,MEM:8192/default/default/update.xml",
        "/update/6/Firefox/1.0/1/W/de/c/os/SSE2,MEM:8192/default/default/update.xml?force=1",
        "/update/3/Firefox/3.0/4/x/de/c/os/default/default/update.xml?pin=2.",
        "/update/1/OpenH264/3.0/9/Win/fr/c/update.xml?force=-1",
        "/json/1/FirefoxVPN/1.0/Win/c/update.json",
        "/json/2/Guardian/5.0/W/c/os/update.json?force=1",
    };
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        char text[QUERY_TEXT_MAX];
        struct query q;
        must(query_parse(&q, text, str_of(urls[i]), STR_NONE, NULL) == QUERY_OK, "the URL is right");
        ask(s, &q, &scratch, &body);
    }
}

/* Amended with its own assets a release stays what it is. */
static void amend_all(void *ctx, const struct release_row *row)
{
    struct release *r = release_compile(ctx, row, RELEASE_SERVED, NULL);
    uint64_t stamp = 7;
    struct release *same = r != NULL ? release_amend(ctx, r, row->assets, row->n_assets, &stamp) : NULL;
    if (same != NULL) {
        must(stamp == 7 && same->n_from == r->n_from, "what has not changed is the same");
    }
    talloc_free(same);
    talloc_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const struct rule_row rules[] = {
        { .rule_id = 1,
          .mapping = { "X", 1 },
          .update_type = { "minor", 5 },
          .jaws = TRI_UNKNOWN,
          .mig64 = TRI_UNKNOWN,
          .has_background_rate = true,
          .background_rate = 50,
          .fallback_mapping = { "R", 1 } },
    };
    static const struct pin_row pins[] = { { { "Firefox", 7 }, { "2.", 2 }, { "c", 1 }, { "X", 1 } } };
    void *ctx = mem_check(talloc_new(NULL));
    struct release_asset assets[ASSETS_MAX];
    struct str rest = { (const char *)data, n }, json = { "", 0 }, record;
    struct release_row releases[] = { { { "X", 1 }, { "Firefox", 7 }, json, assets, 0 },
                                      { { "R", 1 }, { "Firefox", 7 }, STR(good), NULL, 0 } };
    str_split(&rest, 0x1e, &json);
    releases[0].json = json.n > 0 ? json : STR_NONE;
    while (releases[0].n_assets < ASSETS_MAX && str_split(&rest, 0x1e, &record)) {
        struct release_asset *asset = &assets[releases[0].n_assets++];
        *asset = (struct release_asset){ .json = record, .stamp = releases[0].n_assets };
        str_split(&asset->json, '\n', &asset->path);
    }
    struct rows rows = { rules, 1, releases, 2, pins, 1, NULL, 0 };
    ask_all(world_snapshot(ctx, &rows, settings));
    talloc_free(release_compile(ctx, &releases[0], RELEASE_BUILD_IDS, NULL));
    amend_all(ctx, &releases[0]);
    talloc_free(ctx);
    return 0;
}
