/** What GitHub says of its primary limit in the headers of every answer (GitHub docs, "Rate limits for the REST API"). */
import type { RateLimit } from '../world.ts';

export type RateLimits = {
  note(installation: number, headers: Headers): void;
  seen(): RateLimit[];
};

/** The latest word counts; answers that were under way together may come in any order, and differ by a few. */
export function createRateLimits(): RateLimits {
  const byInstallation = new Map<number, RateLimit>();
  return {
    note: (installation, headers) => {
      const said = readLimit(installation, headers);
      if (said !== undefined) byInstallation.set(installation, said);
    },
    seen: () => [...byInstallation.values()],
  };
}

/** Servers may have limits switched off: then there are no such headers. `core` is the limit of the calls made here. */
function readLimit(installation: number, headers: Headers): RateLimit | undefined {
  const number = (name: string) => Number.parseInt(headers.get(`x-ratelimit-${name}`) ?? '', 10);
  const [limit, remaining, resetSeconds] = [number('limit'), number('remaining'), number('reset')];
  if ([limit, remaining, resetSeconds].some(Number.isNaN) || (headers.get('x-ratelimit-resource') ?? 'core') !== 'core')
    return undefined;
  return { installation, limit, remaining, resetsAt: resetSeconds * 1000 };
}
