/* Section [uptake], of balrog-uptake. */
#include "settings/keys.h"

const struct config_key keys_uptake[] = {
    { "uptake", "socket", CONFIG_PATH, AT(uptake.socket), "/run/balrog/uptake.sock",
      .help =
          "The unix socket on which nginx connects. A socket that was inherited from spawn-fcgi or systemd\n"
          "is used instead of this one." },
    { "uptake", "socket_mode", CONFIG_MODE, AT(uptake.socket_mode), "0660" },
    { "uptake", "log", CONFIG_PATH, AT(uptake.log), "/var/log/nginx/access.log",
      .help = "nginx's access log, in the format of conf/nginx/public.conf.in." },
    { "uptake", "products", CONFIG_WORDS, AT(uptake.products), "Firefox Thunderbird",
      .help = "Products that are counted by name. All others are counted together." },
    { "uptake", "channels", CONFIG_WORDS, AT(uptake.channels), "release esr beta aurora nightly",
      .help = "Channels that are counted by name. The part of a channel from \"-cck-\" on is ignored." },
    { "uptake", "versions", CONFIG_INT, AT(uptake.versions), "15", 1, 100, "",
      .help = "How many versions of each product and channel are shown by name: the most frequent ones." },
    { "uptake", "window_h", CONFIG_INT, AT(uptake.window_h), "24", 1, 168, "hours",
      .help = "The length of the window." },
    { "uptake", "watch", CONFIG_LINE, AT(uptake.watch), "",
      .help = "PRODUCT CHANNEL VERSION: report the share of queries from this version or a newer one. The\n"
              "agent's uptake conditions use it. Repeat the key: once per product and channel." },
    { "uptake", "min_queries", CONFIG_INT, AT(uptake.min_queries), "1000", 0, 1000000000, "",
      .help = "With fewer queries in the window, the share of a watched version is not reported." },
    { "uptake", "state_dir", CONFIG_PATH, AT(uptake.state_dir), "/var/lib/balrog",
      .help =
          "Where the sample of queries and their numbers by time are kept across restarts, in uptake.state.\n"
          "The program must be allowed to write there. Empty: they are not kept." },
    { "uptake", "sample_entries", CONFIG_INT, AT(uptake.sample_entries), "200000", 1000, 500000, "queries",
      .help =
          "The number of distinct queries in the sample of the last 24 hours. Each takes about 350 bytes\n"
          "of memory, and 650 at most. A product and channel listed above keep 500, however rare they are." },
    { 0 },
};
