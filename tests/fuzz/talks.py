"""Conversations of the OT protocols that no public capture holds, for seeds.py.

Each is (name, transport, port of the server, messages); a message is (from the client, bytes). Made
from what the README of the decoder's folder names as source: capture/ot/modbus (RTU frames),
capture/ot/srtp, capture/ot/codesys.
"""
import struct
import zlib

CLIENT, SERVER = True, False


def rtu(text):
    """Unit and PDU in hex, with the CRC-16 of Modbus over serial line, section 6.2.2."""
    frame = bytes.fromhex(text)
    crc = 0xffff
    for byte in frame:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xa001 if crc & 1 else crc >> 1
    return frame + struct.pack("<H", crc)


# Requests and answers of the application protocol, chapter 6, as unit, function and data.
RTU_DATA = (
    ("11 01 0013 0025", "11 01 05 cd6bb20e1b"), ("11 02 00c4 0016", "11 02 03 acdb35"),
    ("11 03 006b 0003", "11 03 06 022b00000064"), ("11 04 0008 0001", "11 04 02 000a"),
    ("11 05 00ac ff00", "11 05 00ac ff00"), ("11 06 0001 0003", "11 06 0001 0003"),
    ("11 0f 0013 000a 02 cd01", "11 0f 0013 000a"),
    ("11 10 0001 0002 04 000a0102", "11 10 0001 0002"),
    ("11 16 0004 00f2 0025", "11 16 0004 00f2 0025"),
    ("11 17 0003 0002 000e 0001 02 00ff", "11 17 04 00fe0acd"), ("07 01 0000 000a", "07 81 02"),
)
RTU_SERVICE = (
    ("01 07", "01 07 6d"), ("01 08 0000 a537", "01 08 0000 a537"), ("01 0b", "01 0b ffff 0108"),
    ("01 0c", "01 0c 08 0000 0108 0121 2000"), ("01 11", "01 11 05 09ff504c43"),
    ("01 14 07 06 0004 0001 0002", "01 14 06 05 06 0dfe0020"),
    ("01 15 09 06 0004 0007 0001 06af", "01 15 09 06 0004 0007 0001 06af"),
    ("01 18 04de", "01 18 0006 0002 01b8 1284"),
    ("01 2b 0e 01 00", "01 2b 0e 01 01 00 00 02 00 03414243 01 03 504c43"),
    ("01 2b 0e 04 07", "01 ab 03"),
)


def rtu_talk(pairs):
    return [message for asked, answer in pairs
            for message in ((CLIENT, rtu(asked)), (SERVER, rtu(answer)))]


def mailbox(kind, sequence, box, fields, data=b""):
    """56 bytes and data; `fields`: offset to bytes."""
    out = bytearray(56)
    out[0], out[2], out[9], out[17], out[30], out[31] = kind, sequence, 1, 1, sequence, box
    out[4:6] = struct.pack("<H", len(data))
    out[40] = out[41] = 1
    for at, part in fields.items():
        out[at:at + len(part)] = part
    return bytes(out) + data


def ask(sequence, service, selector=0, offset=0, length=0, data=None):
    """A short request, or one with data behind the mailbox."""
    to_cpu = bytes.fromhex("100e0000")
    parameters = struct.pack("<BBHH", service, selector, offset, length)
    if data is None:
        return CLIENT, mailbox(2, sequence, 0xc0, {36: to_cpu, 42: parameters})
    return CLIENT, mailbox(2, sequence, 0x80, {36: to_cpu, 50: parameters}, data)


STATE = bytes.fromhex("01ff02007c21")


def answer(sequence, text=""):
    return SERVER, mailbox(3, sequence, 0xd4, {44: bytes.fromhex(text), 50: STATE})


def long_answer(sequence, data):
    return SERVER, mailbox(3, sequence, 0x94, {50: STATE}, data)


def refusal(sequence, major, minor):
    return SERVER, mailbox(3, sequence, 0xd1, {42: bytes((major, minor)), 50: STATE})


NOW = bytes.fromhex("3015082411260103")
INIT = [(CLIENT, bytes(56)), (SERVER, b"\1" + bytes(55))]
SRTP_HMI = INIT + [
    ask(1, 0x4f, 0x01), answer(1), ask(2, 0x00), answer(2), ask(3, 0x43),
    long_answer(3, bytes.fromhex("0000") + b"IC695CPE330".ljust(18, b"\0")),
    ask(4, 0x04, 0x08, 99, 3), answer(4, "0700 0801 ffff"),
    ask(5, 0x04, 0x0a, 0, 8), long_answer(5, struct.pack("<8H", *range(8))),
    ask(6, 0x04, 0x46, 14, 4), answer(6, "4002"), ask(7, 0x04, 0x16, 3, 2), answer(7, "a55a"),
    ask(8, 0x07, 0x08, 9, 2, bytes.fromhex("01000200")), answer(8),
    ask(9, 0x07, 0x48, 7, 1), answer(9), ask(10, 0x25), long_answer(10, NOW),
    ask(11, 0x04, 0x08, 0xffff, 200), refusal(11, 5, 0xf4),
]
SRTP_PROGRAMMER = INIT + [
    ask(1, 0x20, 0, 0, 0, b"\0\0\0\0PLCPROG\0"), answer(1),
    ask(2, 0x21, 4, 0, 0, b"SECRET\0\0"), answer(2),
    ask(3, 0x03), long_answer(3, b"\1\0MAINPRG\0"), ask(4, 0x23, 2), refusal(4, 5, 2),
    ask(5, 0x06, 0, 0, 64), long_answer(5, bytes(range(64))),
    ask(6, 0x38), long_answer(6, bytes(42)), ask(7, 0x39), answer(7),
    ask(8, 0x24, 0, 0, 0, NOW), answer(8), ask(9, 0x44, 0x4c, 5, 1), answer(9),
    ask(10, 0x3f), long_answer(10, bytes(200)), ask(11, 0x40), answer(11),
    ask(12, 0x05, 0x08, 0, 4), ask(13, 0x08, 0x08, 0, 1), refusal(13, 6, 1), answer(12, "0102"),
]


