#!/bin/sh
# health.sh - what a device is said to be: silent, ok, error, stale; and that its history knows when it was away.
# The far end is an slcan adapter made here, with frames of a real Leaf, whole and damaged.
set -eu
. "$TEST_DIR/e2e/lib.sh"
cat >"$work/leaf.yaml" <<END
links: {drive: "slcan:listen://127.0.0.1:18471"}
devices: {pack: {type: leaf-battery, link: drive, stale: 1s}}
outputs:
  history: {type: sqlite, path: $work/leaf.db}
  page: {type: http, listen: "127.0.0.1:18472"}
END
"$VOLTBUS" run "$work/leaf.yaml" 2>"$work/log" &
pid=$!
trap 'kill $pid 2>/dev/null || true; wait $pid 2>/dev/null || true; rm -rf "$work"' EXIT

name="the health of a device"
run "$name" python3 - "$work" <<'END'
import http.client, json, socket, sys, time

GOOD = b"t1DB80160B32B32000004\r"      # 358.0 V, counter 0
NEXT = b"t1DB80160B32B32000181\r"      # the same, counter 1
BAD = b"t1DB80160B32B32000005\r"       # the CRC is wrong


def ask(path):
    link = http.client.HTTPConnection("127.0.0.1", 18472, timeout=5)
    link.request("GET", path)
    return json.loads(link.getresponse().read())


def pack():
    return ask("/api/state")["devices"]["pack"]


def until(wanted, seconds=6):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if pack()["health"] == wanted:
            print("ok it is", wanted, "-", pack()["reason"])
            return
        time.sleep(0.05)
    sys.exit(f"not {wanted} within {seconds} s but {pack()['health']}: {pack()['reason']}")


for _ in range(100):
    try:
        adapter = socket.create_connection(("127.0.0.1", 18471))
        break
    except OSError:
        time.sleep(0.05)
until("silent")
for answer in range(4):
    time.sleep(0.15)
    adapter.sendall(b"\r")
adapter.sendall(GOOD)
until("ok")
adapter.sendall(BAD * 4)
until("error")
if "358" not in json.dumps(pack()["signals"]["battery.voltage"]):
    sys.exit("the last good value is gone")
until("stale")  # damaged frames and then silence: that is what a plug looks like that is pulled out
gap = time.time()
adapter.sendall(NEXT)
until("ok")
# one kind of frame always fails, another never: it is ill, and says so once
begin = len(open(sys.argv[1] + "/log").read().splitlines())
for i in range(60):
    adapter.sendall(BAD * 4 + (GOOD if i % 2 else NEXT))
    time.sleep(0.02)
if pack()["health"] != "error":
    sys.exit("it is not ill")
lines = len(open(sys.argv[1] + "/log").read().splitlines()) - begin
if lines > 3:
    sys.exit(f"{lines} lines in the log for one illness")
print("ok an illness is told once")
time.sleep(1.2)
adapter.sendall(GOOD)
until("ok")
time.sleep(1.5)
points = ask("/api/history?signal=pack/battery.voltage&from=-60")["points"]
if None not in points or not any(point and point[0] > gap for point in points[points.index(None):]):
    sys.exit(f"the history does not tell when it was away, and that it is back: {points}")
print("ok the history has its absence, and that it is back")

# the reason is the bus monitor's: which frame, and what is wrong with it
adapter.sendall(BAD * 4)
until("error")
if "1DB pack: the CRC is 05, but the bytes give 04" not in pack()["reason"]:
    sys.exit(f"not said why: {pack()['reason']}")
adapter.sendall(NEXT)
end = time.monotonic() + 9
while "1DB pack: missing for 4" not in pack()["reason"]:  # others go on
    adapter.sendall(b"t59E80000168B400000C8\r")
    time.sleep(0.45)
    if time.monotonic() > end:
        sys.exit(f"nobody misses 1DB: {pack()['health']} {pack()['reason']}")
print("ok", pack()["reason"])
adapter.sendall(GOOD)
until("ok")
END
status_is 0
cat "$work/out"
kill $pid
wait $pid 2>/dev/null || true

# A header that nobody answers tells more than silence: the mains charger without shore power.
cat >"$work/van.yaml" <<END
links: {house: "lin:sim://camper-van,shore=no"}
devices: {charger: {type: dometic-smp439a, link: house}}
outputs: {page: {type: http, listen: "127.0.0.1:18472"}}
END
"$VOLTBUS" run "$work/van.yaml" 2>"$work/log" &
pid=$!
run "who is asked and does not answer" "$TEST_DIR/e2e/api.py" http://127.0.0.1:18472 \
    until 10 /api/state "it is asked and does not answer" devices charger reason
status_is 0
finish
