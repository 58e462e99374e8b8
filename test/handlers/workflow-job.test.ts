import { expect, test } from '@jest/globals';
import { projectWorkflowJob } from '../../lib/handlers/workflow-job.ts';
import { NOW } from '../support/builders.ts';

const CREATED = '2026-11-23T07:00:00Z';
const STARTED = '2026-11-23T07:30:00Z';

function project(job: Record<string, unknown> = {}, payload: Record<string, unknown> = {}) {
  const workflow_job = { id: 1, run_attempt: 2, name: 'build', labels: ['a'], created_at: CREATED, ...job };
  const repository = { name: 'app', owner: { login: 'octo-org', type: 'Organization' } };
  return projectWorkflowJob({ action: 'queued', workflow_job, repository, installation: { id: 7 }, ...payload }, NOW);
}

const plain = {
  job: 1,
  attempt: 2,
  state: 'queued',
  installation: 7,
  owner: 'octo-org',
  repository: 'app',
  ownerIsUser: false,
  labels: ['a'],
  name: 'build',
  createdAt: Date.parse(CREATED),
};
const user = { repository: { name: 'app', owner: { login: 'mona', type: 'User' } } };

test.each<[string, Record<string, unknown>, Record<string, unknown>, Record<string, unknown>]>([
  ['what decisions need', {}, {}, {}],
  ['a runner’s name that is null is none', { runner_name: null }, {}, {}],
  ['an empty one too', { runner_name: '', runner_id: 0 }, {}, {}],
  ['a runner’s name', { runner_name: 'x' }, {}, { runnerName: 'x' }],
  ['a user’s repository', {}, user, { owner: 'mona', ownerIsUser: true }],
  [
    'without created_at started_at counts',
    { created_at: null, started_at: STARTED },
    {},
    { createdAt: Date.parse(STARTED) },
  ],
  ['without both it is now', { created_at: undefined }, {}, { createdAt: NOW }],
  ['with a date that is none it is now', { created_at: 'yesterday' }, {}, { createdAt: NOW }],
  ['an id above 2^31', { id: 2 ** 40 }, {}, { job: 2 ** 40 }],
  ['fields that nobody knows', { steps: [{}], x: 1 }, { y: 2 }, {}],
  ['the action counts, not the status', { status: 'in_progress' }, {}, {}],
  ['a first attempt may be unnamed', { run_attempt: undefined }, {}, { attempt: 1 }],
  [
    'a conclusion counts when it is completed',
    { conclusion: 'success' },
    { action: 'completed' },
    { state: 'completed', conclusion: 'success' },
  ],
  ['not before', { conclusion: 'success' }, { action: 'in_progress' }, { state: 'in_progress' }],
])('%s', (_, job, payload, expected) => {
  expect(project(job, payload)).toEqual({ kind: 'event', event: { ...plain, ...expected } });
});

test.each<[string, Record<string, unknown>, string]>([
  ['an id that is no number', { id: '1' }, 'workflow_job.id'],
  ['an id too large to be exact', { id: 2 ** 60 }, 'workflow_job.id'],
  ['labels that are no list', { labels: 'a' }, 'workflow_job.labels'],
])('%s is invalid, and its place is named', (_, job, place) => {
  expect(project(job)).toEqual({ kind: 'invalid', reason: expect.stringContaining(place) });
});
