// Statements of completeness as the API has them, and what they mean for a person
// (docs/completeness.md). Times of hours are those of the sensor's clock.
import { call, withQuery } from './api';
import { duration, percent, plural, reasons } from './format';

interface Span {
  from: string;
  to: string;
}

export interface Statement {
  sensor: string;
  from: string;
  to: string;
  made: string;
  state: 'accounted' | 'partly-unknown' | 'unknown';
  unknown: Span[];
  offered: number;
  recorded: number;
  filtered: number;
  lost: Record<string, number>; // by reason
  never_mirrored: { share: number | null; packets_estimate: number | null };
  dropped_by_sensor: Record<string, number>;
  stored: { packets: number };
  removed_by_retention: { packets: number };
  uploads: { packets: number; removed_by_retention: number };
  jws: string | null;
}

// Worst first.
export const verdicts = ['lost', 'silent', 'mirror', 'whole'] as const;
export type Verdict = (typeof verdicts)[number];

export interface Hour {
  statement: Statement;
  lost: number;
  dropped: number;
  missed: number; // estimated
  silent: number; // seconds without account
  away: number; // recorded, not dropped, and not here
  uploaded: number; // without a sensor, and here or once here
  verdict: Verdict;
}

// Of one sensor, its hours in order.
export interface Account {
  sensor: string;
  hours: Hour[];
  offered: number;
  lost: Record<string, number>;
  dropped: Record<string, number>;
  missed: number;
  silent: number;
  away: number;
  uploaded: number;
  verdict: Verdict;
}

const total = (counts: Record<string, number>): number => Object.values(counts).reduce((sum, one) => sum + one, 0);

// A ledger is told every 10 s and travels for a while: so long, silence is none.
const patienceMs = 120_000;
const leastShare = 0.001; // of traffic that was never mirrored; below that it is estimation

export function judge(statement: Statement): Hour {
  const end = Date.parse(statement.made) - patienceMs;
  const silentMs = statement.unknown.reduce((sum, { from, to }) => {
    return sum + Math.max(0, Math.min(Date.parse(to), end) - Date.parse(from));
  }, 0);
  const lost = total(statement.lost);
  const dropped = total(statement.dropped_by_sensor);
  const stored = statement.stored.packets + statement.removed_by_retention.packets;
  const share = statement.never_mirrored.share ?? 0;
  const verdict = lost + dropped > 0 ? 'lost' : silentMs > 0 ? 'silent' : share >= leastShare ? 'mirror' : 'whole';
  return {
    statement,
    lost,
    dropped,
    missed: statement.never_mirrored.packets_estimate ?? 0,
    silent: silentMs / 1000,
    away: Math.max(0, statement.recorded - dropped - stored),
    uploaded: statement.uploads.packets + statement.uploads.removed_by_retention,
    verdict,
  };
}

function add(sums: Record<string, number>, more: Record<string, number>): void {
  for (const [reason, packets] of Object.entries(more)) sums[reason] = (sums[reason] ?? 0) + packets;
}

function accountOf(sensor: string, hours: Hour[]): Account {
  const account: Account = { sensor, hours, offered: 0, lost: {}, dropped: {}, missed: 0, silent: 0, away: 0, uploaded: 0, verdict: 'whole' };
  let stored = 0;
  let recorded = 0;
  for (const hour of hours) {
    const { statement } = hour;
    account.offered += statement.offered;
    add(account.lost, statement.lost);
    add(account.dropped, statement.dropped_by_sensor);
    account.missed += hour.missed;
    account.silent += hour.silent;
    account.uploaded += hour.uploaded;
    recorded += statement.recorded - hour.dropped;
    stored += statement.stored.packets + statement.removed_by_retention.packets;
  }
  // A segment counts in the hour in which it begins, so hours alone may differ by a minute's packets.
  account.away = Math.max(0, recorded - stored);
  account.verdict = verdicts.find((one) => hours.some((hour) => hour.verdict === one)) ?? 'whole';
  return account;
}

