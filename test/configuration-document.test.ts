/** docs/configuration.md says what the check of pools.yml does: same keys, same defaults, an example that is sound. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { poolSchema } from '../lib/pools-file/schema.ts';
import { parsePoolsFile } from '../lib/pools-file.ts';

const DOCUMENT = readFileSync('docs/configuration.md', 'utf8');

/** The rows of the table under a heading: key, and default as written. */
function table(document: string, heading: string): [string, string][] {
  const section = document.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const rows = section.matchAll(/^\| `(\w+)` \|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|$/gm);
  return [...rows].map(([, key = '', , fallback = '']) => [key, fallback.trim()]);
}

function defaults(): [string, string][] {
  const required = new Set(poolSchema.safeParse({}).error?.issues.map(({ path }) => path[0]));
  return Object.entries(poolSchema.shape).map(([key, schema]) => {
    const { data } = schema.safeParse(undefined);
    return [key, required.has(key) ? 'required' : data === undefined ? 'none' : `\`${data}\``];
  });
}

test('the table of a pool has the keys and defaults of the schema, in its order', () => {
  expect(table(DOCUMENT, 'A pool')).toEqual(defaults());
});

test('the table of the file has the keys at the top', () => {
  expect(table(DOCUMENT, 'The file').map(([key]) => key)).toEqual(['pools', 'unlabelled']);
  expect(parsePoolsFile('other: 1', 'f')).toMatchObject({
    problems: expect.arrayContaining([
      expect.objectContaining({ message: expect.stringContaining('pools, unlabelled') }),
    ]),
  });
});

test('a wrong default and a missing row are seen', () => {
  const wrong = DOCUMENT.replace('| `60` |', '| `61` |').replace(/^\| `image` .*\n/m, '');
  const seen = table(wrong, 'A pool');
  expect(seen).not.toEqual(defaults());
  expect(seen).toHaveLength(defaults().length - 1);
});

test('the example and the problem shown are real', () => {
  const example = /```yaml\n([\s\S]*?)```/.exec(DOCUMENT)?.[1] ?? '';
  expect(parsePoolsFile(example, 'pools.yml')).toMatchObject({ ok: true, warnings: [] });
  const text = 'pools:\n  deploy:\n    labels: [a]\n    cpu: 128\n    memory: 4 GB\n    docker: none\n    max: 1\n';
  const parsed = parsePoolsFile(text, 'pools.yml');
  const [problem] = parsed.ok ? [] : parsed.problems;
  expect(DOCUMENT).toContain(`pools.yml:${problem?.line}:${problem?.column} ${problem?.place}: ${problem?.message}\n`);
});
