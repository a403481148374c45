#!/bin/sh
# end.sh - `voltbus run` ends within seconds, whatever is under way.
set -eu
. "$TEST_DIR/e2e/lib.sh"
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0"

cat >"$work/van.yaml" <<END
links:
  here: slcan:sim://leaf-battery
  there: slcan:tcp://adapter.example:3333
devices: {pack: {type: leaf-battery, link: here}, other: {type: leaf-battery, link: there}}
outputs:
  history: {type: sqlite, path: $work/van.db, every: 0s}
  samples: {type: json, path: $work/van.json}
END
LD_PRELOAD=$SLOW_NAMES "$VOLTBUS" run "$work/van.yaml" 2>"$work/said" &
pid=$!
for _ in $(seq 1000); do
    grep -q "looking for adapter.example" "$work/said" && [ -s "$work/van.json" ] && break
    sleep 0.05
done
run "a name is looked for" cat "$work/said"
out_has "looking for adapter.example"
t0=$(date +%s%N)
kill -TERM $pid
name="the end does not wait for it"
status=0
wait $pid || status=$?
ms=$((($(date +%s%N) - t0) / 1000000))
status_is 0
[ "$ms" -lt 4000 ] && echo "ok $name: $ms ms" || fail "took $ms ms"
run "what was known is written" tail -c 2 "$work/van.json"
out_is "}"
run "the history is closed" ls "$work"
out_has "van.db"
out_has_not "van.db-wal"

# a status that is not 0 is kept
t0=$(date +%s%N)
run "a question that is given up" env LD_PRELOAD="$SLOW_NAMES" "$VOLTBUS" get slcan:tcp://adapter.example:3333 \
    leaf-battery battery.voltage --timeout 500ms
ms=$((($(date +%s%N) - t0) / 1000000))
status_is 1
err_has "voltbus get: battery.voltage: not heard within 0.5 s"
[ "$ms" -lt 4000 ] && echo "ok $name: $ms ms" || fail "took $ms ms"

finish
