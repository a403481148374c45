#!/bin/sh
# rapi_link.sh - an OpenEVSE on a line: found, read, its news at once; what is said of a line on which nobody
# answers, of a port that somebody else holds, of a box that restarts or is gone; listening without a word.
set -eu
. "$TEST_DIR/e2e/lib.sh"
. "$TEST_DIR/e2e/gateway.sh"

calls="$work/calls"
tap=$(free_port)
cat >"$work/house.yaml" <<END
links:
  quiet: "rapi:$work/quiet"
  mast: "rapi:$work/mast"
  tap: "rapi:listen://127.0.0.1:$tap,listen=yes"
devices:
  wallbox: {type: openevse, link: "rapi:$work/box"}
  shy: {type: openevse, link: quiet, poll: false}
  wrong: {type: openevse, link: mast, control: true}
  heard: {type: openevse, link: tap}
outputs:
  page: {type: http, listen: "127.0.0.1:0"}
END

box() { # NAME [ARGUMENT]...: a simulated box at $work/NAME
    at=$1
    shift
    start sim openevse "pty:$work/$at" --set car=away "$@"
    wait_for 5 test -e "$work/$at"
}
box box --calls "pty:$work/calls"
box=$started
start sim openevse "pty:$work/quiet" --set car=away --calls "pty:$work/quiet_calls"
start sim weather-mast "pty:$work/mast"
is "the boxes are there" wait_for 5 test -e "$work/quiet" -a -e "$work/mast"
gateway house.yaml

# ---- found and read ----

signal() { api get /api/state devices "$1" signals "$2" value; }
is "the box is ok" api until 10 /api/state ok devices wallbox health
is "its firmware is known" api until 5 /api/state 8.2.3 devices wallbox signals firmware.version value
is "the log says what it is" grep -q "link wallbox: an OpenEVSE with firmware 8.2.3, RAPI 5.2.1" "$work/said"
is "its state" api until 5 /api/state not-connected devices wallbox signals evse.state value
is "what is asked seldom is there too" api until 5 /api/state 24 devices wallbox signals pilot.current value
run "a box without a clock has no time" signal wallbox clock.year
out_is null
is "a car is news" "$VOLTBUS" call "$calls" openevse car connected
is "told at once" api until 2 /api/state connected devices wallbox signals evse.state value

# ---- poll: false ----

frames() { api get /api/state links quiet frames; }
is "a box that nobody asks is found" wait_for 5 grep -q "link quiet: an OpenEVSE" "$work/said"
sleep 1
before=$(frames)
sleep 1.5
run "and nothing is asked" frames
out_is "$before"
is "its news come all the same" "$VOLTBUS" call "$work/quiet_calls" openevse car connected
is "at once" api until 2 /api/state connected devices shy signals evse.state value
run "and it answers who asks" "$VOLTBUS" call --via "$url" shy meter
status_is 0
out_has "charge.voltage 240.000 V"

# ---- nobody answers ----

no_answer="the box does not answer (baud? RAPI? wired crosswise?)"
is "something else on the line" api until 8 /api/state "$no_answer" links mast reason
is "is no box" api until 1 /api/state silent devices wrong health
is "for the same reason" api until 1 /api/state "link mast: $no_answer" devices wrong reason
run "a call" "$VOLTBUS" call --via "$url" wrong status
status_is 1
err_is "voltbus call: no-answer: wrong status: nothing answers: $no_answer"
run "a command" api post /api/devices/wrong/charge.current '{"value":10}'
out_is '504 {"error":"no-answer","reason":"wrong charge.current: nothing answers: '"$no_answer"'"}'
run "on the command line it is waited for" timeout 20 "$VOLTBUS" call "rapi:listen://127.0.0.1:0" openevse status --timeout 1s
status_is 1
err_has "nobody is connected"

# ---- a port is for one ----

run "two gateways at one port" timeout 20 "$VOLTBUS" get "rapi:$work/box" openevse evse.state
status_is 1
err_has "voltbus get: $work/box is in use by another program"
is "the first has noticed nothing" api until 1 /api/state ok devices wallbox health

# ---- it restarts, it is gone ----

cat >"$work/order.py" <<'END'
import socket, sys
host, port, text = "127.0.0.1", int(sys.argv[1]), sys.argv[2]
with socket.create_connection((host, port), timeout=5) as link:
    link.sendall(text.encode().decode("unicode_escape").encode("latin-1"))
    link.settimeout(float(sys.argv[3]))
    got = b""
    try:
        while piece := link.recv(1000):
            got += piece
    except TimeoutError:
        pass
    print(got)
