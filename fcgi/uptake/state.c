/* See state.h. */
#include "uptake/state.h"

#include "core/percent.h"
#include "core/sealed_file.h"
#include "query/query.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define STATE_HEAD "balrog-uptake 1"

/* ---- writing ---- */

static void print_name(struct buf *line, struct str name)
{
    buf_char(line, ' ');
    percent_encode(line, name);
}

/* The name number I of LIST; "*" behind its end, which no encoded name is. */
static void print_item(struct buf *line, const struct config_list *list, size_t i)
{
    if (i < list->n) {
        print_name(line, list->item[i]);
    } else {
        buf_lit(line, " *");
    }
}

static void end_line(struct sealed_file *file, struct buf *line)
{
    sealed_file_write(file, buf_view(line));
    buf_reset(line);
}

/* The value in a ring of N at the moment AT is of the newest moment up to NEWEST. */
static int64_t moment_of(int64_t newest, int64_t at, int64_t n)
{
    return newest - (newest - at) % n;
}

static void write_groups(struct sealed_file *file, struct buf *line, const struct recent *r)
{
    size_t width = r->channels.n + 1;
    for (size_t i = 0; i < recent_n_groups(r); i++) {
        const struct recent_group *g = &r->group[i];
        buf_lit(line, "group");
        print_item(line, &r->products, i / width);
        print_item(line, &r->channels, i % width);
        for (int64_t at = 0; at < RECENT_HOURS; at++) {
            if (g->hour[at] > 0) {
                buf_printf(line, " %" PRId64 ":%" PRIu64 ":%" PRIu64, moment_of(r->hour, at, RECENT_HOURS),
                           g->hour[at], g->left_out[at]);
            }
        }
        end_line(file, line);
    }
}

static void write_queries(struct sealed_file *file, struct buf *line, const struct recent *r)
{
    for (size_t i = 0; i < r->n_slots; i++) {
        for (const struct recent_entry *e = r->slot[i]; e != NULL; e = e->next) {
            buf_lit(line, "query ");
            buf_bytes(line, e->path, e->n);
            for (int64_t at = 0; at < RECENT_HOURS; at++) {
                if (e->hour[at] > 0) {
                    buf_char(line, ' ');
                    buf_int(line, moment_of(r->hour, at, RECENT_HOURS));
                    buf_char(line, ':');
                    buf_int(line, e->hour[at]);
                }
            }
            end_line(file, line);
        }
    }
}

/* Lines are short, so that a ring takes several. */
static void write_ring(struct sealed_file *file, struct buf *line, const struct series *s,
                       const uint32_t *ring, struct str head)
{
    for (int64_t at = 0; at < SERIES_STEPS; at++) {
        if (ring[at] > 0) {
            buf_str(line, line->n == 0 ? head : STR(""));
            buf_printf(line, " %" PRId64 ":%" PRIu32, moment_of(s->step, at, SERIES_STEPS), ring[at]);
        }
        if (line->n > SEALED_LINE_MAX / 2 || (at == SERIES_STEPS - 1 && line->n > 0)) {
            end_line(file, line);
        }
    }
}

static void write_series(struct sealed_file *file, struct buf *line, const struct series *s)
{
    struct buf head;
    size_t width = s->channels.n + 1;
    buf_init(&head, 0, SEALED_LINE_MAX / 4);
    for (size_t i = 0; i < (s->products.n + 1) * width; i++) {
        const struct series_cell *cell = &s->cell[i];
        for (size_t j = 0; j <= cell->n; j++) {
            buf_reset(&head);
            buf_lit(&head, "series");
            print_item(&head, &s->products, i / width);
            print_item(&head, &s->channels, i % width);
            if (j < cell->n) {
                print_name(&head, cell->version[j]->version);
            } else {
                buf_lit(&head, " *");
            }
            write_ring(file, line, s, j < cell->n ? cell->version[j]->step : cell->step, buf_view(&head));
        }
    }
    buf_free(&head);
}

bool state_save(const char *path, const struct state *state, struct error *e)
{
    struct buf line;
    struct sealed_file *file = sealed_file_create(NULL, path, e);
    if (file == NULL) {
        return false;
    }
    buf_init(&line, SEALED_LINE_MAX, SEALED_LINE_MAX);
    buf_lit(&line, STATE_HEAD);
    end_line(file, &line);
    buf_printf(&line, "log %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIx64 " %" PRId64,
               state->mark.device, state->mark.inode, state->mark.offset, state->mark.hashed,
               state->mark.hash, state->last_s);
    end_line(file, &line);
    write_groups(file, &line, state->recent);
    buf_printf(&line, "thinned %" PRId64, state->recent->thinned_hour);
    end_line(file, &line);
    write_queries(file, &line, state->recent);
    write_series(file, &line, state->series);
    buf_free(&line);
    bool ok = sealed_file_commit(file, e);
    talloc_free(file);
    return ok;
}

/* ---- reading ---- */

struct loading {
    struct state *state;
    size_t lines;
    char text[QUERY_TEXT_MAX];
};

