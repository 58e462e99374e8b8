/** One seed, one world: so many days with faults, then none, until everything has finished. */
import { seededChance } from '../../sim/chance.ts';
import { sleep } from '../../sim/clock.ts';
import { hashed, inject } from '../../sim/faults/draw.ts';
import { noKnobs } from '../../sim/faults/knobs.ts';
import { faultyRest } from '../../sim/faults/rest.ts';
import type { FaultList } from '../../sim/faults/table.ts';
import type { Job } from '../../sim/github-service/books.ts';
import { askedTooOften, tooManyCalls } from '../../sim/judge/end.ts';
import { type Breach, createJudge } from '../../sim/judge/judge.ts';
import { planWorkload, playWorkload } from '../../sim/workload.ts';
import { createAudit } from './audit.ts';
import { createChangingPools } from './changing-pools.ts';
import { endedWorld, type Finish, finish } from './finish.ts';
import { hooksOf } from './hooks.ts';
import { isServed, mayHave, PERMISSIONS, POOLS, SOURCES } from './setting.ts';
import { createStage, type Stage } from './stage.ts';
import { createStory } from './story.ts';

export type Run = {
  seed: number;
  faults: FaultList;
  breaches: Breach[];
  jobs: number;
  /** Those of them that some pool of ours serves. */
  judged: number;
  tasks: number;
  /** At GitHub, those that counted for a primary limit. */
  calls: number;
  /** Calls of StopTask. */
  stops: number;
  /** Invocations that were killed, or took too long. */
  deaths: number;
  /** Tasks that died with their instances. */
  lost: number;
  /** After the faults; absent: a promise was broken before. */
  finished?: Finish;
  /** From the queue to a runner, of each job that ran, in seconds. */
  waits: number[];
  story: readonly string[];
  fingerprint: string;
};

const MINUTE_MS = 60 * 1000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export async function run(options: { seed: number; faults: FaultList; days: number; trace?: boolean }): Promise<Run> {
  const { seed, faults, days } = options;
  const knobs = noKnobs();
  const chance = seededChance(hashed(seed, 'around'));
  const story = createStory(() => stage?.clock.now() ?? 0, options.trace === true);
  const changing = createChangingPools(
    seededChance(hashed(seed, 'pools')),
    () => stage.clock,
    (pools) => stage.configure(pools),
  );
  const { maxOf, redeploy, restore } = changing;
  const judge = createJudge({ now: () => stage.clock.now(), github: () => stage.github.books, maxOf, mayHave });
  const audit = createAudit({ seed, judge, stage: () => stage });
  let stage!: Stage;
  const hooks = hooksOf({ knobs, chance, story, judge, audit, clock: () => stage.clock });
  let janitorRuns = 0;
  const janitors = () => {
    const begun = hooks.janitors?.() ?? 1;
    janitorRuns += begun;
    return begun;
  };
  stage = await createStage({
    pools: POOLS,
    seed,
    instancesMax: 8,
    ...hooks,
    janitors,
    rest: (rest) => faultyRest(rest, knobs, chance, (ms) => sleep(stage.clock, ms)),
  });
  setUp(stage);
  const beganAt = stage.clock.now();
  const plan = planWorkload(seededChance(hashed(seed, 'workload')), SOURCES, days);
  const isPlayed = playWorkload(plan, { clock: stage.clock, control: stage.github.control, isOurs: isServed });
  const targets = { ...targetsOf(stage), knobs, redeploy, restore, strangers: audit.strangers() };
  const endFaults = inject(seed, faults, targets, days * DAY_MS);
  const isBroken = () => judge.breaches.length > 0;
  await stage.clock.runUntilTrue(isBroken, beganAt + days * DAY_MS);
  endFaults();
  story.tell('faults', 'are over');
  const finished = isBroken() ? undefined : await finish(stage, judge, isPlayed);
  audit.end(stage.deaths() === 0 && !Object.keys(faults).some((name) => name.startsWith('storage.')));
  return report();

  function report(): Run {
    const jobs = [...stage.github.books.jobs.values()];
    const calls = [...stage.github.books.installations.keys()].reduce((sum, id) => sum + stage.github.charged(id), 0);
    const minutes = (stage.clock.now() - beganAt) / MINUTE_MS;
    const world = endedWorld(stage, judge);
    const { tasks, operations } = stage.ecs.books();
    const cost = [...tooManyCalls(world, minutes, janitorRuns / minutes), ...askedTooOften(world)];
    const breaches = [...judge.breaches, ...cost];
    for (const { promise, detail } of breaches) story.tell('BROKEN', `${promise}: ${detail}`);
    return {
      seed,
      faults,
      breaches,
      jobs: jobs.length,
      judged: jobs.filter(world.isOurs).length,
      tasks: tasks.length,
      calls,
      stops: operations['StopTask']?.calls ?? 0,
      deaths: stage.deaths(),
      lost: tasks.filter(({ lost }) => lost).length,
      ...(finished !== undefined && { finished }),
      waits: jobs.filter(world.isOurs).flatMap(waitOf),
      story: story.lines,
      fingerprint: story.fingerprint(),
    };
  }
}

function waitOf({ startedAt, queuedAt }: Job): number[] {
  return startedAt === undefined ? [] : [(startedAt - queuedAt) / 1000];
}

/** The owners, with all their repositories and the runner group that a pool asks for. */
function setUp({ github }: Stage): void {
  for (const { owner, user } of SOURCES) {
    const repositories = SOURCES.filter((source) => source.owner === owner && !source.outside).map(({ repo }) => repo);
    const groups = user ? {} : { groups: [{ name: 'Fast' }] };
    const kind = user ? 'User' : 'Organization';
    github.control.putInstallation({ owner, kind, permissions: PERMISSIONS, repositories, ...groups });
  }
}

function targetsOf({ clock, chance, github, ecs, queue, sts, killFunctions }: Stage) {
  return { clock, chance, github, ecs, queue, sts, killFunctions };
}
