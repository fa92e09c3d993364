/* See tables.h. */
#include "public/tables.h"

#include "ops/log.h"
#include "query/rule_terms.h"
#include "query/version.h"
#include "update/snapshot.h"

enum { MALFORMED_MAX = 20 }; /* log lines about malformed rules, each time the rules are read */

/* Logs the columns of rules, or of partial stops, that can match nothing, the first MALFORMED_MAX of them.
 * WHAT they are: "rule". */
static void log_malformed(const char *what, const struct rule_row *rules, size_t n)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        const struct {
            const char *name;
            struct str text;
        } columns[] = {
            { "osVersion", rules[i].os_version },
            { "locale", rules[i].locale },
            { "distribution", rules[i].distribution },
            { "instructionSet", rules[i].instruction_set },
            { "memory", rules[i].memory },
            { "buildID", rules[i].build_id },
            { "version", rules[i].version },
        };
        bool loose = !str_absent(rules[i].product) && version_product_is_loose(rules[i].product);
        for (size_t k = 0; k < ARRAY_LEN(columns); k++) {
            struct error why;
            if (!rule_terms_check(columns[k].name, columns[k].text, loose, &why) && found++ < MALFORMED_MAX) {
                log_warning("rule.malformed", "%s %lld, %s; until it is corrected, that matches nothing",
                            what, (long long)rules[i].rule_id, why.what);
            }
        }
    }
    if (found > MALFORMED_MAX) {
        log_warning("rule.malformed", "%zu more columns of %ss match nothing", found - MALFORMED_MAX, what);
    }
}

struct tables *tables_read(void *ctx, struct db *db, struct error *e)
{
    struct tables *t = mem_new(ctx, struct tables);
    void *tmp = talloc_new(t);
    struct rule_row *rules, *stops;
    size_t n, n_stops;
    bool ok = reader_rules(db, tmp, false, &rules, &n, e) &&
              reader_pins(db, t, false, &t->pins, &t->n_pins, e) &&
              reader_shutoffs(db, t, &t->shutoffs, &t->n_shutoffs, e) &&
              reader_stops(db, tmp, &stops, &n_stops, e) && reader_table_stamps(db, &t->stamps, e);
    if (!ok) {
        talloc_free(t);
        return NULL;
    }
    t->rules = ruleset_build(t, rules, n);
    t->stops = snapshot_stops(t, stops, n_stops);
    log_malformed("rule", rules, n);
    log_malformed("partial stop", stops, n_stops);
    talloc_free(tmp);
    return t;
}

struct tables *tables_of_index(void *ctx, const struct saved_index *index)
{
    struct tables *t = mem_new(ctx, struct tables);
    *t = (struct tables){ .rules = ruleset_build(t, index->rules, index->n_rules),
                          .pins = mem_array(t, struct pin_row, index->n_pins),
                          .n_pins = index->n_pins,
                          .shutoffs = mem_array(t, struct shutoff_row, index->n_shutoffs),
                          .n_shutoffs = index->n_shutoffs,
                          .stops = snapshot_stops(t, index->stops, index->n_stops),
                          .stamps = index->stamps };
    for (size_t i = 0; i < index->n_pins; i++) {
        const struct pin_row *pin = &index->pins[i];
        t->pins[i] = (struct pin_row){ mem_str(t, pin->product), mem_str(t, pin->version),
                                       mem_str(t, pin->channel), mem_str(t, pin->mapping) };
    }
    for (size_t i = 0; i < index->n_shutoffs; i++) {
        t->shutoffs[i] = (struct shutoff_row){ mem_str(t, index->shutoffs[i].product),
                                               mem_str(t, index->shutoffs[i].channel) };
    }
    return t;
}
