/* Parsing, defaults, messages and the printed default configuration all use the same tables of keys.
 *
 * inih splits lines into keys and values. It silently cuts long lines, drops text behind " ;", and continues
 * after a malformed line. Here each of these is an error, found by next_line() before inih gets the line. */
#include "core/config_file.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { KEYS_MAX = 128, SECTION_MAX = 49, SECRET_MAX = 4096 };

/* For each key, by its index, the number of the line that set it; 0 if none did. */
struct set_at {
    unsigned line[KEYS_MAX];
};

struct parser {
    const struct config_format *format;
    const struct config_key *key[KEYS_MAX]; /* of all tables */
    size_t n_keys;
    char *config;          /* format->size bytes; owns all texts */
    struct set_at *set_at; /* [0] for the configuration, [1 + i] for entry i */
    const char *path;
    FILE *file;
    char *text; /* getline's */
    size_t text_size;
    unsigned line;
    bool failed;
    struct error *e;
};

/* ---- errors ---- */

static bool fail(struct parser *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool fail(struct parser *p, const char *fmt, ...)
{
    char why[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    p->failed = true;
    return error_set(p->e, ERROR_INTERNAL, "%s:%u: %s", p->path, p->line, why);
}

/* The number of letters that must be added, removed or replaced to turn A into B. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[64];
    size_t n = strlen(b) < 63 ? strlen(b) : 63;
    for (size_t j = 0; j <= n; j++) {
        row[j] = j;
    }
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < n; j++) {
            size_t replaced = diagonal + (a[i] != b[j]);
            size_t other = (row[j] < row[j + 1] ? row[j] : row[j + 1]) + 1;
            diagonal = row[j + 1];
            row[j + 1] = replaced < other ? replaced : other;
        }
    }
    return row[n];
}

/* Whether KEY may stand in SECTION ("signing", "signing Firefox"). */
static bool belongs_to(const struct config_key *key, const char *section)
{
    size_t n = strlen(key->section);
    return strncmp(section, key->section, n) == 0 &&
           (section[n] == '\0' || (key->of_entry && section[n] == ' '));
}

static bool fail_unknown_key(struct parser *p, const char *section, const char *name)
{
    const struct config_key *nearest = p->key[0];
    for (size_t i = 0; i < p->n_keys; i++) {
        const struct config_key *k = p->key[i];
        if (strcmp(k->name, name) == 0 && !belongs_to(k, section)) {
            return fail(p, "[%s] %s: unknown here; it belongs to [%s]", section, name, k->section);
        }
        if (belongs_to(k, section) && (!belongs_to(nearest, section) ||
                                       edit_distance(name, k->name) < edit_distance(name, nearest->name))) {
            nearest = k;
        }
    }
    return fail(p, "[%s] %s: unknown key; did you mean \"%s\"?", section, name, nearest->name);
}

static bool check_section(struct parser *p, const char *section)
{
    char known[320] = "";
    for (size_t i = 0; i < p->n_keys; i++) {
        const struct config_key *k = p->key[i];
        if (belongs_to(k, section)) {
            return true;
        }
        if (i == 0 || strcmp(k->section, p->key[i - 1]->section) != 0) {
            size_t n = strlen(known);
            snprintf(known + n, sizeof known - n, "%s[%s]", n > 0 ? ", " : "", k->section);
        }
    }
    return fail(p, "[%s]: unknown section; there are %s and [%s]", section, known, p->format->entry_section);
}

/* ---- values: each returns what is wrong, or NULL ---- */

static const char *parse_text(struct parser *p, const struct config_key *k, void *at, const char *value)
{
    if (value[0] == '"' || value[0] == '\'') {
        return "values are written without quotes";
    }
    if (strlen(value) < (size_t)k->min) {
        return "must not be empty";
    }
    if (k->kind == CONFIG_PATH && value[0] != '\0' && value[0] != '/') {
        return "must be a path that starts with /";
    }
    *(const char **)at = mem_strdup(p->config, value);
    return NULL;
}

static const char *parse_int(struct parser *p, const struct config_key *k, void *at, const char *value)
{
    char *end;
    errno = 0;
    long n = strtol(value, &end, 10);
    if (end == value || *end != '\0' || errno != 0 || n < k->min || n > k->max) {
        return mem_printf(p->config, "must be a whole number from %ld to %ld%s%s", k->min, k->max,
                          k->words[0] != '\0' ? ", in " : "", k->words);
    }
    *(int *)at = (int)n;
    return NULL;
}

static const char *parse_mode(void *at, const char *value)
{
    size_t n = strlen(value);
    if (n < 3 || n > 4 || strspn(value, "01234567") != n || strtol(value, NULL, 8) > 0777) {
        return "must be a file mode in octal, as 0660";
    }
    *(int *)at = (int)strtol(value, NULL, 8);
    return NULL;
}

/* Returns what is wrong if VALUE is none of the words that K allows, else NULL. */
static const char *check_word(struct parser *p, const struct config_key *k, struct str value)
{
    struct str rest = str_of(k->words);
    struct str word;
    while (str_split(&rest, ' ', &word)) {
        if (str_eq(word, value)) {
            return NULL;
        }
    }
    return mem_printf(p->config, "must be one of: %s", k->words);
}

static const char *parse_choice(struct parser *p, const struct config_key *k, void *at, const char *value)
{
    const char *wrong = check_word(p, k, str_of(value));
    *(const char **)at = wrong == NULL ? mem_strdup(p->config, value) : "";
    return wrong;
}

static void list_add(struct parser *p, struct config_list *list, struct str item)
{
    struct str *items = (struct str *)list->item;
    items = mem_resize(p->config, items, struct str, list->n + 1);
    items[list->n++] = (struct str){ mem_strndup(p->config, item.p, item.n), item.n };
    list->item = items;
}

static const char *parse_words(struct parser *p, const struct config_key *k, void *at, const char *value)
{
    for (const char *c = value; *c != '\0';) {
        size_t n = strcspn(c, " \t");
        const char *wrong = n > 0 && k->words != NULL ? check_word(p, k, (struct str){ c, n }) : NULL;
        if (wrong != NULL) {
            return wrong;
        }
        if (n > 0) {
            list_add(p, at, (struct str){ c, n });
        }
        c += n + strspn(c + n, " \t");
    }
    return NULL;
}

static const char *parse_line(struct parser *p, void *at, const char *value)
{
    if (value[0] == '\0') {
        return "must not be empty";
    }
    list_add(p, at, str_of(value));
    return NULL;
}

/* Reads the only line of FILE into TEXT. Returns what is wrong, or NULL. */
static const char *read_line(FILE *file, char text[SECRET_MAX])
{
    size_t n = fread(text, 1, SECRET_MAX - 1, file);
    text[n] = '\0';
    n -= n > 0 && text[n - 1] == '\n';
    n -= n > 0 && text[n - 1] == '\r';
    text[n] = '\0';
    if (n == 0 || n == SECRET_MAX - 1 || strlen(text) != n || strpbrk(text, "\r\n") != NULL) {
        return "the file must hold one line, the secret";
    }
    return NULL;
}

static const char *parse_secret(struct parser *p, void *at, const char *path)
{
    char text[SECRET_MAX];
    struct stat st;
    if (path[0] == '\0') {
        *(const char **)at = "";
        return NULL;
    }
    FILE *file = path[0] == '/' ? fopen(path, "re") : NULL;
    if (file == NULL) {
        return path[0] != '/' ? "must be a path that starts with /"
                              : mem_printf(p->config, "cannot read %s: %s", path, strerror(errno));
    }
    const char *wrong = NULL;
    if (fstat(fileno(file), &st) != 0 || (st.st_mode & S_IROTH) != 0) {
        wrong = mem_printf(p->config, "%s can be read by everybody: chmod o= %s", path, path);
    } else {
        wrong = read_line(file, text);
    }
    fclose(file);
    *(const char **)at = wrong == NULL ? mem_strdup(p->config, text) : "";
    return wrong;
}

/* BASE: the configuration or the entry that the key belongs to. */
static const char *parse_value(struct parser *p, const struct config_key *k, void *base, const char *value)
{
    void *at = (char *)base + k->at;
    switch (k->kind) {
    case CONFIG_TEXT:
    case CONFIG_PATH:
        return parse_text(p, k, at, value);
    case CONFIG_INT:
        return parse_int(p, k, at, value);
    case CONFIG_MODE:
        return parse_mode(at, value);
    case CONFIG_CHOICE:
        return parse_choice(p, k, at, value);
    case CONFIG_WORDS:
        return parse_words(p, k, at, value);
    case CONFIG_LINE:
        return parse_line(p, at, value);
    case CONFIG_SECRET:
        return parse_secret(p, at, value);
    }
    return "is of no known kind";
}

static bool is_list(const struct config_key *k)
{
    return k->kind == CONFIG_WORDS || k->kind == CONFIG_LINE;
}

static void set_defaults(struct parser *p, void *base, bool of_entry)
{
    for (size_t i = 0; i < p->n_keys; i++) {
        const struct config_key *k = p->key[i];
        if (k->of_entry == of_entry && k->standard[0] != '\0') {
            parse_value(p, k, base, k->standard);
        } else if (k->of_entry == of_entry && !is_list(k)) {
            *(const char **)((char *)base + k->at) = "";
        }
    }
}

/* ---- lines ---- */

/* The array of entries, and their number. */
static char **entries(struct parser *p)
{
    return (char **)(p->config + p->format->entries_at);
}

static size_t *n_entries(struct parser *p)
{
    return (size_t *)(p->config + p->format->n_entries_at);
}

static char *entry(struct parser *p, size_t i)
{
    return *entries(p) + i * p->format->entry_size;
}

/* An entry starts with its name. */
static const char **entry_name(struct parser *p, size_t i)
{
    return (const char **)(void *)entry(p, i);
}

/* The number of the entry NAME, which is made when it is new. */
static size_t entry_number(struct parser *p, const char *name)
{
    size_t n = *n_entries(p);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(*entry_name(p, i), name) == 0) {
            return i;
        }
    }
    *entries(p) = mem_resize(p->config, *entries(p), char, (n + 1) * p->format->entry_size);
    p->set_at = mem_resize(p->config, p->set_at, struct set_at, n + 2);
    p->set_at[n + 1] = (struct set_at){ 0 };
    memset(entry(p, n), 0, p->format->entry_size);
    *entry_name(p, n) = mem_strdup(p->config, name);
    set_defaults(p, entry(p, n), true);
    *n_entries(p) = n + 1;
    return n;
}

