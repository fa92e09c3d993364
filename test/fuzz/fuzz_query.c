/* Any URL asked of a snapshot with releases of all formats, and any rule asked with it.
 *
 * Input: a line with the URL, one with the user agent, then lines with columns of a rule, in the order of
 * columns[]; all but the first may be missing. The releases are the files of BALROG_FUZZ_RELEASES. */
#include "world.h"

#include <dirent.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { RELEASES_MAX = 32, RULES_MAX = 2 * RELEASES_MAX, RELEASE_MAX = 1 << 16 };

static struct world {
    const struct snapshot *snapshot;
    struct buf scratch, body;
    struct release_row releases[RELEASES_MAX];
    struct rule_row rules[RULES_MAX];
    struct rows rows;
} w;

static const size_t columns[] = {
    offsetof(struct rule_row, version),      offsetof(struct rule_row, channel),
    offsetof(struct rule_row, build_id),     offsetof(struct rule_row, locale),
    offsetof(struct rule_row, os_version),   offsetof(struct rule_row, memory),
    offsetof(struct rule_row, product),      offsetof(struct rule_row, instruction_set),
    offsetof(struct rule_row, distribution),
};

/* ---- the snapshot ---- */

static struct str read_file(void *ctx, const char *directory, const char *name)
{
    char *path = mem_printf(ctx, "%s/%s", directory, name);
    char *text = mem_check(talloc_size(ctx, RELEASE_MAX));
    FILE *f = fopen(path, "re");
    must(f != NULL, "a release can be read");
    size_t n = fread(text, 1, RELEASE_MAX, f);
    fclose(f);
    return (struct str){ text, n };
}

/* Each file is a release, served on the channel of its name; "R" is what the others come from. */
static void read_releases(void *ctx, const char *directory)
{
    DIR *dir = opendir(directory);
    must(dir != NULL, "BALROG_FUZZ_RELEASES is a directory");
    for (const struct dirent *d; (d = readdir(dir)) != NULL && w.rows.n_releases < RELEASES_MAX;) {
        if (d->d_name[0] != '.') {
            struct str name = { mem_strdup(ctx, d->d_name), strlen(d->d_name) };
            w.releases[w.rows.n_releases++] =
                (struct release_row){ name, STR("Firefox"), read_file(ctx, directory, d->d_name), NULL, 0 };
        }
    }
    closedir(dir);
}

static void make_rules(void)
{
    static const struct str versions[] = { { "<70.0", 5 }, { "1.*,2.0", 7 }, { ">=99.0a1", 8 }, { "x", 1 } };
    for (size_t i = 0; i < w.rows.n_releases; i++) {
        w.rules[w.rows.n_rules] = (struct rule_row){
            .rule_id = (int64_t)w.rows.n_rules + 1,
            .has_priority = i % 5 != 0,
            .priority = 50,
            .has_background_rate = true,
            .background_rate = i % 2 == 0 ? 100 : 50,
            .mapping = w.releases[i].name,
            .fallback_mapping = i % 3 == 0 ? w.releases[0].name : STR_NONE,
            .update_type = STR("minor"),
            .channel = w.releases[i].name,
            .jaws = TRI_UNKNOWN,
            .mig64 = TRI_UNKNOWN,
        };
        struct rule_row *strict = &w.rules[w.rows.n_rules + 1];
        *strict = w.rules[w.rows.n_rules];
        strict->rule_id++;
        strict->priority = 60;
        strict->version = versions[i % 4];
        strict->locale = i % 2 == 0 ? STR("de,fr") : STR_NONE;
        strict->memory = i % 3 == 0 ? STR(">2048") : STR_NONE;
        strict->os_version = i % 4 == 0 ? STR("Windows_NT 6,Linux && x86") : STR_NONE;
        strict->mig64 = i % 2 == 0 ? TRI_TRUE : TRI_UNKNOWN;
        w.rows.n_rules += 2;
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const struct pin_row pins[] = { { { "Firefox", 7 }, { "40.", 3 }, { "9", 1 }, { "4", 1 } } };
    static const struct shutoff_row shutoffs[] = { { { "Firefox", 7 }, { "off", 3 } } };
    static const struct rule_row stops[] = { { .rule_id = 1,
                                               .product = { "Firefox", 7 },
                                               .channel = { "part", 4 },
                                               .version = { "<70.0", 5 },
                                               .locale = { "de,fr", 5 },
                                               .jaws = TRI_UNKNOWN,
                                               .mig64 = TRI_UNKNOWN } };
    const char *directory = getenv("BALROG_FUZZ_RELEASES");
    void *ctx = mem_check(talloc_new(NULL));
    (void)argc;
    (void)argv;
    read_releases(ctx, directory != NULL ? directory : "test/fuzz/seeds/release");
    make_rules();
    w.rows = (struct rows){ w.rules, w.rows.n_rules, w.releases, w.rows.n_releases, pins, 1, shutoffs,
                            1,       stops,          1 };
    w.snapshot = world_snapshot(ctx, &w.rows, world_settings(ctx));
    must(w.snapshot->n_releases == w.rows.n_releases, "all releases are whole");
    buf_init(&w.scratch, 1024, ENGINE_BODY_MAX);
    buf_init(&w.body, 1024, ENGINE_BODY_MAX);
    return 0;
}

/* ---- one input ---- */

static void try_rule(void *ctx, struct str lines, const struct query *q)
{
    struct rule_row rows[2] = {
        { .rule_id = 1, .jaws = TRI_UNKNOWN, .mig64 = TRI_UNKNOWN },
        { .rule_id = 2, .jaws = TRI_TRUE, .mig64 = TRI_FALSE, .version = STR("1.*") }
    };
    struct str line;
    for (size_t i = 0; i < ARRAY_LEN(columns) && str_split(&lines, '\n', &line); i++) {
        *(struct str *)((char *)&rows[0] + columns[i]) = line.n > 0 ? line : STR_NONE;
    }
    check_match(ruleset_build(ctx, rows, 2), q);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    void *ctx = mem_check(talloc_new(NULL));
    char *text = mem_check(malloc(QUERY_TEXT_MAX));
    struct str rest = { (const char *)data, n }, url = { "", 0 }, agent = STR_NONE;
    struct query q;
    struct error e = { 0 };
    str_split(&rest, '\n', &url);
    str_split(&rest, '\n', &agent);
    char *exact = mem_check(malloc(url.n + 1)); /* for the sanitizer to see what is read behind it */
    memcpy(exact, url.n > 0 ? url.p : "", url.n);
    switch (query_parse(&q, text, (struct str){ exact, url.n }, agent, &e)) {
    case QUERY_OK:
        ask(w.snapshot, &q, &w.scratch, &w.body);
        try_rule(ctx, rest, &q);
        break;
    case QUERY_BAD_PARAMETER:
        must(e.what[0] != '\0', "a bad parameter is named");
        break;
    case QUERY_NO_ROUTE:
        break;
    }
    free(exact);
    free(text);
    talloc_free(ctx);
    return 0;
}
