/* Releases and clients of the made-up Balrog. Everything follows from a number: a hash from the place it
 * stands in, a client from its number, so that the database, the engine and the load generator can each make
 * what they need. */
#include "core/mem.h"
#include "population.h"

#include "update/snapshot_build.h"

#include <stdio.h>
#include <stdlib.h>

#define PICK(RANDOM, ARRAY) ((ARRAY)[population_random(RANDOM, ARRAY_LEN(ARRAY))])

enum { PARTIALS = 3, RELEASE_MAX = 4 << 20, VPN_NEWEST = 31 /* 2.31.0 */ };

const char *const population_platforms[POPULATION_PLATFORMS_MAX] = {
    "WINNT_x86_64-msvc",
    "WINNT_x86-msvc",
    "Darwin_x86_64-gcc3-u-i386-x86_64",
    "Linux_x86_64-gcc3",
    "WINNT_aarch64-msvc-aarch64",
    "Darwin_aarch64-gcc3",
    "Linux_x86-gcc3",
    "Linux_aarch64-gcc3",
    "Android_arm-eabi-gcc3",
    "Linux_ppc64le-gcc3",
};

const char *const population_locales[POPULATION_LOCALES_MAX] = {
    "en-US", "de",    "fr",          "es-ES", "ja",    "pt-BR", "ru",        "zh-CN", "pl",    "it",
    "ach",   "af",    "an",          "ar",    "ast",   "az",    "be",        "bg",    "bn",    "br",
    "bs",    "ca",    "ca-valencia", "cak",   "cs",    "cy",    "da",        "dsb",   "el",    "en-CA",
    "en-GB", "eo",    "es-AR",       "es-CL", "es-MX", "et",    "eu",        "fa",    "ff",    "fi",
    "fur",   "fy-NL", "ga-IE",       "gd",    "gl",    "gn",    "gu-IN",     "he",    "hi-IN", "hr",
    "hsb",   "hu",    "hy-AM",       "ia",    "id",    "is",    "ja-JP-mac", "ka",    "kab",   "kk",
    "km",    "kn",    "ko",          "lij",   "lt",    "lv",    "mk",        "mr",    "ms",    "my",
    "nb-NO", "ne-NP", "nl",          "nn-NO", "oc",    "pa-IN", "pt-PT",     "rm",    "ro",    "sat",
    "sc",    "sco",   "si",          "sk",    "skr",   "sl",    "son",       "sq",    "sr",    "sv-SE",
    "szl",   "ta",    "te",          "tg",    "th",    "tl",    "tr",        "trs",   "uk",    "zh-TW",
};

static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

unsigned population_random(uint64_t *state, unsigned n)
{
    return (unsigned)((next(state) >> 32) * n >> 32);
}

/* ---- application releases ---- */

/* The newest comes last; three a major version, one half a month. */
void population_app(const struct population_size *size, size_t i, struct population_app *app)
{
    static const char *const products[] = { "Firefox", "Firefox", "Firefox", "Thunderbird", "Devedition" };
    unsigned age = size->releases - 1 - (unsigned)i;
    unsigned month = 2025 * 12 - age / 2;
    app->product = products[i % ARRAY_LEN(products)];
    app->major = POPULATION_NEWEST - age / 3;
    app->minor = 2 - age % 3;
    snprintf(app->name, sizeof app->name, "%s-%u.%u-build1", app->product, app->major, app->minor);
    snprintf(app->build_id, sizeof app->build_id, "%04u%02u%02u030201", month / 12, month % 12 + 1,
             age % 2 ? 1 : 15);
}

/* The indexes of two earlier releases of the same product, for every fourth release three, newest first;
 * fewer where there are no more. */
static unsigned earlier(const struct population_size *size, size_t i, size_t from[PARTIALS])
{
    struct population_app app, other;
    unsigned n = 0, wanted = i % 4 == 0 ? PARTIALS : PARTIALS - 1;
    population_app(size, i, &app);
    for (size_t k = i; k > 0 && n < wanted; k--) {
        population_app(size, k - 1, &other);
        if (strcmp(other.product, app.product) == 0) {
            from[n++] = k - 1;
        }
    }
    return n;
}

