/** The few things that we ask of a Docker engine (its API, version 1.24 and newer). */
import { request } from 'node:http';

/** Longer than the engine needs to stop and remove a container by force. */
const ANSWER_MS_MAX = 30_000;
const PING_MS_MAX = 5000;

export type EngineAnswer = { status: number; body: unknown };

/** Rejects if there is no answer. `path`: with its query, without a version. */
export function ask(socket: string, method: string, path: string, answerMsMax = ANSWER_MS_MAX): Promise<EngineAnswer> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: socket, method, path, timeout: answerMsMax }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: parsed(text) }));
      response.on('error', reject);
    });
    asked.on('timeout', () =>
      asked.destroy(new Error(`the Docker engine has not answered within ${answerMsMax / 1000} s`)),
    );
    asked.on('error', reject);
    asked.end();
  });
}

export async function answers(socket: string): Promise<boolean> {
  const answer = await ask(socket, 'GET', '/_ping', PING_MS_MAX).catch(() => undefined);
  return answer?.status === 200;
}

/** A query of the API: JSON of what to filter by. */
export function filters(by: Record<string, readonly string[]>): string {
  return `filters=${encodeURIComponent(JSON.stringify(by))}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
