// Requests to the collector. Every failure becomes an ApiError with words for a person.
import type { FieldInfo, FilterChoices, Flow, Histogram, Page, SensorList, Top } from './types';

// RFC 9457 problem+json; position and the rest come with errors in filters.
export interface Problem {
  status: number;
  title: string;
  detail: string;
  position?: number; // byte of the filter
  length?: number;
  expected?: string;
  suggestion?: string;
}

export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title);
  }
  get isFilterError(): boolean {
    return this.problem.position !== undefined;
  }
}

async function problemOf(response: Response): Promise<Problem> {
  const fallback = { status: response.status, title: `HTTP ${response.status}`, detail: '' };
  try {
    return { ...fallback, ...(await response.json()) };
  } catch {
    return fallback;
  }
}

async function send(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: 'same-origin', ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError({ status: 0, title: 'No answer', detail: 'The collector does not answer.' });
  }
  if (!response.ok) throw new ApiError(await problemOf(response));
  return response;
}

async function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return (await send(withQuery(path, query), signal ? { signal } : {})).json();
}

// A write, and what it answers, if anything.
export async function call<T = void>(method: string, path: string, body?: unknown): Promise<T> {
  const init: RequestInit = { method };
  if (body !== undefined) {
    init.headers = { 'Content-Type': 'application/json' };
    init.body = JSON.stringify(body);
  }
  const response = await send(path, init);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

// What is read as it comes.
export const download = (path: string, signal: AbortSignal): Promise<Response> => send(path, { signal });

export type Query = Record<string, string | number | undefined>;

export function withQuery(path: string, query: Query): string {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') parts.set(name, String(value));
  }
  const text = parts.toString();
  return text ? `${path}?${text}` : path;
}

export const api = {
  sensors: () => get<SensorList>('/api/v1/sensors'),
  page: <T>(kind: string, query: Query, signal?: AbortSignal) =>
    get<Page<T>>(`/api/v1/${kind}`, query, signal),
  histogram: (query: Query, signal?: AbortSignal) =>
    get<Histogram>('/api/v1/flows/histogram', query, signal),
  flow: (id: string) => get<Flow>(`/api/v1/flows/${encodeURIComponent(id)}`),
  complete: (query: Query, signal?: AbortSignal) =>
    get<FilterChoices>('/api/v1/filter/complete', query, signal),
  top: (kind: string, query: Query, signal?: AbortSignal) =>
    get<Top>(`/api/v1/${kind}/top`, query, signal),
  fields: () => get<{ fields: FieldInfo[] }>('/api/v1/filter/fields'),
};

export const flowPcapPath = (id: string): string =>
  `/api/v1/flows/${encodeURIComponent(id)}/pcap`;
