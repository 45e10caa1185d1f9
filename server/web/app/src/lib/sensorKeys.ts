// The keys that a sensor's facts were signed with; docs/formats/evidence.md says what they mean.
import { call } from './api';

export interface SensorKey {
  key: string; // hexadecimal
  state: 'trusted' | 'pending' | 'refused';
  first: string;
}

const path = (sensor: string): string => `/api/v1/sensors/${encodeURIComponent(sensor)}/keys`;

export const pendingKeys = async (sensor: string): Promise<SensorKey[]> =>
  (await call<{ items: SensorKey[] }>('GET', path(sensor))).items.filter((key) => key.state === 'pending');
export const decideOnKey = (sensor: string, key: string, state: 'trusted' | 'refused'): Promise<void> =>
  call('POST', path(sensor), { key, state });
