/* The rows. A format of app releases has the attributes that carry its bit; the other formats share one bit.
 * Errors are reported in the order of the rows. */
#include "blob/schema.h"
#include "core/mem.h"

enum {
    APP_V1 = 1 << 0,
    APP_V2 = 1 << 1,
    APP_V3 = 1 << 2,
    APP_V4 = 1 << 3,
    APP_V5 = 1 << 4,
    APP_V6 = 1 << 5,
    APP_V8 = 1 << 6,
    APP_V9 = 1 << 7,
    OTHER_FORMATS = 1 << 8,
    APP_V2_TO_5 = APP_V2 | APP_V3 | APP_V4 | APP_V5,
    APP_V2_TO_8 = APP_V2_TO_5 | APP_V6 | APP_V8,
    APP_V1_TO_3 = APP_V1 | APP_V2 | APP_V3,
    APP_V4_TO_9 = APP_V4 | APP_V5 | APP_V6 | APP_V8 | APP_V9,
    APP_V3_TO_9 = APP_V3 | APP_V4_TO_9,
    ALL_FORMATS = APP_V1_TO_3 | APP_V4_TO_9 | OTHER_FORMATS,
};

static const struct schema text = { .type = SCHEMA_STRING };
static const struct schema name = { .type = SCHEMA_STRING, .min = 1, .max = 100 };
static const struct schema number = { .type = SCHEMA_NUMBER };
static const struct schema boolean = { .type = SCHEMA_BOOLEAN };
static const struct schema only_true = { .type = SCHEMA_BOOLEAN, .only_true = true };
static const struct schema digits = { .type = SCHEMA_STRING, .pattern = PATTERN_DIGITS };
static const struct schema number_or_digits = { .either = { &number, &digits },
                                                .wanted = "a number, or digits" };
static const struct schema texts = { .type = SCHEMA_ARRAY, .value = &text };
static const struct schema names = { .type = SCHEMA_ARRAY, .value = &name };
static const struct schema texts_by_line = {
    .type = SCHEMA_OBJECT, .closed = true, .pattern = PATTERN_LINE, .value = &text
};
static const struct schema texts_by_name = {
    .type = SCHEMA_OBJECT, .closed = true, .pattern = PATTERN_FILLED_LINE, .value = &text
};

static const struct attribute alias_rows[] = { { "alias", ALL_FORMATS, ALL_FORMATS, &text },
                                               { NULL, 0, 0, NULL } };
static const struct schema alias = { .type = SCHEMA_OBJECT, .attribute = alias_rows };

/* App releases. */

static const char *const any_release[] = { "*", NULL };
static const struct schema from_any = { .type = SCHEMA_STRING, .choices = any_release };
static const struct attribute complete_rows[] = {
    { "filesize", ALL_FORMATS, ALL_FORMATS, &number_or_digits },
    { "from", ALL_FORMATS, ALL_FORMATS, &from_any },
    { "hashValue", ALL_FORMATS, ALL_FORMATS, &text },
    { "fileUrl", ALL_FORMATS, 0, &text },
    { NULL, 0, 0, NULL },
};
static const struct schema complete = { .type = SCHEMA_OBJECT, .closed = true, .attribute = complete_rows };
static const struct attribute patch_rows[] = {
    { "filesize", ALL_FORMATS, ALL_FORMATS, &number_or_digits },
    { "binTransInclusionProof", APP_V8 | APP_V9, APP_V8, &text },
    { "from", ALL_FORMATS, ALL_FORMATS, &text },
    { "hashValue", ALL_FORMATS, ALL_FORMATS, &text },
    { "fileUrl", ALL_FORMATS, 0, &text },
    { NULL, 0, 0, NULL },
};
static const struct schema patch = { .type = SCHEMA_OBJECT, .closed = true, .attribute = patch_rows };
static const struct schema patches = { .type = SCHEMA_ARRAY, .value = &patch };

