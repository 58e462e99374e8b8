import { describe, expect, test } from '@jest/globals';
import { isElsewhere, placeNow, scopesAt } from '../../lib/core/place.ts';
import { aJobEvent, aJobRecord } from '../support/builders.ts';

describe('where an owner is now', () => {
  const known = [
    { id: 1, owner: 'octo-org' },
    { id: 2, owner: 'other-org' },
  ];
  test.each([
    ['where it was', { installation: 1, owner: 'octo-org' }, undefined],
    ['where it was, whatever the case of its name', { installation: 1, owner: 'Octo-Org' }, undefined],
    ['under another name', { installation: 1, owner: 'former' }, { installation: 1, owner: 'octo-org' }],
    ['in another installation', { installation: 9, owner: 'OTHER-ORG' }, { installation: 2, owner: 'other-org' }],
    ['nobody knows: it may be suspended', { installation: 9, owner: 'gone' }, undefined],
  ])('%s', (_, place, now) => {
    expect(placeNow(place, known)).toEqual(now);
  });
});

test('scopes go with their owner, each once, and those of others stay', () => {
  const scopes = [
    { owner: 'former', mintedAt: 1 },
    { owner: 'former', repository: 'app', mintedAt: 2 },
    { owner: 'octo-org', repository: 'App', mintedAt: 3 },
    { owner: 'other', mintedAt: 4 },
  ];
  expect(scopesAt({ installation: 1, owner: 'former' }, { installation: 1, owner: 'octo-org' }, scopes)).toEqual([
    { owner: 'octo-org', mintedAt: 1 },
    { owner: 'octo-org', repository: 'App', mintedAt: 3 },
    { owner: 'other', mintedAt: 4 },
  ]);
});

describe('an event says that its job is elsewhere', () => {
  const record = aJobRecord({ state: 'queued', owner: 'octo-org', repository: 'app', installation: 1, attempt: 1 });
  const event = { state: 'queued', owner: 'octo-org', repository: 'app', installation: 1, attempt: 1 } as const;
  test.each([
    ['it does not', {}, false],
    ['it does not by other letters', { owner: 'Octo-Org', repository: 'APP' }, false],
    ['of another owner', { owner: 'other' }, true],
    ['under another name', { repository: 'app-2' }, true],
    ['of another installation', { installation: 2 }, true],
    ['of another attempt, which is recorded anew', { installation: 2, attempt: 2 }, false],
    ['of another state, which counts by itself', { installation: 2, state: 'in_progress' as const }, false],
  ])('%s', (_, change, elsewhere) => {
    expect(isElsewhere(record, aJobEvent({ ...event, ...change }))).toBe(elsewhere);
  });
});
