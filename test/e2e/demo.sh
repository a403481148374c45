#!/bin/sh
# demo.sh - `voltbus demo`: everything moves, the command works and is refused, nothing is left behind.
set -eu
. "$TEST_DIR/e2e/lib.sh"
api() { "$TEST_DIR/e2e/api.py" "$url" "$@"; }
export TMPDIR="$work/tmp"
mkdir "$TMPDIR"

# start NAME OPTION...: a demo in the background; $url is its page, $pid its process
start() {
    name=$1
    shift
    "$VOLTBUS" demo "$@" >"$work/out" 2>"$work/err" &
    pid=$!
    i=0
    until grep -q '(Ctrl-C ends)' "$work/out"; do
        i=$((i + 1))
        [ $i -lt 1000 ] || break
        sleep 0.05
    done
    status=running
    out=$(cat "$work/out")
    err=$(cat "$work/err")
    url=$(sed -n 's/.*open \(http:[^ ]*\).*/\1/p' "$work/out")
    [ -n "$url" ] || fail "no address was printed"
}
ends() { # within a second or so, with status 0
    kill -INT $pid
    status=0
    wait $pid || status=$?
    status_is 0
}
check() { # what must be so
    name=$1
    shift
    run "$name" "$@"
    if [ "$status" = 0 ]; then echo "ok $name"; else fail "it is not so"; fi
}

start "the demo" --port 18480 --day 10min
first=$pid
first_url=$url
for device in battery solar wallbox body panel light heater pack mast; do
    check "$device is heard" api until 20 /api/state ok devices $device health
done
check "it says that it is a demo" api until 1 /api/state true demo
check "all links are open" api until 1 /api/state open links house state
check "voltbus leads the bus" api until 5 /api/state lead links house leader

before=$(api get /api/state devices pack frames)
for _ in $(seq 100); do
    run "frames come" api get /api/state devices pack frames
    [ "$out" = "$before" ] || break
done
[ "$out" -gt "$before" ] && echo "ok frames come: $before, then $out" || fail "no more than $before"

# the command: from HTTP, from the command line, refused
run "a command by HTTP" api post /api/devices/panel/coolbox.level '{"value":3,"lease":5}'
out_has '200 {"device":"panel","command":"coolbox.level","value":3,'
check "the bus says so" api until 3 /api/state 3 devices panel signals coolbox.level value
check "the coolbox begins to cool" api until 10 /api/state on devices body signals coolbox.compressor value
check "the lease runs out: safe again" api until 5 /api/state 0 devices panel signals coolbox.level value
run "out of range" api post /api/devices/panel/coolbox.level '{"value":6}'
out_has '422 {"error":"out-of-range"'
out_has 'expected 0 to 5'
run "a device without control" api post /api/devices/solar/solar.current '{"value":6}'
out_has '40'
run "set --via" "$VOLTBUS" set --via "$url" light led.intensity 7
status_is 0
out_is 'light led.intensity 7'
check "the lamp follows" api until 3 /api/state 7 devices light signals led.intensity value
run "get --via" "$VOLTBUS" get --via "$url" light led.intensity
status_is 0
out_is '7'
run "set --via out of range" "$VOLTBUS" set --via "$url" light led.intensity 11
status_is 1
err_has 'voltbus set: out-of-range: light led.intensity'

# the wallbox: what it makes of a command, an order that is answered, one that is refused
check "a car comes and charges" api until 20 /api/state charging devices wallbox signals evse.state value
run "more than the wallbox has" api post /api/devices/wallbox/charge.current '{"value":32,"lease":20}'
out_has '200 {"device":"wallbox","command":"charge.current","value":32,'
check "it says what is in force" api until 5 /api/state 24 devices wallbox commands charge.current shown
check "and why" api until 5 /api/state 'limited by the current that is saved in the box' devices wallbox commands charge.current reason
run "given back" api post /api/devices/wallbox/charge.current '{"release":true}'
check "the safe current is in force" api until 5 /api/state 6 devices wallbox commands charge.current shown
run "an order" api post /api/devices/wallbox/call '{"call":"pause"}'
out_is '200 {"ok":true,"values":{},"text":""}'
check "it sleeps" api until 5 /api/state sleeping devices wallbox signals evse.state value
run "an order to a device without orders" api post /api/devices/panel/call '{"call":"pause"}'
out_has '404 {"error":"no-call"'

# a second one finds the next free port, and its own history
start "a second demo" --port 18480
case $url in "$first_url") fail "the same address" ;; *:184*) echo "ok $name: $url" ;; *) fail "$url" ;; esac
err_has '18480 is in use'
ends

for _ in $(seq 100); do # until its first commit
    run "the history" "$TEST_DIR/e2e/api.py" "$first_url" get "/api/history?signal=pack/battery.voltage&from=-60"
    case $out in *'"points":[['*) break ;; esac
    sleep 0.1
done
status_is 0
out_has '"points":[['
pid=$first
name="Ctrl-C"
ends
[ -z "$(ls "$TMPDIR")" ] && echo "ok nothing is left behind" || fail "left: $(ls -R "$TMPDIR")"
mkdir "$work/a \"folder\\ here"
TMPDIR="$work/a \"folder\\ here" start "a folder with quotes" --port 18480
ends
[ -z "$(ls "$work/a \"folder\\ here")" ] && echo "ok $name: nothing is left behind" || fail "something is left"
first_url=$url
run "nobody there" "$VOLTBUS" get --via "$first_url" light led.intensity
status_is 1
err_has "no voltbus answers at $first_url"
run "the configuration" "$VOLTBUS" demo --config
status_is 0
echo "$out" >"$work/demo.yaml"
run "which voltbus check accepts" "$VOLTBUS" check "$work/demo.yaml"
status_is 0

finish
