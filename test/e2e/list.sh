#!/bin/sh
# voltbus list: every list, as text and as JSON that a JSON parser accepts.
set -u
. "$TEST_DIR/e2e/lib.sh"

for list in devices signals commands links formats outputs; do
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
run "signals of one device" "$VOLTBUS" list signals --as hella-ibs
out_has 'battery.voltage'
out_has_not 'leaf-battery'
run "signals as JSON" "$VOLTBUS" list signals --as leaf-battery --json
out_has '"signal":"battery.voltage","unit":"V"'
run "an unknown list" "$VOLTBUS" list device
status_is 2
err_has "unknown list 'device'; did you mean devices?"
run "no list" "$VOLTBUS" list
status_is 2

finish