static void put_hash(struct buf *out, uint64_t seed)
{
    for (int i = 0; i < 8; i++) {
        buf_printf(out, "%016llx", (unsigned long long)next(&seed));
    }
}

/* A file of its size and hash, which no other file has. */
static void put_file(struct buf *out, const char *from, uint64_t seed, unsigned smallest)
{
    buf_printf(out, "{\"from\": \"%s\", \"filesize\": %u, \"hashValue\": \"", from,
               smallest + population_random(&seed, smallest / 2));
    put_hash(out, seed);
    buf_lit(out, "\"}");
}

static void put_locale(struct buf *out, const struct population_size *size, size_t i,
                       const struct population_app *app, uint64_t seed)
{
    size_t from[PARTIALS];
    unsigned n = earlier(size, i, from);
    buf_printf(
        out,
        "{\"buildID\": \"%s\", \"appVersion\": \"%u.%u\", \"displayVersion\": \"%u.%u\", \"completes\": [",
        app->build_id, app->major, app->minor, app->major, app->minor);
    put_file(out, "*", seed, 60000000);
    buf_lit(out, "]");
    for (unsigned k = 0; k < n; k++) {
        struct population_app other;
        population_app(size, from[k], &other);
        buf_str(out, k == 0 ? STR(", \"partials\": [") : STR(", "));
        put_file(out, other.name, seed + k + 1, 9000000);
    }
    buf_str(out, n > 0 ? STR("]}") : STR("}"));
}

static void put_urls(struct buf *out, const struct population_size *size, size_t i,
                     const struct population_app *app, const char *pattern)
{
    size_t from[PARTIALS];
    unsigned n = earlier(size, i, from);
    buf_lit(out, "{\"completes\": {\"*\": \"");
    buf_printf(out, "%s/%s-%u.%u-complete?os=%%OS_BOUNCER%%&lang=%%LOCALE%%\"}, \"partials\": {", pattern,
               app->product, app->major, app->minor);
    for (unsigned k = 0; k < n; k++) {
        struct population_app other;
        population_app(size, from[k], &other);
        buf_printf(out, "%s\"%s\": \"%s/%s-%u.%u-partial-%u.%u?os=%%OS_BOUNCER%%&lang=%%LOCALE%%\"",
                   k > 0 ? ", " : "", other.name, pattern, app->product, app->major, app->minor, other.major,
                   other.minor);
    }
    buf_lit(out, "}}");
}

/* Everything but the locales. */
static void put_base(struct buf *out, const struct population_size *size, size_t i,
                     const struct population_app *app)
{
    static const char *const bouncer[] = { "win64", "win",   "osx",           "linux64", "win64-aarch64",
                                           "osx",   "linux", "linux-aarch64", "android", "linux-ppc64le" };
    buf_printf(
        out,
        "{\"name\": \"%s\", \"schema_version\": 9, \"hashFunction\": \"sha512\", \"appVersion\": \"%u.%u\", "
        "\"displayVersion\": \"%u.%u\", \"updateLine\": [{\"for\": {}, \"fields\": {\"type\": \"minor\", "
        "\"detailsURL\": \"https://www.mozilla.org/%%LOCALE%%/firefox/%u.%u/releasenotes/\"}}, {\"for\": "
        "{\"locales\": [\"en-US\", \"de\"], \"versions\": [\"<129.0\"], \"channels\": [\"release*\"]}, "
        "\"fields\": "
        "{\"actions\": \"showURL\", \"openURL\": "
        "\"https://www.mozilla.org/%%LOCALE%%/firefox/whatsnew/\"}}], "
        "\"fileUrls\": {\"*\": ",
        app->name, app->major, app->minor, app->major, app->minor, app->major, app->minor);
    put_urls(out, size, i, app, "http://download.mozilla.org/?product=");
    buf_lit(out, ", \"release-localtest\": ");
    put_urls(out, size, i, app, "http://archive.mozilla.org/pub/candidates");
    buf_lit(out, "}, \"platforms\": {");
    for (unsigned p = 0; p < size->platforms; p++) {
        buf_printf(out, "\"%s\": {\"OS_BOUNCER\": \"%s\", \"OS_FTP\": \"%s\"}, ", population_platforms[p],
                   bouncer[p], bouncer[p]);
    }
    buf_printf(out, "\"%s-x64\": {\"alias\": \"%s\"}}}", population_platforms[0], population_platforms[0]);
}

