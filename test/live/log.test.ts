import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { createLog } from '../../lib/live/log.ts';

const lines: string[] = [];
beforeEach(() => {
  lines.length = 0;
  process.env['POWERTOOLS_DEV'] = 'true';
  jest.spyOn(console, 'info').mockImplementation((line) => {
    lines.push(String(line));
  });
});
afterEach(() => {
  jest.restoreAllMocks();
  delete process.env['POWERTOOLS_DEV'];
});

test('a decision is one line of JSON, with its reason and the function', () => {
  createLog({ service: 'scaler' })({ decision: 'launch', reason: 'a job waits', pool: 'default', jobs: [1, 2] });
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'INFO',
    service: 'scaler',
    message: 'launch',
    decision: 'launch',
    reason: 'a job waits',
    pool: 'default',
    jobs: [1, 2],
  });
});
