#!/bin/sh
# voltbus exi: every vector, and every byte string of the notes on real chargers and cars, both ways. The folder of vectors
# stands beside that of recordings.
set -u
. "$TEST_DIR/e2e/lib.sh"
vectors=${VOLTBUS_CAPTURES:-}/../vectors
[ -d "${VOLTBUS_CAPTURES:-}" ] && [ -d "$vectors" ] || skip "the folder of vectors (../shared/vectors) is not there"

run "vectors" python3 "$TEST_DIR/e2e/exi_vectors.py" "$VOLTBUS" "$vectors/exi-din-iso2.jsonl" "$vectors/exi-iso20.jsonl"
status_is 0
out_has 'vectors of din70121, document'
out_has 'vectors of iso15118-2, xfragment'
out_has 'vectors of iso15118-20-dc, document'

run "strings of the notes" python3 "$TEST_DIR/e2e/exi_notes.py" "$VOLTBUS" "$vectors/ccs-exi.md"
status_is 0
out_has 'fields are as the notes say'

finish
