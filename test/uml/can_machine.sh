#!/bin/sh
# Machines and commands on a CAN interface: a simulated Leaf stands behind the kernel's slcan driver, which is a
# controller with a bit rate and a state, and voltbus drives it as can:slcan0.
set -u
. "$TEST_DIR/uml/lib.sh"

"$VOLTBUS" sim leaf "pty:$work/leaf" >sim.log 2>&1 &
sim=$!
for _ in $(seq 100); do
    [ -L leaf ] && break
    sleep 0.05
done
slcand -F -o -s6 "$(readlink leaf)" slcan0 >slcand.log 2>&1 &
slcand=$!
for _ in $(seq 100); do
    ip link show slcan0 >/dev/null 2>&1 && break
    sleep 0.05
done
ip link set slcan0 txqueuelen 1000 up

run "scan" "$VOLTBUS" scan --for 0s --json
out_has '{"what":"can","name":"slcan0","driver":"can","up":true,"state":"error active","fd":false,"listen_only":false,"links":["can:slcan0"]}'
out_has '{"what":"can","name":"vcan0","driver":"vcan","up":true,"fd":true,"listen_only":false,"links":["can:vcan0"]}'
run "scan for people" "$VOLTBUS" scan --for 0s
out_has "CAN interfaces
  vcan0  vcan  up, CAN FD
      can:vcan0
  slcan0  can  up, error active
      can:slcan0"

# who only listens does not send, and says so
run "listen=yes" "$VOLTBUS" set can:slcan0 leaf-vcm charge.power 1000 --control
status_is 1
err_has 'listen=no'

cat >gateway.yaml <<END
links:
  car: "can:slcan0,listen=no"
devices:
  vcm:     {type: leaf-vcm, link: car, control: true, generation: aze0}
  battery: {type: leaf-battery, link: car}
  charger: {type: leaf-charger, link: car}
outputs:
  log:  {type: candump, path: frames.log}
  page: {type: http, listen: "127.0.0.1:7180"}
END
"$VOLTBUS" run gateway.yaml >said 2>&1 &
recorder=$!
says "slcan0" "link car: slcan0 (can)"
via=http://127.0.0.1:7180
"$VOLTBUS" set --via $via --lease 1min vcm charge.power 1000 >set.log 2>&1
# high voltage is on: the simulated car has heard us, and we have heard it. (Where many programs share the processor,
# the machine soon ends, because it came too late; that it charges is tested elsewhere.)
says "the machine switches high voltage on" "vcm: leaf-vcu is plug"
record_end
run "what we sent is in the recording" grep -c ' car 1F2#' frames.log
status_is 0
kill $slcand $sim 2>/dev/null
wait

# ---- a controller that is set by the kernel ----

"$VOLTBUS" sim leaf "pty:$work/leaf1" >sim.log 2>&1 &
sim=$!
sleep 1
slcand -F "$(readlink leaf1)" slcan1 >slcand.log 2>&1 &
slcand=$!
sleep 1
ip link set slcan1 type can bitrate 500000
ip link set slcan1 type can listen-only on
ip link set slcan1 up
run "scan of a controller" "$VOLTBUS" scan --for 0s
out_has '  slcan1  can  up, error active, 500000 bit/s, listen only
      can:slcan1'
record can:slcan1,listen=no
says "a controller" "link bus: slcan1 (can), 500000 bit/s, listen only"
record_end
run "who only listens does not send" "$VOLTBUS" set can:slcan1,listen=no leaf-vcm charge.power 1000 --control
status_is 1
err_has 'the controller is set to listen only (ip link set slcan1 type can listen-only off)'
kill $slcand $sim 2>/dev/null
wait

finish
