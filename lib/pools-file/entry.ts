/** One entry of a map by name: a pool, or a group of instances. */
import type { z } from 'zod';
import { aboutKey, type Fields, type Finding, fromIssue, isFields, problem, shown, unknownKeys } from './findings.ts';
import { entryName } from './schema.ts';

/** `sound`: the settings without problems of their own; `entry`: the whole, if it has none. */
export type CheckedEntry<Settings> = {
  findings: Finding[];
  sound: { name: string } & Partial<Settings>;
  entry?: { name: string } & Settings;
};

/** `map` is the key of the map at the top of the file; `value` may be anything at all. */
export function checkEntry<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  map: string,
  name: string,
  value: unknown,
): CheckedEntry<z.output<z.ZodObject<Shape>>> {
  const path = [map, name];
  const named = entryName.safeParse(name);
  const findings = (named.error?.issues ?? []).map((issue) => aboutKey(path, `it must be ${issue.message}`));
  const keys = Object.keys(schema.shape);
  const settings = isFields(value) ? value : {};
  const sound = { name, ...soundSettings(schema, settings) };
  if (!isFields(value)) {
    findings.push(problem(path, `${shown(value)}: it must be a map of settings (${keys.join(', ')})`));
    return { findings, sound };
  }
  const { error, data } = schema.safeParse(value, { reportInput: true });
  findings.push(...unknownKeys(value, keys, path), ...(error?.issues ?? []).map((issue) => fromIssue(path, issue)));
  return { findings, sound, ...(data && { entry: { name, ...data } }) };
}

/** Setting by setting, so that one wrong setting does not hide what is wrong between the others. */
function soundSettings<Shape extends z.ZodRawShape>(
  { shape }: z.ZodObject<Shape>,
  settings: Fields,
): Partial<z.output<z.ZodObject<Shape>>> {
  const sound = Object.entries<z.core.$ZodType>(shape).flatMap(([key, schema]) => {
    const { data } = (schema as z.ZodType).safeParse(settings[key]);
    return data === undefined ? [] : [[key, data]];
  });
  return Object.fromEntries(sound);
}
