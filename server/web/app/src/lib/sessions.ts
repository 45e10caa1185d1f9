// Attacker sessions and their time lines as the API has them (docs/api.md).
import { call, withQuery } from './api';
import type { EventRow, Transaction } from './types';

export interface WireOnly {
  flows: number;
  transactions: number;
  commands: number;
  after_logged_end: number;
}

export interface SessionRow {
  event: number;
  sensor: string;
  dataset: string | null;
  source: string | null;
  session: string | null;
  start: string;
  end: string;
  events: number;
  matches: number;
  logins: number;
  logins_accepted: number;
  commands: number;
  files: number;
  wire_only: WireOnly | null;
}

interface LinkedFlow {
  id: string;
  start: string;
  end: string;
  orig: { ip: string | null; port: number | null };
  resp: { ip: string | null; port: number | null };
  service: string | null;
}

export type Entry = { time: string } & (
  | { kind: 'flow'; wire_only: boolean; maybe_logged?: boolean; after_logged_end?: number; flow: LinkedFlow }
  | { kind: 'transaction'; wire_only: boolean; flow: string; transaction: Transaction | null }
  | { kind: 'event'; log_only: boolean; packets: string; flows: string[]; event: EventRow | null }
);

export interface TimeLine {
  sensor: string;
  session: string | null;
  source: string | null;
  source_on_wire: string | null;
  clock: { moved_by: number; known_from: string | null };
  counts: {
    events: number;
    flows: number;
    transactions: number;
    wire_only: WireOnly;
    log_only: { events: number };
  };
  entries: Entry[];
  next: string | null;
  truncated: boolean;
  partial: boolean;
}

export const timeLine = (event: number, after: string): Promise<TimeLine> =>
  call<TimeLine>('GET', withQuery(`/api/v1/events/${event}/session`, { limit: 200, after }));

// What one side alone has of it.
export const oneSided = (entry: Entry): boolean =>
  entry.kind === 'event' ? entry.log_only : entry.wire_only;

export const flowOf = (entry: Entry): string | null => {
  if (entry.kind === 'flow') return entry.flow.id;
  if (entry.kind === 'transaction') return entry.flow;
  return entry.flows[0] ?? null;
};
