// Where a filter is wrong. Positions count bytes of UTF-8; the text is cut there.
import type { ApiError } from './api';

export interface Marked {
  before: string;
  wrong: string;
  after: string;
}

// Nothing when the error is not about this text.
export function markedIn(text: string, asked: string, error: ApiError | null): Marked | null {
  if (!error?.isFilterError || text !== asked) return null;
  const bytes = new TextEncoder().encode(text);
  const at = error.problem.position ?? 0;
  const end = at + (error.problem.length ?? 0);
  const cut = (from: number, to?: number) => new TextDecoder().decode(bytes.slice(from, to));
  return { before: cut(0, at), wrong: cut(at, end), after: cut(end) };
}
