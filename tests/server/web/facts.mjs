// facts.mjs: what sensors tell of their hours, sent to a running collector in its wire format
// (docs/formats/wire.md), for the page of completeness.
// Environment: URL; NODE_TLS_REJECT_UNAUTHORIZED=0.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

export const hourMs = 3_600_000;
const minuteMs = 60_000;

// Protobuf: varints, fixed 64-bit numbers, and what has a length.
function varint(value) {
  const bytes = [];
  let rest = BigInt(value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}
const number = (field, value) => [...varint(field << 3), ...varint(value)];
const time = (field, ms) => {
  const fixed = Buffer.alloc(8);
  fixed.writeBigInt64LE(BigInt(ms) * 1_000_000n);
  return [...varint((field << 3) | 1), ...fixed];
};
const part = (field, bytes) => [...varint((field << 3) | 2), ...varint(bytes.length), ...bytes];
const text = (field, value) => part(field, [...Buffer.from(value)]);

const lossOf = (lost) => Object.entries(lost).flatMap(([reason, packets]) => part(7, [...text(1, reason), ...number(2, packets)]));
const ledgerRow = (row) => [
  ...text(1, 'eth0'), ...time(2, row.ms), ...number(3, row.offered), ...number(4, row.recorded),
  ...number(5, row.recorded * 100), ...number(6, row.filtered), ...lossOf(row.lost),
  ...number(8, row.tcp), ...number(9, row.missed),
];
const gapRecord = (gap) => [
  ...text(1, 'packets'), ...text(2, 'eth0'), ...time(3, gap.ms), ...time(4, gap.ms + 1000),
  ...number(5, gap.packets), ...number(6, gap.packets * 100), ...text(7, gap.reason),
];

// A zstd frame of one block that is not compressed (RFC 8878 sections 3.1.1.1, 3.1.1.2).
function zstdFrame(content) {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(content.length);
  const header = (content.length << 3) | 1;
  return Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, ...size, header & 255, (header >> 8) & 255, header >> 16, ...content]);
}

export async function sendFacts(token, epoch, rows, gaps = []) {
  const body = zstdFrame([
    ...number(1, epoch), ...number(2, 0),
    ...gaps.flatMap((gap) => part(4, gapRecord(gap))),
    ...rows.flatMap((row) => part(5, ledgerRow(row))),
  ]);
  const answer = await fetch(`${process.env.URL}/api/v1/ingest/facts/${epoch}/0`, {
    method: 'PUT',
    body,
    headers: {
      Authorization: `Bearer ${token}`,
      'Content-Digest': `sha-256=:${createHash('sha256').update(body).digest('base64')}:`,
    },
  });
  assert.equal(answer.status, 201, await answer.text());
}

// A sensor that ran from `from` to `to` (ms) and was offered 60 packets a minute, every tenth of
// them filtered. `losses` and `missed` (bytes) are by the hour's beginning in ms.
export function ledgerOf(from, to, losses = new Map(), missed = new Map()) {
  const rows = [];
  const total = { offered: 0, filtered: 0, lost: {}, missed: 0 };
  for (let ms = from + minuteMs; ms <= to; ms += minuteMs) {
    total.offered += 60;
    total.filtered += 6;
    const hour = Math.floor((ms - minuteMs) / hourMs) * hourMs;
    if ((ms - minuteMs) % hourMs === 0) {
      for (const [reason, packets] of Object.entries(losses.get(hour) ?? {})) {
        total.lost[reason] = (total.lost[reason] ?? 0) + packets;
        total.offered += packets;
      }
      total.missed += missed.get(hour) ?? 0;
    }
    const lost = Object.values(total.lost).reduce((sum, one) => sum + one, 0);
    rows.push({
      ms: ms - 1, offered: total.offered, filtered: total.filtered, recorded: total.offered - total.filtered - lost,
      lost: { ...total.lost }, tcp: total.offered * 90, missed: total.missed,
    });
  }
  return rows;
}
