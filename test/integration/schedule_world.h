/* What the tests of scheduled changes share: a rule, the rows to compare, and lists as the API shows them. */
#ifndef BALROG_TEST_SCHEDULE_WORLD_H
#define BALROG_TEST_SCHEDULE_WORLD_H

#include "write_world.h"
#include "store/schedule_list.h"

#define WHEN "\"when\": 1800000100000"

static const char beta[] = "{\"product\": \"Firefox\", \"channel\": \"beta\", \"update_type\": \"minor\"}";

static const char sc_rows[] =
    "SELECT sc_id, scheduled_by, complete, change_type, base_rule_id, base_priority,"
    " base_product, base_channel, base_comment, base_data_version, data_version"
    " FROM rules_scheduled_changes ORDER BY sc_id";
static const char signoff_rows[] =
    "SELECT sc_id, username, role FROM rules_scheduled_changes_signoffs ORDER BY sc_id, username";
static const char rule_rows[] = "SELECT rule_id, priority, product, channel, comment, data_version FROM rules"
                                " ORDER BY rule_id";

/* The scheduled changes of R that match Q. list() sets TEXT, the list as JSON, and N, its length. */
struct listing {
    const struct resource *r;
    struct sc_query q;
    char *text;
    unsigned n;
};

static inline bool print_list(struct tx *tx, void *arg, struct error *err)
{
    struct listing *l = arg;
    cJSON *list;
    struct buf out;
    if (!sc_list(tx, l->r, &l->q, &list, err)) {
        return false;
    }
    buf_init(&out, 256, 1 << 20);
    json_print(&out, list, JSON_COMPACT);
    l->text = mem_strndup(ctx, out.p, out.n);
    l->n = (unsigned)cJSON_GetArraySize(list);
    buf_free(&out);
    return true;
}

/* Reads the list in a transaction of its own. Returns how many statements that took. */
static inline unsigned list(struct listing *l)
{
    struct tx_request request = { .username = "", .read_only = true };
    ck_assert_msg(tx_run(&site, &request, print_list, l, &e), "%s", e.what);
    return request.statements;
}

/* The scheduled changes of rules that are not complete, as JSON. */
static inline void list_rules(char **text)
{
    struct listing l = { .r = &rules };
    list(&l);
    *text = l.text;
}

#endif
