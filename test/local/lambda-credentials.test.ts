import { afterEach, expect, test } from '@jest/globals';
import { defaultProvider } from '../../lib/live/lambda-credentials.ts';

const NAMES = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'] as const;
const before = NAMES.map((name) => [name, process.env[name]] as const);
afterEach(() => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

function given(...values: (string | undefined)[]): void {
  for (const [index, name] of NAMES.entries()) {
    const value = values[index];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

test('the credentials are those of the environment when they are asked for', async () => {
  const provide = defaultProvider();
  given('id', 'secret', 'token');
  expect(await provide()).toEqual({ accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: 'token' });
  given('id2', 'secret2');
  expect(await provide()).toEqual({ accessKeyId: 'id2', secretAccessKey: 'secret2' });
});

test.each([
  ['neither', undefined, undefined],
  ['no secret', 'id', undefined],
  ['an empty id', '', 'secret'],
])('with %s the error names the variables', async (_, id, secret) => {
  given(id, secret);
  await expect(defaultProvider()()).rejects.toThrow('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY');
});
