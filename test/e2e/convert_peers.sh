#!/bin/sh
# What voltbus convert writes, read by others: python-can 4.1 (candump, ASC, TRC), can-utils (candump, ASC), tshark (pcap,
# pcapng). The same four frames, worked out by hand; a frame more of each sort that the program knows.
set -u
. "$TEST_DIR/e2e/lib.sh"
export TZ=UTC
cat >"$work/in.log" <<'END'
(1712145600.250000) can1 1DB#0160B32B32000004
(1712145600.260123) can1 18FF50E5#0102 T
(1712145600.270000) can2 7DF#R5
(1712145600.280000) can2 123##5AABBCC
(1712145600.290000) can2 20000080#0000000000000000
END
for to in log asc trc pcap pcapng; do
    "$VOLTBUS" convert --force "$work/in.log" "$work/out.$to" 2>"$work/err" || exit 1
done

cat >"$work/read.py" <<'END'
import sys, can
for m in can.LogReader(sys.argv[1]):
    flags = [n for n in ("is_extended_id", "is_remote_frame", "is_error_frame", "is_fd", "bitrate_switch") if getattr(m, n)]
    print("%.6f" % m.timestamp, m.channel, "%X" % m.arbitration_id, "Rx" if m.is_rx else "Tx", m.dlc, m.data.hex(), *flags)
END
/usr/bin/python3 -c 'import can' 2>/dev/null || skip "python3-can is not installed"
# It counts channels of ASC from 0, and those of TRC from 1, and knows only data frames of TRC.
run "python-can, candump" /usr/bin/python3 "$work/read.py" "$work/out.log"
out_has '1712145600.250000 can1 1DB Rx 8 0160b32b32000004
1712145600.260123 can1 18FF50E5 Tx 2 0102 is_extended_id
1712145600.270000 can2 7DF Rx 5  is_remote_frame
1712145600.280000 can2 123 Rx 3 aabbcc is_fd bitrate_switch'
run "python-can, asc" /usr/bin/python3 - "$work/out.asc" <<'END'
import sys, can
for m in can.ASCReader(sys.argv[1], relative_timestamp=False):
    print("%.6f" % m.timestamp, m.channel, "%X" % m.arbitration_id, "Rx" if m.is_rx else "Tx", m.data.hex(), m.is_remote_frame, m.is_error_frame, m.is_fd)
END
out_is '1712145600.250000 0 1DB Rx 0160b32b32000004 False False False
1712145600.260123 0 18FF50E5 Tx 0102 False False False
1712145600.270000 1 7DF Rx  True False False
1712145600.280000 1 123 Rx aabbcc False False True
1712145600.290000 1 0 Rx  False True False'
run "python-can, trc" /usr/bin/python3 "$work/read.py" "$work/out.trc"
out_is '0.000000 1 1DB Rx 8 0160b32b32000004
0.010123 1 18FF50E5 Tx 2 0102 is_extended_id'
head -2 "$work/in.log" | "$VOLTBUS" convert --to trc-1.1 - "$work/1.trc" 2>"$work/err"
run "python-can, trc-1.1" /usr/bin/python3 "$work/read.py" "$work/1.trc" # it stumbles over RTR there
out_is '0.000000 1 1DB Rx 8 0160b32b32000004
0.010100 1 18FF50E5 Tx 2 0102 is_extended_id'

command -v asc2log >/dev/null || skip "can-utils is not installed"
# It takes the date of ASC only where the locale en_US is there; without one its times count from 0.
run "asc2log" sh -c "grep -v 'date\\|Triggerblock' '$work/out.asc' | asc2log"
out_is '(0.000000) can0 1DB#0160B32B32000004 R
(0.010123) can0 18FF50E5#0102 T
(0.020000) can1 7DF#R5 R
(0.030000) can1 123##1AABBCC R
(0.040000) can1 20000080#0000000000000000'
run "log2asc" sh -c "log2asc -I '$work/out.log' can1 can2 | tail -n +4 | sed 's/  *$//'"
# its lines are ours, but for the columns behind the bytes of FD
out_is "$(sed -n '6,10s/        0    0     1000 .*/   130000  130     3000 0 0 0 0 0/; 6,10s/        0    0     3000 .*/   130000  130     3000 0 0 0 0 0/; 6,10p' "$work/out.asc")"

command -v tshark >/dev/null || skip "tshark is not installed"
for to in pcap pcapng; do
    run "tshark, $to" sh -c "tshark -r '$work/out.$to' -T fields -e frame.time_epoch -e can.id -e can.flags.xtd -e can.flags.rtr \\
        -e can.flags.err -e can.len -e canfd.flags.brs -e data.data | tr '\\t' ' '"
    out_is '1712145600.250000000 475 0 0 0 8  0160b32b32000004
1712145600.260123000 419385573 1 0 0 2  0102
1712145600.270000000 2015 0 1 0 5  
1712145600.280000000 291 0   3 1 aabbcc
1712145600.290000000    1 8  '
done
finish
