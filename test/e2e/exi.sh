#!/bin/sh
# voltbus exi: hexadecimal to JSON and back, one message a line; what a line may look like, and what is said of those
# that are no message.
set -u
. "$TEST_DIR/e2e/lib.sh"
cd "$work" || exit 1

# decode|encode [OPTION]...: the lines on standard input.
decode() {
    title=$1
    shift
    run "$title" "$VOLTBUS" exi decode "$@"
}
encode() {
    title=$1
    shift
    run "$title" "$VOLTBUS" exi encode "$@"
}

run "vectors" python3 "$TEST_DIR/e2e/exi_vectors.py" "$VOLTBUS" "$TEST_DIR/vectors/exi.jsonl"
status_is 0
out_has 'ok 1 vectors of iso15118-2, xfragment'

# The worked example of the fact sheet: PreChargeReq, 400 V, -2 A.
hex=809a00401151400c80c142400c0c0c4040
inside='"V2G_Message":{"Header":{"SessionID":"00"},"Body":{"PreChargeReq":{"DC_EVStatus":{"EVReady":true,"EVErrorCode":"NO_ERROR","EVRESSSOC":50},"EVTargetVoltage":{"Multiplier":0,"Unit":"V","Value":400},"EVTargetCurrent":{"Multiplier":0,"Unit":"A","Value":-2}}}}'

# ---- decode ----

run "a message on the command line" "$VOLTBUS" exi decode --schema din70121 --hex $hex
status_is 0
out_is "{$inside}"
err_is ''
run "the schema is found" "$VOLTBUS" exi decode --hex $hex
out_is "{\"schema\":\"din70121\",$inside}"

decode "spaces, 0x, upper case, comments, empty lines, CR LF, no end of the last line" --schema din70121 <<END
# a comment
$(printf '%s' $hex | sed 's/../& /g')

  0x809A00401151400C80C142400C0C0C4040   # a comment behind$(printf '\r')
80:9a:00:40:11:51:40:0c:80:c1:42:40:0c:0c:0c:40:40
END
status_is 0
out_is "{$inside}
{$inside}
{$inside}"
printf '%s\r\n\r\n%s' $hex $hex >two.txt
decode "CR LF" --schema din70121 two.txt
status_is 0
out_is "{$inside}
{$inside}"
printf '\357\273\277%s\r%s\n' $hex $hex >two.txt
decode "a UTF-8 mark, CR alone" --schema din70121 two.txt
status_is 0
out_is "{$inside}
{$inside}"

decode "a V2GTP header is skipped" --schema din70121 --hex "01fe800100000011 $hex"
out_is "{$inside}"
decode "a V2GTP header is shown" --v2gtp --schema din70121 --hex "01fe800100000011 $hex"
out_is "{\"v2gtp\":\"8001\",$inside}"
decode "the V2GTP header tells the schema of ISO 15118-20" \
    --hex 01fe8002000000188026 --hex "01fe8002 00000018 $(sed -n 's/.*"schema":"iso15118-20-common".*"exi":"\([0-9a-f]*\)".*/\1/p' "$TEST_DIR/vectors/exi.jsonl" | head -1)"
