#!/bin/sh
# `voltbus sim openevse` on a pseudo terminal, and literal bytes by pyserial, a serial port that others wrote.
set -u
. "$TEST_DIR/e2e/lib.sh"
python=/usr/bin/python3 # Debian's: the one that has its packages
"$python" -c 'import serial' 2>/dev/null || skip "python3-serial is not installed"

for rapi in 1.0.3 4.0.1 5.2.1 6.0.0; do
    run "RAPI $rapi" timeout 60 "$python" "$TEST_DIR/e2e/rapi_serial.py" "$VOLTBUS" "$work/box" $rapi
    status_is 0
    out_is "done"
done

finish
