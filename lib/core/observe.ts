/** What a stage that only observes would have: the places that its launches would hold. */
import type { BacklogRecord } from './job.ts';
import type { Pool } from './pool.ts';
import type { Seat } from './runner.ts';

/** One for each job of the backlog that would have been launched, on the lowest places that are free. */
export function pretendedSeats(pool: Pool, seats: readonly Seat[], backlog: readonly BacklogRecord[]): Seat[] {
  const taken = new Set(seats.map(({ place }) => place));
  let place = -1;
  return backlog.flatMap((item) => {
    if (item.observedAt === undefined) return [];
    do place += 1;
    while (taken.has(place));
    return [pretendedSeat(pool, item, place, item.observedAt)];
  });
}

function pretendedSeat(pool: Pool, item: BacklogRecord, place: number, launchedAt: number): Seat {
  const { job, installation, owner } = item;
  return {
    version: '',
    kind: 'runner',
    pool: pool.name,
    place,
    name: '',
    job,
    launch: 1,
    serves: job,
    state: 'busy',
    busyWith: job,
    installation,
    owner,
    labels: [...pool.labels],
    group: pool.group,
    request: { name: '', taskDefinition: pool.taskDefinition, environment: {}, tags: {} },
    launchedAt,
    mint: 0,
    reason: 'it would have been launched',
  };
}
