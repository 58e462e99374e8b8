/** What jobs leave on an engine that is not theirs alone. Only what carries a task's label is ever touched. */
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ask, filters } from './engine.ts';
import { ENGINE_SOCKET, SHARED } from './paths.ts';
import { say } from './say.ts';

/** The task whose job made it, by its runner's name, and the id of the container in which that runs. */
export const LABEL_TASK = 'ecs-runners.task';
export const LABEL_OWNER = 'ecs-runners.owner';

type Labelled = { Id?: string; Name?: string; Labels?: Record<string, string> | null };

/** Containers first: what they use cannot be removed. `volumes`: further ones that only this task has used. */
export async function removeLeftovers(task: string, volumes: ReadonlySet<string>): Promise<void> {
  const count = await removeAll(`${LABEL_TASK}=${task}`, volumes, () => true);
  if (count > 0) say(`removed what the job left: ${count} containers, networks and volumes`);
}

/** Of tasks whose container is gone: they were killed before they could clean up. */
export async function removeOrphans(self: string): Promise<void> {
  const living = new Map<string, Promise<boolean>>([[self, Promise.resolve(true)]]);
  const isGone = async (owner: string | undefined) => {
    if (owner === undefined) return false;
    const lives = living.get(owner) ?? isRunning(owner);
    living.set(owner, lives);
    return !(await lives);
  };
  const folders = await Promise.all(taskFolders().map(async (task) => ((await isGone(task.owner)) ? [task] : [])));
  const gone = folders.flat();
  const volumes = new Set(gone.flatMap((task) => task.volumes));
  const count = await removeAll(LABEL_TASK, volumes, ({ Labels }) => isGone(Labels?.[LABEL_OWNER]));
  for (const { path } of gone) rmSync(path, { recursive: true, force: true });
  if (count > 0) say(`removed what tasks that are gone had left: ${count} containers, networks and volumes`);
}

/** Unknown counts as alive. */
async function isRunning(container: string): Promise<boolean> {
  const { status, body } = await ask(ENGINE_SOCKET, 'GET', `/containers/${encodeURIComponent(container)}/json`);
  if (status === 404) return false;
  return status !== 200 || (body as { State?: { Running?: boolean } }).State?.Running !== false;
}

async function removeAll(
  label: string,
  volumes: ReadonlySet<string>,
  isMeant: (found: Labelled) => boolean | Promise<boolean>,
): Promise<number> {
  const by = filters({ label: [label] });
  const select = async (list: readonly Labelled[]) => {
    const meant = await Promise.all(list.map(async (one) => ((await isMeant(one)) ? [one] : [])));
    return meant.flat();
  };
  const containers = await select(await listed(`/containers/json?all=1&${by}`));
  const gone = [await removeEach(containers.map(({ Id }) => `/containers/${Id}?force=1&v=1`))];
  const networks = await select(await listed(`/networks?${by}`));
  gone.push(await removeEach(networks.map(({ Id }) => `/networks/${Id}`)));
  const { Volumes } = (await asked(`/volumes?${by}`)) as { Volumes: Labelled[] | null };
  const names = (await select(Volumes ?? [])).map(({ Name = '' }) => Name);
  gone.push(
    await removeEach([...new Set([...names, ...volumes])].map((name) => `/volumes/${encodeURIComponent(name)}`)),
  );
  return gone.reduce((sum, one) => sum + one, 0);
}

async function listed(path: string): Promise<Labelled[]> {
  return (await asked(path)) as Labelled[];
}

async function asked(path: string): Promise<unknown> {
  const { status, body } = await ask(ENGINE_SOCKET, 'GET', path);
  if (status === 200) return body;
  throw new Error(`the Docker engine answers ${status} to ${path}`);
}

/** How many are gone. What cannot be removed now (a network in use by somebody else) must not keep the rest. */
async function removeEach(paths: readonly string[]): Promise<number> {
  const removed = await Promise.all(
    paths.map(async (path) => {
      const answer = await ask(ENGINE_SOCKET, 'DELETE', path).catch((error: Error) => ({
        status: 0,
        body: error.message,
      }));
      if (answer.status !== 204 && answer.status !== 404)
        say(`${path} stays: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.status === 204;
    }),
  );
  return removed.filter(Boolean).length;
}

/**
 * Volumes without a name that containers of this task use: `docker rm` leaves them, and no label tells whose they are. The
 * engine's events do. Noted in the task's folder, so that another task can remove them after this one was killed.
 */
export function noteVolumes(task: string, folder: string): { used: ReadonlySet<string>; close: () => void } {
  const containers = new Set<string>();
  const used = new Set<string>();
  const path = `/events?${filters({ type: ['container', 'volume'], event: ['create', 'mount'] })}`;
  const asked = request({ socketPath: ENGINE_SOCKET, path }, (response) => {
    const lines = createInterface({ input: response }).on('error', () => {});
    lines.on('line', (line) => {
      const { Type, Action, Actor } = JSON.parse(line) as Event;
      const { ID, Attributes } = Actor;
      if (Type === 'container' && Action === 'create' && Attributes[LABEL_TASK] === task) containers.add(ID);
      if (Type !== 'volume' || Action !== 'mount' || !containers.has(Attributes['container'] ?? '')) return;
      if (!isAnonymous(ID) || used.has(ID)) return;
      used.add(ID);
      appendFileSync(join(folder, VOLUMES), `${ID}\n`);
    });
    response.on('error', () => {});
  });
  asked.on('error', (error) => say(`volumes without a name may stay: ${error.message}`));
  asked.end();
  return { used, close: () => asked.destroy() };
}

type Event = { Type: string; Action: string; Actor: { ID: string; Attributes: Record<string, string> } };

/** Docker's own names for them. */
function isAnonymous(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}

/** Files in a task's folder, which only root writes: whose it is, and the volumes without a name that it has used. */
const OWNER = 'owner';
const VOLUMES = 'volumes';

export function noteOwner(folder: string, owner: string): void {
  writeFileSync(join(folder, OWNER), owner);
}

/** Of every task on the instance that has said whose its folder is. */
function taskFolders(): { path: string; owner: string | undefined; volumes: string[] }[] {
  return readdirSync(SHARED).map((name) => {
    const path = join(SHARED, name);
    const read = (file: string) => (existsSync(join(path, file)) ? readFileSync(join(path, file), 'utf8') : '');
    return { path, owner: read(OWNER) || undefined, volumes: read(VOLUMES).split('\n').filter(isAnonymous) };
  });
}
