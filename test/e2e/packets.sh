#!/bin/sh
# Packet captures of charging sessions against tshark, an independent reader: as many HomePlug messages, SDP
# datagrams and neighbour messages, and every TCP payload that begins with 01 FE is a message, a copy of one, or
# reported. Logs against what grep counts in them, and against captures that others made from the same logs.
# FRAMES prints what the readers give, one line a frame (frames.c).
set -u
. "$TEST_DIR/e2e/lib.sh"

# equal NAME EXPECTED GOT
equal() {
    if [ "$2" = "$3" ]; then echo "ok $name: $1: $3"; else fail "$1: expected $2, got $3"; fi
}
# Frames of $out that match an awk condition: $1 kind, $2 id, $4 packet, $5 side, $6 connection, $7 flags, $8 ..
count() {
    awk "$1 {n++} END {print n + 0}" "$work/out"
}

# ---- a recording that is ours to keep ----
run "vw-ac-iso2" "$FRAMES" "$TEST_DIR/replay/vw-ac-iso2.pcap"
status_is 0
err_is ""
equal "messages over TCP" 18 "$(count '$1 == "v2g" && $6 > 0')"
out_has 'v2g 8001 1681465947.228330 48 EVCC 1 - 8000dbab9371d3234b71d1b981899189d191818991d26b9b3a232b3002'
out_has 'v2g 8001 1681465957.776903 92 SECC 1 - 8098022b4a7beb7d7fffffd200a0'
out_has 'net 0004 1681465946.977940 44 EVCC 1 - reset: RST'

# the same through gzip, zstd, a pipe and in pcapng of the other tools
gzip -c "$TEST_DIR/replay/vw-ac-iso2.pcap" >"$work/packed.gz"
for name in gzip pipe; do
    cp "$work/out" "$work/plain"
    if [ $name = gzip ]; then
        run "$name" "$FRAMES" "$work/packed.gz"
    else
        run "$name" sh -c "cat '$TEST_DIR/replay/vw-ac-iso2.pcap' | '$FRAMES' -"
    fi
    if cmp -s "$work/plain" "$work/out"; then echo "ok $name: the same"; else fail "other frames"; fi
done

# cut anywhere: what is there is read, the rest is told with the number of its packet
head -c 9000 "$TEST_DIR/replay/vw-ac-iso2.pcap" >"$work/cut.pcap"
run "a file that ends early" "$VOLTBUS" decode --csv "$work/cut.pcap"
status_is 0
err_has "cut.pcap: packet 94: the file ends inside of this packet: 3 bytes of 16 are there"
gzip -c "$work/cut.pcap" | head -c 2000 >"$work/cut.gz"
run "a packed file that ends early" "$VOLTBUS" decode --csv "$work/cut.gz"
status_is 1
err_has "after packet 66: the compressed data ends too early"

command -v tshark >/dev/null || skip "tshark is not installed"
if command -v editcap >/dev/null; then
    # times in nanoseconds, pcapng, cut packets: written by others
    editcap -F pcapng "$TEST_DIR/replay/vw-ac-iso2.pcap" "$work/a.pcapng"
    editcap -F nsecpcap "$TEST_DIR/replay/vw-ac-iso2.pcap" "$work/a.pcap"
    for file in a.pcapng a.pcap; do
        run "$file" "$FRAMES" "$work/$file"
        if cmp -s "$work/plain" "$work/out"; then echo "ok $file: the same"; else fail "other frames"; fi
    done
    editcap -s 80 "$TEST_DIR/replay/vw-ac-iso2.pcap" "$work/snap.pcap"
    run "packets cut at 80 bytes" "$FRAMES" "$work/snap.pcap"
    status_is 0
    out_has "gap: the recorder kept 80 of the"
fi

[ -d "${VOLTBUS_CAPTURES:-}/ccs" ] || finish

# ---- every capture, against tshark. It starts slowly, so it reads them all at once: mergecap puts one behind the
# other, each with an interface of its own ----
command -v mergecap >/dev/null || skip "mergecap is not installed"
set -- "$VOLTBUS_CAPTURES"/ccs/*/*.pcap "$VOLTBUS_CAPTURES"/ccs/*/*.pcapng
mergecap -a -I none -F pcapng -w "$work/all.pcapng" "$@" 2>/dev/null
mkdir "$work/of"
tshark -n -r "$work/all.pcapng" -T fields -E separator=, -e eth.type -e tcp.payload -e udp.payload \
    -e icmpv6.type -e frame.interface_id 2>/dev/null |
    awk -F, -v of="$work/of/" '{print >(of $5)}'
name="mergecap"
equal "captures" $# "$(find "$work/of" -type f | wc -l)"
capture_number=-1
for capture; do
    capture_number=$((capture_number + 1))
    cut -d, -f1-4 "$work/of/$capture_number" >"$work/tshark"
    run "$(basename "$capture")" "$FRAMES" "$capture"
    status_is 0
    err_is ""
    equal "HomePlug" "$(grep -c '^0x88e1' "$work/tshark")" "$(count '$1 == "plc"')"
    equal "SDP" "$(awk -F, '$3 ~ /^01fe/' "$work/tshark" | wc -l)" "$(count '$1 == "v2g" && $6 == 0')"
    equal "neighbours" "$(grep -cE ',(135|136)$' "$work/tshark")" "$(count '$8 == "neighbour:"')"
    # each segment that begins with 01 FE is a message, a copy of one that was there, or no message at all
    messages=$(count '$1 == "v2g" && $6 > 0')
    copies=$(count '$8 == "again:" && $9 == "a" && $10 == "message,"')
    others=$(count '($8 == "no-v2gtp:" && $11 == "01" && $12 == "fe") || /not read: far/')
    equal "01 FE: $messages messages, $copies copies, $others damaged" \
        "$(awk -F, '$2 ~ /^01fe/' "$work/tshark" | wc -l)" "$((messages + copies + others))"
