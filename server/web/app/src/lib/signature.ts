// Signatures of statements: JSON Web Signatures (RFC 7515) with Ed25519 (RFC 8037), checked in the
// browser with the keys that the collector publishes. That proves that a statement is of one piece;
// whether the key is the collector's, only who noted it elsewhere knows.
import { call } from './api';

export interface CollectorKey {
  kty: string;
  crv: string;
  x: string; // base64url
  kid: string;
}

export type Signature = 'good' | 'wrong' | 'unknown key' | 'unsigned' | 'not checked';

export const collectorKeys = async (): Promise<CollectorKey[]> =>
  (await call<{ keys: CollectorKey[] }>('GET', '/api/v1/keys')).keys;

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

export const hexOf = (key: CollectorKey): string =>
  [...bytesOf(key.x)].map((byte) => byte.toString(16).padStart(2, '0')).join('');

const jsonOf = (part: string): unknown => JSON.parse(new TextDecoder().decode(bytesOf(part)));

export class Checker {
  #keys = new Map<string, Promise<CryptoKey>>();

  constructor(private readonly keys: CollectorKey[]) {}

  async check(statement: { jws: string | null }): Promise<Signature> {
    const { jws, ...signed } = statement;
    if (!jws) return 'unsigned';
    const [header, payload, signature] = jws.split('.');
    if (!header || !payload || !signature) return 'wrong';
    try {
      const { kid } = jsonOf(header) as { kid: string };
      const known = this.keys.find((key) => key.kid === kid);
      if (!known) return 'unknown key';
      // What is signed must be what is shown.
      if (JSON.stringify(jsonOf(payload)) !== JSON.stringify(signed)) return 'wrong';
      const key = await this.#import(known);
      const text = new TextEncoder().encode(`${header}.${payload}`);
      return (await crypto.subtle.verify('Ed25519', key, bytesOf(signature), text)) ? 'good' : 'wrong';
    } catch (error) {
      // A browser without Ed25519.
      return error instanceof DOMException ? 'not checked' : 'wrong';
    }
  }

  #import(key: CollectorKey): Promise<CryptoKey> {
    let made = this.#keys.get(key.kid);
    if (!made) {
      const { kty, crv, x } = key;
      made = crypto.subtle.importKey('jwk', { kty, crv, x }, 'Ed25519', false, ['verify']);
      this.#keys.set(key.kid, made);
    }
    return made;
  }
}
