/**
 * An owner that has another name, or the App installed anew: its runners go by the new place, so that they can be seen and
 * removed there. Its jobs follow to another installation; under a former name GitHub finds them itself.
 */
import type { JobRecord } from '../core/job.ts';
import { MOVES_MAX } from '../core/limits.ts';
import { newInstallation } from '../core/pacing.ts';
import { type Place, placeNow, scopesAt } from '../core/place.ts';
import { UNSERVED } from '../core/pool.ts';
import { withoutOwner } from '../core/refusal.ts';
import type { InstallationRecord } from '../core/runner.ts';
import { INSTALLATIONS } from '../core/runner.ts';
import type { Installation, World } from '../world.ts';
import { change } from './change.ts';
import { changeJob } from './jobs.ts';
import { knownPools } from './known-pools.ts';
import { asSeats, changePool, changeSeat } from './seats.ts';

export async function followOwners(world: World, installations: readonly Installation[]): Promise<void> {
  const records = await world.runners.list(INSTALLATIONS);
  for (const record of records) if (record.kind === 'installation') await followOwner(world, record, installations);
}

/** Its record last: a crash before leaves the rest to the next run. */
async function followOwner(
  world: World,
  record: InstallationRecord,
  installations: readonly Installation[],
): Promise<void> {
  const names = [...new Set(record.scopes.map(({ owner }) => owner))];
  const moves = names.flatMap((owner) => {
    const from = { installation: record.place, owner };
    const to = placeNow(from, installations);
    return to === undefined ? [] : [{ from, to }];
  });
  // Whoever was launched before has noted a former name: it may be there beside the present one.
  for (const { from, to } of moves) await move(world, record, from, to);
}

async function move(world: World, record: InstallationRecord, from: Place, to: Place): Promise<void> {
  await moveSeats(world, from, to);
  await change(world.runners, { pool: INSTALLATIONS, place: to.installation }, (known) => {
    const there = known?.kind === 'installation' ? known : newInstallation(to.installation, world.clock.now());
    const scopes = there.place === record.place ? there.scopes : [...there.scopes, ...record.scopes];
    return { ...there, scopes: scopesAt(from, to, scopes) };
  });
  if (to.installation !== from.installation && (await moveJobs(world, from, to))) await world.runners.remove(record);
  const reason = `it was ${from.owner}, installation ${from.installation}`;
  world.log({ decision: 'owner followed', reason, owner: to.owner, installation: to.installation });
}

/**
 * What has ended meanwhile no sweep finds: only whoever asks for the very job, at the place where it is. Says whether these were
 * all of them; the rest is the next run's.
 */
async function moveJobs(world: World, from: Place, to: Place): Promise<boolean> {
  const pools = [...(await knownPools(world)).map(({ name }) => name), UNSERVED];
  const lists = await Promise.all(pools.map((pool) => world.backlog.list(pool)));
  const items = lists.flat().filter((item) => isAt(from, item));
  const follow = (record: JobRecord) => (isAt(from, record) ? { ...record, ...to } : record);
  await Promise.all(items.slice(0, MOVES_MAX).map(({ job }) => changeJob(world, job, follow)));
  return items.length <= MOVES_MAX;
}

/** What was refused there is refused no more, or will be again. */
async function moveSeats(world: World, from: Place, to: Place): Promise<void> {
  const pools = await knownPools(world);
  await Promise.all(pools.map(({ name }) => changePool(world, name, (record) => withoutOwner(record, from))));
  const lists = await Promise.all(pools.map(({ name }) => world.runners.list(name)));
  await Promise.all(
    asSeats(lists.flat())
      .filter((seat) => isAt(from, seat))
      .map((seat) => changeSeat(world, seat, (current) => (isAt(from, current) ? { ...current, ...to } : current))),
  );
}

function isAt(place: Place, { installation, owner }: Partial<Place>): boolean {
  return installation === place.installation && owner === place.owner;
}
