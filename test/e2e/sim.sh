#!/bin/sh
# `voltbus sim` against a client that others wrote: pyserial on a pseudo terminal; TCP; wrong usage.
set -u
. "$TEST_DIR/e2e/lib.sh"
python=/usr/bin/python3 # Debian's: the one that has its packages
"$python" -c 'import serial' 2>/dev/null || skip "python3-serial is not installed"

sims=
trap 'kill $sims 2>/dev/null; rm -rf "$work"' EXIT

# start NAME ARGUMENT...: a simulator in the background; its place goes to $place, its number to $sim.
start() {
    name=$1
    shift
    : >"$work/ready"
    "$VOLTBUS" sim "$@" >"$work/ready" 2>"$work/said" &
    sim=$!
    sims="$sims $sim"
    for _ in $(seq 1000); do
        place=$(sed -n 's/^ready //p' "$work/ready")
        [ -n "$place" ] && return
        sleep 0.05
    done
    run "$name" cat "$work/said"
    fail "is not ready after 5 s"
}

# stop SIGNAL: end it; $status is its exit status.
stop() {
    kill "-$1" "$sim"
    status=0
    wait "$sim" || status=$?
}

# ---- slcan on a pseudo terminal ----

start "a Leaf at a pseudo terminal" leaf-battery "pty:$work/leaf" --set generation=ze1
run "pyserial talks slcan" timeout 30 "$python" - "$work/leaf" <<'END'
import sys, time, serial

def lines(port, wanted, seconds=5):
    """Lines until one begins like wanted; all of them."""
    got, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        line = port.read_until(b"\r")
        got.append(line)
        if line.startswith(wanted):
            return got
    sys.exit(f"no {wanted} in {got[:20]}")

port = serial.Serial(sys.argv[1], 115200, timeout=0.5, exclusive=True)
port.write(b"C\r")
port.read_until(b"\r")
port.write(b"V\r")
assert lines(port, b"V")[-1][:1] == b"V"
port.write(b"S6\r")
assert lines(port, b"\r")
port.write(b"O\r")
lines(port, b"t55B8")
assert len(lines(port, b"t1DB8")[-1]) == 22
port.close()

# Somebody else, a second later: what was sent meanwhile, 330 frames of 22 bytes, is gone.
time.sleep(1)
opened = time.monotonic()
port = serial.Serial(sys.argv[1], 115200, timeout=0.5)
time.sleep(0.1)
waiting = port.in_waiting
assert waiting < 500 + (time.monotonic() - opened) * 330 * 22, waiting
assert lines(port, b"t1DB8")
port.write(b"C\r")
time.sleep(0.1)
port.reset_input_buffer()
assert port.read(10) == b""
port.close()
print("done")
END
status_is 0
out_is "done"
run "what it said" cat "$work/said"
err=$out
err_has "$work/leaf was opened"
err_has "$work/leaf was closed"

run "a second at the same place" "$VOLTBUS" sim leaf-battery "pty:$work/leaf"
status_is 1
err_has "$work/leaf is in use"
stop TERM
run "after SIGTERM" ls "$work/leaf"
case $status in 0) fail "the link is still there" ;; *) echo "ok $name: the link is removed" ;; esac

start "again at the same place" leaf-battery "pty:$work/leaf"
stop INT
name="after SIGINT"
status_is 0

: >"$work/file"
run "a file at the place" "$VOLTBUS" sim leaf-battery "pty:$work/file"
status_is 1
err_has "$work/file is there already"

# ---- TCP ----

start "a Leaf at a TCP port" leaf-battery listen://127.0.0.1:0
case $place in
listen://127.0.0.1:0 | *[!a-z0-9:./]*) fail "ready does not tell the port: $place" ;;
*) echo "ok $name: $place" ;;
esac
run "a client, and a second" timeout 20 "$python" - "${place##*:}" <<'END'
import socket, sys

address = ("127.0.0.1", int(sys.argv[1]))
first = socket.create_connection(address, 5)
first.sendall(b"S6\rO\r")
got = b""
while b"\rt1DB8" not in got:
    got += first.recv(1000)
