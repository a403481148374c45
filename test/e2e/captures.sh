#!/bin/sh
# Real recordings that may not be copied into the project: every LIN log, every weather file and every
# candump file decodes; every other CAN file is read or refused with a clear line; nothing crashes.
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

# Leaf candump logs: every 1DB, 1DC and 55B passes its CRC. The counts are those of grep.
for name in battery_only quickcharge; do
    log="$VOLTBUS_CAPTURES/can/leaf_ze1_62kwh_$name.txt.gz"
    run "leaf $name" "$VOLTBUS" decode --json --as leaf-battery "$log"
    status_is 0
    err_has ' 0 failed'
    out_has_not '"error"'
    for id in 1DB 1DC 55B; do
        frames=$(zcat "$log" | tr -d '\000' | grep -c "^  can0  $id ")
        good=$(grep -c "\"frame\":\"$id\",\"values\"" "$work/out")
        if [ "$frames" = "$good" ] && [ "$good" -gt 40 ]; then
            echo "ok $name: $good of $frames frames $id"
        else
            fail "$good of $frames frames $id are good"
        fi
    done
done

run "a candump -L log of another car" "$VOLTBUS" decode --json "$VOLTBUS_CAPTURES/can/savvycan_example_candump.log.gz"
status_is 0
err_has ': 12974 frames (candump-log)'

# formats of a later day: their lines begin with numbers, which are no radio packets
for name in leaf_ze0_30kwh_quickcharge_ok.txt.gz savvycan_example_microchip.log.gz; do
    run "can $name" "$VOLTBUS" decode --csv "$VOLTBUS_CAPTURES/can/$name"
    status_is 1
    err_has 'not a recording that voltbus knows'
done

# Recordings of other tools: refused, not misread.
for log in "$VOLTBUS_CAPTURES"/can/*; do
    run "can $(basename "$log")" "$VOLTBUS" decode --csv "$log"
    case $log in
    *candump.log.gz) status_is 0 && err_has '(candump-log)' ;;
    *battery_only.txt.gz | *quickcharge.txt.gz) status_is 0 && err_has '(candump-console)' ;;
    *.7z) status_is 1 && err_has 'packed by 7z: unpack it first' ;;
    *) status_is 1 && err_has 'not a recording that voltbus knows' ;;
    esac
done

finish
