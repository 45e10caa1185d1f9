// Numbers, sizes, times and ends as people read them. Times are always UTC.
const whole = new Intl.NumberFormat('en-GB');

export const count = (value: number): string => whole.format(value);

export function plural(value: number, word: string): string {
  return `${count(value)} ${word}${value === 1 ? '' : 's'}`;
}

export function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return unit === 0 ? `${bytes} B` : `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

// "2026-11-25T12:00:00.123456789Z" as "2026-11-25 12:00:00".
export const moment = (text: string): string => `${text.slice(0, 10)} ${text.slice(11, 19)}`;

// "2026-11-25T12:00:00.123456789Z" as "11-25 12:00:00.123"; with its year when it arrived in another.
export function shortTime(text: string, received: string): string {
  const day = text.slice(0, 4) === received.slice(0, 4) ? text.slice(5, 10) : text.slice(0, 10);
  return `${day} ${text.slice(11, 23)}`;
}

export function duration(seconds: number | null): string {
  if (seconds === null) return '';
  if (seconds === 0) return '0 s';
  if (seconds < 1) return `${(seconds * 1000).toFixed(seconds < 0.01 ? 2 : 0)} ms`;
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

// "just now", "5 s ago", "3 h ago".
export function ago(then: string, now: string): string {
  const seconds = (Date.parse(now) - Date.parse(then)) / 1000;
  if (Number.isNaN(seconds)) return 'at an unknown time';
  if (seconds < -5) return `${duration(-seconds)} in the future`;
  return seconds < 2 ? 'just now' : `${duration(Math.floor(seconds)).replace('.0', '')} ago`;
}

export function end(value: { ip: string | null; port: number | null; mac?: string | null }): string {
  const host = value.ip ?? value.mac ?? '?';
  if (value.port === null) return host;
  return host.includes(':') ? `[${host}]:${value.port}` : `${host}:${value.port}`;
}

// Axis text of a plot: the hour, and the day where it begins or the axis does.
export function ticks(times: number[]): string[] {
  let day = '';
  return times.map((seconds) => {
    const text = new Date(seconds * 1000).toISOString();
    const isNew = text.slice(0, 10) !== day;
    day = text.slice(0, 10);
    return text.slice(11, 16) + (isNew ? `\n${day}` : '');
  });
}

// The first values of a list, and how many are left out.
export function values(list: number[], limit = 16): string {
  const shown = list.slice(0, limit).join(', ');
  return list.length > limit ? `${shown} … ${list.length - limit} more` : shown;
}

// Sensor time and arrival lie so far apart that one of the clocks is wrong (or the data waited).
export function clockNote(time: string, received: string): string {
  const seconds = (Date.parse(received) - Date.parse(time)) / 1000;
  if (seconds < -60) return `The sensor's clock is ahead by ${duration(-seconds)}.`;
  if (seconds > 86400) return `Arrived ${duration(seconds)} later: kept back, or a wrong clock.`;
  return '';
}

// Any JSON object as dotted names and texts, in its own order.
export function flatten(value: unknown, prefix = ''): [string, string][] {
  if (value === null || value === undefined) return [[prefix, '–']];
  if (Array.isArray(value)) return [[prefix, value.length ? value.map(show).join(', ') : '–']];
  if (typeof value !== 'object') return [[prefix, String(value)]];
  const rows = Object.entries(value).flatMap(([name, inner]) =>
    flatten(inner, prefix ? `${prefix}.${name}` : name),
  );
  return rows.length ? rows : [[prefix, '–']];
}

const show = (value: unknown): string =>
  typeof value === 'object' ? JSON.stringify(value) : String(value);

// 0.0123 as "1.2 %"; what is less than a thousandth of a percent, so.
export function percent(share: number): string {
  const value = share * 100;
  if (value === 0) return '0 %';
  if (value < 0.001) return 'less than 0.001 %';
  return `${value.toPrecision(value < 1 ? 1 : 2)} %`;
}

// Text amid other text: what turns the direction of reading is named, so that it turns nothing else.
export const inLine = (text: string): string =>
  text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

// Packets by reason, the most first; what sensors call a reason is any text.
export const reasons = (counts: Record<string, number>): string =>
  Object.entries(counts)
    .filter(([, packets]) => packets > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([reason, packets]) => `${count(packets)} ${inLine(reason)}`)
    .join(', ');

// "2026-11-26 8:30" as the API takes it; what is no such time stays, for the API to say so.
export function wholeTime(text: string): string {
  const found = /^(\d{4}-\d\d-\d\d)(?:[T ](\d{1,2}):(\d\d)(:\d\d)?)?Z?$/.exec(text.trim());
  if (!found) return text.trim();
  const [, day, hour = '0', minute = '00', second = ':00'] = found;
  return `${day}T${hour.padStart(2, '0')}:${minute}${second}Z`;
}
