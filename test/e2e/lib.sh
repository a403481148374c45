# lib.sh - what the end-to-end scripts share. Sourced; expects VOLTBUS, TEST_DIR.
# A script prints one line per claim and ends with `finish`.
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# run NAME COMMAND...: keeps standard output, standard error and exit status in $out, $err, $status.
run() {
    name=$1
    shift
    status=0
    "$@" >"$work/out" 2>"$work/err" || status=$?
    out=$(cat "$work/out")
    err=$(cat "$work/err")
}

fail() {
    failed=1
    printf 'FAILED %s: %s\n--- status %s\n--- stdout\n%s\n--- stderr\n%s\n---\n' \
        "$name" "$1" "$status" "$(head -20 "$work/out")" "$(head -20 "$work/err")"
}

# What the last run must have given.
status_is() {
    if [ "$status" != "$1" ]; then fail "expected exit status $1"; else echo "ok $name: status $1"; fi
}
out_is() {
    if [ "$out" != "$1" ]; then fail "expected stdout: $1"; else echo "ok $name: stdout"; fi
}
out_has() {
    case $out in *"$1"*) echo "ok $name: stdout has $1" ;; *) fail "expected in stdout: $1" ;; esac
}
out_has_not() {
    case $out in *"$1"*) fail "not expected in stdout: $1" ;; *) echo "ok $name: stdout has no $1" ;; esac
}
err_is() {
    if [ "$err" != "$1" ]; then fail "expected stderr: $1"; else echo "ok $name: stderr"; fi
}
err_has() {
    case $err in *"$1"*) echo "ok $name: stderr has $1" ;; *) fail "expected in stderr: $1" ;; esac
}

finish() {
    exit $failed
}

# The rest cannot be tested here; what failed before still counts.
skip() {
    [ "$failed" = 0 ] || finish
    echo "skipped: $1"
    exit 77
}
