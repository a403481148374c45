#!/bin/sh
# The link can:vcan0 beside can-utils: every frame, with the same time; errors; interfaces that come and go.
set -u
. "$TEST_DIR/uml/lib.sh"

# dump OPTION...: candump to theirs.log until the recorder ends. With the usual room in the kernel it loses some.
dump() {
    candump -L -r 8000000 "$@" >theirs.log &
    dumper=$!
    sleep 0.2
}
# both NAME: what was recorded is what candump shows, after as many lines of it.
both() {
    for _ in $(seq 40); do
        [ "$(wc -l <frames.log)" -ge "$2" ] && [ "$(wc -l <theirs.log)" -ge "$2" ] && break
        sleep 0.2
    done
    record_end
    kill $dumper
    wait $dumper 2>/dev/null
    sed -i 's/ bus / vcan0 /' frames.log
    same "$1: $2 frames" "$2" "$(wc -l <frames.log)"
    same "$1: as candump has them" "$(md5sum <theirs.log)" "$(md5sum <frames.log)"
    if ! diff theirs.log frames.log >differ; then
        head -5 differ
        cat said
    fi
}

# ---- frames ----

record can:vcan0
says "an interface" "link bus: vcan0 (vcan), CAN FD"
says "an interface" "link bus is open"
dump vcan0,0:0,#FFFFFFFF
cansend vcan0 1DB#0004C262000003B6
cansend vcan0 18DAF110#021001
cansend vcan0 7FF#
cansend vcan0 123#R
cansend vcan0 123#R5
cansend vcan0 00000123#R8
cansend vcan0 123##1000102030405060708090A0B
cansend vcan0 1ABCDEF0##2
cansend vcan0 20000004#0020000000000000
cansend vcan0 20000040#0000000000000000
says "bus-off" "link bus is open: bus-off: too many errors (sudo ip link set vcan0 type can restart)"
cansend vcan0 20000100#0000000000000000
cansend vcan0 20000020#0000000000000000
says "an error" "link bus: the controller says: no acknowledgement (1 error frame)"
both "frames of all kinds" 12

record can:vcan0
says "20000 frames" "link bus is open"
dump vcan0
cangen vcan0 -g 0 -n 20000 -I i -L 8 -D i
both "20000 frames" 20000

record can:vcan0
says "frames of CAN FD" "link bus is open"
dump vcan0
cangen vcan0 -g 0 -n 5000 -m -f -b
both "frames of CAN FD" 5000

# ---- an interface comes and goes ----

record can:vcan7
says "no interface" "link bus is waiting: there is no interface vcan7 (unplugged? voltbus scan lists all)"
ip link add vcan7 type vcan
says "an interface that is off" "link bus is waiting: vcan7 is off (sudo ip link set vcan7 up; a controller needs its bit rate first: type can bitrate 500000)"
ip link set vcan7 up
says "switched on" "link bus is open"
cansend vcan7 100#01
ip link set vcan7 down
says "switched off" "link bus is waiting: vcan7 was switched off (sudo ip link set vcan7 up)"
: >said
ip link set vcan7 up
says "switched on again" "link bus is open"
cansend vcan7 100#02
ip link del vcan7
says "unplugged" "link bus is waiting: there is no interface vcan7"
: >said
ip link add vcan7 type vcan
ip link set vcan7 up
says "plugged in again" "link bus is open"
cansend vcan7 100#03
sleep 0.3
record_end
same "frames before and after" "100#01 100#02 100#03" "$(cut -d' ' -f3 frames.log | xargs)"
ip link del vcan7

record can:lo
says "another interface" "link bus is waiting: lo is no CAN interface (voltbus scan lists those that are)"
record_end

finish
