/** A storm over the wire: jobs of two owners while faults are on, then none, until everything has finished; judged by the books. */
import type { FunctionName } from '../../lib/local/functions.ts';
import { type Stack, startStack } from '../../lib/local/stack.ts';
import { readAll } from '../../lib/local/tables.ts';
import { seededChance } from '../../lib/sim/chance.ts';
import { hashed } from '../../lib/sim/faults/draw.ts';
import type { FaultList } from '../../lib/sim/faults/table.ts';
import { type EndedWorld, jobsLost, leftBehind } from '../../lib/sim/judge/end.ts';
import { type Breach, createJudge, type Judge } from '../../lib/sim/judge/judge.ts';
import { somePools } from './pools.ts';

export type Storm = {
  seed: number;
  faults: FaultList;
  /** Simulated, with faults. */
  minutes: number;
  jobs: number;
};

/** In simulated minutes after the faults: when every job had ended, and when nothing was left. `jobs`: all so far. */
export type Outcome = { breaches: Breach[]; ended: number; quiet: number; jobs: number };

export type Stormy = {
  /** Resolves when everything has finished, or should have. */
  pass(storm: Storm): Promise<Outcome>;
  /** What the functions have printed. */
  lines: readonly string[];
  close(): Promise<void>;
};

const DEPLOYING = 'arn:aws:iam::000000000000:role/deploy';
const MAX = { default: 10, deploy: 4 };
const POOLS = `
pools:
  default: {labels: [self-hosted, ecs], cpu: 1024, memory: 2048, docker: dind, max: ${MAX.default}}
  deploy:
    labels: [self-hosted, ecs, deploy]
    cpu: 1024
    memory: 2048
    docker: none
    max: ${MAX.deploy}
    repositories: ['octo-org/deploy-*']
    register: repository
    taskRole: ${DEPLOYING}
`;
const PLACES = [
  { owner: 'octo-org', repo: 'app', labels: ['self-hosted', 'ecs'] },
  { owner: 'other-org', repo: 'service', labels: ['ecs'] },
  { owner: 'octo-org', repo: 'app', labels: ['ecs'] },
  { owner: 'other-org', repo: 'website', labels: ['self-hosted', 'ecs'] },
  { owner: 'octo-org', repo: 'deploy-tools', labels: ['self-hosted', 'deploy'] },
];
const MINUTE_MS = 60_000;
/** Simulated; the longest deadline of ours is that of a RunTask call without an answer: 50 minutes. */
const FINISH_MINUTES_MAX = 5 * 60;

/** A stack for storms, one after the other. */
export async function startStormy(
  bundles: Record<FunctionName, string>,
  { seed, speed }: { seed: number; speed: number },
): Promise<Stormy> {
  let stack!: Stack;
  const judge = createJudge({
    now: () => stack.clock.now(),
    github: () => stack.github.books,
    maxOf: (family) => MAX[family.replace('local-', '') as keyof typeof MAX] ?? 0,
    mayHave: (role, owner, repository) =>
      role !== DEPLOYING || (owner === 'octo-org' && repository.startsWith('deploy-')),
  });
  const lines: string[] = [];
  const log = (source: string, line: string) => lines.push(`${source}: ${line}`);
  const { onJob, onTask } = judge;
  stack = await startStack({ pools: somePools(POOLS), bundles, port: 0, speed, seed, onJob, onTask, log });
  for (const { owner } of PLACES) stack.github.control.putInstallation({ owner, kind: 'Organization' });
  return { pass: (storm) => pass(stack, judge, storm), lines, close: () => stack.close() };
}

async function pass(stack: Stack, judge: Judge, storm: Storm): Promise<Outcome> {
  const { clock, faults, github } = stack;
  const over = clock.now() + storm.minutes * MINUTE_MS;
  const set = faults.set({ ...storm.faults, seed: storm.seed });
  if ('problems' in set) throw new Error(set.problems.join(' '));
  queueOver(stack, storm);
  await until(() => clock.now() >= over);
  faults.endAll();
  const minutes = () => (clock.now() - over) / MINUTE_MS;
  const isLate = () => minutes() >= FINISH_MINUTES_MAX;
  const isDone = () => [...github.books.jobs.values()].every(({ state }) => state === 'completed');
  await until(() => isDone() || isLate());
  const ended = minutes();
  let world = await endedWorld(stack, judge);
  await until(async () => {
    world = await endedWorld(stack, judge);
    return leftBehind(world).length === 0 || isLate();
  });
  const breaches = [...judge.breaches, ...jobsLost(world), ...leftBehind(world)];
  return { breaches, ended, quiet: minutes(), jobs: github.books.jobs.size };
}

/** Evenly over the storm, with lengths drawn from the seed. */
function queueOver({ clock, github }: Stack, { seed, minutes, jobs }: Storm): void {
  const chance = seededChance(hashed(seed, 'jobs'));
  for (let index = 0; index < jobs; index += 1) {
    const place = PLACES[index % PLACES.length];
    const durationSeconds = chance.between(20, 90);
    clock.after((index / jobs) * minutes * MINUTE_MS, () => {
      const added = github.control.addJobs({ ...place, durationSeconds });
      if ('problems' in added) throw new Error(added.problems.join(' '));
    });
  }
}

async function endedWorld(stack: Stack, judge: Judge): Promise<EndedWorld> {
  const [backlog, runners, history] = await Promise.all(
    (['backlog', 'runners', 'history'] as const).map((name) => readAll(stack.tables, name)),
  );
  return {
    now: stack.clock.now(),
    github: stack.github,
    ecs: stack.ecs,
    judge,
    isOurs: () => true,
    warm: 0,
    jobHours: 0,
    records: {
      backlog: (backlog ?? []).map(({ job }) => Number(job)),
      runners: (runners ?? []).filter(({ kind }) => kind === 'runner').map(({ name }) => String(name)),
      open: (history ?? []).flatMap(({ job, state }) => (state === 'completed' ? [] : [Number(job)])),
    },
  };
}

async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await done())) await new Promise((resolve) => setTimeout(resolve, 50));
}
