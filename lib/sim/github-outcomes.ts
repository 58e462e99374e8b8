/** What the simulated GitHub's answers mean to who asked in process: an implementation of its own, beside the live one. */
import type { Failure, Outcome } from '../world.ts';
import type { RestAnswer } from './github-service/answers.ts';

/** GitHub docs, "Rate limits": without `retry-after`, at least one minute. */
const RETRY_SECONDS = 60;

export function outcomeOf(given: RestAnswer, method: string): Outcome<unknown> {
  const isGood = given.status >= 200 && given.status < 300;
  // Every answer of these calls is an object or nothing: text is what is left of one.
  if (isGood && typeof given.body === 'string') {
    return failureOf({ ...given, status: 0 }, method, 'GitHub’s answer cannot be read');
  }
  if (isGood) return { kind: 'ok', value: given.body };
  const { message } = (given.body ?? {}) as { message?: string };
  return failureOf(given, method, `GitHub answered ${given.status}${message ? `: ${message}` : ''}`);
}

/** A read that was not answered has done nothing. */
function failureOf(given: RestAnswer, method: string, reason: string): Failure {
  const { status, headers } = given;
  if (status === 0 || status >= 500) return { kind: method === 'GET' ? 'retry' : 'unknown', reason, why: 'no answer' };
  if (status === 404 || status === 410) return { kind: 'gone', reason };
  if (status === 409) return { kind: 'conflict', reason };
  if (status === 422 && /running a job/i.test(reason)) return { kind: 'busy', reason };
  // A run that goes on is not run again: it may be, when it has ended.
  if (status === 403 && /already running/i.test(reason)) return { kind: 'retry', reason };
  if (isLimit(given, reason)) {
    const isPrimary = headers['x-ratelimit-remaining'] === '0' && !/secondary/i.test(reason);
    const why = isPrimary ? 'primary limit' : 'secondary limit';
    return { kind: 'retry', reason, retryAfterSeconds: waitOf(headers), why };
  }
  return { kind: status === 400 ? 'bug' : 'refused', reason };
}

function isLimit({ status, headers }: RestAnswer, reason: string): boolean {
  if (status === 429) return true;
  return status === 403 && (/rate limit/i.test(reason) || headers['x-ratelimit-remaining'] === '0');
}

function waitOf(headers: Record<string, string>): number {
  if (headers['retry-after'] !== undefined) return Number(headers['retry-after']);
  if (headers['x-ratelimit-remaining'] !== '0') return RETRY_SECONDS;
  const now = Math.floor(Date.parse(headers['date'] ?? '') / 1000);
  return Math.max(1, Number(headers['x-ratelimit-reset']) - now);
}

export function mapped<From, To>(outcome: Outcome<From>, map: (value: From) => To): Outcome<To> {
  return outcome.kind === 'ok' ? { kind: 'ok', value: map(outcome.value) } : outcome;
}
