#!/bin/sh
# voltbus session: exit status, options, JSON, SVG; and, where the large recordings are, what each of them is
# known to show (their SOURCES.md): how it ended, the protocol, the quirks.
set -u
. "$TEST_DIR/e2e/lib.sh"
session() { "$VOLTBUS" session "$@"; }
export LC_ALL=C.UTF-8 TERM=dumb COLUMNS=80

run "no file" session
status_is 2
err_has 'voltbus session: no FILE'
run "a number that is none" session --session 0 x
status_is 2
run "a file that is not there" session "$work/none"
status_is 1
err_has "$work/none: "
printf 'can0  123   [1]  00\n' >"$work/can.txt"
run "a recording without a charge" session "$work/can.txt"
status_is 1
err_has 'no charging session in it'
run "what is no recording" session "$TEST_DIR/CMakeLists.txt"
status_is 1
err_has 'not a recording that voltbus knows'
: >"$work/empty"
run "an empty file" session "$work/empty"
status_is 1
err_has 'the file is empty'
run "another option" session --sesion 1 "$work/empty"
status_is 2
err_has 'did you mean --session?'
cp "$TEST_DIR/replay/vw-ac-iso2.pcap" "$work/vw.pcap"
run "the picture over the recording" session --svg "$work/vw.pcap" "$work/vw.pcap"
status_is 2
cmp -s "$TEST_DIR/replay/vw-ac-iso2.pcap" "$work/vw.pcap" || fail "the recording is gone"
run "no such session" session --session 18446744073709551617 "file:$work/vw.pcap"
status_is 1
err_has ', there is 1'
gzip -c "$work/vw.pcap" | head -c 2000 >"$work/cut.gz" # cut where the first try to connect was reset
run "a packed recording that is cut" session --svg "$work/cut.svg" "$work/cut.gz"
status_is 1
err_has ': the compressed data ends too early'
out_has 'The recording ends in the middle of the session, in '
[ -s "$work/cut.svg" ] || fail "no picture of what there is"

[ -d "${VOLTBUS_CAPTURES:-}/ccs" ] || {
    skip "the folder of recordings (../shared/captures) is not there"
}
ccs=$VOLTBUS_CAPTURES/ccs

