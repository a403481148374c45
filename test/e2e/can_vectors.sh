#!/bin/sh
# One recording of four frames in every format of CAN logs (test/vectors/can): the same frames, each format's own
# name of the bus, and times as exact as its lines have them. ASC, BLF and TRC are written by python-can 4.1 (TRC
# with a start that it should have), the others by hand.
set -u
. "$TEST_DIR/e2e/lib.sh"
export TZ=UTC

# leaf.FILE, format, link, second of the first frame, unit, does it tell what was sent?
while read -r file format link second unit sent; do
    run "$file" "$FRAMES" --bus "$TEST_DIR/vectors/can/leaf.$file"
    case $unit in # what the file keeps of 0, 10.123, 20, 30.456 ms
    us) times='000000000 010123000 020000000 030456000' ;;
    100us) times='000000000 010100000 020000000 030500000' ;;
    ms) times='000000000 010000000 020000000 030000000' ;;
    float) times='000000000 010123014 019999980 030456066' ;; # python-can counts in floating point
    esac
    direction=R
    [ "$sent" = yes ] && direction=T
    # shellcheck disable=SC2086
    set -- $times
    status_is 0
    err_is ''
    out_is "$format
$second.$1 $link R 1DB#0160B32B32000004
$second.$2 $link R 1DC#6E0A05D50000002B
$second.$3 $link $direction 79B#0221010000000000
$second.$4 $link R 1DB#0160B32B32000181"
done <<EOF
candump.log candump-log can0 1712145600 us yes
candump.txt candump-console can0 1712145600 us yes
asc asc can1 1712145600 us yes
blf blf can1 1712145600 float yes
trc trc can1 1712145600 us yes
crtd crtd can1 1712145600 us yes
savvycan.csv savvycan can0 5 us yes
cabana.csv cabana can0 5 us no
tab.log tab-log can0 5 ms yes
busmaster.log busmaster can1 1712145600 100us yes
microchip.can microchip can 5 ms yes
busmon busmon can1 5 us no
direction.txt direction-log can 43200 ms yes
seconds.csv seconds can 0 us no
pcapng pcapng can0 1712145600 us yes
EOF

# Packed, under a name that tells nothing, and through a pipe that hesitates inside of a line or block.
for file in blf asc trc busmon pcapng; do
    f="$TEST_DIR/vectors/can/leaf.$file"
    gzip -c "$f" >"$work/gzip"
    zstd -qc "$f" >"$work/zstd"
    "$FRAMES" --bus "$f" >"$work/plain"
    for way in gzip zstd pipe; do
        name="$file $way"
        if [ $way = pipe ]; then
            { head -c 170 "$f" && sleep 0.1 && tail -c +171 "$f"; } | "$FRAMES" --bus - >"$work/out" 2>"$work/err"
        else
            "$FRAMES" --bus "$work/$way" >"$work/out" 2>"$work/err"
        fi
        if cmp -s "$work/out" "$work/plain"; then echo "ok $name"; else fail "other frames than of the file"; fi
    done
done

# What no program here unpacks is named.
printf 'BZh91AY&SY' >"$work/packed"
run "bzip2" "$VOLTBUS" decode "$work/packed"
status_is 1
err_has 'packed by bzip2: unpack it first'

finish
