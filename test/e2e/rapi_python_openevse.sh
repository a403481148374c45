#!/bin/sh
# python-openevse, the client of the RAPI source document's days, against our simulated boxes: everything works on
# 4.0.1, and on the others exactly that fails which fails on real ones. Needs PEERS=dir with a checkout
# python-openevse in it.
set -u
. "$TEST_DIR/e2e/lib.sh"

peer=${PEERS:-}/python-openevse
[ -n "${PEERS:-}" ] && [ -e "$peer/openevse.py" ] || skip "no python-openevse (PEERS=dir names its place)"
python=/usr/bin/python3 # Debian's: the one that has its packages
"$python" -c 'import serial' 2>/dev/null || skip "python3-serial is not installed"

sims=
trap 'kill $sims 2>/dev/null; rm -rf "$work"' EXIT

# with NAME SETTING... : the peer's class at a box with these settings; the script comes on standard input.
with() {
    name=$1
    shift
    cat >"$work/script.py"
    : >"$work/ready"
    sets=
    for set in "$@"; do sets="$sets --set $set"; done
    # shellcheck disable=SC2086 # settings have no spaces
    "$VOLTBUS" sim openevse "pty:$work/box" $sets >"$work/ready" 2>"$work/said" &
    sim=$!
    sims="$sims $sim"
    for _ in $(seq 1000); do
        grep -q '^ready ' "$work/ready" && break
        sleep 0.05
    done
    run "$name" env PYTHONPATH="$peer" PYTHONDONTWRITEBYTECODE=1 timeout 60 "$python" "$work/script.py" "$work/box"
    kill "$sim" && wait "$sim"
    status_is 0
    out_is "done"
}

with "4.0.1: every method works" rapi=4.0.1 notifications=off car=ready car-current=10000 \
    options=rtc+ammeter+voltmeter+auto-level+limits+ds3231+ids voltage=230000 <<'END'
import datetime, sys, time, openevse

o = openevse.SerialOpenEVSE(sys.argv[1])
assert o.version() == {"firmware": "5.1.0", "protocol": "4.0.1"}
while o.status() != "charging":
    time.sleep(0.1)
time.sleep(5)
assert o.charging_current_and_voltage() == {"amps": 10.0, "volts": 230.0}
elapsed = o.elapsed()
assert 4 <= elapsed["seconds"] <= 10 and 0.5 < elapsed["Wh"] < 10, elapsed
assert o.temperature() == {"ds3231temp": 25.3, "mcp9808temp": -256.0, "tmp007temp": -256.0}
assert o.fault_counters() == {"GFI self test": 0, "Ground": 0, "Stuck relay": 0}
assert o.time_limit(61) == 4 and o.time_limit() == 60
assert o.charge_limit(12) == 12 and o.charge_limit() == 12
assert o.current_capacity_range() == (6, 80)
assert o.current_capacity(13) == 13 and o.current_capacity() == 13
try:
    o.current_capacity(3)  # clamped, and so refused
    sys.exit("3 A are not refused")
except openevse.EvseError:
    assert o.current_capacity() == 6
for check in ("diode_check", "gfi_self_test", "ground_check", "vent_required"):
    method = getattr(o, check)
    assert method() is True and method(False) is False and method() is False and method(True) is True
assert o.stuck_relay_check(None) is True and o.stuck_relay_check(False) is False
assert o.stuck_relay_check(None) is False
assert o.lcd_type() == "rgb" and o.lcd_type("monochrome") and o.lcd_type() == "monochrome"
assert o.lcd_backlight_color("teal") and o.display_text(0, 1, "HELLO")
assert o.service_level() == 0 and o.service_level(1) == 1 and o.service_level() == 1
assert o.service_level(2) == 2 and o.service_level(0) == 0 and o.service_level() == 0
assert o.ammeter_settings() == (220, 0) and o.ammeter_settings(225, 3) == (225, 3)
assert o.ammeter_settings() == (225, 3) and o.ammeter_calibration(False)
assert o.voltmeter_settings(None, None) == (298, 12018) and o.voltmeter_settings(300, 12000)
assert o.voltmeter_settings(None, None) == (300, 12000)
assert o.accumulated_wh(4711) == 4711 and o.accumulated_wh() == 4711
then = datetime.datetime(2026, 11, 20, 17, 39, 11)
assert o.time(then) == then and 0 <= (o.time() - then).total_seconds() <= 1
assert o.timer(23, 0, 6, 30) and o.timer()
assert o.status("sleep") == "sleeping" and o.status("disable") == "disabled"
assert o.status("enable") == "unknown"  # it has to look at the pilot first
time.sleep(2)
assert o.status() == "charging"
assert o.get_status_change() is None
print("done")
END

with "4.0.1: without a clock" rapi=4.0.1 car=away options=ammeter <<'END'
import sys, openevse

o = openevse.SerialOpenEVSE(sys.argv[1])
try:
    o.time()
    sys.exit("there is a clock")
except openevse.NoClock:
    pass
try:
    o.elapsed()
    sys.exit("something is charging")
except openevse.NotCharging:
    pass
print("done")
END

# \$ST with its checksum is what this client cannot read; what it then missed is the answer to its next question.
with "4.0.1: news spoil it" rapi=4.0.1 car=away <<'END'
import sys, openevse

o = openevse.SerialOpenEVSE(sys.argv[1])
try:
    o.status("sleep")
    sys.exit("it has read $ST fe^00")
except ValueError:
    pass
try:
    o.status()  # this is the answer to FS, which has no state
    sys.exit("the answer is the right one")
except IndexError:
    pass
print("done")
END

for old in 1.0.3 2.0.0 3.0.1; do
    with "$old: it cannot begin" rapi=$old car=away <<'END'
import sys, openevse

try:
    openevse.SerialOpenEVSE(sys.argv[1])
    sys.exit("it has begun")
except openevse.EvseError as error:  # 1.0.3: no checksum, so no answer; the others: NK to $FF
    kind = type(error).__name__
    assert kind in ("EvseTimeoutError", "EvseError"), kind
print("done")
END
done

for new in 5.2.1 6.0.0; do
    with "$new: states above nine, elapsed and calibration fail" rapi=$new car=ready car-current=10000 <<'END'
import sys, time, openevse

def fails(error, method, *arguments):
    try:
        method(*arguments)
    except error:
        return True
    sys.exit(f"{method.__name__} works")

o = openevse.SerialOpenEVSE(sys.argv[1])
assert o.version()["protocol"] in ("5.2.1", "6.0.0")
while o.status() != "charging":
    time.sleep(0.1)
time.sleep(4)
assert o.charging_current_and_voltage() == {"amps": 10.0, "volts": 240.0}
assert fails(openevse.NotCharging, o.elapsed)
assert fails(openevse.EvseError, o.ammeter_calibration)
assert fails(openevse.EvseError, o.voltmeter_settings, None, None)  # no voltmeter
assert o.time_limit(60) == 4 and o.charge_limit(12) == 12 and o.charge_limit() == 12
assert o.diode_check(False) is False and o.diode_check() is False
assert o.current_capacity_range() == (6, 80)
assert fails(ValueError, o.status, "sleep")  # "fe" is no decimal number
assert fails(ValueError, o.status, "disable")
assert o.status("enable") == "unknown"
time.sleep(2)
assert o.status() == "charging"
assert fails(openevse.EvseError, o.reset)  # it waits for ST without a dollar
print("done")
END
done

finish
