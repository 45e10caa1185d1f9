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
