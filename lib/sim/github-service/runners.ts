/** Registrations of just-in-time runners: made, found, removed. */
import type { Group, Runner, Scope } from './books.ts';
import { type Hub, randomBase64, uuid } from './hub.ts';
import { classFor, removeIdle } from './matching.ts';
import { postTo } from './sessions.ts';

/** GitHub docs, "Autoscaling": an ephemeral runner that has not been connected for a day is removed. */
const OFFLINE_MS_MAX = 24 * 60 * 60 * 1000;

/** Offline from this moment; the caller has checked the name. */
export function addRunner(
  hub: Hub,
  scope: Scope,
  wanted: { name: string; group: Group; labels: string[]; workFolder?: string },
): Runner {
  const runner: Runner = {
    id: hub.ids.runner(),
    name: wanted.name,
    scope,
    group: wanted.group,
    labels: wanted.labels,
    class: classFor(scope, wanted.group, wanted.labels),
    state: 'offline',
    job: undefined,
    session: undefined,
    busyHidden: hub.chance.happens(hub.faults.busyShownIdle),
    busyRemovable: hub.chance.happens(hub.faults.busyRemoved),
    onlineHidden: hub.chance.happens(hub.faults.onlineShownOffline),
    everConnected: false,
    everUpdated: false,
    version: undefined,
    createdAt: hub.time.now(),
    workFolder: wanted.workFolder ?? '_work',
    clientId: uuid(hub.chance),
    cancelPickup: () => undefined,
    cancelRemoval: () => undefined,
  };
  removeWhenOffline(hub, runner);
  scope.runners.set(runner.id, runner);
  scope.names.set(runner.name.toLowerCase(), runner);
  scope.registrations.push(runner.createdAt);
  hub.books.runners.set(runner.id, runner);
  hub.books.clientIds.set(runner.clientId, runner);
  return runner;
}

/** GitHub docs, "Actions limits": 1,500 registrations in five minutes of an organisation or a repository. */
const REGISTRATIONS_WINDOW_MS = 5 * 60 * 1000;

/** Whether one more may be registered there now. */
export function mayRegister(hub: Hub, { registrations }: Scope): boolean {
  const since = hub.time.now() - REGISTRATIONS_WINDOW_MS;
  while ((registrations[0] ?? since) < since) registrations.shift();
  return registrations.length < hub.faults.registrationsMax;
}

/** GitHub docs, "Actions limits": 10,000 runners in a group. */
export function hasRoom(hub: Hub, scope: Scope, group: Group): boolean {
  const limit = hub.faults.groupRunnersMax;
  if (scope.runners.size < limit) return true;
  return [...scope.runners.values()].filter((runner) => runner.group === group).length < limit;
}

/** The record is gone, and the process that listens under it hears so. */
export function dropRunner(hub: Hub, runner: Runner): void {
  if (runner.state === 'gone') return;
  removeIdle(runner);
  runner.cancelRemoval();
  runner.cancelPickup();
  runner.state = 'gone';
  strike(hub, runner);
  if (runner.session !== undefined) postTo(runner.session, { kind: 'deleted' });
  runner.session = undefined;
}

/** Out of every list. One that works (switch `busyRemoved`) goes on, and its job ends as if nothing had been. */
export function strike(hub: Hub, runner: Runner): void {
  runner.scope.runners.delete(runner.id);
  runner.scope.names.delete(runner.name.toLowerCase());
  hub.books.runners.delete(runner.id);
  hub.books.clientIds.delete(runner.clientId);
}

/** To be called whenever a runner has become offline. */
export function removeWhenOffline(hub: Hub, runner: Runner): void {
  runner.cancelRemoval();
  runner.cancelRemoval = hub.time.after(OFFLINE_MS_MAX, () => dropRunner(hub, runner));
}

const TAKEN: ReadonlySet<string> = new Set(['assigned', 'busy', 'lingering', 'stuck']);

/** GitHub refuses to delete it. */
export function isTaken({ state }: Runner): boolean {
  return TAKEN.has(state);
}

/** What was stuck (switch `stuckBusy`) is offline and nothing more: whoever wants to can remove it. */
export function releaseStuck(hub: Hub): void {
  for (const runner of hub.books.runners.values()) {
    if (runner.state !== 'stuck') continue;
    runner.state = 'offline';
    removeWhenOffline(hub, runner);
  }
}

/** Three files in base64 within base64, as `run.sh --jitconfig` takes it; about 4.4 kB with an RSA-2048 key. */
export function jitConfigOf(hub: Hub, runner: Runner): string {
  return encoded({
    '.runner': encoded(runnerFile(runner)),
    '.credentials': encoded({
      Scheme: 'OAuth',
      Data: {
        ClientId: runner.clientId,
        AuthorizationUrl: `https://tokenghub.actions.githubusercontent.com/_apis/oauth2/token/${uuid(hub.chance)}`,
        RequireFipsCryptography: 'True',
      },
    }),
    '.credentials_rsaparams': encoded(rsaParameters(hub)),
  });
}

/** Who registered under this configuration; `undefined` for one that is not ours, or whose registration is gone. */
export function runnerOf(hub: Hub, jitConfig: string): Runner | undefined {
  try {
    const files = decoded(jitConfig) as Record<string, string>;
    const credentials = decoded(files['.credentials'] ?? '') as { Data: { ClientId: string } };
    return hub.books.clientIds.get(credentials.Data.ClientId);
  } catch {
    return undefined;
  }
}

function runnerFile(runner: Runner): unknown {
  const { owner, repository } = runner.scope;
  const place = repository === undefined ? owner.login : `${owner.login}/${repository.name}`;
  return {
    AgentId: String(runner.id),
    AgentName: runner.name,
    DisableUpdate: 'False',
    Ephemeral: 'True',
    GitHubUrl: `https://github.com/${place}`,
    PoolId: String(runner.group.id),
    PoolName: runner.group.name,
    ServerUrl: 'https://pipelinesghubeus1.actions.githubusercontent.com/',
    ServerUrlV2: 'https://broker.actions.githubusercontent.com/',
    UseV2Flow: 'True',
    WorkFolder: runner.workFolder,
  };
}

/** The right sizes and random bytes: nothing here computes with it. */
function rsaParameters(hub: Hub): unknown {
  const half = () => randomBase64(hub.chance, 128);
  return {
    d: randomBase64(hub.chance, 256),
    dp: half(),
    dq: half(),
    exponent: 'AQAB',
    inverseQ: half(),
    modulus: randomBase64(hub.chance, 256),
    p: half(),
    q: half(),
  };
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64');
}

function decoded(text: string): unknown {
  return JSON.parse(Buffer.from(text, 'base64').toString());
}
