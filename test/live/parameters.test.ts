import { expect, test } from '@jest/globals';
import { readParameters } from '../../lib/live/parameters.ts';
import type { LogLine } from '../../lib/world.ts';

const MINUTE_MS = 60_000;

/** The store can be changed and broken, the clock set. */
function aStore(values: Record<string, string>) {
  const store = {
    values: new Map(Object.entries(values)),
    broken: false,
    calls: [] as string[][],
    lines: [] as LogLine[],
    now: 0,
  };
  const getParameters = async (names: readonly string[]) => {
    store.calls.push([...names]);
    if (store.broken) throw new Error('SSM is down');
    return new Map([...store.values].filter(([name]) => names.includes(name)));
  };
  const log = (line: LogLine) => store.lines.push(line);
  return { store, settings: { getParameters, path: '/ecs-runners', clock: { now: () => store.now }, log } };
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

test('while SSM fails, older values are served, and it is asked again once a minute', async () => {
  const { store, settings } = aStore({ '/ecs-runners/pools': 'one' });
  const read = readParameters({ ...settings, names: ['pools'] });
  await read();
  store.broken = true;
  for (store.now = 0; store.now < 5 * MINUTE_MS; store.now += 1000) expect(await read()).toEqual({ pools: 'one' });
  expect(store.calls).toHaveLength(5);
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

/** The index is a list of names, each below it. */
const further = ({ pools }: { pools: string }) => pools.split(' ').map((name) => `pools/${name}`);

test('names that follow from a value are read after it, at most ten in a call', async () => {
  const names = Array.from({ length: 23 }, (_, index) => `p${index}`);
  const { store, settings } = aStore({
    '/ecs-runners/pools': names.join(' '),
    ...Object.fromEntries(names.map((name) => [`/ecs-runners/pools/${name}`, name])),
  });
  const values = await readParameters({ ...settings, names: ['pools'], further })();
  expect(values).toEqual({
    pools: names.join(' '),
    ...Object.fromEntries(names.map((name) => [`pools/${name}`, name])),
  });
  expect(store.calls.map((some) => some.length)).toEqual([1, 10, 10, 3]);
  expect(store.calls[1]?.[0]).toBe('/ecs-runners/pools/p0');
});

test('however often they are asked for: one refresh a minute', async () => {
  const { store, settings } = aStore({ '/ecs-runners/pools': 'a', '/ecs-runners/pools/a': 'A' });
  const read = readParameters({ ...settings, names: ['pools'], further });
  for (store.now = 0; store.now < 10 * MINUTE_MS; store.now += 1000) await read();
  expect(store.calls).toHaveLength(2 * 10);
});

test('a name that is listed and was deleted keeps what was read of it last; one that was never read is left out', async () => {
  const { store, settings } = aStore({ '/ecs-runners/pools': 'a b', '/ecs-runners/pools/a': 'A' });
  const read = readParameters({ ...settings, names: ['pools'], further });
  expect(await read()).toEqual({ pools: 'a b', 'pools/a': 'A' });
  store.values.delete('/ecs-runners/pools/a');
  store.values.set('/ecs-runners/pools/b', 'B');
  store.now = MINUTE_MS;
  expect(await read()).toEqual({ pools: 'a b', 'pools/a': 'A', 'pools/b': 'B' });
  store.values.set('/ecs-runners/pools', 'b');
  store.now = 2 * MINUTE_MS;
  expect(await read()).toEqual({ pools: 'b', 'pools/b': 'B' });
  expect(store.lines).toEqual([
    expect.objectContaining({ parameter: '/ecs-runners/pools/b', reason: expect.stringContaining('it is left out') }),
    expect.objectContaining({ parameter: '/ecs-runners/pools/a', reason: expect.stringContaining('is used') }),
  ]);
});

test('of all that is listed nothing is there: an error; with older values those go on, for 15 minutes', async () => {
  const { store, settings } = aStore({ '/ecs-runners/pools': 'a b' });
  const read = readParameters({ ...settings, names: ['pools'], further });
  await expect(read()).rejects.toThrow('none of the parameters /ecs-runners/pools/a, /ecs-runners/pools/b is in SSM');
  store.values.set('/ecs-runners/pools/a', 'A');
  expect(await read()).toMatchObject({ 'pools/a': 'A' });
  store.values.set('/ecs-runners/pools', 'c');
  store.now = 15 * MINUTE_MS - 1;
  expect(await read()).toEqual({ pools: 'a b', 'pools/a': 'A' });
  store.now = 15 * MINUTE_MS;
  await expect(read()).rejects.toThrow('none of the parameters /ecs-runners/pools/c');
});

test('an index that cannot be understood is a failed read', async () => {
  const { store, settings } = aStore({ '/ecs-runners/pools': 'a', '/ecs-runners/pools/a': 'A' });
  const strict = (values: { pools: string }) => {
    if (values.pools === 'broken') throw new Error('the index is broken');
    return further(values);
  };
  const read = readParameters({ ...settings, names: ['pools'], further: strict });
  await read();
  store.values.set('/ecs-runners/pools', 'broken');
  store.now = MINUTE_MS;
  expect(await read()).toMatchObject({ 'pools/a': 'A' });
});
