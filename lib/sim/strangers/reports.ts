/** Whoever says in a container's place that it works, or that it idles. */
import type { Chance } from '../chance.ts';
import { hex } from '../github-service/hub.ts';
import type { Attempt } from './attempt.ts';
import type { SeenTask } from './tasks.ts';

/** `foreign`: the credential with which another runner's container reports. */
export function reportAttempts({ runner, ticket }: SeenTask, foreign: string | undefined, chance: Chance): Attempt[] {
  const credentials: [how: string, credential: string | undefined][] = [
    ['without a credential', undefined],
    ['with a credential made up', hex(chance, 64)],
    ['with its ticket', ticket],
    ...(foreign === undefined ? [] : [["with another runner's credential", foreign] as [string, string]]),
  ];
  const words: [path: string, body: unknown][] = [
    ['started', {}],
    ['idle', {}],
    ['idle', { leaving: 'because somebody says so' }],
  ];
  return words.flatMap(([path, body]) =>
    credentials.map(([how, credential]): Attempt => {
      const authorization = credential === undefined ? {} : { authorization: `Bearer ${credential}` };
      return {
        what: `/${path} of ${runner} ${how}`,
        door: 'registrar',
        request: {
          path: `/runners/${encodeURIComponent(runner)}/${path}`,
          headers: { 'content-type': 'application/json', ...authorization },
          body: JSON.stringify(body),
        },
      };
    }),
  );
}
