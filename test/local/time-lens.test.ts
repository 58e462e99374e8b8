import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { lensArguments, lensEnvironment, type SharedTime } from '../../lib/local/shared-time.ts';
import { scaledClock } from '../../lib/sim/clock.ts';

const HOUR_MS = 3_600_000;
const PROGRAM = `
  const made = new Date();
  const later = await new Promise((resolve) => setTimeout(() => resolve(Date.now()), 20));
  console.log(JSON.stringify({
    now: Date.now(), made: made.getTime(), later, text: Date.parse(Date()), given: new Date(7).getTime(),
    utc: Date.UTC(1970, 0, 2), parsed: Date.parse('1970-01-02T00:00:00Z'),
    isDate: made instanceof Date, sameConstructor: made.constructor === Date,
    subclass: new (class Mine extends Date {})() instanceof Date,
    real: performance.timeOrigin + performance.now(),
  }));`;

async function seenBy(time: SharedTime): Promise<Record<string, number | boolean>> {
  const args = [...lensArguments(time), '--input-type=module', '--eval', PROGRAM];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: lensEnvironment(time) });
  return JSON.parse(stdout) as Record<string, number | boolean>;
}

test('a process under the lens has the shared time as its date, and real timers', async () => {
  const time = { originMs: Date.now() - HOUR_MS, speed: 50 };
  const clock = scaledClock({ origin: time.originMs, speed: time.speed });
  const before = Math.floor(clock.now());
  const seen = await seenBy(time);
  const after = clock.now();
  for (const name of ['now', 'made', 'later'] as const) {
    expect(seen[name]).toBeGreaterThanOrEqual(before);
    expect(seen[name]).toBeLessThanOrEqual(after);
  }
  expect(seen['text']).toBeGreaterThanOrEqual(before - 1000);
  expect(Number(seen['later']) - Number(seen['made'])).toBeGreaterThanOrEqual(19 * 50);
  expect(seen['real']).toBeLessThanOrEqual(Date.now() + 1);
  expect(seen).toMatchObject({ given: 7, utc: 86_400_000, parsed: 86_400_000 });
  expect(seen).toMatchObject({ isDate: true, sameConstructor: true, subclass: true });
});

test('at speed 1 nothing is changed', async () => {
  const time = { originMs: 0, speed: 1 };
  expect(lensArguments(time)).toEqual([]);
  const before = Date.now();
  const { now } = await seenBy(time);
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now());
});
