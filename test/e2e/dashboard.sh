#!/bin/sh
# dashboard.sh - the page of `voltbus demo` in a real browser: it loads, moves, plots, commands, is refused.
# PICTURES=folder keeps the screenshots, which are those of the README (make picture).
set -eu
. "$TEST_DIR/e2e/lib.sh"
modules="$SOURCE_DIR/build/web/source"
[ -d "$modules/node_modules" ] || skip "the page is not built in (VOLTBUS_WEB=OFF)"
command -v chromium >/dev/null || skip "chromium is not installed"

VB_WEB="$modules" node --test "$TEST_DIR/web/store.test.mjs" >"$work/store" 2>&1 || {
    cat "$work/store"
    name="the store of the page" status=1 fail "its tests fail"
}

TMPDIR="$work" "$VOLTBUS" demo --port 18490 --for 120s >"$work/demo" 2>&1 &
pid=$!
trap 'kill $pid 2>/dev/null || true; wait $pid 2>/dev/null || true; rm -rf "$work"' EXIT
url=
for _ in $(seq 1000); do
    url=$(sed -n 's/.*open \(http:[^ ]*\).*/\1/p' "$work/demo")
    [ -z "$url" ] || break
    sleep 0.1
done
pictures=${PICTURES:-$work/pictures}
mkdir -p "$pictures"
node "$TEST_DIR/web/dashboard.mjs" "$url" "$pictures" "$modules" || failed=1
finish
