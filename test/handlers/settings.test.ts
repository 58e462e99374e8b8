import { expect, test } from '@jest/globals';
import { ALL_SETTINGS, endpointOf, readSettings, WEBHOOK_SETTINGS } from '../../lib/handlers/settings.ts';

const good = {
  AWS_REGION: 'eu-central-1',
  PARAMETERS_PATH: '/ecs-runners/live',
  DEPLOYMENT: 'ecs-runners-live',
  PREFIX: 'live',
  QUEUE_URL: 'https://sqs.test/q',
};

test('what was asked for, frozen, and nothing else', () => {
  const settings = readSettings({ ...good, OTHER: 'x' }, WEBHOOK_SETTINGS);
  expect(settings).toEqual(good);
  expect(Object.isFrozen(settings)).toBe(true);
});

test('all that is missing is in one error', () => {
  for (const name of ALL_SETTINGS) expect(() => readSettings({}, ALL_SETTINGS)).toThrow(`${name} is not set`);
});

test.each([
  ['PREFIX', 'Live-1'],
  ['PREFIX', ''],
  ['QUEUE_URL', 'q'],
  ['QUEUE_URL', 'ftp://q'],
  ['PARAMETERS_PATH', 'live'],
  ['PARAMETERS_PATH', '/live/'],
  ['AWS_REGION', ''],
  ['DEPLOYMENT', ''],
])('%s %j is wrong, and named together with the others', (name, value) => {
  const { AWS_REGION: _, ...rest } = good;
  const read = () => readSettings({ ...rest, [name]: value }, WEBHOOK_SETTINGS);
  expect(read).toThrow(`${name} is ${JSON.stringify(value)}`);
  if (name !== 'AWS_REGION') expect(read).toThrow('AWS_REGION is not set');
});

test('a stage launches or observes, and nothing else', () => {
  const { AWS_REGION } = good;
  for (const MODE of ['launch', 'observe']) expect(readSettings({ AWS_REGION, MODE }, ['MODE'])).toEqual({ MODE });
  expect(() => readSettings({ MODE: 'dry-run' }, ['MODE'])).toThrow('MODE is "dry-run", but must be launch or observe');
});

test.each([
  [{}, undefined],
  [{ AWS_ENDPOINT_URL: 'a' }, 'a'],
  [{ AWS_ENDPOINT_URL: 'a', AWS_ENDPOINT_URL_SSM: 'b' }, 'b'],
  [{ AWS_ENDPOINT_URL: 'a', AWS_ENDPOINT_URL_STS: 'b' }, 'a'],
  [{ AWS_ENDPOINT_URL_SSM: '' }, undefined],
])('%j moves the parameter store to %j', (environment, expected) => {
  expect(endpointOf('SSM', environment)).toBe(expected);
});
