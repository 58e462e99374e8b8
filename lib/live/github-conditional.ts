/**
 * Conditional requests: an answer that has not changed is free of the primary limit (GitHub docs, "Best practices"). GitHub's ETags
 * depend on the token: auth-app uses one for 59 minutes of its hour, with the next one all is answered anew. Another
 * process has another token, so they are kept in memory only.
 */
import type { Octokit } from '@octokit/core';

/** A few hundred bytes each. */
const KEPT_MAX = 20_000;

export type ConditionalRead = <Value>(
  octokit: Octokit,
  route: string,
  parameters: Record<string, unknown>,
  read: (data: unknown) => Value | undefined,
) => Promise<{ value: Value; unchanged: boolean } | undefined>;

type Answers = Map<string, { etag: string; value: unknown }>;

/** `read` gives what is kept of an answer, `undefined` if it cannot be understood. Errors are Octokit's. */
export function createConditionalRead(): ConditionalRead {
  const answers: Answers = new Map();
  return async <Value>(
    octokit: Octokit,
    route: string,
    parameters: Record<string, unknown>,
    read: (data: unknown) => Value | undefined,
  ) => {
    const question = `${route} ${JSON.stringify(parameters)}`;
    const known = answers.get(question);
    const headers = known === undefined ? {} : { 'if-none-match': known.etag };
    try {
      const { data, headers: answered } = await octokit.request(route, { ...parameters, headers });
      const value = read(data);
      if (value !== undefined && answered.etag !== undefined) keep(answers, question, { etag: answered.etag, value });
      return value === undefined ? undefined : { value, unchanged: false };
    } catch (error) {
      if (known === undefined || !isNotModified(error)) throw error;
      keep(answers, question, known);
      return { value: known.value as Value, unchanged: true };
    }
  };
}

/** The one that was asked for least lately makes room. */
function keep(answers: Answers, question: string, answer: { etag: string; value: unknown }): void {
  answers.delete(question);
  answers.set(question, answer);
  const [oldest] = answers.keys();
  if (answers.size > KEPT_MAX && oldest !== undefined) answers.delete(oldest);
}

/** Octokit's errors have a status; it counts this answer among them. */
function isNotModified(error: unknown): boolean {
  return error instanceof Error && 'status' in error && error.status === 304;
}
