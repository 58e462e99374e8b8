/** Jobs of which only GitHub can say how they are are asked for, one by one; what it says is recorded like an event. */
import { isQuestionable, oldInTurn } from '../core/cleanup.ts';
import type { BacklogRecord, JobRecord } from '../core/job.ts';
import { JOB_QUESTIONS_MAX, JOB_WAIT_MAX_MS } from '../core/limits.ts';
import { isForsaken } from '../core/pairing.ts';
import { UNSERVED } from '../core/pool.ts';
import type { Seat } from '../core/runner.ts';
import type { GitHubJob, World } from '../world.ts';
import { askGitHub, reported } from './ask-github.ts';
import type { Config } from './config.ts';
import { askingOnce, type GroupsOf, suspectGroup } from './group-access.ts';
import { changeJob, mirror } from './jobs.ts';
import { recordJob } from './record.ts';
import { changeSeat } from './seats.ts';

/** `notBusy`: GitHub lists no job in them. */
export async function questionJobs(
  world: World,
  config: Config,
  seats: readonly Seat[],
  backlog: readonly BacklogRecord[],
  notBusy: ReadonlySet<string>,
): Promise<void> {
  const now = world.clock.now();
  const bySeat = new Map(seats.flatMap((seat) => (seat.serves === undefined ? [] : [[seat.serves, seat] as const])));
  const pressing = backlog.filter((item) => isQuestionable(item, bySeat.get(item.job), now));
  const groupsOf = askingOnce(world);
  const questions = [...new Set([...pressing, ...oldInTurn(backlog, bySeat, notBusy, now)])];
  await Promise.all(
    questions
      .slice(0, JOB_QUESTIONS_MAX)
      .map((item) => guarded(world, item, () => question(world, config, item, bySeat.get(item.job), groupsOf))),
  );
}

async function guarded(world: World, item: BacklogRecord, ask: () => Promise<void>): Promise<void> {
  try {
    await ask();
  } catch (error) {
    world.log({ decision: 'left for the next run', reason: String(error), job: item.job });
  }
}

async function question(
  world: World,
  config: Config,
  item: BacklogRecord,
  seat: Seat | undefined,
  groupsOf: GroupsOf,
): Promise<void> {
  const record = await world.history.get({ job: item.job });
  if (record === undefined || record.state === 'completed') {
    await (record === undefined ? world.backlog.remove(item) : mirror(world, record));
    return;
  }
  // Whoever changed it may have died before the backlog heard of it, and looks go by the backlog.
  await mirror(world, record);
  const answer = await askGitHub(world, config, record);
  if (answer.kind !== 'ok') return keep(world, config, record, `GitHub says: ${answer.reason}`);
  if (answer.value.state === 'queued') return stillQueued(world, config, record, seat, groupsOf);
  if (answer.value.state === 'held') await keep(world, config, record, 'GitHub says: held');
}

/** If its runner does not come for it any more, the job is owed a launch. */
async function stillQueued(
  world: World,
  config: Config,
  record: JobRecord,
  seat: Seat | undefined,
  groupsOf: GroupsOf,
): Promise<void> {
  const isLost = isForsaken(record, seat, world.clock.now());
  if (seat !== undefined && isLost) {
    await changeSeat(world, seat, (current) => {
      const { serves, ...rest } = current;
      return serves === record.job && current.busyWith === undefined
        ? { ...rest, reason: 'does not come for it any more' }
        : current;
    });
  }
  if (seat !== undefined && !isLost) await suspectGroup(world, config, record, seat, groupsOf);
  if (record.awaitsWord === undefined && !isLost) return;
  await changeJob(world, record.job, (current) => {
    if (current.runner !== record.runner || current.state !== 'queued') return current;
    const { awaitsWord: _, runner: __, ...kept } = current;
    return { ...kept, reason: 'GitHub confirms that it is queued' };
  });
}

/** Held, not found or no answer: only `completed` ends a job, for as long as GitHub itself may keep one waiting. */
async function keep(world: World, config: Config, record: JobRecord, reason: string): Promise<void> {
  if (world.clock.now() - record.recordedAt < JOB_WAIT_MAX_MS) {
    await changeJob(world, record.job, (current) =>
      current.reason === reason || current.pool === UNSERVED ? current : { ...current, reason },
    );
    return;
  }
  const ended: GitHubJob = { state: 'completed', conclusion: 'given up after 48 hours' };
  await recordJob(world, config, reported(record, ended, 'completed'));
}
