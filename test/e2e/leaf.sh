#!/bin/sh
# leaf.sh - voltbus plays the VCM of a simulated Leaf: ready, a torque profile, off; a charge with 3.3 kW, then 1 kW, off.
# The run is recorded, and the recording has the values that the gateway had. Then everything that must end safely.
set -eu
. "$TEST_DIR/e2e/lib.sh"
. "$TEST_DIR/e2e/gateway.sh"
in_time

calls=tcp://127.0.0.1:18576
start sim leaf "pty:$work/leaf" --set generation=aze0 --calls listen://127.0.0.1:18576
simulator=$started
is "a car" wait_for 5 test -L "$work/leaf"

cat >"$work/leaf.yaml" <<END
links:
  car: "slcan:$work/leaf,listen=no"
devices:
  leaf-vcm: {type: leaf-vcm, link: car, control: true, generation: aze0, limits: {drive.torque: -100..100}}
  leaf-battery: {type: leaf-battery, link: car, generation: aze0}
  leaf-inverter: {type: leaf-inverter, link: car, generation: aze0}
  leaf-charger: {type: leaf-charger, link: car, generation: aze0}
outputs:
  log: {type: candump, path: $work/leaf.log}
  values: {type: csv, path: $work/leaf.csv}
  page: {type: http, listen: "127.0.0.1:18577"}
  adapter: {type: slcan, listen: "pty:$work/adapter", send: yes}
END

ask() { # COMMAND VALUE [LEASE]: done
    run "$1 $2" "$VOLTBUS" set --via "$url" --lease "${3:-1min}" -- leaf-vcm "$1" "$2"
    status_is 0
}
end_of() { "$TEST_DIR/e2e/api.py" "$url" post "/api/devices/leaf-vcm/$1" '{"release":true}' >/dev/null; }
state() { api until "${2:-5}" /api/state "$1" devices leaf-vcm machine state; }
value() { api until "$4" /api/state "$3" devices "$1" signals "$2" value; }
number() { api get /api/state devices "$1" signals "$2" value; }
below() { [ "$(number "$1" "$2" | cut -d . -f 1)" -lt "$3" ]; }
sends() { "$VOLTBUS" set --via "$url" --lease 1s leaf-vcm drive.ready off >"$work/off" 2>&1; } # the adapter is open, too
takes_current() { [ "$(number leaf-battery battery.current | cut -d . -f 1)" -ge 1 ]; }
in_gear() {
    ask drive.gear drive
    is "in gear" value leaf-vcm shift.state selected 5
}
stands() {
    run "it rolls out" "$VOLTBUS" call "$calls" leaf load bench
    is "it stands" value leaf-inverter motor.speed 0 15
    run "a car again" "$VOLTBUS" call "$calls" leaf load car
}
reason_is() {
    run "because: $1" api get /api/state devices leaf-vcm machine reason
    out_is "$1"
}

gateway leaf.yaml
is "the link sends" wait_for 5 sends
is "nothing is on" state off
run "no torque before ready" "$VOLTBUS" set --via "$url" leaf-vcm drive.torque 10
status_is 1
err_has "not ready to drive: ask for drive.ready first"

# ---- drive ----
ask drive.ready on
is "ready" state ready
run "no torque in park" "$VOLTBUS" set --via "$url" leaf-vcm drive.torque 10
err_has "the gear is neither drive nor reverse"
in_gear
run "beyond the limit of the configuration" "$VOLTBUS" set --via "$url" leaf-vcm drive.torque 101
err_has "out-of-range"
run "no charge while it drives" "$VOLTBUS" set --via "$url" leaf-vcm charge.power 3300
err_has "drive and charge are not for the same time"
for nm in 20.0 100.0 35.5 -40.0; do
    ask drive.torque "$nm"
    is "the motor has $nm Nm" value leaf-inverter motor.torque "$nm" 5
    [ $nm != 100.0 ] || sleep 2 # the car gets going: who stands cannot brake
done
# somebody else's 100 Nm, good frames, do not get out beside ours
printf 'O\rt1D48F7071900074430FC\rt1D48F7071900474430FB\r' >"$work/adapter"
is "it is refused, and said" wait_for 5 grep -q \
    "frames refused: [12]: voltbus itself sends frames of this id (control: true)" "$work/said"
ask drive.torque 50 3s # which is enough to see it on a busy computer
is "50 Nm" value leaf-inverter motor.torque 50.0 5
is "the lease ends: no torque" value leaf-inverter motor.torque 0.0 8
is "it stays ready" state ready 1
end_of drive.ready
is "it rolls" state coast
reason_is "the motor turns: high voltage stays on until it stands"
is "high voltage is on" value leaf-vcm hv.state on 1
is "in neutral" value leaf-vcm drive.gear neutral 5
stands # else nothing charges
is "off" state off 20
is "the bus has no voltage" below leaf-inverter inverter.voltage 60

