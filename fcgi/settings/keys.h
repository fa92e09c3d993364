/* The tables of configuration keys, one per program or purpose. */
#ifndef BALROG_SETTINGS_KEYS_H
#define BALROG_SETTINGS_KEYS_H

#include "settings/config.h"

#include <stddef.h>

/* Abbreviations for the rows of these tables. */
#define AT(FIELD) .at = offsetof(struct config, FIELD)
#define SECONDS .words = "seconds"
#define MILLISECONDS .words = "milliseconds"

extern const struct config_key keys_database[], keys_public[], keys_admin[], keys_agent[], keys_uptake[],
    keys_update[], keys_observe[];

#endif
