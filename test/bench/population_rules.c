/* Rules as they pile up: for each product and channel one that gives the newest release to all, below it
 * exceptions that once had a reason: a version to go through first, a system that ended, a few locales, a
 * partner, testers' channels. The exceptions are drawn kind by kind, each kind with the columns that it uses
 * and a priority of its own. */
#include "core/mem.h"
#include "population.h"

#define PICK(RANDOM, ARRAY) ((ARRAY)[population_random(RANDOM, ARRAY_LEN(ARRAY))])

struct draft {
    void *ctx;
    const struct population_size *size;
    uint64_t random;
    struct rule_row *row;
};

static const char *const apps[] = { "Firefox", "Firefox", "Firefox",     "Firefox",     "Firefox",
                                    "Firefox", "Firefox", "Thunderbird", "Thunderbird", "Devedition" };
static const char *const channels[] = { "release", "release", "release", "beta", "beta",
                                        "nightly", "aurora",  "esr",     "esr" };
static const char *const test_channels[] = { "release-localtest", "release-cdntest", "beta-localtest",
                                             "beta-cdntest",      "esr-localtest",   "esr-cdntest",
                                             "release-*",         "beta-*",          "esr-*" };
static const char *const systems[] = {
    "Windows_NT 5.0,Windows_NT 5.1,Windows_NT 5.2",
    "Windows_NT 6.0",
    "Windows_NT 6.1,Windows_NT 6.2,Windows_NT 6.3",
    "Windows_NT 6.1&&(x86)",
    "Darwin 6,Darwin 7,Darwin 8,Darwin 9",
    "Darwin 10,Darwin 11,Darwin 12",
    "Darwin 13,Darwin 14,Darwin 15,Darwin 16",
    "GTK 2.",
    "Linux 2.6&&GTK 2.",
    "(GTK 3.0,(GTK 3.2,(GTK 3.4",
};
static const char *const instructions[] = { "MMX,SSE", "SSE,SSE2", "unknown", "MMX" };
static const char *const memories[] = { "<2048", "<=1024", ">=4096" };

/* ---- parts of a rule ---- */

static unsigned any_version(struct draft *d)
{
    return 3 + population_random(&d->random, POPULATION_NEWEST - 3);
}

/* As text that goes with the rules. */
#define TEXT(DRAFT, ...) str_of(mem_printf((DRAFT)->ctx, __VA_ARGS__))

static struct str any_release(struct draft *d, const char *product)
{
    struct population_app app;
    do {
        population_app(d->size, population_random(&d->random, d->size->releases), &app);
    } while (strcmp(app.product, product) != 0 && d->size->releases >= 5);
    return TEXT(d, "%s", app.name);
}

static void set_app(struct draft *d, const char *const *from, size_t n)
{
    const char *product = PICK(&d->random, apps);
    d->row->product = str_of(product);
    d->row->channel = str_of(from[population_random(&d->random, (unsigned)n)]);
    d->row->mapping = any_release(d, product);
}

static struct str any_locales(struct draft *d)
{
    char *list = mem_printf(d->ctx, "%s", PICK(&d->random, population_locales));
    for (unsigned more = population_random(&d->random, 6); more > 0; more--) {
        list = mem_printf(d->ctx, "%s,%s", list, PICK(&d->random, population_locales));
    }
    return str_of(list);
}

static struct str any_build_id(struct draft *d)
{
    unsigned year = 2008 + population_random(&d->random, 17);
    return TEXT(d, "<%u%02u%02u030201", year, 1 + population_random(&d->random, 12),
                1 + population_random(&d->random, 28));
}

static void maybe_target(struct draft *d, unsigned percent)
{
    if (population_random(&d->random, 100) < percent) {
        d->row->build_target = str_of(PICK(&d->random, population_platforms));
    }
}

/* ---- kinds of rules ---- */

