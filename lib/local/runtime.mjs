// The runtime of one execution environment: what Lambda's own Node runtime does, as far as functions can see it.
// Lambda docs: "Using the Lambda runtime API for custom runtimes". Started by lib/local/execution-environment.ts.
import http from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const { AWS_LAMBDA_RUNTIME_API, LAMBDA_TASK_ROOT, _HANDLER } = process.env;
const api = `http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
// Real time, also under the lens: time-outs are real.
const realNowMs = () => performance.timeOrigin + performance.now();
let requestId;

// Ctrl-C reaches the whole process group; the host ends its environments itself.
process.on('SIGINT', () => {});
process.on('unhandledRejection', (reason) => die('Runtime.UnhandledPromiseRejection', reason, 128));
process.on('uncaughtException', (error) => die('Runtime.UncaughtException', error, 129));

const handler = await load().catch((error) => die(initErrorType(error), error, 1));
for (;;) await serveOne();

async function load() {
  const [module, name] = _HANDLER.split('.');
  const loaded = await import(pathToFileURL(join(LAMBDA_TASK_ROOT, `${module}.mjs`)).href);
  if (typeof loaded[name] !== 'function') {
    throw Object.assign(new Error(`${_HANDLER} is undefined or not exported`), { code: 'HANDLER_NOT_FOUND' });
  }
  return loaded[name];
}

async function serveOne() {
  const { headers, body } = await call('GET', '/invocation/next').catch(() => process.exit(0));
  requestId = headers['lambda-runtime-aws-request-id'];
  const context = contextOf(headers);
  let outcome;
  try {
    outcome = { path: 'response', body: JSON.stringify((await handler(JSON.parse(body), context)) ?? null) };
  } catch (error) {
    outcome = { path: 'error', body: JSON.stringify(errorBody(error?.name ?? 'Error', error)) };
    console.error(error);
  }
  await call('POST', `/invocation/${requestId}/${outcome.path}`, outcome.body).catch(() => process.exit(0));
  requestId = undefined;
}

function contextOf(headers) {
  const deadlineMs = Number(headers['lambda-runtime-deadline-ms']);
  return {
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    functionName: process.env['AWS_LAMBDA_FUNCTION_NAME'],
    functionVersion: process.env['AWS_LAMBDA_FUNCTION_VERSION'],
    memoryLimitInMB: process.env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'],
    logGroupName: process.env['AWS_LAMBDA_LOG_GROUP_NAME'],
    logStreamName: process.env['AWS_LAMBDA_LOG_STREAM_NAME'],
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, Math.round(deadlineMs - realNowMs())),
  };
}

/** Reports what killed the runtime, to the running invocation if there is one, and ends it. */
async function die(type, error, exitCode) {
  console.error(error);
  const path = requestId === undefined ? '/init/error' : `/invocation/${requestId}/error`;
  await call('POST', path, JSON.stringify(errorBody(type, error))).catch(() => {});
  process.exit(exitCode);
}

function initErrorType(error) {
  if (error?.code === 'HANDLER_NOT_FOUND') return 'Runtime.HandlerNotFound';
  if (error?.code === 'ERR_MODULE_NOT_FOUND') return 'Runtime.ImportModuleError';
  return error instanceof SyntaxError ? 'Runtime.UserCodeSyntaxError' : (error?.name ?? 'Error');
}

function errorBody(errorType, error) {
  const isError = error instanceof Error;
  return {
    errorType,
    errorMessage: isError ? error.message : String(error),
    trace: isError ? error.stack?.split('\n') : [],
  };
}

/** Without a time-out: an environment may wait for hours for its next invocation. */
function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(api + path, { method, agent }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString('utf8') }));
    });
    request.on('error', reject);
    request.end(body);
  });
}
