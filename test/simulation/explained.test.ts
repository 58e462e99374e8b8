/** Whatever was done to a task is explained by a line about it, or it is a breach. */
import { expect, test } from '@jest/globals';
import { createExplained } from '../../lib/sim/judge/explained.ts';

function aMinuteLater() {
  let now = 0;
  const explained = createExplained(() => now);
  return { explained, minuteLater: () => (now += 60_001) };
}

test('a task that is started and stopped: each has its own line', () => {
  const { explained, minuteLater } = aMinuteLater();
  for (const change of ['created', 'ran', 'stop requested', 'container ended', 'stopped'] as const) {
    explained.onTask('one', change);
  }
  expect(explained.unexplained()).toEqual([]);
  minuteLater();
  expect(explained.unexplained()).toEqual([
    'the task of one was started, and no line says why',
    'the task of one was told to stop, and no line says why',
  ]);
  explained.onLine('one', 'start');
  expect(explained.unexplained()).toEqual(['the task of one was told to stop, and no line says why']);
  explained.onLine('one', 'stop');
  expect(explained.unexplained()).toEqual([]);
});

test("another runner's line explains nothing, and what was only tried need not have been done", () => {
  const { explained, minuteLater } = aMinuteLater();
  explained.onTask('one', 'created');
  minuteLater();
  explained.onLine('other', 'start');
  expect(explained.unexplained()).toHaveLength(1);
});
