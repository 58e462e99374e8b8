/** GitHub's REST API over the books: one function, so that it serves over HTTP and in process. */
import { hash } from 'node:crypto';
import { answer, BAD_GATEWAY, CUT, failure, notFound, type RestAnswer, type RestRequest } from './answers.ts';
import { type App, type Caller, callerOf, lacks, type Tokens } from './authentication.ts';
import type { Owner, Permissions, Repository } from './books.ts';
import type { Hub } from './hub.ts';
import { repositoryOnceNamed } from './moves.ts';
import { findOwner, findRepository, putOwner, putRepository } from './owners.ts';
import { type Bucket, count, emptyBucket, giveBack, limitHeaders } from './rate-limits.ts';
import { appRoutes } from './rest-app.ts';
import { hookRoutes } from './rest-hook.ts';
import { jobRoutes } from './rest-jobs.ts';
import { releaseRoutes } from './rest-releases.ts';
import { runnerRoutes } from './rest-runners.ts';
import type { Webhooks } from './webhooks.ts';

export type Rest = (request: RestRequest, options?: RestOptions) => Promise<RestAnswer>;
/** `asApp`: the caller in process is the App; it needs no JWT. */
export type RestOptions = { asApp?: boolean };

export type RestBase = {
  hub: Hub;
  app: App;
  tokens: Tokens;
  webhooks: Webhooks;
  /** Calls so far, by operation. */
  calls: Map<string, number>;
  /** Those of them that have counted for a primary limit. */
  charges: Map<string, number>;
  /** By installation; 0: the App itself. */
  buckets: Map<number, Bucket>;
  unknownOwnersAreMade: boolean;
};

/** What a handler sees. `owner` and `repository` are there when the path names them. */
export type RestCall = RestBase & {
  request: RestRequest;
  params: Record<string, string>;
  body: Record<string, unknown>;
  caller: Caller;
  bucket: Bucket;
  owner: Owner | undefined;
  repository: Repository | undefined;
};

export type Route = {
  method: string;
  /** With `{name}` for what varies, as in GitHub's documentation. */
  path: string;
  caller: Caller['kind'] | 'anyone';
  permission?: { name: keyof Permissions; level: 'read' | 'write' };
  /** Not counted by the limits. */
  free?: boolean;
  answer: (call: RestCall) => RestAnswer;
};

const ROUTES: readonly (Route & { segments: string[] })[] = [
  ...appRoutes,
  ...hookRoutes,
  ...runnerRoutes,
  ...releaseRoutes,
  ...jobRoutes,
].map((route) => ({ ...route, segments: route.path.split('/') }));

export function restOf(base: RestBase): Rest {
  return async function rest(request, options = {}) {
    const { hub } = base;
    const found = findRoute(hub, request);
    if (found === undefined) return dated(hub, notFound());
    base.calls.set(found.route.path, (base.calls.get(found.route.path) ?? 0) + 1);
    const caller = options.asApp
      ? ({ kind: 'app', jwt: '' } as const)
      : callerOf(hub, base.app, base.tokens, request.headers['authorization']);
    if ('status' in caller) return dated(hub, caller);
    const bucket = bucketOf(base.buckets, caller);
    bucket.concurrent += 1;
    if (hub.faults.restDelaySeconds > 0) await delay(hub, hub.faults.restDelaySeconds * 1000);
    const given = respond(base, found, request, caller, bucket);
    bucket.concurrent -= 1;
    return given.status === 0
      ? given
      : dated(hub, { ...given, headers: { ...limitHeaders(hub, bucket), ...given.headers } });
  };
}

type Found = { route: Route; params: Record<string, string> };

function respond(base: RestBase, found: Found, request: RestRequest, caller: Caller, bucket: Bucket): RestAnswer {
  const { hub } = base;
  const { faults, chance } = hub;
  if (chance.happens(faults.restFailBefore)) return BAD_GATEWAY;
  const tooMany = found.route.free ? undefined : count(hub, bucket, request.method);
  if (tooMany !== undefined) return tooMany;
  if (!found.route.free) charge(base, found.route, 1);
  const done = handle(base, found, request, caller, bucket);
  if (chance.happens(faults.restFailAfter)) return BAD_GATEWAY;
  if (chance.happens(faults.restCut)) return CUT;
  const given = conditional(request, done, bucket);
  if (given.status === 304) charge(base, found.route, -1);
  return given;
}

function charge({ charges }: RestBase, { path }: Route, calls: number): void {
  charges.set(path, (charges.get(path) ?? 0) + calls);
}

function handle(
  base: RestBase,
  { route, params }: Found,
  request: RestRequest,
  caller: Caller,
  bucket: Bucket,
): RestAnswer {
  if (route.caller !== 'anyone' && route.caller !== caller.kind) return wrongCaller(caller);
  const body = bodyOf(request);
  if (body === undefined) return failure(400, 'Problems parsing JSON');
  const { owner, repository } = placeOf(base, params);
  const moved = repository === undefined ? movedTo(base, params) : undefined;
  if (moved !== undefined) return redirection(request, moved);
  if (caller.kind === 'installation') {
    const refusal = refuse(caller, route, params, owner, repository);
    if (refusal !== undefined) return refusal;
  }
  return route.answer({ ...base, request, params, body, caller, bucket, owner, repository });
}

