// Loaded before the action: what goes to 169.254.170.2 port 80, where the ECS agent answers, arrives at LINK_LOCAL_PORT here.
const { Socket } = require('node:net');
const connect = Socket.prototype.connect;
Socket.prototype.connect = function (...rest) {
  const [first] = rest[0];
  if (first.host === '169.254.170.2' && Number(first.port) === 80) {
    Object.assign(first, { host: '127.0.0.1', port: Number(process.env.LINK_LOCAL_PORT) });
  }
  return connect.apply(this, rest);
};
