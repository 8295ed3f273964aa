#!/usr/bin/env bash
# Installs what the integration tests run against, as far as it is missing and we may.
# Without the means it says what is missing; the tests then skip with their reason (STRICT=1: this fails).
set -uo pipefail

packages=(
    gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-base gstreamer1.0-plugins-good
    gstreamer1.0-plugins-bad # with the three above: an RTSP server
    nginx-light libnginx-mod-rtmp # an RTMP server
    webhook                  # a receiver that is not ours
    nats-server redis-server mosquitto # brokers
    postgresql               # the other database
    curl                     # types the tutorial
    faketime                 # sets the clock of one process
    python3-swift            # an S3 store that checks signatures
    nodejs npm               # a second language's client
    python3-keystone         # another identity service; half a minute, for it brings some 120 packages
)

say() { printf '%s\n' "neighbours: $*" >&2; }
installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
give_up() {
    say "$*"
    say "tests that need a missing neighbour are skipped, or fail with STRICT=1"
    [ -z "${STRICT:-}" ]
    exit
}

modules=$(dirname "$0")/../.make/npm # nothing of it is in the repository; what node and npm are there are good enough
scripts=( # a client in another language; an S3 store of another make; Azure's emulator
    @huaweicloud/huaweicloud-sdk-core uuid@9 s3rver azurite
)
javascript() {
    local script
    for script in "${scripts[@]}"; do
        [ -f "$modules/node_modules/${script%@[0-9]*}/package.json" ] && continue
        command -v npm >/dev/null || { say "no npm: the tests of its client and with its servers are skipped"; return 1; }
        mkdir -p "$modules"
        npm install --prefix "$modules" --no-package-lock --no-save --no-audit --no-fund --loglevel error \
            "${scripts[@]}" </dev/null >&2 || { say "npm could not install ${scripts[*]}"; return 1; }
        return
    done
}
finish() {
    javascript || [ -z "${STRICT:-}" ]
    exit
}

missing=()
for package in "${packages[@]}"; do
    case $package in nodejs | npm) command -v "${package/nodejs/node}" >/dev/null && continue ;; esac
    installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || finish

command -v apt-get >/dev/null || give_up "missing, and this is no Debian: ${missing[*]}"
if [ "$(id -u)" = 0 ]; then
    as_root=()
elif sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
else
    give_up "missing, and only root can install them: apt install ${missing[*]}"
fi

say "installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive "$@" </dev/null >"$log" 2>&1; }
quietly apt-get update -q || say "apt-get update failed ($(tail -n 1 "$log")); going on with the lists that are there"
quietly apt-get install -q -y --no-install-recommends "${missing[@]}" ||
    give_up "apt could not install them: $(grep -E '^E:' "$log" | head -n 1)"
finish
