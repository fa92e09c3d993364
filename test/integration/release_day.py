"""What release automation does on a release day, as requests to a sandbox: release_day.sh runs this.

Automation is balrogscript (mozilla-releng/scriptworker-scripts) and the client library that it uses. The requests
below are of our own making, after what those send. Behaviours, and what of each is covered:

  submit-locale, nightly     the release and "latest", made by the first locale; "alias" as JSON text, "null" for a
                             platform without aliases; a second locale; partials; dummy names; a submission that
                             changes nothing; two submitters with one data_version; a lost race and its retry
  v2-submit-locale, nightly  the same on /v2: 404, PUT of a bare release, the same PUT again by who lost the race,
                             POST of a locale, again with and without its version
  submit-toplevel            a v9 blob with updateLine, file URLs by channel and partials; again over what is there;
                             one blob for each suffix; rules updated by alias, HEAD first; an outdated data_version
  v2-submit-toplevel         the same by PUT, again with old_data_versions; pins N. and N.M. of a channel, an older
                             release that does not take a pin
  submit-locale, release     locales into the v1 release, without aliases
  v2-submit-locale, release  locales by POST, twice; what the release must not lose when toplevel comes again
  schedule                   the whole rule back as a scheduled change, with fallbackMapping where everybody had the
                             release, and without; background_rate; force_fallback_mapping_update; pins with a time;
                             sign-offs, enacting; what was scheduled before
  set-readonly               HEAD, PUT read_only; no submission gets in afterwards
  submit-system-addons       one release by POST; a second time

After each, what clients are served. Every answer that has a body must be JSON, since the library parses it.

usage: release_day.py ADMIN_URL PUBLIC_URL"""

import copy
import json
import sys
import time
import urllib.error
import urllib.request

ADMIN, PUBLIC = sys.argv[1:3]
BOT = "ffxbld"  # a machine's account
LATER = 4102444800000
HASH = "ab" * 64
ALIASES = ["Darwin_aarch64-gcc3", "Darwin_x86_64-gcc3"]
LINUX, MAC, WIN = "Linux_x86_64-gcc3", "Darwin_x86_64-gcc3-u-i386-x86_64", "WINNT_x86_64-msvc"
passed = failed = 0


def fail(what, *details):
    global failed
    failed += 1
    print(f"FAILED: {what}", *(f"  {d}" for d in details), sep="\n", file=sys.stderr)


def check(what, wanted, got):
    global passed
    if wanted == got:
        passed += 1
    else:
        fail(what, f"wanted: {wanted}", f"got:    {got}")


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.text = status, headers, body
        self.json = json.loads(body) if body.strip() and not body.startswith("<") else None
        self.version = int(headers.get("X-Data-Version", 0))

    def at(self, *path):
        """What is in the JSON at PATH, or None."""
        value = self.json
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        return value


