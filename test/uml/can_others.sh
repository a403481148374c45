#!/bin/sh
# can:vcan0 for everybody: another user, python-can, a process that was stopped for a while.
set -u
. "$TEST_DIR/uml/lib.sh"

# ---- nobody needs to be root ----

mkdir nobody
chmod 777 . nobody
printf 'links: {bus: "can:vcan0"}\noutputs: {f: {type: candump, path: nobody/frames.log}}\n' >nobody.yaml
chmod 644 nobody.yaml
setpriv --reuid=65534 --regid=65534 --clear-groups "$VOLTBUS" run nobody.yaml 2>said &
recorder=$!
says "another user" "link bus is open"
cangen vcan0 -g 1 -n 500 -I i -L 8
sleep 0.5
record_end
same "another user: 500 frames" 500 "$(wc -l <nobody/frames.log)"

# ---- python-can ----

if python3 -c 'import can' 2>/dev/null; then
    record can:vcan0
    says "python-can" "link bus is open"
    python3 - <<'END'
import can
bus = can.Bus(interface="socketcan", channel="vcan0", fd=True)
bus.send(can.Message(arbitration_id=0x1DB, data=bytes.fromhex("0004C262000003B6"), is_extended_id=False))
bus.send(can.Message(arbitration_id=0x18DAF110, data=b"\x02\x10\x01"))
bus.send(can.Message(arbitration_id=0x123, is_extended_id=False, is_remote_frame=True, dlc=5))
bus.send(can.Message(arbitration_id=0x124, data=bytes(range(12)), is_extended_id=False, is_fd=True, bitrate_switch=True))
END
    sleep 0.5
    record_end
    same "python-can: what it sent" "1DB#0004C262000003B6 18DAF110#021001 123#R5 124##1000102030405060708090A0B" \
        "$(cut -d' ' -f3 frames.log | sed 's/##[57]/##1/' | xargs)"
else
    echo "skipped: python3-can is not installed"
fi

# ---- too slow ----

sysctl -q -w net.core.rmem_max=212992
record can:vcan0
says "a stopped process" "link bus is open"
kill -STOP "$recorder"
cangen vcan0 -g 0 -n 20000 -I i -L 8 -D i
kill -CONT "$recorder"
sleep 0.5
cansend vcan0 7FF#FF # what was lost is told by the frame behind the gap
says "a stopped process" "frames were lost: this machine was too slow"
sleep 1
record_end
lost=$(sed -n 's/.* \([0-9]*\) frames were lost.*/\1/p' said | awk '{n += $1} END {print n}')
same "a stopped process: lost and heard" 20001 $((lost + $(wc -l <frames.log)))

finish
