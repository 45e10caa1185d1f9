#!/usr/bin/env python3
"""Makes the seeds that need no capture: seeds.py OUT. Writes OUT/TARGET/NAME.

Captures in every file format and of the conversations in talks.py (reader), compressed data
(decompress), texts (filter, bpf), logs of honeypots (events). What is in the captures is what fuzz_seeds then takes apart for
the other targets.
"""
import gzip
import os
import struct
import sys
import zlib

import talks

MODBUS = (
    (True, "000100000006110300 6b0003"), (False, "000100000009110306022b00000064"),
    (True, "00020000000b1110000100020400 0a0102"), (False, "000200000006111000010002"),
    (True, "000300000006110600010003"), (False, "0003000000031186 02"),
    (True, "000400000005012b0e0100"), (False, "00040000000d012b0e01010000010003414243"),
)


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ipv4(source, target, proto, payload):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64, proto, 0,
                       bytes(source), bytes(target))
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def ethernet(payload, ether_type=0x0800, tags=(), back=False):
    near, far = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
    out = near + far if back else far + near
    for tag in tags:
        out += struct.pack(">HH", 0x8100, tag)
    return out + struct.pack(">H", ether_type) + payload


def tcp_frames(port, messages):
    """One connection with handshake; `messages`: (from the client, bytes)."""
    ends = ((10, 0, 0, 1), 40000), ((10, 0, 0, 2), port)
    seq = [1000, 5000]
    frames = []

    def send(side, flags, data=b""):
        tcp = struct.pack(">HHIIBBHHH", ends[side][1], ends[1 - side][1], seq[side],
                          seq[1 - side] if flags & 16 else 0, 0x50, flags, 8192, 0, 0)
        packet = ipv4(ends[side][0], ends[1 - side][0], 6, tcp + data)
        frames.append(ethernet(packet, back=side == 1))
        seq[side] += len(data) + (1 if flags & 3 else 0)

    send(0, 2)
    send(1, 18)
    send(0, 16)
    for client, data in messages:
        send(0 if client else 1, 24, data)
    send(0, 17)
    send(1, 17)
    return frames


def udp_frames(port, messages):
    frames = []
    for client, data in messages:
        ends = ((10, 0, 0, 1), 40000), ((10, 0, 0, 2), port)
        source, target = ends if client else reversed(ends)
        head = struct.pack(">HHHH", source[1], target[1], 8 + len(data), 0)
        frames.append(ethernet(ipv4(source[0], target[0], 17, head + data), back=not client))
    return frames


def modbus_frames():
    return tcp_frames(502, [(client, bytes.fromhex(text)) for client, text in MODBUS])


def odd_frames():
    """Shapes that decode has paths for."""
    udp = struct.pack(">HHHH", 1025, 502, 12, 0) + b"abcd"
    inner = ipv4((10, 1, 0, 1), (10, 1, 0, 2), 17, udp)
    a, b = (10, 0, 0, 1), (10, 0, 0, 2)
    ip6 = struct.pack(">IHBB", 0x60000000, len(udp), 17, 64) + bytes(15) + b"\1" + bytes(15) + b"\2"
    vxlan = struct.pack(">HHHH", 50000, 4789, 16 + len(ethernet(inner)), 0) \
        + b"\x08\0\0\0\0\0\x2a\0" + ethernet(inner)
    return [
        ethernet(inner, tags=(10,)), ethernet(inner, tags=(0, 20)), ethernet(ip6 + udp, 0x86dd),
        ethernet(ipv4(a, b, 47, b"\0\0\x08\0" + inner)), ethernet(ipv4(a, b, 4, inner)),
        ethernet(ipv4(a, b, 41, ip6 + udp)), ethernet(ipv4(a, b, 17, vxlan)),
        ethernet(ipv4(a, b, 1, b"\x08\0\0\0\0\1\0\1")), ethernet(b"\0\x01\x41\xff" + inner, 0x8847),
        ethernet(b"\x11\0\0\1" + struct.pack(">H", len(inner) + 2) + b"\0\x21" + inner, 0x8864),
        ethernet(bytes.fromhex("fefe030000100000") + bytes(16), 0x8892),
        ethernet(bytes.fromhex("0001000a00000000") + bytes(40), 0x88b8),
    ]


