#!/bin/sh
# The gateway beside socketcand and cannelloni themselves (PEERS=DIR, built by hand): as their client, and in their
# place, between vcan0 and what runs through them.
set -u
. "$TEST_DIR/uml/lib.sh"

# a second bus
ip link add vcan1 type vcan 2>/dev/null
ip link set vcan1 up

# frames NAME OPTION...: 200 frames of cangen into vcan0; they are in frames.log, whole and in order.
frames() {
    name=$1
    shift
    : >sent.log
    candump -L vcan0 >sent.log &
    dumper=$!
    sleep 0.3
    cangen vcan0 -g 5 -n 200 "$@"
    for _ in $(seq 20); do
        [ "$(wc -l <frames.log)" -ge 200 ] && break
        sleep 0.2
    done
    record_end
    kill $dumper
    wait $dumper 2>/dev/null
    same "$name: 200 frames" "$(cut -d' ' -f3 sent.log | sed 's/#R[0-8]*$/#R/' | md5sum)" \
        "$(cut -d' ' -f3 frames.log | sed 's/#R[0-8]*$/#R/' | md5sum)"
    [ "$(wc -l <frames.log)" = 200 ] || cat said
}

# heard NAME: a frame that is sent on vcan0 comes out on vcan1.
heard() {
    candump -L -T 10000 -n 2 vcan1 >heard.log &
    dumper=$!
    sleep 0.5
    cansend vcan0 1DB#0004C262000003B6
    cansend vcan0 18DAF110#021001
    wait $dumper
    same "$1" "1DB#0004C262000003B6 18DAF110#021001" "$(cut -d' ' -f3 heard.log | xargs)"
}

if [ -x "${PEERS:-}/socketcand" ]; then
    "$PEERS/socketcand" -i vcan0 -l lo -p 29536 -v >socketcand.log 2>&1 &
    peer=$!
    sleep 0.5
    record socketcand:tcp://127.0.0.1:29536,bus=vcan0
    says "client of socketcand" "link bus is open"
    sleep 1
    frames "client of socketcand" -e # it drops CAN FD
    run "its beacon" "$VOLTBUS" scan --for 4s --json
    out_has '"links":["socketcand:tcp://127.0.0.1:29536,bus=vcan0"]'
    kill $peer
    wait $peer 2>/dev/null
else
    echo "skipped: PEERS=DIR names no socketcand"
fi

if [ -x "${PEERS:-}/cannelloni" ]; then
    export LD_LIBRARY_PATH="$PEERS"
    # theirs on vcan0, our link; then their end on vcan1 hears what our gateway has from vcan0
    "$PEERS/cannelloni" -I vcan0 -R 127.0.0.1 -r 20001 -l 20000 >cannelloni.log 2>&1 &
    peer=$!
    sleep 0.5
    record cannelloni:udp://127.0.0.1:20000,local=20001
    says "client of cannelloni" "link bus is open"
    frames "client of cannelloni" -m
    kill $peer
    wait $peer 2>/dev/null

    "$PEERS/cannelloni" -I vcan1 -R 127.0.0.1 -r 20001 -l 20000 >cannelloni.log 2>&1 &
    peer=$!
    printf 'links: {bus: "can:vcan0"}\noutputs: {t: {type: cannelloni, peer: "127.0.0.1:20000", local: 20001}}\n' >tunnel.yaml
    "$VOLTBUS" run tunnel.yaml >said 2>&1 &
    recorder=$!
    says "peer of cannelloni" "link bus is open"
    heard "peer of cannelloni: what it heard"
    record_end

    # what their end sends goes out on vcan0 once, and does not come back to vcan1
    printf 'links: {bus: "can:vcan0,listen=no"}\noutputs: {t: {type: cannelloni, peer: "127.0.0.1:20000", local: 20001, send: yes}}\n' >tunnel.yaml
    "$VOLTBUS" run tunnel.yaml >said 2>&1 &
    recorder=$!
    says "a tunnel both ways" "link bus is open"
    candump -L vcan0 >heard.log &
    dumper=$!
    candump -L vcan1 >back.log &
    other=$!
    sleep 0.5
    cangen vcan1 -g 10 -n 20 -e
    sleep 1
    kill $dumper $other
    wait $dumper $other 2>/dev/null
    same "a tunnel both ways: each frame once" "20 20" "$(wc -l <heard.log) $(wc -l <back.log)"
    same "a tunnel both ways: the same frames" "$(cut -d' ' -f3 back.log | xargs)" "$(cut -d' ' -f3 heard.log | xargs)"
    record_end
    kill $peer
    wait $peer 2>/dev/null
else
    echo "skipped: PEERS=DIR names no cannelloni"
fi

# ---- our server, python-can as its client, an interface behind it ----

printf 'links: {bus: "can:vcan0,listen=no"}\noutputs: {s: {type: socketcand, send: yes}}\n' >server.yaml
"$VOLTBUS" run server.yaml >said 2>&1 &
recorder=$!
says "server of socketcand" "link bus is open"
candump -L -T 30000 -n 2 vcan0 >heard.log &
dumper=$!
if python3 -c 'import can' 2>/dev/null; then
    python3 - >got.log <<'END'
import can, os, time
bus = can.Bus(interface="socketcand", channel="bus", host="127.0.0.1", port=29536)
time.sleep(0.5)
bus.send(can.Message(arbitration_id=0x1F2, data=b"\x30\x79", is_extended_id=False))
os.system("cansend vcan0 1DB#0004C262000003B6")
message = bus.recv(5)
print("%X#%s" % (message.arbitration_id, bytes(message.data).hex().upper()) if message else "nothing")
END
    wait $dumper
    same "server of socketcand: what a client sends is on the bus" "1F2#3079 1DB#0004C262000003B6" \
        "$(cut -d' ' -f3 heard.log | xargs)"
    same "server of socketcand: what is on the bus comes to the client" "1DB#0004C262000003B6" "$(cat got.log)"
fi
record_end
ip link del vcan1

finish
