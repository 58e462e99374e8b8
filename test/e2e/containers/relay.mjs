// Listens in the network namespace that it is started in, and passes connections on to sockets in the file system, which
// know no namespaces: so a server in the test's own process is reached at an address of the stage.
// Usage: relay.mjs ADDRESS:PORT=SOCKET ...
import { connect, createServer } from 'node:net';

const listening = process.argv.slice(2).map((argument) => {
  const [, address, port, path] = /^(.+):(\d+)=(.+)$/.exec(argument) ?? [];
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ path, allowHalfOpen: true });
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    client.pipe(upstream);
    upstream.pipe(client);
  });
  return new Promise((resolve) => server.listen(Number(port), address, resolve));
});
await Promise.all(listening);
console.log('ready');
