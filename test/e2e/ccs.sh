#!/bin/sh
# ccs.sh - charging sessions of real cars, as messages and as the signals of ccs-session. What other decoders
# made of the same recordings lies beside them.
set -u
. "$TEST_DIR/e2e/lib.sh"
. "$TEST_DIR/e2e/gateway.sh"

# ---- without recordings: messages of our own log ----

cat >"$work/cable.log" <<'END'
(1712145600.000000) eth NET#01#010000000001#746F20706F7274203135313138
(1712145600.100000) eth V2G#9000#01#1000
(1712145600.200000) eth V2G#8001#0104000000020000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001#809A0204488CD115599DE210D1400CC080C39C2403050A40300C0C32004080E1807C0001810480E00C082C02408142B07C00
(1712145600.300000) eth V2G#8001#0201#809A0204488CD115599DE210E00040800001028528F8101870848000060A1E806030307D020384413800
(1712145600.400000) eth V2G#8001#02#809A0204488CD115599DE210D1400CC080C39C
(1712145600.500000) eth V2G#8001#02#8040004000FF
(1712145600.600000) eth V2G#4C41#02#0200
(1712145600.700000) eth V2G#8001##FFEE
END
run "text" "$VOLTBUS" decode "$work/cable.log"
status_is 0
out_is '1712145600.000000 eth #1 EVCC > SECC connect  to port 15118
1712145600.100000 eth EVCC > SECC SDPRequest  no TLS  TCP
1712145600.200000 eth #2 EVCC > SECC din70121 CurrentDemandReq  [one of several in a segment]  DC_EVStatus(EVReady yes  EVErrorCode NO_ERROR  EVRESSSOC 51 %)  EVTargetCurrent 125.5 A  EVMaximumVoltageLimit 420 V  EVMaximumCurrentLimit 200 A  EVMaximumPowerLimit 80000 W  BulkChargingComplete no  ChargingComplete no  RemainingTimeToFullSoC 3600 s  RemainingTimeToBulkSoC 1200 s  EVTargetVoltage 401.2 V  SessionID 1122334455667788
1712145600.300000 eth SECC > EVCC din70121 CurrentDemandRes  [sent again]  ResponseCode OK  DC_EVSEStatus(EVSEIsolationStatus Valid  EVSEStatusCode EVSE_Ready  NotificationMaxDelay 0 s  EVSENotification None)  EVSEPresentVoltage 400.5 V  EVSEPresentCurrent 124.9 A  EVSECurrentLimitAchieved no  EVSEVoltageLimitAchieved no  EVSEPowerLimitAchieved no  EVSEMaximumVoltageLimit 500 V  EVSEMaximumCurrentLimit 125 A  EVSEMaximumPowerLimit 50000 W  SessionID 1122334455667788
1712145600.400000 eth SECC > EVCC din70121  error exi: bit 152, in V2G_Message/Body/CurrentDemandReq/EVTargetCurrent: the message is cut off here  80 9A 02 04 48 8C D1 15 59 9D E2 10 D1 40 0C C0 80 C3 9C
1712145600.500000 eth SECC > EVCC appproto supportedAppProtocolRes  ResponseCode OK_SuccessfulNegotiation  SchemaID 1  2 trailing bytes:  00 FF
1712145600.600000 eth SECC > EVCC 4C41  02 00
1712145600.700000 eth - 8001  error exi: the beginning of no message that V2G has  FF EE'
err_has "cable.log:5: 8001: exi: bit 152, in V2G_Message/Body/CurrentDemandReq/EVTargetCurrent: the message is cut off here"
err_has '7 frames (candump-log): 4 decoded, 2 failed, 1 unknown (1 id: 4C41), 1 network event'

# text of any length is cut, and says so; what stands behind it is there
long=$(printf '%600s' '' | tr ' ' n)
printf '{"supportedAppProtocolReq":{"AppProtocol":[{"ProtocolNamespace":"%s","VersionNumberMajor":2,"VersionNumberMinor":0,"SchemaID":1,"Priority":1}]}}' \
    "$long" | "$VOLTBUS" exi encode 2>/dev/null | sed 's/^/(1.0) eth V2G#8001#01#/' >"$work/long.log"
printf '(1.0) eth NET#07##%s\n' "$(printf '%600s' '' | sed 's/ /6E/g')" >>"$work/long.log"
run "long text" "$VOLTBUS" decode "$work/long.log"
out_has "nnnn.. (600 characters)  VersionNumberMajor 2  VersionNumberMinor 0  SchemaID 1  Priority 1)"
is "a long event says so too" test "$(grep -c 'nnnn.. (600 characters)$' "$work/out")" = 1

# no unit is sent: a charger of pyPLC that leaves it out, and a vector of ISO 15118-20
cat >"$work/units.log" <<'END'
(1712145600.000000) eth V2G#8001##809A001080004820400000C99002062050193080C0C802064C8010190140C80A20
(1712145600.100000) eth V2G#8004##803404150DAEA6C5DA007C001200080000C8000040010200041FEFE003FC202000410840800100FE1FFFE0200004001007E0FE0FF0800207F8BF80401800101FE28000FC4000631FFFF0100FC3FFFC0400
END
run "units that are not sent" "$VOLTBUS" decode "$work/units.log"
out_has 'NotificationMaxDelay 0 s  EVSENotification None)  EVSEMaximumCurrentLimit 200 A  EVSEMaximumPowerLimit 10000 W  EVSEMaximumVoltageLimit 450 V  EVSEMinimumCurrentLimit 1 A  EVSEMinimumVoltageLimit 200 V  EVSECurrentRegulationTolerance 5 A  EVSEPeakCurrentRipple 5 A)'
out_has 'PresentSOC 1 %  MinimumSOC 0 %  TargetSOC 100 %  MaximumSOC 0 %  RemainingTimeToMinimumSOC 256 s  RemainingTimeToTargetSOC 128 s  RemainingTimeToMaximumSOC 16383 s'
run "units that are not sent, JSON" "$VOLTBUS" decode --json "$work/units.log"
out_has '"DC_EVSEChargeParameter/EVSEMaximumCurrentLimit":{"value":200,"unit":"A"}'

