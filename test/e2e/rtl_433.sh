#!/bin/sh
# An independent decoder of the same packets: Debian's rtl_433 (reference/weather.md section 8).
set -u
. "$TEST_DIR/e2e/lib.sh"
command -v rtl_433 >/dev/null || skip "rtl_433 is not installed"

# packet, its preamble and sync for rtl_433, decoder number, how voltbus is to read it
compare() {
    packet=$1
    run "rtl_433 $4 $packet" rtl_433 -R "$3" -c 0 -F json -y "$2"
    cp "$work/out" "$work/theirs"
    # shellcheck disable=SC2086
    run "voltbus $4 $packet" "$VOLTBUS" decode --json $4 --hex "$packet"
    if python3 - "$work/theirs" "$work/out" "$5" <<'EOF'
import json, sys
NAMES = {"id": "station.id", "temperature_C": "air.temperature", "humidity": "air.humidity",
         "wind_dir_deg": "wind.direction", "wind_avg_m_s": "wind.speed", "wind_max_m_s": "wind.gust",
         "rain_mm": "rain.total", "uv": "uv.raw", "uvi": "uv.index", "light_lux": "light.illuminance",
         "wind_avg_km_h": "wind.speed", "wind_max_km_h": "wind.gust"}
theirs = [json.loads(line) for line in open(sys.argv[1]) if line.startswith("{")]
theirs = [t for t in theirs if t["model"] == sys.argv[3]]
assert theirs, "rtl_433 said nothing"
ours = json.loads(open(sys.argv[2]).readline())["values"]
compared = 0
for key, name in NAMES.items():
    if key in theirs[0]:
        value = theirs[0][key] / 3.6 if key.endswith("km_h") else theirs[0][key]
        # it prints three decimals; its compass is rounded to whole degrees
        room = 0.51 if key == "wind_dir_deg" else 0.0051
        assert abs(ours[name] - value) < room, (name, ours[name], value)
        compared += 1
low = "yes" if theirs[0]["battery_ok"] == 0 else "no"
assert ours["station.battery_low"] == low
print("ok %s: %d values agree" % (sys.argv[3], compared + 1))
EOF
    then :; else fail "differs from rtl_433: $(cat "$work/theirs")"; fi
}

wh24() { compare "$1" "{195}aaaaaaaaaa2dd4${1}0" 78 "--as wh24" Fineoffset-WH24; }
wh65b() { compare "$1" "{209}aaaaaaaaaaa2dd4${1}000" 78 "--as wh65b" Fineoffset-WH65B; }
wh1080() { compare "$1" "{136}aaaaaa2dd4${1}000000" 155 "--as wh1080" Fineoffset-WHx080; }
wh1080_ook() { compare "$1" "{88}ff${1}" 32 "--as wh1080 --set modulation=ook" Fineoffset-WHx080; }

wh24 243cce6219630f0300020000000000a9c9
wh24 24bf0ae2064e0802004a00010000008f07
wh65b 243cce6219630f0300020000000000a9c9
wh65b 245067e287410000000100020000008c14
wh65b 24401f81ee6300000ca7001900713425eb
wh1080 a4f03c48000003c60453
wh1080 a9e0a6410a1100bb0cd9
wh1080 a9e0a93f0e1500bb0c3b
wh1080_ook a531f2550204017a00b4
wh1080_ook add1ce46010201e30411

finish