static const struct attribute locale_rows[] = {
    { "isOSUpdate", APP_V2_TO_8, 0, &boolean },
    { "buildID", ALL_FORMATS, 0, &number_or_digits },
    { "extv", APP_V1, 0, &text },
    { "appv", APP_V1, 0, &text },
    { "appVersion", APP_V2_TO_8 | APP_V9, 0, &text },
    { "platformVersion", APP_V2_TO_5, 0, &text },
    { "displayVersion", APP_V2_TO_8 | APP_V9, 0, &text },
    { "partial", APP_V1 | APP_V2, 0, &patch },
    { "complete", APP_V1 | APP_V2, 0, &complete },
    { "partials", APP_V3_TO_9, 0, &patches },
    { "completes", APP_V3_TO_9, 0, &patches },
    { NULL, 0, 0, NULL },
};
static const struct schema locale = { .type = SCHEMA_OBJECT, .closed = true, .attribute = locale_rows };
static const struct schema locales = {
    .type = SCHEMA_OBJECT, .closed = true, .pattern = PATTERN_FILLED_LINE, .value = &locale
};
static const struct attribute platform_rows[] = {
    { "buildID", ALL_FORMATS, 0, &number_or_digits },
    { "OS_BOUNCER", ALL_FORMATS, 0, &text },
    { "OS_FTP", ALL_FORMATS, 0, &text },
    { "locales", ALL_FORMATS, 0, &locales },
    { NULL, 0, 0, NULL },
};
static const struct schema full_platform = { .type = SCHEMA_OBJECT,
                                             .closed = true,
                                             .attribute = platform_rows };
static const struct schema platform = { .either = { &alias, &full_platform },
                                        .wanted = "an alias, or buildID, OS_BOUNCER, OS_FTP and locales" };
static const struct schema platforms = {
    .type = SCHEMA_OBJECT, .closed = true, .pattern = PATTERN_FILLED_LINE, .value = &platform
};

/* fileUrls, and the names that go into them. */
static const struct schema names_of_single = {
    .type = SCHEMA_OBJECT, .closed = true, .pattern = PATTERN_PARTIAL, .value = &text
};
static const struct attribute names_rows[] = {
    { "partials", ALL_FORMATS, 0, &texts_by_line },
    { "completes", ALL_FORMATS, 0, &texts_by_line },
    { NULL, 0, 0, NULL },
};
static const struct schema names_of_lists = { .type = SCHEMA_OBJECT, .attribute = names_rows };
static const struct schema channel_urls = {
    .type = SCHEMA_OBJECT, .closed = true, .pattern = PATTERN_PARTIALS, .value = &texts_by_name
};
static const struct schema unified_urls = {
    .type = SCHEMA_OBJECT, .closed = true, .pattern = PATTERN_FILLED_LINE, .value = &channel_urls
};

/* updateLine. */
static const struct schema version_test = { .type = SCHEMA_STRING, .format = SCHEMA_FORMAT_VERSION };
static const struct schema version_tests = { .type = SCHEMA_ARRAY, .value = &version_test };
static const struct schema build_id_test = { .type = SCHEMA_STRING, .format = SCHEMA_FORMAT_BUILD_ID };
static const struct schema build_id_tests = { .type = SCHEMA_ARRAY, .value = &build_id_test };
static const struct attribute condition_rows[] = {
    { "locales", ALL_FORMATS, 0, &texts },
    { "channels", ALL_FORMATS, 0, &texts },
    { "versions", ALL_FORMATS, 0, &version_tests },
    { "buildIDs", ALL_FORMATS, 0, &build_id_tests },
    { NULL, 0, 0, NULL },
};
static const struct schema conditions = { .type = SCHEMA_OBJECT,
                                          .closed = true,
                                          .attribute = condition_rows };
