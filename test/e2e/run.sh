#!/bin/sh
# run.sh - `voltbus run`: recordings replayed, transports that come and go, bad configurations.
set -eu
. "$TEST_DIR/e2e/lib.sh"

# value FILE KEY: from a JSON document
json() {
    python3 -c 'import json,sys
d = json.load(open(sys.argv[1]))
for key in sys.argv[2].split(" "):
    d = d[int(key)] if isinstance(d, list) else d[key]
print(json.dumps(d) if isinstance(d, (dict, list, bool)) else d)' "$1" "$2"
}

# ---- a replay gives the samples that decode gives ----

# same NAME RECORDING DEVICE LINKNAME [SETTING]: with the link named as the recording names its interface
same() {
    "$VOLTBUS" decode --json --as "$3" ${5:+--set "$5"} "$2" >"$work/decoded" 2>/dev/null || true
    {
        echo "links: {$4: 'file:$2'}"
        echo "devices: {$3: {type: $3, link: $4${5:+, $(echo "$5" | sed 's/=/: /')}}}"
        echo "outputs: {samples: {type: json, path: $work/replayed}}"
    } >"$work/replay.yaml"
    rm -f "$work/replayed"
    run "$1" "$VOLTBUS" run "$work/replay.yaml" --speed max --exit-at-end
    status_is 0
    if cmp -s "$work/decoded" "$work/replayed"; then
        echo "ok $1: $(wc -l <"$work/replayed") lines, the same as decode"
    else
        fail "the replay differs from decode: $(diff "$work/decoded" "$work/replayed" | head -4)"
    fi
}
same "replay of a Leaf recording" "$TEST_DIR/replay/leaf_aze0.log" leaf-battery can0
# Recordings with a clock of their own are played as if they began now: all but the times is the same.
sed_time() {
    sed 's/^{"t":[0-9.]*,\("t0":"relative",\)\?//'
}
if [ -n "${VOLTBUS_CAPTURES:-}" ]; then
    for name in battery_only quickcharge; do
        log=$VOLTBUS_CAPTURES/can/leaf_ze1_62kwh_$name.txt.gz
        "$VOLTBUS" decode --json --as leaf-battery "$log" 2>/dev/null | sed_time >"$work/decoded"
        cat >"$work/replay.yaml" <<END
links: {can0: 'file:$log'}
devices: {leaf-battery: {type: leaf-battery, link: can0}}
outputs: {samples: {type: json, path: $work/replayed}}
END
        rm -f "$work/replayed"
        run "replay of $name" "$VOLTBUS" run "$work/replay.yaml" --speed max --exit-at-end
        status_is 0
        sed_time <"$work/replayed" >"$work/replayed.values"
        if [ "$(wc -l <"$work/decoded")" -gt 1000 ] && cmp -s "$work/decoded" "$work/replayed.values"; then
            echo "ok replay of $name: $(wc -l <"$work/decoded") lines, the same as decode"
        else
            fail "the replay differs from decode: $(diff "$work/decoded" "$work/replayed.values" | head -4)"
        fi
    done
else
    echo "skipped: the large Leaf recordings are not beside the checkout"
fi

# ---- the history has every sample that the table has ----

cat >"$work/both.yaml" <<END
links: {can0: 'file:$TEST_DIR/replay/leaf_aze0.log'}
devices: {pack: {type: leaf-battery, link: can0}}
outputs:
  history: {type: sqlite, path: $work/both.db, every: 0s}
  table: {type: csv, path: $work/both.csv}
END
run "a history beside a table" "$VOLTBUS" run "$work/both.yaml" --speed max --exit-at-end
status_is 0
run "their samples" python3 - "$work/both.db" "$work/both.csv" <<'END'
import csv, sqlite3, sys
kept = sqlite3.connect(sys.argv[1]).execute(
    "SELECT signal.name, count(*) FROM sample JOIN signal ON signal.id = sample.signal GROUP BY signal.name")
kept = dict(kept)
shown = {}
for row in csv.DictReader(open(sys.argv[2])):
    shown[row["signal"]] = shown.get(row["signal"], 0) + 1
print(len(shown), "signals", "the same" if kept == shown else {n: (shown[n], kept.get(n)) for n in shown if shown[n] != kept.get(n)})
END
out_is '69 signals the same'