def request(method, url, body=None, headers=None):
    data = None if body is None else json.dumps(body).encode()
    r = urllib.request.Request(url, data, {"Content-Type": "application/json", "Accept": "application/json", **(headers or {})}, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(r, timeout=30) as answer:
            return Answer(answer.status, answer.headers, answer.read().decode())
    except urllib.error.HTTPError as e:
        return Answer(e.code, e.headers, e.read().decode())


def step(status, method, path, body=None, user=BOT):
    """One request of automation's, and the status that it must have."""
    answer = request(method, f"{ADMIN}/api{path}", body, {"X-Test-User": user, "Referer": f"{ADMIN}/api"})
    if answer.status == status:
        check("", None, None)
    else:
        fail(f"{method} {path}", f"wanted: {status}", f"got:    {answer.status} {answer.text[:300]}")
    return answer


def served(what, wanted, product, version, build, target, channel, locale="de", query=""):
    """Clients get an answer with WANTED in it ("": no update), within 5 seconds."""
    url = f"{PUBLIC}/update/6/{product}/{version}/{build}/{target}/{locale}/{channel}/x/ISET:SSE4_2,MEM:8192/default/default/update.xml{query}"
    end = time.monotonic() + 5
    while True:
        text = request("GET", url).text
        if wanted in text if wanted else "<update " not in text:
            return check(what, None, None)
        if time.monotonic() > end:
            return fail(what, f"wanted: {wanted or 'no update'}", f"got:    {text[:300]}")
        time.sleep(0.05)


def mar(size, from_="*", url=None):
    entry = {"from": from_, "filesize": size, "hashValue": HASH}
    return {**entry, "fileUrl": url} if url else entry


# ---- what the client library does ----


def locale_data(release, platform, locale):
    """What is there before a locale is submitted: its data, and the release's version (0: no release)."""
    top = request("GET", f"{ADMIN}/api/releases/{release}")
    if top.status == 404:
        return {}, 0
    one = request("GET", f"{ADMIN}/api/releases/{release}/builds/{platform}/{locale}")
    return one.json if one.status == 200 else {}, top.version


def put_locale(status, release, platform, locale, data, version, schema, product="Firefox", alias=None, user=BOT):
    """HEAD of the release, then PUT of the locale with VERSION, or where there is none, what HEAD said."""
    head = step(200 if version or release in made else 404, "HEAD", f"/releases/{release}", user=user)
    made.add(release)
    body = {"product": product, "data": json.dumps(data), "hashFunction": "sha512", "schema_version": schema}
    if alias is not None:
        body["alias"] = alias
    if version or head.version:
        body["data_version"] = version or head.version
    return step(status, "PUT", f"/releases/{release}/builds/{platform}/{locale}", body, user)


made = set()


# ---- nightlies ----


def nightly_data(branch, build, before=None):
    url = f"https://archive.mozilla.org/pub/firefox/nightly/{build}/"
    data = {"buildID": build, "appVersion": "102.0a1", "platformVersion": "102.0a1", "displayVersion": "102.0a1",
            "completes": [mar(1000, url=url + "complete.mar")]}
    if before:
        data["partials"] = [mar(10, f"Firefox-{branch}-nightly-{before}", url + "partial.mar")]
    return data


def nightly_locale(branch, build, platform, locale, aliases, before=None, status=201):
    """A locale of a nightly: into the release of its build, then into "latest"."""
    alias = json.dumps(aliases)  # None: "null"
    data = nightly_data(branch, build, before)
    for release in (f"Firefox-{branch}-nightly-{build}", f"Firefox-{branch}-nightly-latest"):
        now, version = locale_data(release, platform, locale)
        if now != data:
            put_locale(200 if now else status, release, platform, locale, data, version, 4, alias=alias)
    return data


def submit_nightlies():
    first, second = "20220501000000", "20220502000000"
    branch = "mozilla-central"
    nightly_locale(branch, first, LINUX, "de", None)
    nightly_locale(branch, first, MAC, "de", ALIASES)
    nightly_locale(branch, first, LINUX, "fr", None)
    latest = f"Firefox-{branch}-nightly-latest"
    served("the first nightly", f"nightly/{first}/complete.mar", "Firefox", "101.0a1", "20220401000000", LINUX, "nightly")
    served("of an alias, too", f"nightly/{first}/complete.mar", "Firefox", "101.0a1", "20220401000000", ALIASES[0], "nightly")
    data = nightly_locale(branch, second, LINUX, "de", None, first)
    check("a platform without aliases gets none", {LINUX}, set(step(200, "GET", f"/releases/Firefox-{branch}-nightly-{second}").at("platforms")))
    served("a partial from the first", f"nightly/{second}/partial.mar", "Firefox", "102.0a1", first, LINUX, "nightly")
    served("a complete for older ones", f"nightly/{second}/complete.mar", "Firefox", "101.0a1", "20220401000000", LINUX, "nightly")

    now, version = locale_data(latest, LINUX, "de")
    check("a submission that changes nothing is seen to", data, now)
    # Two who saw the same version, with different locales: both get in.
    put_locale(201, latest, LINUX, "it", nightly_data(branch, second), version, 4, alias="null")
    put_locale(201, latest, LINUX, "ja", nightly_data(branch, second), version, 4, alias="null")
    # With the same locale one of them has to begin again.
    put_locale(200, latest, LINUX, "it", nightly_data(branch, "20220502050000", first), version + 2, 4, alias="null")
    lost = nightly_data(branch, "20220502100000", first)
    put_locale(400, latest, LINUX, "it", lost, version + 2, 4, alias="null")
    now, version = locale_data(latest, LINUX, "it")
    put_locale(200, latest, LINUX, "it", lost, version, 4, alias="null")
    check("nothing got lost", {"de", "fr", "it", "ja"}, set(step(200, "GET", f"/releases/{latest}").at("platforms", LINUX, "locales")))
    nightly_locale(f"{branch}-dummy", second, WIN, "de", ["WINNT_x86_64-msvc-x64"])
    step(401, "PUT", f"/releases/{latest}/builds/{LINUX}/it", {"product": "Firefox", "data": "{}"}, user="")
    put_locale(403, latest, LINUX, "it", lost, version + 1, 4, alias="null", user="tbirdbld")


def submit_nightlies_v2():
    """GET, PUT of a release with nothing in it where there is none, POST of the locale."""
    build = "20220503000000"
    data = nightly_data("oak", build)
    for release in (f"Firefox-oak-nightly-{build}", "Firefox-oak-nightly-latest"):
        path = f"/v2/releases/{release}"
        bare = {"blob": {"name": release, "hashFunction": "sha512", "schema_version": 4}, "product": "Firefox"}
        part = {"blob": {"platforms": {LINUX: {"locales": {"de": data}}}}, "old_data_versions": {"platforms": {LINUX: {"locales": {}}}}}
        step(404, "GET", path)
        step(200, "PUT", path, bare)
        step(200, "PUT", path, bare)  # another submitter, who saw the 404 too
        check("the locale's version", 1, step(200, "POST", path, part).at("platforms", LINUX, "locales", "de"))
        step(200, "POST", path, part)  # the same again
        changed = copy.deepcopy(part)
        changed["blob"]["platforms"][LINUX]["locales"]["de"]["completes"][0]["filesize"] = 1001
        step(400, "POST", path, changed)  # without its version
        versions = step(200, "GET", path).at("data_versions")
        changed["old_data_versions"]["platforms"][LINUX]["locales"]["de"] = versions["platforms"][LINUX]["locales"]["de"]
        check("and then", 2, step(200, "POST", path, changed).at("platforms", LINUX, "locales", "de"))
        step(400, "POST", path, {**changed, "blob": {"platforms": {LINUX: {"locales": {"de": nightly_data("oak", "20220503000001")}}}}})
        step(200, "POST", path, {"blob": {"platforms": {WIN: {"locales": {"fr": data}}}}, "old_data_versions": {"platforms": {WIN: {"locales": {}}}}})
    served("a nightly of v2", 'size="1001"', "Firefox", "101.0a1", "20220401000000", LINUX, "nightly-oak")


# ---- releases ----


def toplevel(version, before, line=None, extra_channels=("release-localtest",)):
    """The blob that submit-toplevel makes, without name, schema_version and hashFunction."""
    urls = {}
    for channel in ("*", *extra_channels):
        if "localtest" in channel:
            complete = f"https://archive.mozilla.org/pub/firefox/candidates/{version}-candidates/build1/update/%OS_FTP%/%LOCALE%/firefox-{version}.complete.mar"
            partial = f"https://archive.mozilla.org/pub/firefox/candidates/{version}-candidates/build1/update/%OS_FTP%/%LOCALE%/firefox-{before}-{version}.partial.mar"
        else:
            complete = f"https://download.mozilla.org/?product=firefox-{version}-complete&os=%OS_BOUNCER%&lang=%LOCALE%"
            partial = f"https://download.mozilla.org/?product=firefox-{version}-partial-{before}&os=%OS_BOUNCER%&lang=%LOCALE%"
        urls[channel] = {"completes": {"*": complete}, "partials": {f"Firefox-{before}-build1": partial}}
    line = line or [{"for": {}, "fields": {"detailsURL": f"https://www.mozilla.org/%LOCALE%/firefox/{version}/releasenotes/", "type": "minor"}}]
    return {"appVersion": version, "displayVersion": version, "updateLine": line, "fileUrls": urls,
            "platforms": {LINUX: {"OS_BOUNCER": "linux64", "OS_FTP": "linux-x86_64"}, MAC: {"OS_BOUNCER": "osx", "OS_FTP": "mac"},
                          ALIASES[0]: {"alias": MAC}, ALIASES[1]: {"alias": MAC}}}


def release_locale(version, build, before):
    return {"buildID": build, "appVersion": version, "displayVersion": version, "completes": [mar(2000)],
            "partials": [mar(20, f"Firefox-{before}-build1")]}


def push(name, rules):
    """Rules are set to the release: HEAD for the version, then POST."""
    for rule in rules:
        version = step(200, "HEAD", f"/rules/{rule}").version
        check(f"rule {rule}", version + 1, step(200, "POST", f"/rules/{rule}", {"mapping": name, "data_version": version}).at("new_data_version"))


def submit_release():
    """Firefox 100.0, v1."""
    whats_new = [{"for": {"locales": ["de"]}, "fields": {"actions": "showURL", "openURL": "https://www.mozilla.org/%LOCALE%/firefox/100.0/whatsnew/"}},
                 {"for": {}, "fields": {"detailsURL": "https://www.mozilla.org/%LOCALE%/firefox/100.0/releasenotes/", "type": "minor"}}]
    for suffix, line in (("", whats_new), ("-No-WNP", None)):
        name = f"Firefox-100.0-build1{suffix}"
        body = {"name": name, "product": "Firefox", "hashFunction": "sha512", "schema_version": 9, "data": json.dumps(toplevel("100.0", "99.0", line))}
        step(404, "GET", f"/releases/{name}")
        step(404, "HEAD", f"/releases/{name}")
        step(201, "POST", f"/releases/{name}", body)
        for platform, locale in ((LINUX, "de"), (MAC, "de"), (LINUX, "fr")):
            made.add(name)
            now, version = locale_data(name, platform, locale)
            check("there is no such locale yet", {}, now)
            put_locale(201, name, platform, locale, release_locale("100.0", "20220601000000", "99.0"), version, 9)
        # Toplevel again, over what is there: the locales stay.
        there = step(200, "GET", f"/releases/{name}")
        body["data"] = json.dumps({**there.json, **toplevel("100.0", "99.0", line), "platforms": there.json["platforms"]})
        step(200, "HEAD", f"/releases/{name}")
        step(200, "POST", f"/releases/{name}", {**body, "data_version": there.version})
        check("the locales are still there", {"de", "fr"}, set(step(200, "GET", f"/releases/{name}").at("platforms", LINUX, "locales")))
    push("Firefox-100.0-build1", ["localtest", "cdntest"])
    old = {"mapping": "Firefox-100.0-build1-No-WNP", "data_version": 1}
    check("an outdated version", "OutdatedDataError", step(400, "POST", "/rules/cdntest", old).at("detail"))
    push("Firefox-100.0-build1-No-WNP", ["cdntest"])  # what a retry does
    served("localtest", "candidates/100.0-candidates/build1/update/linux-x86_64/de/firefox-100.0.complete.mar", "Firefox", "98.0", "20220101000000", LINUX, "release-localtest")
    served("what is new", "whatsnew", "Firefox", "98.0", "20220101000000", LINUX, "release-localtest")
    served("cdntest", "product=firefox-100.0-complete&amp;os=osx&amp;lang=de", "Firefox", "98.0", "20220101000000", ALIASES[1], "release-cdntest")
    served("a partial", "partial-99.0", "Firefox", "99.0", "20220102000000", LINUX, "release-cdntest")


def submit_release_v2(version, before, build, channel):
    """A Firefox in the v2 tables, with its pins. Returns its name."""
    name = f"Firefox-{version}-build1"
    path = f"/v2/releases/{name}"
    blob = {**toplevel(version, before), "schema_version": 9, "hashFunction": "sha512", "name": name}
    step(404, "GET", path)
    step(200, "PUT", path, {"product": "Firefox", "blob": blob})
    for platform, locale in ((LINUX, "de"), (MAC, "de"), (LINUX, "fr")):
        part = {"blob": {"platforms": {platform: {"locales": {locale: release_locale(version, build, before)}}}}, "old_data_versions": {"platforms": {platform: {"locales": {}}}}}
        step(200, "POST", path, part)
        step(200, "POST", path, part)  # the answer got lost
    # Toplevel again: what was read goes back with its versions, changed.
    there = step(200, "GET", path)
    again = {**there.json["blob"], "updateLine": [{"for": {}, "fields": {"detailsURL": f"https://www.mozilla.org/%LOCALE%/firefox/{version}/notes/", "type": "minor"}}]}
    step(200, "PUT", path, {"product": "Firefox", "blob": again, "old_data_versions": there.json["data_versions"]})
    check("outdated by now", "OutdatedDataError", step(400, "PUT", path, {"product": "Firefox", "blob": {**again, "displayVersion": "x"}, "old_data_versions": there.json["data_versions"]}).at("detail"))
    check("only the base changed", {".": 2, "platforms": {LINUX: {"locales": {"de": 1, "fr": 1}}, MAC: {"locales": {"de": 1}}}},
          step(200, "GET", f"{path}/data_versions").at("data_versions"))
    push(name, ["localtest"])
    major, minor = version.split(".")[:2]
    for pin in (f"{major}.", f"{major}.{minor}."):
        step(200, "PUT", f"{path}/pinnable", {"product": "Firefox", "channel": channel, "version": pin})
    served(f"{version} on localtest", f"firefox-{version}.complete.mar", "Firefox", "98.0", "20220101000000", LINUX, "release-localtest")
    return name


# ---- scheduling ----


def schedule_rule(name, rule, rate=None, force=False, user=BOT):
    """As automation does it: the whole rule is read and sent back. Returns the answer."""
    read = step(200, "GET", f"/rules/{rule}", user=user)
    data = dict(read.json)
    if data["backgroundRate"] == 100 or force:
        data["fallbackMapping"] = data["mapping"]
    data.update(mapping=name, data_verison=read.version, rule_id=rule, change_type="update", when=LATER)
    if rate:
        data["backgroundRate"] = rate
    step(200, "HEAD", f"/rules/{rule}", user=user)
    return request("POST", f"{ADMIN}/api/scheduled_changes/rules", data, {"X-Test-User": user})


def sign_and_enact(kind, sc_id):
    for user, role in (("qa@example.com", "qa"), ("relman@example.com", "relman")):
        step(200, "POST", f"/scheduled_changes/{kind}/{sc_id}/signoffs", {"role": role}, user)
    step(200, "POST", f"/scheduled_changes/{kind}/{sc_id}/enact", {}, "balrogagent")


def schedule_releases(name):
    live = step(200, "GET", "/rules/1")
    answer = schedule_rule(name, 1, 25)
    check("scheduled", (200, {}), (answer.status, answer.at("signoffs")))
    change = step(200, "GET", f"/scheduled_changes/rules/{answer.at('sc_id')}").at("scheduled_change")
    check("what was served to all becomes the fallback", (name, live.at("mapping"), 25),
          (change["mapping"], change["fallbackMapping"], change["backgroundRate"]))
    check("and needs", {"qa": 1, "relman": 1}, change["required_signoffs"])
    twice = schedule_rule(name, 1, 25)
    check("a second time", (400, "ChangeScheduledError"), (twice.status, twice.at("detail")))
    step(400, "POST", "/rules/1", {"mapping": name, "data_version": live.version})
    step(400, "POST", f"/scheduled_changes/rules/{answer.at('sc_id')}/enact", {}, "balrogagent")
    served("nothing has changed yet", "firefox-99.0", "Firefox", "98.0", "20220101000000", LINUX, "release")
    for pin in ("101.", "101.0."):
        check("a pin with a time", "insert", step(200, "PUT", f"/v2/releases/{name}/pinnable",
              {"product": "Firefox", "channel": "release", "version": pin, "when": LATER}).at(".", "change_type"))
    sign_and_enact("rules", answer.at("sc_id"))
    served("enacted, for who asks", "product=firefox-101.0-complete", "Firefox", "98.0", "20220101000000", LINUX, "release", query="?force=1")
    served("the others have what they had", "firefox-99.0", "Firefox", "98.0", "20220101000000", LINUX, "release", query="?force=-1")
    # At 25 percent the mapping may not become the fallback, unless that is asked for.
    answer = schedule_rule("Firefox-100.0-build1", 1)
    change = step(200, "GET", f"/scheduled_changes/rules/{answer.at('sc_id')}").at("scheduled_change")
    check("the fallback stays", live.at("mapping"), change["fallbackMapping"])
    step(200, "DELETE", f"/scheduled_changes/rules/{answer.at('sc_id')}?data_version=1")
    answer = schedule_rule("Firefox-100.0-build1", 1, 100, True)
    change = step(200, "GET", f"/scheduled_changes/rules/{answer.at('sc_id')}").at("scheduled_change")
    check("the fallback is renewed", name, change["fallbackMapping"])
    step(200, "DELETE", f"/scheduled_changes/rules/{answer.at('sc_id')}?data_version=1")
    check("who may not", 403, schedule_rule(name, 1, user="tbirdbld").status)
    for pin in step(200, "GET", "/scheduled_changes/pinnable_releases").at("scheduled_changes"):
        step(200, "POST", f"/scheduled_changes/pinnable_releases/{pin['sc_id']}/enact", {}, "balrogagent")
    served("the pins", "firefox-101.0-complete", "Firefox", "98.0", "20220101000000", LINUX, "release", query="?force=1&pin=101.0.")


def set_read_only():
    name = "Firefox-100.0-build1"
    version = step(200, "HEAD", f"/releases/{name}").version
    check("read-only", version + 1, step(201, "PUT", f"/releases/{name}/read_only", {"read_only": True, "data_version": version}).at("new_data_version"))
    check("twice", version + 1, step(201, "PUT", f"/releases/{name}/read_only", {"read_only": True, "data_version": version + 1}).at("new_data_version"))
    put_locale(403, name, LINUX, "ja", release_locale("100.0", "20220601000000", "99.0"), version + 1, 9)
    step(403, "POST", f"/releases/{name}", {"name": name, "product": "Firefox", "schema_version": 9, "data": '{"displayVersion": "x"}', "data_version": version + 1})


def submit_system_addons():
    platforms = {p: {"alias": "default"} for p in (LINUX, MAC, WIN, *ALIASES)}
    platforms["default"] = {"fileUrl": "https://archive.mozilla.org/pub/system-addons/a@1/a@1.xpi", "filesize": 3000, "hashValue": HASH}
    blob = {"addons": {"a@mozilla.org": {"platforms": platforms, "version": "1"}}, "hashFunction": "sha512", "name": "a@1", "product": "SystemAddons", "schema_version": 5000}
    body = {"blob": json.dumps(blob), "name": "a@1", "product": "SystemAddons"}
    check("a system add-on", 1, step(201, "POST", "/releases", body).at("new_data_version"))
    step(400, "POST", "/releases", body)
    push("a@1", ["addons"])
    served("it is served", "a@1.xpi", "SystemAddons", "98.0", "20220101000000", MAC, "release")


def main():
    submit_nightlies()
    submit_nightlies_v2()
    submit_release()
    name = submit_release_v2("101.0", "99.0", "20220701000000", "release-localtest")
    submit_release_v2("101.0.1", "99.0", "20220708000000", "release-localtest")
    pin = {"product": "Firefox", "channel": "release-localtest", "version": "101."}
    check("the pin stays at the newer release", True, step(200, "PUT", f"/v2/releases/{name}/pinnable", pin).at("pin_not_set"))
    schedule_releases(name)
    set_read_only()
    submit_system_addons()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
