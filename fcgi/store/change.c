/* See change.h. */
#include "store/change.h"

#include "core/mem.h"

static const char *const type_names[] = {
    [CHANGE_INSERT] = "insert", [CHANGE_UPDATE] = "update", [CHANGE_DELETE] = "delete"
};

const char *change_type_name(enum change_type type)
{
    return type_names[type];
}

bool change_type_parse(const char *name, enum change_type *type)
{
    for (unsigned i = 0; name != NULL && i < ARRAY_LEN(type_names); i++) {
        if (strcmp(name, type_names[i]) == 0) {
            *type = (enum change_type)i;
            return true;
        }
    }
    return false;
}
