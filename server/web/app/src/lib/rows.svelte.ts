// One table's rows: first page, further pages, refresh; at most one request in flight.
import { api, ApiError, type Query } from './api';
import type { Page } from './types';

export class Rows<T> {
  items: T[] = $state.raw([]);
  next: string | null = $state(null);
  partial = $state(false);
  notHere: string[] = $state([]);
  loading = $state(false);
  loaded = $state(false);
  paged = $state(false); // further pages are shown: a refresh would lose them
  error: ApiError | null = $state(null);
  #abort: AbortController | null = null;

  constructor(readonly kind: string) {}

  async load(query: Query): Promise<void> {
    const page = await this.#fetch(query);
    if (!page) return;
    this.items = page.items;
    this.paged = false;
    this.#take(page);
  }

  async more(query: Query): Promise<void> {
    if (!this.next) return;
    const page = await this.#fetch({ ...query, after: this.next });
    if (!page) return;
    this.items = [...this.items, ...page.items];
    this.paged = true;
    this.#take(page);
  }

  #take(page: Page<T>): void {
    this.next = page.next;
    this.partial = page.partial;
    this.notHere = page.fields_not_here ?? [];
    this.loaded = true;
  }

  async #fetch(query: Query): Promise<Page<T> | null> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.loading = true;
    try {
      const page = await api.page<T>(this.kind, query, abort.signal);
      this.error = null;
      return page;
    } catch (error) {
      if (error instanceof ApiError && this.#abort === abort) this.error = error;
      return null;
    } finally {
      if (this.#abort === abort) this.loading = false;
    }
  }
}
