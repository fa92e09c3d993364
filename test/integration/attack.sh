#!/bin/bash
# The stateful attacker of test/attack against a sandbox of its own: 30 s, or 10 minutes with BALROG_TEST_FULL=1. It plays
# fresh seeds each time and prints them; BALROG_ATTACK_SEED repeats one.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    cat <<'EOT'
usage: attack.sh [OPTION…]   (BALROG_BUILD: where the programs were built, build/ by default)
The options are those of test/attack/run.py; see its --help. BALROG_TEST_FULL=1: 10 minutes instead of 30 s.
BALROG_ATTACK_SEED: the first episode's seed.
EOT
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
export BALROG_TEMPLATES=${BALROG_TEMPLATES-$(realpath -m -- "${BALROG_BUILD:-$TOP/build}")/templates}
SECONDS_TO_PLAY=30
[[ -z ${BALROG_TEST_FULL-} ]] || SECONDS_TO_PLAY=600
SEED=${BALROG_ATTACK_SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}

exec python3 "$TOP/test/attack/run.py" --seed "$SEED" --seconds "$SECONDS_TO_PLAY" --shrink 20 "$@"
