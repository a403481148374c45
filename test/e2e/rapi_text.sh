#!/bin/sh
# rapi_text.sh - values that are text (a firmware, the id of a board): shown by everything that shows values,
# quoted where the format asks for it, and not in the history, which has numbers.
set -eu
. "$TEST_DIR/e2e/lib.sh"
. "$TEST_DIR/e2e/gateway.sh"

# made by hand, with what JSON and CSV must quote
cat >"$work/box.log" <<'END'
(1712145600.000000) box > $GV^35
(1712145600.020000) box < $OK 8.2.3 5.2.1^2F
(1712145600.100000) box > $GI^2A
(1712145600.120000) box < $OK  a"b\d,e^70
(1712145600.200000) box > $GC^20
(1712145600.220000) box < $OK 6 80 16 32^18
(1712145601.220000) box < $ST 03^00
END

run "get as JSON" timeout 10 "$VOLTBUS" get "file:$work/box.log" openevse board.id --json
status_is 0
out_is '{"value":"a\"b\\d,e","unit":""}'
run "get" timeout 10 "$VOLTBUS" get "file:$work/box.log" openevse board.id
out_is 'a"b\d,e'
run "watch" timeout 10 "$VOLTBUS" watch "file:$work/box.log" --as openevse --for 500ms --speed max
out_has 'a"b\d,e'
out_has '8.2.3'

cat >"$work/house.yaml" <<END
links: {box: "file:$work/box.log"}
devices: {wallbox: {type: openevse, link: box}}
outputs:
  page: {type: http, listen: "127.0.0.1:0"}
  past: {type: sqlite, path: $work/history.db}
  json: {type: json, path: $work/values.json}
  csv: {type: csv, path: $work/values.csv}
END
gateway house.yaml
is "the page knows the board" api until 5 /api/state 'a"b\d,e' devices wallbox signals board.id value
run "and the firmware" api get /api/state devices wallbox signals firmware.rapi value
out_is 5.2.1
is "and a number" api until 5 /api/state 16 devices wallbox signals pilot.current value
stop TERM "$gateway"
run "the printer json" cat "$work/values.json"
out_has '"values":{"board.id":"a\"b\\d,e"}'
run "the printer csv" cat "$work/values.csv"
out_has 'wallbox,board.id,"a""b\d,e",'
run "the history has the numbers, and no text" python3 -c "
import sqlite3
for row in sqlite3.connect('$work/history.db').execute('SELECT name FROM signal ORDER BY name'): print(row[0])"
out_has 'pilot.current'
out_has_not 'firmware'
out_has_not 'board'

finish
