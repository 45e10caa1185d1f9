// What the API answers; docs/fields.md says what the fields mean.
export interface End {
  ip: string | null;
  port: number | null;
  mac?: string | null;
  packets: number;
  bytes: number;
}

export interface Flow {
  id: string;
  sensor: string | null;
  interface: string | null;
  start: string;
  end: string;
  received: string;
  duration: number | null;
  proto: string;
  orig: End;
  resp: End;
  service: string | null;
  commands: number;
  transactions: number;
  community_id: string | null;
  [more: string]: unknown;
}

export interface Transaction {
  time: string;
  received: string;
  flow_id: string;
  number: number;
  sensor: string | null;
  orig: { ip: string | null; port: number | null };
  resp: { ip: string | null; port: number | null };
  protocol: string;
  operation: string;
  code: number;
  unit: number | null;
  address: number | null;
  quantity: number | null;
  values: number[];
  status: string;
  exception: number | null;
  command: boolean;
  attack_technique: string | null;
  detail: Record<string, string>;
  anomalies: string[];
}

export interface EventRow {
  id: number;
  time: string;
  received: string;
  sensor: string | null;
  type: string | null;
  source: { ip: string | null; port: number | null };
  destination: { ip: string | null; port: number | null };
  user: string | null;
  password: string | null;
  session: string | null;
  ecs: Record<string, unknown>;
  event: unknown;
}

export interface Page<T> {
  items: T[];
  next: string | null;
  partial: boolean;
  fields_not_here?: string[]; // of lists that take a filter
}

export interface Health {
  state: string;
  texts: string[];
  clock_skew: number; // seconds that the sensor is ahead
  spool_bytes: number;
  uplink_state: string | null;
}

export interface Sensor {
  name: string;
  last_seen: string | null;
  health: Health | null;
  offered: number;
  recorded: number;
  filtered: number;
  lost: number;
  lost_by_reason: Record<string, number>;
  packets_stored: number;
  bytes_stored: number;
  gaps: number;
  last_gap: { from: string; to: string; reason: string } | null;
  evidence: { pending_keys: number } | null;
}

export interface SensorList {
  now: string;
  trouble: string | null;
  items: Sensor[];
}

export interface Histogram {
  from: string;
  to: string;
  step: number; // seconds
  partial: boolean;
  flows: number[];
  packets: number[];
  bytes: number[];
  commands: number[];
}

export interface FieldInfo {
  name: string;
  aliases: string | null;
  type: string;
  value: string;
  means: string | null;
  sentence: string;
}

export interface FilterChoices {
  from: number; // a choice replaces these bytes of the text
  to: number;
  items: { text: string; kind: string; detail?: string | null }[];
}

export interface Top {
  fields: string[];
  items: { values: (string | number | boolean | null)[]; [measure: string]: unknown }[];
  groups: number;
  groups_whole: boolean;
  total: Record<string, number>;
  partial: boolean;
  covered_from?: string | null;
}
