/* See rows.h. */
#include "admin/rows.h"

bool rows_answer(struct admin_call *call, const char *name, const cJSON *rows, int64_t count)
{
    cJSON *answer = tx_keep(call->tx, mem_check(cJSON_CreateObject()));
    mem_check(cJSON_AddNumberToObject(answer, "count", (double)count));
    cJSON_AddItemReferenceToObject(answer, name, (cJSON *)rows);
    return admin_json(call, answer);
}

bool rows_print(struct admin_call *call, const char *name, const struct table_query *q, struct error *e)
{
    struct buf rows;
    struct buf *body = &call->response->body;
    size_t count;
    buf_init(&rows, 4096, RESPONSE_BODY_MAX);
    bool ok = table_print(call->tx->db, q, &rows, &count, e);
    buf_printf(body, "{\"count\":%zu,\"%s\":", count, name);
    buf_str(body, buf_view(&rows));
    buf_lit(body, "}\n");
    body->full |= rows.full;
    buf_free(&rows);
    call->response->status = 200;
    call->response->content_type = "application/json";
    return ok;
}

/* The value in the only column of the current row. */
static cJSON *value_of(const struct db_rows *rows, enum column_type type)
{
    return type == COLUMN_TEXT   ? json_text(db_text(rows, 0))
           : type == COLUMN_BOOL ? mem_check(cJSON_CreateBool(db_int(rows, 0) != 0))
                                 : mem_check(cJSON_CreateNumber((double)db_int(rows, 0)));
}

bool rows_distinct(struct admin_call *call, const struct table *t, const struct column *c, cJSON **values,
                   struct error *e)
{
    const char *sql =
        mem_printf(call->ctx, "SELECT DISTINCT %s`%s` AS v FROM `%s` WHERE `%s` IS NOT NULL ORDER BY v",
                   c->type == COLUMN_TEXT ? "BINARY " : "", c->name, t->name, c->name);
    struct db_rows *rows = db_query(call->tx->db, sql, NULL, 0, e);
    *values = tx_keep(call->tx, mem_check(cJSON_CreateArray()));
    while (db_next(rows, e)) {
        cJSON_AddItemToArray(*values, value_of(rows, c->type));
    }
    return db_finish(rows);
}

const struct body_field rows_page_args[] = {
    { "page", FIELD_INT | FIELD_NULL, .min = 1 },
    { "limit", FIELD_INT | FIELD_NULL, .min = 1 },
    { 0 },
};

int64_t rows_page(struct admin_call *call)
{
    int64_t page;
    return admin_arg_int(call, "page", &page) ? page : 1;
}

int64_t rows_limit(struct admin_call *call)
{
    int64_t limit;
    return admin_arg_int(call, "limit", &limit) ? limit : 10;
}
