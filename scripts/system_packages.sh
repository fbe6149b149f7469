#!/usr/bin/env bash
# What the tests need from the system: Chromium drives the pages, PostgreSQL keeps records (PgBouncer before it), Redis rings, Ceph's gateway speaks S3. As root on Debian it is installed; elsewhere you are told.
set -euo pipefail

say() { printf 'system packages: %s\n' "$*" >&2; }

has_browser() {
    [ -x "${PROCESSION_TEST_CHROMIUM:-}" ] || command -v chromium >/dev/null
}

has_postgresql() {
    compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || { command -v postgres && command -v initdb; } >/dev/null
}

has_pgbouncer() {
    PATH="$PATH:/usr/sbin" command -v pgbouncer >/dev/null
}

has_redis() {
    { command -v redis-server && command -v redis-cli; } >/dev/null
}

has_s3() {
    { command -v radosgw && command -v ceph-mon && command -v ceph-osd && command -v ceph; } >/dev/null
}

missing=()
has_browser || missing+=(chromium)
has_postgresql || missing+=(postgresql)
has_pgbouncer || missing+=(pgbouncer)
has_redis || missing+=(redis-server)
has_s3 || missing+=(radosgw ceph-mon ceph-osd)
command -v git >/dev/null || missing+=(git)
[ ${#missing[@]} = 0 ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "installing ${missing[*]}"
    apt-get -qq update >&2
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
    exit 0
fi
say "not found: ${missing[*]}. Debian: sudo apt install ${missing[*]}. Or point PROCESSION_TEST_CHROMIUM at a Chromium program."
exit 1
