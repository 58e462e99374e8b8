/** Settings and secrets from the SSM parameter store. */
import type { Clock } from '../world.ts';
import type { GetParameters } from './parameter-store.ts';

/** A changed parameter is taken up after this long. */
const KEPT_MS = 60_000;
/** When SSM cannot be read, what was read last is served no longer than this. */
const STALE_MS_MAX = 15 * 60_000;
/** SSM docs, GetParameters: at most 10 names in a call. */
const NAMES_MAX = 10;

export type ParameterSettings<Name extends string> = {
  getParameters: GetParameters;
  /** What the names stand below, e.g. `/ecs-runners/production`. */
  path: string;
  names: readonly Name[];
  clock: Clock;
};

type Values<Name extends string> = Record<Name, string>;

/**
 * Gives a function that reads all the parameters at once, decrypted. A failed read is never kept. It throws if there is nothing to
 * serve: SSM cannot be reached and nothing was read within 15 minutes, or a parameter is missing.
 */
export function readParameters<Name extends string>(settings: ParameterSettings<Name>): () => Promise<Values<Name>> {
  const { clock } = settings;
  let last: { at: number; values: Values<Name> } | undefined;
  let reading: Promise<Values<Name>> | undefined;

  async function refresh(): Promise<Values<Name>> {
    const at = clock.now();
    try {
      const values = await readAll(settings);
      last = { at, values };
      return values;
    } catch (error) {
      if (last !== undefined && at - last.at < STALE_MS_MAX) return last.values;
      throw error;
    } finally {
      reading = undefined;
    }
  }

  return async () => {
    if (last !== undefined && clock.now() - last.at < KEPT_MS) return last.values;
    reading ??= refresh();
    return reading;
  };
}

async function readAll<Name extends string>(settings: ParameterSettings<Name>): Promise<Values<Name>> {
  const { getParameters, path, names } = settings;
  const found = new Map<string, string>();
  for (let start = 0; start < names.length; start += NAMES_MAX) {
    const some = names.slice(start, start + NAMES_MAX).map((name) => `${path}/${name}`);
    for (const [name, value] of await getParameters(some)) found.set(name, value);
  }
  const missing = names.map((name) => `${path}/${name}`).filter((name) => !found.get(name));
  if (missing.length > 0) throw new Error(missingMessage(missing));
  return Object.fromEntries(names.map((name) => [name, found.get(`${path}/${name}`)])) as Values<Name>;
}

function missingMessage(missing: readonly string[]): string {
  const create = `aws ssm put-parameter --type SecureString --name ${missing[0]} --value …`;
  return `parameters are missing or empty in SSM: ${missing.join(', ')}. Create each of them in the region of the functions, e.g.: ${create}`;
}
