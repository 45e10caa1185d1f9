// What is being looked at: tab, filter and time window. Kept in the address, so that a view can be
// sent to a colleague and the browser's back button works.
import type { Query } from './api';

export const tabs = ['flows', 'commands', 'transactions', 'events', 'sessions'] as const;
export type Tab = (typeof tabs)[number];
// Sessions are made of events, and filtered as these are.
export type Table = Exclude<Tab, 'sessions'>;
export const tableOf = (tab: Tab): Table => (tab === 'sessions' ? 'events' : tab);

export interface View {
  tab: Tab;
  filter: string;
  last: string; // "24h": up to now, by the time of arrival; empty: from and to
  from: string;
  to: string;
  clock: 'received' | 'sensor';
}

export const view: View = $state(fromAddress());

function fromAddress(): View {
  const query = new URLSearchParams(location.search);
  const tab = tabs.find((name) => name === query.get('tab')) ?? 'flows';
  const from = query.get('from') ?? '';
  const to = query.get('to') ?? '';
  return {
    tab,
    filter: query.get('filter') ?? '',
    last: from || to ? '' : (query.get('last') ?? '24h'),
    from,
    to,
    clock: query.get('clock') === 'sensor' ? 'sensor' : 'received',
  };
}

export function windowQuery(of: View = view): Query {
  const span = of.last ? { last: of.last } : { from: of.from, to: of.to };
  return { ...span, clock: of.clock };
}

// Where what is looked at, or this, is shown.
export function viewAddress(of: View = view): string {
  const query = new URLSearchParams();
  if (of.tab !== 'flows') query.set('tab', of.tab);
  if (of.filter) query.set('filter', of.filter);
  for (const [name, value] of Object.entries(windowQuery(of))) {
    const isDefault = (name === 'last' && value === '24h') || (name === 'clock' && value === 'received');
    if (value && !isDefault) query.set(name, String(value));
  }
  const text = query.toString();
  return text ? `/?${text}` : '/';
}

// The flows of a sensor's hour, by its clock.
export const hourView = (hour: { sensor: string; from: string; to: string }): View => ({
  tab: 'flows',
  filter: `sensor == "${hour.sensor.replaceAll('"', '\\"')}"`,
  last: '',
  from: hour.from,
  to: hour.to,
  clock: 'sensor',
});

export function show(change: Partial<View>): void {
  Object.assign(view, change);
  history.pushState(null, '', viewAddress());
}

// Other pages have addresses of their own, and leave the view as it is.
export const followAddress = (): void => void Object.assign(view, fromAddress());
