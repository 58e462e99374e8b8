// @ts-check
/** What GitHub's runner understands: commands on stdout, and files that a step appends to (docs.github.com, "Workflow commands"). */
import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';

/** The runner replaces the text by `***` in everything that is logged after this line. @param {string} secret */
export function mask(secret) {
  command('add-mask', secret);
}

/** @param {string} text */
export function say(text) {
  process.stdout.write(`${text}\n`);
}

/** @param {string} text */
export function warn(text) {
  command('warning', text);
}

/** Says why, and fails the step. @param {string} text */
export function fail(text) {
  command('error', text);
  process.exitCode = 1;
}

/**
 * @param {NodeJS.ProcessEnv} environment
 * @param {Record<string, string | undefined>} values
 */
export function setOutputs(environment, values) {
  append(environment, 'GITHUB_OUTPUT', values);
}

/**
 * @param {NodeJS.ProcessEnv} environment
 * @param {Record<string, string | undefined>} values
 */
export function setVariables(environment, values) {
  append(environment, 'GITHUB_ENV', values);
}

/**
 * Values that are not known are left out. Nobody can guess the delimiter, so no value can end itself and begin another.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @param {string} variable
 * @param {Record<string, string | undefined>} values
 */
function append(environment, variable, values) {
  const file = environment[variable];
  if (!file) throw new Error(`${variable} is not set: this runs as a step of GitHub Actions only.`);
  const entries = Object.entries(values).filter(([, value]) => value !== undefined && value !== '');
  const text = entries.map(([name, value]) => {
    const delimiter = `end-${randomUUID()}`;
    return `${name}<<${delimiter}\n${value}\n${delimiter}\n`;
  });
  appendFileSync(file, text.join(''));
}

/**
 * @param {string} name
 * @param {string} data
 */
function command(name, data) {
  const escaped = data.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  process.stdout.write(`::${name}::${escaped}\n`);
}
