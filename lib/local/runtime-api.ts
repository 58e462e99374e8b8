/** The Lambda Runtime API of one execution environment (Lambda docs: "Using the Lambda runtime API"). */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type RuntimeError = { errorType: string; errorMessage: string; trace?: string[] };
export type InvocationResult = { ok: true; payload: unknown } | { ok: false; error: RuntimeError };

/** What the runtime is handed for one invocation. */
export type Invocation = { requestId: string; event: string; functionArn: string; timeoutMs: number };

export type RuntimeApi = {
  /** `host:port`, for `AWS_LAMBDA_RUNTIME_API`. */
  address: string;
  /** Handed over as soon as the runtime asks; one at a time. `onHanded` is called at that moment: the time-out begins. */
  hand(invocation: Invocation, onHanded: () => void): void;
  close(): void;
};

export type RuntimeEvents = {
  /** The runtime answered an invocation. */
  answered(requestId: string, result: InvocationResult): void;
  /** The function's module could not be loaded. */
  initFailed(error: RuntimeError): void;
};

type Handing = { invocation: Invocation; onHanded: () => void };

const PREFIX = '/2018-06-01/runtime';

export async function serveRuntimeApi(events: RuntimeEvents): Promise<RuntimeApi> {
  let handing: Handing | undefined;
  let asking: ServerResponse | undefined;

  function handOver(): void {
    if (handing === undefined || asking === undefined) return;
    const { invocation, onHanded } = handing;
    answerNext(asking, invocation);
    handing = undefined;
    asking = undefined;
    onHanded();
  }

  const server = createServer((request, response) => {
    const path = request.url ?? '';
    if (request.method === 'GET' && path === `${PREFIX}/invocation/next`) {
      asking = response;
      handOver();
      return;
    }
    void read(request)
      .then((body) => report(events, path, body))
      .then((known) => response.writeHead(known ? 202 : 404, JSON_TYPE).end(known ? '{"status":"OK"}' : '{}'))
      .catch(() => response.destroy());
  });
  // A process that computes for seconds does not see that its connection is closed meanwhile, and sends its answer there.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    hand: (invocation, onHanded) => {
      handing = { invocation, onHanded };
      handOver();
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const JSON_TYPE = { 'content-type': 'application/json' };

function answerNext(response: ServerResponse, invocation: Invocation): void {
  response.writeHead(200, {
    ...JSON_TYPE,
    'lambda-runtime-aws-request-id': invocation.requestId,
    'lambda-runtime-deadline-ms': String(Date.now() + invocation.timeoutMs),
    'lambda-runtime-invoked-function-arn': invocation.functionArn,
  });
  response.end(invocation.event);
}

/** Says whether the path is one of the API. */
function report(events: RuntimeEvents, path: string, body: string): boolean {
  if (path === `${PREFIX}/init/error`) {
    events.initFailed(JSON.parse(body) as RuntimeError);
    return true;
  }
  const [, requestId, kind] = /\/invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
  if (requestId === undefined) return false;
  const content: unknown = body === '' ? null : JSON.parse(body);
  events.answered(
    requestId,
    kind === 'response' ? { ok: true, payload: content } : { ok: false, error: content as RuntimeError },
  );
  return true;
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
