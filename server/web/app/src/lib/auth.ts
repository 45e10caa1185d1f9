// Who is logged in, and what they and administrators do with accounts.
import { call } from './api';

export type Role = 'viewer' | 'analyst' | 'admin';
export const roles: readonly Role[] = ['viewer', 'analyst', 'admin'];

export interface Me {
  name: string;
  scope: Role;
  user: string | null; // null: logged in with a token that belongs to nobody
  token: string | null;
  expires: string | null;
  must_change: boolean;
}

export interface Session {
  id: number;
  user: string | null;
  token: string | null;
  created: string;
  last_used: string;
  expires: string;
  address: string;
  browser: string;
  this: boolean;
}

export interface Token {
  id: number;
  name: string;
  scope: Role | 'sensor';
  user: string | null;
  created: string;
  expires: string | null;
  last_used: string | null;
  revoked: string | null;
  token?: string; // once, when it is made
}

export interface User {
  name: string;
  role: Role;
  created: string;
  disabled: string | null;
  last_login: string | null;
  must_change: boolean;
  sessions?: number;
  password?: string; // once, when it is made
}

interface List<T> {
  items: T[];
  next?: string | null;
}

const user = (name: string): string => `/api/v1/users/${encodeURIComponent(name)}`;

export const auth = {
  login: (name: string, password: string) =>
    call<Me>('POST', '/api/v1/session', { user: name, password }),
  loginWithToken: (token: string) => call<Me>('POST', '/api/v1/session', { token }),
  me: () => call<Me>('GET', '/api/v1/session'),
  logout: () => call('DELETE', '/api/v1/session'),
  changePassword: (old: string, fresh: string) =>
    call<Me>('POST', '/api/v1/users/me/password', { old, new: fresh }),

  sessions: () => call<List<Session>>('GET', '/api/v1/sessions'),
  endSession: (id: number) => call('DELETE', `/api/v1/sessions/${id}`),

  tokens: (after = '') =>
    call<List<Token>>('GET', `/api/v1/tokens?limit=1000${after ? `&after=${after}` : ''}`),
  makeToken: (fields: { name: string; scope: string; expires_in?: string; own?: boolean }) =>
    call<Token>('POST', '/api/v1/tokens', fields),
  rotateToken: (id: number, overlap: string) =>
    call<Token>('POST', `/api/v1/tokens/${id}/rotate`, { overlap }),
  revokeToken: (id: number) => call('DELETE', `/api/v1/tokens/${id}`),

  users: () => call<List<User>>('GET', '/api/v1/users'),
  makeUser: (name: string, role: Role) => call<User>('POST', '/api/v1/users', { name, role }),
  changeUser: (name: string, change: { role?: Role; disabled?: boolean }) =>
    call<User>('PATCH', user(name), change),
  resetPassword: (name: string) => call<User>('POST', `${user(name)}/password`, {}),
  removeUser: (name: string) => call('DELETE', user(name)),
};
