// Alerts, rules and messages as the API has them; docs/alerts.md says what they mean.
import { call, withQuery, type Query } from './api';

export const severities = ['info', 'low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof severities)[number];

interface MatchEnd {
  ip: string | null; // events may name none
  port?: number;
}

// What the alert shows of its first match; of a condition only `condition`, `time` and `text`.
export interface Match {
  table?: string;
  condition?: string;
  text?: string;
  time?: string;
  src?: MatchEnd;
  dst?: MatchEnd;
  service?: string;
  operation?: string;
  technique?: string;
  user?: string;
  flow?: string;
  event?: number;
}

export interface Alert {
  id: number;
  rule: { id: number; name: string };
  severity: Severity;
  state: 'open' | 'acknowledged';
  sensor: string;
  created: string;
  last: string;
  matches: number;
  group: Record<string, string>;
  note: string;
  match: Match;
  acknowledged?: { time: string; by: string; note: string };
}

export interface Rule {
  name: string;
  severity: Severity;
  enabled: boolean;
  note: string;
  when: string;
  filter?: string;
  over?: string;
  after?: string;
  percent?: number;
  alarms?: string[];
  group_by: string[];
  cooldown: string;
  max_per_hour: number;
  targets: string[];
}

export interface StoredRule extends Rule {
  id: number;
  changed: string;
  changed_by: string;
  trouble: { text: string; time: string | null } | null;
}

export interface Trial {
  matches: number;
  more: boolean;
  partial: boolean;
  groups: number;
  examples: { sensor: string; group: Record<string, string>; matches: number; match: Match }[];
}

export interface Message {
  id: number;
  alert: number;
  target: string;
  state: 'waiting' | 'sent' | 'dead';
  attempts: number;
  due: string | null;
  changed: string;
  trouble: string | null;
}

export interface Target {
  name: string;
  kind: string;
  host: string;
  severity: Severity;
  waiting: number;
  sent: number;
  dead: number;
}

// How a test message to a target went.
export interface Tested {
  target: string;
  state: 'sent' | 'failed';
  trouble: string | null;
  seconds: number;
}

export interface List<T> {
  items: T[];
  next: string | null;
}

const base = '/api/v1/alerts';

export const alerts = {
  streamPath: `${base}/stream`,
  list: (query: Query) => call<List<Alert>>('GET', withQuery(base, query)),
  acknowledge: (id: number, note: string) => call<Alert>('POST', `${base}/${id}/acknowledge`, { note }),
  rules: () => call<List<StoredRule>>('GET', `${base}/rules`),
  tryRule: (rule: Rule) => call<Trial>('POST', `${base}/rules/test`, rule),
  saveRule: (rule: Rule, id: number | null) =>
    id === null
      ? call<StoredRule>('POST', `${base}/rules`, rule)
      : call<StoredRule>('PUT', `${base}/rules/${id}`, rule),
  removeRule: (id: number) => call('DELETE', `${base}/rules/${id}`),
  targets: () => call<List<Target>>('GET', `${base}/targets`),
  testTarget: (name: string) => call<Tested>('POST', `${base}/targets/${encodeURIComponent(name)}/test`),
  messages: (query: Query) => call<List<Message>>('GET', withQuery(`${base}/messages`, query)),
  retry: (id: number) => call<{ state: string }>('POST', `${base}/messages/${id}/retry`),
};

// Only what a rule has; the rest of a stored one is about it.
export function ruleOf(stored: StoredRule): Rule {
  const { id, changed, changed_by, trouble, ...rule } = stored;
  return rule;
}

export const newRule = (): Rule => ({
  name: '',
  severity: 'medium',
  enabled: true,
  note: '',
  when: 'match',
  filter: '',
  group_by: ['sensor', 'ip.src'],
  cooldown: '5m',
  max_per_hour: 60,
  targets: [],
});

const endText = (end: MatchEnd): string => {
  if (!end.ip || !end.port) return end.ip ?? '';
  return end.ip.includes(':') ? `[${end.ip}]:${end.port}` : `${end.ip}:${end.port}`;
};

// "write_single_register 203.0.113.9 → 10.0.0.1:502", or what a condition says.
export function matchText(match: Match): string {
  if (match.text) return match.text;
  const ends = [match.src?.ip, match.dst && endText(match.dst)].filter((end) => end).join(' → ');
  return [match.operation || match.service || '', ends, match.user ? `as ${match.user}` : '']
    .filter((part) => part)
    .join(' ');
}

export const badges: Record<Severity, string> = {
  info: 'text-bg-secondary',
  low: 'text-bg-info',
  medium: 'text-bg-warning',
  high: 'text-bg-danger',
  critical: 'text-bg-danger',
};
