/** docs/configuration.md says what the check of pools.yml does: same keys, same defaults, an example that is sound. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import type { z } from 'zod';
import { automaticClasses, smallestSpace } from '../lib/pools-file/automatic-capacity.ts';
import { capacitySchema, scheduleSchema } from '../lib/pools-file/capacity-schema.ts';
import { poolSchema } from '../lib/pools-file/schema.ts';
import { parsePoolsFile } from '../lib/pools-file.ts';

const DOCUMENT = readFileSync('docs/configuration.md', 'utf8');

/** The rows of the table under a heading: key, and default as written. */
function table(document: string, heading: string): [string, string][] {
  const section = document.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const rows = section.matchAll(/^\| `(\w+)` \|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|$/gm);
  return [...rows].map(([, key = '', , fallback = '']) => [key, fallback.trim()]);
}

function defaults(settings: z.ZodObject): [string, string][] {
  const required = new Set(settings.safeParse({}).error?.issues.map(({ path }) => path[0]));
  return Object.entries<z.ZodType>(settings.shape).map(([key, schema]) => {
    const { data } = schema.safeParse(undefined);
    return [key, required.has(key) ? 'required' : data === undefined ? 'none' : `\`${data}\``];
  });
}

test.each<[string, z.ZodObject]>([
  ['A pool', poolSchema],
  ['A group of instances', capacitySchema],
  ['A schedule', scheduleSchema],
])('the table "%s" has the keys and defaults of the schema, in its order', (heading, schema) => {
  expect(table(DOCUMENT, heading)).toEqual(defaults(schema));
});

test('the table of the file has the keys at the top', () => {
  expect(table(DOCUMENT, 'The file').map(([key]) => key)).toEqual(['pools', 'capacity', 'unlabelled']);
  expect(parsePoolsFile('other: 1', 'f')).toMatchObject({
    problems: expect.arrayContaining([
      expect.objectContaining({ message: expect.stringContaining('pools, capacity, unlabelled') }),
    ]),
  });
});

test('a wrong default and a missing row are seen', () => {
  const wrong = DOCUMENT.replace('| `60` |', '| `61` |').replace(/^\| `image` .*\n/m, '');
  const seen = table(wrong, 'A pool');
  expect(seen).not.toEqual(defaults(poolSchema));
  expect(seen).toHaveLength(defaults(poolSchema).length - 1);
});

test('the table of automatic groups says what tasks can get of their instances', () => {
  const rows = DOCUMENT.matchAll(/^\| `(x64-\w+)` \|[^|]*\| `cpu` (\d+), `memory` (\d+) \|$/gm);
  const documented = [...rows].map(([, name, cpu, memory]) => ({ name, cpu: Number(cpu), memory: Number(memory) }));
  const spaces = (architecture: 'x64' | 'arm64') =>
    automaticClasses(architecture).map(({ name, instanceTypes }) => ({ name, ...smallestSpace(instanceTypes) }));
  expect(documented).toEqual(spaces('x64'));
  const asX64 = spaces('arm64').map((space) => ({ ...space, name: space.name.replace('arm64', 'x64') }));
  expect(asX64).toEqual(documented);
});

test('the families of the automatic groups are those of the document', () => {
  const families = (name: string) => {
    const group = [...automaticClasses('x64'), ...automaticClasses('arm64')].find((some) => some.name === name);
    return group?.instanceTypes.map((type) => type.name.replace(/\..*/, '')).join(', ');
  };
  expect(DOCUMENT).toContain(`\`x64-large\` | ${families('x64-large')} |`);
  expect(DOCUMENT).toContain(`\`arm64-16xlarge\` | ${families('arm64-16xlarge')} |`);
  expect(DOCUMENT).toContain(`\`arm64-24xlarge\` | ${families('arm64-24xlarge')} |`);
});

test('the examples and the problem shown are real', () => {
  const examples = [...DOCUMENT.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, example = '']) => example);
  const pools = examples.filter((example) => /^pools:/m.test(example));
  expect(pools.length).toBeGreaterThanOrEqual(2);
  for (const example of pools) expect(parsePoolsFile(example, 'pools.yml')).toMatchObject({ ok: true, warnings: [] });
  const text = 'pools:\n  deploy:\n    labels: [a]\n    cpu: 128\n    memory: 4 GB\n    docker: none\n    max: 1\n';
  const parsed = parsePoolsFile(text, 'pools.yml');
  const [problem] = parsed.ok ? [] : parsed.problems;
  expect(DOCUMENT).toContain(`pools.yml:${problem?.line}:${problem?.column} ${problem?.place}: ${problem?.message}\n`);
});
