import { afterEach, expect, test } from '@jest/globals';
import { aFunction, closeFunctions } from './functions.ts';

afterEach(closeFunctions);

const PROCESS_ID = 'export const handler = async () => process.pid;';
const NEVER_ENDS = 'export const handler = () => new Promise((resolve) => { setInterval(() => {}, 1000); });';

const failures: {
  name: string;
  source: string;
  timeoutSeconds?: number;
  error: { errorType: string; errorMessage: unknown };
}[] = [
  {
    name: 'a handler that throws',
    source: 'export const handler = async () => { throw new TypeError("no such pool"); };',
    error: { errorType: 'TypeError', errorMessage: 'no such pool' },
  },
  {
    name: 'a handler that throws synchronously',
    source: 'export const handler = () => { throw new RangeError("too many"); };',
    error: { errorType: 'RangeError', errorMessage: 'too many' },
  },
  {
    name: 'a rejection that nobody handles',
    source: `export const handler = () => new Promise(() => { Promise.reject(new Error('lost')); });`,
    error: { errorType: 'Runtime.UnhandledPromiseRejection', errorMessage: 'lost' },
  },
  {
    name: 'an exception in a timer',
    source: `export const handler = () => new Promise(() => { setTimeout(() => { throw new Error('late'); }, 1); });`,
    error: { errorType: 'Runtime.UncaughtException', errorMessage: 'late' },
  },
  {
    name: 'a module that throws while it is loaded',
    source: 'throw new Error("no PARAMETERS_PATH");',
    error: { errorType: 'Error', errorMessage: 'no PARAMETERS_PATH' },
  },
  {
    name: 'a module without a handler',
    source: 'export const other = 1;',
    error: { errorType: 'Runtime.HandlerNotFound', errorMessage: 'index.handler is undefined or not exported' },
  },
  {
    name: 'a process that ends by itself',
    source: 'export const handler = async () => process.exit(3);',
    error: { errorType: 'Runtime.ExitError', errorMessage: expect.stringContaining('exit status 3') },
  },
  {
    name: 'a handler that takes too long',
    source: NEVER_ENDS,
    timeoutSeconds: 0.2,
    error: { errorType: 'Sandbox.Timedout', errorMessage: expect.stringContaining('timed out after 0.20 seconds') },
  },
];

test.each(failures)('$name fails its invocation, and the next one in the same way', async (row) => {
  const { source, error, timeoutSeconds = 30 } = row;
  const lambda = await aFunction(source, { timeoutSeconds });
  expect(await lambda.invoke({})).toEqual({ ok: false, error: expect.objectContaining(error) });
  expect(await lambda.invoke({})).toEqual({ ok: false, error: expect.objectContaining(error) });
});

test('the handler gets the event and a context', async () => {
  const source = `export const handler = async (event, context) => ({ event, id: context.awsRequestId,
    arn: context.invokedFunctionArn, name: context.functionName, left: context.getRemainingTimeInMillis() });`;
  const result = await (await aFunction(source, { name: 'scaler', timeoutSeconds: 30 })).invoke({ text: 'Jürgen 🚀' });
  expect(result).toEqual({
    ok: true,
    payload: {
      event: { text: 'Jürgen 🚀' },
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      arn: 'arn:aws:lambda:us-east-1:000000000000:function:scaler',
      name: 'scaler',
      left: expect.any(Number),
    },
  });
  const { left } = (result as { payload: { left: number } }).payload;
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThanOrEqual(30_000);
});

test('it sees its own variables and those of Lambda, nothing else of this process', async () => {
  process.env['HOST_SECRET'] = 'not for functions';
  const source = 'export const handler = async () => process.env;';
  const lambda = await aFunction(source, { environment: { QUEUE_URL: 'q', AWS_REGION: 'elsewhere' } });
  const { payload } = (await lambda.invoke({})) as { payload: Record<string, string> };
  expect(payload).toMatchObject({ QUEUE_URL: 'q', AWS_REGION: 'us-east-1', AWS_LAMBDA_FUNCTION_NAME: 'stand-in' });
  expect(payload).not.toHaveProperty('HOST_SECRET');
  expect(payload).not.toHaveProperty('HOME');
});

test('an undefined answer is null', async () => {
  expect(await (await aFunction('export const handler = async () => {};')).invoke({})).toEqual({
    ok: true,
    payload: null,
  });
});

test('an environment stays warm', async () => {
  const lambda = await aFunction(PROCESS_ID);
  expect(await lambda.invoke({})).toEqual(await lambda.invoke({}));
});

test('a failed invocation leaves its environment warm', async () => {
  const lambda = await aFunction(`let calls = 0;
    export const handler = async () => { if (calls++ === 0) throw new Error('first'); return calls; };`);
  await lambda.invoke({});
  expect(await lambda.invoke({})).toEqual({ ok: true, payload: 2 });
});

test('two invocations at once have two environments, a third is throttled or waits', async () => {
  const lambda = await aFunction(PROCESS_ID, { concurrency: 2 });
  const [first, second, third, fourth] = await Promise.all([
    lambda.invoke({}),
    lambda.invoke({}),
    lambda.invoke({}),
    lambda.invokeWaiting({}),
  ]);
  expect(first).not.toEqual(second);
  expect(third).toMatchObject({ ok: false, throttled: true });
  expect([first, second]).toContainEqual(fourth);
});

test('kill ends a running invocation at once, and the next one starts a fresh environment', async () => {
  const lambda = await aFunction(
    `export const handler = async (event) => event.hang ? new Promise(() => {}) : process.pid;`,
  );
  const before = await lambda.invoke({});
  const hanging = lambda.invoke({ hang: true });
  await lambda.kill();
  expect(await hanging).toMatchObject({
    ok: false,
    error: { errorType: 'Runtime.ExitError', errorMessage: expect.stringContaining('signal: killed') },
  });
  const after = await lambda.invoke({});
  expect(after).toMatchObject({ ok: true });
  expect(after).not.toEqual(before);
});

test('close leaves no process behind and refuses what comes later', async () => {
  const lambda = await aFunction(PROCESS_ID);
  const { payload } = (await lambda.invoke({})) as { payload: number };
  const waiting = [lambda.invoke({}), lambda.invokeWaiting({})];
  await lambda.close();
  expect(() => process.kill(payload, 0)).toThrow('ESRCH');
  expect(await waiting[1]).toMatchObject({ ok: false, throttled: true });
  expect(await lambda.invoke({})).toMatchObject({ ok: false, throttled: true });
});

test('what it prints is handed on line by line', async () => {
  const lines: string[] = [];
  const lambda = await aFunction(
    'export const handler = async () => { console.log("one"); console.error("two"); console.log("three"); };',
    { log: (line) => lines.push(line) },
  );
  await lambda.invoke({});
  await lambda.close();
  expect(lines.toSorted()).toEqual(['one', 'three', 'two']);
});

test('an invocation that leaves its process no time for its connections is answered all the same', async () => {
  const blocked = `export const handler = () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 8000);
    return 'done';
  };`;
  const lambda = await aFunction(blocked);
  expect(await lambda.invoke({})).toEqual({ ok: true, payload: 'done' });
});
