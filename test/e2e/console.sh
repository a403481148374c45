#!/bin/sh
# console.sh - `voltbus console`: from a pipe here, on a terminal and with damaged lines in console.py.
. "$TEST_DIR/e2e/lib.sh"
console() { timeout 30 "$VOLTBUS" console "$@"; }
typed() { printf "$1" >"$work/typed"; shift; console "$@" <"$work/typed"; }

run "a question in RAPI" typed 'GV\n' rapi:sim://openevse,ids=off
status_is 0
out_is '$OK 8.2.3 5.2.1^2F
  firmware.version  8.2.3
  firmware.rapi     5.2.1'
run "the same in words, from a pipe" sh -c 'printf "version\n" | timeout 30 "$VOLTBUS" console rapi:sim://openevse,ids=off'
status_is 0
out_has '$OK 8.2.3 5.2.1^2F'
run "without a line end" typed '$GV^35' rapi:sim://openevse,ids=off
status_is 0
out_has 'firmware.rapi     5.2.1'
run "an old box" typed 'state' rapi:sim://openevse,rapi=1.0.3,car=away
status_is 0
out_is '$OK 1 0
  evse.state    not-connected
  session.time  0 s'
run "nothing at all" typed '' rapi:sim://openevse
status_is 0
out_is ''
run "a comment" typed '# to be read by people\n\n' rapi:sim://openevse
status_is 0
out_is ''

run "a change without --control" typed 'pause\nFS\nGV\n' rapi:sim://openevse,ids=off
status_is 1
out_is '! this changes something: voltbus console --control allows that
! this changes something: voltbus console --control allows that
$OK 8.2.3 5.2.1^2F
  firmware.version  8.2.3
  firmware.rapi     5.2.1'
run "a change with --control" typed 'pause\n' rapi:sim://openevse,ids=off,car=away --control
status_is 0
out_is '$OK^20'
err_has '$AT fe 01 24 0200^37'
err_has 'evse.state         sleeping'
run "a current in words" typed 'current 16\ncurrent\n' rapi:sim://openevse,ids=off,car=away --control
status_is 0
out_has 'pilot.current  16 A'
out_has 'pilot.current           16 A'
run "beyond the limits" typed 'current 90\n' rapi:sim://openevse --control
status_is 1
out_has 'expected 6 to 80 A'
run "a current that the box clamps" typed 'SC 40 V\n' rapi:sim://openevse,ids=off,car=away --control
status_is 1
out_has '$NK 24^07'
out_has '  pilot.current  24 A'
out_has 'what it says instead is in force'
run "what the build lacks" typed 'lock\n' rapi:sim://openevse,ids=off
status_is 1
out_has '$NK^21'
out_has 'AUTH_LOCK'
run "what the version lacks" typed 'relay_life\n' rapi:sim://openevse
status_is 1
out_has 'relay_life'
run "a word that nobody knows" typed 'statsu\nGV\n' rapi:sim://openevse
status_is 1
out_has "unknown word 'statsu'; did you mean state or status?"
out_has 'firmware.rapi     5.2.1'
run "a wrong checksum" typed '$GV^36\n' rapi:sim://openevse
status_is 1
out_has 'checksum ^36, expected ^35'

run "every line of the wire" typed '$GG\n' rapi:sim://openevse,ids=off,car=away --raw
status_is 0
out_has '> $GV^35'
out_has '> $GG^24'
out_has '< $OK 0 240000^16'
out_has 'charge.voltage  240.000 V'

run "help" typed 'help\nhelp current\nlist backlight\nquit\nGV\n' rapi:sim://openevse
status_is 0
out_has 'Tab completes'
out_has 'set_current_volatile  $SC % V'
out_has '! FB  set_display_color        Colour of the backlight'
case $out in *firmware*) fail "it goes on behind quit" ;; esac

run "an output that is full" sh -c 'printf "GV\n" | timeout 30 "$VOLTBUS" console rapi:sim://openevse >/dev/full'
status_is 1
err_is 'voltbus console: cannot write the output: No space left on device'
run "an input that cannot be read" sh -c 'timeout 30 "$VOLTBUS" console rapi:sim://openevse </'
status_is 1
err_has 'cannot read the input'
run "standard files that are closed" sh -c 'timeout 30 "$VOLTBUS" console rapi:sim://openevse <&- >&-'
status_is 0
run "the same, with something to say" sh -c 'printf "GV\n" | timeout 30 "$VOLTBUS" console rapi:sim://openevse >&-'
status_is 1
err_has 'cannot write the output'

run "a link that is not there" typed 'GV\n' rapi:/dev/not-there
status_is 1
out_has '/dev/not-there is not there'
run "a link of another kind" console slcan:/dev/ttyACM0
status_is 2
err_has 'a slcan link has no console: nothing can be asked there (rapi has one)'
run "no link" console
status_is 2
err_has 'expected one LINK'
run "a wrong link" console rapi:
status_is 2

# the WiFi kit: HTTP, with user and password
printf 'admin:open sesame\n' >"$work/secret"
/usr/bin/python3 "$TEST_DIR/e2e/wifi_kit.py" --auth 'admin:open sesame' >"$work/port" &
kit=$!
trap 'kill $kit 2>/dev/null; rm -rf "$work"' EXIT
for _ in $(seq 1000); do
    [ -s "$work/port" ] && break
    sleep 0.05
done
place=rapi:http://127.0.0.1:$(cat "$work/port")/r,ids=off
run "by way of the WiFi kit" typed 'GS\nSC 10 V\n' "$place,auth=$work/secret" --control
status_is 0
out_has '$OK 03 754 03 0140^13'
out_has '  session.time       754 s  (12 min 34 s)'
out_has '$OK 10^01'
run "without its password" typed 'GS\n' "$place"
status_is 1
err_has 'wants user and password: auth=FILE'
kill $kit

run "on a terminal" timeout 120 /usr/bin/python3 "$TEST_DIR/e2e/console.py"
printf '%s\n' "$out"
status_is 0
finish
