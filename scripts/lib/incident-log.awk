# Prints warnings and errors of the programs' logs (mozlog 2.0, one JSON object per line) for scripts/incident, as
# "SECONDS DATE TIME LEVEL PROGRAM TYPE: MESSAGE": with groups=1 the newest line of each program and type, with how many there are;
# else all of them.

function text(name, at, rest) {
    at = index($0, "\"" name "\": \"")
    rest = substr($0, at + length(name) + 5)
    return !at ? "" : match(rest, /^([^"\\]|\\.)*/) ? substr(rest, 1, RLENGTH) : ""
}

/"Severity": [45]00/ && match($0, /"Timestamp": [0-9]+/) {
    seconds = substr($0, RSTART + 13, 10)
    key = text("Logger") " " text("Type")
    line = seconds " " strftime("%Y-%m-%d %H:%M:%S", seconds, 1) " " (/"Severity": 500/ ? "ERROR" : "warning") " " key ": " text("message")
    if (!groups) {
        print line
    }
    n[key]++
    if (seconds >= newest[key]) {
        newest[key] = seconds
        last[key] = line
    }
}
END {
    for (key in last) {
        if (groups) {
            print last[key] (n[key] > 1 ? " [newest of " n[key] "]" : "")
        }
    }
}
