/* Configuration files: INI (inih), read by tables of keys, from which parsing, defaults, --check-config and
 * the tests of the shipped files are made. Secrets come from files of their own or from the environment,
 * never from the file itself. What the keys are, settings/ says. */
#ifndef BALROG_CORE_CONFIG_FILE_H
#define BALROG_CORE_CONFIG_FILE_H

#include "core/error.h"
#include "core/mem.h"
#include "core/str.h"

#include <stdio.h>

struct config_list {
    const struct str *item;
    size_t n;
};

enum config_kind {
    CONFIG_TEXT,   /* const char *: of at least MIN bytes */
    CONFIG_PATH,   /* const char *: absolute, or empty */
    CONFIG_INT,    /* int: from MIN to MAX; WORDS is the unit */
    CONFIG_MODE,   /* int: written in octal */
    CONFIG_CHOICE, /* const char *: one of WORDS */
    CONFIG_WORDS, /* struct config_list: separated by white space, each one of WORDS unless NULL; may be given
                     again, to add to it */
    CONFIG_LINE,  /* struct config_list: one item a line; may be given again, to add to it */
    CONFIG_SECRET, /* const char *: the only line of the file that is named */
};

struct config_key {
    const char *section;
    const char *name;
    enum config_kind kind;
    size_t at;            /* the offset in what is filled, or in an entry */
    const char *standard; /* the default, as it would be written */
    long min, max;
    const char *words;
    const char *variable; /* NULL, or the environment variable that comes before the file */
    const char *help;     /* lines for people */
    bool of_entry;        /* one per entry: stands in [SECTION] and in [SECTION NAME] */
};

/* What a file may hold. All its keys together are at most 128. */
struct config_format {
    const struct config_key *const *tables; /* the last one is NULL; in a table, ordered by section, the last
                                               key's name is NULL */
    size_t size;                            /* of the structure that is filled */
    /* Some keys are of entries: an array in that structure, one entry per section [SECTION NAME], and one for
     * [SECTION], whose name is "". An entry starts with its name, a const char *. */
    const char *entry_section; /* "signing PRODUCT", for messages */
    size_t entry_size;
    size_t entries_at;   /* the offset of the pointer to the array */
    size_t n_entries_at; /* the offset of its length, a size_t */
};

/* Reads PATH, and returns the structure that FORMAT describes, owned by CTX. NULL when the file cannot be
 * read, or holds an unknown section or key, or a wrong value: E names file, line and key, and says what would
 * be right. */
void *config_file_read(void *ctx, const char *path, const struct config_format *format, struct error *e);

/* Prints a file with nothing but defaults: every key of the sections that are WANTED, with its help,
 * commented out. */
void config_file_print(FILE *out, const struct config_format *format, bool (*wanted)(const char *section));

#endif
