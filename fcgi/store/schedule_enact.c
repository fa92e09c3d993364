/* See schedule_enact.h. */
#include "store/schedule_enact.h"

#include "store/resource_write.h"
#include "store/row_write.h"
#include "store/schedule_row.h"
#include "store/schedule_signoffs.h"
#include "store/signoff_content.h"

/* Makes the change SC, for which GIVEN are the sign-offs that count. */
static bool make_change(struct tx *tx, const struct resource *r, const struct sc_change *sc,
                        const cJSON *given, struct error *e)
{
    const cJSON *base = sc_base(tx, sc->row);
    int64_t version = row_int(base, "data_version");
    switch (sc->type) {
    case CHANGE_INSERT:
        return resource_insert(tx, r, base, given, NULL, e);
    case CHANGE_UPDATE:
        return resource_update(
            tx, r,
            &(struct resource_edit){ .key = base, .what = base, .data_version = version, .given = given },
            NULL, e);
    default:
        return resource_delete(tx, r, base, version, given, e);
    }
}

/* Marks SC as complete. This is done before the change is made, so that the write is not merged into SC. */
static bool mark_complete(struct tx *tx, const struct resource *r, const struct sc_change *sc,
                          struct error *e)
{
    const struct table *t = r->table->scheduled;
    cJSON *what = tx_keep(tx, mem_check(cJSON_CreateObject()));
    mem_check(cJSON_AddTrueToObject(what, "complete"));
    return row_update(tx, t->conditions, sc->conditions, sc->conditions, sc->version, NULL, e) &&
           row_update(tx, t, sc->row, what, sc->version, NULL, e);
}

/* Reads the sign-offs that count: *GIVEN, {user: role}. *WHY has a sentence for each that does not. */
static bool read_valid_signoffs(struct tx *tx, const struct resource *r, int64_t sc_id, cJSON **given,
                                char **why, struct error *e)
{
    cJSON *signoffs, *contents;
    *given = tx_keep(tx, mem_check(cJSON_CreateObject()));
    *why = mem_strdup(tx->mem, "");
    if (!sc_signoffs(tx, r, sc_id, &signoffs, e) ||
        (signoffs->child != NULL && !signoff_content_read(tx, r, sc_id, &contents, e))) {
        return false;
    }
    size_t n = (size_t)cJSON_GetArraySize(signoffs), i = 0;
    struct signoff_case *cases = mem_array(tx->mem, struct signoff_case, n + 1);
    for (const cJSON *s = signoffs->child; s != NULL; s = s->next) {
        cases[i++] = (struct signoff_case){ .sc_id = sc_id,
                                            .username = s->string,
                                            .role = s->valuestring,
                                            .content = json_get_string(contents, s->string) };
    }
    if (!signoff_judge(tx, cases, n, e)) {
        return false;
    }
    for (i = 0; i < n; i++) {
        if (cases[i].invalid == NULL) {
            mem_check(cJSON_AddStringToObject(*given, cases[i].username, cases[i].role));
        } else {
            *why = mem_check(talloc_asprintf_append_buffer(*why, ". The sign-off of %s does not count: %s",
                                                           cases[i].username,
                                                           json_get_string(cases[i].invalid, "detail")));
        }
    }
    return true;
}

bool sc_enact(struct tx *tx, const struct resource *r, int64_t sc_id, struct error *e)
{
    struct sc_change sc;
    cJSON *given;
    char *why;
    const char *actor = tx->actor;
    if (!access_demand(tx, "scheduled_change", "enact", NULL, e,
                       "('%%s is not allowed to enact scheduled changes', '%s')", actor) ||
        !sc_open(tx, r, sc_id, &sc, e)) {
        return false;
    }
    if (row_true(sc.row, "complete")) {
        return fail(e, FAIL_OUTDATED, "Scheduled change already completed. Cannot enact now.");
    }
    if (!read_valid_signoffs(tx, r, sc_id, &given, &why, e)) {
        return false;
    }
    tx->actor = row_text(sc.row, "scheduled_by");
    bool ok = mark_complete(tx, r, &sc, e) && make_change(tx, r, &sc, given, e);
    tx->actor = actor;
    if (!ok && failed_as(e, FAIL_SIGNOFF) && why[0] != '\0') {
        fail(e, FAIL_SIGNOFF, "%s%s", mem_strdup(tx->mem, e->what), why);
    }
    return ok;
}
