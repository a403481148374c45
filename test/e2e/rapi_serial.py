"""rapi_serial.py - literal bytes to and from a simulated OpenEVSE. usage: rapi_serial.py VOLTBUS PATH RAPI
SPDX-License-Identifier: MIT"""
import subprocess
import sys
import time

import serial

voltbus, path, rapi = sys.argv[1:]


def heard(wanted, seconds=30):
    """The next bytes must be these."""
    port.timeout = seconds
    got = port.read(len(wanted))
    assert got == wanted, (got, wanted)


def says(line, wanted):
    port.write(line)
    heard(wanted)


def silent(seconds=0.3):
    port.timeout = seconds
    got = port.read(100)
    assert got == b"", got


def versions_1():
    says(b"$GV^35\r", b"$OK D3.8.4 1.0.3\r")
    says(b"$GS*BE\r", b"$OK 1 0\r")
    says(b"$GU^36\r", b"$OK 0 0\r")
    says(b"$SL 2^29\r", b"$OK \r")
    says(b"$SL 2*15\r", b"$OK \r")
    says(b"$GE^26\r", b"$OK 16 0021\r")
    says(b"$SD 0^23\r", b"$OK \r")
    says(b"$GG*B2\r", b"$OK 0 -1\r")
    says(b"$GG*b2\r", b"$NK \r")  # digits in lower case
    says(b"$QQ^24\r", b"$NK \r")
    says(b"$FP 0 0 123456789012345678901\r", b"$OK \r")  # 29 characters
    port.write(b"$FP 0 0 1234567890123456789012\r")
    silent()
    says(b"$FS^31\r", b"$ST fe\r$OK \r")
    says(b"$SE 1\r", b"$OK \r\n")
    says(b"$GC\r", b"$GC\r$OK 6 80\r\n")
    says(b"$SE 0\r", b"$SE 0\r$OK \r")


def version_4():
    says(b"$GV^35\r", b"$OK 5.1.0 4.0.1^21\r")
    says(b"$GC^20\r", b"$OK 6 80^1E\r")
    says(b"$FS^31\r", b"$ST fe^00\r$OK^20\r")
    says(b"$GS^30\r", b"$OK 254 0^23\r")
    says(b"$FE^27\r", b"$OK^20\r")
    heard(b"$ST 01^02\r")
    says(b"$SD 0^23\r", b"$NK^21\r")  # $FF took its place
    says(b"$FF D 0^50\r", b"$OK^20\r")
    # echo that should go off goes on
    says(b"$FF E 0^51\r", b"$OK^20\r\n")
    says(b"$GS^30\r", b"$GS^30\r$OK 1 0^21\r\n")
    says(b"$GC^20\r", b"$GC^20\r$OK 6 80^1E\r\n")


def version_5():
    says(b"$GV^35\r", b"$OK 8.2.3 5.2.1^2F\r")
    says(b"$GS^30\r", b"$OK 01 0 01 0200^12\r")
    says(b"$GG^24\r", b"$OK 0 240000^16\r")
    says(b"$GV :5A^5B\r", b"$OK 8.2.3 5.2.1 :5A^41\r")
    for byte in b"$GV^35\r":  # byte by byte
        port.write(bytes([byte]))
        port.flush()
        time.sleep(0.01)
    heard(b"$OK 8.2.3 5.2.1^2F\r")
    port.write(b"$GV^3")
    silent()
    says(b"5\r", b"$OK 8.2.3 5.2.1^2F\r")
    says(b"ST 01\r\n\xff\x00$GX$GV$GV^35\r", b"$OK 8.2.3 5.2.1^2F\r")  # the last dollar counts
    says(b"\n$GV^35\r\n", b"$OK 8.2.3 5.2.1^2F\r")
    says(b"$FP 0 0 12345678901234567890^12\r", b"$OK^20\r")  # 31 characters
    port.write(b"$FP 0 0 123456789012345678901234\r")  # 32 characters
    silent()
    says(b"$GV^35\r" * 3, b"$OK 8.2.3 5.2.1^2F\r" * 3)
    says(b"$FS^31\r", b"$OK^20\r$AT fe 01 24 0200^37\r")
    port.write(b"$FR\r$GV\r")  # the first is never answered, the second is not heard
    heard(b"$AT 00 00 0 0200^03\r$AB 00 8.2.3^1E\r$AT 01 01 24 0200^35\r")
    says(b"$GV^35\r", b"$OK 8.2.3 5.2.1^2F\r")


def version_6():
    says(b"$GV^35\r", b"$OK 9.0.0 6.0.0^2F\r")
    says(b"$GZ^39\r", b"$OK 6012 200^17\r")
    says(b"$SR 2 0^27\r", b"$OK^20\r")
    says(b"$GR^31\r", b"$OK 1 0 1^30\r")
    says(b"$FO 705^3F\r", b"$OK^20\r")
    says(b"$GO^2C\r", b"$OK 705^32\r")
    port.write(b"$FK\r$GV^35\r")  # busy; the second waits in the serial buffer
    silent(1)
    heard(b"$OK^20\r$OK 9.0.0 6.0.0^2F\r", 60)


sim = subprocess.Popen([voltbus, "sim", "openevse", "pty:" + path, "--set", "rapi=" + rapi, "--set", "car=away"],
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
try:
    assert sim.stdout.readline() == f"ready pty:{path}\n"
    port = serial.Serial(path, 115200)
    time.sleep(0.2)  # it is looked at every 50 ms whether somebody is there
    {"1.0.3": versions_1, "4.0.1": version_4, "5.2.1": version_5, "6.0.0": version_6}[rapi]()
finally:
    sim.terminate()
    assert sim.wait() == 0
print("done")