/* Sets the key number I, which stands in SECTION. */
static bool set_key(struct parser *p, size_t i, const char *section, const char *value)
{
    const struct config_key *k = p->key[i];
    const char *name = section + strlen(k->section);
    name += strspn(name, " ");
    size_t row = k->of_entry ? entry_number(p, name) + 1 : 0;
    char *base = k->of_entry ? entry(p, row - 1) : p->config;
    unsigned *set_at = &p->set_at[row].line[i];
    if (*set_at != 0 && !is_list(k)) {
        return fail(p, "[%s] %s: already set in line %u", section, k->name, *set_at);
    }
    if (*set_at == 0 && is_list(k)) {
        ((struct config_list *)(void *)(base + k->at))->n = 0;
    }
    *set_at = p->line;
    const char *wrong = parse_value(p, k, base, value);
    return wrong == NULL || fail(p, "[%s] %s: %s", section, k->name, wrong);
}

static int take_pair(void *user, const char *section, const char *name, const char *value)
{
    struct parser *p = user;
    for (size_t i = 0; i < p->n_keys; i++) {
        const struct config_key *k = p->key[i];
        if (strcmp(k->name, name) == 0 && belongs_to(k, section)) {
            return set_key(p, i, section, value);
        }
    }
    return section[0] != '\0' ? fail_unknown_key(p, section, name)
                              : fail(p, "%s: stands before the first [section]", name);
}

