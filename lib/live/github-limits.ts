/** What GitHub says of its primary limit in the headers of every answer (GitHub docs, "Rate limits for the REST API"). */
import type { RateLimit } from '../world.ts';

export type RateLimits = {
  /** `now`: ms since 1970. */
  note(installation: number, headers: Headers, now: number): void;
  seen(): RateLimit[];
};

/** The latest word counts; answers that were under way together may come in any order, and differ by a few. */
export function createRateLimits(): RateLimits {
  const byInstallation = new Map<number, RateLimit>();
  return {
    note: (installation, headers, now) => {
      const said = readLimit(installation, headers, now);
      if (said !== undefined) byInstallation.set(installation, said);
    },
    seen: () => [...byInstallation.values()],
  };
}

/** Servers may have limits switched off: then there are no such headers. `core` is the limit of the calls made here. */
function readLimit(installation: number, headers: Headers, now: number): RateLimit | undefined {
  const number = (name: string) => Number.parseInt(headers.get(`x-ratelimit-${name}`) ?? '', 10);
  const [limit, remaining, resetSeconds] = [number('limit'), number('remaining'), number('reset')];
  if ([limit, remaining, resetSeconds].some(Number.isNaN) || (headers.get('x-ratelimit-resource') ?? 'core') !== 'core')
    return undefined;
  return { installation, limit, remaining, resetsAt: resetSeconds * 1000 + aheadMs(headers, now) };
}

/** The reset is an instant on GitHub's clock, and so is the `date` of the same answer, in whole seconds. */
function aheadMs(headers: Headers, now: number): number {
  const ahead = now - Date.parse(headers.get('date') ?? '');
  return Math.abs(ahead) > CLOCKS_AGREE_MS ? ahead : 0;
}

/** Below it is the time on the way, and the part of a second that is not said. */
const CLOCKS_AGREE_MS = 5000;
