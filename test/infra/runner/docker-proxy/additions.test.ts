/** What requests that create something get besides, and what they keep. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Additions, edited, type Kind } from '../../../../infra/runner/docker-proxy/additions.ts';
import { environmentFor } from '../../../../infra/runner/docker-proxy/environment.ts';
import { volumesOf } from '../../../../infra/runner/docker-proxy/volumes.ts';

const URI = 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI';
const ENVIRONMENT = { [URI]: '/v2/credentials/1', AWS_REGION: 'eu-central-1', AWS_DEFAULT_REGION: 'eu-central-1' };
const ROLE = `${URI}=/v2/credentials/1`;
const REGIONS = ['AWS_REGION=eu-central-1', 'AWS_DEFAULT_REGION=eu-central-1'];

const environments: [string, string[], string[]][] = [
  ['nothing of AWS: all', ['A=b'], [ROLE, ...REGIONS]],
  ['own keys: the region only', ['AWS_ACCESS_KEY_ID=k', 'AWS_SECRET_ACCESS_KEY=s'], REGIONS],
  ['a web identity', ['AWS_WEB_IDENTITY_TOKEN_FILE=/token', 'AWS_ROLE_ARN=arn'], REGIONS],
  ['another endpoint', ['AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1/'], REGIONS],
  ['the same endpoint already', [`${URI}=/v2/credentials/2`], REGIONS],
  ['the variable, but empty: meant so', [`${URI}=`], REGIONS],
  [
    'keys that are empty, as secrets that are not there',
    ['AWS_ACCESS_KEY_ID=', 'AWS_SECRET_ACCESS_KEY='],
    [ROLE, ...REGIONS],
  ],
  ['names alone, which take away what the image has', [URI, 'AWS_ACCESS_KEY_ID', 'AWS_REGION'], [ROLE, ...REGIONS]],
  ['a profile, which may name the container as its source', ['AWS_PROFILE=p'], [ROLE, ...REGIONS]],
  ['a region', ['AWS_REGION=us-east-1'], [ROLE]],
  ['the other region', ['AWS_DEFAULT_REGION=us-east-1'], [ROLE]],
  ['a region that is empty', ['AWS_REGION='], [ROLE]],
  ['a value that looks like another variable', ['A=AWS_ACCESS_KEY_ID=k', 'AWS_ACCESS_KEY_IDS=k'], [ROLE, ...REGIONS]],
  ['a key with lines', ['AWS_ACCESS_KEY_ID=\nk'], REGIONS],
  ['names in lower case, which are others', ['aws_access_key_id=k', 'aws_region=x'], [ROLE, ...REGIONS]],
];

test.each(environments)('a request with %s', (_, own, added) => {
  expect(environmentFor(own, ENVIRONMENT)).toEqual(added);
});

test('a region alone, where the task has no role', () => {
  expect(environmentFor([], { AWS_REGION: 'eu-central-1' })).toEqual(['AWS_REGION=eu-central-1']);
});

const ROLE_ONLY: Additions = { environment: { [URI]: '/1' } };
const ONE = `"${URI}=/1"`;
const KEYS = '["AWS_ACCESS_KEY_ID=k"]';

/** What becomes of the text: byte for byte. */
const texts: [string, string, string][] = [
  ['an empty object', '{}', `{"Env":[${ONE}]}`],
  ['an empty object with space', '{ }', `{ "Env":[${ONE}]}`],
  ['no variables', '{"Image":"a"}', `{"Image":"a","Env":[${ONE}]}`],
  ['an empty list', '{"Env":[],"Image":"a"}', `{"Env":[${ONE}],"Image":"a"}`],
  ['an empty list with space', '{"Env": [ ] }', `{"Env": [ ${ONE}] }`],
  ['a list', '{"Env":["A=b" ]}', `{"Env":["A=b" ,${ONE}]}`],
  ['null', '{"Env":null}', `{"Env":[${ONE}]}`],
  ['own keys', `{"Env":${KEYS}}`, `{"Env":${KEYS}}`],
  ['a name in another case, as Go takes it', `{"eNV":["A=b"]}`, `{"eNV":["A=b",${ONE}]}`],
  ['a name with escapes', '{"\\u0045n\\u0076":["A=b"]}', `{"\\u0045n\\u0076":["A=b",${ONE}]}`],
  ['a name twice: the last one counts', `{"Env":${KEYS},"env":[]}`, `{"Env":${KEYS},"env":[${ONE}]}`],
  ['a name twice, and the last one has keys', `{"Env":[],"ENV":${KEYS}}`, `{"Env":[],"ENV":${KEYS}}`],
  ['a name that only begins so', '{"Environment":[]}', `{"Environment":[],"Env":[${ONE}]}`],
  ['a name elsewhere', '{"HostConfig":{"Env":[]}}', `{"HostConfig":{"Env":[]},"Env":[${ONE}]}`],
  ['a value that looks like it', '{"Cmd":["\\"Env\\":[]","}"]}', `{"Cmd":["\\"Env\\":[]","}"],"Env":[${ONE}]}`],
  ['a backslash at the end of a string', '{"a":"\\\\","b":"\\\\\\""}', `{"a":"\\\\","b":"\\\\\\"","Env":[${ONE}]}`],
  [
    'numbers beyond 2^53, order and space',
    '{"b": 12345678901234567890 ,\n"a":1e2}',
    `{"b": 12345678901234567890 ,\n"a":1e2,"Env":[${ONE}]}`,
  ],
  ['bytes that are no UTF-8', '{"a":"\xff\xc3"}', `{"a":"\xff\xc3","Env":[${ONE}]}`],
  ['space before, and something behind that the daemon does not read', ' \r\n\t{} x', ` \r\n\t{"Env":[${ONE}]} x`],
  ['two objects: the first', '{}{"Env":[]}', `{"Env":[${ONE}]}{"Env":[]}`],
  ['a brace behind a quote in a string', '{"a":"\\"}","b":[]}', `{"a":"\\"}","b":[],"Env":[${ONE}]}`],
  ['words', '{"a":true,"b":null,"c":false}', `{"a":true,"b":null,"c":false,"Env":[${ONE}]}`],
  ['variables that are no list: the daemon refuses it', '{"Env":"A=b"}', '{"Env":"A=b"}'],
  ['variables that are an object', '{"Env":{}}', '{"Env":{}}'],
  ['an array', '[]', '[]'],
  ['a string', '"{}"', '"{}"'],
  ['a number', '1', '1'],
  ['nothing', '', ''],
  ['space', '  ', '  '],
  ['half an object', '{"Env":[', '{"Env":['],
  ['a string that does not end', '{"Env":"', '{"Env":"'],
  ['no JSON', '{Env:[]}', '{Env:[]}'],
  ['a comma too many', '{"Env":[],}', '{"Env":[],}'],
  ['a mark before', '\xef\xbb\xbf{}', '\xef\xbb\xbf{}'],
];

