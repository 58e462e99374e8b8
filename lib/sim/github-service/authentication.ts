/** Who asks: the App with a JWT, or an installation with its token. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { failure, notFound, type RestAnswer } from './answers.ts';
import type { Installation, Permissions } from './books.ts';
import { type Hub, hex } from './hub.ts';

/** GitHub docs, "Generating a JWT": at most 10 minutes. */
const JWT_SECONDS_MAX = 10 * 60;
/** How far a client's clock may be ahead. */
const SKEW_SECONDS = 60;
/** GitHub docs: an installation token is valid for one hour. */
export const TOKEN_MS = 60 * 60 * 1000;

export type App = { id: number; clientId: string; slug: string; name: string; key: KeyObject | undefined };

export type Token = {
  text: string;
  installation: Installation;
  permissions: Permissions;
  /** Names in lower case; `undefined`: all of the installation's. */
  repositories: Set<string> | undefined;
  createdAt: number;
  expiresAt: number;
};

export type Caller = { kind: 'app'; jwt: string } | { kind: 'installation'; token: Token };
export type Tokens = Map<string, Token>;

export function appOf(given: { id: number; publicKey?: string; slug?: string }): App {
  return {
    id: given.id,
    clientId: `Iv23li${given.id.toString(36).padStart(14, '0')}`,
    slug: given.slug ?? 'ecs-runners',
    name: given.slug ?? 'ecs-runners',
    key: given.publicKey === undefined ? undefined : createPublicKey(given.publicKey),
  };
}

/** The caller, or the 401 that refuses. */
export function callerOf(hub: Hub, app: App, tokens: Tokens, authorization: string | undefined): Caller | RestAnswer {
  const [scheme = '', text] = (authorization ?? '').split(' ');
  if (text === undefined || !/^(bearer|token)$/i.test(scheme)) return failure(401, 'Requires authentication');
  if (text.split('.').length === 3 && !text.startsWith('ghs_')) return jwtCaller(hub, app, text);
  const token = tokens.get(text);
  const age = hub.time.now() - (token?.createdAt ?? 0);
  if (token === undefined || token.expiresAt <= hub.time.now()) return failure(401, 'Bad credentials');
  if (age < hub.faults.freshToken401Seconds * 1000) return failure(401, 'Bad credentials');
  if (token.installation.state === 'deleted') return failure(401, 'Bad credentials');
  if (token.installation.state === 'suspended') return suspended();
  return { kind: 'installation', token };
}

export function suspended(): RestAnswer {
  return failure(403, 'This installation has been suspended');
}

/** Longer than the 40 characters of old; opaque. */
export function newToken(hub: Hub, wanted: Pick<Token, 'installation' | 'permissions' | 'repositories'>): Token {
  const now = hub.time.now();
  return { ...wanted, text: `ghs_${hex(hub.chance, 80)}`, createdAt: now, expiresAt: now + TOKEN_MS };
}

/** Whether the caller may do it, or the 403 with GitHub's hint at what is missing. */
export function lacks(permissions: Permissions, name: string, level: 'read' | 'write'): RestAnswer | undefined {
  const held = permissions[name];
  if (held === 'write' || held === level) return undefined;
  const refusal = failure(403, 'Resource not accessible by integration');
  return { ...refusal, headers: { 'x-accepted-github-permissions': `${name}=${level}` } };
}

function jwtCaller(hub: Hub, app: App, jwt: string): Caller | RestAnswer {
  const claims = claimsOf(app, jwt);
  if (claims === undefined) return failure(401, 'A JSON web token could not be decoded');
  const now = hub.time.now() / 1000;
  const { iat, exp, iss } = claims;
  if (!Number.isInteger(iat) || Number(iat) > now + SKEW_SECONDS) {
    return failure(
      401,
      "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
    );
  }
  if (!Number.isInteger(exp) || Number(exp) < now) {
    return failure(
      401,
      "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
    );
  }
  if (Number(exp) > now + JWT_SECONDS_MAX + SKEW_SECONDS) {
    return failure(401, "'Expiration time' claim ('exp') is too far in the future");
  }
  if (iss !== app.clientId && String(iss) !== String(app.id)) return notFound();
  return { kind: 'app', jwt };
}

function claimsOf(app: App, jwt: string): { iat?: unknown; exp?: unknown; iss?: unknown } | undefined {
  const [head = '', body = '', signature = ''] = jwt.split('.');
  try {
    const { alg } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { alg?: unknown };
    if (alg !== 'RS256' || app.key === undefined) return undefined;
    const isOurs = verify('RSA-SHA256', Buffer.from(`${head}.${body}`), app.key, Buffer.from(signature, 'base64url'));
    return isOurs ? (JSON.parse(Buffer.from(body, 'base64url').toString()) as object) : undefined;
  } catch {
    return undefined;
  }
}
