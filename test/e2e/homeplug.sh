#!/bin/sh
# HomePlug management messages of all recordings of charging sessions: every one is read, and where tshark
# has a field for it, both read the same.
. "$(dirname "$0")/lib.sh"

command -v tshark >/dev/null || skip 'tshark is not installed'
[ -d "${VOLTBUS_CAPTURES:-}/ccs" ] || skip 'the recordings of charging sessions are not there'

python3 "$TEST_DIR/e2e/homeplug.py" "$VOLTBUS" "$VOLTBUS_CAPTURES/ccs"
