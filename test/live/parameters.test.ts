import { expect, test } from '@jest/globals';
import { readParameters } from '../../lib/live/parameters.ts';

const MINUTE_MS = 60_000;

/** The store can be changed and broken, the clock set. */
function aStore(values: Record<string, string>) {
  const store = { values: new Map(Object.entries(values)), broken: false, calls: [] as string[][], now: 0 };
  const getParameters = async (names: readonly string[]) => {
    store.calls.push([...names]);
    if (store.broken) throw new Error('SSM is down');
    return new Map([...store.values].filter(([name]) => names.includes(name)));
  };
  return { store, settings: { getParameters, path: '/ecs-runners', clock: { now: () => store.now } } };
}

test('all at once, and again after a minute', async () => {
  const { store, settings } = aStore({ '/ecs-runners/pools': 'one', '/ecs-runners/github-app': 'app' });
  const read = readParameters({ ...settings, names: ['pools', 'github-app'] });
  expect(await read()).toEqual({ pools: 'one', 'github-app': 'app' });
  store.values.set('/ecs-runners/pools', 'two');
  store.now = MINUTE_MS - 1;
  expect(await read()).toMatchObject({ pools: 'one' });
  store.now = MINUTE_MS;
  expect(await read()).toMatchObject({ pools: 'two' });
  expect(store.calls).toEqual([
    ['/ecs-runners/pools', '/ecs-runners/github-app'],
    ['/ecs-runners/pools', '/ecs-runners/github-app'],
  ]);
});

test('at once by many is one call', async () => {
  const { store, settings } = aStore({ '/ecs-runners/pools': 'one' });
  const read = readParameters({ ...settings, names: ['pools'] });
  await Promise.all([read(), read(), read()]);
  expect(store.calls).toHaveLength(1);
});

test('at most ten names in a call', async () => {
  const names = Array.from({ length: 25 }, (_, index) => `name-${index}`);
  const { store, settings } = aStore(Object.fromEntries(names.map((name) => [`/ecs-runners/${name}`, name])));
  expect(Object.keys(await readParameters({ ...settings, names })())).toEqual(names);
  expect(store.calls.map((some) => some.length)).toEqual([10, 10, 5]);
});

test('what was read last is served for 15 minutes while SSM cannot be read, no longer', async () => {
  const { store, settings } = aStore({ '/ecs-runners/pools': 'one' });
  const read = readParameters({ ...settings, names: ['pools'] });
  await read();
  store.broken = true;
  store.now = 15 * MINUTE_MS - 1;
  expect(await read()).toEqual({ pools: 'one' });
  store.now = 15 * MINUTE_MS;
  await expect(read()).rejects.toThrow('SSM is down');
  store.broken = false;
  expect(await read()).toEqual({ pools: 'one' });
});

test('a failed read is never kept', async () => {
  const { store, settings } = aStore({ '/ecs-runners/pools': 'one' });
  const read = readParameters({ ...settings, names: ['pools'] });
  store.broken = true;
  await expect(read()).rejects.toThrow('SSM is down');
  store.broken = false;
  expect(await read()).toEqual({ pools: 'one' });
});

test('everything that is missing or empty is named, and how to make it', async () => {
  const { settings } = aStore({ '/ecs-runners/pools': 'one', '/ecs-runners/empty': '' });
  const read = readParameters({ ...settings, names: ['pools', 'empty', 'github-app'] });
  await expect(read()).rejects.toThrow(
    /missing or empty in SSM: \/ecs-runners\/empty, \/ecs-runners\/github-app\. .*put-parameter --type SecureString/,
  );
});
