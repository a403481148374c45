#!/bin/sh
# Values by DBC files are those of cantools: a recording of a Leaf by its DBC, and random frames of every message of every DBC file
# of the captures. Needs PEERS=dir with a checkout of cantools (src), textparser, and what they need of Debian.
set -u
. "$TEST_DIR/e2e/lib.sh"
peer=${PEERS:-}/cantools/src
[ -n "${PEERS:-}" ] && [ -e "$peer/cantools/__init__.py" ] || skip "no cantools (PEERS=dir names its place)"
[ -d "${VOLTBUS_CAPTURES:-}/dbc" ] || skip "there are no captures"
PYTHONPATH=$peer:$PEERS/textparser PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$TEST_DIR/e2e/dbc_peer.py" \
    "$VOLTBUS" "$VOLTBUS_CAPTURES" "$work" || failed=1
finish