# A value is kept when it changes, at most once in `every`, and every 30 s while it stays.
python3 - >"$work/fast.log" <<'END'
def crc8(data):
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x85 if crc & 0x80 else crc << 1) & 0xFF
    return crc

for i in range(700):  # 70 s: the voltage rises by half a volt every 0.1 s for 10 s, and stays
    volts = 600 + min(i, 100)
    data = bytes([0x01, 0x60, volts >> 2, (volts & 3) << 6 | 0x2B, 0x32, 0, i & 3])
    print("(%.6f) can0 1DB#%s" % (1700000000 + i / 10, (data + bytes([crc8(data)])).hex()))
END
cat >"$work/fast.yaml" <<END
links: {can0: 'file:$work/fast.log'}
devices: {pack: {type: leaf-battery, link: can0}}
outputs: {history: {type: sqlite, path: $work/fast.db, every: 1s, keep: 0s}}
END
run "every: 1s" "$VOLTBUS" run "$work/fast.yaml" --speed max --exit-at-end
status_is 0
run "what every: 1s keeps" python3 - "$work/fast.db" <<'END'
import sqlite3, sys
print(*[(t // 10**5 - 17000000000, v) for t, v in sqlite3.connect(sys.argv[1]).execute(
    "SELECT t, v FROM sample JOIN signal ON signal.id = sample.signal WHERE name = 'battery.voltage' ORDER BY t")])
END
out_is '(0, 600) (10, 610) (20, 620) (30, 630) (40, 640) (50, 650) (60, 660) (70, 670) (80, 680) (90, 690) (100, 700) (400, 700)'

# ---- original timing ----

cat >"$work/timed.log" <<'END'
(1700000000.000000) can0 55B#C8C0FF600000E4FF
(1700000001.000000) can0 55B#C8C0FF600000E4FF
(1700000002.000000) can0 55B#C8C0FF600000E4FF
END
cat >"$work/timed.yaml" <<END
links: {can0: 'file:$work/timed.log'}
devices: {pack: {type: leaf-battery, link: can0}}
outputs: {samples: {type: json}}
END
t0=$(date +%s%N)
run "original timing" "$VOLTBUS" run "$work/timed.yaml" --exit-at-end
ms=$((($(date +%s%N) - t0) / 1000000))
status_is 0
[ "$ms" -ge 1950 ] && [ "$ms" -lt 6000 ] && echo "ok original timing: $ms ms" || fail "took $ms ms, expected 2 s"
t0=$(date +%s%N)
run "ten times as fast" "$VOLTBUS" run "$work/timed.yaml" --exit-at-end --speed 10
ms=$((($(date +%s%N) - t0) / 1000000))
[ "$ms" -ge 190 ] && [ "$ms" -lt 1500 ] && echo "ok ten times as fast: $ms ms" || fail "took $ms ms, expected 0.2 s"

# ---- clocks that were set, pauses, other interfaces, broken files ----

replay() { # NAME LIMIT_MS [OPTION]...: of $work/clock.log; $ms is how long it took
    name=$1
    limit=$2
    shift 2
    cat >"$work/clock.yaml" <<END
links: {can0: 'file:$work/clock.log'}
devices: {pack: {type: leaf-battery, link: can0}}
outputs: {samples: {type: candump, path: $work/clock.out}}
END
    rm -f "$work/clock.out"
    t0=$(date +%s%N)
    run "$name" timeout 20 "$VOLTBUS" run "$work/clock.yaml" --exit-at-end "$@"
    ms=$((($(date +%s%N) - t0) / 1000000))
    status_is 0
    [ "$ms" -lt "$limit" ] && echo "ok $name: $ms ms" || fail "took $ms ms"
}
frames() { # TIME...: of frames, as recorded in $work/clock.log
    for t in "$@"; do
        echo "($t) can0 55B#C8C0FF600000E4FF"
    done >"$work/clock.log"
}
frames 5.000000 9000000000.000000
replay "the year 2255" 5000 --speed max
run "its frames" wc -l "$work/clock.out"
out_has "2 "
frames 1.000000 9223372036.000000 5.000000 9223372036.854775
replay "the end of time" 5000 --speed max
frames 5.000000 5.500000 1700000002.000000 1700000002.500000
replay "a clock that is set to Unix time" 5000
[ "$ms" -ge 950 ] && echo "ok $name: with its timing" || fail "took $ms ms, expected 1 s"
err_has "clock.log:3: the clock of the recording was set by 169999999"
run "the times behind it stay" grep -c '^(170000000[23]' "$work/clock.out"
out_is 2
frames 1700000100.000000 1700000100.500000 1700000050.000000 1700000050.500000
replay "a clock that is set back" 5000
[ "$ms" -ge 950 ] && echo "ok $name: with its timing" || fail "took $ms ms, expected 1 s"
run "its times stay" cut -d ' ' -f 1 "$work/clock.out"
out_is "$(cut -d ' ' -f 1 "$work/clock.log")"
frames 1700000000.000000 1700100000.000000
replay "a clock that is set by more than a day" 5000

