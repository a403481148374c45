#!/bin/sh
# Our client against the OpenEVSE_Emulator, a box that others wrote and that is more lenient than a real one.
# Needs PEERS=dir with a checkout OpenEVSE_Emulator in it, and what that needs (Debian: python3-flask,
# python3-flask-socketio, python3-flask-cors, python3-gevent, python3-gevent-websocket, python3-yaml).
set -u
. "$TEST_DIR/e2e/lib.sh"
. "$TEST_DIR/e2e/gateway.sh"

peer=${PEERS:-}/OpenEVSE_Emulator
[ -n "${PEERS:-}" ] && [ -e "$peer/src/main.py" ] || skip "no OpenEVSE_Emulator (PEERS=dir names its place)"
/usr/bin/python3 -c 'import flask, flask_socketio, flask_cors, gevent, geventwebsocket, yaml, serial' 2>/dev/null ||
    skip "OpenEVSE_Emulator needs Python modules that are not installed"

box=$work/box
port=18771
(cd "$peer" && exec /usr/bin/python3 src/main.py --serial-pty-path "$box" --web-host 127.0.0.1 --web-port $port \
    --ev-max-charge-rate-kw 7.2) >"$work/emulator" 2>&1 &
started_all="$started_all $!"
is "the emulator runs" wait_for 20 test -e "$box"

post() { /usr/bin/python3 -c 'import sys, urllib.request as u
u.urlopen(u.Request("http://127.0.0.1:'$port'/api/" + sys.argv[1], b"{}", {"Content-Type": "application/json"})).read()' "$1"; }

link=rapi:$box
run "its version" "$VOLTBUS" call $link openevse version
status_is 0
out_has 'firmware.rapi 5.0.1'
run "its state" "$VOLTBUS" get $link openevse evse.state
out_is 'not-connected'
run "its limits, in four fields although 5.0.1 has two" "$VOLTBUS" get $link openevse pilot.current
out_is '32 A'
run "its meter, in four fields although all have two" "$VOLTBUS" get $link openevse charge.voltage
out_is '240.000 V'
run "what it does not have" "$VOLTBUS" call $link openevse time_limit
status_is 1
err_has 'refused'

# It says OK to $SC 16 V and goes on showing 32 A as the pilot's: what it shows counts, not what it said.
run "a current that it does not show" "$VOLTBUS" set $link openevse charge.current 16 --control
status_is 1
err_has '32 A is in force, not 16'

is "a car comes" wait_for 10 post ev/connect
is "and wants to charge" wait_for 10 post ev/request_charge
charging() { [ "$("$VOLTBUS" get $link openevse evse.state)" = charging ]; }
is "it charges" wait_for 15 charging
run "pause" "$VOLTBUS" call $link openevse pause --control
status_is 0
# FD (253) is its own number for sleep, and no state of RAPI: shown as it is.
asleep() { [ "$("$VOLTBUS" get $link openevse evse.state)" = 253 ]; }
is "it sleeps" wait_for 10 asleep
run "resume" "$VOLTBUS" call $link openevse resume --control
status_is 0
is "it charges again" wait_for 10 charging
finish