# ---- charge ----
run "the cable is put in" "$VOLTBUS" call "$calls" leaf plugged yes
ask charge.power 3300
is "it charges" state charge 8
is "with 3.3 kW" value leaf-charger charger.power 3300 10
ask charge.power 1000
is "with 1 kW" value leaf-charger charger.power 1000 3
is "the battery takes it" wait_for 5 takes_current
end_of charge.power
is "off again" state off 8
is "the bus has no voltage again" below leaf-inverter inverter.voltage 60
stop TERM "$gateway"
is "it ended by itself" test "$status" = 0

# ---- the recording ----
run "nothing of the other 100 Nm was sent" grep -c "1D4#F70719" "$work/leaf.log"
out_is 0
"$VOLTBUS" decode --csv --as leaf-vcm --as leaf-battery --as leaf-inverter --as leaf-charger \
    --set generation=aze0 "$work/leaf.log" >"$work/decoded.csv"
run "the recording has the values that were live" cmp "$work/decoded.csv" "$work/leaf.csv"
status_is 0
run "and no damaged frame" "$VOLTBUS" decode "$work/leaf.log"
err_has_not() { case $err in *"$1"*) fail "stderr has $1" ;; *) echo "ok $name: no $1" ;; esac; }
err_has_not " crc"
for said in "leaf-inverter,motor.torque,100.0,Nm" "leaf-inverter,motor.torque,-40.0,Nm" \
    "leaf-vcm,drive.torque,35.50,Nm" "leaf-charger,charger.power,3300,W" "leaf-charger,charger.power,1000,W"; do
    is "it has $said" grep -q "car,$said" "$work/leaf.csv"
done

# ---- what goes wrong ----
run "the cable is out again" "$VOLTBUS" call "$calls" leaf plugged no
torque() { # in gear, with 40 Nm
    ask drive.ready on
    is "ready" state ready
    stands
    in_gear
    ask drive.torque 40
    is "40 Nm" value leaf-inverter motor.torque 40.0 3
}
gateway leaf.yaml
is "the link sends" wait_for 5 sends
torque
run "the inverter reports an error" "$VOLTBUS" call "$calls" leaf fault inverter-error
is "off by itself" state off 10
reason_is "the inverter reports an error"
run "repaired" "$VOLTBUS" call "$calls" leaf fault none
run "but not started again" "$VOLTBUS" set --via "$url" leaf-vcm drive.ready on
err_has "release the command, then ask anew"
end_of drive.ready
torque

# a voltbus that dies says nothing more: the inverter has its own time limit, and so has the contactor box
stop KILL "$gateway"
sleep 1
run "torque without voltbus" "$VOLTBUS" get "slcan:$work/leaf" leaf-inverter motor.torque
out_is "0.0 Nm"
run "current without voltbus" "$VOLTBUS" get "slcan:$work/leaf" leaf-battery battery.current
out_is "0.0 A"
run "a second later" "$VOLTBUS" get "slcan:$work/leaf" leaf-inverter inverter.voltage
is "the bus discharges: $out" test "${out% V}" -lt 200

# voltbus ends in motion: it waits until the motor stands
gateway leaf.yaml
is "the link sends" wait_for 5 sends
torque
turns() { [ "$(number leaf-inverter motor.speed)" -gt 600 ]; }
is "it gets going" wait_for 20 turns
from=$(($(wc -l <"$work/said") + 1))
says() { tail -n "+$from" "$work/said" | grep -q "$1"; }
kill -TERM "$gateway"
is "it waits" wait_for 20 says "leaf-vcm: leaf-vcu is coast: the motor turns: high voltage stays on until it stands"
run "it rolls out" "$VOLTBUS" call "$calls" leaf load bench
stop TERM "$gateway" # which changes nothing
is "it ended by itself" test "$status" = 0
for state in unload open discharge sleep off; do
    is "then $state" says "leaf-vcm: leaf-vcu is $state\$"
done
run "a car again" "$VOLTBUS" call "$calls" leaf load car

run "the cable is put in" "$VOLTBUS" call "$calls" leaf plugged yes

# the wire is cut while it charges: all leases end, and nothing starts again
gateway leaf.yaml
is "the link sends" wait_for 5 sends
ask charge.power 2000
is "it charges" state charge 8
run "unplugged" "$VOLTBUS" call "$calls" leaf plugged no
is "off by itself" state off 10
reason_is "the charger has no mains (unplugged?)"
unplug leaf "$simulator"
is "the adapter is gone" api until 8 /api/state waiting links car state
past="its link was gone; before that it was off: the charger has no mains (unplugged?)"
reason_is "$past"
start sim leaf "pty:$work/leaf" --set generation=aze0
is "the link is back" wait_for 20 sends
reason_is "$past"
finish
