/** Calls that may be repeated and may be cut short: whole lists, large batches, and what their errors mean. */
import type { Outcome } from '../world.ts';
import { awsFailure, type Call } from './errors.ts';

export const DONE = { kind: 'ok', value: undefined } as const;

/** A vendor's error is its kind in the table of errors, except that what is not there is `gone`. */
export async function attempt<Value>(
  signal: AbortSignal,
  call: Call,
  act: () => Promise<Outcome<Value>>,
): Promise<Outcome<Value>> {
  try {
    return await act();
  } catch (error) {
    if (signal.aborted) return { kind: 'retry', reason: `${call.doing}: the time of the function is over` };
    const failure = awsFailure(error, call);
    return isAbsent(error) ? { ...failure, kind: 'gone' } : failure;
  }
}

/** ECS names it; Auto Scaling answers ValidationError, "AutoScalingGroup name not found" or "… is not part of …". */
function isAbsent(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === 'ClusterNotFoundException') return true;
  return error.name === 'ValidationError' && /not found|not part of|no longer/i.test(error.message);
}

/** All pages of a list. */
export async function pages(
  read: (token: { nextToken?: string }) => Promise<{ items: string[] | undefined; nextToken: string | undefined }>,
): Promise<string[]> {
  const all: string[] = [];
  let token: { nextToken?: string } = {};
  for (;;) {
    const { items = [], nextToken } = await read(token);
    all.push(...items);
    if (nextToken === undefined) return all;
    token = { nextToken };
  }
}

/** As many calls as are needed, one after the other; what they gave, together. */
export async function inBatches<Item, Result>(
  items: readonly Item[],
  size: number,
  act: (some: Item[]) => Promise<readonly Result[]>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += size) {
    results.push(...(await act(items.slice(start, start + size))));
  }
  return results;
}