/* "12:345:6": up to N numbers into NUMBER; the others become 0. */
static bool parse_numbers(struct str word, uint64_t *number, size_t n)
{
    char text[80], *at = text;
    memset(number, 0, n * sizeof *number);
    if (word.n == 0 || word.n >= sizeof text) {
        return false;
    }
    memcpy(text, word.p, word.n);
    text[word.n] = '\0';
    for (size_t i = 0; i < n; i++) {
        if (*at < '0' || *at > '9') {
            return false;
        }
        number[i] = strtoull(at, &at, 10);
        if (*at == '\0') {
            return true;
        }
        if (*at++ != ':') {
            return false;
        }
    }
    return false;
}

/* The next word of *REST as a name, decoded into ROOM; absent for "*". */
static bool parse_name(struct str *rest, char *room, size_t size, struct str *name)
{
    struct str word;
    if (!str_split(rest, ' ', &word) || word.n > size) {
        return false;
    }
    *name = str_eq(word, STR("*")) ? STR_NONE : (struct str){ room, percent_decode(room, word, false) };
    return true;
}

static bool load_log(struct state *state, struct str rest)
{
    char text[200];
    struct follow_mark *m = &state->mark;
    if (rest.n >= sizeof text) {
        return false;
    }
    memcpy(text, rest.p, rest.n);
    text[rest.n] = '\0';
    return sscanf(text, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNx64 " %" SCNd64, &m->device,
                  &m->inode, &m->offset, &m->hashed, &m->hash, &state->last_s) == 6;
}

static bool load_group(struct recent *r, struct str rest)
{
    char room[2][256];
    struct str product, channel, word;
    uint64_t n[3];
    if (!parse_name(&rest, room[0], sizeof room[0], &product) ||
        !parse_name(&rest, room[1], sizeof room[1], &channel)) {
        return false;
    }
    struct recent_group *g = &r->group[recent_group(r, product, channel)];
    while (str_split(&rest, ' ', &word)) {
        if (!parse_numbers(word, n, 3)) {
            return false;
        }
        if ((int64_t)n[0] > r->hour - RECENT_HOURS && (int64_t)n[0] <= r->hour) {
            g->hour[n[0] % RECENT_HOURS] += n[1];
            g->left_out[n[0] % RECENT_HOURS] += n[2];
        }
    }
    return true;
}

static bool load_query(struct loading *l, struct str rest)
{
    struct query q;
    struct str path, word;
    struct error ignored;
    uint64_t n[2];
    str_split(&rest, ' ', &path);
    if (query_parse(&q, l->text, path, STR_NONE, &ignored) != QUERY_OK) {
        return false;
    }
    size_t group = recent_group(l->state->recent, q.product, q.fallback_channel);
    while (str_split(&rest, ' ', &word)) {
        if (!parse_numbers(word, n, 2)) {
            return false;
        }
        recent_put(l->state->recent, group, path, (int64_t)n[0],
                   n[1] < UINT32_MAX ? (uint32_t)n[1] : UINT32_MAX);
    }
    return true;
}

static bool load_series(struct series *s, struct str rest)
{
    char room[3][256];
    struct str product, channel, version, word;
    uint64_t n[2];
    if (!parse_name(&rest, room[0], sizeof room[0], &product) ||
        !parse_name(&rest, room[1], sizeof room[1], &channel) ||
        !parse_name(&rest, room[2], sizeof room[2], &version)) {
        return false;
    }
    while (str_split(&rest, ' ', &word)) {
        if (!parse_numbers(word, n, 2) || n[0] > INT64_MAX / SERIES_STEP_S) {
            return false;
        }
        if ((int64_t)n[0] <= s->step) {
            series_add(s, (int64_t)n[0] * SERIES_STEP_S, product, channel, version,
                       n[1] < UINT32_MAX ? (uint32_t)n[1] : UINT32_MAX);
        }
    }
    return true;
}

static bool load_line(void *arg, struct str line, struct error *e)
{
    struct loading *l = arg;
    struct str word = STR(""), rest = line;
    uint64_t n[1];
    bool ok;
    l->lines++;
    if (l->lines == 1) {
        return str_eq(line, STR(STATE_HEAD)) ||
               error_set(e, ERROR_BAD_REQUEST, "the format is not '" STATE_HEAD "'");
    }
    str_split(&rest, ' ', &word);
    if (str_eq(word, STR("query"))) {
        ok = load_query(l, rest);
    } else if (str_eq(word, STR("series"))) {
        ok = load_series(l->state->series, rest);
    } else if (str_eq(word, STR("group"))) {
        ok = load_group(l->state->recent, rest);
    } else if (str_eq(word, STR("log"))) {
        ok = load_log(l->state, rest);
    } else {
        ok = str_eq(word, STR("thinned")) && parse_numbers(rest, n, 1);
        l->state->recent->thinned_hour = ok ? (int64_t)n[0] : 0;
    }
    return ok || error_set(e, ERROR_BAD_REQUEST, "line %zu cannot be read", l->lines);
}

bool state_load(const char *path, struct state *state, int64_t now_s, struct error *e)
{
    struct loading *l = mem_new(NULL, struct loading);
    l->state = state;
    recent_move_window(state->recent, now_s);
    series_move_window(state->series, now_s);
    bool ok = sealed_file_read(path, load_line, l, e);
    state->recent->last_s = state->last_s;
    talloc_free(l);
    return ok;
}
