/* A URL becomes a struct query in four steps: split, decode, give the segments of the path to the fields that
 * the form's row names, then clean the fields as the reference does. Everything decoded is in the
 * caller's text, which is as large as the longest URL, so nothing is allocated. */
#include "query/query.h"

#include "core/mem.h"
#include "core/percent.h"
#include "core/python.h"

#include <stdio.h>

/* ---- cleaning ---- */

/* The number of bytes at the start of S that are one character to Python: a whole UTF-8 sequence, or the
 * bytes that decoding with errors="replace" turns into one U+FFFD, which are the longest valid start of a
 * sequence. */
static size_t utf8_length(struct str s)
{
    unsigned char lead = (unsigned char)s.p[0];
    size_t want = lead >= 0xf0 && lead <= 0xf4 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4) {
        return 1;
    }
    unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    size_t n = 1;
    while (n < want && n < s.n && (unsigned char)s.p[n] >= low && (unsigned char)s.p[n] <= high) {
        low = 0x80;
        high = 0xbf;
        n++;
    }
    return n;
}

/* encode("ascii", "replace"), in place: each character that is not ASCII becomes one '?'. */
static void make_ascii(struct str *field)
{
    char *dst = (char *)(uintptr_t)field->p; /* points into the decoded text */
    size_t n = 0;
    for (size_t i = 0; i < field->n;) {
        bool ascii = (unsigned char)field->p[i] < 0x80;
        size_t length = ascii ? 1 : utf8_length(str_slice(*field, i, field->n));
        dst[n++] = ascii ? field->p[i] : '?';
        i += length;
    }
    field->n = n;
}

/* Removes "x86 ", which some versions of Avast put before the locale, in place. */
static void drop_x86(struct str *locale)
{
    if (locale->n == 0 || memchr(locale->p, ' ', locale->n) == NULL) {
        return;
    }
    char *dst = (char *)(uintptr_t)locale->p;
    size_t n = 0;
    for (size_t i = 0; i < locale->n;) {
        if (str_starts(str_slice(*locale, i, locale->n), STR("x86 "))) {
            i += 4;
        } else {
            dst[n++] = locale->p[i++];
        }
    }
    locale->n = n;
}

/* ---- the forms ---- */

enum { FIELDS_MAX = 10, SEGMENTS_MAX = FIELDS_MAX + 3 /* "update", the version, "update.xml" */ };

#define FIELD(NAME) offsetof(struct query, NAME)
/* A field that is not used: platformVersion, IMEI; and systemCapabilities, which is parsed instead. */
#define FIELD_NONE SIZE_MAX
#define FIELD_CAPABILITIES (SIZE_MAX - 1)

/* Reference: web/public/swagger/api.yml. */
static const struct form {
    enum query_form form;
    char version;
    unsigned n;
    size_t field[FIELDS_MAX];
} forms[] = {
#define PRODUCT_TO_CHANNEL                                                                                   \
    FIELD(product), FIELD(version), FIELD(build_id), FIELD(build_target), FIELD(locale), FIELD(channel)
    { QUERY_XML, '1', 6, { PRODUCT_TO_CHANNEL } },
    { QUERY_XML, '2', 7, { PRODUCT_TO_CHANNEL, FIELD(os_version) } },
    { QUERY_XML,
      '3',
      9,
      { PRODUCT_TO_CHANNEL, FIELD(os_version), FIELD(distribution), FIELD(dist_version) } },
    { QUERY_XML,
      '4',
      10,
      { PRODUCT_TO_CHANNEL, FIELD(os_version), FIELD(distribution), FIELD(dist_version), FIELD_NONE } },
    { QUERY_XML,
      '5',
      10,
      { PRODUCT_TO_CHANNEL, FIELD(os_version), FIELD(distribution), FIELD(dist_version), FIELD_NONE } },
    { QUERY_XML,
      '6',
      10,
      { PRODUCT_TO_CHANNEL, FIELD(os_version), FIELD_CAPABILITIES, FIELD(distribution),
        FIELD(dist_version) } },
    { QUERY_JSON, '1', 4, { FIELD(product), FIELD(version), FIELD(build_target), FIELD(channel) } },
    { QUERY_JSON,
      '2',
      5,
      { FIELD(product), FIELD(version), FIELD(build_target), FIELD(channel), FIELD(os_version) } },
#undef PRODUCT_TO_CHANNEL
};

