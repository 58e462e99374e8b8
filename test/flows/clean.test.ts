/** A run of the janitor that does not get through: it ends in time, the next ones go on, and owners do not wait for each other. */
import { expect, test } from '@jest/globals';
import { JANITOR_TIMEOUT_SECONDS } from '../../lib/core/limits.ts';
import type { InstallationRecord } from '../../lib/core/runner.ts';
import { INSTALLATIONS } from '../../lib/core/runner.ts';
import { janitorHandler } from '../../lib/handlers/janitor.ts';
import type { World } from '../../lib/world.ts';
import { aBacklogRecord, aJobRecord } from '../support/builders.ts';
import { createStage, type Stage } from '../support/stage.ts';
import { whileTimePasses } from '../support/time.ts';

/** Registrations that no container will use. */
async function withGhosts(stage: Stage, owner: string, count: number): Promise<void> {
  stage.github.control.setFaults({ pointsPerMinuteMax: 1e6, callsPerHourMax: 1e6, concurrentMax: 1e4 });
  const made = stage.github.control.putInstallation({ owner, kind: 'Organization' });
  const installation = Number('installation' in made && made.installation);
  const scopes = [{ owner, mintedAt: stage.clock.now() }];
  const kept = { kind: 'installation', pool: INSTALLATIONS, place: installation, tokens: 1, filledAt: 0 } as const;
  const record: Omit<InstallationRecord, 'version'> = { ...kept, reason: 'registers runners', scopes };
  const names = Array.from({ length: count }, (_, index) => `sim-default-${index}-${index + 1}-1-1`);
  const registered = names.map((name) =>
    stage.world.github.registerRunner({ installation, owner }, { name, labels: ['ecs'], group: 'Default' }),
  );
  await whileTimePasses(stage, Promise.all([stage.runners.put(record, undefined), ...registered]));
  await stage.minutes(3);
}

async function run(stage: Stage, world: World = stage.world): Promise<number> {
  const beganAt = stage.clock.now();
  await whileTimePasses(stage, janitorHandler(world, async () => stage.config)(), 10);
  return (stage.clock.now() - beganAt) / 1000;
}

const ghosts = ({ github }: Stage, owner: string) =>
  github.control.runners().filter((runner) => runner.owner === owner).length;

test('GitHub is slow: a run leaves to the next ones what it has no time for', async () => {
  const stage = await createStage({ janitor: false });
  await withGhosts(stage, 'octo-org', 250);
  stage.github.control.setFaults({ restDelaySeconds: 6 });
  expect(await run(stage)).toBeLessThan(JANITOR_TIMEOUT_SECONDS);
  const left = ghosts(stage, 'octo-org');
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(250);
  expect(stage.lines.some(({ reason }) => /has no time for \d+ of 250/.test(reason))).toBe(true);
  await stage.minutes(1);
  await run(stage);
  expect(ghosts(stage, 'octo-org')).toBe(0);
});

test('a pool in which a job waits is looked at, whatever has become of the looks before', async () => {
  const stage = await createStage({ janitor: false });
  const made = Promise.all([
    stage.history.put(aJobRecord(), undefined),
    stage.backlog.put(aBacklogRecord({ labels: ['self-hosted', 'ecs'] }), undefined),
  ]);
  await whileTimePasses(stage, made);
  const sent: unknown[] = [];
  const queue: World['queue'] = { send: async (messages) => void sent.push(...messages.map(({ body }) => body)) };
  await run(stage, { ...stage.world, queue });
  expect(sent).toEqual([{ kind: 'look', pool: 'default' }]);
});

test('the list of one owner does not end: those of the others are read, and what is wrong there is repaired', async () => {
  const stage = await createStage({ janitor: false });
  await withGhosts(stage, 'octo-org', 5);
  await withGhosts(stage, 'slow-org', 5);
  const until: number[] = [];
  const { listRunners } = stage.world.github;
  const world: World = {
    ...stage.world,
    github: {
      ...stage.world.github,
      listRunners: async (scope, end = Number.POSITIVE_INFINITY) => {
        if (scope.owner !== 'slow-org') return listRunners(scope, end);
        until.push(end);
        await new Promise<void>((resolve) => stage.clock.after(end - stage.clock.now() + 9000, resolve));
        return { kind: 'retry', reason: 'there was no time left' };
      },
    },
  };
  expect(await run(stage, world)).toBeLessThan(JANITOR_TIMEOUT_SECONDS);
  expect(until.every(Number.isFinite)).toBe(true);
  expect([ghosts(stage, 'octo-org'), ghosts(stage, 'slow-org')]).toEqual([0, 5]);
});
