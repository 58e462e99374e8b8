/**
 * What the container of a runner runs, as one script without any file, on the runner's own Node.js (20 or newer). It is
 * several programs: its own source starts it again as the others.
 */
import { bootstrap } from './bootstrap.ts';
import { proxyMain } from './docker-proxy.ts';
import { EXIT_REFUSED } from './exit-codes.ts';
import { become } from './runner-user.ts';
import { say } from './say.ts';

const [, program, ...options] = process.argv;

if (program === 'docker-proxy') proxyMain(options[0] ?? '');
else if (program === 'become') become(options);
else {
  bootstrap(process.env, options[0] ?? '').then(
    (exitCode) => process.exit(exitCode),
    (error: Error) => {
      say(`a bug of the bootstrap: ${error.stack ?? error.message}`);
      process.exit(EXIT_REFUSED);
    },
  );
}
