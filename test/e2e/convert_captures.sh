#!/bin/sh
# The files of captures/can as other formats, and back: the same frames but for what the format has not. Each file
# becomes one format in turn; those above 200 kB are of formats that smaller ones have, too.
set -u
. "$TEST_DIR/e2e/lib.sh"
[ -d "${VOLTBUS_CAPTURES:-}" ] || skip "the folder of recordings (../shared/captures) is not there"
export TZ=UTC

# What a format keeps of the lines of frames --bus: seconds, link, direction, ID#DATA. Links become their order.
keeps() {
    sed 1d | awk -v to="$1" '
    { time = $1; link = $2; direction = $3; frame = $4 }
    to != "candump-log" && to != "pcapng" {
        if (to ~ /crtd|savvycan|cabana/ && (frame ~ /#R|##/ || frame ~ /^2.......#/)) next
        if (to ~ /asc|trc/ && frame ~ /^2.......#/) frame = "error"
        if (to == "asc" && frame == "error") direction = "R"
        if (to !~ /cabana|pcap/) sub(/...$/, "000", time)
        if (to ~ /cabana|pcap/) direction = "R"
        if (to == "pcap") link = "-"
        if (to == "cabana" && frame ~ /^00000[0-7]..#/) sub(/^00000/, "", frame)
        if (!(link in order)) order[link] = ++links
        link = order[link]
    }
    to ~ /pcap/ && time ~ /^-/ { time = "0.000000000" }
    { if (time ~ /^-0*$/) time = "0.000000000"; print time, link, direction, frame }'
}

set -- candump-log pcapng candump-console asc trc crtd savvycan cabana pcap
for f in "$VOLTBUS_CAPTURES"/can/*; do
    case $f in *.md | *.7z) continue ;; esac
    [ "$(wc -c <"$f")" -lt 200000 ] || continue
    "$FRAMES" --bus "$f" >"$work/before" 2>/dev/null
    for to in "$1"; do
        name="${f##*/} to $to"
        "$VOLTBUS" convert --force --to "$to" "$f" "$work/there" >"$work/out" 2>"$work/err"
        status=$?
        "$FRAMES" --bus "$work/there" 2>>"$work/err" | keeps "$to" >"$work/out"
        keeps "$to" <"$work/before" >"$work/expected"
        if [ $status != 0 ]; then
            fail "not converted"
        elif cmp -s "$work/expected" "$work/out"; then
            echo "ok $name: $(wc -l <"$work/out") frames"
        else
            fail "other frames: $(diff "$work/expected" "$work/out" | head -6)"
        fi
    done
    first=$1
    shift
    set -- "$@" "$first"
done
finish