static const char *const update_types[] = { "minor", "major", NULL };
static const struct schema update_type = { .type = SCHEMA_STRING, .choices = update_types };
static const struct attribute field_rows[] = {
    { "type", ALL_FORMATS, 0, &update_type },
    { "detailsURL", ALL_FORMATS, 0, &text },
    { "actions", ALL_FORMATS, 0, &text },
    { "openURL", ALL_FORMATS, 0, &text },
    { "notificationURL", ALL_FORMATS, 0, &text },
    { "alertURL", ALL_FORMATS, 0, &text },
    { "showPrompt", ALL_FORMATS, 0, &boolean },
    { "showNeverForVersion", ALL_FORMATS, 0, &boolean },
    { "promptWaitTime", ALL_FORMATS, 0, &number },
    { "disableBITS", ALL_FORMATS, 0, &only_true },
    { "disableBackgroundUpdates", ALL_FORMATS, 0, &only_true },
    { NULL, 0, 0, NULL },
};
static const struct schema fields = { .type = SCHEMA_OBJECT, .closed = true, .attribute = field_rows };
static const struct attribute group_rows[] = {
    { "for", ALL_FORMATS, 0, &conditions },
    { "fields", ALL_FORMATS, 0, &fields },
    { NULL, 0, 0, NULL },
};
static const struct schema group = { .type = SCHEMA_OBJECT, .closed = true, .attribute = group_rows };
static const struct schema groups = { .type = SCHEMA_ARRAY, .value = &group };

static const struct attribute app_rows[] = {
    { "name", ALL_FORMATS, ALL_FORMATS, &name },
    { "product", ALL_FORMATS, 0, &name },
    { "schema_version", ALL_FORMATS, ALL_FORMATS, &number },
    { "hashFunction", ALL_FORMATS, ALL_FORMATS, &text },
    { "extv", APP_V1, 0, &text },
    { "appv", APP_V1, 0, &text },
    { "appVersion", APP_V2_TO_8 | APP_V9, 0, &text },
    { "platformVersion", APP_V2_TO_5, 0, &text },
    { "displayVersion", APP_V2_TO_8 | APP_V9, 0, &text },
    { "detailsUrl", APP_V1 | APP_V2_TO_8, 0, &text },
    { "licenseUrl", APP_V1 | APP_V2_TO_5, 0, &text },
    { "fakePartials", APP_V1, 0, &boolean },
    { "oldVersionSpecialCases", APP_V1, 0, &boolean },
    { "actions", APP_V2_TO_8, 0, &text },
    { "billboardURL", APP_V2_TO_5, 0, &text },
    { "openURL", APP_V2_TO_8, 0, &text },
    { "notificationURL", APP_V2_TO_8, 0, &text },
    { "alertURL", APP_V2_TO_8, 0, &text },
    { "showPrompt", APP_V2_TO_8, 0, &boolean },
    { "showNeverForVersion", APP_V2_TO_8, 0, &boolean },
    { "promptWaitTime", APP_V5 | APP_V6 | APP_V8, 0, &number },
    { "binTransMerkleRoot", APP_V8 | APP_V9, 0, &text },
    { "binTransCertificate", APP_V8 | APP_V9, 0, &text },
    { "binTransSCTList", APP_V8 | APP_V9, 0, &text },
    { "updateLine", APP_V9, 0, &groups },
    { "fileUrls", APP_V1_TO_3, 0, &texts_by_line },
    { "fileUrls", APP_V4_TO_9, 0, &unified_urls },
    { "ftpFilenames", APP_V1 | APP_V2, 0, &names_of_single },
    { "ftpFilenames", APP_V3, 0, &names_of_lists },
    { "bouncerProducts", APP_V1 | APP_V2, 0, &names_of_single },
    { "bouncerProducts", APP_V3, 0, &names_of_lists },
    { "platforms", ALL_FORMATS, 0, &platforms },
    { NULL, 0, 0, NULL },
};
static const struct schema app = { .type = SCHEMA_OBJECT, .closed = true, .attribute = app_rows };

/* Add-ons: GMP's vendors, system add-ons. */

static const struct attribute vendor_file_rows[] = {
    { "filesize", ALL_FORMATS, ALL_FORMATS, &number },
    { "hashValue", ALL_FORMATS, ALL_FORMATS, &text },
    { "fileUrl", ALL_FORMATS, ALL_FORMATS, &text },
    { "mirrorUrls", ALL_FORMATS, 0, &texts },
    { NULL, 0, 0, NULL },
};
static const struct schema vendor_file = { .type = SCHEMA_OBJECT,
                                           .closed = true,
                                           .attribute = vendor_file_rows };
