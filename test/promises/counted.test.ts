/** Every metric that can be published is published by the service, under exactly the dimensions that METRICS says. */
import assert from 'node:assert/strict';
import { expect, test } from '@jest/globals';
import type { Metric, MetricName } from '../../lib/core/metrics.ts';
import { DIMENSION_VALUES, METRICS, metricsOf } from '../../lib/core/metrics.ts';
import { grant, killAll, untilBusy } from '../support/dying.ts';
import { aPool } from '../support/pools.ts';
import type { Stage, StageOptions } from '../support/stage.ts';
import { createStage } from '../support/stage.ts';

/** What happens, and what is then counted: `Metric`, or `Metric: value` where the dimension's values are a closed set. */
const scenarios: {
  name: string;
  options?: StageOptions;
  run: (stage: Stage) => Promise<unknown>;
  counted: string[];
}[] = [
  {
    name: 'jobs that run',
    run: async (stage) => {
      stage.addJobs({ count: 3, durationSeconds: 90 });
      await stage.minutes(8);
    },
    counted: [
      'JobsWaiting',
      'OldestWaitingJobAgeSeconds',
      'JobWaitSeconds',
      'JobsStarted',
      'JobsFinished',
      'Launches',
      'Runners: launching',
      'Runners: warm',
      'Runners: registered',
      'Runners: busy',
      'Runners: gone',
      'TasksPending',
      'TasksRunning',
      'PoolsSuspect',
      'GitHubRateLimitRemainingPercent',
      'JanitorRuns',
    ],
  },
  {
    name: 'images cannot be pulled',
    run: async (stage) => {
      stage.ecs.setFaults({ cannotPullImage: 1 });
      stage.addJobs({});
      await stage.minutes(5);
    },
    counted: ['LaunchFailures: task failed to start'],
  },
  {
    name: 'no instance is to be had',
    run: async (stage) => {
      stage.ecs.setFaults({ noCapacity: 1 });
      stage.addJobs({});
      await stage.minutes(45);
    },
    counted: ['LaunchFailures: no capacity'],
  },
  {
    name: 'ECS throttles, and then refuses',
    run: async (stage) => {
      stage.ecs.setFaults({ throttleRunTask: 1 });
      stage.addJobs({});
      await stage.minutes(2);
      stage.ecs.setFaults({ throttleRunTask: 0, accessDenied: 1 });
      await stage.minutes(2);
    },
    counted: ['LaunchFailures: put off by ECS', 'LaunchFailures: refused by ECS'],
  },
  {
    name: 'GitHub has suspended the App',
    run: async (stage) => {
      stage.addJobs({});
      await stage.until(() => stage.livingTasks().length === 1, 1);
      stage.github.control.putInstallation({ owner: 'octo-org', kind: 'Organization', suspended: true });
      await stage.minutes(5);
    },
    counted: ['LaunchFailures: GitHub refused'],
  },
  {
    name: 'GitHub’s answers to registrations are lost',
    run: async (stage) => {
      // Without faults first, so that there is a token.
      stage.addJobs({ durationSeconds: 10 });
      await stage.minutes(3);
      stage.github.control.setFaults({ restCut: 1 });
      stage.addJobs({});
      await stage.until(() => stage.lines.some(({ failure }) => failure !== undefined), 10);
      stage.github.control.setFaults({ restCut: 0 });
      await stage.minutes(15);
    },
    counted: ['LaunchFailures: never registered', 'Repairs: ghost removed'],
  },
  {
    name: 'runners get no connection',
    run: async (stage) => {
      stage.github.control.setFaults({ refuseSessions: 1 });
      stage.addJobs({});
      await stage.minutes(15);
    },
    counted: ['LaunchFailures: container failed'],
  },
  {
    name: 'words of ECS and of GitHub are lost',
    run: async (stage) => {
      stage.addJobs({ durationSeconds: 90 });
      stage.ecs.setFaults({ loseEvents: 1 });
      await stage.until(() => stage.livingTasks().length === 1, 1);
      stage.github.control.setFaults({ loseWebhooks: 1 });
      await stage.minutes(30);
    },
    counted: ['Repairs: runner found ended', 'Repairs: asked GitHub about a job'],
  },
  {
    name: 'RunTask is done, and its answer lost',
    run: async (stage) => {
      const [, cancelled = 0] = stage.addJobs({ count: 2 });
      // Without instances, so that the tasks stay as they are.
      stage.ecs.setFaults({ failAfter: 1, noCapacity: 1 });
      await stage.until(() => stage.livingTasks().length === 2, 1);
      stage.ecs.setFaults({ failAfter: 0 });
      stage.github.control.cancel(cancelled);
      await stage.minutes(10);
    },
    counted: ['Repairs: call repeated', 'Repairs: task found'],
  },
  {
    name: 'a record is lost',
    run: async (stage) => {
      stage.ecs.setFaults({ noCapacity: 1 });
      const [job = 0] = stage.addJobs({});
      await stage.minutes(1);
      const removals = stage.seats().map((seat) => stage.runners.remove(seat));
      stage.github.control.cancel(job);
      await stage.minutes(8);
      await Promise.all(removals);
    },
    counted: ['Repairs: task stopped'],
  },
  {
    name: 'a listener goes on without its registration, and says nothing',
    options: { lose: (path) => (path.endsWith('/idle') ? 'request' : undefined) },
    run: async (stage) => {
      stage.github.control.setFaults({ ghostRunners: 1 });
      stage.addJobs({});
      await stage.minutes(4);
      stage.github.control.setFaults({ ghostRunners: 0 });
      await stage.minutes(15);
    },
    counted: ['Repairs: runner retired'],
  },
  {
    name: 'a webhook fails, and another one is never attempted',
    run: async (stage) => {
      stage.github.control.setFaults({ failWebhooks: 1 });
      stage.addJobs({});
      await stage.minutes(1);
      stage.github.control.setFaults({ failWebhooks: 0, loseWebhooks: 1 });
      stage.addJobs({});
      await stage.minutes(5);
    },
    counted: ['Repairs: webhook redelivered', 'Repairs: lost event found'],
  },
  {
    name: 'GitHub will refuse the runner of an image',
    run: async (stage) => {
      stage.github.control.useRelease('2.330.0', { jobsUntil: stage.clock.now() + 86_400_000 });
      stage.addJobs({ durationSeconds: 300 });
      await stage.minutes(5);
    },
    counted: ['RunnerVersionDaysLeft'],
  },
  {
    name: 'jobs die with their instance, and GitHub refuses to run them again, until it is allowed',
    options: { pools: [aPool({ rerunsMax: 1 })] },
    run: async (stage) => {
      stage.addJobs({ durationSeconds: 300 });
      await untilBusy(stage);
      killAll(stage);
      await stage.minutes(15);
      grant(stage);
      await stage.minutes(70);
    },
    counted: ['Repairs: job run again', 'Repairs: re-run refused'],
  },
  {
    name: 'a Spot instance is taken away',
    run: async (stage) => {
      stage.addJobs({});
      await stage.until(() => stage.ecs.instances().length > 0, 5);
      const detail = { 'instance-id': stage.ecs.instances()[0]?.['ec2InstanceId'], 'instance-action': 'terminate' };
      const event = { 'detail-type': 'EC2 Spot Instance Interruption Warning', source: 'aws.ec2', detail };
      stage.queue.deliver(JSON.stringify(event));
      await stage.minutes(1);
    },
    counted: ['SpotWarnings'],
  },
];

