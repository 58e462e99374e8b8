/** Which runner does not come any more for the job that waits for it. */
import { expect, test } from '@jest/globals';
import { AWAIT_WORD_MS, IDLE_UNHEARD_MS } from '../../lib/core/limits.ts';
import { isForsaken } from '../../lib/core/pairing.ts';
import type { Seat } from '../../lib/core/runner.ts';
import { aBacklogRecord, aSeat, NOW } from '../support/builders.ts';

const job = aBacklogRecord({ labels: ['self-hosted', 'ecs'] });
const registered = { state: 'registered' as const, registeredAt: NOW - 10 * IDLE_UNHEARD_MS };

const rows: { sentence: string; seat: Partial<Seat>; forsaken: boolean }[] = [
  { sentence: 'one that boots comes, for as long as that may take', seat: { launchedAt: 0 }, forsaken: false },
  {
    sentence: 'one that has just begun to work may work for this very job',
    seat: { ...registered, startedAt: NOW - AWAIT_WORD_MS + 1 },
    forsaken: false,
  },
  {
    sentence: 'one that has worked for a while works for somebody else',
    seat: { ...registered, startedAt: NOW - AWAIT_WORD_MS },
    forsaken: true,
  },
  {
    sentence: 'one of which GitHub has said that it runs this job does not leave it',
    seat: { ...registered, state: 'busy', startedAt: NOW - AWAIT_WORD_MS, busyWith: 1 },
    forsaken: false,
  },
  {
    sentence: 'one that says that it is idle comes',
    seat: { ...registered, heardAt: NOW - IDLE_UNHEARD_MS + 1 },
    forsaken: false,
  },
  {
    sentence: 'one that says nothing does not',
    seat: { ...registered, heardAt: NOW - IDLE_UNHEARD_MS },
    forsaken: true,
  },
  {
    sentence: 'one that GitHub does not list does not',
    seat: { ...registered, heardAt: NOW, doubt: { what: 'unlisted', since: NOW } },
    forsaken: true,
  },
  {
    sentence: 'one whose labels do not cover the job could not take it',
    seat: { ...registered, heardAt: NOW, labels: ['ecs'] },
    forsaken: true,
  },
  {
    sentence: 'nor could one of another repository',
    seat: { ...registered, heardAt: NOW, repository: 'web' },
    forsaken: true,
  },
  { sentence: 'one that still boots is left to the registrar', seat: { repository: 'web' }, forsaken: false },
  {
    sentence: 'one that is given up with its instance keeps it until it ends',
    seat: { state: 'gone' },
    forsaken: false,
  },
];

test.each(rows)('$sentence', ({ seat, forsaken }) => {
  expect(isForsaken(job, aSeat({ job: 1, ...seat }), NOW)).toBe(forsaken);
});

test('a job without a runner is not forsaken by one: it is owed a launch already', () => {
  expect(isForsaken(job, undefined, NOW)).toBe(false);
});
