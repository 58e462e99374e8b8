/** The table of faults: each can be drawn, begun and ended, and leaves the world as it was. */
import { expect, test } from '@jest/globals';
import { drawFaults, inject } from '../../lib/sim/faults/draw.ts';
import type { Targets } from '../../lib/sim/faults/fault.ts';
import { FAULTS, problemOf } from '../../lib/sim/faults/table.ts';
import { faultTargets } from '../support/fault-targets.ts';
import { createStage } from '../support/stage.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Everything that a fault can set. */
function stateOf({ github, ecs, knobs }: Targets): string {
  const { rest, ...others } = knobs;
  const owners = [...github.books.owners.values()].map(({ installation, repositoryRunners, groups }) => ({
    state: installation.state,
    permissions: installation.permissions,
    repositoryRunners,
    groups: groups.map(({ visibility }) => visibility),
  }));
  const onRoutes = Object.entries(rest).filter(([, share]) => share > 0);
  const secret = github.webhooks.hook.secret;
  return JSON.stringify({ faults: github.control.faults(), ecs: ecs.faults(), others, onRoutes, owners, secret });
}

/** STS does not tell its share. */
const lasting = Object.entries(FAULTS).filter(
  ([name, { unit }]) => unit !== 'times an hour' && name !== 'sts.unavailable',
);

test.each(lasting)('%s begins, and ends with nothing left of it', async (name, { range: [, high] }) => {
  const stage = await createStage({ janitor: false });
  stage.addJobs({ labels: ['nobody'] });
  stage.github.control.putInstallation({ owner: 'octo-org', kind: 'Organization', groups: [{ name: 'Fast' }] });
  const targets = faultTargets(stage);
  const before = stateOf(targets);
  const end = inject(1, { [name]: high }, targets, DAY_MS);
  await stage.clock.runUntilTrue(() => stateOf(targets) !== before, stage.clock.now() + DAY_MS);
  expect(stateOf(targets)).not.toBe(before);
  end();
  expect(stateOf(targets)).toBe(before);
});

test('when deployments end, all is put back as it was before the first', async () => {
  const restored: string[] = [];
  const targets = { ...faultTargets(await createStage({ janitor: false })), restore: () => restored.push('all') };
  inject(1, { deployments: 1 }, targets, DAY_MS)();
  expect(restored).toEqual(['all']);
});

test('what is drawn can be given by hand, and every fault is drawn by some seed', () => {
  const drawn = Array.from({ length: 1000 }, (_, seed) => drawFaults(seed));
  for (const faults of drawn) {
    for (const [name, value] of Object.entries(faults)) expect(problemOf(name, value)).toBeUndefined();
  }
  expect(new Set(drawn.flatMap((faults) => Object.keys(faults)))).toEqual(new Set(Object.keys(FAULTS)));
});

test.each([
  ['no.such', 1, 'There is no fault no.such.'],
  ['github.502', 1.5, 'github.502 is a share, from 0 to 1.'],
  ['github.down', -1, 'github.down is a number of hours, from 0 to 24.'],
  ['github.502', Number.NaN, 'github.502 is a share, from 0 to 1.'],
])('%s=%d: %s', (name, value, problem) => {
  expect(problemOf(name, value)).toBe(problem);
});
