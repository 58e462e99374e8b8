/** Whose task ended because its instance went, by what ECS says of it. */
import { expect, test } from '@jest/globals';
import { isLost } from '../../lib/core/interruption.ts';

const GONE = 'Host EC2 (instance i-0123456789abcdef0) terminated.';

test.each([
  ['its Spot instance was taken back', { stopCode: 'SpotInterruption' }, true],
  ['its instance was terminated', { stopCode: 'TerminationNotice' }, true],
  ['its host failed', { stopCode: 'InfrastructureHealth' }, true],
  ['its instance is gone, whatever the code', { stopCode: 'EssentialContainerExited', stoppedReason: GONE }, true],
  ['it ended by itself just before', { stopCode: 'SpotInterruption', stoppedReason: GONE, exitCode: 0 }, false],
  ['it failed by itself just before', { stopCode: 'TerminationNotice', stoppedReason: GONE, exitCode: 1 }, false],
  ['somebody stopped it', { stopCode: 'UserInitiated', stoppedReason: 'by hand' }, false],
  ['nothing is said', {}, false],
])('%s', (_, task, expected) => {
  expect(isLost({ exitCode: undefined, ...task })).toBe(expected);
});