# file, session, how it ended, protocol ("-": none), quirks that must be found
cat >"$work/table" <<'EOF'
pyPLC/2022-10-26_WP4_networkEstablishedButHiddenCommunication.pcapng 1 no-sdp -
pyPLC/2022-11-17_Dehner_Alpitronic_until_SdpRequest.pcapng 1 sdp-no-answer -
pyPLC/2022-11-25_v0.2_ABB_until_ChargeParamDiscovery.pcapng 1 charger-silent DIN_70121 session-setup-plain-ok wrong-port charge-parameter-fields
pyPLC/2022-11-25_v0.2_alpi_SDP_ok_TCP_fail.pcapng 1 tcp-refused - wrong-port
pyPLC/2022-12-13_compleo_powerdelivery230_no_load.pcapng 3 car-closed DIN_70121 power-delivery-fields power-off-after-pre-charge finished-not-ready
pyPLC/2022-12-20_alpi_currentDemandSequenceErrorShutdown.pcapng 1 charger-failed DIN_70121 car-segments-again charger-segments-again power-off-after-pre-charge
pyPLC/2023-03-02_SuperCharger_CableCheck_error.pcapng 1 charger-failed DIN_70121 session-id-length session-id-not-echoed long-cable-check
pyPLC/2023-03-02_SuperCharger_CableCheck_error.pcapng 9 charger-failed DIN_70121 slac-in-session session-id-not-echoed
pyPLC/2023-04-16_at_home_Ioniq_in_currentDemandLoop.pcapng 1 charger-closed DIN_70121 charger-segments-again
pyPLC/2023-04-24_atHome_Ioniq_without_and_with_60W_bulbs.pcapng 3 car-error DIN_70121 charger-segments-again no-welding-detection
pyPLC/2023-05-03_TaycanLeftside_slacFail.pcapng 1 slac-not-continued - slac-tries wrong-run-id
pyPLC/2023-05-24_pyPlc_with_Ioniq93prcSoc.pcapng 1 charger-closed DIN_70121 charger-segments-again
pyPLC/2024-04-20_ModelY_pyPLC_stop_in_precharge.pcapng 1 car-stop DIN_70121 tesla-run-id late-start-atten long-pre-charge
pyPLC/2024-06-11_Griffigroen_polestar2_stop_in_precharge.pcapng 1 car-stop DIN_70121 session-id-length
pyPLC/2025-01-21_listenMode_01_slow_and_only_broadcast_visible.pcapng 1 no-sdp -
pyPLC/2025-01-21_listenMode_02_mac_spoofing_some_frames_visible.pcapng 1 charger-closed DIN_70121 charger-segments-again
pyPLC/2025-01-21_listenMode_04_cutted_tx_path_no_joining.pcapng 1 no-sdp -
pyPLC/2026-02-03_pyPLC_FoccciCape_with_Ioniq_runs_10_minutes.pcap 1 car-error DIN_70121 no-welding-detection
pyPLC/2026-02-03_pyPLC_FoccciCape_with_Ioniq_runs_10_minutes.pcap 2 car-silent DIN_70121 charger-segments-again
pyPLC/2026-02-08_pyPLC_FoccciCape_AudiQ4_break_after_cableCheck.pcap 1 car-closed DIN_70121 sdp-repeated sdp-tls-declined no-pre-charge finished-not-ready session-id-length
pyPLC/2022-11-11_until_start_of_precharge.txt 1 car-stop DIN_70121
pyPLC/2022-11-17_Dehner_Alpitronic_until_SdpRequest.txt 1 recording-ends -
pyPLC/RawExiLog.txt 1 charger-failed DIN_70121
Ioniq28Investigations/CCM_SPI_powerOn_and_SLAC_until_contractAuth.txt 1 car-stop DIN_70121
Ioniq28Investigations/CCM_SPI_powerOn_and_SLAC_until_contractAuth.txt.pcap 1 car-stop DIN_70121
Ioniq28Investigations/ccm_spi_ioniq_compleo_full_charge_sequence_ended_on_charger.txt.pcap 1 charger-shutdown DIN_70121 slac-tries slow-power-delivery
Ioniq28Investigations/spi_ioniq_alpiHYC150_Meitingen_2024-04-03_Ok.csv.pcap 1 recording-ends DIN_70121 long-authorization
Ioniq28Investigations/spi_ioniq_alpiHYC150_makerspace_landsberg_left_small_2024-04-03_ok.csv.pcap 1 charger-shutdown DIN_70121
Ioniq28Investigations/spi_ioniq_alpiHYC300_Langenbruck3Sessions_2024-04-03_Ok.csv.pcap 1 charger-shutdown DIN_70121
Ioniq28Investigations/spi_ioniq_alpiHYC300_SWIsued_2024-03-22_ok_stopOnCharger.csv.pcap 1 charger-shutdown DIN_70121 slac-tries
clara-logs/2024-01-19_clara_chargepointexpress250_no_authorization.claralog 1 recording-ends DIN_70121 long-authorization
clara-logs/2024-01-19_clara_numbat_lightbulb_verydark.claralog 1 charger-shutdown DIN_70121 zero-current-asked voltage-falls
clara-logs/2024-01-23_clara_pyPLC_stop_with_button.claralog 1 car-stop DIN_70121
clara-logs/2024-01-24_clara_ABBHPC_no_load_voltage_ramps_down.claralog 1 car-stop DIN_70121 zero-current-asked voltage-falls
clara-logs/2024-01-27_clara_SuCV3_preCharge_uMin229V.claralog 1 car-silent DIN_70121 minimum-above-target long-pre-charge
clara-logs/2024-02-09_clara_tesla_timeout_in_cablecheck_due_to_wrong_PP.claralog 1 recording-ends DIN_70121 long-cable-check session-id-length
clara-logs/2024-02-13_clara_tesla_timeout_in_cablecheck_multiple_times.claralog.pcap 8 car-silent DIN_70121 long-cable-check old-connection
clara-logs/2024-02-14_ABB_HPC_no_response_for_cablecheck.claralog.pcap 1 charger-closed DIN_70121 long-authorization session-setup-plain-ok
clara-logs/2024-02-14_SuC_without_authorization.claralog.pcap 1 charger-silent DIN_70121 long-authorization
clara-logs/2024-02-18_clara_ABBtriple_lightbulb_ok.claralog 1 charger-shutdown DIN_70121 session-setup-plain-ok
clara-logs/2024-02-18_clara_alpi_lightbulb_ok.claralog 1 charger-shutdown DIN_70121 charger-segments-again
clara-logs/2024-02-18_clara_alpi_lightbulb_ok.claralog.pcap 1 car-silent DIN_70121 charger-segments-again
clara-logs/2024-02-18_clara_efacecQC45_badRegulation.claralog 2 charger-malfunction DIN_70121 charger-segments-again voltage-falls shutdown-ignored
clara-logs/2024-02-18_clara_numbat_lightbulb_ok.claralog 1 charger-shutdown DIN_70121 welding-voltage-stays
clara-logs/2024-04-11_clara_PhiPhong_doug.claralog 1 charger-silent DIN_70121 charger-segments-again
clara-logs/2024-05-09_clara_QingdaoPenodato_serh270_precharge.claralog.pcap 2 charger-silent DIN_70121 undecodable wrong-answer foreign-slac
clara-logs/2024-08-01_clara_kempower1_EvMacGyver_plug_after_auth.claralog 1 charger-malfunction DIN_70121 charger-segments-again target-above-limit
clara-logs/2024-08-01_clara_kempower3_EvMacGyver_auth_after_plug_different_spot.claralog 1 charger-malfunction DIN_70121 charger-segments-again
clara-logs/2024-10-14_clara_parallelcharging_hiro_LOG-2nd_charger.claralog.pcap 1 car-silent DIN_70121 foreign-slac
clara-logs/2024-10-14_clara_parallelcharging_hiro_LOG-2nd_charger.claralog 5 charger-shutdown DIN_70121 foreign-slac
clara-logs/2025-07-16_Foccci_v3_with_pyPLC.pcapng 1 recording-ends DIN_70121
tux-evse/audi-dc-iso2.pcap 1 car-stop ISO_15118-2 sdp-tls-declined side-connection oversupply
tux-evse/porsche-taycan-4s-driverside-ac-iso2.pcap 1 car-stop ISO_15118-2
tux-evse/vw-ac-iso2.pcap 1 car-stop ISO_15118-2 session-id-length
EOF
mkdir "$work/stories"
for file in "$ccs"/*/*; do # every file of the folder: no crash
    stem=$work/stories/$(basename "$file")
    run "$(basename "$file")" session --svg "$stem.svg" "$file"
    [ "$status" -le 1 ] || fail "crashed"
    mv "$work/out" "$stem.text"
    run "$(basename "$file") as JSON" session --json "$file"
    [ "$status" -le 1 ] || fail "crashed"
    mv "$work/out" "$stem.json"
done
run "stories" true
python3 - "$work" "$ccs" <<'EOF' || fail "another story than SOURCES.md tells"
import json, pathlib, re, sys
import xml.dom.minidom
work, ccs = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
stories = work / "stories"
wrong = []
for line in (work / "table").read_text().splitlines():
    path, number, ending, protocol, *quirks = line.split()
    lines = (stories / (pathlib.PurePath(path).name + ".json")).read_text(encoding="utf-8").splitlines()
    told = [json.loads(text) for text in lines]
    story = next((story for story in told if story["session"] == int(number)), None)
    if not story:
        wrong.append(f"{path}: no session {number}")
        continue
    found = {quirk["quirk"] for quirk in story["quirks"]}
    wrong += [f"{path}: no quirk {quirk}" for quirk in quirks if quirk not in found]
    if story["ending"] != ending:
        wrong.append(f"{path}: {story['ending']} instead of {ending}: {story['result']}")
    if story.get("protocol", "-").replace(" ", "_") != protocol:
        wrong.append(f"{path}: protocol {story.get('protocol')}")
for text in stories.glob("*.text"):
    wide = [line for line in text.read_text(encoding="utf-8").split("\n") if len(line) > 80]
    if wide:
        wrong.append(f"{text.name}: wider than 80: {wide[0]}")
for picture in stories.glob("*.svg"):
    xml.dom.minidom.parse(str(picture))
# energy, against the values that another program took out of the same capture
name = "ccm_spi_ioniq_compleo_full_charge_sequence_ended_on_charger.txt.pcap"
volt, last, ws = None, None, 0
for line in (ccs / "Ioniq28Investigations" / (name + ".values.txt")).read_text(errors="replace").splitlines():
    match = re.match(r"\[\S+ (\d+):(\d+):([0-9.]+)\] (\w+)=(\S+)", line)
    if match and match[4] == "EVSEPresentVoltage":
        volt = float(match[5])
    elif match and match[4] == "EVSEPresentCurrent":
        t, w = int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3]), volt * float(match[5])
        ws += (w + last[1]) / 2 * (t - last[0]) if last and t - last[0] < 5 else 0
        last = (t, w)
energy = json.loads((stories / (name + ".json")).read_text())["energy_wh"]
if ws == 0 or abs(energy - ws / 3600) > 1:
    wrong.append(f"energy {energy} Wh, by the values {ws / 3600:.1f} Wh")
print("\n".join(wrong))
sys.exit(bool(wrong))
EOF
[ $failed = 1 ] || echo "ok $(wc -l <"$work/table") sessions are as SOURCES.md tells"

run "one session of several" session --json --session 2 "$ccs/pyPLC/2023-05-03_TaycanLeftside_slacFail.pcapng"
status_is 0
out_has '"session":2,'
out_has_not '"session":1,'
run "a session that is not there" session --session 3 "$ccs/pyPLC/2023-05-03_TaycanLeftside_slacFail.pcapng"
status_is 1
err_has 'no session 3, there are 2'

run "a picture that cannot be written" session --svg "$work/none/x.svg" "$ccs/tux-evse/vw-ac-iso2.pcap"
status_is 1
err_has "$work/none/x.svg: "

# plain ASCII, and no colour, where that is asked for
LC_ALL=C run "ASCII" session "$ccs/Ioniq28Investigations/spi_ioniq_alpiHYC300_SWIsued_2024-03-22_ok_stopOnCharger.csv.pcap"
if LC_ALL=C grep -q '[^ -~]' "$work/out"; then fail "not only ASCII"; else echo "ok ASCII"; fi
out_has '***'
finish