test.each(texts)('in a text with %s', (_, text, wanted) => {
  expect(edited('containers', text, ROLE_ONLY)).toBe(wanted);
});

test('ten thousand levels, which Go reads', () => {
  const deep = `{"a":${'['.repeat(9_990)}${']'.repeat(9_990)}`;
  expect(edited('containers', `${deep}}`, ROLE_ONLY)).toBe(`${deep},"Env":[${ONE}]}`);
});

const LABELS = { 'ecs-runners.task': 'r', 'ecs-runners.owner': 'c' };
const MADE = '"ecs-runners.task":"r","ecs-runners.owner":"c"';
const labels: [string, Kind, string, string][] = [
  ['a network', 'networks', '{"Name":"n"}', `{"Name":"n","Labels":{${MADE}}}`],
  ['a volume', 'volumes', '{"Labels":null}', `{"Labels":{${MADE}}}`],
  ['a container', 'containers', '{"labels":{"a":"b"}}', `{"labels":{"a":"b",${MADE}}}`],
  [
    'one that says to be of another task: ours come last',
    'volumes',
    '{"Labels":{"ecs-runners.task":"x"}}',
    `{"Labels":{"ecs-runners.task":"x",${MADE}}}`,
  ],
  ['a name with the long s, which Go takes for an s', 'volumes', '{"Label\xc5\xbf":{}}', `{"Label\xc5\xbf":{${MADE}}}`],
  ['labels that are none', 'networks', '{"Labels":[]}', '{"Labels":[]}'],
  ['a network without JSON', 'networks', 'x', 'x'],
];

test.each(labels)('labels of %s', (_, kind, text, wanted) => {
  expect(edited(kind, text, { environment: {}, labels: LABELS })).toBe(wanted);
});

test('without labels of ours networks and volumes stay as they are', () => {
  expect(edited('networks', '{"a":1}', ROLE_ONLY)).toBe('{"a":1}');
  expect(edited('volumes', '{"a":1}', ROLE_ONLY)).toBe('{"a":1}');
});

const BINDS = {
  '/var/run/docker.sock': '/s/r/docker.sock',
  '/home/runner': '/s/home',
  '/home/runner/externals': '/s/externals/2',
};
const binds: [string, string, string][] = [
  ['a path of ours', '/var/run/docker.sock:/var/run/docker.sock', '/s/r/docker.sock:/var/run/docker.sock'],
  ['with a mode', '/var/run/docker.sock:/d.sock:ro,z', '/s/r/docker.sock:/d.sock:ro,z'],
  ['below a path of ours: the longest counts', '/home/runner/externals/node20:/n', '/s/externals/2/node20:/n'],
  ['beside it', '/home/runner/x:/x', '/s/home/x:/x'],
  ['that is written in another way', '/var//run/../run/./docker.sock/:/d', '/s/r/docker.sock:/d'],
  ['that only begins so', '/var/run/docker.sock2:/d', '/var/run/docker.sock2:/d'],
  ['above a path of ours', '/var/run:/d', '/var/run:/d'],
  ['in the container only', '/x:/var/run/docker.sock', '/x:/var/run/docker.sock'],
  ['of a volume', 'var/run/docker.sock:/d', 'var/run/docker.sock:/d'],
  ['without a source', '/var/run/docker.sock', '/var/run/docker.sock'],
];

