#!/bin/sh
# control.sh - the command path, with a simulated van at a serial port: who may change what, who is refused
# and why, and that every lease ends where it must: in the safe value.
set -eu
. "$TEST_DIR/e2e/lib.sh"
. "$TEST_DIR/e2e/gateway.sh"
in_time

# ---- through a gateway ----

url=http://127.0.0.1:18510
lin="lin:$work/lin,leader=nugget,echo=yes"
cat >"$work/van.yaml" <<END
links:
  house: "$lin"
  door: "lin:listen://127.0.0.1:18512,leader=nugget"
devices:
  panel: {type: nugget-panel, link: house, control: true, limits: {coolbox.level: 0..3}}
  looker: {type: nugget-panel, link: house}
  light: {type: nugget-led, link: house, control: true}
  body: {type: nugget-body, link: house}
  guest: {type: nugget-panel, link: door, control: true}
outputs:
  page: {type: http, listen: "127.0.0.1:18510"}
END
level() { api get /api/state devices panel commands coolbox.level "$1"; }

van() { # the simulated van, at the same place each time
    start sim camper-van "pty:$work/lin" --set leader=no --set echo=yes --set day=10min
    van=$started
    wait_for 5 test -e "$work/lin"
}
van
gateway van.yaml
is "voltbus leads the bus" api until 5 /api/state lead links house leader
is "the van answers" api until 5 /api/state ok devices body health

run "a level by HTTP" api post /api/devices/panel/coolbox.level '{"value":3}'
out_is '200 {"device":"panel","command":"coolbox.level","value":3,"lease":30}'
is "the van's coolbox works" api until 5 /api/state on devices body signals coolbox.compressor value

run "a level by the command line" "$VOLTBUS" set --via "$url" panel coolbox.level 2 --lease 1min
status_is 0
out_is 'panel coolbox.level 2'
is "the bus says so" api until 2 /api/state 2 devices panel signals coolbox.level value
run "get --via" "$VOLTBUS" get --via "$url" panel coolbox.level
out_is 2

# the newest request counts, also where its lease is shorter
run "another client" api post /api/devices/panel/coolbox.level '{"value":1,"lease":20}'
out_has '200 {"device":"panel"'
run "the newest counts" level value
out_is 1
lease=$(level lease)
is "with its own lease: $lease s" test "${lease%.*}" -lt 21

refusal() { # NAME PATH BODY ANSWER
    run "$1" api post "/api/devices/$2" "$3"
    out_has "$4"
}
refusal "beyond the limit of the configuration" panel/coolbox.level '{"value":4}' \
    '422 {"error":"out-of-range","reason":"panel coolbox.level: '"'4'"' is beyond the limits: expected 0 to 3"}'
refusal "within the limit only when rounded" panel/coolbox.level '{"value":3.4}' '422 {"error":"out-of-range"'
refusal "beyond the hard limit" light/led.intensity '{"value":11}' 'expected 0 to 10'
refusal "no right" looker/coolbox.level '{"value":1}' '403 {"error":"control-off"'
refusal "no such device" pannel/coolbox.level '{"value":1}' '404 {"error":"no-device"'
refusal "no such command" panel/coolbox.lid '{"value":1}' '404 {"error":"no-command"'
refusal "a device without commands" body/coolbox.level '{"value":1}' '404 {"error":"no-command"'
refusal "no number" panel/coolbox.level '{"value":"much"}' '400 {"error":"bad-value"'
refusal "a lease that is too long" panel/coolbox.level '{"value":1,"lease":3601}' '400 {"error":"bad-lease"'
refusal "a lease that is too short" panel/coolbox.level '{"value":1,"lease":0.9}' '400 {"error":"bad-lease"'
refusal "no JSON" panel/coolbox.level '{"value":' '400 {"error":"bad-json"'
run "refusals change nothing" level value
out_is 1
run "refused on the command line" "$VOLTBUS" set --via "$url" panel coolbox.level 4
status_is 1
err_is "voltbus set: out-of-range: panel coolbox.level: '4' is beyond the limits: expected 0 to 3"
run "refused without right" "$VOLTBUS" set --via "$url" looker coolbox.level 1
status_is 1
err_has "voltbus set: control-off: "

accepted() { api post "/api/devices/$1" "$2" | grep -q '^200 '; }