frames 1700000000.000000 1700007200.000000
"$VOLTBUS" run "$work/clock.yaml" --exit-at-end 2>"$work/said" &
pid=$!
for _ in $(seq 1000); do
    grep -q "a pause" "$work/said" && break
    sleep 0.05
done
kill $pid
wait $pid || true
run "a pause of two hours is told" cat "$work/said"
out_has "link can0 is open: a pause in the recording: the next frame in 2.0 h, at 20"

awk 'BEGIN { for (i = 0; i < 30000; i++) printf "(1700000000.000000) can1 123#%02X\n", i % 256 }' >"$work/long.log"
cat >"$work/two.yaml" <<END
links: {long: 'file:$work/long.log,bus=can0', short: 'file:$work/clock.log,bus=can0'}
devices: {pack: {type: leaf-battery, link: short}}
outputs: {samples: {type: candump, path: $work/two.out}}
END
frames 1700000000.000000
run "thirty thousand lines of another interface" "$VOLTBUS" run "$work/two.yaml" --exit-at-end
status_is 0
cp "$work/err" "$work/said"
run "another link has its turn meanwhile" sed -n 's/^voltbus: link \([a-z]*\) is ended.*/\1/p' "$work/said"
out_is "short
long"

gzip -c "$work/long.log" >"$work/whole.gz"
head -c $(($(wc -c <"$work/whole.gz") / 2)) "$work/whole.gz" >"$work/broken.log.gz"
sed "s/long.log/broken.log.gz/" "$work/two.yaml" >"$work/broken.yaml"
run "a recording that breaks off" "$VOLTBUS" run "$work/broken.yaml" --exit-at-end --quiet
status_is 1
err_has "voltbus run: link long: the recording cannot be read on after line "

# ---- a value that is said in two ways is shown once ----

cat >"$work/clock.log" <<'END'
(1700000000.000500) can0 1DB#0160B32B32000004
(1700000000.011000) can0 59E#0000168B400000C8
(1700000000.020500) can0 1DB#FB00BE2B32000113
END
run "a generation that is found out later" "$VOLTBUS" watch "file:$work/clock.log" --as leaf-battery --for 300ms
status_is 0
cp "$work/out" "$work/table"
run "one line for one name" grep -c ' battery.soc_usable ' "$work/table"
out_is 1

# ---- what is wrong is said ----

refused() { # NAME EXPECTED: of $work/bad.yaml
    run "$1" "$VOLTBUS" run "$work/bad.yaml"
    status_is 1
    err_has "$2"
}
cat >"$work/bad.yaml" <<END
links: {can0: 'file:$work/timed.log'}
devices: {pack: {type: leaf-battery, link: can0}}
outputs: {history: {type: sqlite, path: $work/no/such/folder/h.db}}
END
refused "a history in a folder that is not there" "$work/no/such/folder"
cat >"$work/bad.yaml" <<END
links: {can0: 'file:$work/not-there.log'}
devices: {pack: {type: leaf-battery, link: can0}}
outputs: {samples: {type: json}}
END
refused "a recording that is not there" "$work/not-there.log"
cat >"$work/bad.yaml" <<END
links: {can0: 'file:$work/timed.log'}
devices: {pack: {type: leaf-battery, link: can0}}
outputs: {table: {type: csv, path: $work/one}, lines: {type: json, path: $work/./one}}
END
refused "two outputs in one file" "writes this file: give each its own"
run "no configuration" "$VOLTBUS" run "$work/not-there.yaml"
status_is 1
err_has "not-there.yaml"
run "a wrong speed" "$VOLTBUS" run "$work/timed.yaml" --speed fast
status_is 2
err_has "--speed fast: expected 0.001 to 1000000, or max"

finish
