/** How a container reaches the registrar: over HTTP, like the real one. */
import type { Registrar } from '../sim/container-state.ts';

/** Real seconds; longer than API Gateway waits for a function. */
const ANSWER_SECONDS_MAX = 35;

export function registrarAt(baseUrl: string): Registrar {
  return async ({ path, headers, body }) => {
    const signal = AbortSignal.timeout(ANSWER_SECONDS_MAX * 1000);
    const response = await fetch(`${baseUrl}${path}`, { method: 'POST', headers, body, signal });
    return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
  };
}