/* Splits PATH ("/update/1/…/update.xml", decoded) and returns the number of segments; 0 if there are more
 * than any form has, or if one is empty. Sets *DOTS if a segment begins with a dot. */
static unsigned split_path(struct str path, struct str segment[SEGMENTS_MAX], bool *dots)
{
    const char *at = path.p, *end = path.p + path.n;
    if (path.n == 0 || *at++ != '/') {
        return 0;
    }
    for (unsigned n = 0; n < SEGMENTS_MAX && at < end; n++) {
        const char *slash = memchr(at, '/', (size_t)(end - at));
        segment[n] = (struct str){ at, (size_t)((slash != NULL ? slash : end) - at) };
        *dots |= *at == '.';
        if (slash == NULL) {
            return n + 1;
        }
        if (slash == at) {
            return 0;
        }
        at = slash + 1;
    }
    return 0;
}

/* Decodes RAW into *PATH, which begins at TEXT, splits it, and returns the number of segments. The slow
 * normalization of path_decode() is done only if the path has an empty segment, a dot at the beginning of
 * one, or a '#'. */
static unsigned decode_path(char *text, struct str raw, struct str *path, struct str segment[SEGMENTS_MAX])
{
    bool dots = false;
    *path = (struct str){ text, percent_decode(text, raw, false) };
    unsigned n = split_path(*path, segment, &dots);
    if (n == 0 || dots || str_contains(raw, STR("#"))) {
        struct str all = { text, percent_decode_path(text, raw) };
        struct str one = percent_one_leading_slash(all);
        memmove(text, one.p, one.n);
        path->n = one.n;
        n = split_path(*path, segment, &dots);
    }
    return n;
}

static const struct form *find_form(const struct str segment[SEGMENTS_MAX], unsigned n)
{
    if (n < 3 || segment[1].n != 1) {
        return NULL;
    }
    bool xml = str_eq(segment[0], STR("update")) && str_eq(segment[n - 1], STR("update.xml"));
    if (!xml && !(str_eq(segment[0], STR("json")) && str_eq(segment[n - 1], STR("update.json")))) {
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        const struct form *f = &forms[i];
        if (f->version == segment[1].p[0] && f->n + 3 == n && f->form == (xml ? QUERY_XML : QUERY_JSON)) {
            return f;
        }
    }
    return NULL;
}

bool query_is_form(struct str path)
{
    struct str segment[SEGMENTS_MAX];
    bool dots = false;
    return find_form(segment, split_path(path, segment, &dots)) != NULL;
}

/* ---- systemCapabilities ---- */

static void set_memory(struct query *q, struct str value)
{
    q->has_memory = python_int(value, &q->memory);
}

/* Parses "ISET:SSE4_2,MEM:8192,JAWS:0", or the older "SSE4_2[,8192]". A malformed part stays unknown. */
static void parse_capabilities(struct query *q, struct str text)
{
    q->instruction_set = STR_NONE;
    struct str part, rest = text;
    if (!str_starts(text, STR("ISET:"))) {
        struct str memory = STR_NONE;
        str_split(&rest, ',', &part);
        if (str_absent(rest) || (str_split(&rest, ',', &memory) && str_absent(rest))) {
            q->instruction_set = part;
        }
        if (!str_absent(memory) && str_absent(rest)) {
            set_memory(q, memory);
        }
        return;
    }
    while (str_split(&rest, ',', &part)) {
        struct str value = part, key;
        str_split(&value, ':', &key);
        int64_t jaws;
        if (str_absent(value)) {
            continue;
        } else if (str_eq(key, STR("ISET"))) {
            q->instruction_set = value;
        } else if (str_eq(key, STR("MEM"))) {
            set_memory(q, value);
        } else if (str_eq(key, STR("JAWS"))) {
            q->jaws = !python_int(value, &jaws) ? TRI_UNKNOWN : jaws != 0 ? TRI_TRUE : TRI_FALSE;
        }
    }
}

