/* Handlers of /api/v1/emergency_shutoff… and /api/v1/pins…: they respond with rows of the tables. */
#include "public/api.h"
#include "public/handlers.h"

void api_get_shutoffs(struct call *call)
{
    struct table_query q = { .table = &table_emergency_shutoffs, .tail = "ORDER BY product, channel" };
    api_respond_rows(call, &q, "shutoffs");
}

void api_get_shutoff(struct call *call)
{
    struct str product = call->param[0], channel = call->param[1];
    struct table_query q = {
        .table = &table_emergency_shutoffs,
        .key = { { "product", DB_S(product) }, { "channel", DB_S(channel) } },
    };
    const cJSON *row;
    if (!api_check_ascii(call, "product", product) || !api_check_ascii(call, "channel", channel) ||
        !api_read_row(call, &q, &row)) {
        return;
    }
    if (row != NULL) {
        api_respond_row(call, row, JSON_DUMPS);
    } else {
        api_not_found(call, "Requested emergency shutoff wasn't found", "Requested shutoff does not exist");
    }
}

void api_get_pin(struct call *call)
{
    struct str product = call->param[0], channel = call->param[1], version = call->param[2];
    struct table_query q = {
        .table = &table_pinnable_releases,
        .key = { { "product", DB_S(product) }, { "channel", DB_S(channel) }, { "version", DB_S(version) } },
    };
    const cJSON *row;
    if (!api_check_ascii(call, "product", product) || !api_check_ascii(call, "channel", channel) ||
        !api_check_ascii(call, "version", version) || !api_read_row(call, &q, &row)) {
        return;
    }
    if (row != NULL) {
        api_respond_row(call, row, api_flag(call, "pretty") ? JSON_PRETTY : JSON_DUMPS_SORTED);
    } else {
        api_not_found(call,
                      mem_printf(call->ctx,
                                 "Pin for Product='%.*s', Channel='%.*s', Version='%.*s' not found",
                                 STR_ARG(product), STR_ARG(channel), STR_ARG(version)),
                      NULL);
    }
}