static struct str kept(void *ctx, struct buf *b)
{
    struct str text = { mem_strndup(ctx, b->p, b->n), b->n };
    buf_reset(b);
    return text;
}

static void put_app(const struct population *p, void *ctx, size_t i, struct release_row *row)
{
    struct population_app app;
    struct buf text;
    size_t n = (size_t)p->size.platforms * p->size.locales;
    struct release_asset *assets = mem_array(ctx, struct release_asset, n);
    population_app(&p->size, i, &app);
    buf_init(&text, 8192, RELEASE_MAX);
    put_base(&text, &p->size, i, &app);
    *row = (struct release_row){ .name = str_of(mem_printf(ctx, "%s", app.name)),
                                 .product = str_of(app.product),
                                 .json = kept(ctx, &text),
                                 .assets = assets,
                                 .n_assets = n };
    for (size_t k = 0; k < n; k++) {
        put_locale(&text, &p->size, i, &app, ((uint64_t)i * n + k) * (PARTIALS + 1) << 20);
        assets[k].path =
            str_of(mem_printf(ctx, ".platforms.%s.locales.%s", population_platforms[k / p->size.locales],
                              population_locales[k % p->size.locales]));
        assets[k].json = kept(ctx, &text);
    }
    buf_free(&text);
}

/* ---- the other releases ---- */

static const char *const plugin_platforms[] = { "WINNT_x86_64-msvc", "WINNT_x86-msvc",
                                                "Darwin_x86_64-gcc3-u-i386-x86_64", "Darwin_aarch64-gcc3",
                                                "Linux_x86_64-gcc3" };

static void put_plugin(struct buf *out, const char *name, const char *vendor, const char *url)
{
    buf_printf(
        out,
        "{\"name\": \"%s\", \"schema_version\": 1000, \"hashFunction\": \"sha512\", \"vendors\": {\"%s\": "
        "{\"version\": \"2.3.2\", \"platforms\": {",
        name, vendor);
    for (size_t i = 0; i < ARRAY_LEN(plugin_platforms); i++) {
        buf_printf(out, "%s\"%s\": {\"filesize\": %zu, \"fileUrl\": \"%s/%s-%s.zip\", \"hashValue\": \"",
                   i > 0 ? ", " : "", plugin_platforms[i], 480000 + i, url, name, plugin_platforms[i]);
        put_hash(out, str_hash(str_of(name)) + i);
        buf_lit(out, "\"}");
    }
    buf_lit(out, "}}}}");
}

static void put_addon(struct buf *out, const char *name)
{
    buf_printf(
        out,
        "{\"name\": \"%s\", \"schema_version\": 5000, \"hashFunction\": \"sha512\", \"addons\": "
        "{\"%s@mozilla.org\": {\"version\": \"1.0\", \"platforms\": {\"default\": {\"filesize\": 40000, "
        "\"fileUrl\": \"https://archive.mozilla.org/pub/system-addons/%s.xpi\", \"hashValue\": \"",
        name, name, name);
    put_hash(out, str_hash(str_of(name)));
    buf_lit(out, "\"}}}}}");
}

static void put_vpn(struct buf *out)
{
    buf_lit(
        out,
        "{\"name\": \"FirefoxVPN\", \"product\": \"FirefoxVPN\", \"schema_version\": 10000, \"version\": "
        "\"2.31.0\", \"required\": false, \"hashFunction\": \"sha512\", \"platforms\": {\"WINNT_x86_64\": "
        "{\"fileUrl\": \"https://archive.mozilla.org/pub/vpn/releases/2.31.0/windows/MozillaVPN.msi\", "
        "\"hashValue\": \"");
    put_hash(out, 1);
    buf_lit(out, "\"}}}");
}

