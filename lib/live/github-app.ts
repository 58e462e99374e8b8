/** Requests to GitHub as an installation of the App. */
import { createPrivateKey, createSign, type KeyObject, randomUUID } from 'node:crypto';
import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/core';
import type { Clock, Outcome } from '../world.ts';
import { AppKeyError, type Call, githubFailure } from './errors.ts';
import type { RateLimits } from './github-limits.ts';

/** GitHub gives up after 10 s itself; an answer that has not come by then is not waited for. */
const REQUEST_TIMEOUT_MS = 10_000;
/** GitHub docs, "API Versions": supported until March 2028 at least. */
const API_VERSION = '2022-11-28';
/** GitHub docs, "Generating a JSON Web Token": issued 60 s in the past against clock drift, valid for 10 minutes at most. */
const JWT_BACKDATED_SECONDS = 60;
const JWT_VALID_SECONDS = 540;

export type App = { appId: string | number; privateKey: string };

export type GitHubSettings = {
  /** Web base: `https://github.com`, `https://SUB.ghe.com`, `https://HOST`. */
  url: string;
  /** A function is asked for every token, so that a rotated key is taken up. */
  app: App | (() => Promise<App>);
  clock: Clock;
  fetch?: typeof globalThis.fetch;
};

/** Makes requests for an installation; whatever GitHub answers is a value. */
export type Installations = <Value>(
  installation: number,
  call: Call,
  use: (octokit: Octokit) => Promise<Outcome<Value>>,
) => Promise<Outcome<Value>>;

/** Makes requests as the App itself; whatever GitHub answers is a value. */
export type AppRequests = <Value>(
  call: Call,
  use: (octokit: Octokit) => Promise<Outcome<Value>>,
) => Promise<Outcome<Value>>;

/** Only for what GitHub gives to the App alone: auth-app knows these routes, and signs a JWT for each request. */
export function createAppRequests(settings: GitHubSettings): AppRequests {
  const octokit = createOctokit(settings, settings.fetch ?? globalThis.fetch);
  return async (call, use) => {
    try {
      return await use(octokit);
    } catch (error) {
      return githubFailure(error, call, settings.clock.now());
    }
  };
}

/**
 * One Octokit per installation is kept, and with it its token (auth-app caches it for 59 minutes). When GitHub no longer
 * accepts that token (installation made anew, key rotated), nothing was done: once, a new one is tried.
 */
export function createInstallations(settings: GitHubSettings, limits: RateLimits): Installations {
  const kept = new Map<number, Octokit>();

  /** What GitHub did not accept is not kept. */
  async function attempt<Value>(
    installation: number,
    octokit: Octokit,
    use: (octokit: Octokit) => Promise<Value>,
  ): Promise<Value> {
    try {
      return await use(octokit);
    } catch (error) {
      if (isOutdated(error) && kept.get(installation) === octokit) kept.delete(installation);
      throw error;
    }
  }

  return async (installation, call, use) => {
    const before = kept.get(installation);
    const fresh = () => {
      const octokit = createOctokit(settings, notingFetch(settings, limits, installation), installation);
      kept.set(installation, octokit);
      return attempt(installation, octokit, use);
    };
    try {
      if (before === undefined) return await fresh();
      return await attempt(installation, before, use).catch((error) => {
        if (isOutdated(error)) return fresh();
        throw error;
      });
    } catch (error) {
      return githubFailure(error, call, settings.clock.now());
    }
  };
}

/**
 * GitHub docs, "About GitHub Enterprise": github.com and ghe.com have their API on `api.`, servers below `/api/v3`.
 * `github.localhost` counts as hosted, as it does for the runner itself.
 */
export function restBaseUrl(webUrl: string): string {
  const { protocol, hostname, host } = new URL(webUrl);
  if (hostname === 'github.com' || hostname === 'www.github.com') return 'https://api.github.com';
  const hosted = hostname === 'github.localhost' || /\.ghe\.(com|localhost)$/.test(hostname);
  return hosted ? `${protocol}//api.${host}` : `${protocol}//${host}/api/v3`;
}

function createOctokit(settings: GitHubSettings, fetch: typeof globalThis.fetch, installation?: number): Octokit {
  const log = { debug: silence, info: silence, warn: silence, error: silence };
  return new Octokit({
    baseUrl: restBaseUrl(settings.url),
    authStrategy: createAppAuth,
    auth: {
      // Required by auth-app; the JWT names the App that `settings.app` gives at that time.
      appId: 1,
      ...(installation !== undefined && { installationId: installation }),
      createJwt: (_appId: string | number, timeDifference?: number) => createJwt(settings, timeDifference ?? 0),
      log,
    },
    log,
    request: { fetch: timedFetch(fetch) },
  });
}

function silence(): void {}

/** Refusals have the headers too. Requests for tokens are the App's own, and so is their limit. */
function notingFetch(settings: GitHubSettings, limits: RateLimits, installation: number): typeof globalThis.fetch {
  return async (url, init) => {
    const response = await (settings.fetch ?? globalThis.fetch)(url, init);
    if (!/\/access_tokens$/.test(String(url))) limits.note(installation, response.headers, settings.clock.now());
    return response;
  };
}

/** Every request, those for tokens included. */
function timedFetch(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (url, init) => {
    const response = await fetch(url, {
      ...init,
      headers: { ...(init?.headers as Record<string, string>), 'x-github-api-version': API_VERSION },
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    if (response.ok && /\/access_tokens$/.test(String(url))) await checkToken(response);
    return response;
  };
}

/**
 * auth-app takes whatever is answered for a token: with half an answer it would ask as `token undefined`, be refused, and wait for
 * seconds before each of its further attempts. Throws as a connection that failed.
 */
async function checkToken(response: Response): Promise<void> {
  const { token } = (await response
    .clone()
    .json()
    .catch(() => ({}))) as { token?: unknown };
  if (typeof token !== 'string') throw new Error('the answer with the token cannot be read');
}

/** With a random `jti`: JWTs of the same second would be identical, and GitHub has answered 404 to the second of them. */
async function createJwt({ app, clock }: GitHubSettings, timeDifferenceSeconds: number) {
  const { appId, privateKey } = typeof app === 'function' ? await app() : app;
  const issuedAt = Math.floor(clock.now() / 1000) + timeDifferenceSeconds - JWT_BACKDATED_SECONDS;
  const expiresAt = issuedAt + JWT_VALID_SECONDS;
  const claims = { iat: issuedAt, exp: expiresAt, iss: String(appId), jti: randomUUID() };
  const signed = `${base64url({ alg: 'RS256', typ: 'JWT' })}.${base64url(claims)}`;
  const signature = createSign('RSA-SHA256').update(signed).sign(readKey(privateKey), 'base64url');
  return { jwt: `${signed}.${signature}`, expiresAt: new Date(expiresAt * 1000).toISOString() };
}

/** Line breaks may be written as `\n`. The error of `node:crypto` is not passed on: it is none of the operator's. */
function readKey(privateKey: string): KeyObject {
  try {
    return createPrivateKey(privateKey.replaceAll('\\n', '\n'));
  } catch {
    throw new AppKeyError("the App's private key is not a PEM private key: store the file that GitHub gave, as it is");
  }
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** The token is not accepted; or it has the permissions of its time, and an owner may have accepted others since. */
function isOutdated(error: unknown): boolean {
  if (!(error instanceof Error && 'status' in error)) return false;
  return error.status === 401 || (error.status === 403 && /not accessible by integration/i.test(error.message));
}
