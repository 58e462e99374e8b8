/** Settings and secrets from the SSM parameter store. */
import type { Clock, World } from '../world.ts';
import type { GetParameters } from './parameter-store.ts';

/**
 * A changed parameter is taken up after this long. SSM gives an account 40 calls a second: a hundred environments that
 * read fifty pools once a minute make ten.
 */
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
  /**
   * Names that only follow from the values of the others; absent: none. One of them may be missing for a moment, while
   * a deployment makes or deletes it: what was read of it last goes on being served, or else it is left out.
   */
  further?: (values: Readonly<Record<Name, string>>) => readonly string[];
  clock: Clock;
  log: World['log'];
};

export type Values<Name extends string> = Readonly<Record<Name, string> & Record<string, string | undefined>>;

/**
 * Gives a function that reads all the parameters at once, decrypted; the very same object until they are read again. A
 * failed read is never kept; the next one comes a minute later, since SSM may have failed because too many read. It
 * throws if there is nothing to serve: SSM cannot be reached and nothing was read within 15 minutes, one of the names is
 * missing, or all of the further ones are.
 */
export function readParameters<Name extends string>(settings: ParameterSettings<Name>): () => Promise<Values<Name>> {
  const { clock } = settings;
  let last: { at: number; values: Values<Name> } | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<Values<Name>> | undefined;

  async function refresh(): Promise<Values<Name>> {
    const at = clock.now();
    triedAt = at;
    try {
      const values = await readAll(settings, last?.values);
      last = { at, values };
      return values;
    } catch (error) {
      const kept = stillGood(at);
      if (kept !== undefined) return kept;
      throw error;
    } finally {
      reading = undefined;
    }
  }

  function stillGood(now: number): Values<Name> | undefined {
    return last !== undefined && now - last.at < STALE_MS_MAX ? last.values : undefined;
  }

  return async () => {
    const now = clock.now();
    const kept = now - triedAt < KEPT_MS && reading === undefined ? stillGood(now) : undefined;
    if (kept !== undefined) return kept;
    reading ??= refresh();
    return reading;
  };
}

async function readAll<Name extends string>(
  settings: ParameterSettings<Name>,
  last: Values<Name> | undefined,
): Promise<Values<Name>> {
  const { path, names } = settings;
  const found = await readNames(settings, names);
  const missing = names.filter((name) => !found[name]).map((name) => `${path}/${name}`);
  if (missing.length > 0) throw new Error(missingMessage(missing));
  const values = found as Record<Name, string>;
  const further = await readFurther(settings, settings.further?.(values) ?? [], last);
  return { ...further, ...values } as Values<Name>;
}

async function readFurther<Name extends string>(
  settings: ParameterSettings<Name>,
  names: readonly string[],
  last: Values<Name> | undefined,
): Promise<Record<string, string>> {
  const found = await readNames(settings, names);
  const known = names.flatMap((name) => {
    const value = found[name] || last?.[name];
    if (!found[name]) settings.log(missingLine(`${settings.path}/${name}`, value !== undefined));
    return value ? [[name, value] as const] : [];
  });
  if (names.length > 0 && known.length === 0) {
    throw new Error(
      `none of the parameters ${names.map((name) => `${settings.path}/${name}`).join(', ')} is in SSM: deploy again`,
    );
  }
  return Object.fromEntries(known);
}

/** One call after the other: a refresh is no burst. */
async function readNames(
  { getParameters, path }: Pick<ParameterSettings<string>, 'getParameters' | 'path'>,
  names: readonly string[],
): Promise<Record<string, string | undefined>> {
  const found = new Map<string, string>();
  for (let start = 0; start < names.length; start += NAMES_MAX) {
    const some = names.slice(start, start + NAMES_MAX).map((name) => `${path}/${name}`);
    for (const [name, value] of await getParameters(some)) found.set(name, value);
  }
  return Object.fromEntries(names.map((name) => [name, found.get(`${path}/${name}`)]));
}

function missingLine(parameter: string, isKept: boolean): { decision: string; reason: string; parameter: string } {
  const instead = isKept ? 'what was read of it last is used' : 'it is left out';
  const reason = `it is listed and not there: ${instead}; a deployment is under way, or else deploy again`;
  return { decision: 'parameter missing', reason, parameter };
}

function missingMessage(missing: readonly string[]): string {
  const create = `aws ssm put-parameter --type SecureString --name ${missing[0]} --value …`;
  return `parameters are missing or empty in SSM: ${missing.join(', ')}. Create each of them in the region of the functions, e.g.: ${create}`;
}