/* The name, the product, and how the JSON is told: in full, or by whom. */
static const struct {
    const char *name, *product, *json;
} others[] = {
    { "Firefox-desupport", "Firefox",
      "{\"name\": \"Firefox-desupport\", \"schema_version\": 50, \"displayVersion\": \"115.0\", "
      "\"detailsUrl\": "
      "\"https://support.mozilla.org/%LOCALE%/kb/end-of-support\"}" },
    { "GMP-Superblob", "GMP",
      "{\"name\": \"GMP-Superblob\", \"schema_version\": 4000, \"products\": [\"OpenH264\", \"Widevine\"]}" },
    { "SystemAddons-Superblob", "SystemAddons",
      "{\"name\": \"SystemAddons-Superblob\", \"schema_version\": 4000, \"blobs\": [\"webcompat\", "
      "\"formautofill\"]}" },
    { "OpenH264", "OpenH264", NULL },
    { "Widevine", "Widevine", NULL },
    { "webcompat", "SystemAddons", NULL },
    { "formautofill", "SystemAddons", NULL },
    { "FirefoxVPN", "FirefoxVPN", NULL },
};

static void put_other(void *ctx, size_t i, struct release_row *row)
{
    struct buf text;
    const char *name = others[i].name;
    buf_init(&text, 4096, RELEASE_MAX);
    if (others[i].json != NULL) {
        buf_str(&text, str_of(others[i].json));
    } else if (strcmp(name, "OpenH264") == 0) {
        put_plugin(&text, name, "gmp-gmpopenh264", "http://ciscobinary.openh264.org");
    } else if (strcmp(name, "Widevine") == 0) {
        put_plugin(&text, name, "gmp-widevinecdm", "https://redirector.gvt1.com/edgedl/widevine-cdm");
    } else if (strcmp(name, "FirefoxVPN") == 0) {
        put_vpn(&text);
    } else {
        put_addon(&text, name);
    }
    *row = (struct release_row){ .name = str_of(name),
                                 .product = str_of(others[i].product),
                                 .json = kept(ctx, &text) };
    buf_free(&text);
}

void population_release(const struct population *p, void *ctx, size_t i, struct release_row *row)
{
    if (i < p->size.releases) {
        put_app(p, ctx, i, row);
    } else {
        put_other(ctx, i - p->size.releases, row);
    }
}

struct population *population_new(void *ctx, const struct population_size *size)
{
    struct population *p = mem_new(ctx, struct population);
    p->size = *size;
    p->n_releases = size->releases + ARRAY_LEN(others);
    p->rules = mem_array(p, struct rule_row, size->rules);
    population_rules(p, size, p->rules);
    return p;
}

/* ---- clients ---- */

static const struct {
    const char *target;
    const char *system, *rest; /* with the number of a build between them */
    unsigned builds;           /* how many different ones there are */
} machines[] = {
    { "WINNT_x86_64-msvc", "Windows_NT%2010.0.0.0.", "%20(x64)", 9000 },
    { "WINNT_x86_64-msvc-x64", "Windows_NT%2010.0.0.0.", "%20(x64)", 9000 },
    { "WINNT_x86-msvc", "Windows_NT%206.1.1.0.", "%20(x86)", 300 },
    { "Darwin_x86_64-gcc3-u-i386-x86_64", "Darwin%20", ".6.0", 24 },
    { "Linux_x86_64-gcc3", "Linux%206.1.0-", "-amd64%20(GTK%203.24.38%2Clibpulse%20not-available)", 99 },
};

static void put_app_url(const struct population *p, uint64_t random, struct buf *out)
{
    static const char *const wanted[] = {
        "release", "release", "release", "release", "release", "release-cck-partner7", "beta",
        "nightly", "aurora",  "esr",     "esr",     "default", "release-localtest"
    };
    struct population_app app;
    /* Those that a release of so many platforms has. */
    unsigned known =
        p->size.platforms + 1 < ARRAY_LEN(machines) ? p->size.platforms + 1 : ARRAY_LEN(machines);
    size_t machine = population_random(&random, known);
    population_app(&p->size, population_random(&random, p->size.releases), &app);
    if (population_random(&random, 3) == 0) {
        /* One that was left behind long ago. */
        app.major = 3 + population_random(&random, POPULATION_NEWEST - 3);
        snprintf(app.build_id, sizeof app.build_id, "20%02u%02u01040506", 8 + app.major / 9,
                 1 + population_random(&random, 12));
    }
    buf_printf(out, "/update/6/%s/%u.%u/%s/%s/%s/%s/", app.product, app.major, app.minor, app.build_id,
               machines[machine].target, population_locales[population_random(&random, p->size.locales)],
               PICK(&random, wanted));
    buf_printf(out, "%s%u%s", machines[machine].system, population_random(&random, machines[machine].builds),
               machines[machine].rest);
    unsigned memory = 1024u << population_random(&random, 6);
    buf_printf(out, "/ISET:SSE4_2,MEM:%u/%s/default/update.xml", memory - population_random(&random, 300),
               population_random(&random, 20) ? "default" : "partner7");
}

