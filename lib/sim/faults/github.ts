/** How GitHub's REST API fails, as a whole and by route. By the number under which it was written down. */
import { type Fault, ofGitHub, ofKnob } from './fault.ts';
import { ROUTES, type RouteName } from './knobs.ts';
import { KINDS } from './rest.ts';

const WORDS: Readonly<Record<(typeof KINDS)[number], string>> = {
  '502': 'answered 502, nothing done',
  lost: 'done and then answered 502 (N8)',
  cut: 'done and then cut (N8)',
  limited: 'refused with the secondary limit (N6)',
  truncated: 'done, and half of the answer is missing (N7)',
  hang: 'without an answer for ten seconds, done or not (N7)',
};

export const githubFaults: Readonly<Record<string, Fault>> = {
  'github.down': ofKnob('githubDown', 'every REST call is answered 502', [0.2, 2], 'hours'),
  'github.502': ofGitHub('restFailBefore', 'REST calls answered 502, nothing done (N7)', [0.01, 0.3]),
  'github.lost': ofGitHub('restFailAfter', 'REST calls done and then answered 502 (N8)', [0.01, 0.2]),
  'github.cut': ofGitHub('restCut', 'REST calls done and then cut (N7, N8)', [0.01, 0.2]),
  'github.slow': ofGitHub('restDelaySeconds', 'how long every REST call takes (N7)', [0.2, 10], 'seconds'),
  'github.limited': ofGitHub('secondaryRateLimit', 'REST calls refused with the secondary limit (N6)', [0.01, 0.3]),
  'github.callsPerHour': ofGitHub('callsPerHourMax', 'the primary limit (N5)', [1200, 4000], 'calls'),
  'github.pointsPerMinute': ofGitHub('pointsPerMinuteMax', 'the secondary limit (N6)', [150, 800], 'calls'),
  'token.fresh401': ofGitHub('freshToken401Seconds', 'a new token is answered 401 so long (N2)', [1, 3], 'seconds'),
  ...Object.fromEntries(ROUTES.flatMap((route) => KINDS.map((kind) => [`${route}.${kind}`, ofRoute(route, kind)]))),
};

function ofRoute(route: RouteName, kind: (typeof KINDS)[number]): Fault {
  const name = `${route}.${kind}`;
  return {
    what: `calls of this kind ${WORDS[kind]}`,
    unit: 'share',
    range: [0.02, 0.4],
    max: 1,
    begin: ({ knobs }, value) => {
      knobs.rest[name] = value;
    },
    end: ({ knobs }) => {
      knobs.rest[name] = 0;
    },
  };
}
