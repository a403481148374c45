#!/bin/sh
# lin_link.sh - voltbus as the leader of a LIN bus whose other end misbehaves: throws everything away, is
# cut off, does not read, is not there, echoes unasked, answers ids of ours.
set -eu
. "$TEST_DIR/e2e/lib.sh"
. "$TEST_DIR/e2e/gateway.sh"
in_time

# tcp_end HOW PORT: a peer by TCP; a file named go_HOW changes what it does.
# sink: reads and throws away; echo: sends back, until the file is there, then throws away, until it is gone;
# deaf: reads nothing; panel: echo, and after some time another answer to id 01.
cat >"$work/tcp_end.py" <<'END'
import os, socket, sys, time
how, port, work = sys.argv[1], int(sys.argv[2]), sys.argv[3]
server = socket.create_server(("127.0.0.1", port))
if how == "deaf":
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
switched = lambda: os.path.exists(work + "/go_" + how)
while True:
    peer, _ = server.accept()
    if how == "deaf":
        time.sleep(1000)
    while True:
        data = peer.recv(4096)
        if not data:
            break
        if how == "panel" and switched() and data.startswith(b"\x00\x55\xC1"):
            data = bytes.fromhex("00 55 C1 00 20 00 00 00 00 00 00 1E")
        if how == "echo" and not switched() or how == "panel":
            peer.sendall(data)
END
tcp_end() {
    $ahead python3 "$work/tcp_end.py" "$1" "$2" "$work" &
    started_all="$started_all $!"
    wait_for 5 python3 -c "import socket; socket.create_connection(('127.0.0.1', $2)).close()"
}
url=http://127.0.0.1:18570
bus() { # LINK: a gateway that leads there
    forget_said
    cat >"$work/bus.yaml" <<END
links:
  house: "$1"
devices:
  panel: {type: nugget-panel, link: house, control: true}
outputs:
  page: {type: http, listen: "127.0.0.1:18570"}
END
    gateway bus.yaml
}
forget_said() { : >"$work/said"; }
end_bus() { stop TERM "$gateway"; }
set_level() { api post /api/devices/panel/coolbox.level '{"value":3,"lease":600}'; }
lease_is() { [ "$(api get /api/state devices panel commands coolbox.level lease)" "$1" null ]; }
link_says() { api get /api/state links house reason | grep -q "$1"; }

# ---- a peer that throws everything away: nothing is known ----

tcp_end sink 18571
run "set, unconfirmed" "$VOLTBUS" set "lin:tcp://127.0.0.1:18571,leader=nugget" nugget-panel coolbox.level 3 --control
status_is 0
out_is "nugget-panel coolbox.level 3"
err_is "voltbus set: sent; this link cannot confirm it (no echo)"
bus "lin:tcp://127.0.0.1:18571,leader=nugget"
is "it leads" api until 5 /api/state lead links house leader
run "a level" set_level
out_has '200 '
is "the value is shown" api until 2 /api/state 3 devices panel signals coolbox.level value
sleep 0.5
run "but the device is not ok" api get /api/state devices panel health
out_is silent
run "and says why" api get /api/state devices panel reason
out_has "cannot confirm what is sent (no echo)"
end_bus

# ---- a line that echoes, is cut, and comes back ----

tcp_end echo 18572
bus "lin:tcp://127.0.0.1:18572,leader=nugget,echo=yes"
is "it leads" api until 5 /api/state lead links house leader
is "the device is ok" api until 2 /api/state ok devices panel health
run "a level" set_level
out_has '200 '
touch "$work/go_echo"
is "the line is cut: the lease ends" wait_for 3 lease_is =
is "the link says why" link_says "nothing that is sent comes back: the bus has no power, the line is cut"
run "a command" set_level
out_has '409 {"error":"no-echo","reason":"panel coolbox.level: nothing that is sent comes back: the bus has no power'
rm "$work/go_echo"
is "it comes back" wait_for 3 sh -c "\"$TEST_DIR/e2e/api.py\" $url post /api/devices/panel/coolbox.level '{\"value\":2}' | grep -q '^200'"
end_bus
touch "$work/go_echo"
run "set on a cut line" "$VOLTBUS" set "lin:tcp://127.0.0.1:18572,leader=nugget,echo=yes" nugget-panel coolbox.level 3 --control
status_is 1
err_has "given up: nothing that is sent comes back"
rm "$work/go_echo"

# what is sent comes back, and nobody has said so
bus "lin:tcp://127.0.0.1:18572,leader=nugget"
is "an echo looks like another leader" api until 5 /api/state yield links house leader
is "and how to tell" link_says "or what is sent comes back (echo=yes)"
end_bus

# ---- somebody else answers our id ----

tcp_end panel 18573
bus "lin:tcp://127.0.0.1:18573,leader=nugget,echo=yes"
is "it leads" api until 5 /api/state lead links house leader
run "a level" set_level
out_has '200 '
touch "$work/go_panel"
is "another panel: it gives way" api until 3 /api/state yield links house leader
is "and says why" link_says "somebody else answers id 01 too"
is "the lease ends" lease_is =
end_bus

# ---- a peer that does not read ----

tcp_end deaf 18574
bus "lin:tcp://127.0.0.1:18574,leader=nugget"
is "it leads" api until 5 /api/state lead links house leader
run "a level" set_level
out_has '200 '
is "nothing goes out: the lease ends" wait_for 60 lease_is =
is "the log says why" grep -q "the other end does not read" "$work/said"
end_bus

# ---- nobody there ----

for place in "listen://127.0.0.1:18575" "pty:$work/terminal"; do
    connect() { # holds the other end, and reads
        case $place in
        listen*) python3 -c 'import socket; s = socket.create_connection(("127.0.0.1", 18575))
while s.recv(99): pass' & ;;
        *) cat "$work/terminal" >/dev/null & ;;
        esac
        peer=$!
        started_all="$started_all $peer"
    }
    bus "lin:$place,leader=nugget"
    sleep 1.5
    run "$place: nobody is there" set_level
    out_has '409 {"error":"link-down","reason":"panel coolbox.level: the link of this device is not open: nobody is connected"}'
    connect
    is "somebody: it leads" api until 3 /api/state lead links house leader
    run "a level" set_level
    out_has '200 '
    kill "$peer"
    is "gone: the lease ends" wait_for 2 lease_is =
    is "the log says why" grep -q "the lease ends: the link of this device is not open: nobody is connected" "$work/said"
    connect
    is "somebody again: it leads" api until 3 /api/state lead links house leader
    is "without a lease" lease_is =
    kill "$peer"
    end_bus
done

finish
