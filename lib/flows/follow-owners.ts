/**
 * An owner that has another name, or the App installed anew: its runners go by the new place, so that they can be seen and
 * removed there. Its jobs follow by what the sweep finds at the new place.
 */
import { newInstallation } from '../core/pacing.ts';
import { type Place, placeNow, scopesAt } from '../core/place.ts';
import { withoutOwner } from '../core/refusal.ts';
import type { InstallationRecord } from '../core/runner.ts';
import { INSTALLATIONS } from '../core/runner.ts';
import type { Installation, World } from '../world.ts';
import { change } from './change.ts';
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
  if (to.installation !== from.installation) await world.runners.remove(record);
  const reason = `it was ${from.owner}, installation ${from.installation}`;
  world.log({ decision: 'owner followed', reason, owner: to.owner, installation: to.installation });
}

/**
 * What was refused under a former name is refused no more, or will be again. What a former installation is refused stays so: jobs
 * wait for it that have not followed yet.
 */
async function moveSeats(world: World, from: Place, to: Place): Promise<void> {
  const pools = await knownPools(world);
  if (to.installation === from.installation) {
    await Promise.all(pools.map(({ name }) => changePool(world, name, (record) => withoutOwner(record, from))));
  }
  const lists = await Promise.all(pools.map(({ name }) => world.runners.list(name)));
  const isThere = ({ installation, owner }: Partial<Place>) =>
    installation === from.installation && owner === from.owner;
  await Promise.all(
    asSeats(lists.flat())
      .filter(isThere)
      .map((seat) => changeSeat(world, seat, (current) => (isThere(current) ? { ...current, ...to } : current))),
  );
}
