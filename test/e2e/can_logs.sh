#!/bin/sh
# Every file of captures/can against readers that are not ours: python-can for ASC, BLF and TRC, a pattern a format
# for the others (can_logs.py). The same frames, times to the last digit, and no line lost without being named; and
# every 1DB, 1DC and 55B of the Leaf logs passes its CRC, bar one damaged line.
set -u
. "$TEST_DIR/e2e/lib.sh"
[ -d "${VOLTBUS_CAPTURES:-}" ] || skip "the folder of recordings (../shared/captures) is not there"
/usr/bin/python3 -c 'import can' 2>/dev/null || skip "python3-can is not installed"

name=can_logs.py
TZ=UTC /usr/bin/python3 "$TEST_DIR/e2e/can_logs.py" "$FRAMES" "$VOLTBUS_CAPTURES/can" >"$work/out" 2>"$work/err"
status=$?
cat "$work/out"
[ $status = 0 ] || fail "a file is not read as others read it"

# The program says the same of the damaged line.
run "the damaged line" "$VOLTBUS" decode --json --as leaf-battery "$VOLTBUS_CAPTURES/can/leaf_ze0_30kwh_quickcharge_ok.txt.gz"
status_is 0
err_has '2388: leaf-battery 1DB: crc:'
err_has ' decoded, 1 failed'

# One recording in three formats: SavvyCAN made the others from the first.
for other in busmaster.log microchip.log; do
    name=$other
    for f in candump.log $other; do
        "$FRAMES" --bus "$VOLTBUS_CAPTURES/can/savvycan_example_$f.gz" | sed 1d | cut -d ' ' -f 4 >"$work/$f"
    done
    if cmp -s "$work/candump.log" "$work/$other"; then
        echo "ok $other: $(wc -l <"$work/$other") frames as in candump.log"
    else
        fail "other frames than in candump.log"
    fi
done

finish
