import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Ajv } from 'ajv';
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

/** AWS docs, "Specification: Embedded metric format", its JSON schema: what a line that makes metrics must be. */
const schema = {
  type: 'object',
  required: ['_aws'],
  properties: {
    _aws: {
      type: 'object',
      required: ['Timestamp', 'CloudWatchMetrics'],
      properties: {
        Timestamp: { type: 'integer' },
        CloudWatchMetrics: {
          type: 'array',
          minItems: 1,
          items: {
            type: 'object',
            required: ['Namespace', 'Dimensions', 'Metrics'],
            additionalProperties: false,
            properties: {
              Namespace: { type: 'string', minLength: 1, maxLength: 1024, pattern: '^[^:].*$' },
              Dimensions: {
                type: 'array',
                minItems: 1,
                items: {
                  type: 'array',
                  minItems: 1,
                  maxItems: 30,
                  items: { type: 'string', minLength: 1, maxLength: 250, pattern: '^[^:].*$' },
                },
              },
              Metrics: {
                type: 'array',
                minItems: 1,
                maxItems: 100,
                items: {
                  type: 'object',
                  required: ['Name', 'Unit'],
                  additionalProperties: false,
                  properties: {
                    Name: { type: 'string', minLength: 1, maxLength: 1024 },
                    Unit: { enum: ['Count', 'Seconds', 'Percent'] },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
};
const isEmbedded = new Ajv().compile(schema);

type Directive = { Namespace: string; Dimensions: string[][]; Metrics: { Name: string; Unit: string }[] };
type Embedded = Record<string, unknown> & { _aws: { Timestamp: number; CloudWatchMetrics: Directive[] } };

/** Members that a directive names and the root does not have as it should. */
function dangling(line: Embedded): string[] {
  const { CloudWatchMetrics } = line['_aws'];
  return CloudWatchMetrics.flatMap(({ Dimensions, Metrics }) => [
    ...Dimensions.flat().filter((name) => typeof line[name] !== 'string' || line[name] === ''),
    ...Metrics.map(({ Name }) => Name).filter((name) => typeof line[name] !== 'number'),
  ]);
}

function logged(line: { decision: string } & Record<string, unknown>): Embedded {
  createLog({ service: 'janitor', deployment: 'ecs-runners-production' })({ reason: 'because', ...line });
  return JSON.parse(lines.at(-1) ?? '') as Embedded;
}

describe('a decision that counts', () => {
  test('has its metrics in its own line', () => {
    const line = logged({ decision: 'pool counted', pool: 'large', waiting: 3, oldestSeconds: 90 });
    expect(line).toMatchObject({
      message: 'pool counted',
      service: 'janitor',
      pool: 'large',
      waiting: 3,
      Deployment: 'ecs-runners-production',
      Pool: 'large',
      JobsWaiting: 3,
      OldestWaitingJobAgeSeconds: 90,
    });
    expect(line['_aws'].CloudWatchMetrics).toEqual([
      {
        Namespace: 'EcsRunners',
        Dimensions: [['Deployment', 'Pool']],
        Metrics: [{ Name: 'JobsWaiting', Unit: 'Count' }],
      },
      {
        Namespace: 'EcsRunners',
        Dimensions: [['Deployment'], ['Deployment', 'Pool']],
        Metrics: [{ Name: 'OldestWaitingJobAgeSeconds', Unit: 'Seconds' }],
      },
    ]);
    expect(Math.abs(line['_aws'].Timestamp - Date.now())).toBeLessThan(60_000);
  });

  test.each([
    { decision: 'pool counted', pool: 'large', waiting: 0, oldestSeconds: 0 },
    { decision: 'runners counted', state: 'busy', runners: 2 },
    { decision: 'janitor ran', tasksPending: 1, tasksRunning: 2, poolsSuspect: 0, rateLimitRemainingPercent: 99 },
    { decision: 'job in_progress', pool: 'large', runner: 'r-large-0-1-1', waitSeconds: 31 },
    { decision: 'runner ended', pool: 'large', failure: 'no capacity' },
    { decision: 'ghost removed' },
    { decision: 'spot warning', instance: 'i-1' },
  ])('keeps to the embedded metric format: $decision', (line) => {
    const written = logged(line);
    expect(isEmbedded(written) ? [] : isEmbedded.errors).toEqual([]);
    expect(dangling(written)).toEqual([]);
  });

  test('what is not of the format is seen', () => {
    const written = logged({ decision: 'runners counted', state: 'busy', runners: 2 });
    const { Runners: _, ...without } = written;
    expect(dangling(without as Embedded)).toEqual(['Runners']);
    expect(isEmbedded({ ...written, _aws: { ...written['_aws'], Timestamp: 'now' } })).toBe(false);
  });
});

test('a decision that counts nothing has nothing of it', () => {
  expect(logged({ decision: 'job waits', pool: 'large' })).not.toHaveProperty('_aws');
});

test('on the functions’ output, a line is JSON and nothing else: CloudWatch takes no other', () => {
  const code = `import { createLog } from './lib/live/log.ts';
    const log = createLog({ service: 'janitor', deployment: 'd' });
    log({ decision: 'ghost removed', reason: 'a ghost' });
    log({ decision: 'job waits', reason: 'full' });`;
  const { POWERTOOLS_DEV: _, ...env } = process.env;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    env,
  });
  expect(stderr).toBe('');
  const written = stdout.trimEnd().split('\n');
  expect(written).toHaveLength(2);
  const [counted = '', plain = ''] = written;
  expect(isEmbedded(JSON.parse(counted))).toBe(true);
  expect(JSON.parse(plain)).toMatchObject({ decision: 'job waits' });
});
