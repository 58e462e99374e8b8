// @ts-check
/** Asks the endpoint for credentials; what may pass is asked again, what may not is explained. */
import { ask } from './ask.mjs';

/** @import { Endpoint, None } from './endpoint.mjs' */
/** @import { Answer } from './ask.mjs' */

/**
 * @typedef {{
 *   accessKeyId: string, secretAccessKey: string, sessionToken: string,
 *   expiration: string, roleArn: string | undefined,
 * }} Credentials
 */

/** Between attempts. An agent that has just been restarted answers 503 until it has found its tasks again. */
const WAITS_MS = [500, 1000, 2000, 4000];

/**
 * @param {Endpoint} endpoint
 * @returns {Promise<{ kind: 'ok', credentials: Credentials } | None>}
 */
export async function askForCredentials(endpoint) {
  let answer = await ask(endpoint);
  const answers = [answer];
  for (const waitMs of WAITS_MS) {
    if (!mayPass(answer)) break;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    answer = await ask(endpoint);
    answers.push(answer);
  }
  if (mayPass(answer)) return { kind: 'none', reason: gaveUp(answers) };
  if (answer.status !== 200) return { kind: 'none', reason: explained(answer) };
  const credentials = credentialsOf(answer.text);
  if (credentials) return { kind: 'ok', credentials };
  return { kind: 'none', reason: 'the answer of the credentials endpoint is not what AWS documents.' };
}

/** @param {Answer} answer */
function mayPass({ status }) {
  return status === undefined || status === 429 || status >= 500;
}

/** @param {Answer[]} answers */
function gaveUp(answers) {
  const all = answers.map(({ status, text }) => status ?? text).join(', ');
  return `the credentials endpoint gave none in ${answers.length} attempts (${all}).`;
}

/** @param {Answer} answer */
function explained({ status, text }) {
  // The code alone: nobody knows what else an answer holds.
  const code = /"code"\s*:\s*"(\w{1,40})"/i.exec(text)?.[1];
  const said = code ? `${status} ${code}` : `${status}`;
  if (status === 400)
    return `the ECS agent does not know these credentials (${said}): they are those of a task that has ended.`;
  if (status === 404)
    return `there is no credentials endpoint at the address (${said}): the variable is not from this task.`;
  if (status === 401 || status === 403) return `the credentials endpoint refuses the authorization token (${said}).`;
  return `the credentials endpoint answered ${said}.`;
}

/**
 * @param {string} text
 * @returns {Credentials | undefined}
 */
function credentialsOf(text) {
  const { AccessKeyId, SecretAccessKey, Token, Expiration, RoleArn } = parsed(text);
  const expiresAt = isText(Expiration) ? Date.parse(Expiration) : Number.NaN;
  if (!isText(AccessKeyId) || !isText(SecretAccessKey) || !isText(Token) || Number.isNaN(expiresAt)) return undefined;
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: Token,
    expiration: new Date(expiresAt).toISOString().replace(/\.\d+Z$/, 'Z'),
    // It is shown in the log, so it must not be anything else.
    roleArn: isText(RoleArn) && /^arn:[\w:/+=,.@-]+$/.test(RoleArn) ? RoleArn : undefined,
  };
}

/**
 * @param {string} text
 * @returns {Record<string, unknown>}
 */
function parsed(text) {
  try {
    return { ...JSON.parse(text) };
  } catch {
    return {};
  }
}

/**
 * @param {unknown} value
 * @returns {value is string}
 */
function isText(value) {
  return typeof value === 'string' && value !== '';
}