// An hour that has just begun and tells nothing yet is none.
const told = (statement: Statement): boolean =>
  statement.state !== 'unknown' || Date.parse(statement.made) - Date.parse(statement.from) > patienceMs;

export function accounts(statements: Statement[]): Account[] {
  const bySensor = new Map<string, Hour[]>();
  for (const statement of statements.filter(told)) {
    const hours = bySensor.get(statement.sensor) ?? [];
    hours.push(judge(statement));
    bySensor.set(statement.sensor, hours);
  }
  return [...bySensor].map(([sensor, hours]) => accountOf(sensor, hours)).sort((a, b) => a.sensor.localeCompare(b.sensor));
}

export const neverTold = (account: Account): boolean => account.hours.every((hour) => hour.statement.state === 'unknown');

// From when on nothing came, if the sensor is silent now.
function silentSince({ hours }: Account): string | null {
  let since: string | null = null;
  for (const { statement, silent } of hours) {
    const last = silent > 0 ? statement.unknown.at(-1) : undefined;
    const open = last !== undefined && Date.parse(last.to) >= Math.min(Date.parse(statement.to), Date.parse(statement.made));
    if (!open) since = null;
    else if (since === null || last.from > statement.from) since = last.from;
  }
  return since;
}

// What a person must know, the worst first; each a sentence.
export function sentences(account: Account): { verdict: Verdict; text: string }[] {
  const list: { verdict: Verdict; text: string }[] = [];
  if (account.uploaded > 0) {
    list.push({ verdict: 'whole', text: `${plural(account.uploaded, 'packet')} came with uploaded captures, of whose losses nobody tells.` });
  }
  if (neverTold(account)) {
    return [{ verdict: 'silent', text: 'No account in this time, so nothing is known of losses: the sensor did not run, or it has no ledger (uploads with curl have none).' }, ...list];
  }
  const lost = total(account.lost);
  const dropped = total(account.dropped);
  if (lost > 0) {
    const hours = account.hours.filter((hour) => hour.lost > 0).length;
    list.push({ verdict: 'lost', text: `${plural(lost, 'packet')} lost, ${percent(lost / account.offered)} of those offered, in ${plural(hours, 'hour')}: ${reasons(account.lost)}.` });
  }
  if (dropped > 0) {
    list.push({ verdict: 'lost', text: `${plural(dropped, 'packet')} recorded, but dropped by the sensor before delivery: ${reasons(account.dropped)}.` });
  }
  if (lost + dropped === 0) {
    list.push({ verdict: 'whole', text: account.silent > 0 ? 'Nothing was lost in the time that is accounted for.' : 'Nothing was lost.' });
  }
  const since = silentSince(account);
  if (since) list.unshift({ verdict: 'lost', text: `Silent since ${since.slice(0, 10)} ${since.slice(11, 16)}.` });
  if (account.silent > 0) {
    list.push({ verdict: 'silent', text: `Silent for ${duration(account.silent)} in all: nothing is known of that time.` });
  }
  const share = account.missed / (account.offered + account.missed || 1);
  if (share >= leastShare) {
    list.push({ verdict: 'mirror', text: `About ${plural(account.missed, 'packet')} (${percent(share)}) never came out of the switch's mirror.` });
  }
  if (account.away > account.offered / 100) {
    list.push({ verdict: 'mirror', text: `${plural(account.away, 'recorded packet')} are not stored here: on their way, or waiting at the sensor.` });
  }
  return list;
}

interface StatementPage {
  items: Statement[];
  next: string | null;
}

// `most` bounds what is asked for; `whole` tells whether that was all.
export async function statements(
  asked: { sensor: string; last: string },
  most: number,
): Promise<{ items: Statement[]; whole: boolean }> {
  const items: Statement[] = [];
  let after: string | null = '';
  while (after !== null && items.length < most) {
    const page: StatementPage = await call('GET', withQuery('/api/v1/completeness', { ...asked, limit: 200, after }));
    items.push(...page.items);
    after = page.next;
  }
  return { items, whole: after === null };
}
