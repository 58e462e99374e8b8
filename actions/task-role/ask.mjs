// @ts-check
import * as http from 'node:http';
import * as https from 'node:https';

/** @import { Endpoint } from './endpoint.mjs' */

/** @typedef {{ status?: number, text: string }} Answer Without a status there was none, and `text` says why. */

/** The agent answers in milliseconds; an instance that is busy with jobs needs longer. */
const ANSWER_MS_MAX = 5000;

/**
 * One request. `agent: false` keeps it away from proxies that the job has set up (`NODE_USE_ENV_PROXY`), and this client follows no
 * redirects.
 *
 * @param {Endpoint} endpoint
 * @returns {Promise<Answer>}
 */
export function ask({ url, authorization }) {
  return new Promise((resolve) => {
    const end = (/** @type {Answer} */ answer) => {
      clearTimeout(timer);
      resolve(answer);
      request.destroy();
    };
    const { get } = url.protocol === 'https:' ? https : http;
    const request = get(url, { agent: false, headers: headersOf(authorization) }, (response) => {
      const { statusCode: status = 0 } = response;
      let text = '';
      response.setEncoding('utf8').on('data', (part) => {
        text += part;
      });
      response.on('end', () => end({ status, text })).on('error', (error) => end({ text: nameOf(error) }));
    });
    const timer = setTimeout(() => end({ text: `no answer in ${ANSWER_MS_MAX / 1000} s` }), ANSWER_MS_MAX);
    request.on('error', (error) => end({ text: nameOf(error) }));
  });
}

/** @param {string | undefined} authorization */
function headersOf(authorization) {
  return { accept: 'application/json', ...(authorization !== undefined && { authorization }) };
}

/** A code, never a message: that may hold the address. @param {NodeJS.ErrnoException} error */
function nameOf({ code, name }) {
  return code ?? name;
}