/* Refuses a line that inih would accept silently although it is wrong. TEXT has no white space around it. */
static bool check_line(struct parser *p, struct str text, size_t longest)
{
    char section[SECTION_MAX + 1];
    if (text.n > longest) {
        return fail(p, "the line is too long: at most %zu bytes (a list may be spread over several lines)",
                    longest);
    }
    if (strlen(text.p) != text.n) {
        return fail(p, "the line holds a NUL byte");
    }
    if (text.n == 0 || text.p[0] == '#' || text.p[0] == ';') {
        return true;
    }
    if (text.p[0] == '[') {
        if (text.p[text.n - 1] != ']' || text.n - 2 > SECTION_MAX) {
            return fail(p, "a section is [name], alone in its line, at most %d bytes", SECTION_MAX);
        }
        snprintf(section, sizeof section, "%.*s", (int)text.n - 2, text.p + 1);
        return check_section(p, section);
    }
    size_t name = strspn(text.p, "abcdefghijklmnopqrstuvwxyz0123456789_");
    if (name == 0 || text.p[name + strspn(text.p + name, " \t")] != '=') {
        return fail(p, "expected \"key = value\", \"[section]\" or \"# comment\"");
    }
    if (str_contains(text, STR(" ;")) || str_contains(text, STR("\t;"))) {
        return fail(p, "a comment must be on a line of its own; a value cannot hold \" ;\"");
    }
    return true;
}

/* Called by inih instead of fgets(). Returns the next line without the white space around it, which inih
 * would take for the sign of a continuation. */
static char *next_line(char *into, int size, void *user)
{
    struct parser *p = user;
    ssize_t n = p->failed ? -1 : getline(&p->text, &p->text_size, p->file);
    if (n < 0) {
        return NULL;
    }
    p->line++;
    struct str text = str_strip((struct str){ p->text, (size_t)n });
    p->text[text.p - p->text + (ptrdiff_t)text.n] = '\0';
    if (!check_line(p, text, (size_t)size - 1)) {
        return NULL;
    }
    memcpy(into, text.p, text.n + 1);
    return into;
}

