/** GitHub's primary limit (calls in an hour) and secondary limit (points in a minute, calls at a time). */
import { failure, type RestAnswer } from './answers.ts';
import type { Hub } from './hub.ts';

const HOUR_MS = 60 * 60 * 1000;
const MINUTE_MS = 60 * 1000;
/** GitHub docs, "Rate limits for the REST API": what a call costs of the secondary limit. */
const POINTS = { read: 1, write: 5 };

/** One caller's use. `charged`: calls that have counted for the primary limit, of all hours. */
export type Bucket = {
  start: number;
  used: number;
  charged: number;
  minuteStart: number;
  points: number;
  concurrent: number;
};

export function emptyBucket(): Bucket {
  const never = Number.NEGATIVE_INFINITY;
  return { start: never, used: 0, charged: 0, minuteStart: never, points: 0, concurrent: 0 };
}

/** Counts the call; gives the refusal if it is one too many. */
export function count(hub: Hub, bucket: Bucket, method: string): RestAnswer | undefined {
  roll(hub, bucket);
  if (bucket.used >= hub.faults.callsPerHourMax) return primary(hub);
  bucket.used += 1;
  bucket.charged += 1;
  bucket.points += method === 'GET' || method === 'HEAD' ? POINTS.read : POINTS.write;
  if (hub.chance.happens(hub.faults.secondaryRateLimit)) return secondary(hub, MINUTE_MS, hub.chance.happens(0.5));
  if (bucket.concurrent > hub.faults.concurrentMax) return secondary(hub, MINUTE_MS, false);
  if (bucket.points > hub.faults.pointsPerMinuteMax) {
    return secondary(hub, bucket.minuteStart + MINUTE_MS - hub.time.now(), true);
  }
  return undefined;
}

/** An answer that has not changed costs nothing (GitHub docs, "Conditional requests"). */
export function giveBack(bucket: Bucket): void {
  bucket.used -= 1;
  bucket.charged -= 1;
}

/** The headers of every answer. */
export function limitHeaders(hub: Hub, bucket: Bucket): Record<string, string> {
  const { limit, used, remaining, reset } = limitJson(hub, bucket);
  return {
    'x-ratelimit-limit': String(limit),
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': String(reset),
    'x-ratelimit-used': String(used),
    'x-ratelimit-resource': 'core',
  };
}

export function limitJson(hub: Hub, bucket: Bucket) {
  roll(hub, bucket);
  const limit = hub.faults.callsPerHourMax;
  const wait = Math.ceil((bucket.start + HOUR_MS - hub.time.now()) / 1000);
  const reset = Math.floor(hub.time.now() / 1000) + wait;
  return { limit, used: bucket.used, remaining: Math.max(0, limit - bucket.used), reset };
}

function roll(hub: Hub, bucket: Bucket): void {
  const now = hub.time.now();
  if (now >= bucket.start + HOUR_MS) Object.assign(bucket, { start: now, used: 0 });
  if (now >= bucket.minuteStart + MINUTE_MS) Object.assign(bucket, { minuteStart: now, points: 0 });
}

/** 403 and 429 both occur. */
function primary(hub: Hub): RestAnswer {
  return failure(hub.chance.pick([403, 429]) ?? 403, 'API rate limit exceeded for installation.');
}

function secondary(hub: Hub, waitMs: number, saysWhen: boolean): RestAnswer {
  const refusal = failure(
    hub.chance.pick([403, 429]) ?? 403,
    'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
  );
  const seconds = Math.max(1, Math.ceil(waitMs) / 1000);
  return saysWhen ? { ...refusal, headers: { 'retry-after': String(seconds) } } : refusal;
}
