#!/bin/sh
# servers.sh - the gateway serves its CAN buses: as slcan adapter and socketcand server to python-can, as GVRET device to
# a SavvyCAN of literal bytes, as cannelloni to a socket; and to links of its own kind in a second gateway.
set -eu
. "$TEST_DIR/e2e/lib.sh"
python=/usr/bin/python3 # Debian's: the one that has its packages
"$python" -c 'import can, serial' 2>/dev/null || skip "python3-can is not installed"

run "servers" timeout 120 "$python" "$TEST_DIR/e2e/servers.py" "$VOLTBUS" "$work"
status_is 0
grep '^ok' "$work/out" || true

# ---- what cannot be is refused before anything begins ----

refuses() { # NAME OUTPUT SAYS
    cat >"$work/bad.yaml" <<END
links:
  drive: slcan:tcp://127.0.0.1:1
  house: lin:tcp://127.0.0.1:1
outputs: {out: $2}
END
    run "$1" timeout 10 "$VOLTBUS" run "$work/bad.yaml"
    status_is 1
    err_has "outputs.out.$3"
}
refuses "a link that is not there" "{type: gvret, links: 'drive, drove'}" "links: unknown link 'drove'"
refuses "a link of another kind" "{type: gvret, links: house}" "links: house is no CAN link"
refuses "sending on a link that listens" "{type: socketcand, send: yes}" \
    "send: link drive only listens (listen=no lets it send)"
refuses "no port" "{type: gvret, listen: 127.0.0.1}" "listen: the port is missing"
refuses "no peer" "{type: cannelloni, peer: '127.0.0.1'}" "peer: the port is missing"

finish
