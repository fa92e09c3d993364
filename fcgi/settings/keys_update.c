/* Sections [update], [allowlist] and [signing], of balrog-public. */
#include "settings/keys.h"

#define SIGNER(FIELD) .of_entry = true, .at = offsetof(struct config_signer, FIELD)

const struct config_key keys_update[] = {
    { "update", "special_force_hosts", CONFIG_WORDS, AT(update.special_force_hosts),
      "http://download.mozilla.org",
      .help = "URLs that begin with one of these get ?force=… when the client forces an update." },

    { "allowlist", "allow", CONFIG_LINE, AT(update.allowlist), "",
      .help = "HOST[:PORT] [/PATH-PATTERN] PRODUCT…: clients of these products may be sent to this host. "
              "Repeat the "
              "key:\n"
              "once per host, or once per host and path pattern. A pattern is a regular expression (PCRE2) "
              "for the\n"
              "whole path. Without any line, nothing is served." },

    { "signing", "content_signature_products", CONFIG_WORDS, AT(signing.content_signature_products), "",
      .help =
          "Products whose answers to update queries are signed. Answers under /json are signed if [signing]\n"
          "itself has a key." },
    { "signing", "cache_s", CONFIG_INT, AT(signing.cache_s), "86400", 0, 31536000, SECONDS,
      .help = "How long a signature is reused for the same answer." },
    { "signing", "key_file", CONFIG_PATH, SIGNER(key_file), "",
      .help =
          "To sign in this program: an EC P-384 private key (PEM), and the URL of its certificate chain.\n"
          "This key and those below may also be in [signing PRODUCT], for the answers of that product." },
    { "signing", "x5u", CONFIG_TEXT, SIGNER(x5u), "" },
    { "signing", "autograph_url", CONFIG_TEXT, SIGNER(autograph_url), "",
      .help = "To have an Autograph server sign instead." },
    { "signing", "autograph_keyid", CONFIG_TEXT, SIGNER(autograph_keyid), "" },
    { "signing", "autograph_user", CONFIG_TEXT, SIGNER(autograph_user), "" },
    { "signing", "autograph_password_file", CONFIG_SECRET, SIGNER(autograph_password), "",
      .variable = "BALROG_AUTOGRAPH_PASSWORD",
      .help = "For a product, the variable is BALROG_AUTOGRAPH_PRODUCT_PASSWORD, for example\n"
              "BALROG_AUTOGRAPH_FIREFOX_PASSWORD." },
    { 0 },
};
