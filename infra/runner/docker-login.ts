/** The operator's account at Docker Hub, for what the job pulls: its limits there are those of the account. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { giveTo, type User } from './runner-user.ts';
import { say } from './say.ts';

/** The name under which Docker's own client keeps it. */
const DOCKER_HUB = 'https://index.docker.io/v1/';

/** `login`: JSON of `username` and `password`, as ECS's own registry credentials are. A login of the image's own stays. */
export function logIn(user: User, login: string): void {
  const { username, password } = parsed(login);
  if (typeof username !== 'string' || typeof password !== 'string') {
    say('the secret of dockerLogin is not JSON with username and password: the job pulls anonymously');
    return;
  }
  const folder = join(user.home, '.docker');
  const path = join(folder, 'config.json');
  const config = existsSync(path) ? parsed(readFileSync(path, 'utf8')) : {};
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  const auths = { [DOCKER_HUB]: { auth }, ...(config['auths'] as object | undefined) };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(path, JSON.stringify({ ...config, auths }), { mode: 0o600 });
  for (const given of [folder, path]) giveTo(user, given);
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
