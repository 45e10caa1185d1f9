// hostile_pcap.mjs OUT.pcap: a Modbus connection whose device says that its vendor is markup.
import { writeFileSync } from 'node:fs';

const vendor = '<img src=x onerror="window.hacked=1">\u202e\x00\x1b[31m';
const product = '"><script>window.hacked=1</script>{{7*7}}javascript:alert(1)';

const u16 = (value) => [value >> 8, value & 255];
const u32 = (value) => [...u16(value >>> 16), ...u16(value & 0xffff)];

function checksum(bytes) {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i] << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

const ends = [
  { ip: [10, 66, 0, 5], port: 41000, seq: 1000 },
  { ip: [10, 66, 0, 1], port: 502, seq: 5000 },
];

function frame(from, flags, data = []) {
  const [a, b] = [ends[from], ends[1 - from]];
  const tcp = [...u16(a.port), ...u16(b.port), ...u32(a.seq), ...u32(flags & 16 ? b.seq : 0), 0x50, flags, 0x20, 0, 0, 0, 0, 0, ...data];
  const pseudo = [...a.ip, ...b.ip, 0, 6, ...u16(tcp.length)];
  tcp.splice(16, 2, ...u16(checksum([...pseudo, ...tcp])));
  const ip = [0x45, 0, ...u16(20 + tcp.length), 0, 1, 0, 0, 64, 6, 0, 0, ...a.ip, ...b.ip];
  ip.splice(10, 2, ...u16(checksum(ip)));
  a.seq += data.length + (flags & 3 ? 1 : 0);
  return [2, 0, 0, 0, 0, 2 - from, 2, 0, 0, 0, 0, 1 + from, 8, 0, ...ip, ...tcp];
}

const adu = (id, pdu) => [...u16(id), 0, 0, ...u16(pdu.length + 1), 1, ...pdu];
const object = (id, text) => [id, ...((bytes) => [bytes.length, ...bytes])([...Buffer.from(text)])];
const identification = [0x2b, 0x0e, 1, 1, 0, 0, 2, ...object(0, vendor), ...object(1, product)];

const frames = [
  frame(0, 2),
  frame(1, 18),
  frame(0, 16),
  frame(0, 24, adu(1, [0x2b, 0x0e, 1, 0])),
  frame(1, 24, adu(1, identification)),
  frame(0, 24, adu(2, [6, 0, 40, 0x04, 0xd2])),
  frame(1, 24, adu(2, [6, 0, 40, 0x04, 0xd2])),
  frame(0, 17),
  frame(1, 17),
  frame(0, 16),
];

const le32 = (value) => [...u32(value)].reverse();
const start = Math.floor(Date.now() / 1000) - 60;
const file = [...le32(0xa1b23c4d), 2, 0, 4, 0, ...le32(0), ...le32(0), ...le32(65535), ...le32(1)];
frames.forEach((bytes, i) => {
  file.push(...le32(start), ...le32(i * 1_000_003), ...le32(bytes.length), ...le32(bytes.length), ...bytes);
});
writeFileSync(process.argv[2], Buffer.from(file));
