/** The documents name commands, files and folders that exist. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';

const { scripts, dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
  'scripts' | 'dependencies' | 'devDependencies',
  Record<string, string>
>;

const DOCUMENTS = ['.', 'docs', 'docs/decisions', 'actions/task-role'].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);

/** Files that the links of a document lead to and that are not there. */
function deadLinks(document: string, text: string): string[] {
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  const files = targets.filter((target) => !/^(https?:|mailto:|#)/.test(target));
  return files.filter((target) => !existsSync(join(dirname(document), target.replace(/#.*$/, ''))));
}

/** Headings within the document that its links name and that it does not have. */
function deadAnchors(text: string): string[] {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
  return [...text.matchAll(/\]\(#([^)]+)\)/g)].flatMap(([, anchor = '']) =>
    headings.includes(anchor) ? [] : [anchor],
  );
}

/** Scripts of npm that a document names and that package.json has not. */
function unknownScripts(text: string): string[] {
  const named = [...text.matchAll(/npm (?:run ([\w:-]+)|(start|test)\b)/g)].map(([, run, own]) => run ?? own ?? '');
  return named.filter((name) => scripts[name] === undefined);
}

/** Paths in backticks that begin with a folder of ours and are not there. */
function missingPaths(text: string): string[] {
  const paths = [...text.matchAll(/`((?:lib|test|functions|docs|\.ci)\/[\w./-]*[\w/])`/g)].map(([, path = '']) => path);
  return paths.filter((path) => !existsSync(path));
}

test.each(DOCUMENTS)('%s: links, scripts and paths exist', (document) => {
  const text = readFileSync(document, 'utf8');
  expect({
    links: deadLinks(document, text),
    anchors: deadAnchors(text),
    scripts: unknownScripts(text),
    paths: missingPaths(text),
  }).toEqual({ links: [], anchors: [], scripts: [], paths: [] });
});

test('what does not exist is seen', () => {
  const text = '[a](missing.md) [b](README.md#x) [c](#no-such) `npm run nothing` and `lib/nothing.ts`';
  expect(deadLinks('x.md', text)).toEqual(['missing.md']);
  expect(deadAnchors(text)).toEqual(['no-such']);
  expect(unknownScripts(text)).toEqual(['nothing']);
  expect(missingPaths(text)).toEqual(['lib/nothing.ts']);
});

test('the README begins with the demonstration, then the tests, which CI runs', () => {
  const commands = [...readFileSync('README.md', 'utf8').matchAll(/^npm .*$/gm)].map(([command]) => command);
  expect(commands.slice(0, 2)).toEqual(['npm ci && npm start', 'npm ci && npm test']);
  expect(readFileSync('.ci/run', 'utf8')).toMatch(/^npm ci && npm test\b/m);
});

test('the code map names every folder of lib', () => {
  const map = /^## Code map\n([\s\S]*?)^## /m.exec(readFileSync('ARCHITECTURE.md', 'utf8'))?.[1] ?? '';
  const folders = readdirSync('lib', { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.filter(({ name }) => !map.includes(`\`lib/${name}/\``)).map(({ name }) => name)).toEqual([]);
});

test('every dependency has its reason', () => {
  const text = readFileSync('ARCHITECTURE.md', 'utf8').split(/^## Dependencies/m)[1] ?? '';
  const unexplained = Object.keys({ ...dependencies, ...devDependencies }).filter(
    (name) => ![name, name.replace(/^@aws-sdk\//, '')].some((written) => text.includes(`\`${written}\``)),
  );
  expect(unexplained).toEqual([]);
});
