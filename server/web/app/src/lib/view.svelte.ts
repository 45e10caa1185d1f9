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

export function windowQuery(): Query {
  const span = view.last ? { last: view.last } : { from: view.from, to: view.to };
  return { ...span, clock: view.clock };
}

export function show(change: Partial<View>): void {
  Object.assign(view, change);
  const query = new URLSearchParams();
  if (view.tab !== 'flows') query.set('tab', view.tab);
  if (view.filter) query.set('filter', view.filter);
  for (const [name, value] of Object.entries(windowQuery())) {
    const isDefault = (name === 'last' && value === '24h') || (name === 'clock' && value === 'received');
    if (value && !isDefault) query.set(name, String(value));
  }
  const text = query.toString();
  history.pushState(null, '', text ? `/?${text}` : '/');
}

// The page of alerts has an address of its own, and leaves the view as it is.
window.addEventListener('popstate', () => {
  if (!new URLSearchParams(location.search).has('alerts')) Object.assign(view, fromAddress());
});