second = socket.create_connection(address, 5)
assert second.recv(100) == b""  # refused: closed at once
got = first.recv(1000)
assert got
first.close()
while True:  # now somebody else may come
    third = socket.create_connection(address, 5)
    if third.recv(1000):
        break
print("done")
END
status_is 0
out_is "done"
run "what it said" cat "$work/said"
err=$out
err_has " refused: somebody is here already"
run "the port in use" "$VOLTBUS" sim weather-mast "$place"
status_is 1
err_has "port ${place#listen://} is in use by another program"
stop TERM
name="after SIGTERM"
status_is 0

# A place that goes away is opened again.
run "a server that goes and comes back" timeout 30 "$python" - "$VOLTBUS" <<'END'
import socket, subprocess, sys

server = socket.create_server(("127.0.0.1", 0))
server.settimeout(10)
place = "tcp://127.0.0.1:%d" % server.getsockname()[1]
sim = subprocess.Popen([sys.argv[1], "sim", "leaf-battery", place], stdout=subprocess.PIPE, text=True)
for _ in range(2):
    peer, _ = server.accept()
    assert sim.stdout.readline() == f"ready {place}\n"
    peer.sendall(b"V\r")
    got = b""
    while not got.endswith(b"\r"):
        got += peer.recv(1)
    assert got[:1] == b"V", got
    peer.close()
sim.terminate()
assert sim.wait() == 0
print("done")
END
status_is 0
out_is "done"
err_has "has closed the connection"

# ---- LIN ----

start "a camper van at a pseudo terminal" camper-van "pty:$work/lin"
run "pyserial hears LIN" timeout 30 "$python" - "$work/lin" <<'END'
import re, sys, serial

port = serial.Serial(sys.argv[1], 19200, timeout=0.5)
got = b""
for _ in range(20):
    got += port.read(100)
    ids = re.findall(rb"\x00\x55(.)", got, re.S)
    if len(ids) > 5:
        break

def parity(pid):
    bit = [pid >> i & 1 for i in range(6)]
    return (bit[0] ^ bit[1] ^ bit[2] ^ bit[4]) | (1 ^ bit[1] ^ bit[3] ^ bit[4] ^ bit[5]) << 1

good = [i for i, in ids if i >> 6 == parity(i)]
assert len(good) > 4, (got, good)  # 00 55 may stand in data, too
print("done")
END
status_is 0
out_is "done"
stop TERM
name="after SIGTERM"
status_is 0

# ---- the list, wrong usage ----

run "the list" "$VOLTBUS" sim --list
status_is 0
out_has "leaf-battery  "
out_has "  soc=45  5 to 100 %; "
cp "$work/out" "$work/list"
run "without arguments" "$VOLTBUS" sim
out_is "$(cat "$work/list")"

run "an unknown simulator" "$VOLTBUS" sim leaf-batery pty:x
status_is 2
err_has "voltbus sim: unknown simulator 'leaf-batery'; did you mean leaf or leaf-battery?"
run "an unknown setting" "$VOLTBUS" sim leaf-battery "pty:$work/x" --set colour=red
status_is 2
err_has "leaf-battery has no setting 'colour' (generation, mode, soc, speed)"
run "a value out of range" "$VOLTBUS" sim leaf-battery "pty:$work/x" --set soc=120
status_is 2
err_has "soc: "
err_has "5 to 100 %"
run "a setting without value" "$VOLTBUS" sim leaf-battery "pty:$work/x" --set soc
status_is 2
err_has "soc needs a value"
run "no place" "$VOLTBUS" sim leaf-battery
status_is 2
err_has "expected NAME and PLACE"
run "a simulator at a simulator" "$VOLTBUS" sim leaf-battery sim://leaf-battery
status_is 2
err_has "a simulator stands at pty:PATH"
run "a wrong place" "$VOLTBUS" sim leaf-battery tcp://host
status_is 2
err_has "the port is missing"
run "a wrong rate" "$VOLTBUS" sim leaf-battery /dev/ttyUSB255 --baud fast
status_is 2
err_has "--baud: fast"

finish