/* Whoever is older goes through this release first. */
static void watershed(struct draft *d)
{
    unsigned major = any_version(d);
    set_app(d, channels, ARRAY_LEN(channels));
    d->row->version = TEXT(d, "<%u.%u", major, population_random(&d->random, 3));
    d->row->priority = 500 - major;
    maybe_target(d, 30);
    if (population_random(&d->random, 5) == 0) {
        d->row->os_version = str_of(PICK(&d->random, systems));
    }
}

/* A system that later versions do not run on. */
static void desupport(struct draft *d)
{
    set_app(d, channels, ARRAY_LEN(channels));
    d->row->os_version = str_of(PICK(&d->random, systems));
    d->row->version = TEXT(d, "%s%u.0", population_random(&d->random, 2) ? ">=" : "<", any_version(d));
    d->row->mapping = STR("Firefox-desupport");
    d->row->priority = 600;
}

static void testers(struct draft *d)
{
    set_app(d, test_channels, ARRAY_LEN(test_channels));
    d->row->version = TEXT(d, "%u.*", 5 + any_version(d));
    d->row->priority = 150;
    maybe_target(d, 50);
}

static void some_locales(struct draft *d)
{
    set_app(d, channels, ARRAY_LEN(channels));
    d->row->locale = any_locales(d);
    d->row->version = TEXT(d, "<%u.0", any_version(d));
    d->row->priority = 300;
}

static void partner(struct draft *d)
{
    unsigned number = population_random(&d->random, 500);
    set_app(d, channels, ARRAY_LEN(channels));
    d->row->channel = TEXT(d, "%.*s-cck-partner%u", STR_ARG(d->row->channel), number);
    d->row->distribution = TEXT(d, "partner%u,partner%u-eu", number, number);
    if (population_random(&d->random, 3) == 0) {
        d->row->dist_version = TEXT(d, "%u.0", population_random(&d->random, 20));
    }
    d->row->priority = 400;
}

static void old_builds(struct draft *d)
{
    static const char *const daily[] = { "nightly", "aurora", "nightly", "beta" };
    set_app(d, daily, ARRAY_LEN(daily));
    d->row->build_id = any_build_id(d);
    d->row->priority = 200;
    maybe_target(d, 80);
}

static void weak_machines(struct draft *d)
{
    set_app(d, channels, ARRAY_LEN(channels));
    if (population_random(&d->random, 2)) {
        d->row->memory = str_of(PICK(&d->random, memories));
    } else {
        d->row->instruction_set = str_of(PICK(&d->random, instructions));
    }
    d->row->version = TEXT(d, "<%u.0", any_version(d));
    d->row->build_target = str_of(population_platforms[1]);
    d->row->priority = 320;
}

static void moving_to_64_bits(struct draft *d)
{
    set_app(d, channels, ARRAY_LEN(channels));
    d->row->version = TEXT(d, "<%u.0", any_version(d));
    *(population_random(&d->random, 2) ? &d->row->mig64 : &d->row->jaws) = TRI_TRUE;
    d->row->priority = 330;
}

static void old_hardware(struct draft *d)
{
    set_app(d, channels, ARRAY_LEN(channels));
    d->row->header_architecture = population_random(&d->random, 4) ? STR("PPC") : STR("Intel");
    d->row->version = TEXT(d, "<%u.0", 3 + population_random(&d->random, 20));
    d->row->priority = 350;
}

static void system_addon(struct draft *d)
{
    d->row->product = STR("SystemAddons");
    d->row->channel = str_of(PICK(&d->random, channels));
    d->row->version = TEXT(d, "%u.*", 5 + any_version(d));
    d->row->mapping = STR("SystemAddons-Superblob");
    if (population_random(&d->random, 3) == 0) {
        d->row->locale = any_locales(d);
    }
    d->row->priority = 120;
}

