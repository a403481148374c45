#!/bin/sh
# Real recordings that may not be copied into the project: every LIN log and every weather file decodes; what is
# no recording is refused with a clear line. Those of CAN: can_logs.sh.
set -u
. "$TEST_DIR/e2e/lib.sh"
[ -d "${VOLTBUS_CAPTURES:-}" ] || skip "the folder of recordings (../shared/captures) is not there"

for log in "$VOLTBUS_CAPTURES"/lin/*/*; do
    run "lin $(basename "$log")" "$VOLTBUS" decode --json --all "$log"
    status_is 0
    err_has '(apgdt001)'
    # each line of the log is a title, empty, or one frame: nothing is lost without being named
    lines=$(grep -c '^[0-9][0-9]*,[0-9]' "$log")
    err_has ": $lines frames "
    case $err in *"not understood"*) fail "lines not understood" ;; esac
done

run "weather packets" "$VOLTBUS" decode --json "$VOLTBUS_CAPTURES/weather/packets.txt"
status_is 0
err_has '15 frames (hex): 13 decoded, 2 failed, 0 unknown' # two are published with a wrong CRC
run "weather pulse lists, which are no packets" "$VOLTBUS" decode "$VOLTBUS_CAPTURES/weather/rffhem_SD_WS09_testData.json"
status_is 1
err_has 'not a recording that voltbus knows'

run "a packer that is not read" "$VOLTBUS" decode "$VOLTBUS_CAPTURES/can/stellantis_sleep_to_run.7z"
status_is 1
err_has 'packed by 7z: unpack it first'

finish