done

# ---- logs ----
for log in "$VOLTBUS_CAPTURES"/ccs/clara-logs/*.claralog; do
    run "$(basename "$log")" "$FRAMES" "$log"
    status_is 0
    mine=$(count '$1 == "v2g" && $2 == "8001" && $5 == "EVCC"')
    # the charger's: by connection where packets are logged too; those of a neighbour's are no "Data received"
    ours=$(awk '$1 == "v2g" && $2 == "8001" && $5 == "EVCC" {print $6}' "$work/out" | sort -u | tr '\n' ' ')
    theirs=$(awk -v ours=" $ours" '$1 == "v2g" && $2 == "8001" && $5 == "SECC" && index(ours, " " $6 " ") {n++}
        $8 == "again:" && $9 == "a" && $5 == "SECC" && index(ours, " " $6 " ") {n++} END {print n + 0}' "$work/out")
    cut=$(count '$8 == "cut:" || $8 == "no-v2gtp:"')
    equal "TCP will transmit ($cut cut)" "$(grep -ac 'TCP will transmit: ' "$log")" "$((mine + cut))"
    equal "Data received" "$(grep -ac 'Data received: ' "$log")" "$theirs"
    equal "HomePlug" "$(grep -acE 'ETH (will transmit|rx HP): .{24}88e1' "$log")" "$(count '$1 == "plc"')"
    [ -f "$log.pcap" ] || continue
    cp "$work/out" "$work/log"
    run "$(basename "$log").pcap" "$FRAMES" "$log.pcap"
    # HomePlug, SDP, and the messages that are there as packets: the same bytes in the same order, of messages
    # from the same side too (in the log it is known from the first packet who sends)
    for kind in '$1 == "plc"' '$1 == "v2g" && $2 != "8001"' '$1 == "v2g" && $6 > 0'; do
        awk "$kind {print \$1 == \"plc\" ? \"\" : \$5, \$2, \$8}" "$work/out" >"$work/of-pcap"
        awk "$kind {print \$1 == \"plc\" ? \"\" : \$5, \$2, \$8}" "$work/log" >"$work/of-log"
        if cmp -s "$work/of-pcap" "$work/of-log"; then
            echo "ok $name: the $(wc -l <"$work/of-log") of the log"
        else
            fail "$kind: other frames than in the log: $(diff "$work/of-pcap" "$work/of-log" | head -3)"
        fi
    done
done

run "SPI bus of a modem" "$FRAMES" "$VOLTBUS_CAPTURES/ccs/Ioniq28Investigations/CCM_SPI_powerOn_and_SLAC_until_contractAuth.txt"
err_is ""
awk '{$3 = $4 = $7 = ""; print}' "$work/out" >"$work/of-log"
run "the capture made of it" "$FRAMES" "$VOLTBUS_CAPTURES/ccs/Ioniq28Investigations/CCM_SPI_powerOn_and_SLAC_until_contractAuth.txt.pcap"
awk '{$3 = $4 = $7 = ""; print}' "$work/out" >"$work/of-pcap"
if cmp -s "$work/of-pcap" "$work/of-log"; then echo "ok $name: the same"; else fail "other frames"; fi

log="$VOLTBUS_CAPTURES/ccs/pyPLC/2022-11-11_until_start_of_precharge.txt"
run "pyPLC as the charger" "$FRAMES" "$log"
err_is ""
equal "received" "$(grep -c ', received (' "$log")" "$(count '$1 == "v2g" && $2 == "8001" && $5 == "EVCC"')"
equal "responding" "$(grep -c '^responding (' "$log")" "$(count '$1 == "v2g" && $2 == "8001" && $5 == "SECC"')"
equal "SDP" 2 "$(count '$1 == "v2g" && $2 != "8001"')"
# its sniffer saw the same messages: 129 lines
equal "sniffed" "$(grep -c '^.SNIFFER. EXI' "$log")" "$(count '$1 == "v2g" && $2 == "8001"')"
run "pyPLC as the car" "$FRAMES" "$VOLTBUS_CAPTURES/ccs/pyPLC/2022-11-17_Dehner_Alpitronic_until_SdpRequest.txt"
equal "SDP" 1 "$(count '$1 == "v2g" && $2 == "9000" && $5 == "EVCC"')"
run "list of EXI" "$FRAMES" "$VOLTBUS_CAPTURES/ccs/pyPLC/DemoExiLog.txt"
err_is ""
equal "messages" 26 "$(count '$1 == "v2g"')"
run "list of V2GTP" "$FRAMES" "$VOLTBUS_CAPTURES/ccs/pyPLC/RawExiLog.txt"
err_is ""
equal "messages" 18 "$(count '$1 == "v2g" && $5 == "?"')"

finish
