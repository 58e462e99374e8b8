/** The Docker Engine API as it is, without a client in between. */
import { request } from 'node:http';

export type EngineAnswer = { status: number; body: unknown };
export type EngineApi = (method: string, path: string, body?: unknown) => Promise<EngineAnswer>;

/** Any answer is given back, also an error's; it throws when there is none. */
export function engineApi(socketPath: string): EngineApi {
  return (method, path, body) => {
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers =
      body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    return new Promise((resolve, reject) => {
      const call = request({ socketPath, method, path, headers }, (response) => {
        let answer = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          answer += part;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: parsed(answer) }));
        response.on('error', reject);
      });
      call.on('error', reject);
      call.end(text);
    });
  };
}

/** Not everything it says is JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Throws what the engine complains about. */
export async function asked<Value>(api: EngineApi, method: string, path: string, body?: unknown): Promise<Value> {
  const answer = await api(method, path, body);
  if (answer.status < 400) return answer.body as Value;
  throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
}
