/** What GitHub's limits hold: jobs of such an installation are not launched, since their containers could not register, and would idle. */
import type { Limit } from '../core/budget.ts';
import { launchHold } from '../core/pacing.ts';
import type { PoolHealth } from '../core/pool-health.ts';
import type { InstallationRecord } from '../core/runner.ts';
import { INSTALLATIONS } from '../core/runner.ts';
import type { World } from '../world.ts';

type Holds = NonNullable<PoolHealth['refusals']>;

export async function limitHolds(world: World): Promise<Holds> {
  return holdsOf(await readInstallations(world), world.clock.now());
}

/** The pool's health as this look takes it: what is held by a limit is held like what GitHub refuses, and says why. */
export function withHolds(health: PoolHealth, holds: Holds): PoolHealth {
  return holds.length === 0 ? health : { ...health, refusals: [...(health.refusals ?? []), ...holds] };
}

/** What any function has noted of primary limits. */
export async function notedLimits(world: World): Promise<Limit[]> {
  return (await readInstallations(world)).flatMap(({ limit }) => limit ?? []);
}

async function readInstallations(world: World): Promise<InstallationRecord[]> {
  const records = await world.runners.list(INSTALLATIONS);
  return records.filter((record): record is InstallationRecord => record.kind === 'installation');
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
