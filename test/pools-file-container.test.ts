/** What `pools.yml` says about the containers of runners: Docker, privileges, how they register; and what does not go together. */
import { describe, expect, test } from '@jest/globals';
import { capacityGroups } from '../lib/pools-file/capacity.ts';
import { functionsPool, parsePoolsFile, problemLine } from '../lib/pools-file.ts';

const SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:hub-AbCdEf';

/** A pool with these settings, one a line, beside what every pool must say; and a group for it. */
function file(settings: string[], group = 'instanceTypes: [m7i.large]'): string {
  const lines = settings.map((line) => `    ${line}\n`).join('');
  return `pools:\n  p:\n    labels: [a]\n    cpu: 2048\n    memory: 4096\n    max: 5\n${lines}capacity:\n  g: { ${group} }\n`;
}

/** Problems, or else warnings; without those about a group that no pool runs in. */
function findings(settings: string[], group?: string): string[] {
  const parsed = parsePoolsFile(file(settings, group), 'pools.yml');
  const found = (parsed.ok ? parsed.warnings : parsed.problems).map(problemLine);
  return found
    .filter((line) => !line.includes('no pool runs here'))
    .map((line) => `${parsed.ok ? 'warning ' : ''}${line}`);
}

describe('one setting', () => {
  test.each<[string, string[], RegExp]>([
    [
      'a mirror without encryption',
      ['registryMirror: http://mirror'],
      /8:21 pools.p.registryMirror: is "http:.*must be the https URL/,
    ],
    ['a mirror with a login in it', ['registryMirror: https://me:secret@mirror'], /must be the https URL/],
    ['a mirror with an option after it', ['registryMirror: "https://m --insecure"'], /must be the https URL/],
    ['a login by name', ['dockerLogin: docker-hub'], /dockerLogin: is "docker-hub": it must be the ARN of a secret/],
    [
      'a login from the parameter store',
      ['dockerLogin: arn:aws:ssm:eu-central-1:123456789012:parameter/x'],
      /ARN of a secret/,
    ],
    ['a store with its unit', ['dockerStoreGiB: 40G'], /is "40G": it must be a whole number of GiB from 5 to 16384/],
    ['a store for nothing', ['dockerStoreGiB: 4'], /from 5 to 16384/],
    ['a store of half a GiB', ['dockerStoreGiB: 40.5'], /is 40.5: it must be a whole number/],
    ['privileged in words', ['privileged: no way'], /privileged: is "no way": it must be true or false/],
    ['sudo as text', ["sudo: 'false'"], /sudo: is "false": it must be true or false/],
    ['no options', ['securityOptions: []'], /securityOptions: is an empty list: it must be a list of 1 to 10/],
    ['eleven options', [`securityOptions: [${Array(11).fill('apparmor:x')}]`], /is a list of 11/],
    [
      'seccomp, which ECS does not know',
      ['securityOptions: ["seccomp:unconfined"]'],
      /securityOptions.0: is "seccomp:unconfined": it must be apparmor/,
    ],
    ['an option that loosens', ['securityOptions: ["label:disable"]'], /securityOptions.0: is "label:disable"/],
    [
      'no-new-privileges, which is sudo: false',
      ['securityOptions: [no-new-privileges]'],
      /securityOptions.0: is "no-new-privileges"/,
    ],
    ['an option as text', ['securityOptions: apparmor:x'], /is "apparmor:x": it must be a list/],
    ['another way to register', ['registration: pat'], /registration: is "pat": it must be jit .* or token/],
  ])('refused: %s', (_, settings, expected) => {
    expect(findings(['docker: dind', ...settings])).toContainEqual(expect.stringMatching(expected));
  });

  test.each<[string, string[]]>([
    ['a mirror with a port and a path', ['registryMirror: https://mirror.example.com:5000/hub']],
    ['a login in another partition', [`dockerLogin: ${SECRET.replace('arn:aws', 'arn:aws-us-gov')}`]],
    ['a store', ['dockerStoreGiB: 40']],
    ['sysbox', ['privileged: false']],
    ['what is so anyway', ['privileged: true', 'sudo: true', 'registration: jit']],
    [
      'SELinux labels',
      ['securityOptions: ["label:user:u", "label:role:r", "label:type:t", "label:level:s0:c100,c200"]'],
    ],
    ['an AppArmor profile', ['securityOptions: ["apparmor:docker-runner"]']],
  ])('accepted without a warning: %s', (_, settings) => {
    expect(findings(['docker: dind', ...settings])).toEqual([]);
  });
});