static void put_other_url(uint64_t random, struct buf *out)
{
    static const char *const plugins[] = { "GMP", "GMP", "SystemAddons", "OpenH264" };
    unsigned major = 60 + population_random(&random, POPULATION_NEWEST - 60);
    if (population_random(&random, 10) == 0) {
        buf_printf(out, "/json/1/FirefoxVPN/2.%u.%u/WINNT_x86_64/release/update.json",
                   population_random(&random, VPN_NEWEST), population_random(&random, 3));
        return;
    }
    buf_printf(
        out, "/update/3/%s/%u.0/20240101%06u/%s/%s/release/Darwin%%2022.6.0/default/default/update.xml",
        PICK(&random, plugins), major, population_random(&random, 240000), PICK(&random, plugin_platforms),
        population_locales[population_random(&random, POPULATION_LOCALES_MAX)]);
}

void population_url(const struct population *p, uint64_t i, struct buf *out)
{
    uint64_t random = i << 32;
    if (population_random(&random, 4) > 0) {
        put_app_url(p, random, out);
    } else {
        put_other_url(random, out);
    }
}

/* ---- compiled ---- */

static bool is_release(const struct population *p, size_t i, struct str name)
{
    struct population_app app;
    if (i >= p->size.releases) {
        return str_eq(name, str_of(others[i - p->size.releases].name));
    }
    population_app(&p->size, i, &app);
    return str_eq(name, str_of(app.name));
}

static bool read_release(void *arg, void *ctx, struct str name, struct release_row *row,
                         struct release_stamps *stamps, bool *found, struct error *e)
{
    const struct population *p = arg;
    (void)e;
    *found = false;
    for (size_t i = 0; i < p->n_releases && !*found; i++) {
        if (is_release(p, i, name)) {
            population_release(p, ctx, i, row);
            stamps->rows = i + 1;
            *found = true;
        }
    }
    return true;
}

static void note_broken(void *arg, struct str name, const char *why, bool kept)
{
    (void)arg;
    (void)kept;
    fprintf(stderr, "release %.*s cannot be served: %s\n", STR_ARG(name), why);
    exit(1);
}

static const struct engine_settings *settings(void *ctx)
{
    static const struct str force_hosts[] = { { "http://download.mozilla.org", 27 } };
    static const char *const lines[] = {
        "download.mozilla.org Firefox Devedition Thunderbird",
        "archive.mozilla.org Firefox Devedition Thunderbird SystemAddons FirefoxVPN",
        "ciscobinary.openh264.org OpenH264",
        "redirector.gvt1.com Widevine",
    };
    struct engine_settings *s = mem_new(ctx, struct engine_settings);
    struct allowlist *allowlist = allowlist_new(ctx);
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        allowlist_add(allowlist, str_of(lines[i]), NULL);
    }
    *s = (struct engine_settings){ allowlist, force_hosts, 1 };
    return s;
}

const struct snapshot *population_snapshot(void *ctx, const struct population *p)
{
    struct snapshot_input input = {
        .rules = ruleset_build(ctx, p->rules, p->size.rules),
        .settings = settings(ctx),
        .generation = 1,
    };
    struct release_cache *cache = release_cache_new(ctx);
    struct release_source from = { .release = read_release, .arg = (void *)(uintptr_t)p };
    struct snapshot_request request = {
        .cache = cache, .input = &input, .source = &from, .broken = note_broken
    };
    struct snapshot *s = mem_check(snapshot_build(ctx, &request, NULL));
    release_cache_commit(cache);
    return s;
}
