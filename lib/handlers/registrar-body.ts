/** What containers send to the registrar. Whatever is not as it should be is left out, and nothing is made of it. */
import type { StartedJob } from '../flows/report.ts';
import type { Proof } from '../world.ts';
import type { HttpEvent } from './http.ts';
import { bodyBytes } from './http.ts';

/** A session token has hundreds to some thousands of letters, the rest a few hundred. */
const BODY_BYTES_MAX = 16 * 1024;
const PROOF_HEADERS = ['authorization', 'x-amz-date', 'x-amz-security-token', 'host'] as const;
/** It becomes part of one line of a log. */
const TEXT_LETTERS_MAX = 200;

/** `undefined`: it proves nothing. */
export function projectProof(event: HttpEvent): Proof | undefined {
  const { identity } = bodyOf(event);
  if (typeof identity !== 'object' || identity === null) return undefined;
  const headers = PROOF_HEADERS.map((name) => [name, (identity as Record<string, unknown>)[name]] as const);
  if (headers.some(([, value]) => typeof value !== 'string')) return undefined;
  return Object.fromEntries(headers) as Proof;
}

/** A step of the job has written it, so that it may be anything. */
export function projectStartedJob(event: HttpEvent): StartedJob {
  const { repository, runId, runAttempt, job } = bodyOf(event);
  const key = text(job);
  return {
    ...(typeof repository === 'string' && /^[\w.-]{1,100}\/[\w.-]{1,100}$/.test(repository) && { repository }),
    ...(isNumber(runId) && { runId }),
    ...(isNumber(runAttempt) && { runAttempt }),
    ...(key !== undefined && { job: key }),
  };
}

/** Why the container ends by itself without a job; `undefined`: it does not. */
export function projectLeaving(event: HttpEvent): string | undefined {
  return text(bodyOf(event)['leaving']);
}

function text(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  return (
    value
      .replaceAll(/[\p{C}\s]+/gu, ' ')
      .trim()
      .slice(0, TEXT_LETTERS_MAX) || undefined
  );
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

function bodyOf(event: HttpEvent): Record<string, unknown> {
  const body = bodyBytes(event);
  if (body.length > BODY_BYTES_MAX) return {};
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
