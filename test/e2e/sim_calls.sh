#!/bin/sh
# A running simulator is changed over a place of its own: `voltbus sim ... --calls PLACE`.
set -u
. "$TEST_DIR/e2e/lib.sh"
python=/usr/bin/python3 # Debian's: the one that has its packages
"$python" -c 'import serial' 2>/dev/null || skip "python3-serial is not installed"

sims=
trap 'kill $sims 2>/dev/null; rm -rf "$work"' EXIT

# start NAME ARGUMENT...: a simulator in the background; where it is called goes to $calls.
start() {
    name=$1
    shift
    : >"$work/ready"
    "$VOLTBUS" sim "$@" >"$work/ready" 2>"$work/said" &
    sims="$sims $!"
    for _ in $(seq 1000); do
        grep -q '^ready ' "$work/ready" && calls=$(sed -n 's/^calls //p' "$work/ready") && return
        sleep 0.05
    done
    run "$name" cat "$work/said"
    fail "is not ready after 5 s"
}

start "a wallbox that is called at a port" openevse "pty:$work/box" --set car=away \
    --calls listen://127.0.0.1:0
run "the box does what it is told" timeout 30 "$python" - "${calls##*:}" "$work/box" <<'END'
import socket, sys, time, serial

def caller():
    peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)
    return peer, peer.makefile("rb")

def call(line):
    peer.sendall(line)
    return answers.readline()

def heard(wanted):
    line = box.read_until(b"\r")
    assert line == wanted, (line, wanted)

box = serial.Serial(sys.argv[2], 115200, timeout=5)
time.sleep(0.2)
peer, answers = caller()
assert call(b"car=connected\n") == b"ok car=connected\n"
heard(b"$AT 02 02 24 0700^30\r")  # plugged in: state B, nothing charged yet
assert call(b"fault=diode\r\n") == b"ok fault=diode\n"
heard(b"$AT 05 05 24 0702^32\r")  # the pilot was on already
assert call(b"fault=none\n") == b"ok fault=none\n"
assert call(b"car=away\n") == b"ok car=away\n"
heard(b"$AT 01 01 24 0200^35\r")

# several lines at once, one in pieces, an empty one
peer.sendall(b"temperature=300\ntemperature=301\n\ntemp")
assert answers.readline() == b"ok temperature=300\n"
assert answers.readline() == b"ok temperature=301\n"
assert call(b"erature=-5\n") == b"ok temperature=-5\n"
box.write(b"$GP\r")
heard(b"$OK -2560 -5 -2560^18\r")

# what is wrong is told, and changes nothing
assert call(b"car=parked\n") == b"error: sim://openevse: car: parked: no such word (away, connected, ready or auto)\n"
assert call(b"colour=red\n").startswith(b"error: sim://openevse has no setting 'colour' (rapi, ")
assert call(b"rapi=1.0.3\n") == b"error: sim://openevse: rapi is set at the start and stays\n"
assert call(b"car\n").startswith(b"error: sim://openevse: car needs a value: car=away, ")
assert call(b"\xff\x00\x01=\x7f\n") == b"error: a line is KEY=VALUE or ?, in plain characters\n"
assert call(b"x" * 100000 + b"\n") == b"error: a line has 255 characters at most\n"
assert call(b"fault=" + b"none+" * 60 + b"\n") == b"error: a line has 255 characters at most\n"

# the list
peer.sendall(b"?\n")
listed = []
while not listed or listed[-1] != b"ok\n":
    listed.append(answers.readline())
assert b"temperature=-5 (-400 to 1200)\n" in listed, listed
assert b"car=away (away, connected, ready or auto)\n" in listed
assert b"rapi=5.2.1 (set at the start)\n" in listed
assert len(listed) == 16, listed

# half a line of one who goes is forgotten
peer.sendall(b"temperature=1")
answers.close()
peer.close()
time.sleep(0.3)
peer, answers = caller()
assert call(b"temperature=250\n") == b"ok temperature=250\n"

# garbage, while the box goes on answering
peer.sendall(bytes(range(256)) * 400)
box.write(b"$GS\r")
heard(b"$OK 01 0 01 0200^12\r")
print("done")
END
status_is 0
out_is "done"

at=tcp://127.0.0.1:${calls##*:}
run "voltbus calls it" "$VOLTBUS" call "$at" openevse car connected
status_is 0
out_is "car=connected"
run "voltbus asks for the list" "$VOLTBUS" call "$at" openevse '?'
status_is 0
out_has "car=connected (away, connected, ready or auto)"
out_has "rapi=5.2.1 (set at the start)"
run "voltbus says why not" "$VOLTBUS" call "$at" openevse car parked
status_is 1
err_is "voltbus call: sim://openevse: car: parked: no such word (away, connected, ready or auto)"
run "nobody is there" "$VOLTBUS" call tcp://127.0.0.1:1 openevse car away
status_is 1
err_has "127.0.0.1:1 refuses the connection"

start "one that is called at a pseudo terminal" openevse "pty:$work/box2" --set car=away \
    --calls "pty:$work/calls"
run "by pyserial" timeout 30 "$python" - "$work/calls" "$work/box2" <<'END'
import sys, time, serial

calls = serial.Serial(sys.argv[1], 9600, timeout=5)
box = serial.Serial(sys.argv[2], 115200, timeout=5)
time.sleep(0.2)
calls.write(b"button=wifi\n")
assert calls.readline() == b"ok button=wifi\n"
assert box.read_until(b"\r") == b"$WF 02^17\r"
print("done")
END
status_is 0
out_is "done"

run "voltbus calls a terminal" "$VOLTBUS" call "$work/calls" openevse button wifi
status_is 0
out_is "button=wifi"

# Somebody listens who does not answer, and somebody who answers nonsense.
run "no answer, and a strange one" timeout 60 "$python" - "$VOLTBUS" <<'END'
import socket, subprocess, sys

server = socket.create_server(("127.0.0.1", 0))
place = "tcp://127.0.0.1:%d" % server.getsockname()[1]
for answer, status, out, err in (
        (b"", 1, "", f"voltbus call: {place} does not answer\n"),
        (b"x" * 100000 + b"\nok \x1b[2J\x9b2Jyes\n", 0, "x" * 511 + "\n?[2J?2Jyes\n", "")):
    asked = subprocess.Popen([sys.argv[1], "call", place, "openevse", "car", "away"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    peer, _ = server.accept()
    assert peer.recv(100) == b"car=away\n"
    peer.sendall(answer)
    got = asked.communicate(timeout=20)
    assert (asked.returncode, *got) == (status, out, err), (asked.returncode, got)
    peer.close()
print("done")
END
status_is 0
out_is "done"

run "a simulator that cannot be changed" "$VOLTBUS" sim weather-mast "pty:$work/x" --calls "pty:$work/y"
status_is 2
err_is "voltbus sim: --calls: nothing of weather-mast can be changed while it runs"
run "a place where nobody can call" "$VOLTBUS" sim openevse "pty:$work/x" --calls tcp://127.0.0.1:1
status_is 2
err_is "voltbus sim: --calls: tcp://127.0.0.1:1: others call at pty:PATH or listen://HOST:PORT"
run "a place that is taken" "$VOLTBUS" sim openevse "pty:$work/x" --calls "$calls"
status_is 1
err_has "is in use"

finish