def v2(body, order="<"):
    """Magic, length of what follows (in the controller's byte order), body."""
    return b"\xbb\xbb" + struct.pack(order + "I", len(body)) + body


def v2_talk(order):
    """The request that asks who is there, as public scanners do, and its answer with texts."""
    names = (b"Nucleus PLUS", b"Nucleus PLUS version unknown", b"WAGO 750-841")
    texts = b"".join(text.ljust(32, b"\0") for text in names)
    return [(CLIENT, v2(b"\1", order)), (SERVER, v2(bytes(59) + texts, order)),
            (CLIENT, v2(b"\x92" + b"\0\0\0\0" + b"secret\0", order)), (SERVER, v2(b"\0\0", order))]


def v3_datagram(service, sender, receiver, body):
    """Network layer: magic, hops and size of the head, priority, service, message, addresses."""
    head = struct.pack("<BBBBBB", 0xc5, 13 << 3 | 3, 0x40, service, 0,
                       len(receiver) // 2 << 4 | len(sender) // 2) + receiver + sender
    return head + bytes(-len(head) % 4) + body


def v3_block(datagram):
    return b"\x00\x01\x17\xe8" + struct.pack("<I", len(datagram) + 8) + datagram


def v3_service(group, service, session, tags):
    """Channel layer (block 1 of one, with its sum) around a request of the services layer."""
    content = struct.pack("<HHHHIII", 0xcd55, 16, group, service, session, len(tags), 0) + tags
    return struct.pack("<BBHIIII", 1, 0x81, 7, 1, 0, len(content), zlib.crc32(content)) + content


def tag(number, data):
    return bytes((number, 0x80 | len(data))) + data + bytes(-len(data) % 4)


ENGINEER, CONTROLLER = bytes.fromhex("0a00000b"), bytes.fromhex("0a000102")
OPEN = struct.pack("<BBHIIII", 0xc3, 0, 0x101, 0x2f1a77c0, 0xdeadbeef, 0x1f4000, 5)
OPENED = struct.pack("<BBHIIHHII", 0x83, 0, 0x101, 0x51f00d11, 0xdeadbeef, 0, 7, 0x1f4000, 4)
KEEP_ALIVE, CLOSE = struct.pack("<BBHI", 3, 0, 7, 0), struct.pack("<BBHI", 0xc4, 0, 7, 0)
LOGIN = v3_service(1, 2, 0x11, tag(0x22, struct.pack("<I", 1)) + tag(0x10, b"Administrator"))
LOGGED_IN = v3_service(0x81, 2, 0x11, tag(0x20, struct.pack("<H", 0)) + tag(0x21, b"\x31\xa5\0\0"))


def v3_datagrams():
    asked = [OPEN, LOGIN, KEEP_ALIVE, v3_service(2, 1, 0xa531, tag(1, b"Application")), CLOSE]
    given = [OPENED, LOGGED_IN, KEEP_ALIVE, v3_service(0x82, 1, 0xa531, tag(1, bytes(40)))]
    out = []
    for number, body in enumerate(asked):
        out.append((CLIENT, v3_datagram(0x40, ENGINEER, CONTROLLER, body)))
        if number < len(given):
            out.append((SERVER, v3_datagram(0x40, CONTROLLER, ENGINEER, given[number])))
    return out


# Name service: who is there, and a controller's answer with its names.
WHO = (CLIENT, v3_datagram(3, ENGINEER, b"", struct.pack("<HHI", 0xc202, 0x400, 0x77)))
NAMES = (struct.pack("<HHIHHHH", 0xc280, 0x400, 0x77, 4, 7, 8, 7)
         + "plc1\0Station\0".encode("utf-16le"))
HERE = (SERVER, v3_datagram(4, CONTROLLER, ENGINEER, NAMES))

TALKS = (
    ("modbus_rtu_data", "tcp", 4001, rtu_talk(RTU_DATA)),
    ("modbus_rtu_service", "tcp", 950, rtu_talk(RTU_SERVICE)),
    ("modbus_rtu_udp", "udp", 4002, rtu_talk(RTU_DATA[2:8])),
    ("srtp_hmi", "tcp", 18245, SRTP_HMI),
    ("srtp_programmer", "tcp", 18245, SRTP_PROGRAMMER),
    ("codesys_v2_little", "tcp", 2455, v2_talk("<")),
    ("codesys_v2_big", "tcp", 1200, v2_talk(">")),
    ("codesys_v3", "tcp", 11740, [(side, v3_block(data)) for side, data in v3_datagrams()]),
    ("codesys_v3_udp", "udp", 1740, v3_datagrams()),
    ("codesys_v3_names", "udp", 1741, [WHO, HERE]),
)
