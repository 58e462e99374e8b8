/** What nobody's record knows: tasks, and registrations that no container will use. */
import type { SeenTask } from '../core/cleanup.ts';
import { isGhost, isGhostsTurn, isOrphan } from '../core/cleanup.ts';
import { parseRunnerName } from '../core/name.ts';
import type { Seat } from '../core/runner.ts';
import type { GitHubRunner, Outcome, Scope, World } from '../world.ts';
import type { Config } from './config.ts';
import { guarded, inTurn } from './guarded.ts';
import type { Listing } from './listings.ts';
import { stop } from './stop.ts';

/** A task that no record knows is stopped only if no list shows a registration of its name, and its owner's list was read. */
export async function stopOrphans(
  world: World,
  config: Config,
  seats: readonly Seat[],
  tasks: readonly SeenTask[],
  listings: readonly Listing[],
  until: number,
): Promise<void> {
  const known = new Set(seats.map(({ name }) => name));
  const now = world.clock.now();
  const orphans = tasks.filter((task) => isOrphan(config.prefix, task, known, now));
  await inTurn(world, orphans, until, (task) =>
    guarded(world, task.startedBy, async () => {
      if (await isUnregistered(world, config, task, listings)) {
        await stop(world, task, 'no record and no registration knows it');
      }
    }),
  );
}

/** A container that never ran cannot have registered; of another, the lists of wherever its job could have led it must say so. */
async function isUnregistered(
  world: World,
  config: Config,
  task: SeenTask,
  listings: readonly Listing[],
): Promise<boolean> {
  if (task.startedAt === undefined) return true;
  const lists = [...listings.map(({ runners }) => runners), ...(await listsOfJob(world, config, task))];
  const isRead = lists.length > listings.length && lists.every(({ kind }) => kind === 'ok');
  const registered = lists.flatMap((list) => (list.kind === 'ok' ? list.value : []));
  if (isRead) return !registered.some(({ name }) => name.startsWith(`${task.startedBy}-`));
  const reason = 'no record knows it, and nobody can say whether it is registered';
  world.log({ decision: 'task left alone', reason, runner: task.startedBy });
  return false;
}

/** Of the organisation and of the repository: nothing, where nobody knows what it was launched for. */
async function listsOfJob(world: World, config: Config, { startedBy }: SeenTask): Promise<Outcome<GitHubRunner[]>[]> {
  const job = parseRunnerName(config.prefix, startedBy)?.job ?? 0;
  const record = await world.history.get({ job });
  if (record === undefined) return [];
  const { installation, owner, repository, ownerIsUser } = record;
  const scopes: Scope[] = [{ installation, owner, repository }, ...(ownerIsUser ? [] : [{ installation, owner }])];
  return Promise.all(scopes.map((scope) => world.github.listRunners(scope)));
}

/** `tasks`: the living ones; absent: ECS did not say. */
export async function removeGhosts(
  world: World,
  config: Config,
  seats: readonly Seat[],
  tasks: readonly SeenTask[] | undefined,
  listings: readonly Listing[],
  until: number,
): Promise<void> {
  const known = {
    seats: new Map(seats.map((seat) => [seat.name, seat])),
    tasks: tasks && new Set(tasks.map(({ startedBy }) => startedBy)),
  };
  const now = world.clock.now();
  const ghosts = listings.flatMap(({ scope, mintedAt, runners }) => {
    const all = runners.kind === 'ok' ? runners.value.filter((runner) => isGhost(config.prefix, runner, known)) : [];
    const busy = all.filter((runner) => runner.busy).length;
    return all.filter((runner) => isGhostsTurn(runner, mintedAt, busy, now)).map((runner) => ({ scope, runner }));
  });
  await inTurn(world, ghosts, until, ({ scope, runner }) =>
    guarded(world, runner.name, () => remove(world, scope, runner)),
  );
}

async function remove(world: World, scope: Scope, runner: GitHubRunner): Promise<void> {
  const removal = await world.github.removeRunner(scope, runner.id);
  const decision = removal.kind === 'ok' ? 'ghost removed' : 'ghost not removed';
  const reason = 'a registration that no container will use';
  world.log({ decision, reason, runner: runner.name, answer: removal.kind });
}
