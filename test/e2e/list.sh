#!/bin/sh
# voltbus list: every list, as text and as JSON that a JSON parser accepts.
set -u
. "$TEST_DIR/e2e/lib.sh"

for list in devices signals commands calls links formats outputs quirks; do
    run "list $list" "$VOLTBUS" list $list
    status_is 0
    run "list $list --json" "$VOLTBUS" list $list --json
    status_is 0
    if python3 -c 'import json, sys
for line in sys.stdin: assert isinstance(json.loads(line), dict)' <"$work/out"; then
        echo "ok $name: JSON"
    else
        fail "not JSON"
    fi
done

run "devices" "$VOLTBUS" list devices
out_has 'hella-ibs'
out_has '--set generation=1|2'
out_has 'wh65b'
run "columns are as wide as the longest name" sh -c "'$VOLTBUS' list devices | grep '^[a-z]' | cut -c 1-22 | sed -n '1,2p'"
out_is 'leaf-battery         c
leaf-battery-groups  c'
run "signals of one device" "$VOLTBUS" list signals --as hella-ibs
out_has 'battery.voltage'
out_has_not 'leaf-battery'
run "signals as JSON" "$VOLTBUS" list signals --as leaf-battery --json
out_has '"signal":"battery.voltage","unit":"V"'
run "devices as JSON have a headline" "$VOLTBUS" list devices --as hella-ibs --json
out_has '"headline":["battery.voltage","battery.current","battery.soc","battery.temperature"]'
run "calls" "$VOLTBUS" list calls --as openevse
out_has 'openevse  set_timer                 ST % % % %        changes  from 1.0.1                Delay timer: start_hour 0 to 23, start_minute 0 to 59, end_hour 0 to 23, end_minute 0 to 59'
out_has 'openevse  set_relay_check           SR %              changes  before 4.0.0              Stuck relay check: state off|on'
run "calls as JSON" "$VOLTBUS" list calls --as openevse --json
out_has '{"device":"openevse","name":"set_time_limit","title":"End this session after a time","form":"S3 %","changes":true,"saved":false,"since":"1.0.3","arguments":[{"name":"time","title":"Time, in steps of 900; 0 = none","unit":"s","min":0,"max":229500}]}'
run "commands" "$VOLTBUS" list commands
out_is 'leaf-vcm             drive.ready       off|on        safe off  Start the car: high voltage on, inverter ready
leaf-vcm             drive.gear        park|reverse|neutral|drive  safe park  Select a gear
leaf-vcm             drive.torque      -340 to 340 Nm  safe 0.00  Turn the motor, or brake with it
leaf-vcm             charge.power      0 to 6600 W   safe 0    Charge with this power from AC; 0 = the charger rests
leaf-vcm             dcdc.voltage      13 to 14.5 V  safe 13.2  Voltage of the 12 V side (AZE0 and later)
nugget-panel         coolbox.level     0 to 5        safe 0    Coolbox level, 0 is off
nugget-led           led.intensity     0 to 10       safe 0    Brightness of the light, 0 is dark (a guess: which nibble)
nugget-led           led.tone          1 to 10       safe 5    Colour tone of the light (a guess: which nibble)
openevse             charge.current    6 to 80 A     safe 6    Current that the car may take, at most'
run "commands of one device as JSON" "$VOLTBUS" list commands --as nugget-panel --json
out_is '{"device":"nugget-panel","name":"coolbox.level","title":"Coolbox level, 0 is off","unit":"","min":0,"max":5,"safe":0}'
run "commands of a device that has none" "$VOLTBUS" list commands --as wh24
status_is 0
out_is ''
run "an unknown list" "$VOLTBUS" list device
status_is 2
err_has "unknown list 'device'; did you mean devices?"
run "no list" "$VOLTBUS" list
status_is 2

for verb in "" $("$VOLTBUS" --help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
    run "help of ${verb:-voltbus}" "$VOLTBUS" $verb --help
    ! grep -E '.{81}' "$work/out" || fail "more than 80 columns"
done

# docs/session.md has every quirk, as the table says it
run "quirks" "$VOLTBUS" list quirks --json
python3 - "$work/out" "$SOURCE_DIR/docs/session.md" <<'EOF' || fail "docs/session.md has another table of quirks"
import json, sys
page = open(sys.argv[2], encoding="utf-8").read()
for line in open(sys.argv[1], encoding="utf-8"):
    quirk = json.loads(line)
    for field in ("name", "title", "means", "helps"):
        if quirk[field] not in page:
            sys.exit(f"{quirk['name']}: {field}")
EOF
finish