describe('settings and Docker modes', () => {
  const settings = {
    registryMirror: 'registryMirror: https://mirror.example.com',
    dockerLogin: `dockerLogin: ${SECRET}`,
    dockerStoreGiB: 'dockerStoreGiB: 40',
    privileged: 'privileged: false',
    'privileged: true': 'privileged: true',
    sudo: 'sudo: false',
  };
  const allowed: Record<keyof typeof settings, string[]> = {
    registryMirror: ['dind'],
    dockerLogin: ['dind', 'socket'],
    dockerStoreGiB: ['dind'],
    privileged: ['dind'],
    'privileged: true': ['dind'],
    sudo: ['socket', 'none'],
  };
  const cases = Object.keys(settings).flatMap((setting) =>
    ['dind', 'socket', 'none'].map((docker) => ({
      setting: setting as keyof typeof settings,
      docker,
      word: allowed[setting as keyof typeof settings].includes(docker) ? 'goes' : 'does not go',
    })),
  );

  test.each(cases)('$setting $word with $docker', ({ setting, docker, word }) => {
    const [name] = setting.split(':');
    const expected =
      word === 'goes' ? [] : [expect.stringMatching(`^pools.yml:8:\\d+ pools.p.${name}: .*(remove it|leave it out)$`)];
    expect(findings([`docker: ${docker}`, settings[setting]])).toEqual(expected);
  });

  test('a store wants a privileged container', () => {
    expect(findings(['docker: dind', 'privileged: false', 'dockerStoreGiB: 40'])).toEqual([
      expect.stringMatching(/9:21 pools.p.dockerStoreGiB: needs a privileged container/),
    ]);
  });
});

describe('a store and the disk', () => {
  test.each<[string, string[], string | undefined, RegExp | undefined]>([
    ['as large as what is free', ['dockerStoreGiB: 80'], undefined, undefined],
    [
      'larger than an automatic group has',
      ['dockerStoreGiB: 81'],
      undefined,
      /^pools.*: is 81, but the disk of an instance in x64-large has 100 GiB/,
    ],
    [
      'larger than its group has',
      ['capacity: g', 'dockerStoreGiB: 11'],
      'instanceTypes: [m7i.large], diskGiB: 30',
      /: is 11, but the disk of an instance in g has 30 GiB/,
    ],
    [
      'as large as its group has',
      ['capacity: g', 'dockerStoreGiB: 10'],
      'instanceTypes: [m7i.large], diskGiB: 30',
      undefined,
    ],
    [
      'that fits once, where tasks run side by side',
      ['capacity: g', 'dockerStoreGiB: 50'],
      'instanceTypes: [m7i.2xlarge]',
      /^warning .*up to 4 tasks of this pool run on one instance/,
    ],
    ['on instances of others', ['capacityProvider: theirs', 'dockerStoreGiB: 500'], undefined, undefined],
  ])('%s', (_, settings, group, expected) => {
    const found = findings(['docker: dind', ...settings], group).filter((line) => line.includes('dockerStoreGiB'));
    expect(found).toEqual(expected === undefined ? [] : [expect.stringMatching(expected)]);
  });
});

describe('registration by token', () => {
  test('is warned of, with what it can reach', () => {
    expect(findings(['docker: none', 'registration: token'])).toEqual([
      expect.stringMatching(
        /^warning .*pools.p.registration: .*any repository in the organisation.*register: repository/,
      ),
    ]);
    expect(findings(['docker: none', 'register: repository', 'registration: token'])).toEqual([
      expect.stringMatching(
        /^warning .*pools.p.registration: a job of this pool can read its token, which registers runners for an hour: keep/,
      ),
    ]);
  });

  test('the functions know it', () => {
    const pool = (settings: string[]) => {
      const parsed = parsePoolsFile(file(settings), 'pools.yml');
      return parsed.ok && parsed.file.pools[0]
        ? functionsPool(parsed.file.pools[0], { taskDefinition: 't' })
        : undefined;
    };
    expect(pool(['docker: none', 'registration: token'])).toMatchObject({ registration: 'token' });
    expect(pool(['docker: none'])).not.toHaveProperty('registration');
  });
});

describe("the instances' image", () => {
  test.each([
    ['by name', 'amazon-linux', false],
    ['too short', 'ami-123', false],
    ['an id', 'ami-0123456789abcdef0', true],
    ['a parameter', 'resolve:ssm:/images/sysbox', true],
  ])('%s', (_, imageId, sound) => {
    const text = file(['docker: dind', 'capacity: g'], `instanceTypes: [m7i.large], imageId: "${imageId}"`);
    const parsed = parsePoolsFile(text, 'pools.yml');
    const found = parsed.ok
      ? capacityGroups(parsed.file).map((group) => group.imageId)
      : parsed.problems.map(problemLine);
    expect(found).toEqual([
      sound ? imageId : expect.stringMatching(/capacity.g.imageId: is ".*it must be the id of an image/),
    ]);
  });
});
