#!/bin/sh
# flood.sh - a megabyte of noise a second on each of three links does not disturb the others, nor fill the
# memory.
set -eu
. "$TEST_DIR/e2e/lib.sh"
. "$TEST_DIR/e2e/gateway.sh"

url=http://127.0.0.1:18570
cat >"$work/flood.yaml" <<END
links:
  van: "lin:$work/van,leader=nugget,echo=no"
  can: "slcan:tcp://127.0.0.1:18571"
  noise_slcan: "slcan:tcp://127.0.0.1:18572"
  noise_rfm69: "rfm69:tcp://127.0.0.1:18573"
  noise_lin: "lin:tcp://127.0.0.1:18574"
devices:
  panel: {type: nugget-panel, link: van, control: true}
  pack: {type: leaf-battery, link: can}
  car: {type: leaf-battery, link: noise_slcan}
  mast: {type: wh24, link: noise_rfm69}
  other: {type: nugget-panel, link: noise_lin}
outputs:
  page: {type: http, listen: "127.0.0.1:18570"}
END
flood() { # KIND PORT
    "$TEST_DIR/e2e/server.py" flood "$2" >"$work/flood_$1" &
    started_all="$started_all $!"
}
memory() { awk '/VmHWM/ { print $2 }' "/proc/$gateway/status"; } # at its highest, in kB
frames() { echo "$(now) $(api get /api/state devices pack frames)"; }

far_end lin van
start sim leaf-battery listen://127.0.0.1:18571
flood slcan 18572
flood rfm69 18573
flood lin 18574
export ASAN_OPTIONS=quarantine_size_mb=1 # where it is built that way: what was freed is no memory
gateway flood.yaml
is "the pack is heard" api until 5 /api/state ok devices pack health
is "voltbus leads the van" api until 5 /api/state lead links van leader
for kind in slcan rfm69 lin; do
    is "noise comes on the $kind link" wait_for 10 test -s "$work/flood_$kind"
done

before=$(memory)
forget
since=$(frames)
sleep 5
until=$(frames)
# 1DB and 1DC every 10 ms, 55B and 5BC every 100 ms, 59E and 5C0 every 500 ms: 224 a second
run "the pack's frames come as before" awk -v since="$since" -v until="$until" 'BEGIN {
    split(since, a, " "); split(until, b, " "); rate = (b[2] - a[2]) / (b[1] - a[1])
    print rate " a second"; exit !(rate > 100 && rate < 250) }'
status_is 0
is "headers go out as before" every C1 0.180
run "a command" api post /api/devices/panel/coolbox.level '{"value":3}'
out_has '200 '
is "is on the bus" wait_for 1 heard '00 55 C1 00 30 00 00 00 00 00 00 0E'
for kind in slcan rfm69 lin; do
    taken=$(tail -1 "$work/flood_$kind")
    is "all the noise is read on the $kind link: $taken bytes" test "$taken" -gt 4000000
done
bad=$(api get /api/state links noise_lin bad)
is "and counted as bad: $bad" test "$bad" -gt 4000000
more=$(($(memory) - before))
is "the memory does not grow: $more kB" test "$more" -lt 8000

finish
