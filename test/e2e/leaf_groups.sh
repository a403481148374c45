#!/bin/sh
# leaf_groups.sh - the groups of a Leaf battery: in recordings of other testers, against an independent reading of the same bytes
# and against what the battery said by itself at that moment; and asked for by voltbus, from a battery of the test's own.
set -u
. "$TEST_DIR/e2e/lib.sh"

run "asked by voltbus" timeout 60 python3 "$TEST_DIR/e2e/leaf_groups.py" "$VOLTBUS" "$work"
status_is 0

if [ -d "${VOLTBUS_CAPTURES:-}" ]; then
    run "recordings" timeout 120 python3 "$TEST_DIR/e2e/leaf_groups_captures.py" "$VOLTBUS" "$VOLTBUS_CAPTURES/can"
    status_is 0
else
    echo "the recordings were left out: ../shared/captures is not there"
fi

finish