static const struct schema vendor_platform = { .either = { &alias, &vendor_file },
                                               .wanted = "an alias, or a file" };
static const struct schema vendor_platforms = { .type = SCHEMA_OBJECT,
                                                .pattern = PATTERN_FILLED_LINE,
                                                .value = &vendor_platform };
static const struct attribute vendor_rows[] = {
    { "version", ALL_FORMATS, ALL_FORMATS, &text },
    { "platforms", ALL_FORMATS, 0, &vendor_platforms },
    { NULL, 0, 0, NULL },
};
static const struct schema vendor = { .type = SCHEMA_OBJECT, .closed = true, .attribute = vendor_rows };
static const struct schema vendors = { .type = SCHEMA_OBJECT,
                                       .pattern = PATTERN_FILLED_LINE,
                                       .value = &vendor };
static const struct attribute gmp_rows[] = {
    { "name", ALL_FORMATS, ALL_FORMATS, &name },
    { "product", ALL_FORMATS, 0, &name },
    { "schema_version", ALL_FORMATS, ALL_FORMATS, &number },
    { "hashFunction", ALL_FORMATS, ALL_FORMATS, &text },
    { "vendors", ALL_FORMATS, ALL_FORMATS, &vendors },
    { NULL, 0, 0, NULL },
};
static const struct schema gmp = { .type = SCHEMA_OBJECT, .closed = true, .attribute = gmp_rows };

static const struct attribute addon_file_rows[] = {
    { "filesize", ALL_FORMATS, ALL_FORMATS, &number },
    { "hashValue", ALL_FORMATS, ALL_FORMATS, &text },
    { "fileUrl", ALL_FORMATS, ALL_FORMATS, &text },
    { NULL, 0, 0, NULL },
};
static const struct schema addon_file = { .type = SCHEMA_OBJECT,
                                          .closed = true,
                                          .attribute = addon_file_rows };
static const struct schema addon_platform = { .either = { &alias, &addon_file },
                                              .wanted = "an alias, or a file" };
static const struct schema addon_platforms = { .type = SCHEMA_OBJECT,
                                               .pattern = PATTERN_FILLED_LINE,
                                               .value = &addon_platform };
static const struct attribute addon_rows[] = {
    { "version", ALL_FORMATS, ALL_FORMATS, &text },
    { "platforms", ALL_FORMATS, 0, &addon_platforms },
    { NULL, 0, 0, NULL },
};
static const struct schema addon = { .type = SCHEMA_OBJECT, .closed = true, .attribute = addon_rows };
static const struct schema addons = { .type = SCHEMA_OBJECT,
                                      .pattern = PATTERN_FILLED_LINE,
                                      .value = &addon };
static const struct attribute uninstalling_rows[] = {
    { "name", ALL_FORMATS, ALL_FORMATS, &name },
    { "product", ALL_FORMATS, 0, &name },
    { "schema_version", ALL_FORMATS, ALL_FORMATS, &number },
    { "hashFunction", ALL_FORMATS, 0, &text },
    { "uninstall", ALL_FORMATS, ALL_FORMATS, &boolean },
    { NULL, 0, 0, NULL },
};
static const struct schema uninstalling = { .type = SCHEMA_OBJECT,
                                            .closed = true,
                                            .attribute = uninstalling_rows };
static const struct attribute installing_rows[] = {
    { "name", ALL_FORMATS, ALL_FORMATS, &name },
    { "product", ALL_FORMATS, 0, &name },
    { "schema_version", ALL_FORMATS, ALL_FORMATS, &number },
    { "hashFunction", ALL_FORMATS, 0, &text },
    { "addons", ALL_FORMATS, ALL_FORMATS, &addons },
    { NULL, 0, 0, NULL },
};
static const struct schema installing = { .type = SCHEMA_OBJECT,
                                          .closed = true,
                                          .attribute = installing_rows };
static const struct schema system_addons = { .type = SCHEMA_OBJECT,
                                             .either = { &uninstalling, &installing },
                                             .wanted = "with either 'uninstall' or 'addons'" };