/* ---- query parameters ---- */

struct args {
    struct str force, mig64, pin; /* absent if not given; if one is given twice, the last counts */
};

static enum query_status parse_args(struct query *q, char *text, struct str raw, bool pin_allowed,
                                    struct args *args, struct error *e)
{
    struct str pair, ignored;
    while (str_split(&raw, '&', &pair)) {
        struct str name, value = pair;
        if (pair.n == 0) {
            continue;
        }
        str_split(&value, '=', &name);
        name = (struct str){ text, percent_decode(text, name, true) };
        struct str *slot = str_eq(name, STR("force"))                           ? &args->force
                           : q->form == QUERY_XML && str_eq(name, STR("mig64")) ? &args->mig64
                           : pin_allowed && str_eq(name, STR("pin"))            ? &args->pin
                           : q->form == QUERY_XML && str_eq(name, STR("avast")) ? &ignored
                                                                                : NULL;
        if (slot == NULL) {
            error_set(e, ERROR_BAD_REQUEST, "Extra query parameter(s) %.*s not in spec", STR_ARG(name));
            return QUERY_BAD_PARAMETER;
        }
        *slot = (struct str){ text, percent_decode(text, value, true) };
        text += slot->n;
    }
    if (!str_absent(args->pin) && args->pin.n == 0) {
        error_set(e, ERROR_BAD_REQUEST, "'' is too short: pin needs a version, like 102. or 102.3.");
        return QUERY_BAD_PARAMETER;
    }
    return QUERY_OK;
}

/* Avast appends "?avast=1" to URLs that have a query already, so that force is "1?avast=1". The reference
 * makes the part behind the '?' a parameter of its own, and converts its value to a number, which then equals
 * no valid value of force or mig64. */
static void repair_force(struct query *q, struct args *args)
{
    if (!str_contains(args->force, STR("avast"))) {
        return;
    }
    ptrdiff_t at = str_find(args->force, STR("?"));
    size_t skip = 1;
    if (at < 0) {
        at = str_find(args->force, STR("%3F"));
        skip = 3;
    }
    if (at < 0) {
        return;
    }
    struct str rest = str_slice(args->force, (size_t)at + skip, args->force.n);
    args->force = str_slice(args->force, 0, (size_t)at);
    struct str name, value;
    int64_t number;
    str_split(&rest, '=', &name);
    if (str_split(&rest, '=', &value) && python_int(value, &number)) {
        if (str_eq(name, STR("mig64"))) {
            q->mig64 = TRI_FALSE;
            args->mig64 = STR_NONE;
        } else if (str_eq(name, STR("force"))) {
            args->force = STR_NONE;
        }
    }
}

static void apply_args(struct query *q, struct args *args)
{
    struct str *const all[] = { &args->force, &args->mig64, &args->pin };
    if (q->form == QUERY_XML) {
        for (size_t i = 0; i < ARRAY_LEN(all); i++) {
            if (!str_is_ascii(*all[i])) {
                make_ascii(all[i]);
            }
        }
        if (!str_absent(args->force)) {
            repair_force(q, args);
        }
    }
    q->force = str_eq(args->force, STR("1"))    ? FORCE_MAIN
               : str_eq(args->force, STR("-1")) ? FORCE_FALLBACK
                                                : FORCE_NONE;
    if (!str_absent(args->mig64)) {
        q->mig64 = str_eq(args->mig64, STR("1")) ? TRI_TRUE : TRI_FALSE;
    }
    q->pin = args->pin;
}

/* ---- the whole ---- */

struct str query_fallback_channel(struct str channel)
{
    ptrdiff_t at = str_find(channel, STR("-cck-"));
    return at < 0 ? channel : str_slice(channel, 0, (size_t)at);
}

