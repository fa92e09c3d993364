/* See explain_why.h. */
#include "explain/explain_why.h"

static void say_place(struct buf *out, const struct query *q, const struct release_place *p)
{
    if (str_absent(p->platform)) {
        buf_printf(out, "it does not have the platform %.*s", STR_ARG(q->build_target));
        return;
    }
    buf_printf(out, "it has the platform %.*s", STR_ARG(p->platform));
    if (!str_absent(p->target)) {
        buf_printf(out, " (an alias of %.*s%s)", STR_ARG(p->target),
                   p->has_target ? "" : ", which it does not have");
    }
    if (!str_absent(q->locale)) {
        buf_printf(out, "%s the locale %.*s", p->has_locale ? " with" : " without", STR_ARG(q->locale));
    }
}

static void say_newer(struct buf *out, const struct query *q, const struct release_place *p)
{
    if (!str_absent(p->version)) {
        buf_printf(out, ", and %.*s", STR_ARG(p->version));
        if (!str_absent(p->build_id)) {
            buf_printf(out, " (build %.*s)", STR_ARG(p->build_id));
        }
        buf_printf(out, " is newer than the client's %.*s", STR_ARG(q->version));
        if (!str_absent(q->build_id)) {
            buf_printf(out, " (build %.*s)", STR_ARG(q->build_id));
        }
    }
}

static void say_served(struct buf *out, const struct query *q, const struct choice_explained *c)
{
    const struct release_explained *r = c->release;
    buf_printf(out, "%.*s is served: ", STR_ARG(r->name));
    if (!r->has_place) {
        buf_lit(out, "its format does not compare it with what the client has");
        return;
    }
    say_place(out, q, &r->place);
    say_newer(out, q, &r->place);
}

static void say_up_to_date(struct buf *out, const struct query *q, const struct choice_explained *c)
{
    const struct release_explained *r = c->release;
    const struct release_place *p = &r->place;
    buf_printf(out, "%.*s has nothing for the client: ", STR_ARG(r->name));
    switch (p->no) {
    case RELEASE_NO_FIELD:
        buf_lit(out, "this form of URL has no buildID, buildTarget or locale, which the format needs");
        break;
    case RELEASE_NO_VERSION:
        buf_lit(out, "it has no version");
        break;
    case RELEASE_NO_PLATFORM:
        buf_printf(out, "it does not have the platform %.*s", STR_ARG(q->build_target));
        break;
    case RELEASE_NO_NEWER:
        buf_printf(out, "its version %.*s is not newer than the client's %.*s", STR_ARG(p->version),
                   STR_ARG(q->version));
        break;
    case RELEASE_NO_NEWER_BUILD:
        buf_printf(out, "the client has version %.*s, and its build %.*s is not older than %.*s",
                   STR_ARG(p->version), STR_ARG(q->build_id), STR_ARG(p->build_id));
        break;
    case RELEASE_NO_REASON:
        buf_lit(out, "it is not newer");
        break;
    }
}

static void say_pin(struct buf *out, const struct query *q, const struct choice_explained *c)
{
    if (c->error != NULL) {
        buf_str(out, str_of(c->error));
        return;
    }
    buf_printf(out,
               "%.*s is newer than the pin %.*s allows, and the pinned release %.*s has nothing newer for "
               "the client",
               STR_ARG(c->mapping), STR_ARG(q->pin), STR_ARG(c->pinned));
}

void explain_stop_conditions(struct buf *out, const struct rule *stop)
{
    const char *separator = "";
    for (int c = RULE_PRODUCT; c < RULE_COLUMNS; c++) {
        if (c != RULE_PRODUCT && c != RULE_CHANNEL && (stop->columns & 1u << c) != 0) {
            buf_printf(out, "%s%s %.*s", separator, rule_column_name((enum rule_column)c),
                       STR_ARG(rule_column_wants(stop, (enum rule_column)c)));
            separator = ", ";
        }
    }
}

static void say_partial_stop(struct buf *out, const struct rule *stop)
{
    buf_printf(out, "updates of %.*s on %.*s are stopped for a part of the clients, by partial stop %lld: ",
               STR_ARG(stop->row.product), STR_ARG(stop->row.channel), (long long)stop->row.rule_id);
    explain_stop_conditions(out, stop);
}

void explain_why(struct buf *out, const struct query *q, const struct choice_explained *c)
{
    switch (c->reason) {
    case REASON_SERVED:
        say_served(out, q, c);
        break;
    case REASON_NO_RULE:
        buf_lit(out, "no rule matches");
        break;
    case REASON_SHUT_OFF:
        buf_lit(out, "updates of this product and channel are stopped");
        break;
    case REASON_PARTIAL_STOP:
        say_partial_stop(out, c->stop);
        break;
    case REASON_NULL_MAPPING:
        buf_lit(out, "the rule has no mapping, which means no update");
        break;
    case REASON_THROTTLED:
        buf_printf(
            out, "the client is not among the %lld %% that the rule updates, and there is no fallbackMapping",
            (long long)c->rule->row.background_rate);
        break;
    case REASON_UP_TO_DATE:
        say_up_to_date(out, q, c);
        break;
    case REASON_PIN_UNAVAILABLE:
        say_pin(out, q, c);
        break;
    default:
        buf_str(out, str_of(c->error != NULL ? c->error : engine_reason_name(c->reason)));
        break;
    }
}

static const char *const fate_names[PATCH_FATES] = {
    [PATCH_OFFERED] = "offered",         [PATCH_SECOND] = "second", [PATCH_FROM_MISSING] = "from_missing",
    [PATCH_OTHER_BUILD] = "other_build", [PATCH_NO_URL] = "no_url", [PATCH_HOST_REFUSED] = "host_refused",
    [PATCH_BROKEN] = "broken",
};

const char *patch_fate_name(enum patch_fate fate)
{
    return fate_names[fate];
}

void explain_patch_why(struct buf *out, const struct query *q, const struct patch_note *patch)
{
    const char *type = patch->partial ? "partial" : "complete";
    switch (patch->fate) {
    case PATCH_OFFERED:
        buf_lit(out, "it is in the answer");
        break;
    case PATCH_SECOND:
        buf_printf(out, "another %s that suits the client comes before it", type);
        break;
    case PATCH_FROM_MISSING:
        buf_printf(out, "the release %.*s is missing or broken", STR_ARG(patch->from));
        break;
    case PATCH_OTHER_BUILD:
        buf_printf(out, "the client's build %.*s is not that of %.*s", STR_ARG(q->build_id),
                   STR_ARG(patch->from));
        break;
    case PATCH_HOST_REFUSED:
        buf_lit(out, "its URL leads to a host or path that is not in the allow-list of the product");
        break;
    default:
        buf_str(out, str_of(patch->why));
        break;
    }
}
