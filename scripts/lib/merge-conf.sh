# shellcheck shell=bash
# Fills in a configuration file of conf/. The caller sets TOP, the top of the tree.
: "${TOP=}"

# Prints FILE of conf/ with the settings "section.key=value" of standard input, which replace its own.
merge_conf() { # FILE
    awk '
        function put(i) {
            print key[i] " = " value[i]
            done[i] = 1
        }
        function finish_section(i) {
            for (i = 1; i <= n; i++) {
                if (!done[i] && section[i] == current) {
                    put(i)
                }
            }
        }
        FNR == NR {
            eq = index($0, "=")
            name = substr($0, 1, eq - 1)
            match(name, /.*\./)
            s = substr(name, 1, RLENGTH - 1)
            k = substr(name, RLENGTH + 1)
            i = (s SUBSEP k) in at && k != "allow" ? at[s, k] : ++n
            at[s, k] = i
            section[i] = s
            key[i] = k
            value[i] = substr($0, eq + 1)
            next
        }
        /^\[/ {
            finish_section()
            current = substr($0, 2, index($0, "]") - 2)
        }
        {
            k = $0
            sub(/[ \t]*=.*/, "", k)
            if (!((current SUBSEP k) in at) || k == "allow") {
                print
            }
        }
        END {
            finish_section()
            for (i = 1; i <= n; i++) {
                if (!done[i]) {
                    current = section[i]
                    print "\n[" current "]"
                    finish_section()
                }
            }
        }' - "$TOP/conf/$1"
}
