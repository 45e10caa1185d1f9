// One piece of work of a form or table at a time, and how it failed. A session that is over leads
// back to the login.
import { ApiError } from './api';

export class Work {
  busy = $state(false);
  failure = $state('');

  constructor(private readonly onexpired: () => void) {}

  async run(work: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.failure = '';
    try {
      await work();
    } catch (error) {
      if (error instanceof ApiError && error.problem.status === 401) return this.onexpired();
      this.failure = (error as Error).message;
    } finally {
      this.busy = false;
    }
  }
}

// A list that is loaded at once, and again after whatever was done to it: it shows what holds.
export class WorkList<T> extends Work {
  items: T[] = $state.raw([]);

  constructor(
    private readonly fetch: () => Promise<T[]>,
    onexpired: () => void,
  ) {
    super(onexpired);
    void this.run(() => this.#load());
  }

  change(action: () => Promise<unknown>): Promise<void> {
    return this.run(async () => {
      try {
        await action();
      } finally {
        await this.#load();
      }
    });
  }

  async #load(): Promise<void> {
    this.items = await this.fetch();
  }
}
