/* See rows.h. */
#include "admin/rows.h"

bool rows_answer(struct admin_call *call, const char *name, const cJSON *rows, int64_t count)
{
    cJSON *answer = tx_keep(call->tx, mem_check(cJSON_CreateObject()));
    mem_check(cJSON_AddNumberToObject(answer, "count", (double)count));
    cJSON_AddItemReferenceToObject(answer, name, (cJSON *)rows);
    return admin_json(call, answer);
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
