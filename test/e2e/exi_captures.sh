#!/bin/sh
# voltbus exi: every V2G message of every recording, to JSON and back to the same bytes.
set -u
. "$TEST_DIR/e2e/lib.sh"
[ -d "${VOLTBUS_CAPTURES:-}/ccs" ] || skip "the folder of recordings (../shared/captures) is not there"
cd "$work" || exit 1

for recording in "$VOLTBUS_CAPTURES"/ccs/*/*; do
    case $recording in
    *.values.txt | *.decoded.txt) ;; # what others made of them
    *) "$FRAMES" "$recording" 2>/dev/null ;;
    esac
done | sed -n 's/^v2g 800[1-4] .* //p' >exi.txt
messages=$(wc -l <exi.txt)
name="recordings"
status=0
[ "$messages" -ge 56681 ] && echo "ok $name: $messages messages" || fail "only $messages messages"

# All that may fail: six messages of 2024-05-09_clara_QingdaoPenodato, a serial log with wrong bits in it (809e for 809a), and
# one of 2024-02-18_clara_numbat_lightbulb_ok, in which 15 bytes in a row are 55 (the messages around it tell the right ones).
sort >damaged.txt <<'END'
809a02108d4d4d8d918d50d151401540a140500c0c0040
809e02108d4d4d9d918d50d151401540c140500c0c0040
809e02108d6d4d8d918d50d151401540c140500c0c0040
809a02108d4d4d8d918d50d1600040800201100000
809a03108d4d4d8d918d50d1600040800001100000
809e02108d4d4d8d918d50d1600040800001100000
809a02092d9954de44527c50e00040800001820182555555555555555555555555555503020385d2c800
END
"$VOLTBUS" exi decode exi.txt >messages.jsonl 2>errors.txt
grep -n '^{"error"' messages.jsonl | cut -d: -f1 | while read -r line; do sed -n "${line}p" exi.txt; done | sort >failed.txt
run "damaged messages" diff damaged.txt failed.txt
status_is 0
grep -v '^{"error"' messages.jsonl >good.jsonl
run "messages with trailing bytes" grep -c '"trailing"' good.jsonl
out_is 1 # 00 behind a ContractAuthenticationReq

run "back to EXI" "$VOLTBUS" exi encode good.jsonl
status_is 0
err_is ''
grep -vxFf damaged.txt exi.txt >expected.txt
if cmp -s expected.txt out; then
    echo "ok $name: $(wc -l <out) messages are as they were"
else
    status=$(diff expected.txt out | grep -c '^<')
    fail "messages that differ: $(diff expected.txt out | head -4)"
fi

finish
