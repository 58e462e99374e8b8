import { expect, test } from '@jest/globals';
import { MINT_VOID_AFTER_MS, MINTS_MAX } from '../../lib/core/limits.ts';
import { mayMint } from '../../lib/core/registration.ts';
import type { Seat } from '../../lib/core/runner.ts';
import { aSeat, NOW } from '../support/builders.ts';

const decisions: [string, Partial<Seat>, string][] = [
  ['a launching runner is registered', {}, 'mint'],
  ['a registered one whose answer was lost is registered again', { state: 'registered', mint: 1 }, 'mint'],
  ['the last mint is still one', { mint: MINTS_MAX - 1 }, 'mint'],
  ['all mints were lost', { mint: MINTS_MAX }, 'exhausted'],
  ['another mint is in flight', { mintingAt: NOW - MINT_VOID_AFTER_MS + 1 }, 'wait'],
  ['… and is void after the function’s time-out', { mintingAt: NOW - MINT_VOID_AFTER_MS }, 'mint'],
  ['the last one is in flight', { mint: MINTS_MAX, mintingAt: NOW }, 'wait'],
  ['one that was told to go is gone', { state: 'gone' }, 'gone'],
  ['one whose container has been heard since has it', { state: 'registered', mint: 1, heardAt: NOW }, 'gone'],
  ['one that has a job asks for no other', { state: 'busy' }, 'gone'],
];
test.each(decisions)('%s', (_, seat, decision) => {
  expect(mayMint(aSeat(seat), NOW).decision).toBe(decision);
});
