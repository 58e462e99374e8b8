/** GitHub's REST API as it is when one route fails: with nothing done, with all done, by a limit, or by a cut connection. */
import type { Chance } from '../chance.ts';
import { BAD_GATEWAY, CUT, failure, notFound, type RestAnswer, type RestRequest } from '../github-service/answers.ts';
import type { Rest, RestOptions } from '../github-service/rest.ts';
import type { Knobs, RouteName } from './knobs.ts';

/**
 * `502` and `limited`: nothing is done. `lost`, `cut` and `truncated`: it is done, and the answer says otherwise, there is none, or
 * only half of it. `hang`: there is none, but only after as long as the service waits; it is done or not.
 */
export const KINDS = ['502', 'lost', 'cut', 'limited', 'truncated', 'hang'] as const;

/** The service waits so long for GitHub, and then hears no more. */
const HANG_MS = 10_000;

const PATHS: readonly [method: string, path: RegExp, route: RouteName][] = [
  ['POST', /\/generate-jitconfig$/, 'jitconfig'],
  ['DELETE', /\/actions\/runners\/\d+$/, 'removal'],
  ['GET', /\/actions\/runners$/, 'runners'],
  ['GET', /\/actions\/jobs\/\d+$/, 'job'],
  ['POST', /\/access_tokens$/, 'token'],
  ['GET', /\/actions\/runs(\/|$)/, 'runs'],
  ['POST', /\/rerun(-failed-jobs)?$/, 'rerun'],
  ['GET', /\/hook\/deliveries/, 'deliveries'],
  ['POST', /\/hook\/deliveries/, 'deliveries'],
];

/** Over the wire the App speaks for itself with a JWT, which begins as JSON in base64 does. */
const SIGNED_BY_APP = /^bearer eyJ/i;

/** `pause`: so many milliseconds of the simulated time. */
export function faultyRest(rest: Rest, knobs: Knobs, chance: Chance, pause: (ms: number) => Promise<void>): Rest {
  return async (request, options) => {
    if (knobs.githubDown > 0) return BAD_GATEWAY;
    if (chance.happens(knobs.accessLost) && !isAsApp(request, options)) return notFound();
    const route = routeOf(request);
    const happens = (kind: (typeof KINDS)[number]) => chance.happens(knobs.rest[`${route}.${kind}`] ?? 0);
    if (happens('502')) return BAD_GATEWAY;
    if (happens('limited')) return limited();
    if (happens('hang')) {
      if (chance.happens(0.5)) await rest(request, options);
      await pause(HANG_MS);
      return CUT;
    }
    const answer = await rest(request, options);
    if (happens('lost')) return BAD_GATEWAY;
    if (happens('truncated')) return truncated(answer);
    return happens('cut') ? CUT : answer;
  };
}

function isAsApp({ headers }: RestRequest, options?: RestOptions): boolean {
  return options?.asApp === true || SIGNED_BY_APP.test(headers['authorization'] ?? '');
}

function routeOf({ method, path }: RestRequest): RouteName | undefined {
  return PATHS.find(([ofMethod, ofPath]) => ofMethod === method && ofPath.test(path))?.[2];
}

function limited(): RestAnswer {
  const refusal = failure(
    403,
    'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
  );
  return { ...refusal, headers: { 'retry-after': '60' } };
}

/** The connection ends in the middle of the body, and nobody notices before it is read. */
function truncated(answer: RestAnswer): RestAnswer {
  if (answer.body === undefined) return answer;
  const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
  return { ...answer, body: text.slice(0, Math.floor(text.length / 2)) };
}
