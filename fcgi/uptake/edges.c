/* A query has one value per column; a rule's column gives a few values around its edge. The engine decides
 * which of these match. This file only ensures that there are values on both sides. */
#include "uptake/edges.h"

#include "core/percent.h"
#include "core/python.h"

#include <ctype.h>
#include <stdio.h>

enum { VALUES_MAX = 16, EDGE_TEXT_MAX = 100 };

enum edge_column {
    EDGE_PRODUCT,
    EDGE_VERSION,
    EDGE_BUILD_ID,
    EDGE_TARGET,
    EDGE_LOCALE,
    EDGE_CHANNEL,
    EDGE_OS,
    EDGE_ISET,
    EDGE_MEMORY,
    EDGE_JAWS,
    EDGE_DISTRIBUTION,
    EDGE_DIST_VERSION,
    EDGE_MIG64,
    EDGE_COLUMNS
};

/* The values of one column. The first one is meant to be inside. */
struct edge_values {
    char text[VALUES_MAX][EDGE_TEXT_MAX + 1];
    size_t n;
};

static void add_value(struct edge_values *v, const char *text)
{
    for (size_t i = 0; i < v->n; i++) {
        if (strcmp(v->text[i], text) == 0) {
            return;
        }
    }
    if (v->n < VALUES_MAX && strlen(text) <= EDGE_TEXT_MAX && text[0] != '\0') {
        snprintf(v->text[v->n++], sizeof v->text[0], "%s", text);
    }
}

/* ---- what is around an edge ---- */

/* Values around a text: for "release*" texts that begin with it, and one that is a character too short; for
 * "release" the text itself, and a longer one. */
static void around_text(struct edge_values *v, struct str term)
{
    char text[EDGE_TEXT_MAX + 2];
    size_t n = 0;
    bool glob = false;
    if (term.n >= EDGE_TEXT_MAX - 1) {
        return;
    }
    for (size_t i = 0; i < term.n; i++) {
        glob = glob || term.p[i] == '*';
        if (term.p[i] != '*') {
            text[n++] = term.p[i];
        }
    }
    text[n] = '\0';
    add_value(v, text);
    text[n] = 'x';
    text[n + 1] = '\0';
    add_value(v, text);
    if (glob && n > 1) {
        text[n - 1] = '\0';
        add_value(v, text);
    }
}

/* TERM without the operator in front of it: "<", ">=" and so on. */
static struct str skip_operator(struct str term)
{
    while (term.n > 0 && (term.p[0] == '<' || term.p[0] == '>' || term.p[0] == '=')) {
        term = str_slice(term, 1, term.n);
    }
    return term;
}

/* Values around a number: the number, one less, one more. The one that matches comes first. */
static void around_number(struct edge_values *v, struct str term)
{
    int64_t n;
    char text[32];
    if (!python_int(skip_operator(term), &n) || n <= INT64_MIN + 1 || n >= INT64_MAX - 1) {
        return;
    }
    int first = str_starts(term, STR("<")) && !str_starts(term, STR("<="))   ? -1
                : str_starts(term, STR(">")) && !str_starts(term, STR(">=")) ? 1
                                                                             : 0;
    const int offsets[] = { first, -1, 0, 1 };
    for (size_t i = 0; i < ARRAY_LEN(offsets); i++) {
        snprintf(text, sizeof text, "%lld", (long long)n + offsets[i]);
        add_value(v, text);
    }
}

/* Writes to TEXT a version just below VERSION: "118.0.0" for "118.0.1", "117.0" for "118.0". Empty if there
 * is none. */
static void version_below(char *text, size_t size, struct str version)
{
    size_t from = version.n;
    text[0] = '\0';
    while (from > 0) {
        size_t end = from, n = 0;
        while (from > 0 && isdigit((unsigned char)version.p[from - 1])) {
            from--;
        }
        for (size_t i = from; i < end && i < from + 6; i++) {
            n = 10 * n + (size_t)(version.p[i] - '0');
        }
        if (n > 0) {
            snprintf(text, size, "%.*s%zu%.*s", (int)from, version.p, n - 1, (int)(version.n - end),
                     version.p + end);
            return;
        }
        while (from > 0 && !isdigit((unsigned char)version.p[from - 1])) {
            from--;
        }
    }
}

static void around_version(struct edge_values *v, struct str term)
{
    char below[EDGE_TEXT_MAX + 1], above[EDGE_TEXT_MAX + 1], same[EDGE_TEXT_MAX + 1];
    struct str version = skip_operator(term);
    bool strict = term.n > version.n && !str_contains(str_slice(term, 0, term.n - version.n), STR("="));
    if (version.n == 0 || version.n > EDGE_TEXT_MAX - 2) {
        return;
    }
    if (str_contains(version, STR("*"))) {
        around_text(v, version);
        return;
    }
    version_below(below, sizeof below, version);
    snprintf(same, sizeof same, "%.*s", STR_ARG(version));
    snprintf(above, sizeof above, "%.*s.1", STR_ARG(version));
    add_value(v, strict && term.p[0] == '<' ? below : strict ? above : same);
    add_value(v, below);
    add_value(v, same);
    add_value(v, above);
}

