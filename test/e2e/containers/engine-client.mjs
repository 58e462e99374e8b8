// A client of the Docker Engine API without Docker's own program: runs a container of the given image and command, and says
// what that said. Usage: engine-client.mjs IMAGE COMMAND ...
import { request } from 'node:http';

const [Image, ...Cmd] = process.argv.slice(2);

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const sent = request({ socketPath: '/var/run/docker.sock', method, path: `/v1.41${path}`, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => {
        text += part;
      });
      response.on('end', () => {
        if (response.statusCode < 400) resolve(text);
        else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
      });
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

// With a terminal the output comes as it is.
const { Id } = JSON.parse(await call('POST', '/containers/create', { Image, Cmd, Tty: true }));
await call('POST', `/containers/${Id}/start`);
await call('POST', `/containers/${Id}/wait`);
process.stdout.write(await call('GET', `/containers/${Id}/logs?stdout=1&stderr=1`));
await call('DELETE', `/containers/${Id}`);
