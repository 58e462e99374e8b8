/** README and action.yml of the action say the same, and what the files do. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { credentials, runStep, serveCredentials } from './step.ts';

type Described = { description: string; default?: string };

const FOLDER = 'actions/task-role';
const README = readFileSync(`${FOLDER}/README.md`, 'utf8');
const ACTION = parse(readFileSync(`${FOLDER}/action.yml`, 'utf8')) as {
  inputs: Record<string, Described>;
  outputs: Record<string, Described>;
  runs: Record<string, string>;
};

/** The rows of the table under a heading, by cells, without backticks around whole cells. */
function table(document: string, heading: string): string[][] {
  const section = document.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const rows = [...section.matchAll(/^\| (`[\w-]+`.*) \|$/gm)];
  return rows.map(([, row = '']) => row.split('|').map((cell) => cell.trim()));
}

const inputs = Object.entries(ACTION.inputs).map(([name, one]) => [
  `\`${name}\``,
  `\`${one.default}\``,
  one.description,
]);

test('the table of inputs is that of action.yml', () => {
  expect(table(README, 'Inputs')).toEqual(inputs);
  expect(table(README.replace('`15`', '`10`'), 'Inputs')).not.toEqual(inputs);
});

test('the table of outputs is that of action.yml', () => {
  const outputs = Object.entries(ACTION.outputs).map(([name, { description }]) => [`\`${name}\``, description]);
  expect(table(README, 'Outputs').map(([name, , description]) => [name, description])).toEqual(outputs);
});

test('a step sets the outputs and the variables of the table, and no others', async () => {
  const endpoint = await serveCredentials([{ status: 200, body: credentials() }]);
  const environment = { AWS_CONTAINER_CREDENTIALS_FULL_URI: endpoint.url, AWS_REGION: 'eu-central-1' };
  const { outputs, variables } = await runStep({ environment });
  endpoint.close();
  const rows = table(README, 'Outputs');
  const documented = rows.flatMap(([name, text = '']) =>
    [...text.matchAll(/`(\w+)`/g)].map(([, variable = '']) => [variable, outputs[name?.replaceAll('`', '') ?? '']]),
  );
  const { earlier, ...set } = variables;
  expect(Object.fromEntries(documented)).toEqual(set);
  expect(['earlier', ...Object.keys(ACTION.outputs)]).toEqual(Object.keys(outputs));
});

test('it runs on the Node.js of current runners, as it is', () => {
  expect(ACTION.runs).toEqual({ using: 'node24', main: 'index.mjs' });
});

test('what it does without the runner’s defaults is what action.yml says', async () => {
  const endpoint = await serveCredentials([{ status: 200, body: credentials() }]);
  const environment = { AWS_CONTAINER_CREDENTIALS_FULL_URI: endpoint.url };
  const none = Object.fromEntries(Object.keys(ACTION.inputs).map((name) => [name, '']));
  const [byDefault, byItself] = [await runStep({ environment }), await runStep({ environment, with: none })];
  endpoint.close();
  expect(byItself).toEqual(byDefault);
});
