// A case: what it will hold, and its download with every byte counted (docs/formats/case.md).
import { api, ApiError, download, withQuery, type Query } from './api';

export interface Contents {
  query: Query; // with the window's ends as they are now, so that it holds what was counted
  from: string;
  to: string;
  flows: number;
  packets: number;
  bytes: number; // on the wire
  transactions: number;
  events: number;
  more: boolean; // counting took too long
}

const sum = (values: number[]): number => values.reduce((all, one) => all + one, 0);

export async function contents({ filter, clock, last, from, to }: Query): Promise<Contents> {
  const histogram = await api.histogram({ filter, clock, last, from, to, buckets: 10 });
  const query: Query = { filter, clock, from: histogram.from, to: histogram.to };
  const [transactions, events] = await Promise.all([
    api.top('transactions', { ...query, field: 'service', by: 'transactions', limit: 1 }),
    api.top('events', { ...query, field: 'sensor', by: 'events', limit: 1 }),
  ]);
  return {
    query,
    from: histogram.from,
    to: histogram.to,
    flows: sum(histogram.flows),
    packets: sum(histogram.packets),
    bytes: sum(histogram.bytes),
    transactions: transactions.total['transactions'] ?? 0,
    events: events.total['events'] ?? 0,
    more: histogram.partial || transactions.partial || events.partial,
  };
}

export const casePath = (query: Query, note: string): string => withQuery('/api/v1/case', { ...query, note });

export interface Saved {
  name: string;
  bytes: number;
}

// The browser keeps what has come, on disk when it is much; a case that breaks off is not saved.
export async function saveCase(path: string, signal: AbortSignal, ontold: (bytes: number) => void): Promise<Saved> {
  const response = await download(path, signal);
  const name = /filename="([\w.-]+)"/.exec(response.headers.get('Content-Disposition') ?? '')?.[1] ?? 'tapiary-case.zip';
  let bytes = 0;
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, controller) {
      bytes += piece.length;
      ontold(bytes);
      controller.enqueue(piece);
    },
  });
  let whole: Blob;
  try {
    whole = await new Response(response.body!.pipeThrough(counted), { headers: { 'Content-Type': 'application/zip' } }).blob();
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ApiError({ status: 0, title: 'Broken off', detail: 'The collector broke off, so this is no whole case. Nothing was saved.' });
  }
  const link = document.createElement('a');
  link.href = URL.createObjectURL(whole);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  return { name, bytes };
}
