/** Jobs of an installation that GitHub's limits hold are not launched: their containers could not register, and would idle. */
import { launchHold } from '../core/pacing.ts';
import type { PoolHealth } from '../core/pool-health.ts';
import type { InstallationRecord } from '../core/runner.ts';
import { INSTALLATIONS } from '../core/runner.ts';
import type { World } from '../world.ts';

type Holds = NonNullable<PoolHealth['refusals']>;

/** The pool's health as this look takes it: what is held by a limit is held like what GitHub refuses, and says why. */
export async function withLimitHolds(world: World, health: PoolHealth): Promise<PoolHealth> {
  const records = await world.runners.list(INSTALLATIONS);
  const holds = holdsOf(
    records.filter((record): record is InstallationRecord => record.kind === 'installation'),
    world.clock.now(),
  );
  return holds.length === 0 ? health : { ...health, refusals: [...(health.refusals ?? []), ...holds] };
}

function holdsOf(records: readonly InstallationRecord[], now: number): Holds {
  return records.flatMap((record) => {
    const held = launchHold(record, now);
    if (held === undefined) return [];
    const { reason, until } = held;
    const [owner = ''] = record.scopes.map((scope) => scope.owner);
    return [{ installation: record.place, owner, what: 'registration' as const, reason, since: now, askAt: until }];
  });
}