/* ---- the environment ---- */

/* The environment variable of K for one PRODUCT: "BALROG_AUTOGRAPH_FIREFOX_PASSWORD". The name of the product
 * is put, in capitals, before the last word of K's variable. */
static const char *entry_variable(void *ctx, const struct config_key *k, const char *product)
{
    const char *last = strrchr(k->variable, '_');
    char *name = mem_printf(ctx, "%.*s%s%s%s", (int)(last - k->variable), k->variable,
                            product[0] != '\0' ? "_" : "", product, last);
    for (char *c = name; *c != '\0'; c++) {
        *c = isalnum((unsigned char)*c) ? (char)toupper((unsigned char)*c) : '_';
    }
    return name;
}

static void take_variable(struct parser *p, const char *name, void *at)
{
    const char *value = getenv(name);
    if (value != NULL && value[0] != '\0') {
        *(const char **)at = mem_strdup(p->config, value);
    }
}

static void take_environment(struct parser *p)
{
    for (size_t i = 0; i < p->n_keys; i++) {
        const struct config_key *k = p->key[i];
        if (k->variable != NULL && !k->of_entry) {
            take_variable(p, k->variable, p->config + k->at);
        }
        for (size_t j = 0; k->variable != NULL && k->of_entry && j < *n_entries(p); j++) {
            take_variable(p, entry_variable(p->config, k, *entry_name(p, j)), entry(p, j) + k->at);
        }
    }
}

static void list_keys(struct parser *p)
{
    for (const struct config_key *const *table = p->format->tables; *table != NULL; table++) {
        for (const struct config_key *k = *table; k->name != NULL && p->n_keys < KEYS_MAX; k++) {
            p->key[p->n_keys++] = k;
        }
    }
}

void *config_file_read(void *ctx, const char *path, const struct config_format *format, struct error *e)
{
    char *config = mem_check(talloc_zero_size(ctx, format->size));
    struct parser p = { .format = format, .config = config, .path = path, .e = e, .file = fopen(path, "re") };
    p.failed = p.file == NULL;
    if (p.failed) {
        error_set(e, ERROR_INTERNAL, "cannot read %s: %s", path, strerror(errno));
        goto out;
    }
    list_keys(&p);
    p.set_at = mem_new(config, struct set_at);
    set_defaults(&p, config, false);
    int rc = ini_parse_stream(next_line, &p, take_pair, &p);
    if (rc != 0 && !p.failed) {
        fail(&p, "cannot be parsed");
    }
    if (ferror(p.file)) {
        p.failed = !error_set(e, ERROR_INTERNAL, "cannot read %s: %s", path, strerror(errno));
    }
    take_environment(&p);
    fclose(p.file);
    free(p.text);
    talloc_free(p.set_at);
out:
    if (p.failed) {
        talloc_free(config);
        return NULL;
    }
    return config;
}

/* ---- printing ---- */

static void print_help(FILE *out, const char *help)
{
    fputs("# ", out);
    for (const char *c = help; *c != '\0'; c++) {
        fputc(*c, out);
        if (*c == '\n') {
            fputs("# ", out);
        }
    }
    fputc('\n', out);
}

static void print_limits(FILE *out, const struct config_key *k)
{
    if (k->kind == CONFIG_INT) {
        fprintf(out, "# %ld to %ld%s%s\n", k->min, k->max, k->words[0] != '\0' ? " " : "", k->words);
    } else if (k->kind == CONFIG_CHOICE) {
        fprintf(out, "# One of: %s\n", k->words);
    } else if (k->kind == CONFIG_WORDS) {
        fputs("# A list: words separated by white space. Giving the key again adds to it.\n", out);
        if (k->words != NULL) {
            fprintf(out, "# Possible words: %s\n", k->words);
        }
    }
    if (k->variable != NULL) {
        fprintf(out, "# The environment variable %s is used instead if it is set.\n", k->variable);
    }
}

void config_file_print(FILE *out, const struct config_format *format, bool (*wanted)(const char *section))
{
    const char *section = "";
    for (const struct config_key *const *table = format->tables; *table != NULL; table++) {
        for (const struct config_key *k = *table; k->name != NULL; k++) {
            if (!wanted(k->section)) {
                continue;
            }
            if (strcmp(k->section, section) != 0) {
                section = k->section;
                fprintf(out, "\n[%s]\n", section);
            }
            if (k->help != NULL) {
                print_help(out, k->help);
            }
            print_limits(out, k);
            fprintf(out, "#%s =%s%s\n", k->name, k->standard[0] != '\0' ? " " : "", k->standard);
        }
    }
}