def pcap(frames, magic=0xa1b2c3d4, order="<", link=1, extra=b""):
    out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link)
    for number, frame in enumerate(frames):
        out += struct.pack(order + "IIII", 1700000000, number, len(frame), len(frame)) + extra + frame
    return out


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def option(order, code, data):
    return struct.pack(order + "HH", code, len(data)) + data + bytes(-len(data) % 4)


def section(order, frames):
    """Every kind of block, two interfaces with other resolutions, an offset."""
    out = block(order, 0x0a0d0d0a, struct.pack(order + "IHHq", 0x1a2b3c4d, 1, 0, -1))
    out += block(order, 1, struct.pack(order + "HHI", 1, 0, 65535)
                 + option(order, 2, b"eth0") + option(order, 9, b"\x09") + bytes(4))
    out += block(order, 1, struct.pack(order + "HHI", 1, 0, 96) + option(order, 9, b"\x94")
                 + option(order, 14, struct.pack(order + "q", -5)) + bytes(4))
    for number, frame in enumerate(frames):
        data = frame + bytes(-len(frame) % 4)
        out += block(order, 6, struct.pack(order + "IIIII", number % 2, 400000, number, len(frame),
                                           len(frame)) + data
                     + option(order, 2, struct.pack(order + "I", 1)) + bytes(4))
    out += block(order, 3, struct.pack(order + "I", len(frames[0])) + frames[0])
    out += block(order, 2, struct.pack(order + "HHIIII", 0, 0, 400000, 1, len(frames[0]),
                                       len(frames[0])) + frames[0])
    out += block(order, 4, bytes(4)) + block(order, 5, bytes(12)) + block(order, 0xbad, b"\1\2\3\4")
    return out


def zstd_raw(data):
    """A frame of raw blocks: no zstd library is needed to make it."""
    out = b"\x28\xb5\x2f\xfd\x80\x58" + struct.pack("<I", len(data))
    pieces = [data[at:at + 1000] for at in range(0, len(data), 1000)] or [b""]
    for number, piece in enumerate(pieces):
        last = number == len(pieces) - 1
        out += struct.pack("<I", len(piece) << 3 | (1 if last else 0))[:3] + piece
    return out


def readers():
    frames = modbus_frames()
    small = pcap(frames[:4])
    out = {
        "micro_le.pcap": pcap(frames), "micro_be.pcap": pcap(frames, order=">"),
        "nano_le.pcap": pcap(frames, 0xa1b23c4d), "nano_be.pcap": pcap(frames, 0xa1b23c4d, ">"),
        "modified_le.pcap": pcap(frames, 0xa1b2cd34, extra=bytes(8)),
        "modified_be.pcap": pcap(frames, 0xa1b2cd34, ">", extra=bytes(8)),
        "odd.pcap": pcap(odd_frames()), "cut.pcap": small[:-3],
        "raw.pcap": pcap([frame[14:] for frame in frames], link=101),
        "sll.pcap": pcap([bytes.fromhex("000000010006020000000001000008 00".replace(" ", ""))
                          + frame[14:] for frame in frames], link=113),
        "null.pcap": pcap([b"\2\0\0\0" + frame[14:] for frame in frames], link=0),
        "le.pcapng": section("<", frames), "be.pcapng": section(">", frames),
        "two.pcapng": section("<", frames[:3]) + section(">", frames[:3]),
        "one.pcap.gz": gzip.compress(small, mtime=0),
        "members.pcap.gz": gzip.compress(small[:60], mtime=0) + gzip.compress(small[60:], mtime=0),
        "frames.pcap.zst": zstd_raw(small[:50]) + b"\x50\x2a\x4d\x18\4\0\0\0abcd"
        + zstd_raw(small[50:]),
    }
    for name, transport, port, messages in talks.TALKS:
        make = tcp_frames if transport == "tcp" else udp_frames
        out[f"{name}.pcap"] = pcap(make(port, messages))
    return out


