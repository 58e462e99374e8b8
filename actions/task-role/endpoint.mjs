// @ts-check
/** Where the credentials are to be had, as AWS SDKs find it: the relative address first, the authorization's file first. */
import { readFileSync } from 'node:fs';

/**
 * @typedef {{ kind: 'ok', url: URL, authorization: string | undefined }} Endpoint
 * @typedef {{ kind: 'none', reason: string }} None
 */

const AGENT = 'http://169.254.170.2';
/** Where plain HTTP does not leave the instance: the agents of ECS and EKS, and the machine itself. */
const NEAR = /^(169\.254\.170\.2|169\.254\.170\.23|\[fd00:ec2::23\]|localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * The addresses themselves are never shown: who knows the path has the role.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Endpoint | None}
 */
export function credentialsEndpoint(environment) {
  const relative = environment['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'];
  const full = environment['AWS_CONTAINER_CREDENTIALS_FULL_URI'];
  if (relative) return endpointAt('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', relative, AGENT, environment);
  if (full) return endpointAt('AWS_CONTAINER_CREDENTIALS_FULL_URI', full, '', environment);
  const reason =
    'this is not a runner of ecs-runners, or there is no task role: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor ' +
    'AWS_CONTAINER_CREDENTIALS_FULL_URI is set.';
  return { kind: 'none', reason };
}

/**
 * @param {string} name
 * @param {string} text
 * @param {string} origin
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Endpoint | None}
 */
function endpointAt(name, text, origin, environment) {
  // Without its slash, "@host" or ".host" would lead elsewhere.
  const url = origin && !text.startsWith('/') ? null : URL.parse(`${origin}${text}`);
  if (!url || !(url.protocol === 'https:' || (url.protocol === 'http:' && NEAR.test(url.hostname)))) {
    const wanted = origin
      ? 'a path that begins with "/"'
      : 'https, or http on this machine or at the agent of ECS or EKS';
    return { kind: 'none', reason: `${name} must be ${wanted}.` };
  }
  return withAuthorization(url, environment);
}

/**
 * @param {URL} url
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Endpoint | None}
 */
function withAuthorization(url, environment) {
  const file = environment['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'];
  try {
    const text = file ? readFileSync(file, 'utf8') : environment['AWS_CONTAINER_AUTHORIZATION_TOKEN'];
    const authorization = text?.trim() || undefined;
    if (!authorization || /^[\x20-\x7e]+$/.test(authorization)) return { kind: 'ok', url, authorization };
    return { kind: 'none', reason: 'the authorization token holds what no HTTP header may hold.' };
  } catch {
    return { kind: 'none', reason: 'the file that AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names cannot be read.' };
  }
}
