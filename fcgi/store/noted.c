/* See noted.h. */
#include "store/noted.h"

struct tx_notes {
    struct noted_change *first, *last;
    const char *role; /* of the last sign-off */
};

static struct tx_notes *notes_of(struct tx *tx)
{
    if (tx->notes == NULL) {
        tx->notes = mem_new(tx->lasting, struct tx_notes);
    }
    return tx->notes;
}

void noted_add(struct tx *tx, const struct noted_change *n)
{
    struct tx_notes *notes = notes_of(tx);
    struct noted_change *copy = mem_new(notes, struct noted_change);
    *copy = *n;
    copy->next = NULL;
    if (notes->last != NULL) {
        notes->last->next = copy;
    } else {
        notes->first = copy;
    }
    notes->last = copy;
}

void noted_set_sc_id(struct tx *tx, int64_t sc_id)
{
    tx->notes->last->sc_id = sc_id;
}

const struct noted_change *noted_first(const struct tx *tx)
{
    return tx->notes != NULL ? tx->notes->first : NULL;
}

void noted_add_signoff(struct tx *tx, const char *role)
{
    struct tx_notes *notes = notes_of(tx);
    notes->role = mem_strdup(notes, role);
}

const char *noted_signoff(const struct tx *tx)
{
    return tx->notes != NULL ? tx->notes->role : NULL;
}
