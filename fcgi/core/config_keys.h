/* The table of configuration keys. To add a key: a field in struct config, a row in config_keys.c, and its
 * lines in conf/balrog.conf, agent.conf or uptake.conf (the unit test says which). */
#ifndef BALROG_CORE_CONFIG_KEYS_H
#define BALROG_CORE_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum config_kind {
    CONFIG_TEXT,   /* const char *: of at least MIN bytes */
    CONFIG_PATH,   /* const char *: absolute, or empty */
    CONFIG_INT,    /* int: from MIN to MAX; WORDS is the unit */
    CONFIG_MODE,   /* int: written in octal */
    CONFIG_CHOICE, /* const char *: one of WORDS */
    CONFIG_WORDS,  /* struct config_list: separated by white space; may be given again, to add to it */
    CONFIG_LINE,   /* struct config_list: one item a line; may be given again, to add to it */
    CONFIG_SECRET, /* const char *: the only line of the file that is named */
};

struct config_key {
    const char *section;
    const char *name;
    enum config_kind kind;
    size_t at;            /* where in struct config, or in struct config_signer */
    const char *standard; /* the default, as it would be written */
    long min, max;
    const char *words;
    const char *variable; /* NULL, or the environment variable that comes before the file */
    const char *help;     /* lines for people */
    bool of_signer;       /* one for each signer: stands in [SECTION] and in [SECTION PRODUCT] */
};

enum { CONFIG_KEYS_MAX = 128 };

/* Ordered by section; the last one's name is NULL. */
extern const struct config_key config_keys[];

enum config_file {
    CONFIG_BALROG_FILE, /* conf/balrog.conf, of the programs that answer */
    CONFIG_AGENT_FILE,  /* conf/agent.conf, of balrog-agent */
    CONFIG_UPTAKE_FILE, /* conf/uptake.conf, of balrog-uptake */
};

/* Prints FILE with its defaults: every key of the sections that belong there with its help, commented out. */
void config_print_keys(FILE *out, enum config_file file);

#endif