test.each(binds)('a bind %s', (_, bind, wanted) => {
  const additions = { environment: {}, binds: BINDS };
  for (const frame of ['{"HostConfig":{"Binds":[X]}}', '{"hostconfig":{"binds":["a:/b",X]}}', '{"Binds":[X]}']) {
    const text = frame.replace('X', JSON.stringify(bind));
    expect(edited('containers', text, additions)).toBe(frame.replace('X', JSON.stringify(wanted)));
  }
  const [source = '', target] = bind.split(':');
  const [place = ''] = wanted.split(':');
  const frame = '{"HostConfig":{"Mounts":[{"Type":"bind","Target":"/d","source":X}]}}';
  const text = frame.replace('X', JSON.stringify(source));
  if (target !== undefined) {
    expect(edited('containers', text, additions)).toBe(frame.replace('X', JSON.stringify(place)));
  }
});

const mounts: [string, string, string][] = [
  ['a volume', '{"Type":"volume","Source":"v"}', `{"Type":"volume","Source":"v","VolumeOptions":{"Labels":{${MADE}}}}`],
  ['one without a name', '{"Type":"volume"}', `{"Type":"volume","VolumeOptions":{"Labels":{${MADE}}}}`],
  [
    'one with a driver',
    '{"Type":"volume","VolumeOptions":{"DriverConfig":{}}}',
    `{"Type":"volume","VolumeOptions":{"DriverConfig":{},"Labels":{${MADE}}}}`,
  ],
  [
    'one whose options are null',
    '{"VolumeOptions":null,"type":"volume"}',
    `{"VolumeOptions":{"Labels":{${MADE}}},"type":"volume"}`,
  ],
  ['one whose options are none', '{"VolumeOptions":[],"Type":"volume"}', '{"VolumeOptions":[],"Type":"volume"}'],
  ['a path of another place', '{"Type":"bind","Source":"/x"}', '{"Type":"bind","Source":"/x"}'],
  ['memory', '{"Type":"tmpfs","Target":"/t"}', '{"Type":"tmpfs","Target":"/t"}'],
  ['what is no mount', '["Type"]', '["Type"]'],
];

test.each(mounts)('mounting %s', (_, mount, wanted) => {
  const frame = '{"Labels":{},"HostConfig":{"Mounts":[X]}}';
  const text = edited('containers', frame.replace('X', mount), { environment: {}, labels: LABELS, binds: BINDS });
  expect(text).toBe(frame.replace('{}', `{${MADE}}`).replace('X', wanted));
});

const volumes: [string, string, unknown[]][] = [
  ['named in a bind', '{"HostConfig":{"Binds":["v:/v","/p:/p","w:/w:ro"]}}', [{ Name: 'v' }, { Name: 'w' }]],
  ['of a driver', '{"hostConfig":{"Binds":["v:/v"],"VolumeDriver":"d"}}', [{ Name: 'v', Driver: 'd' }]],
  ['named beside it, as clients of old do', '{"Binds":["v:/v"],"VolumeDriver":"d"}', [{ Name: 'v', Driver: 'd' }]],
  ['without a name', '{"HostConfig":{"Binds":["/v"]},"Volumes":{"/w":{}}}', []],
  ['where there is no list', '{"HostConfig":{"Binds":"v:/v"}}', []],
  ['where there is nothing', '{"HostConfig":null}', []],
  ['where there is no JSON', '{"HostConfig":{"Binds":["v:/v"]}', []],
];

test.each(volumes)('volumes %s', (_, text, wanted) => {
  expect(volumesOf(text, { environment: {}, labels: LABELS })).toEqual(wanted);
  expect(volumesOf(text, { environment: {} })).toEqual([]);
});

const anyName = fc.oneof(fc.constantFrom('Env', 'HostConfig', 'Labels', 'Binds', 'x'), fc.string({ unit: 'binary' }));
const anything = fc.dictionary(anyName, fc.jsonValue({ stringUnit: 'binary' }));
const latin1 = (text: string) => Buffer.from(text).toString('latin1');

test('of whatever is sent, only what is added is new, and it is read so', () => {
  const indents = fc.constantFrom('', ' ', '\t', '\n\r ');
  fc.assert(
    fc.property(anything, indents, (any, indent) => {
      const json = JSON.stringify(any, undefined, indent);
      const value = JSON.parse(json);
      const text = latin1(json);
      const made = edited('containers', text, ROLE_ONLY);
      const own = value['Env'];
      if (own !== undefined && own !== null && !Array.isArray(own)) return expect(made).toBe(text);
      const Env = [...(own ?? []), `${URI}=/1`];
      expect(JSON.parse(Buffer.from(made, 'latin1').toString())).toEqual({ ...value, Env });
      if (own !== null) expect(isInserted(text, made)).toBe(true);
    }),
    { numRuns: 500, ignoreEqualValues: true },
  );
});

/** Whether `text` is `made` without one piece. */
function isInserted(text: string, made: string): boolean {
  let before = 0;
  while (before < text.length && text[before] === made[before]) before += 1;
  return made.endsWith(text.slice(before));
}