/** What the installation may not see is not there; what it may not do is forbidden. */
function refuse(
  caller: Caller & { kind: 'installation' },
  route: Route,
  params: Record<string, string>,
  owner: Owner | undefined,
  repository: Repository | undefined,
): RestAnswer | undefined {
  const { installation, permissions, repositories } = caller.token;
  const names = params['org'] ?? params['owner'];
  if (names !== undefined && owner?.installation !== installation) return notFound();
  if (params['org'] !== undefined && owner?.kind === 'User') return notFound();
  if (params['repo'] !== undefined && (repository === undefined || repository.outside)) return notFound();
  if (repository !== undefined && repositories?.has(repository.name.toLowerCase()) === false) return notFound();
  return route.permission && lacks(permissions, String(route.permission.name), route.permission.level);
}

function placeOf(base: RestBase, params: Record<string, string>) {
  const login = params['org'] ?? params['owner'] ?? params['username'];
  if (login === undefined) return { owner: undefined, repository: undefined };
  if (base.unknownOwnersAreMade && findOwner(base.hub, login) === undefined) {
    const owner = putOwner(base.hub, { owner: login, kind: params['username'] ? 'User' : 'Organization' });
    if (params['repo'] !== undefined) putRepository(base.hub, owner, params['repo']);
  }
  return {
    owner: findOwner(base.hub, login),
    repository: params['repo'] === undefined ? undefined : findRepository(base.hub, login, params['repo']),
  };
}

/** The repository that was called so. */
function movedTo({ hub }: RestBase, { owner, repo }: Record<string, string>): Repository | undefined {
  return owner === undefined || repo === undefined ? undefined : repositoryOnceNamed(hub, owner, repo);
}

/** GitHub docs, "Best practices": 301, or for what is not to be repeated as a GET 307; the path by id is its own. */
function redirection({ method, path, headers }: RestRequest, { id }: Repository): RestAnswer {
  const [, base = '', rest = ''] = /^(.*)\/repos\/[^/]+\/[^/]+(\/.*)?$/.exec(path) ?? [];
  const url = `${headers['host'] === undefined ? 'https://api.github.com' : `http://${headers['host']}`}${base}/repositories/${id}${rest}`;
  return answer(method === 'GET' ? 301 : 307, { message: 'Moved Permanently', url }, { location: url });
}

/** By id, a repository has no other name. */
function byName(hub: Hub, segments: string[]): string[] {
  if (segments[1] !== 'repositories') return segments;
  for (const owner of hub.books.owners.values()) {
    for (const { id, name } of owner.repositories.values()) {
      if (String(id) === segments[2]) return ['', 'repos', owner.login, name, ...segments.slice(3)];
    }
  }
  return segments;
}

function findRoute(hub: Hub, request: RestRequest): Found | undefined {
  const asked = request.path
    .replace(/^\/api\/v3(?=\/)/, '')
    .split('/')
    .map(plain);
  const segments = byName(hub, asked);
  for (const route of ROUTES) {
    const params = route.method === request.method ? paramsOf(route.segments, segments) : undefined;
    if (params !== undefined) return { route, params };
  }
  return undefined;
}

function plain(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function paramsOf(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? '';
    if (part.startsWith('{')) params[part.slice(1, -1)] = segment;
    else if (part !== segment) return undefined;
  }
  return params;
}

/** No body is an empty one. */
function bodyOf({ body }: RestRequest): Record<string, unknown> | undefined {
  if (body === undefined || body === null || body === '') return {};
  try {
    const value: unknown = typeof body === 'string' ? JSON.parse(body) : body;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function bucketOf(buckets: Map<number, Bucket>, caller: Caller): Bucket {
  const key = caller.kind === 'app' ? 0 : caller.token.installation.id;
  const known = buckets.get(key) ?? emptyBucket();
  buckets.set(key, known);
  return known;
}

/** A reader that knows the answer is told so. */
function conditional(request: RestRequest, given: RestAnswer, bucket: Bucket): RestAnswer {
  if (request.method !== 'GET' || given.status !== 200) return given;
  const secret = request.headers['authorization'] ?? '';
  const known = request.headers['if-none-match'];
  if (known === undefined && request.headers['host'] === undefined) return given; // In process nobody asks for it.
  const etag = `W/"${hash('sha256', secret + JSON.stringify(given.body))}"`;
  if (known !== etag) return { ...given, headers: { ...given.headers, etag } };
  giveBack(bucket);
  return answer(304, undefined, { ...given.headers, etag });
}

function wrongCaller(caller: Caller): RestAnswer {
  return caller.kind === 'installation'
    ? failure(401, 'A JSON web token could not be decoded')
    : failure(403, 'Resource not accessible by integration');
}

function dated(hub: Hub, given: RestAnswer): RestAnswer {
  const date = new Date(hub.time.now()).toUTCString();
  return { ...given, headers: { date, 'x-github-media-type': 'github.v3; format=json', ...given.headers } };
}

function delay(hub: Hub, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    hub.time.after(delayMs, resolve);
  });
}
