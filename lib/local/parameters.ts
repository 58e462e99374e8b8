/** The functions' parameters behind the protocol of SSM (JSON 1.1; GetParameter and GetParameters). */
import Fastify from 'fastify';
import { LOCAL_ACCOUNT, LOCAL_CLIENT } from './aws.ts';
import { listen } from './listen.ts';

export type LocalParameters = {
  endpoint: string;
  /** All are SecureStrings. A later value is what the next call gets. */
  set(name: string, value: string): void;
  close(): Promise<void>;
};

type Stored = { value: string; version: number; modifiedSeconds: number };
type Input = { Name?: string; Names?: string[]; WithDecryption?: boolean };
type Answer = { status: number; body: Record<string, unknown> };

/** SSM docs, GetParameters: at most 10 names. */
const NAMES_MAX = 10;

export async function startParameters(): Promise<LocalParameters> {
  const stored = new Map<string, Stored>();
  const app = Fastify({ forceCloseConnections: true });
  app.addContentTypeParser('application/x-amz-json-1.1', { parseAs: 'string' }, (_request, body, done) => {
    done(null, body);
  });
  app.post('/', async (request, reply) => {
    const target = String(request.headers['x-amz-target']);
    const { status, body } = answer(stored, target, JSON.parse(request.body as string) as Input);
    return reply.code(status).type('application/x-amz-json-1.1').send(JSON.stringify(body));
  });
  const endpoint = await listen(app, 0);
  return {
    endpoint,
    set: (name, value) => {
      const version = (stored.get(name)?.version ?? 0) + 1;
      stored.set(name, { value, version, modifiedSeconds: Date.now() / 1000 });
    },
    close: () => app.close(),
  };
}

function answer(stored: ReadonlyMap<string, Stored>, target: string, input: Input): Answer {
  if (target === 'AmazonSSM.GetParameters') return several(stored, input);
  if (target !== 'AmazonSSM.GetParameter') return failure('UnknownOperationException', `there is no ${target} here`);
  const { Name = '' } = input;
  const found = stored.get(Name);
  if (found === undefined) return failure('ParameterNotFound', `Parameter ${Name} not found.`);
  return { status: 200, body: { Parameter: parameter(Name, found, input) } };
}

function several(stored: ReadonlyMap<string, Stored>, input: Input): Answer {
  const { Names = [] } = input;
  if (Names.length === 0 || Names.length > NAMES_MAX) {
    return failure('ValidationException', `Member must have length less than or equal to ${NAMES_MAX}`);
  }
  const distinct = [...new Set(Names)];
  const Parameters = distinct.flatMap((name) => {
    const found = stored.get(name);
    return found === undefined ? [] : [parameter(name, found, input)];
  });
  return { status: 200, body: { Parameters, InvalidParameters: distinct.filter((name) => !stored.has(name)) } };
}

function parameter(name: string, { value, version, modifiedSeconds }: Stored, input: Input) {
  return {
    Name: name,
    Type: 'SecureString',
    // Without decryption SSM gives the ciphertext.
    Value: input.WithDecryption === true ? value : Buffer.from(`encrypted ${name}`).toString('base64'),
    Version: version,
    LastModifiedDate: modifiedSeconds,
    ARN: `arn:aws:ssm:${LOCAL_CLIENT.region}:${LOCAL_ACCOUNT}:parameter${name}`,
    DataType: 'text',
  };
}

function failure(type: string, message: string): Answer {
  return { status: 400, body: { __type: type, message } };
}
