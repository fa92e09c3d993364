/* Sections [log], [statsd] and [sentry], of every program. */
#include "settings/keys.h"

const struct config_key keys_observe[] = {
    { "log", "level", CONFIG_CHOICE, AT(log.level), "info", .words = "debug info warning error" },
    { "log", "format", CONFIG_CHOICE, AT(log.format), "json", .words = "json plain",
      .help = "json: mozlog 2.0. plain: for people." },
    { "log", "crash_dir", CONFIG_PATH, AT(log.crash_dir), "/var/lib/balrog/crash",
      .help =
          "Where a program that crashes writes a file about it; the next start reports it. The program must\n"
          "be allowed to write there. Empty: the crash is only logged." },

    { "statsd", "address", CONFIG_TEXT, AT(statsd.address), "",
      .help = "HOST:PORT of a statsd server that gets counts and timings over UDP. Empty: none." },
    { "statsd", "prefix", CONFIG_TEXT, AT(statsd.prefix), "",
      .help = "The beginning of all names. Empty: balrog.public, balrog.admin or balrog.agent." },

    { "sentry", "dsn_file", CONFIG_SECRET, AT(sentry.dsn), "", .variable = "BALROG_SENTRY_DSN",
      .help =
          "A file whose only line is the DSN of a Sentry project that gets reports of errors and crashes.\n"
          "Empty: nothing is reported." },
    { "sentry", "environment", CONFIG_TEXT, AT(sentry.environment), "production", .min = 1,
      .help = "The environment that the reports name." },
    { "sentry", "per_minute", CONFIG_INT, AT(sentry.per_minute), "30", 1, 10000, "reports",
      .help =
          "At most this many reports are sent, and a third of them of one type. The others are counted." },
    { 0 },
};
