#!/bin/sh
# HomePlug management messages of all recordings of charging sessions: every one is read, and where tshark
# has a field for it, both read the same. And what is made of bytes in each form of output.
. "$(dirname "$0")/lib.sh"

command -v tshark >/dev/null || skip 'tshark is not installed'
[ -d "${VOLTBUS_CAPTURES:-}/ccs" ] || skip 'the recordings of charging sessions are not there'

audi="$VOLTBUS_CAPTURES/ccs/tux-evse/audi-dc-iso2.pcap"
run 'a key as text' "$VOLTBUS" decode --as homeplug "$audi"
status_is 0
out_has ' #34 homeplug 607D slac_match_cnf  mme.to 00:7d:fa:07:5e:4a '
out_has ' key.nid fe9abf73f1d906  key.nmk 44323250384549374150353654433956'
run 'a key as JSON' "$VOLTBUS" decode --json --as homeplug "$audi"
out_has '"frame":"607D","packet":34,"message":"slac_match_cnf","values":{"mme.to":"00:7d:fa:07:5e:4a",'
out_has '"key.nmk":"44323250384549374150353654433956"}}'
run 'a key as CSV' "$VOLTBUS" decode --csv --as homeplug "$audi"
out_has '1697109195.233457,eth,homeplug,key.nmk,44323250384549374150353654433956,'
out_has '1697109195.218807,eth,homeplug,attenuation.average,18.17,dB'
run 'an address' "$VOLTBUS" decode --csv --as sdp "$audi"
out_has '1697109201.336217,eth,sdp,secc.ip,fe80::8dd4:cefb:813a:7c37,'

run 'all recordings, and tshark' python3 "$TEST_DIR/e2e/homeplug.py" "$VOLTBUS" "$VOLTBUS_CAPTURES/ccs"
status_is 0
out_has ' 0 wrong'
echo "$out"
finish
