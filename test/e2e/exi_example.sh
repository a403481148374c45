#!/bin/sh
# The C example of docs/exi.md, built as it stands there (EXI_EXAMPLE), prints what the manual says.
# SPDX-License-Identifier: MIT
set -eu
. "$TEST_DIR/e2e/lib.sh"

awk '/^It prints$/ { near = 1; next } near && /^```/ { if (on) exit; on = 1; next } on' \
    "$SOURCE_DIR/docs/exi.md" >"$work/manual"
run "the example" "$EXI_EXAMPLE"
status_is 0
out_has "809a0204488cd115599de210e0"
out_is "$(cat "$work/manual")"
finish