status_is 1
out_has '{"error":"the V2GTP header announces 24 bytes, and 2 follow","line":1}
{"schema":"iso15118-20-common","'

decode "trailing bytes" --schema din70121 --hex "${hex}00ff"
status_is 0
out_is "{$inside,\"trailing\":\"00ff\"}"

decode "padding that is not 0" --schema din70121 --hex 809a00401151400c80c142400c0c0c4041
status_is 0
out_is "{$inside,\"padding\":1}"

# ---- bad lines stand between good ones ----

decode "bad lines" --schema din70121 <<END
$hex
809a0040115140
809a00401151400g
809a0
V2G
c0ffee
80fe
809a00401151400c80c142400c0c0cc040

01fe8001000000
$hex
END
status_is 1
out_is "{$inside}
{\"error\":\"the message is cut: it goes on behind its last byte\",\"line\":2,\"bit\":56,\"path\":\"V2G_Message/Body/PreChargeReq/DC_EVStatus/EVErrorCode\"}
{\"error\":\"character 16, 'g': expected pairs of hexadecimal digits\",\"line\":3}
{\"error\":\"half a byte at the end: expected pairs of hexadecimal digits\",\"line\":4}
{\"error\":\"character 1, 'V': expected pairs of hexadecimal digits\",\"line\":5}
{\"error\":\"not EXI as V2G has it: that begins with the byte 80\",\"line\":6,\"bit\":0,\"path\":\"\"}
{\"error\":\"no event of the schema has this number: damaged, or another schema\",\"line\":7,\"bit\":8,\"path\":\"\"}
{\"error\":\"no event of the schema has this number: damaged, or another schema\",\"line\":8,\"bit\":120,\"path\":\"V2G_Message/Body/PreChargeReq/EVTargetCurrent\"}
{\"error\":\"the V2GTP header is cut: 7 of 8 bytes\",\"line\":10}
{$inside}"
err_is 'voltbus exi decode: stdin: 8 of 10 messages not decoded'

# 40000 V instead of 400: no short, but no reason to lose what was sent
decode "a number that is no short" --schema din70121 --hex 809a00401151400c80c981700406501000
status_is 0
out_has '"EVTargetVoltage":{"Multiplier":0,"Value":40000}'

decode "what auto cannot know" --hex 8090 --hex 80 --hex 01fe9000000000021000 --hex 01fe800500000000
status_is 1
out_is '{"error":"neither the handshake nor din70121 nor iso15118-2 begins like this: --schema tells another","line":1}
{"error":"the message is cut after 1 byte","line":2}
{"error":"SDP, which is no EXI","line":3}
{"error":"no schema is known for the V2GTP payload type 8005","line":4}'
err_is 'voltbus exi decode: --hex: 4 of 4 messages not decoded'

head -c 200000 /dev/urandom >garbage
decode "bytes of all kinds" garbage
status_is 1
python3 -c 'import json, sys
for line in open("out", encoding="utf-8"): assert "error" in json.loads(line)' && echo "ok $name: every line has an error" || fail "not JSON"

: >empty
decode "an empty file" empty
status_is 0
out_is ''

# a signed message with a certificate of 60 kB, which is longer than a line of any log
python3 - >long.jsonl <<'END'
import json
print(json.dumps({"schema": "iso15118-2", "V2G_Message": {"Header": {"SessionID": "00"}, "Body": {"CertificateUpdateReq": {
    "@Id": "ID1", "ContractSignatureCertChain": {"Certificate": "00" * 700, "SubCertificates": {"Certificate": ["11" * 800] * 4}},
    "eMAID": "DE8AA1A2B3C4D5", "ListOfRootCertificateIDs": {"RootCertificateID": [
        {"X509IssuerName": "x" * 3000, "X509SerialNumber": "9" * 2000} for i in range(15)]}}}}}))
END
encode "a message of 60 kB" long.jsonl
status_is 0
cp out long.txt
[ "$(wc -c <long.txt)" -gt 100000 ] && echo "ok $name: $(wc -c <long.txt) characters" || fail "too short"
decode "a message of 60 kB, and back" long.txt
status_is 0
python3 -c 'import json
assert json.load(open("long.jsonl")) == json.load(open("out"))' && echo "ok $name: the same" || fail "not the same"

# ---- encode ----

encode "objects" <<END
{"schema":"din70121",$inside}
# a comment

{ "trailing": "00FF", $inside, "schema": "din70121" }
{"v2gtp":"8001","schema":"din70121",$inside}
{"v2gtp":"8001","schema":"din70121",$inside,"trailing":"aa"}
{"schema":"din70121",$inside,"trailing":"aa","padding":1}
END
status_is 0
out_is "$hex
${hex}00ff
01fe800100000011$hex
01fe800100000012${hex}aa
809a00401151400c80c142400c0c0c4041aa"

echo "{$inside}" >one.json
encode "with a V2GTP header" --v2gtp --schema din70121 one.json
out_is "01fe800100000011$hex"
encode "which schema" one.json
status_is 1
out_is "{\"error\":\"'V2G_Message' is in several schemas (din70121, iso15118-2): \\\"schema\\\" beside it or --schema tells which\",\"line\":1}"
encode "only one schema has it" <<'END'
{"supportedAppProtocolRes":{"ResponseCode":"OK_SuccessfulNegotiation","SchemaID":1}}
END
status_is 0
out_is 80400040

# bad TEXT WHY PATH: a PreChargeReq with TEXT for its DC_EVStatus.
bad() {
    printf '{"V2G_Message":{"Header":{"SessionID":"00"},"Body":{"PreChargeReq":{%s}}}}\n' "$1" >bad.json
    encode "$2" --schema din70121 bad.json
    status_is 1
    # the quotation marks of JSON strings are escaped there
    out_is "{\"error\":\"$2\",\"line\":1,\"path\":\"V2G_Message/Body/PreChargeReq$3\"}"
}
bad '"DC_EVStatu":{}' "unknown name 'DC_EVStatu'; did you mean DC_EVStatus? (DC_EVStatus, EVTargetVoltage, EVTargetCurrent)" /DC_EVStatu
bad '"@Id":"1"' "unknown name '@Id' (DC_EVStatus, EVTargetVoltage, EVTargetCurrent)" /@Id
bad '"DC_EVStatus":{"EVReady":1}' 'expected true or false, not a number' /DC_EVStatus/EVReady
bad '"DC_EVStatus":{"EVErrorCode":"NO_EROR"}' "unknown word 'NO_EROR'; did you mean NO_ERROR? (NO_ERROR, FAILED_RESSTemperatureInhibit, FAILED_EVShiftPosition, FAILED_ChargerConnectorLockFault, FAILED_EVRESSMalf...)" /DC_EVStatus/EVErrorCode
bad '"DC_EVStatus":{"EVErrorCode":0}' 'expected a word, not a number' /DC_EVStatus/EVErrorCode
bad '"DC_EVStatus":{"EVRESSSOC":101}' '101 is out of range, expected 0 to 100' /DC_EVStatus/EVRESSSOC
bad '"DC_EVStatus":{"EVRESSSOC":-1}' '-1 is out of range, expected 0 to 100' /DC_EVStatus/EVRESSSOC
bad '"DC_EVStatus":{"EVRESSSOC":"99999999999999999999"}' '99999999999999999999 is out of range, expected 0 to 100' /DC_EVStatus/EVRESSSOC
bad '"DC_EVStatus":{"EVRESSSOC":50.0}' 'expected a whole number, not a fraction' /DC_EVStatus/EVRESSSOC
bad '"DC_EVStatus":{"EVRESSSOC":"5O"}' "'5O': expected a whole number, as a number or a string of digits" /DC_EVStatus/EVRESSSOC
bad '"DC_EVStatus":{"EVRESSSOC":null}' 'expected a whole number, not null (what is not sent is left out)' /DC_EVStatus/EVRESSSOC
bad '"DC_EVStatus":{"EVReady":true,"EVRESSSOC":5}' 'is missing' /DC_EVStatus/EVErrorCode
bad '"EVTargetVoltage":{"Value":8388608}' '8388608 is out of range, expected -8388608 to 8388607' /EVTargetVoltage/Value
bad '"DC_EVStatus":[]' 'expected an object, not a list' /DC_EVStatus
bad '"EVTargetVoltage":{"Multiplier":0,"Value":400}' 'is missing' /DC_EVStatus

# line TEXT WHY [PATH]: a whole line.
line() {
    printf '%s\n' "$1" >bad.json
    encode "$2" --schema "${4:-iso15118-2}" bad.json
    status_is 1
    out_is "{\"error\":\"$2\",\"line\":1${3:+,\"path\":\"$3\"}}"
}
line '{"V2G_Mesage":{}}' "unknown root element 'V2G_Mesage'; did you mean V2G_Message? (V2G_Message)" V2G_Mesage
line '{"V2G_Message":{"Header":{"SessionID":5}}}' 'expected a string of hexadecimal digits, not a number' V2G_Message/Header/SessionID
line '{}' 'no root element: expected {\"NAME\":{..}}'
line '[1]' 'expected an object: {\"V2G_Message\":{..}}'
line '7' 'expected an object: {\"V2G_Message\":{..}}'
line '{"V2G_Message":{},"Body":{}}' "two root elements, 'V2G_Message' and 'Body': beside the root may stand schema, v2gtp, padding and trailing"
line '{"V2G_Message":{"Header":{"SessionID":"0x1"}}}' "'0x1': a hexadecimal digit is missing at the end" V2G_Message/Header/SessionID
line '{"V2G_Message":{"Header":{"SessionID":"0g"}}}' "character 2 of '0g': expected pairs of hexadecimal digits" V2G_Message/Header/SessionID
line '{"V2G_Message":{"Header":{"SessionID":"00"},"Header":{"SessionID":"00"}}}' "no JSON: character 52: duplicate object key near '\\\"Header\\\"'"
line '{"V2G_Message":{"Header":{"SessionID":"00"},"Body":{"SessionStopReq":{},"SessionStopRes":{"ResponseCode":"OK"}}}}' 'stands twice, or beside another that excludes it' V2G_Message/Body/SessionStopRes din70121
line '{"V2G_Message":' "no JSON: character 15: unexpected token near end of file"
line '{"error":"no","line":1}' 'this line is an error: no'
line '{"schema":"din7012","V2G_Message":{}}' "schema: unknown schema 'din7012'; did you mean din70121? (auto, appproto, din70121, iso15118-2, iso15118-20-common, iso15118-20-ac, iso15118-20-dc)"
line '{"trailing":"0","V2G_Message":{}}' 'trailing: expected a string of pairs of hexadecimal digits'
line '{"padding":0,"V2G_Message":{}}' 'padding: expected a number from 1 to 127'
line '{"padding":64,"supportedAppProtocolRes":{"ResponseCode":"OK_SuccessfulNegotiation","SchemaID":1}}' 'padding: 64 does not fit the 4 bits behind the message' '' appproto
line '{"v2gtp":"01","V2G_Message":{}}' 'v2gtp: expected the payload type, a string of four hexadecimal digits'
line '{"supportedAppProtocolReq":{"AppProtocol":{}}}' 'expected a list: the schema allows more than one' supportedAppProtocolReq/AppProtocol appproto
line '{"supportedAppProtocolReq":{"AppProtocol":[{"ProtocolNamespace":"","VersionNumberMajor":1,"VersionNumberMinor":0,"SchemaID":0,"Priority":1},{"Priority":21}]}}' '21 is out of range, expected 1 to 20' 'supportedAppProtocolReq/AppProtocol[1]/Priority' appproto
line '{"supportedAppProtocolReq":{"AppProtocol":[{"VersionNumberMajor":18446744073709551616}]}}' "no JSON: character 85: too big integer near '18446744073709551616': beyond 64 bits it is written as a string" '' appproto
printf '{"supportedAppProtocolReq":{"AppProtocol":[{"ProtocolNamespace":"\377"}]}}\n' >bad.json
encode "Latin-1" --schema appproto bad.json
status_is 1
out_has '"error":"no JSON: character '

encode "the others are done" --schema din70121 <<END
{$inside}
{
{$inside}
END
status_is 1
out_is "$hex
{\"error\":\"no JSON: character 1: string or '}' expected near end of file\",\"line\":2}
$hex"
err_is 'voltbus exi encode: stdin: 1 of 3 messages not encoded'

# an EVSEID of two characters, one of them 0, where the schema wants 7 to 37 (OpenV2G's example)
short=809802004080c1014181c211e00010005012b35de740
decode "a text that is too short" --hex $short
status_is 0
out_has '"EVSEID":"\u0000\u0014"'
cp out short.json
encode "a text that is too short, and back" short.json
status_is 0
out_is $short
err_is 'voltbus exi encode: line 1: V2G_Message/Body/SessionSetupRes/EVSEID: longer or shorter than the schema allows'

encode "a global element that is no message" --schema din70121 <<'END'
{"DC_EVStatus":{"EVReady":true,"EVErrorCode":"NO_ERROR","EVRESSSOC":50}}
END
status_is 1
out_is '{"error":"unknown root element '"'DC_EVStatus'"' (V2G_Message)","line":1,"path":"DC_EVStatus"}'

# names that take turns, as only signatures may have them: an object continues in "+"
cat >turns.json <<'END'
{"KeyInfo":{"KeyName":["a"],"MgmtData":["ä€😀"],"+":[{"KeyName":["b","c"]},{"MgmtData":["d\u0001\"\\"],"KeyName":["e"]}]}}
END
encode "names that take turns" --schema iso15118-2 --kind xfragment turns.json
status_is 0
cp out turns.txt
decode "names that take turns, and back" --schema iso15118-2 --kind xfragment turns.txt
status_is 0
out_is '{"KeyInfo":{"KeyName":["a"],"MgmtData":["ä€😀"],"+":[{"KeyName":["b","c"],"MgmtData":["d\u0001\"\\"]},{"KeyName":["e"]}]}}'

# ---- usage ----

run "help" "$VOLTBUS" exi --help
status_is 0
out_has 'usage: voltbus exi decode [OPTION]... [FILE]'
run "no direction" "$VOLTBUS" exi
status_is 2
err_is 'voltbus exi: expected decode or encode (voltbus exi --help)'
run "a word that exi does not know" "$VOLTBUS" exi decod
status_is 2
err_is "voltbus exi: expected decode or encode; not 'decod'; did you mean decode?"
run "an unknown schema" "$VOLTBUS" exi decode --schema iso15118-3
status_is 2
err_has "voltbus exi: unknown schema 'iso15118-3'; did you mean iso15118-2? (auto, appproto, din70121, "
run "an unknown kind" "$VOLTBUS" exi decode --schema iso15118-2 --kind fragmnt
status_is 2
err_is "voltbus exi: unknown kind 'fragmnt'; did you mean fragment? (document, fragment, xfragment)"
run "a fragment without schema" "$VOLTBUS" exi decode --kind fragment
status_is 2
err_is 'voltbus exi: a fragment does not tell its schema: --schema is needed'
run "two files" "$VOLTBUS" exi decode a b
status_is 2
err_is 'voltbus exi: one FILE at a time'
run "a file and bytes" "$VOLTBUS" exi decode a --hex 80
status_is 2
err_is 'voltbus exi: either FILE or --hex, not both'
run "no bytes" "$VOLTBUS" exi decode --hex ''
status_is 2
err_is 'voltbus exi: --hex is empty: expected pairs of hexadecimal digits'
run "bytes to encode" "$VOLTBUS" exi encode --hex 80
status_is 2
err_is 'voltbus exi: --hex is for decode'
run "an unknown option" "$VOLTBUS" exi decode --shema din70121
status_is 2
err_is "voltbus exi: unknown option '--shema'; did you mean --schema? (voltbus exi --help)"
run "a file that is not there" "$VOLTBUS" exi decode nothing.txt
status_is 1
err_is 'voltbus exi decode: nothing.txt: No such file or directory'
run "bytes for a file" "$VOLTBUS" exi decode $hex
status_is 1
err_is "voltbus exi decode: $hex: No such file or directory (bytes instead of a file: --hex)"
run "a folder" "$VOLTBUS" exi decode "$work"
status_is 1
err_has ': Is a directory'
printf '\324\303\262\241\002\000\004\000' >capture.pcap
run "a capture" "$VOLTBUS" exi decode capture.pcap
status_is 1
out_is ''
err_is 'voltbus exi decode: capture.pcap: a capture of packets: voltbus decode reads it'
echo $hex | gzip >lines.gz
run "packed" "$VOLTBUS" exi decode lines.gz
status_is 1
err_is 'voltbus exi decode: lines.gz: packed by gzip: unpack it first'
run "zeros without end" "$VOLTBUS" exi decode /dev/zero
status_is 1
err_is 'voltbus exi decode: /dev/zero: more than 16 MB without a line end'
run "a full disk" sh -c "\"$VOLTBUS\" exi decode --hex $hex >/dev/full"
status_is 1
err_is 'voltbus exi: cannot write the output: No space left on device'
run "a reader that leaves" timeout 10 sh -c "yes $hex | \"$VOLTBUS\" exi decode --schema din70121 | head -1"
out_is "{$inside}"
run "an answer before the next question" timeout 20 sh -c "(echo $hex; sleep 60) | \"$VOLTBUS\" exi decode --schema din70121 | (read -r line; echo \"\$line\"; kill -9 0)"
out_is "{$inside}"

finish
