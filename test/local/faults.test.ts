/** `/_sim/faults`: the faults of the simulation by their names, on every server of a stack that runs. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type Stack, startStack } from '../../lib/local/stack.ts';
import { KNOB_PLACES, SIMULATED_ONLY, WIRE_FAULTS } from '../../lib/local/wire-faults.ts';
import type { Fault } from '../../lib/sim/faults/fault.ts';
import { noKnobs } from '../../lib/sim/faults/knobs.ts';
import { FAULTS, type FaultList } from '../../lib/sim/faults/table.ts';
import { aBundle } from './functions.ts';
import { somePools } from './pools.ts';

/** Does with its services what its caller asks for, and says what came of it. */
const CALLER = `
export const handler = async (event) => {
  const { service, path, method, headers, body } = JSON.parse(event.body ?? '{}');
  if (service === undefined) return { statusCode: 200, body: 'nothing' };
  const answer = await fetch(process.env[service] + path, { method, headers, body });
  return { statusCode: 200, body: JSON.stringify({ status: answer.status, text: await answer.text() }) };
};`;

type Answered = { on: FaultList; faults: Record<string, Fault>; problems: string[] };

let stack: Stack;
const lines: string[] = [];

beforeAll(async () => {
  const bundle = await aBundle(CALLER);
  stack = await startStack({
    pools: somePools(),
    bundles: { webhook: bundle, scaler: bundle, registrar: bundle, janitor: bundle },
    port: 0,
    speed: 50,
    seed: 1,
    log: (source, line) => lines.push(`${source}: ${line}`),
  });
});
afterAll(() => stack.close());
afterEach(() => stack.faults.endAll());

async function ask(method: string, body?: unknown, address = stack.addresses.api) {
  const sent = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await fetch(`${address}/_sim/faults`, { method, ...(body === undefined ? {} : { body: sent }) });
  return { status: answer.status, body: (await answer.json()) as Answered };
}

describe('the control surface', () => {
  test('faults are begun by name, shown, and ended one by one or all at once', async () => {
    const begun = await ask('POST', { 'jitconfig.502': 0.2, 'webhooks.lost': 0.1 });
    expect(begun).toEqual({ status: 200, body: { on: { 'jitconfig.502': 0.2, 'webhooks.lost': 0.1 } } });
    expect(stack.github.control.faults().loseWebhooks).toBe(0.1);
    expect(await ask('POST', { 'webhooks.lost': 0 })).toMatchObject({ body: { on: { 'jitconfig.502': 0.2 } } });
    expect(stack.github.control.faults().loseWebhooks).toBe(0);
    expect((await stack.state()).faults).toEqual({ 'jitconfig.502': 0.2 });
    expect(await ask('DELETE')).toEqual({ status: 200, body: { on: {} } });
    expect((await ask('GET')).body.on).toEqual({});
  });

  test('it is the same one at the API, at GitHub and at ECS', async () => {
    const { api, github, ecs } = stack.addresses;
    await ask('POST', { 'events.lost': 1 }, github);
    for (const address of [api, github, ecs])
      expect((await ask('GET', undefined, address)).body.on).toEqual({ 'events.lost': 1 });
    await ask('DELETE', undefined, ecs);
    expect(stack.faults.on()).toEqual({});
  });

  test('a simulator takes its own switches beside the faults, all or nothing', async () => {
    const { github } = stack.addresses;
    expect((await ask('POST', { loseWebhooks: 0.1, 'github.501': 1 }, github)).status).toBe(400);
    expect((await ask('POST', { loseWebhooks: 2, 'events.lost': 1 }, github)).status).toBe(400);
    expect(await ask('GET', undefined, github)).toMatchObject({ body: { loseWebhooks: 0, on: {} } });
    const both = await ask('POST', { loseWebhooks: 0.1, 'events.lost': 1 }, github);
    expect(both).toMatchObject({ status: 200, body: { loseWebhooks: 0.1, on: { 'events.lost': 1 } } });
    expect(await ask('DELETE', undefined, github)).toMatchObject({ body: { loseWebhooks: 0, on: {} } });
  });

  test('every fault is listed with what it is, its unit and its range', async () => {
    const { faults } = (await ask('GET')).body;
    expect(Object.keys(faults).toSorted()).toEqual(Object.keys(WIRE_FAULTS).toSorted());
    expect(faults['github.down']).toEqual({ what: expect.any(String), unit: 'hours', range: [0.2, 2], max: 24 });
  });

  const refused: [name: string, body: unknown, problems: (string | RegExp)[]][] = [
    [
      'a slip of the pen',
      { 'jitconfig.503': 0.2 },
      [/^There is no fault jitconfig\.503\. Did you mean jitconfig\.502\?$/],
    ],
    [
      'a name that is none',
      { 'what.is-this-supposed-to-be': 1 },
      [/There is no fault .* GET \/_sim\/faults shows them all/],
    ],
    ['too much', { 'github.502': 1.5 }, ['github.502 is a share, from 0 to 1.']],
    ['below 0', { 'github.down': -1 }, ['github.down is a number of hours, from 0 to 24.']],
    ['no number', { 'github.502': '0.5' }, ['github.502 is a share, from 0 to 1.']],
    ['a wrong seed', { seed: 1.5 }, [/seed is a whole number/]],
    ['several at once', { 'github.502': 2, nothing: 1 }, ['github.502 is a share, from 0 to 1.', /no fault nothing/]],
    ['a list', [], [/not a JSON object/]],
    ['no JSON', 'yes', [/not JSON/]],
  ];
  test.each(refused)('%s is refused, and nothing is changed', async (_name, body, problems) => {
    await ask('POST', { 'events.lost': 0.5 });
    const wrong = typeof body === 'object' && !Array.isArray(body) ? { 'events.lost': 1, ...body } : body;
    const answer = await ask('POST', wrong);
    expect(answer.status).toBe(400);
    const expected = problems.map((one) => (typeof one === 'string' ? one : expect.stringMatching(one)));
    expect(answer.body.problems).toEqual(expected);
    expect(stack.faults.on()).toEqual({ 'events.lost': 0.5 });
  });

  test('what lasts for hours begins at once, and ends by itself', async () => {
    await ask('POST', { 'app.suspended': 0.01 });
    stack.github.control.putInstallation({ owner: 'octo-org', kind: 'Organization' });
    expect(stack.faults.on()).toEqual({ 'app.suspended': 0.01 });
    await until(() => Object.keys(stack.faults.on()).length === 0);
  });
});

test('every fault of the simulation is had over the wire, or is named as one that cannot be', () => {
  const named = [...Object.keys(WIRE_FAULTS), ...Object.keys(SIMULATED_ONLY)];
  expect(Object.keys(FAULTS).filter((name) => !named.includes(name))).toEqual([]);
  expect(Object.keys(SIMULATED_ONLY).filter((name) => FAULTS[name] === undefined)).toEqual([]);
});

test('every knob has its place on the stack: a new one is given one in lib/local/wire-faults.ts, or its fault is named as simulated only', () => {
  expect(Object.keys(KNOB_PLACES).toSorted()).toEqual(Object.keys(noKnobs()).toSorted());
});

async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await done())) await new Promise((resolve) => setTimeout(resolve, 20));
}
