/** Jobs that have simply waited or run for long: whether they are asked for, and in which turn. */
import { describe, expect, test } from '@jest/globals';
import { oldInTurn } from '../../lib/core/cleanup.ts';
import type { BacklogRecord } from '../../lib/core/job.ts';
import { OLD_JOBS_ASKED_MAX, RUNNING_SUSPICIOUS_MS, WAITING_SUSPICIOUS_MS } from '../../lib/core/limits.ts';
import type { Seat } from '../../lib/core/runner.ts';
import { aBacklogRecord, aSeat, NOW } from '../support/builders.ts';

const MINUTE = 60_000;

describe('one job', () => {
  const rows: {
    name: string;
    item?: Partial<BacklogRecord>;
    seat?: Seat;
    notBusy?: string[];
    afterMs: number;
    asked: boolean;
  }[] = [
    { name: 'has waited for almost half an hour', afterMs: WAITING_SUSPICIOUS_MS - 1, asked: false },
    { name: 'has waited for half an hour', afterMs: WAITING_SUSPICIOUS_MS, asked: true },
    {
      name: 'has waited for long, and a runner comes for it',
      seat: aSeat(),
      afterMs: WAITING_SUSPICIOUS_MS,
      asked: false,
    },
    {
      name: 'has run for almost an hour',
      item: { state: 'in_progress' },
      seat: aSeat({ state: 'busy', registeredAt: NOW }),
      afterMs: RUNNING_SUSPICIOUS_MS - 1,
      asked: false,
    },
    {
      name: 'has run for an hour',
      item: { state: 'in_progress' },
      seat: aSeat({ state: 'busy', registeredAt: NOW }),
      afterMs: RUNNING_SUSPICIOUS_MS,
      asked: true,
    },
    {
      name: 'has run for an hour, and GitHub lists its runner as busy, or nothing',
      item: { state: 'in_progress' },
      seat: aSeat({ state: 'busy', busyWith: 1, registeredAt: NOW }),
      notBusy: [],
      afterMs: RUNNING_SUSPICIOUS_MS,
      asked: false,
    },
    {
      name: 'has run for an hour, and GitHub lists its runner as idle',
      item: { state: 'in_progress' },
      seat: aSeat({ state: 'busy', busyWith: 1, registeredAt: NOW }),
      notBusy: ['sim-default-2-2-1', aSeat().name],
      afterMs: RUNNING_SUSPICIOUS_MS,
      asked: true,
    },
    {
      name: 'runs on a runner that is not ours, which is another question',
      item: { state: 'in_progress' },
      afterMs: RUNNING_SUSPICIOUS_MS,
      asked: false,
    },
  ];
  test.each(rows)('that $name: $asked', ({ item = {}, seat, notBusy = [aSeat().name], afterMs, asked }) => {
    const seats = new Map(seat === undefined ? [] : [[1, seat] as const]);
    expect(oldInTurn([aBacklogRecord(item)], seats, new Set(notBusy), NOW + afterMs)).toHaveLength(asked ? 1 : 0);
  });
});

test.each([1, 40, 300, 1000])('%i jobs: a few in a run, and each of them in its turn', (count) => {
  const backlog = Array.from({ length: count }, (_, job) => aBacklogRecord({ job: job + 1 }));
  const asked = new Map<number, number>();
  const perRun: number[] = [];
  for (let minute = 0; minute < 300; minute++) {
    const now = NOW + WAITING_SUSPICIOUS_MS + minute * MINUTE;
    const turn = oldInTurn(backlog, new Map(), new Set(), now);
    perRun.push(turn.length);
    for (const { job } of turn) asked.set(job, (asked.get(job) ?? 0) + 1);
  }
  expect(Math.max(...perRun)).toBe(Math.min(OLD_JOBS_ASKED_MAX, Math.ceil(count / 30)));
  expect(asked.size).toBe(count);
});
