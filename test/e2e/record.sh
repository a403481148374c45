#!/bin/sh
# record.sh - the recorders: what `voltbus run` records, another program (tshark) and we ourselves read.
set -u
. "$TEST_DIR/e2e/lib.sh"
cd "$work" || exit 1

# Every kind of frame; the nanoseconds end in 789 and 001.
cat >cables.log <<'END'
(1712145600.123456789) can0 1DB#0160B32B32000004
(1712145600.200000001) can0 18FF50E5#01 T
(1712145600.300000000) can0 123##5AABB
(1712145600.400000000) can0 123#R5
(1712145600.500000000) can0 20000088#0000801900000000
(1712145600.600000000) house 22#AB841EF42E847A
(1712145600.700000000) house 3D#
(1712145600.800000000) roof RF69 #17: 24 3c ce 62 19 63 0f 03 00 02 00 00 00 00 00 a9 c9 r 116 l 2 a-1525
END
# A PID with wrong parity (A2), a header alone, a damaged response.
cat >truma.log <<'END'
Time Stamp(sec)   Frame ID          Frame Data        Baud Rate(bits/sec)     Error Condition
1712145600,100000            97     D6 0B 86 0B 71 00 00 00        9634
1712145600,200000            A2     01                          9634
1712145600,300000            97            9597            Checksum Error
1712145600,400000            97     D6 0B 86        9634            Checksum Error
END
cat >cables.yaml <<'END'
links:
  cables: "file:cables.log"
  truma: "file:truma.log"
devices:
  pack: {type: leaf-battery, link: cables}
  starter: {type: hella-ibs, link: cables}
  mast: {type: wh24, link: cables}
outputs:
  all: {type: pcapng, path: all.pcapng}
  lines: {type: candump, path: all.log}
  values: {type: csv, path: all.csv}
END

run "recording" "$VOLTBUS" run cables.yaml --speed max --exit-at-end
status_is 0
err_has 'candump: 2 frames were not recorded, damaged or too long: it has no form for them, pcapng has'

# ---- candump: decode gives the samples that the gateway gave ----

# samples FILE: device, signal, value and unit of each row
samples() {
    cut -d, -f3- "$1" | sed 's/^\(leaf-battery\|hella-ibs\|wh24\),/X,/; s/^\(pack\|starter\|mast\),/X,/' | sort
}
run "the recording of candump is decoded" "$VOLTBUS" decode --as leaf-battery --as hella-ibs --as wh24 \
    --csv all.log
status_is 0
err_has 'all.log: 10 frames (candump-log): 3 decoded, 0 failed, 5 unknown'
err_has ', 2 unanswered'
cp "$work/out" decoded.csv
samples decoded.csv >decoded
samples all.csv >live
if [ "$(wc -l <live)" -gt 20 ] && cmp -s live decoded; then
    echo "ok the same $(wc -l <live) samples"
else
    fail "the samples differ: $(diff live decoded | head -5)"
fi

# ---- pcapng: what tshark reads ----

if ! command -v tshark >/dev/null; then
    [ "$failed" = 0 ] || exit 1
    skip "tshark is not installed"
fi

# fields FILTER FIELD...: one line per packet
fields() {
    filter=$1
    shift
    for field in "$@"; do
        set -- "$@" -e "$field"
        shift
    done
    tshark -r all.pcapng -Y "$filter" -T fields -E separator=' ' "$@" 2>tshark.err || cat tshark.err
}

run "times are exact" fields 'frame.interface_name == "cables"' frame.time_epoch
out_is '1712145600.123456789
1712145600.200000001
1712145600.300000000
1712145600.400000000
1712145600.500000000
1712145600.600000000
1712145600.700000000
1712145600.800000000'

run "CAN" fields 'can.flags.err == 0 && !canfd' can.id can.flags.xtd can.flags.rtr can.len \
    frame.packet_flags_direction
out_is '475 0 0 8 0x00000001
419385573 1 0 1 0x00000002
291 0 1 5 0x00000001'
run "CAN FD" fields 'canfd' can.id canfd.flags.brs can.len
out_is '291 1 2'
run "CAN error frames" fields 'can.flags.err == 1' can.err.prot can.err.buserror can.err.prot.type.stuff
out_is '1 1 0'

run "LIN" fields 'lin && frame.interface_name == "cables"' lin.frame_id lin.protected_id lin.length \
    lin.checksum_type lin.errors.no_slave_response
out_is '0x22 0xe2 7 0 0
0x3d 0x7d 0 0 1'
run "damaged LIN" fields 'frame.interface_name == "truma"' lin.protected_id lin.length \
    lin.errors.no_slave_response lin.errors.parity_error lin.errors.checksum_error
out_is '0x97 8 0 0 0
0xa2 1 0 1 0
0x97 0 1 0 0
0x97 3 0 0 1'

run "interfaces" capinfos all.pcapng
status_is 0
out_has 'Capture application: voltbus'
out_has 'Number of packets:   12'
out_has 'Number of interfaces in file: 4'
out_has 'Description = radio packets: count of side bytes, side bytes, packet'
out_has 'Time precision = nanoseconds (9)'

# ---- from the bytes of a bus: the checksum is in it ----

echo '00 55 E2 AB 84 1E F4 2E 84 7A AC 00 55 7D 00 55 E2 AB 84 1E F4 2E 84 7A AC' >bytes.hex
cat >bytes.yaml <<'END'
links: {house: "file:bytes.hex"}
devices: {starter: {type: hella-ibs, link: house}}
outputs: {all: {type: pcapng, path: all.pcapng}}
END
rm all.pcapng
run "recording a byte stream" "$VOLTBUS" run bytes.yaml --speed max --exit-at-end
status_is 0
run "LIN checksums" fields lin lin.frame_id lin.checksum lin.checksum_type lin.errors.no_slave_response
out_is '0x22 0xac 2 0
0x3d 0x00 0 1
0x22 0xac 2 0'

# ---- a second run, and rotation ----

run "a second run" "$VOLTBUS" run bytes.yaml --speed max --exit-at-end
run "makes a second section" fields lin lin.frame_id frame.interface_name
out_is '0x22 house
0x3d house
0x22 house
0x22 house
0x3d house
0x22 house'

i=0
while [ $i -lt 60 ]; do
    echo '00 55 E2 AB 84 1E F4 2E 84 7A AC'
    i=$((i + 1))
done >bytes.hex
sed -i 's/path: all.pcapng/&, rotate_size: 1kB, keep_files: 9/' bytes.yaml
rm all.pcapng
run "with rotation" "$VOLTBUS" run bytes.yaml --speed max --exit-at-end
status_is 0
count=0
for file in all.pcapng all.pcapng.*; do
    count=$((count + $(tshark -r "$file" -T fields -e frame.number 2>/dev/null | wc -l)))
    [ "$(wc -c <"$file")" -le 1000 ] || fail "$file is larger than 1 kB"
done
run "every file stands alone" echo "$count packets in $(ls all.pcapng* | wc -l) files"
out_is '60 packets in 5 files'

finish
