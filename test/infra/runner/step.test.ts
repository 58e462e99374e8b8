import { expect, test } from '@jest/globals';
import { IDLE_REPORT_MS, LEAVING_MS_MAX } from '../../../infra/runner/limits.ts';
import { nextStep, type Seen, type Step } from '../../../infra/runner/step.ts';

const NOW = 1_000_000;

function seen(overrides: Partial<Seen>): Seen {
  return {
    now: NOW,
    working: false,
    ran: false,
    toldToStop: false,
    toldToGo: false,
    leavingSince: undefined,
    idleReportedAt: NOW,
    asking: false,
    ...overrides,
  };
}

const idle = { idleReportedAt: NOW - IDLE_REPORT_MS };
const rows: [string, Partial<Seen>, Step][] = [
  ['a listener without a job is left alone', {}, 'nothing'],
  ['after a minute without a job the registrar hears it', idle, 'report idle'],
  ['a minute is not over', { idleReportedAt: NOW - IDLE_REPORT_MS + 1 }, 'nothing'],
  ['while the registrar has not answered, it is not asked again', { ...idle, asking: true }, 'nothing'],
  ['the first look that sees a job says so', { working: true }, 'job started'],
  ['a job that was seen is said once', { working: true, ran: true }, 'nothing'],
  ['a job that came with the minute is no idle runner', { ...idle, working: true }, 'job started'],
  ['a job that runs is not reported idle', { ...idle, working: true, ran: true }, 'nothing'],
  ['a runner that ran its job says nothing more', { ...idle, ran: true }, 'nothing'],
  ['told to stop without a job: the listener ends', { toldToStop: true }, 'end listener'],
  ['told to stop during a job: it goes on', { toldToStop: true, working: true, ran: true }, 'nothing'],
  ['told to stop in the moment a job starts: it goes on', { toldToStop: true, working: true }, 'job started'],
  ['told to stop after the job: the listener is ending already', { toldToStop: true, ran: true }, 'nothing'],
  ['told to go: the listener ends', { toldToGo: true }, 'end listener'],
  ['told to go, but a job runs: it goes on', { toldToGo: true, working: true }, 'job started'],
  [
    'told to stop while the registrar is asked: nobody waits for the answer',
    { ...idle, toldToStop: true, asking: true },
    'end listener',
  ],
  ['a listener that is ending gets time', { leavingSince: NOW - LEAVING_MS_MAX + 1, toldToStop: true }, 'nothing'],
  ['a listener that does not end is killed', { leavingSince: NOW - LEAVING_MS_MAX, toldToStop: true }, 'kill listener'],
  [
    'a listener that took a job while it was to end is not killed',
    { leavingSince: NOW - LEAVING_MS_MAX, working: true, ran: true },
    'nothing',
  ],
  ['and the job is reported', { leavingSince: NOW - LEAVING_MS_MAX, working: true }, 'job started'],
];

test.each(rows)('%s', (_, overrides, step) => {
  expect(nextStep(seen(overrides))).toBe(step);
});
