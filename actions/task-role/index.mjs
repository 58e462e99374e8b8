// @ts-check
/**
 * Exports the task role's credentials as outputs and, unless told otherwise, as environment of the later steps. Runs as it is:
 * no build, no dependencies.
 */
import { askForCredentials } from './credentials.mjs';
import { credentialsEndpoint } from './endpoint.mjs';
import { readInputs } from './inputs.mjs';
import { fail, mask, say, setOutputs, setVariables, warn } from './workflow.mjs';

/** @import { Credentials } from './credentials.mjs' */

const MINUTE_MS = 60_000;

try {
  await main(process.env);
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}

/** @param {NodeJS.ProcessEnv} environment */
async function main(environment) {
  const inputs = readInputs(environment);
  const endpoint = credentialsEndpoint(environment);
  const answer = endpoint.kind === 'ok' ? await askForCredentials(endpoint) : endpoint;
  if (answer.kind === 'none') {
    const text = `No AWS keys of the task role: ${answer.reason}`;
    return inputs.required ? fail(text) : warn(`${text} The outputs are empty.`);
  }
  const { credentials } = answer;
  const region = environment['AWS_REGION'] || environment['AWS_DEFAULT_REGION'];
  // Nothing is written before the runner knows what it must not show.
  for (const secret of [credentials.accessKeyId, credentials.secretAccessKey, credentials.sessionToken]) mask(secret);
  setOutputs(environment, outputsOf(credentials, region));
  if (inputs.exportEnvironment) setVariables(environment, variablesOf(credentials, region));
  tell(credentials, inputs);
}

/**
 * @param {Credentials} credentials
 * @param {string | undefined} region
 */
function outputsOf(credentials, region) {
  return {
    'access-key-id': credentials.accessKeyId,
    'secret-access-key': credentials.secretAccessKey,
    'session-token': credentials.sessionToken,
    expiration: credentials.expiration,
    region,
    'role-arn': credentials.roleArn,
  };
}

/**
 * @param {Credentials} credentials
 * @param {string | undefined} region
 */
function variablesOf(credentials, region) {
  return {
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    // Tools differ in which of the two they read.
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
  };
}

/**
 * @param {Credentials} credentials
 * @param {{ exportEnvironment: boolean, minimumMinutes: number }} inputs
 */
function tell({ expiration, roleArn }, { exportEnvironment, minimumMinutes }) {
  const minutes = Math.max(0, Math.floor((Date.parse(expiration) - Date.now()) / MINUTE_MS));
  const where = exportEnvironment ? 'as outputs and in the environment of the later steps' : 'as outputs';
  say(`AWS keys of ${roleArn ?? 'the task role'}, ${where}.`);
  say(
    `They expire at ${expiration}, in ${minutes} minutes. They are not refreshed: run this action again to get new ones.`,
  );
  say('AWS SDKs and the AWS CLI need no keys here, in containers neither: they find the task role, and refresh it.');
  if (minutes >= minimumMinutes) return;
  warn(`The AWS keys expire in ${minutes} minutes, at ${expiration}; at least ${minimumMinutes} were wanted.`);
}
