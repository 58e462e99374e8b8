/** Whose registration is taken away, by what GitHub answers to it; and tasks that no record knows. */
import { expect, test } from '@jest/globals';
import type { Seat } from '../../lib/core/runner.ts';
import { stopOrphans } from '../../lib/flows/ghosts.ts';
import { retireRunners } from '../../lib/flows/retire.ts';
import type { FailureKind, GitHubRunner, Outcome, World } from '../../lib/world.ts';
import { aJobRecord, aSeat } from '../support/builders.ts';
import { createStage } from '../support/stage.ts';
import { whileTimePasses } from '../support/time.ts';

const scope = { installation: 7, owner: 'octo-org' };
const failure = (kind: FailureKind): Outcome<never> => ({ kind, reason: `GitHub says: ${kind}` });
const gone = { kind: 'ok', value: undefined } as const;

/** A runner that has been silent for long, and was doubted before. */
async function silentRunner(answer: Outcome<undefined>, isListed = true) {
  const stage = await createStage({ janitor: false });
  await stage.minutes(60);
  const since = stage.clock.now() - 30 * 60_000;
  const what = isListed ? ('silent' as const) : ('unlisted' as const);
  const silent: Partial<Seat> = {
    state: 'registered',
    mint: 1,
    runnerId: 5,
    registeredAt: since,
    doubt: { what, since },
  };
  const seat = aSeat(silent);
  const wasIdle = aJobRecord({ state: 'completed' });
  await whileTimePasses(
    stage,
    Promise.all([stage.runners.put(seat, undefined), stage.history.put(wasIdle, undefined)]),
  );
  const world: World = { ...stage.world, github: { ...stage.world.github, removeRunner: async () => answer } };
  const listed: GitHubRunner = { id: 5, name: `${seat.name}-1`, online: true, busy: false };
  const runners: Outcome<GitHubRunner[]> = { kind: 'ok', value: isListed ? [listed] : [] };
  const until = stage.clock.now() + 60_000;
  const [known] = stage.seats();
  await whileTimePasses(
    stage,
    retireRunners(world, stage.config, known ? [known] : [], [{ scope, mintedAt: 0, runners }], new Set(), until),
  );
  return stage.seats()[0]?.state;
}

test.each([
  ['lets go of it', gone, true, 'gone'],
  ['says that a job runs in it', failure('busy'), true, 'busy'],
  ['answers 404 although it is listed', failure('gone'), true, 'registered'],
  ['answers 404, and does not list it', failure('gone'), false, 'gone'],
  ['does not answer', failure('unknown'), true, 'registered'],
  ['does not answer, and does not list it', failure('unknown'), false, 'registered'],
  ['is limited', failure('retry'), true, 'registered'],
  ['refuses', failure('refused'), false, 'registered'],
] as const)('GitHub %s', async (_, answer, isListed, state) => {
  expect(await silentRunner(answer, isListed)).toBe(state);
});

test.each([
  { sentence: 'its owner’s lists do not show it', history: true, listed: [], stopped: true },
  { sentence: 'a list shows it', history: true, listed: ['sim-default-1-1-1-1'], stopped: false },
  { sentence: 'its owner’s lists cannot be read', history: true, listed: undefined, stopped: false },
  { sentence: 'nobody knows whose it is', history: false, listed: [], stopped: false },
  {
    sentence: 'nobody knows whose it is, but it never started',
    history: false,
    listed: [],
    stopped: true,
    waits: true,
  },
])('a task that no record knows, and $sentence: stopped $stopped', async ({ history, listed, stopped, waits }) => {
  const stage = await createStage({ janitor: false });
  if (history) await whileTimePasses(stage, stage.history.put(aJobRecord(), undefined));
  const runners: Outcome<GitHubRunner[]> =
    listed === undefined
      ? failure('retry')
      : { kind: 'ok', value: listed.map((name) => ({ id: 1, name, online: true, busy: true })) };
  const stops: string[] = [];
  const world: World = {
    ...stage.world,
    github: { ...stage.world.github, listRunners: async () => runners },
    cluster: { ...stage.world.cluster, stopTask: async (arn) => noted(stops, arn) },
  };
  const started = waits ? {} : { startedAt: 0 };
  const task = { taskArn: 'arn', startedBy: 'sim-default-1-1-1', lastStatus: 'RUNNING', createdAt: 0, ...started };
  await whileTimePasses(stage, stopOrphans(world, stage.config, [], [task], [], stage.clock.now() + 60_000));
  expect(stops).toEqual(stopped ? ['arn'] : []);
});

function noted(stops: string[], arn: string): Outcome<undefined> {
  stops.push(arn);
  return gone;
}
