/* One pass over the words of a text, a word being a run of the characters that tokens and addresses consist
 * of. Rather too much is taken out than too little. */
#include "ops/scrub.h"

#include "core/mem.h"

#include <ctype.h>
#include <strings.h>

enum { RANDOM_MIN = 32, JWT_MIN = 16 };

/* What comes next is secret. */
static const char *const schemes[] = { "bearer", "basic", "hawk" };
/* So it is where a colon or an equals sign follows. */
static const char *const names[] = {
    "password", "passwd",       "secret", "token",         "apikey",     "authorization",
    "api_key",  "access_token", "dsn",    "client_secret", "sentry_key",
};

enum ahead { NOTHING, ANNOUNCED, SECRET };

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || (c != '\0' && strchr("._%+-@~", c) != NULL);
}

static bool is_one_of(struct str word, const char *const list[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strlen(list[i]) == word.n && strncasecmp(list[i], word.p, word.n) == 0) {
            return true;
        }
    }
    return false;
}

/* What WORD says of the next one. */
static enum ahead ahead_of(struct str word)
{
    if (is_one_of(word, schemes, ARRAY_LEN(schemes))) {
        return SECRET;
    }
    return is_one_of(word, names, ARRAY_LEN(names)) ? ANNOUNCED : NOTHING;
}

static bool is_address(struct str word)
{
    const char *at = memchr(word.p, '@', word.n);
    return at != NULL && at > word.p && at < word.p + word.n - 1;
}

/* Long, of letters and digits both, and no name with dots: or the beginning of a JWT. */
static bool is_random(struct str word)
{
    size_t digits = 0, letters = 0, dots = 0;
    for (size_t i = 0; i < word.n; i++) {
        digits += isdigit((unsigned char)word.p[i]) != 0;
        letters += isalpha((unsigned char)word.p[i]) != 0;
        dots += word.p[i] == '.';
    }
    bool jwt = word.n >= JWT_MIN && str_starts(word, STR("eyJ"));
    return jwt || (word.n >= RANDOM_MIN && digits > 3 && letters > 3 && dots == 0);
}

/* What stands for WORD, or absent. */
static struct str replacement_of(struct str word, bool secret)
{
    if (secret) {
        return STR("[secret]");
    }
    if (is_address(word)) {
        return STR("[address]");
    }
    return is_random(word) ? STR("[token]") : STR_NONE;
}

/* "password=x", "token": "x", Authorization: Bearer x */
static enum ahead ahead_after(enum ahead ahead, char c)
{
    if (ahead != NOTHING && (c == ':' || c == '=')) {
        return SECRET;
    }
    return c == ' ' || c == '"' || c == '\'' ? ahead : NOTHING;
}

static size_t skip_query(struct str s, size_t i)
{
    while (i < s.n && strchr(" \"'<>\n", s.p[i]) == NULL) {
        i++;
    }
    return i;
}

void scrub_print(struct buf *out, struct str s)
{
    enum ahead ahead = NOTHING;
    for (size_t i = 0; i < s.n;) {
        size_t from = i;
        while (i < s.n && in_word(s.p[i])) {
            i++;
        }
        struct str word = str_slice(s, from, i);
        if (word.n == 0) {
            bool query = s.p[i] == '?';
            ahead = ahead_after(ahead, s.p[i]);
            buf_char(out, s.p[i++]);
            if (query && i < s.n && skip_query(s, i) > i) {
                buf_lit(out, "[query]");
                i = skip_query(s, i);
            }
            continue;
        }
        enum ahead next = ahead_of(word);
        struct str instead = replacement_of(word, ahead == SECRET && next == NOTHING);
        buf_str(out, str_absent(instead) ? word : instead);
        ahead = next;
    }
}
