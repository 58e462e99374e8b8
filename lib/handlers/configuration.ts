/** The parameters that an operator sets, as text from SSM, checked and turned into what the flows need. */
import * as z from 'zod/mini';
import type { Pools } from '../core/pool.ts';

const poolSchema = z.object({
  name: z.string(),
  labels: z.array(z.string()),
  docker: z.enum(['dind', 'socket', 'none']),
  max: z.int(),
  repositories: z.array(z.string()),
  register: z.enum(['organization', 'repository']),
  group: z.string(),
  taskRole: z.exactOptional(z.string()),
  idleSecondsMax: z.number(),
  taskDefinition: z.string(),
  capacityProvider: z.exactOptional(z.string()),
});
const poolsSchema = z.object({ unlabelled: z.exactOptional(z.string()), pools: z.array(poolSchema) });
const secretsSchema = z.array(z.string().check(z.minLength(1))).check(z.minLength(1), z.maxLength(2));
const appSchema = z.object({ appId: z.int(), privateKey: z.string() });

/** Each throws an error that names the parameter, and never shows its value. */
export function parsePools(text: string): Pools {
  return parse('pools', poolsSchema, text);
}

/** The newest first; one or, while they are rotated, two. */
export function parseSecrets(name: 'webhook-secrets' | 'ticket-secrets', text: string): string[] {
  return parse(name, secretsSchema, text);
}

export function parseApp(text: string): { appId: number; privateKey: string } {
  return parse('github-app', appSchema, text);
}

/** Parsed once per text: parameters are read each minute and seldom change. */
export function remembered<Value>(parseText: (text: string) => Value): (text: string) => Value {
  let last: { text: string; value: Value } | undefined;
  return (text) => {
    if (last?.text !== text) last = { text, value: parseText(text) };
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
