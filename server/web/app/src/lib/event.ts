// What a honeypot's event says, in a few words.
import type { EventRow } from './types';

const names = ['process.command_line', 'url.original', 'file.name', 'user_agent.original', 'vulnerability.id'];

// The service's own word; without one the action that Tapiary made of it.
export const eventName = (event: EventRow): string => event.type || String(event.ecs['event.action'] ?? '');

// What was done, as far as the collector recognised it, else nothing.
export function eventDetail(event: EventRow): string {
  return names.map((name) => event.ecs[name]).filter((text) => typeof text === 'string').join(' ');
}