# back to the safe value: given back, run out, held no longer
run "giving it back" api post /api/devices/panel/coolbox.level '{"release":true}'
out_has '200 {"device":"panel","command":"coolbox.level","value":0'
is "the bus says so" api until 2 /api/state 0 devices panel signals coolbox.level value
run "a short lease" api post /api/devices/panel/coolbox.level '{"value":3,"lease":1}'
out_has '"lease":1}'
is "nobody does anything, and it runs out" api until 3 /api/state 0 devices panel commands coolbox.level value
run "no lease is left" level lease
out_is null
is "the log says so" grep -q 'command panel/coolbox.level: 3 -> 0 by .*: the lease has run out' "$work/said"
start set --via "$url" panel coolbox.level 2 --lease 1s --hold
hold=$started
is "somebody holds it" api until 3 /api/state 2 devices panel signals coolbox.level value
sleep 1.5
run "longer than its lease" level value
out_is 2
stop INT "$hold"
name="who holds it is interrupted"
status_is 0
run "and has given it back" level value
out_is 0

# a lost link
run "a lease is held" api post /api/devices/panel/coolbox.level '{"value":3,"lease":600}'
out_has '200 '
unplug lin "$van"
is "the link is lost" api until 3 /api/state waiting links house state
run "the reason of the link" api get /api/state links house reason
out_has "$work/lin"
run "its lease has ended" level value
out_is 0
run "and none is left" level lease
out_is null
is "the log says why" grep -q 'command panel/coolbox.level: 3 -> 0 by .*: the lease ends: .*not open' "$work/said"
refusal "no command to a lost link" panel/coolbox.level '{"value":1}' '409 {"error":"link-down"'
is "its devices are stale" api until 5 /api/state stale devices body health
run "and say why" api get /api/state devices body reason
out_has "link house: $work/lin"
api refused 10 /api/devices/panel/coolbox.level '{"value":1}' not-leading >"$work/refused" &
refused=$!
van
is "the link is back" api until 5 /api/state open links house state
is "the leader listens first, and takes no command" wait "$refused"
is "then it leads" api until 3 /api/state lead links house leader
is "the devices are back" api until 3 /api/state ok devices body health
run "nothing starts again by itself" level value
out_is 0
is "the van's coolbox stands" api until 3 /api/state off devices body signals coolbox.compressor value

# a place that waits for somebody
refusal "no command while nobody is there" guest/coolbox.level '{"value":1}' \
    '409 {"error":"link-down","reason":"guest coolbox.level: the link of this device is not open: nobody is connected"}'
start sim camper-van tcp://127.0.0.1:18512 --set leader=no
guest=$started
is "somebody comes, and is led" wait_for 5 accepted guest/coolbox.level '{"value":3,"lease":600}'
is "a lease is held" api until 1 /api/state 3 devices guest commands coolbox.level value
stop KILL "$guest"
is "somebody goes, and the lease has ended" api until 3 /api/state 0 devices guest commands coolbox.level value
is "the log says why" grep -q 'command guest/coolbox.level: 3 -> 0 by .*: the lease ends: .*: nobody is connected' "$work/said"

# a port has one owner
run "set to a port that voltbus holds" timeout 5 "$VOLTBUS" set "$lin" nugget-panel coolbox.level 1 --control
status_is 1
err_has "in use by another program"
err_has "--via http://"
run "get from there" timeout 5 "$VOLTBUS" get "$lin" nugget-panel coolbox.level
status_is 1
err_has "--via http://"
stop TERM "$gateway"
name="the gateway ends"
status_is 0

# ---- without a gateway ----

run "set without --control" "$VOLTBUS" set "$lin" nugget-panel coolbox.level 3
status_is 2
err_is "voltbus set: this changes something on the bus: say --control"
run "set on a bus that voltbus does not lead" "$VOLTBUS" set "lin:$work/lin,echo=no" nugget-panel coolbox.level 3 --control
status_is 1
err_has "voltbus set: no-leader: nugget-panel coolbox.level: voltbus does not lead this bus"
run "set beyond the limits" "$VOLTBUS" set "$lin" nugget-panel coolbox.level 6 --control
status_is 1
err_has "expected 0 to 5"
run "an unknown command" "$VOLTBUS" set "$lin" nugget-panel coolbox.lewel 3 --control
status_is 2
err_has "did you mean coolbox.level?"
stop TERM "$van"

finish