const openSets = ['Pool'];

/** `Metric`, or one for each value that its dimension can have. */
const publishable = Object.entries(METRICS).flatMap(([name, { sets }]) => {
  const dimension = sets.flat().find((one) => !openSets.includes(one)) as keyof typeof DIMENSION_VALUES | undefined;
  return dimension === undefined ? [name] : DIMENSION_VALUES[dimension].map((value) => `${name}: ${value}`);
});

test('what can be published is counted by one of the scenarios, and nothing else', () => {
  expect(scenarios.flatMap(({ counted }) => counted).sort()).toEqual([...publishable].sort());
});

test.each(scenarios)('$name', async ({ options, run, counted }) => {
  const stage = await createStage(options);
  await run(stage);
  const metrics = stage.lines.flatMap((line) => metricsOf(line));
  const published = new Set(metrics.map(keyOf));
  expect(counted.filter((key) => !published.has(key))).toEqual([]);
  expect([...published].filter((key) => !publishable.includes(key))).toEqual([]);
  for (const metric of metrics) assert.deepEqual(Object.keys(metric.dimensions), dimensionsOf(metric.name));
});

test('as often as it happened: by GitHub’s and ECS’s own books', async () => {
  const stage = await createStage();
  stage.addJobs({ count: 12, durationSeconds: 30 });
  expect(await stage.until(stage.allCompleted, 15)).toBe(true);
  await stage.minutes(3);
  const metrics = stage.lines.flatMap((line) => metricsOf(line));
  const valuesOf = (name: MetricName) => metrics.filter((metric) => metric.name === name).map(({ value }) => value);
  expect(valuesOf('Launches')).toHaveLength(stage.ecs.books().tasks.length);
  expect(valuesOf('JobsStarted')).toHaveLength(12);
  expect(valuesOf('JobsFinished')).toHaveLength(12);
  expect(valuesOf('JobWaitSeconds')).toHaveLength(12);
  expect(Math.min(...valuesOf('JobWaitSeconds'))).toBeGreaterThan(0);
  expect(valuesOf('LaunchFailures')).toEqual([]);
  expect(valuesOf('Runners').slice(-4)).toEqual([0, 0, 0, 0]);
  expect(valuesOf('JobsWaiting').at(-1)).toBe(0);
  expect(Math.max(...valuesOf('TasksRunning'))).toBeGreaterThan(0);
});

test('jobs on runners of others are not counted', () => {
  const line = { reason: '', job: 1, pool: 'default' };
  expect(metricsOf({ ...line, decision: 'job in_progress' })).toEqual([]);
  expect(metricsOf({ ...line, decision: 'job completed' })).toEqual([]);
  expect(metricsOf({ ...line, decision: 'job completed', runner: 'sim-default-0-1-1' })).toHaveLength(1);
});

function keyOf({ name, dimensions }: Metric): string {
  const closed = Object.entries(dimensions).find(([dimension]) => !openSets.includes(dimension));
  return closed === undefined ? name : `${name}: ${closed[1]}`;
}

function dimensionsOf(name: MetricName): string[] {
  return [...new Set<string>(METRICS[name].sets.flat())];
}
