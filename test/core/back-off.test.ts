import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { backOffMs } from '../../lib/core/back-off.ts';

test.each([
  [0, 5],
  [1, 5],
  [2, 10],
  [3, 20],
  [7, 320],
  [8, 600],
  [21, 600],
  [1000, 600],
])('after %i failures in a row it is at most %i s, and at least three quarters of that', (failures, seconds) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100_000_000_000 }), (job) => {
      const waitMs = backOffMs(failures, job);
      expect(waitMs).toBeLessThanOrEqual(seconds * 1000);
      expect(waitMs).toBeGreaterThanOrEqual(seconds * 750);
    }),
  );
});

test('the same job waits the same time again, and a hundred jobs do not march in step', () => {
  expect(backOffMs(3, 4711)).toBe(backOffMs(3, 4711));
  expect(new Set(Array.from({ length: 100 }, (_, job) => backOffMs(3, job))).size).toBeGreaterThan(50);
});
