/* What pages of a UI have to know before anybody has logged in. */
#ifndef BALROG_ADMIN_UI_CONFIG_H
#define BALROG_ADMIN_UI_CONFIG_H

#include "settings/config.h"

/* Checks the section [ui] of CONFIG. False with a message for the operator in E. */
bool ui_config_check(const struct config *config, struct error *e);

#endif
