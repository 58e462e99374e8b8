/** What jobs leave on an engine that is not theirs alone. Only what carries a task's label is ever touched. */
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { ask, filters } from './engine.ts';
import { ENGINE_SOCKET } from './paths.ts';
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
  const living = new Map<string, boolean>([[self, true]]);
  const lives = async (owner: string) => {
    const known = living.get(owner) ?? (await isRunning(owner));
    living.set(owner, known);
    return known;
  };
  const count = await removeAll(LABEL_TASK, new Set(), async ({ Labels }) => {
    const owner = Labels?.[LABEL_OWNER];
    return owner !== undefined && !(await lives(owner));
  });
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
 * engine's events do.
 */
export function noteVolumes(task: string): { used: ReadonlySet<string>; close: () => void } {
  const containers = new Set<string>();
  const used = new Set<string>();
  const path = `/events?${filters({ type: ['container', 'volume'], event: ['create', 'mount'] })}`;
  const asked = request({ socketPath: ENGINE_SOCKET, path }, (response) => {
    createInterface({ input: response }).on('line', (line) => {
      const { Type, Action, Actor } = JSON.parse(line) as Event;
      const { ID, Attributes } = Actor;
      if (Type === 'container' && Action === 'create' && Attributes[LABEL_TASK] === task) containers.add(ID);
      if (Type === 'volume' && Action === 'mount' && containers.has(Attributes['container'] ?? '') && isAnonymous(ID))
        used.add(ID);
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