run "JSON" "$VOLTBUS" decode --json "$work/cable.log"
out_has '{"t":1712145600.000000,"link":"eth","frame":"01","packet":1,"from":"EVCC","event":"connect","text":"to port 15118"}'
out_has '"frame":"9000","from":"EVCC","protocol":"sdp","message":"SDPRequest","value":{"security":16,"transport":0}}'
out_has '"frame":"8001","packet":2,"stream":1,"from":"EVCC","protocol":"din70121","message":"CurrentDemandReq","flags":["merged"],"value":{"V2G_Message":{"Header":{"SessionID":"1122334455667788"},"Body":{"CurrentDemandReq":{"DC_EVStatus":{"EVReady":true,"EVErrorCode":"NO_ERROR","EVRESSSOC":51},'
out_has '"EVTargetVoltage":{"Multiplier":-1,"Unit":"V","Value":4012}}}}},"physical":{"EVTargetCurrent":{"value":125.5,"unit":"A"}'
out_has '"error":"exi","why":"the message is cut off here","bit":152,"path":"V2G_Message/Body/CurrentDemandReq/EVTargetCurrent","data":"809A0204488CD115599DE210D1400CC080C39C"}'
out_has '"value":{"supportedAppProtocolRes":{"ResponseCode":"OK_SuccessfulNegotiation","SchemaID":1}},"trailing":"00FF"}'
out_has '"protocol":"unknown","data":"0200"}'

run "signals" "$VOLTBUS" decode --as ccs-session --csv "$work/cable.log"
out_has '1712145600.200000,eth,ccs-session,ev.voltage_target,401.200,V'
out_has '1712145600.300000,eth,ccs-session,evse.status_code,evse-ready,'
out_has '1712145600.300000,eth,ccs-session,session.id,1122334455667788,'
err_has 'cable.log:5: ccs-session 8001: exi: bit 152, in V2G_Message/Body/'
run "signals without a name" "$VOLTBUS" decode --csv "$work/cable.log"
out_has '1712145600.200000,eth,ccs-session,ev.soc,51,%'

# ---- live: a replay gives the signals at /api, and records what decode reads back ----

{
    echo "links: {cable: 'file:$work/cable.log'}"
    echo "devices: {charge: {type: ccs-session, link: cable}}"
    echo "outputs: {page: {type: http, listen: 127.0.0.1:0}, a: {type: pcapng, path: $work/again.pcapng},"
    echo "          b: {type: candump, path: $work/again.log}, c: {type: sqlite, path: $work/again.db}}"
} >"$work/gateway.yaml"
gateway gateway.yaml
has() { [ "$(api get /api/state devices charge signals "$1" value)" = "$2" ]; }
is "the voltage at /api" wait_for 10 has evse.voltage_present 400.5
is "the phase at /api" wait_for 10 has session.phase handshake # the last good message
is "the session id at /api" has session.id 1122334455667788
is "the history at /api" wait_for 10 eval 'api get "/api/history?signal=charge/ev.soc&from=1712145500&to=1712145700&points=10" | grep -q 51'
stop TERM "$gateway"
"$VOLTBUS" decode --json "$work/cable.log" >"$work/once" 2>/dev/null
for copy in again.pcapng again.log; do
    "$VOLTBUS" decode --json "$work/$copy" 2>/dev/null | sed 's/"link":"cable"/"link":"eth"/' >"$work/twice"
    is "$copy says the same" cmp "$work/once" "$work/twice"
done

[ -d "${VOLTBUS_CAPTURES:-}/ccs" ] || {
    echo "the recordings of charging sessions (../shared/captures/ccs) are not there: the rest is left out"
    finish
}

# ---- a replay gives the samples that decode gives ----

capture=$VOLTBUS_CAPTURES/ccs/pyPLC/2023-05-24_pyPlc_with_Ioniq93prcSoc.pcapng
cat >"$work/replay.yaml" <<END
links: {eth: 'file:$capture'}
devices: {ccs-session: {type: ccs-session, link: eth}}
outputs: {samples: {type: json, path: $work/replayed}}
END
run "replay of a packet capture" "$VOLTBUS" run "$work/replay.yaml" --speed max --exit-at-end
status_is 0
"$VOLTBUS" decode --json --as ccs-session "$capture" >"$work/decoded" 2>/dev/null
is "the replay says what decode says" cmp "$work/decoded" "$work/replayed"
is "it says much" test "$(wc -l <"$work/replayed")" = 138

# ---- every recording ----

is "what others made of the recordings" "$TEST_DIR/e2e/ccs_test.py" "$VOLTBUS" "$VOLTBUS_CAPTURES/ccs"
cat "$work/out"
finish
