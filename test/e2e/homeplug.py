"""homeplug.py - HomePlug messages of recordings, as voltbus and as tshark read them (homeplug.sh).

usage: homeplug.py VOLTBUS FOLDER

Every frame with EtherType 88E1 is read by the device "homeplug", none fails; frames and MMTYPEs are those of
tshark, packet by packet; and fields that tshark's dissector has are the same.
SPDX-License-Identifier: MIT
"""
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

GP = "homeplug_av.gp."
NUMBER = lambda text: int(text, 0)
TENTHS = lambda text: int(text, 0) / 10
BYTES = lambda text: text.replace(":", "").replace(" ", "")
NONCE = lambda text: bytes.fromhex(text[2:])[::-1].hex()  # tshark takes it for a number
MAC = str

# field of tshark: our signal, how it is read
FIELDS = {
    GP + "cm_slac_parm.runid": ("slac.run_id", BYTES),
    GP + "cm_slac_parm.sound_count": ("slac.sounds", NUMBER),
    GP + "cm_slac_parm.time_out": ("slac.sound_time", TENTHS),
    GP + "cm_slac_parm.forwarding_sta": ("slac.forward_to", MAC),
    GP + "cm_start_atten_char.runid": ("slac.run_id", BYTES),
    GP + "cm_start_atten_char.sounds_count": ("slac.sounds", NUMBER),
    GP + "cm_start_atten_char.time_out": ("slac.sound_time", TENTHS),
    GP + "cm_start_atten_char.sound_forwarding_sta": ("slac.forward_to", MAC),
    GP + "cm_mnbc_sound.countdown": ("slac.sounds_left", NUMBER),
    GP + "cm_mnbc_sound.runid": ("slac.run_id", BYTES),
    GP + "cm_mnbc_sound.rnd": ("slac.random", BYTES),
    GP + "cm_atten_profile_ind.pev_mac": ("slac.pev_mac", MAC),
    GP + "cm_atten_profile_ind.groups_count": ("attenuation.groups", NUMBER),
    GP + "cm_atten_profile_ind.aag": ("group.", NUMBER),
    GP + "cm_atten_char.source_mac": ("slac.source_mac", MAC),
    GP + "cm_atten_char.runid": ("slac.run_id", BYTES),
    GP + "cm_atten_char.sounds_count": ("slac.sounds_heard", NUMBER),
    GP + "cm_atten_char.groups_count": ("attenuation.groups", NUMBER),
    GP + "cm_atten_char.aag": ("group.", NUMBER),
    GP + "cm_slac_match.length": ("slac.length", NUMBER),
    GP + "cm_slac_match.pev_mac": ("slac.pev_mac", MAC),
    GP + "cm_slac_match.evse_mac": ("slac.evse_mac", MAC),
    GP + "cm_slac_match.runid": ("slac.run_id", BYTES),
    GP + "cm_slac_match.nid": ("key.nid", BYTES),
    GP + "cm_slac_match.nmk": ("key.nmk", BYTES),
    "homeplug_av.cm_set_key_req.nw_key": ("key.nmk", BYTES),
    "homeplug_av.nw_info.my_nonce": ("key.my_nonce", NONCE),
    "homeplug_av.nw_info.your_nonce": ("key.your_nonce", NONCE),
    "homeplug_av.nw_info.prn": ("key.run", NUMBER),
    "homeplug_av.nw_info.pmn": ("key.message", NUMBER),
    "homeplug_av.get_sw_cnf.ver_str": ("software.version", str),
    "homeplug_av.get_sw_cnf.ver_len": ("software.length", NUMBER),
    "homeplug_av.op_attr_cnf.data.hw": ("attributes.chip", str),
    "homeplug_av.op_attr_cnf.data.sw": ("attributes.kind", str),
    "homeplug_av.op_attr_cnf.data.sw_date": ("attributes.date", str),
    "homeplug_av.op_attr_cnf.data.sw_rel": ("attributes.release", str),
    "homeplug_av.nw_info_cnf.cco_mac": ("network.coordinator", MAC),
    "homeplug_av.nw_info_cnf.num_stas": ("network.stations", NUMBER),
    "homeplug_av.nw_info_cnf.sta_info.da": ("station.mac", MAC),
    "homeplug_av.nw_info_cnf.sta_indo.bda": ("station.bridged", MAC),
    "homeplug_av.nw_info_cnf.sta_indo.phy_dr_tx": ("station.tx_rate", NUMBER),
    "homeplug_av.brg_infos_cnf.mac": ("bridge.station", MAC),
    "homeplug_av.tone_map_tx_cnf.num_act": ("tone.carriers", NUMBER),
    "homeplug_av.lnk_stats.tx.mpdu_ack": ("tx.acknowledged", NUMBER),
    "homeplug_av.lnk_stats.rx.tb_pass": ("rx.bit_errors", NUMBER),
}
TYPES = ["homeplug_av.mmhdr.mmtype", "homeplug_av.mmhdr.mmtype.qualcomm"]


