import { expect, test } from '@jest/globals';
import { progress } from '../../lib/cli/start/report.ts';

test.each([
  ['no terminal', { isTTY: false, columns: 0 }],
  // `script` makes such a terminal; a spinner on it clears lines without end.
  ['a terminal that does not know its width', { isTTY: true, columns: 0 }],
])('%s gets a line for each change', (_, terminal) => {
  const written: string[] = [];
  const stream = { ...terminal, write: (text: string) => written.push(text) };
  const shown = progress(stream as unknown as NodeJS.WriteStream);
  shown.show({ queued: 2, in_progress: 0, completed: 0 });
  shown.show({ queued: 2, in_progress: 0, completed: 0 });
  shown.end({ queued: 0, in_progress: 1, completed: 1 });
  expect(written).toEqual(['jobs: 2 queued, 0 running, 0 completed\n', 'jobs: 0 queued, 1 running, 1 completed\n']);
});