static void set_fields(struct query *q, const struct form *form, const struct str fields[FIELDS_MAX],
                       bool clean, struct str user_agent)
{
    for (unsigned i = 0; i < form->n; i++) {
        if (form->field[i] < sizeof *q) {
            struct str *field = (struct str *)((char *)q + form->field[i]);
            *field = fields[i];
            if (!clean) {
                make_ascii(field);
            }
        } else if (form->field[i] == FIELD_CAPABILITIES) {
            parse_capabilities(q, fields[i]); /* not cleaned: the reference does not clean it either */
        }
    }
    if (q->form == QUERY_XML) {
        drop_x86(&q->locale);
        bool ppc = str_starts(q->build_target, STR("Darwin")) && str_contains(user_agent, STR("PPC"));
        q->header_architecture = ppc ? STR("PPC") : STR("Intel");
    }
    /* Old nightlies of ESR call themselves 10.0.2esrpre (bug 1133250). */
    const struct str esrpre = STR("esrpre");
    if (q->form == QUERY_XML && form->version == '3' && q->version.n > esrpre.n &&
        str_ends(q->version, esrpre)) {
        q->version.n -= esrpre.n;
    }
    q->fallback_channel = query_fallback_channel(q->channel);
}

enum query_status query_parse(struct query *q, char *text, struct str uri, struct str user_agent,
                              struct error *e)
{
    *q = (struct query){ .mig64 = TRI_UNKNOWN, .jaws = TRI_UNKNOWN };
    if (uri.n > QUERY_URL_MAX) {
        return QUERY_NO_ROUTE;
    }
    struct str segment[SEGMENTS_MAX];
    struct str raw = uri, path = uri;
    str_split(&raw, '?', &path);
    const struct form *form = find_form(segment, decode_path(text, path, &path, segment));
    if (form == NULL) {
        return QUERY_NO_ROUTE;
    }
    q->form = form->form;
    q->os_version = STR("");
    q->instruction_set = STR("");
    struct args args = { 0 };
    bool pin_allowed = form->form == QUERY_XML && form->version != '2';
    enum query_status status = parse_args(q, text + path.n, raw, pin_allowed, &args, e);
    if (status == QUERY_OK) {
        set_fields(q, form, segment + 2, q->form == QUERY_JSON || str_is_ascii(path), user_agent);
        apply_args(q, &args);
    }
    return status;
}

/* ---- one spelling ---- */

/* Only unescaped dots make a segment that percent_decode_path() would take out. */
static void print_segment(struct buf *out, struct str segment)
{
    if (str_eq(segment, STR(".")) || str_eq(segment, STR(".."))) {
        buf_str(out, segment.n == 1 ? STR("%2E") : STR("%2E%2E"));
    } else {
        percent_encode_but(out, segment, "!$&'()*+,;=:@");
    }
}

static void print_args(struct buf *out, const struct query *q)
{
    char separator = '?';
    if (q->force != FORCE_NONE) {
        buf_printf(out, "%cforce=%d", separator, (int)q->force);
        separator = '&';
    }
    if (q->mig64 != TRI_UNKNOWN) {
        buf_printf(out, "%cmig64=%d", separator, (int)q->mig64);
        separator = '&';
    }
    if (!str_absent(q->pin)) {
        buf_printf(out, "%cpin=", separator);
        percent_encode(out, q->pin);
    }
}

void query_print_canonical(struct buf *out, const struct query *q, char *text, struct str uri)
{
    struct str segment[SEGMENTS_MAX];
    struct str rest = uri, path;
    str_split(&rest, '?', &path);
    unsigned n = decode_path(text, path, &path, segment);
    const struct form *form = find_form(segment, n);
    unsigned imei = form != NULL && form->form == QUERY_XML && form->version == '5' ? n - 2 : n;
    for (unsigned i = 0; i < n; i++) {
        buf_char(out, '/');
        print_segment(out, i == imei ? STR("-") : segment[i]);
    }
    print_args(out, q);
}