def packets(path):
    """The packets of a pcap or pcapng file, the first one is number 1."""
    data = path.read_bytes()
    number = 0
    if data[:4] == b"\x0a\x0d\x0d\x0a":
        at = 0
        while at + 12 <= len(data):
            kind, size = struct.unpack_from("<II", data, at)
            if kind in (3, 6):  # simple and enhanced packet
                number += 1
                length = struct.unpack_from("<I", data, at + 20)[0] if kind == 6 else size - 16
                begin = at + (28 if kind == 6 else 12)
                yield number, data[begin:begin + length]
            at += size
        return
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at = 24
    while at + 16 <= len(data):
        number += 1
        length = struct.unpack_from(order + "I", data, at + 8)[0]
        yield number, data[at + 16:at + 16 + length]
        at += 16 + length


def theirs(paths, folder):
    """All HomePlug frames in one file, so that tshark starts once: {(path, number of the packet): fields}."""
    places = []
    one = pathlib.Path(folder) / "homeplug.pcap"
    with open(one, "wb") as file:
        file.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for path in paths:
            for number, data in packets(path):
                if data[12:14] == b"\x88\xe1":
                    file.write(struct.pack("<IIII", 0, 0, len(data), len(data)) + data)
                    places.append((path, number))
    names = ["frame.number", *TYPES, *FIELDS]
    command = ["tshark", "-r", str(one), "-Y", "eth.type==0x88e1", "-T", "fields", "-E",
               "separator=/t", "-E", "occurrence=a", "-E", "aggregator=,"]
    for name in names:
        command += ["-e", name]
    result = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "HOME": folder})
    lines = [dict(zip(names, line.split("\t"))) for line in result.stdout.splitlines()]
    assert len(lines) == len(places), f"tshark: {len(lines)} of {len(places)}: {result.stderr}"
    return dict(zip(places, lines))


def ours(voltbus, path):
    result = subprocess.run([voltbus, "decode", "--json", "--all", "--as", "homeplug", str(path)],
                            capture_output=True, text=True)
    lines = {}
    for line in result.stdout.splitlines():
        if '"packet":' in line and ('"device":"homeplug"' in line or '"frame":"6' in line or
                                    '"frame":"A' in line):
            message = json.loads(line)
            if len(message["frame"]) == 4 and "event" not in message:
                lines[message["packet"]] = message
    return lines


def compare(where, message, peer, count):
    wrong = 0
    if "values" not in message:
        print(f"{where}: {message['frame']} is not read: {message.get('error', 'unknown')}")
        return 1
    mmtype = next(peer[name] for name in TYPES if peer[name])
    if int(mmtype, 0) != int(message["frame"], 16):
        print(f"{where}: MMTYPE {message['frame']}, tshark has {mmtype}")
        wrong += 1
    values = {**message["values"], **message.get("out_of_range", {})}
    if message["message"].startswith("pyplc_"):
        return wrong  # tshark knows nothing of these
    for field, (signal, read) in FIELDS.items():
        for i, text in enumerate(peer[field].split(",") if peer[field] else [], 1):
            name = signal + str(i) if signal.endswith(".") else signal
            mine = values.get(name)
            if mine != read(text):
                print(f"{where}: {name} is {mine}, tshark has {text}")
                wrong += 1
            count[signal] = count.get(signal, 0) + 1
    return wrong


def main(voltbus, folder):
    wrong = messages = 0
    types, count = {}, {}
    paths = sorted(p for p in pathlib.Path(folder).rglob("*") if p.suffix in (".pcap", ".pcapng"))
    with tempfile.TemporaryDirectory() as folder_of_mine:
        peers = theirs(paths, folder_of_mine)
    for path in paths:
        mine = ours(voltbus, path)
        numbers = {number for its, number in peers if its == path}
        if set(mine) != numbers:
            print(f"{path.name}: only voltbus {sorted(set(mine) - numbers)[:9]}, "
                  f"only tshark {sorted(numbers - set(mine))[:9]}")
            wrong += 1
        for packet in set(mine) & numbers:
            wrong += compare(f"{path.name} #{packet}", mine[packet], peers[path, packet], count)
            types[mine[packet]["frame"]] = types.get(mine[packet]["frame"], 0) + 1
            messages += 1
    print(f"{len(paths)} recordings, {messages} messages of {len(types)} types, {sum(count.values())} "
          f"fields of {len(count)} kinds compared, {wrong} wrong")
    for name in ("slac.run_id", "key.nid", "slac.evse_mac", "group.", "key.nmk", "software.version"):
        if not count.get(name):
            print(f"{name} was never compared")
            wrong += 1
    return wrong > 0 or messages == 0


sys.exit(main(*sys.argv[1:]))
