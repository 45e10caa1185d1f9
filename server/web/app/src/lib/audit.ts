// Rows of the audit as the API has them (docs/audit.md), and how a person reads them.
import { inLine } from './format';

export interface AuditRow {
  id: number;
  time: string;
  actor: string;
  action: string;
  detail: string;
  peer: string | null;
  status: number | null;
  bytes: number | null;
  uses: number | null;
  last: string | null;
  outcome: 'whole' | 'broken' | 'left' | null;
}

// Actions that belong together.
export const actionGroups: Record<string, string[]> = {
  'searched, looked at or downloaded': ['search', 'view', 'download'],
  downloaded: ['download'],
  'logged in or out': ['login', 'login failed', 'logout', 'session end'],
  'changed users or tokens': ['user create', 'user change', 'user password', 'user remove', 'token create', 'token rotate', 'token revoke'],
  'decided about alerts, pins or keys': [
    'alert-acknowledged', 'alert-message-retried', 'alert-target-tested', 'alert-rule-created', 'alert-rule-changed', 'alert-rule-deleted',
    'pin-created', 'pin-removed', 'sensor-key-trusted', 'sensor-key-refused',
  ],
  'alarms: data that contradict themselves': [
    'digest-conflict', 'record-conflict', 'segment-conflict', 'item-altered', 'bad-signature', 'unsigned-facts', 'chain-forked',
    'chain-restarted', 'sensor-key-changed', 'audit-gap',
  ],
  'the collector itself': ['data-removed', 'audit-trimmed', 'audit-gap', 'collector-key', 'catalog-tag'],
};

// What was asked for: the path's end, the filter, and the rest.
export interface Asked {
  what: string;
  filter: string;
  rest: string;
}

// The audit escapes only what would end a parameter.
const plain = (text: string): string => text.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));

export function askedFor(detail: string): Asked {
  const found = /^((?:HEAD )?)\/api\/v1\/([^?]*)\??(.*)$/s.exec(detail);
  if (!found) return { what: inLine(detail), filter: '', rest: '' };
  const parameters = found[3]!.split('&').filter((part) => part && part !== 'clock=received');
  const filter = parameters.find((part) => part.startsWith('filter='));
  const rest = parameters.filter((part) => part !== filter).map(plain);
  return {
    what: inLine(found[1]! + plain(found[2]!)),
    filter: filter ? inLine(plain(filter.slice('filter='.length))) : '',
    rest: inLine(rest.join(', ')),
  };
}

export const outcomes: Record<NonNullable<AuditRow['outcome']>, string> = {
  whole: 'whole',
  broken: 'broken off by the collector',
  left: 'not waited for',
};