static void plugin(struct draft *d)
{
    static const char *const plugins[] = { "OpenH264", "Widevine" };
    const char *name = PICK(&d->random, plugins);
    d->row->product = str_of(name);
    d->row->mapping = str_of(name);
    d->row->version = TEXT(d, "<%u.0", 3 + population_random(&d->random, 40));
    d->row->priority = 110;
    maybe_target(d, 70);
}

static void vpn(struct draft *d)
{
    d->row->product = STR("FirefoxVPN");
    d->row->channel = str_of(PICK(&d->random, test_channels));
    d->row->mapping = STR("FirefoxVPN");
    d->row->version = TEXT(d, "<2.%u.0", population_random(&d->random, 30));
    d->row->priority = 110;
}

static const struct {
    unsigned percent;
    void (*make)(struct draft *d);
} kinds[] = {
    { 30, watershed },   { 10, desupport }, { 12, testers },      { 8, some_locales },
    { 8, partner },      { 8, old_builds }, { 6, weak_machines }, { 4, old_hardware },
    { 5, system_addon }, { 3, plugin },     { 2, vpn },           { 4, moving_to_64_bits },
};

static void exception(struct draft *d)
{
    unsigned total = 0;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        total += kinds[i].percent;
    }
    unsigned at = population_random(&d->random, total);
    size_t kind = 0;
    while (at >= kinds[kind].percent) {
        at -= kinds[kind++].percent;
    }
    kinds[kind].make(d);
}

/* ---- what all get ---- */

static const struct {
    const char *product, *channel, *mapping; /* no mapping: the newest release of the product */
} defaults[] = {
    { "Firefox", "release", NULL },
    { "Firefox", "beta", NULL },
    { "Firefox", "nightly", NULL },
    { "Firefox", "aurora", NULL },
    { "Thunderbird", "release", NULL },
    { "Thunderbird", "beta", NULL },
    { "Thunderbird", "nightly", NULL },
    { "Devedition", "aurora", NULL },
    { "GMP", NULL, "GMP-Superblob" },
    { "OpenH264", NULL, "OpenH264" },
    { "Widevine", NULL, "Widevine" },
    { "SystemAddons", "release", "SystemAddons-Superblob" },
    { "FirefoxVPN", "release", "FirefoxVPN" },
};

static struct str newest(const struct draft *d, const char *product)
{
    struct population_app app;
    size_t i = d->size->releases;
    do {
        population_app(d->size, --i, &app);
    } while (i > 0 && strcmp(app.product, product) != 0);
    return TEXT(d, "%s", app.name);
}

static void default_rule(struct draft *d, size_t i)
{
    d->row->product = str_of(defaults[i].product);
    d->row->channel = str_of(defaults[i].channel);
    d->row->mapping =
        defaults[i].mapping != NULL ? str_of(defaults[i].mapping) : newest(d, defaults[i].product);
    d->row->priority = 90;
}

/* Sees to it that application release I is reached. */
static void rule_to_release(struct draft *d, size_t i)
{
    struct population_app app;
    population_app(d->size, i, &app);
    watershed(d);
    d->row->product = str_of(app.product);
    d->row->mapping = TEXT(d, "%s", app.name);
}

void population_rules(void *ctx, const struct population_size *size, struct rule_row *rows)
{
    struct draft d = { .ctx = ctx, .size = size, .random = 1 };
    for (size_t i = 0; i < size->rules; i++) {
        d.row = &rows[i];
        *d.row = (struct rule_row){ .rule_id = (int64_t)i + 1,
                                    .data_version = 1,
                                    .has_priority = true,
                                    .has_background_rate = true,
                                    .background_rate = 100,
                                    .update_type = STR("minor"),
                                    .jaws = TRI_UNKNOWN,
                                    .mig64 = TRI_UNKNOWN };
        if (i < ARRAY_LEN(defaults)) {
            default_rule(&d, i);
        } else if (i < ARRAY_LEN(defaults) + size->releases) {
            rule_to_release(&d, i - ARRAY_LEN(defaults));
        } else {
            exception(&d);
        }
    }
}
