/** Run as a process of its own: the fastest daemon that there can be. It says OK to calls, and takes streams. */
import { createServer } from 'node:http';
import type { Socket } from 'node:net';

const server = createServer((asked, answer) => {
  asked.resume();
  answer.end('OK');
});
server.on('upgrade', (_, socket: Socket) => {
  socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
  socket.resume().on('end', () => socket.end());
});
server.listen(process.argv[2], () => process.send?.('ready'));
