/** The parameters that an operator sets, as text from SSM, checked and turned into what the flows need. */
import * as z from 'zod/mini';
import type { Pool, Pools } from '../core/pool.ts';

const poolSchema = z.object({
  name: z.string(),
  labels: z.array(z.string()),
  docker: z.enum(['dind', 'socket', 'none']),
  max: z.int(),
  repositories: z.array(z.string()),
  register: z.enum(['organization', 'repository']),
  group: z.string(),
  registration: z.exactOptional(z.enum(['token'])),
  taskRole: z.exactOptional(z.string()),
  role: z.exactOptional(z.string()),
  // Absent in parameters of earlier versions.
  warm: z._default(z.int(), 0),
  idleSecondsMax: z.number(),
  jobHours: z.exactOptional(z.int()),
  rerunsMax: z.exactOptional(z.int()),
  taskDefinition: z.string(),
  capacityProvider: z.exactOptional(z.string()),
  logGroup: z.exactOptional(z.string()),
});
const indexSchema = z.object({ unlabelled: z.exactOptional(z.string()), pools: z.array(z.string()) });
const secretsSchema = z.array(z.string().check(z.minLength(1))).check(z.minLength(1), z.maxLength(2));
const appSchema = z.object({ appId: z.int(), privateKey: z.string() });

/** The index `pools`, and below it one parameter for each pool (docs/decisions/0010-one-parameter-per-pool.md). */
export type PoolTexts = { readonly pools: string } & Readonly<Record<string, string | undefined>>;

/** The parameters of the pools that the index names. */
export function poolParameters({ pools }: { readonly pools: string }): string[] {
  return parse('pools', indexSchema, pools).pools.map(poolParameter);
}

/** Each parser throws an error that names the parameter, and never shows its value. A pool without a text is left out. */
export function parsePools(texts: PoolTexts): Pools {
  const { pools, ...index } = parse('pools', indexSchema, texts.pools);
  return { ...index, pools: pools.flatMap((name) => parsePool(name, texts[poolParameter(name)])) };
}

function parsePool(name: string, text: string | undefined): Pool[] {
  return text === undefined ? [] : [parse(poolParameter(name), poolSchema, text)];
}

function poolParameter(name: string): string {
  return `pools/${name}`;
}

/** The newest first; one or, while they are rotated, two. */
export function parseSecrets(name: 'webhook-secrets' | 'ticket-secrets', text: string): string[] {
  return parse(name, secretsSchema, text);
}

export function parseApp(text: string): { appId: number; privateKey: string } {
  return parse('github-app', appSchema, text);
}

/** Parsed once for the same input, a text or all that was read together. */
export function remembered<Input, Value>(parseInput: (input: Input) => Value): (input: Input) => Value {
  let last: { input: Input; value: Value } | undefined;
  return (input) => {
    if (last?.input !== input) last = { input, value: parseInput(input) };
    return last.value;
  };
}

function parse<Schema extends z.ZodMiniType>(name: string, schema: Schema, text: string): z.output<Schema> {
  const result = schema.safeParse(json(name, text));
  if (result.success) return result.data;
  const places = result.error.issues.map(({ path, code }) => `${path.join('.') || 'the whole'}: ${code}`);
  throw new Error(
    `the parameter ${name} is not what the functions expect (${places.join('; ')}); deploy again, or correct it`,
  );
}

function json(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`the parameter ${name} is not JSON; deploy again, or correct it`);
  }
}
