/* The list of database servers. See database.h. */
#include "settings/database.h"

#include "core/mem.h"

#include <stdlib.h>
#include <string.h>

enum { PORT_MAX = 65535 };

static const char blanks[] = " \t";

/* Splits off ":PORT" at COLON. Returns false if what follows is not a port. */
static bool parse_port(const char *colon, int *port)
{
    char *end;
    long n = colon[1] >= '0' && colon[1] <= '9' ? strtol(colon + 1, &end, 10) : 0;
    *port = (int)n;
    return n > 0 && n <= PORT_MAX && *end == '\0';
}

/* Whether TEXT consists of what names and addresses consist of. */
static bool is_name(const char *text)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:%";
    return text[0] != '\0' && text[strspn(text, allowed)] == '\0';
}

/* Makes *HOST of ITEM, which is changed. */
static bool parse_host(void *ctx, char *item, int port, struct config_host *host, struct error *e)
{
    *host = (struct config_host){ .label = mem_strdup(ctx, item), .name = "", .socket = "", .port = port };
    if (item[0] == '/') {
        host->socket = host->label;
        return true;
    }
    char *colon = strrchr(item, ':');
    char *bracket = strchr(item, ']');
    if (item[0] == '[' && bracket != NULL) {
        *bracket = '\0';
        colon = bracket[1] == ':' ? bracket + 1 : NULL;
        if (colon == NULL && bracket[1] != '\0') {
            return error_set(e, ERROR_INTERNAL, "'%s' has something behind ']' that is not a port",
                             host->label);
        }
        item++;
    } else if (colon != NULL && strchr(item, ':') != colon) {
        return error_set(e, ERROR_INTERNAL, "'%s': write an IPv6 address in brackets, as in [::1]:3306",
                         host->label);
    }
    if (colon != NULL && !parse_port(colon, &host->port)) {
        return error_set(e, ERROR_INTERNAL, "'%s' has no port from 1 to %d behind the colon", host->label,
                         PORT_MAX);
    }
    if (colon != NULL) {
        *colon = '\0';
    }
    host->name = mem_strdup(ctx, item);
    return is_name(item) ||
           error_set(e, ERROR_INTERNAL, "'%s' is not the name or the address of a host, nor a socket's path",
                     host->label);
}

static bool is_same(const struct config_host *a, const struct config_host *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->socket, b->socket) == 0 && a->port == b->port;
}

static bool add_host(void *ctx, struct config_host *hosts, size_t *n, char *item, int port, struct error *e)
{
    if (*n == DATABASE_HOSTS_MAX) {
        return error_set(e, ERROR_INTERNAL, "the list is too long: at most %d hosts", DATABASE_HOSTS_MAX);
    }
    item += strspn(item, blanks);
    size_t length = strlen(item);
    while (length > 0 && strchr(blanks, item[length - 1]) != NULL) {
        item[--length] = '\0';
    }
    if (length == 0) {
        return error_set(e, ERROR_INTERNAL, "there is nothing between two commas, or behind the last one");
    }
    if (!parse_host(ctx, item, port, &hosts[*n], e)) {
        return false;
    }
    for (size_t i = 0; i < *n; i++) {
        if (is_same(&hosts[i], &hosts[*n])) {
            return error_set(e, ERROR_INTERNAL, "'%s' is in the list twice", hosts[*n].label);
        }
    }
    ++*n;
    return true;
}

bool config_database_hosts(void *ctx, struct config_database *at, struct error *e)
{
    struct config_host *hosts = mem_array(ctx, struct config_host, DATABASE_HOSTS_MAX);
    size_t n = 0;
    at->server = hosts;
    if (at->socket[0] != '\0' || at->host[0] == '\0') {
        at->host = "";
        hosts[0] = (struct config_host){ .label = at->socket, .name = "", .socket = at->socket };
        at->n_servers = 1;
        return true;
    }
    char *list = mem_strdup(ctx, at->host);
    for (char *item = list, *comma; item != NULL; item = comma != NULL ? comma + 1 : NULL) {
        comma = strchr(item, ',');
        if (comma != NULL) {
            *comma = '\0';
        }
        if (!add_host(ctx, hosts, &n, item, at->port, e)) {
            return false;
        }
    }
    at->n_servers = n;
    return true;
}