/* ---- a rule ---- */

static const struct edge_kind {
    const char *name;     /* of the column */
    const char *standard; /* the value if the rule does not restrict the column */
    void (*around)(struct edge_values *v, struct str term);
} kinds[EDGE_COLUMNS] = {
    [EDGE_PRODUCT] = { "product", "Firefox", around_text },
    [EDGE_VERSION] = { "version", "100.0", around_version },
    [EDGE_BUILD_ID] = { "buildID", "20230101000000", around_number },
    [EDGE_TARGET] = { "buildTarget", "WINNT_x86_64-msvc-x64", around_text },
    [EDGE_LOCALE] = { "locale", "en-US", around_text },
    [EDGE_CHANNEL] = { "channel", "release", around_text },
    [EDGE_OS] = { "osVersion", "Windows_NT 10.0.0.0.22621.2428 (x64)", around_text },
    [EDGE_ISET] = { "instructionSet", "SSE4_2", around_text },
    [EDGE_MEMORY] = { "memory", "8192", around_number },
    [EDGE_JAWS] = { "jaws", "", NULL },
    [EDGE_DISTRIBUTION] = { "distribution", "default", around_text },
    [EDGE_DIST_VERSION] = { "distVersion", "default", around_text },
    [EDGE_MIG64] = { "mig64", "", NULL },
};

/* The values of KIND in RULE; none if the column is not set. Lists are separated by commas. */
static void values_of(const cJSON *rule, const struct edge_kind *kind, struct edge_values *v)
{
    const cJSON *set = json_get(rule, kind->name);
    struct str term, rest = str_of(cJSON_IsString(set) ? set->valuestring : NULL);
    v->n = 0;
    if (kind->around == NULL) {
        if (cJSON_IsBool(set)) {
            add_value(v, cJSON_IsTrue(set) ? "1" : "0");
            add_value(v, cJSON_IsTrue(set) ? "0" : "1");
        }
        return;
    }
    while (str_split(&rest, ',', &term)) {
        kind->around(v, str_strip(term));
    }
    if (v->n > 0 && kind->around == around_text) {
        add_value(v, "x");
    }
}

static void print_part(struct buf *out, const char *text)
{
    buf_char(out, '/');
    percent_encode_but(out, str_of(text), "!$&'()*+,;=:@");
}

static void add_query(struct sample *s, const char *const value[EDGE_COLUMNS])
{
    struct buf path;
    buf_init(&path, SAMPLE_PATH_MAX, SAMPLE_PATH_MAX);
    buf_lit(&path, "/update/6");
    for (int i = EDGE_PRODUCT; i <= EDGE_OS; i++) {
        print_part(&path, value[i]);
    }
    buf_lit(&path, "/ISET:");
    percent_encode_but(&path, str_of(value[EDGE_ISET]), "");
    buf_printf(&path, ",MEM:%s%s%s", value[EDGE_MEMORY], value[EDGE_JAWS][0] != '\0' ? ",JAWS:" : "",
               value[EDGE_JAWS]);
    print_part(&path, value[EDGE_DISTRIBUTION]);
    print_part(&path, value[EDGE_DIST_VERSION]);
    buf_printf(&path, "/update.xml%s%s", value[EDGE_MIG64][0] != '\0' ? "?mig64=" : "", value[EDGE_MIG64]);
    if (!path.full && s->n < SAMPLE_QUERIES_MAX) {
        sample_add(s, buf_view(&path), 1);
        s->queries++;
    }
    buf_free(&path);
}

static void add_rule(struct sample *s, const cJSON *rule, struct edge_values values[EDGE_COLUMNS])
{
    const char *base[EDGE_COLUMNS];
    for (int i = 0; i < EDGE_COLUMNS; i++) {
        values_of(rule, &kinds[i], &values[i]);
        base[i] = values[i].n > 0 ? values[i].text[0] : kinds[i].standard;
    }
    add_query(s, base);
    for (int i = 0; i < EDGE_COLUMNS; i++) {
        const char *query[EDGE_COLUMNS];
        memcpy(query, base, sizeof query);
        for (size_t j = 1; j < values[i].n; j++) {
            query[i] = values[i].text[j];
            add_query(s, query);
        }
    }
}

size_t edges_add(struct sample *s, const cJSON *rules)
{
    const cJSON *rule;
    size_t n = 0;
    struct edge_values *values = mem_array(NULL, struct edge_values, EDGE_COLUMNS);
    cJSON_ArrayForEach(rule, rules)
    {
        add_rule(s, rule, values);
        n++;
    }
    talloc_free(values);
    return n;
}
