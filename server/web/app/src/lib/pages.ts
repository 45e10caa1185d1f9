// The pages and their addresses: "/" is the traffic, "/?alerts" the alerts, and so on.
import type { AlertFeed } from './alertFeed.svelte';
import type { Me, Role } from './auth';
import { viewAddress } from './view.svelte';

export const pages = ['traffic', 'completeness', 'alerts', 'audit', 'account'] as const;
export type PageName = (typeof pages)[number];

// What a page gets of the frame around it.
export interface PageProps {
  me: Me;
  feed: AlertFeed;
  ongo: (to: PageName) => void;
  onleave: () => void;
  onexpired: () => void;
}

export const pagesFor = (role: Role): PageName[] => pages.filter((name) => name !== 'audit' || role === 'admin');

export function pageOf(search: string): PageName {
  const query = new URLSearchParams(search);
  return pages.find((name) => name !== 'traffic' && query.has(name)) ?? 'traffic';
}

export const addressOf = (page: PageName): string => (page === 'traffic' ? viewAddress() : `/?${page}`);

type Filters = Record<string, string>;

// What a page's address says of its filters; their names are none of the traffic's (view.svelte.ts).
export function filtersInAddress<T extends Filters>(empty: T): T {
  const query = new URLSearchParams(location.search);
  return Object.fromEntries(Object.entries(empty).map(([name, value]) => [name, query.get(name) ?? value])) as T;
}

// So that a reload keeps them, they can be sent, and the back button knows them.
export function keepFilters<T extends Filters>(page: PageName, filters: T, empty: T): void {
  const query = new URLSearchParams(Object.entries(filters).filter(([name, value]) => value !== empty[name])).toString();
  const address = addressOf(page) + (query && `&${query}`);
  if (location.pathname + location.search !== address) history.pushState(null, '', address);
}