END
unplug box "$box"
is "unplugged: the link says so" api until 5 /api/state waiting links wallbox state
is "an old value is not shown as a new one" api until 5 /api/state stale devices wallbox health
run "a call to a box that is gone" "$VOLTBUS" call --via "$url" wallbox status
status_is 1
err_has "voltbus call: link-down: wallbox status: the link of this device is not open: "
box box --set rapi=4.0.1
box=$started
is "another box at the same place" api until 15 /api/state ok devices wallbox health
is "with another version" api until 5 /api/state 4.0.1 devices wallbox signals firmware.rapi value
run "which is asked in its own way" "$VOLTBUS" call --via "$url" wallbox status
status_is 0
out_is "evse.state not-connected
session.time 0 s"
run "and not what it does not have" "$VOLTBUS" call --via "$url" wallbox board
status_is 1
err_is "voltbus call: not-there: wallbox board: this device speaks version 4.0.1; it is there from 5.1.4 on"

# ---- listening to somebody else's talk ----

run "both sides are heard, and nothing is said" python3 "$work/order.py" $tap \
    '$GS^30\r$OK 03 754 03 0140^13\r$GG^24\r$OK 15980 239800^15\r$GU^36\r$OK 1 2^00\r' 1.5
out_is "b''"
run "the answers are values" signal heard evse.state
out_is charging
run "of two questions" signal heard charge.current
out_is 15.98
run "a damaged one is none" signal heard energy.total
out_is null
is "and counted" test "$(api get /api/state links tap bad)" = 1

# ---- by way of the WiFi kit ----

python3 "$TEST_DIR/e2e/wifi_kit.py" >"$work/kit" &
started_all="$started_all $!"
is "a kit is there" wait_for 5 test -s "$work/kit"
kit=http://127.0.0.1:$(cat "$work/kit")/r
run "a question through it" timeout 20 "$VOLTBUS" call "rapi:$kit" openevse status
status_is 0
out_has "evse.state charging
session.time 754 s"
run "an order" timeout 20 "$VOLTBUS" call "rapi:$kit" openevse set_current_volatile 10 --control
status_is 0
out_is "pilot.current 10 A"
run "its box does not answer" timeout 40 "$VOLTBUS" call "rapi:$kit" openevse clock --timeout 30s
status_is 1
err_has "voltbus call: no-answer: openevse clock: "

for verb in "call openevse status" "console"; do
    # shellcheck disable=SC2086 # words
    set -- $verb
    run "a password in the LINK of $1 is not said again" "$VOLTBUS" "$1" rapi:http://admin:sesame@192.0.2.7/r ${2:-} ${3:-}
    status_is 2
    err_is "voltbus $1: rapi:http://...: user and password stand in a file, auth=FILE, and not in the place"
done

# ---- what a configuration may not say ----

check() { # NAME EXPECTED: the configuration on standard input
    cat >"$work/bad.yaml"
    run "$1" "$VOLTBUS" check "$work/bad.yaml"
    status_is 1
    err_has "$2"
}
check "a heartbeat that is too quick" 'heartbeat: 1s: expected whole seconds from 2s to 65s, or 0s' <<'END'
devices: {a: {type: openevse, link: "rapi:/dev/ttyUSB0,heartbeat=1s"}}
END
check "control on a link that only listens" 'devices.a.control: link a only listens (listen)' <<'END'
devices: {a: {type: openevse, link: "rapi:/dev/ttyUSB0,listen=yes", control: true}}
END
check "polling there" 'devices.a.poll: link a only listens (listen)' <<'END'
devices: {a: {type: openevse, link: "rapi:/dev/ttyUSB0,listen=yes", poll: true}}
END
check "listening by way of the WiFi kit" 'listen: over http:// only answers to our questions come' <<'END'
devices: {a: {type: openevse, link: "rapi:http://192.0.2.7/r,listen=yes"}}
END
check "a box on LIN" 'house is a lin link; openevse needs another kind (rapi, file)' <<'END'
links: {house: "lin:/dev/ttyUSB0"}
devices: {a: {type: openevse, link: house}}
END

stop INT "$gateway"
name="Ctrl-C"
status_is 0
finish