def decompressed():
    data = pcap(modbus_frames())
    deflate = zlib.compressobj(0, wbits=31)
    stored = deflate.compress(data) + deflate.flush()
    return {
        "gzip": b"\1" + gzip.compress(data, mtime=0), "stored": b"\3" + stored,
        "two_gzip": b"\5" + gzip.compress(b"a", mtime=0) + gzip.compress(b"b" * 3000, mtime=0),
        "zeros": b"\1" + gzip.compress(bytes(100000), mtime=0),
        "zstd": b"\0" + zstd_raw(data), "two_zstd": b"\2" + zstd_raw(b"a") + zstd_raw(data[:99]),
    }


FILTERS = (
    "ip.addr == 10.0.0.0/8 && tcp.port in {502, 1000..2000}", "!(modbus.func_code == 3) || command",
    "frame.time >= \"2024-01-01T00:00:00Z\"", "service contains \"mod\\\"bus\"", "sensor == \"a\"",
    "flow.packets > 10 and not vlan.id == 10", "eth.addr == 02:00:00:00:00:01", "((((ip.addr))))",
    "flow.duration > 5 && tcp.state == \"closed\"", "ot.value == -1 || ot.technique == \"T0836\"",
    "community_id == \"1:AAAA\" && flow.id == \"19ab3c4d5e6.4d2\"", "ipv6 && udp.port != 53",
)
CAPTURE_FILTERS = (
    "port 502", "not tcp port 502 and host 10.0.0.1", "vlan 10 and udp", "ether proto 0x8892",
    "tcp[13] & 2 != 0", "ip6 and (net 10.0.0.0/8 or len > 100)",
)

NOISE = (
    "x.txt=scan,store=no,side=originator,proto=tcp,port=500-510\n192.0.2.0/24, census # c\n"
    "198.51.100.7, , 2027-01-31\n2001:db8::/32, lab, 2027-01-31T12:00:00Z\n203.0.113.0/25\n",
    "x=a\n10.0.0.0/8,wide\n10.1.0.0/16,mid\n10.1.2.3,host\n10.1.2.0/24\n0.0.0.0/0,all\n::/0\n",
)
BROKEN_EVENTS = (
    b'\xef\xbb\xbf{"a":"\\u0000\\udcff\xff\\\\"}\n\n{"b":', b'[{"a":1},{"b":,"c":"]"},3,{"d":[[[[]]]]}]',
    b'{"eventid":"cowrie.login.failed","username":{"a":1},"src_port":-1,"timestamp":"2026-13-45T99:99:99"}',
    b'{"a":1}\x00\xff{"b":2}\n[{"a":1}\x00]',
    b'{"schema_version":1,"protocol":"modbus","session_time":1e400,"src_ip":"::ffff:999.1.1.1","data":[]}',
)
LABELS = (
    b"\0GET /a?b HTTP/1.1\r\nHost: plc.example\r\nUser-Agent: x/1\r\n\r\n",
    b"\1SSH-2.0-OpenSSH_9.2\r\n", b"\x82SSH-1.99-Cisco\r\n",
    b"\2\0\1\1\0\0\1\0\0\0\0\0\0\3plc\7example\0\0\1\0\1",
)


def events():
    """The logs of tests/server/api/logs, whole, as an array and a record at a time; and broken ones."""
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "server", "api", "logs")
    seeds = {f"broken{i}": text for i, text in enumerate(BROKEN_EVENTS)}
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            lines = file.read().splitlines()
        seeds[name] = b"\n".join(lines)
        seeds[name + ".array"] = b"[" + b",".join(lines) + b"]"
        seeds.update({f"{name}.{i}": line for i, line in enumerate(lines)})
    return seeds


def write(out, target, seeds):
    folder = os.path.join(out, target)
    os.makedirs(folder, exist_ok=True)
    for name, data in seeds.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: seeds.py OUT")
    out = sys.argv[1]
    write(out, "reader", readers())
    write(out, "decompress", decompressed())
    write(out, "filter", {f"{i}": text.encode() for i, text in enumerate(FILTERS)})
    write(out, "bpf", {f"{i}": b"\0" + text.encode() for i, text in enumerate(CAPTURE_FILTERS)})
    write(out, "noise", {f"{i}": text.encode() for i, text in enumerate(NOISE)})
    write(out, "events", events())
    write(out, "labels", {f"{i}": data for i, data in enumerate(LABELS)})


if __name__ == "__main__":
    main()
