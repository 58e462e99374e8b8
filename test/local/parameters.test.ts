import { GetParameterCommand, GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { LOCAL_CLIENT } from '../../lib/local/aws.ts';
import { type LocalParameters, startParameters } from '../../lib/local/parameters.ts';

let parameters: LocalParameters;
let client: SSMClient;

beforeAll(async () => {
  parameters = await startParameters();
  client = new SSMClient({ ...LOCAL_CLIENT, endpoint: parameters.endpoint });
});
afterAll(async () => {
  client.destroy();
  await parameters.close();
});

test('one parameter, as it is now', async () => {
  const command = new GetParameterCommand({ Name: '/ecs-runners/pools', WithDecryption: true });
  parameters.set('/ecs-runners/pools', 'first');
  expect((await client.send(command)).Parameter).toMatchObject({ Value: 'first', Version: 1, Type: 'SecureString' });
  parameters.set('/ecs-runners/pools', 'zweite, ä');
  expect((await client.send(command)).Parameter).toMatchObject({ Value: 'zweite, ä', Version: 2 });
});

test('several, and those that are not there', async () => {
  parameters.set('/a', '1');
  parameters.set('/b', '2');
  const answer = await client.send(new GetParametersCommand({ Names: ['/a', '/c', '/b'], WithDecryption: true }));
  expect(answer.Parameters?.map(({ Name, Value }) => [Name, Value])).toEqual([
    ['/a', '1'],
    ['/b', '2'],
  ]);
  expect(answer.InvalidParameters).toEqual(['/c']);
});

test('nothing readable without decryption', async () => {
  parameters.set('/secret', 'in clear');
  const { Parameter } = await client.send(new GetParameterCommand({ Name: '/secret' }));
  expect(Parameter?.Value).not.toContain('in clear');
});

test.each([
  ['ParameterNotFound', new GetParameterCommand({ Name: '/none' })],
  ['ValidationException', new GetParametersCommand({ Names: Array.from({ length: 11 }, (_, index) => `/${index}`) })],
])('%s', async (name, command) => {
  await expect(client.send(command as GetParameterCommand)).rejects.toMatchObject({ name });
});
