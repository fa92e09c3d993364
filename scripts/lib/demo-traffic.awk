# Made-up lines of nginx's log (log_format balrog_public): the update queries of the 24 hours before NOW (seconds since 1970),
# oldest first, LINES of them. There are most of them at the ends, and more and more clients of the release channel have taken
# 130.0. The random numbers begin anew each time, so only the times differ from one demo to the next.
# usage: TZ=UTC awk -v now=NOW -v lines=LINES -f demo-traffic.awk

function chance() {
    seed = (seed * 16807) % 2147483647
    return seed / 2147483647
}

# One of the items of a list "weight item weight item …", in proportion to the weights.
function pick(list,    item, n, i, sum, at) {
    n = split(list, item, " ")
    for (i = 1; i < n; i += 2) {
        sum += item[i]
    }
    at = chance() * sum
    for (i = 1; i < n - 2 && at >= item[i]; i += 2) {
        at -= item[i]
    }
    return item[i + 1]
}

# The version and build ID that a client has, when PART (0 to 1) of the day is over.
function version(product, channel, part) {
    if (product == "Thunderbird") {
        return pick("70 128.2.0/20240829143210 26 115.14.0/20240805160811 4 102.15.1/20230914143210")
    } else if (channel == "beta") {
        return pick("64 131.0/20240911091532 31 130.0/20240826153210 5 129.0/20240729120000")
    } else if (channel == "nightly") {
        return pick("75 132.0a1/20240912213104 25 132.0a1/20240911093210")
    }
    return pick((8 + 16 * part) " 130.0/20240829075237 " (72 - 14 * part) " 129.0/20240801122119 14 128.0/20240704121409 " \
        "5 115.14.0/20240722163137 1 71.0/20191202093317")
}

function computer(build) {
    if (build ~ /^20240722/) {
        return "WINNT_x86_64-msvc-x64 Windows_NT%206.1.0.0.7601"
    }
    return pick("66 WINNT_x86_64-msvc-x64,Windows_NT%2010.0.0.0.19045 9 WINNT_x86-msvc-x64,Windows_NT%2010.0.0.0.19045 " \
        "3 WINNT_aarch64-msvc-aarch64,Windows_NT%2010.0.0.0.22631 9 Darwin_aarch64-gcc3,Darwin%2023.6.0 " \
        "5 Darwin_x86_64-gcc3-u-i386-x86_64,Darwin%2022.6.0 8 Linux_x86_64-gcc3,Linux%206.1.0")
}

BEGIN {
    seed = 20240829
    for (i = 0; i < lines; i++) {
        part = i / lines
        part -= 0.08 * sin(2 * 3.14159265 * part) # fewest twelve hours ago
        at = now - 86400 + int(86400 * part)
        place = pick("62 Firefox/release 10 Firefox/beta 7 Firefox/nightly 15 Thunderbird/release 4 Thunderbird/beta 2 GMP/release")
        split(place, p, "/")
        running = version(p[1], p[2], part)
        os = computer(substr(running, index(running, "/") + 1))
        sub(/,/, " ", os)
        split(os, s, " ")
        locale = pick("44 en-US 13 de 10 fr 8 es-ES 7 ja 7 pt-BR 6 ru 5 zh-CN")
        memory = pick("50 16384 30 8192 15 32768 5 4096")
        printf("{\"time\":\"%s\",\"request_id\":\"%032x\",\"client\":\"192.0.2.1\",", \
            strftime("%Y-%m-%dT%H:%M:%S+00:00", at), i)
        printf("\"request\":\"GET /update/6/%s/%s/%s/%s/%s/%s/ISET:SSE4_2,MEM:%s/default/default/update.xml HTTP/1.1\",", \
            p[1], running, s[1], locale, p[2], s[2], memory)
        print "\"status\":200,\"bytes\":700,\"seconds\":0.000,\"upstream_status\":\"200\",\"upstream_seconds\":\"0.000\"," \
            "\"backend\":\"stable\",\"cache\":\"MISS\",\"host\":\"localhost\",\"agent\":\"\"}"
    }
}
