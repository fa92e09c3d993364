/* See tools.h. Each mode reads the files that are named and prints one sample. */

#include "uptake/tools.h"

#include "core/file.h"
#include "uptake/edges.h"
#include "uptake/follow.h"
#include "uptake/line.h"
#include "uptake/recent.h"

#include <stdio.h>
#include <stdlib.h>

enum { TOOLS_FILE_MAX = 256 * MEGABYTE, TOOLS_ENTRIES = 200000, TOOLS_SEED = 1, TOOLS_USAGE = 2 };

/* ---- --merge ---- */

static bool merge_files(struct sample *s, char **files, struct error *e)
{
    bool ok = true;
    for (; ok && *files != NULL; files++) {
        struct buf text;
        buf_init(&text, 0, TOOLS_FILE_MAX);
        ok = file_read(*files, &text, e) &&
             (sample_parse(s, buf_view(&text), e) || error_prefix(e, "%s", *files));
        buf_free(&text);
    }
    return ok;
}

/* ---- --sample-log ---- */

struct log_reader {
    struct recent *recent;
    struct buf path;
    char text[QUERY_TEXT_MAX];
    size_t queries, broken;
};

static void read_line(struct log_reader *l, struct str line)
{
    struct query q;
    int64_t time_s;
    buf_reset(&l->path);
    enum line_kind kind = line_parse(line, &q, l->text, &time_s, &l->path);
    l->broken += kind == LINE_BROKEN;
    if (kind == LINE_QUERY) {
        l->queries++;
        recent_add(l->recent, time_s, q.product, q.fallback_channel,
                   l->path.full ? STR_NONE : buf_view(&l->path));
    }
}

static bool read_log(struct log_reader *l, const char *path, struct error *e)
{
    char *line = NULL;
    size_t size = 0;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return error_set(e, ERROR_NOT_FOUND, "cannot read %s: %m", path);
    }
    for (ssize_t n; (n = getline(&line, &size, file)) > 0;) {
        if (n <= FOLLOW_LINE_MAX) {
            read_line(l, (struct str){ line, (size_t)n - (line[n - 1] == '\n') });
        }
    }
    free(line);
    fclose(file);
    return true;
}

static bool sample_logs(struct sample *s, char **files, struct error *e)
{
    const struct config_list none = { NULL, 0 };
    struct log_reader *l = mem_new(s, struct log_reader);
    bool ok = true;
    l->recent = recent_new(l, none, none, TOOLS_ENTRIES, TOOLS_SEED);
    buf_init(&l->path, SAMPLE_PATH_MAX, SAMPLE_PATH_MAX);
    for (; ok && *files != NULL; files++) {
        ok = read_log(l, *files, e);
    }
    if (ok && l->queries == 0) {
        ok = error_set(e, ERROR_BAD_REQUEST,
                       "no line is an answered update query in the format of conf/nginx/public.conf.in "
                       "(%zu lines are of another format)",
                       l->broken);
    }
    recent_sample(l->recent, STR_NONE, STR_NONE, SAMPLE_QUERIES_MAX, s);
    buf_free(&l->path);
    return ok;
}

/* ---- --sample-rules ---- */

static bool sample_rules(struct sample *s, char **files, struct error *e)
{
    bool ok = true;
    for (; ok && *files != NULL; files++) {
        struct buf text;
        cJSON *json = NULL;
        buf_init(&text, 0, TOOLS_FILE_MAX);
        ok = file_read(*files, &text, e) && (json = json_parse(buf_view(&text), e)) != NULL;
        const cJSON *rules = cJSON_IsArray(json) ? json : json_get_array(json, "rules");
        if (ok && rules == NULL) {
            ok =
                error_set(e, ERROR_BAD_REQUEST, "it has no \"rules\": is it an answer of GET /api/v1/rules?");
        }
        if (ok) {
            edges_add(s, rules);
        } else {
            error_prefix(e, "%s", *files);
        }
        cJSON_Delete(json);
        buf_free(&text);
    }
    return ok;
}

/* ---- which ---- */

static const struct tool {
    const char *option;
    bool (*make)(struct sample *s, char **files, struct error *e);
} tools[] = {
    { "--merge", merge_files },
    { "--sample-log", sample_logs },
    { "--sample-rules", sample_rules },
};

static bool print_sample(const struct sample *s)
{
    struct buf out;
    buf_init(&out, 1 << 20, 2 * (size_t)TOOLS_FILE_MAX);
    sample_print(&out, s);
    bool ok = !out.full && fwrite(out.p, 1, out.n, stdout) == out.n && fflush(stdout) == 0;
    buf_free(&out);
    return ok;
}

static int run_tool(const struct tool *tool, char **files)
{
    struct error e = { 0 };
    struct sample *s = sample_new(NULL);
    bool ok = tool->make(s, files, &e);
    if (ok) {
        sample_fold(s);
        sample_thin(s, SAMPLE_QUERIES_MAX);
        ok = print_sample(s) || error_set(&e, ERROR_INTERNAL, "the sample could not be written");
    }
    if (!ok) {
        fprintf(stderr, "balrog-uptake: %s: %s\n", tool->option, e.what);
    }
    talloc_free(s);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

bool tools_run(int argc, char **argv, int *status)
{
    for (size_t i = 0; argc > 1 && i < ARRAY_LEN(tools); i++) {
        if (strcmp(argv[1], tools[i].option) == 0) {
            *status = TOOLS_USAGE;
            if (argc == 2) {
                fprintf(stderr, "usage: balrog-uptake %s FILE...\n", tools[i].option);
            } else {
                *status = run_tool(&tools[i], argv + 2);
            }
            return true;
        }
    }
    return false;
}
