/** Over the simulated GitHub, in virtual time: when it is asked, what is said, and that trouble stays where it is. */
import { expect, test } from '@jest/globals';
import { listenAs } from '../support/versions.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test('GitHub is asked about a version once a day, however many runners have it', async () => {
  const office = listenAs('2.337.0', {});
  await office.register('sim-default-0-1-1-1');
  await office.register('sim-large-0-2-1-1');
  await office.checkEach(10 * MINUTE, 2 * DAY);
  expect(office.asked()).toBe(2);
  expect(office.lines).toEqual(
    Array(2).fill({
      decision: 'runner version is fine',
      reason: 'GitHub has set no end for 2.337.0',
      owner: 'octo-org',
      runnerVersion: '2.337.0',
      pools: ['default', 'large'],
    }),
  );
  expect(await office.check()).toBeUndefined();
});

test('a version that ends: fine, a warning each day of its last two weeks, then refused', async () => {
  const office = listenAs('2.330.0', {
    jobsUntil: (start) => start + 16 * DAY,
    registrationUntil: (start) => start + 90 * DAY,
  });
  await office.register('sim-default-0-1-1-1');
  const days = await office.checkEach(DAY, 18 * DAY);
  expect(days).toEqual([16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0]);
  expect(office.lines.map(({ decision }) => decision)).toEqual([
    ...Array(3).fill('runner version is fine'),
    ...Array(13).fill('runner version ends'),
    ...Array(2).fill('runner version refused'),
  ]);
});

test('between the questions the days are counted on', async () => {
  const office = listenAs('2.330.0', { jobsUntil: (start) => start + 5 * DAY });
  await office.register('sim-default-0-1-1-1');
  await office.check();
  await office.pass(DAY - MINUTE);
  expect(await office.check()).toBe(4);
  expect(office.asked()).toBe(1);
});

test('what is known is written down when it changes, and once an hour', async () => {
  const office = listenAs('2.337.0', {});
  await office.register('sim-default-0-1-1-1');
  await office.check();
  const first = office.written();
  await office.checkEach(MINUTE, HOUR);
  expect(office.written()).toEqual(first);
  await office.check();
  expect(office.written()).not.toEqual(first);
});

test('when the image has a new runner, the old version is forgotten within a day, and not before', async () => {
  const office = listenAs('2.330.0', { jobsUntil: (start) => start + 5 * DAY });
  const old = await office.register('sim-default-0-1-1-1');
  expect(await office.check()).toBe(5);
  await office.remove(old);
  office.use('2.337.0', {});
  await office.register('sim-default-0-2-1-1');
  expect(new Set(await office.checkEach(HOUR, DAY))).toEqual(new Set([5, 4]));
  expect(new Set(await office.checkEach(HOUR, DAY))).toEqual(new Set([undefined]));
  expect(office.runnerVersions()).toEqual([['2.337.0']]);
});

test('without runners nothing is remembered after a day, and GitHub is not asked', async () => {
  const office = listenAs('2.330.0', { jobsUntil: (start) => start + 5 * DAY });
  const runner = await office.register('sim-default-0-1-1-1');
  await office.check();
  await office.remove(runner);
  await office.checkEach(HOUR, 2 * DAY);
  expect({ asked: office.asked(), records: office.runnerVersions() }).toEqual({ asked: 1, records: [] });
});

test('a version that GitHub does not know is asked about once a day as well', async () => {
  const office = listenAs('9.9.9');
  await office.register('sim-default-0-1-1-1');
  expect(new Set(await office.checkEach(HOUR, 2 * DAY))).toEqual(new Set([undefined]));
  expect(office.asked()).toBe(2);
  expect(office.lines[0]).toMatchObject({ reason: 'GitHub does not know the version 9.9.9' });
});

test('runners that have not connected, and those of others, are no question', async () => {
  const office = listenAs('2.337.0', {});
  await office.register('sim-default-0-1-1-1', { connected: false });
  await office.register('other-default-0-1-1-1');
  await office.register('desk');
  await office.check();
  expect({ asked: office.asked(), lines: office.lines }).toEqual({ asked: 0, lines: [] });
});

test('while GitHub fails, it is asked once an hour, and what was known still counts', async () => {
  const office = listenAs('2.330.0', { jobsUntil: (start) => start + 5 * DAY });
  await office.register('sim-default-0-1-1-1');
  await office.check();
  await office.checkEach(HOUR, DAY);
  office.failing = true;
  expect(new Set(await office.checkEach(10 * MINUTE, 3 * HOUR))).toEqual(new Set([4, 3]));
  expect(office.asked()).toBe(1 + 3);
  expect(office.lines.slice(1)).toEqual(
    Array(3).fill(
      expect.objectContaining({ decision: 'runner version not checked', reason: expect.stringContaining('502') }),
    ),
  );
  office.failing = false;
  expect(await office.check()).toBe(3);
  expect(office.lines.at(-1)).toMatchObject({ decision: 'runner version ends', daysLeft: 3 });
});

test('a list that was not read says nothing', async () => {
  const office = listenAs('2.330.0', { jobsUntil: (start) => start + 5 * DAY });
  await office.register('sim-default-0-1-1-1');
  await office.check();
  office.unreadable = true;
  expect(await office.check()).toBe(5);
  expect(office.runnerVersions()).toEqual([['2.330.0']]);
});

test('each owner is asked for itself, and five versions at a time', async () => {
  const office = listenAs('2.330.0', { jobsUntil: (start) => start + 9 * DAY });
  await office.register('sim-default-0-1-1-1', { owner: 'octo-org' });
  await office.register('sim-default-0-2-1-1', { owner: 'mona-org' });
  for (let minor = 1; minor <= 6; minor += 1) {
    office.use(`2.${minor}.0`, {});
    await office.register(`sim-default-${minor}-3-1-1`, { owner: 'mona-org' });
  }
  await office.check();
  expect(office.asked()).toBe(1 + 5);
  expect(await office.check()).toBe(9);
  expect(office.asked()).toBe(1 + 7);
  await office.check();
  expect(office.asked()).toBe(1 + 7);
});

test('a table that cannot be reached is a line, and no more', async () => {
  const office = listenAs('2.330.0', {});
  await office.register('sim-default-0-1-1-1');
  office.broken = true;
  expect(await office.check()).toBeUndefined();
  expect(office.lines).toEqual([
    { decision: 'left for the next run', reason: 'Error: no table', about: 'runner versions' },
  ]);
});
