/** `Date` stands still at an instant, and is moved with `jest.setSystemTime`; timers and sockets stay real. */
import { jest } from '@jest/globals';

export function useFakeDate(now: number): void {
  jest.useFakeTimers({
    now,
    doNotFake: [
      'hrtime',
      'nextTick',
      'performance',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
      'setInterval',
      'clearInterval',
      'setTimeout',
      'clearTimeout',
    ],
  });
}
