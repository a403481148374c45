#!/bin/sh
# voltbus scan: servers of socketcand that call, none invented, wrong usage. Ports of machines: unit.serial_ports;
# CAN interfaces: test/uml.
set -u
. "$TEST_DIR/e2e/lib.sh"

run "an unknown option" "$VOLTBUS" scan --jsn
status_is 2
err_is "voltbus scan: unknown option '--jsn'; did you mean --json? (voltbus scan --help)"
run "a word too many" "$VOLTBUS" scan can0
status_is 2
run "a wrong time" "$VOLTBUS" scan --for 3
status_is 2

run "a machine where nothing calls" "$VOLTBUS" scan --for 0s
status_is 0
out_has 'no servers of socketcand were heard (many have no beacon)'

# two servers call, one of them again and again, and with a bus and a name that could do harm; others talk nonsense
cat >"$work/call.py" <<'END'
import socket, sys, time
calls = [
    b'<CANBeacon name="van" type="adapter" description="socketcand"><URL>can://192.0.2.7:29536</URL><Bus name="can0"/><Bus name="vcan1"/></CANBeacon>',
    b'<CANBeacon name="e\x1b[31mvil" type="x" description=""><URL>can://192.0.2.8:29536</URL><Bus name="can0"/></CANBeacon>',
    b'<CANBeacon name="n" type="x" description=""><URL>can://192.0.2.9:29536</URL><Bus name="a,listen=no"/></CANBeacon>',
    b'<CANBeacon name="n" type="x" description=""><URL>http://192.0.2.9/</URL><Bus name="can0"/></CANBeacon>',
    b'<CANBeacon name="van"><URL>can://192.', b'', b'\x00' * 5000,
]
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(30):
    for call in calls:
        s.sendto(call, ("127.0.0.1", 42000))
    time.sleep(0.1)
END
python3 "$work/call.py" &
run "servers that call" "$VOLTBUS" scan --json --for 2s
status_is 0
out=$(printf '%s\n' "$out" | grep '"what":"socketcand"')
out_is '{"what":"socketcand","url":"can://192.0.2.7:29536","name":"van","bus":"can0","links":["socketcand:tcp://192.0.2.7:29536,bus=can0"]}
{"what":"socketcand","url":"can://192.0.2.7:29536","name":"van","bus":"vcan1","links":["socketcand:tcp://192.0.2.7:29536,bus=vcan1"]}
{"what":"socketcand","url":"can://192.0.2.8:29536","name":"e?[31mvil","bus":"can0","links":["socketcand:tcp://192.0.2.8:29536,bus=can0"]}'
wait

finish
