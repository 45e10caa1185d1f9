// The open alerts, live: loaded once, and again whenever the collector's stream tells of a new one.
// What the stream does not tell (others acknowledged one, more matches) comes every 30 s; without a
// stream (too many are open, or a proxy holds it back) that is all there is, and the page says so.
import { alerts, severities, type Alert, type Severity } from './alerts';
import { ApiError } from './api';

const refreshMs = 30_000;
const retryMs = 15_000;
const patienceMs = 5_000; // the stream's own end, every ten minutes, is no news
const shown = 100;

export class AlertFeed {
  open: Alert[] = $state.raw([]);
  more = $state(false); // than `open`
  changes = $state(0); // grows when there may be something new
  live = $state(false);
  failure = $state('');
  #source: EventSource | null = null;
  #timers = new Set<ReturnType<typeof setTimeout>>();
  #stopped = false;
  #loading = false;
  #again = false;

  constructor(private readonly onexpired: () => void) {}

  start(): void {
    void this.load();
    this.#connect();
    const timer = setInterval(() => void this.load(), refreshMs);
    this.#timers.add(timer);
  }

  stop(): void {
    this.#stopped = true;
    this.#source?.close();
    for (const timer of this.#timers) clearTimeout(timer);
    document.title = 'Tapiary';
  }

  get worst(): Severity | null {
    const ranks = this.open.map((alert) => severities.indexOf(alert.severity));
    return ranks.length ? severities[Math.max(...ranks)]! : null;
  }

  // A burst of alerts is one request after the other, not one each.
  async load(): Promise<void> {
    this.#again = true;
    if (this.#loading) return;
    this.#loading = true;
    while (this.#again && !this.#stopped) {
      this.#again = false;
      await this.#loadOnce();
    }
    this.#loading = false;
  }

  async #loadOnce(): Promise<void> {
    try {
      const page = await alerts.list({ state: 'open', limit: shown });
      if (this.#stopped) return;
      this.open = page.items;
      this.more = page.next !== null;
      this.failure = '';
      this.changes += 1;
      const number = page.items.length;
      document.title = number ? `(${number}${this.more ? '+' : ''}) Tapiary` : 'Tapiary';
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.problem.status === 401) return this.onexpired();
      this.failure = error.message;
    }
  }

  #connect(): void {
    if (this.#stopped) return;
    const source = new EventSource(alerts.streamPath);
    this.#source = source;
    let silence: ReturnType<typeof setTimeout> | undefined;
    source.onopen = () => {
      clearTimeout(silence);
      this.live = true;
      void this.load(); // what came meanwhile
    };
    source.addEventListener('alert', () => void this.load());
    source.onerror = () => {
      clearTimeout(silence);
      silence = this.#later(patienceMs, () => (this.live = false));
      if (source.readyState !== EventSource.CLOSED) return; // it comes again by itself
      this.#later(retryMs, () => this.#connect());
    };
  }

  #later(ms: number, work: () => void): ReturnType<typeof setTimeout> {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, ms);
    this.#timers.add(timer);
    return timer;
  }
}
