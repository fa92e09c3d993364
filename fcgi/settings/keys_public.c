/* Section [public], of balrog-public. */
#include "settings/keys.h"

const struct config_key keys_public[] = {
    { "public", "socket", CONFIG_PATH, AT(public.socket), "/run/balrog/public.sock",
      .help =
          "The unix socket on which nginx connects. A socket that was inherited from spawn-fcgi or systemd\n"
          "is used instead of this one." },
    { "public", "socket_mode", CONFIG_MODE, AT(public.socket_mode), "0660" },
    { "public", "threads", CONFIG_INT, AT(public.threads), "64", 1, 1024, "",
      .help = "The number of requests that can be answered at the same time." },
    { "public", "drain_s", CONFIG_INT, AT(public.drain_s), "30", 0, 3600, SECONDS,
      .help = "How long requests that are being answered may still take after SIGTERM." },
    { "public", "poll_ms", CONFIG_INT, AT(public.poll_ms), "250", 10, 60000, MILLISECONDS,
      .help = "How often the change feed is read." },
    { "public", "compare_s", CONFIG_INT, AT(public.compare_s), "60", 1, 86400, SECONDS,
      .help = "How often all data versions are compared, to find changes that are not in the change feed." },
    { "public", "gap_s", CONFIG_INT, AT(public.gap_s), "600", 1, 86400, SECONDS,
      .help =
          "For how long a missing number in the change feed is looked for again. This must be longer than\n"
          "any transaction takes." },
    { "public", "api_connections", CONFIG_INT, AT(public.api_connections), "4", 1, 256, "",
      .help = "The number of database connections for /api/v1. Update queries need none." },
    { "public", "version_file", CONFIG_PATH, AT(public.version_file), "",
      .help = "A file with the JSON for /__version__. Empty: the release's, or the version built in." },
    { "public", "openapi_file", CONFIG_PATH, AT(public.openapi_file), "",
      .help = "The description of the API of which /swagger.json serves a part. Empty: the installed one." },
    { "public", "cache_control", CONFIG_TEXT, AT(public.cache_control), "public, max-age=90",
      .help = "The Cache-Control header of answers to update queries." },
    { "public", "state_dir", CONFIG_PATH, AT(public.state_dir), "/var/lib/balrog/public",
      .help = "Where it leaves what it serves, so that the next start answers at once, and also without the\n"
              "database. Empty: nowhere. It is made if its parent folder exists." },
    { "public", "state_s", CONFIG_INT, AT(public.state_s), "30", 1, 86400, SECONDS,
      .help = "After a change, that file is written at most once in this time." },
    { "public", "max_stale_s", CONFIG_INT, AT(public.max_stale_s), "0", 0, 31536000, SECONDS,
      .help =
          "If the database could not be read for so long, clients get no updates any more. 0: no limit." },
    { "public", "keep_good_releases", CONFIG_CHOICE, AT(public.keep_good_releases), "yes", .words = "yes no",
      .help = "yes: if the database has a release that cannot be read any more (broken JSON, no valid\n"
              "schema_version), clients get the version before it. no: they get no update." },
    { 0 },
};