/* Superblobs. */

static const struct attribute products_rows[] = {
    { "name", ALL_FORMATS, ALL_FORMATS, &name },
    { "product", ALL_FORMATS, 0, &name },
    { "schema_version", ALL_FORMATS, ALL_FORMATS, &number },
    { "products", ALL_FORMATS, ALL_FORMATS, &names },
    { NULL, 0, 0, NULL },
};
static const struct schema of_products = { .type = SCHEMA_OBJECT,
                                           .closed = true,
                                           .attribute = products_rows };
static const struct attribute blobs_rows[] = {
    { "name", ALL_FORMATS, ALL_FORMATS, &name },
    { "product", ALL_FORMATS, 0, &name },
    { "schema_version", ALL_FORMATS, ALL_FORMATS, &number },
    { "blobs", ALL_FORMATS, ALL_FORMATS, &names },
    { NULL, 0, 0, NULL },
};
static const struct schema of_blobs = { .type = SCHEMA_OBJECT, .closed = true, .attribute = blobs_rows };
static const struct schema superblob = { .type = SCHEMA_OBJECT,
                                         .either = { &of_products, &of_blobs },
                                         .wanted = "with either 'products' or 'blobs'" };

/* Desupport, Guardian. */

static const struct attribute desupport_rows[] = {
    { "name", ALL_FORMATS, ALL_FORMATS, &name },
    { "product", ALL_FORMATS, 0, &name },
    { "schema_version", ALL_FORMATS, ALL_FORMATS, &number },
    { "detailsUrl", ALL_FORMATS, ALL_FORMATS, &text },
    { "displayVersion", ALL_FORMATS, ALL_FORMATS, &text },
    { NULL, 0, 0, NULL },
};
static const struct schema desupport = { .type = SCHEMA_OBJECT, .closed = true, .attribute = desupport_rows };

static const struct attribute guardian_file_rows[] = {
    { "fileUrl", ALL_FORMATS, ALL_FORMATS, &text },
    { "hashValue", ALL_FORMATS, ALL_FORMATS, &text },
    { NULL, 0, 0, NULL },
};
static const struct schema guardian_file = { .type = SCHEMA_OBJECT,
                                             .closed = true,
                                             .attribute = guardian_file_rows };
static const struct schema guardian_platforms = {
    .type = SCHEMA_OBJECT, .closed = true, .pattern = PATTERN_FILLED_LINE, .value = &guardian_file
};
static const struct attribute guardian_rows[] = {
    { "name", ALL_FORMATS, ALL_FORMATS, &name },
    { "product", ALL_FORMATS, ALL_FORMATS, &name },
    { "schema_version", ALL_FORMATS, ALL_FORMATS, &number },
    { "version", ALL_FORMATS, ALL_FORMATS, &text },
    { "required", ALL_FORMATS, 0, &boolean },
    { "hashFunction", ALL_FORMATS, ALL_FORMATS, &text },
    { "platforms", ALL_FORMATS, ALL_FORMATS, &guardian_platforms },
    { NULL, 0, 0, NULL },
};
static const struct schema guardian = { .type = SCHEMA_OBJECT, .closed = true, .attribute = guardian_rows };

static const struct blob_schema schemas[] = {
    { 1, APP_V1, &app },
    { 2, APP_V2, &app },
    { 3, APP_V3, &app },
    { 4, APP_V4, &app },
    { 5, APP_V5, &app },
    { 6, APP_V6, &app },
    { 8, APP_V8, &app },
    { 9, APP_V9, &app },
    { 50, OTHER_FORMATS, &desupport },
    { 1000, OTHER_FORMATS, &gmp },
    { 4000, OTHER_FORMATS, &superblob },
    { 5000, OTHER_FORMATS, &system_addons },
    { 10000, OTHER_FORMATS, &guardian },
};

const struct blob_schema *schema_find(double version)
{
    for (size_t i = 0; i < ARRAY_LEN(schemas); i++) {
        if (version == schemas[i].version) {
            return &schemas[i];
        }
    }
    return NULL;
}
