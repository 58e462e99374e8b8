// Creates and removes containers, many at once, each call on a connection of its own, as separate clients would. Says how many
// answers of each kind came. Usage: many.mjs IMAGE COUNT AT_ONCE, with DOCKER_HOST or Docker's usual socket.
import { request } from 'node:http';

const [Image, count, atOnce] = process.argv.slice(2);
const socketPath = (process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock').replace('unix://', '');
const answers = {};
let left = Number(count);

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const options = {
      socketPath,
      method,
      path: `/v1.41${path}`,
      headers: { 'content-type': 'application/json' },
      agent: false,
    };
    const sent = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => {
        text += part;
      });
      response.on('end', () => {
        const kind = `${method} ${response.statusCode}`;
        answers[kind] = (answers[kind] ?? 0) + 1;
        resolve(text);
      });
    });
    sent.on('error', reject);
    sent.end(body && JSON.stringify(body));
  });
}

async function work() {
  while (left > 0) {
    left -= 1;
    const { Id } = JSON.parse(await call('POST', '/containers/create', { Image, Cmd: ['true'] }));
    await call('DELETE', `/containers/${Id}`);
  }
}

await Promise.all(Array.from({ length: Number(atOnce) }, work));
console.log(JSON.stringify(answers));
