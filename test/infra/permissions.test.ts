/**
 * Each role may do exactly what is called with it. The calls of functions are derived from the code (which ports it uses)
 * and from the wire (what the adapters of those ports ask for); the rest is the reviewed table beside this file.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PARAMETERS, WEBHOOK_PARAMETERS } from '../../lib/handlers/read-config.ts';
import { scan } from '../architecture/scan.ts';
import { type Grant, grantsOf, sentence } from '../support/grants.ts';
import { type PackageOptions, packaged, removePackages, type Template } from '../support/packaged.ts';
import { bundled, portCalls } from '../support/port-calls.ts';
import { type WireCalls, wireCalls } from '../support/wire-calls.ts';
import {
  IMPLIED,
  type Implied,
  PORTS,
  RESOURCES,
  RIGHTS,
  type Trait,
  WITHOUT_RESOURCE,
} from './implied-permissions.ts';

const FUNCTIONS = ['webhook', 'scaler', 'registrar', 'janitor', 'guard'] as const;
type FunctionName = (typeof FUNCTIONS)[number];

/** Ports that are no service of AWS to which a role speaks. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  clock: 'the time of the process',
  log: 'standard output, which Lambda takes',
  github: 'GitHub, with the App’s own key',
  identity: 'STS, with what a container has signed; GetCallerIdentity asks for no right',
  cloudFormation: 'an address that CloudFormation has signed',
};

const SECRET = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:hub-AbCdEf';
const LOGIN = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:login-AbCdEf';
const KEY = 'arn:aws:kms:us-east-1:123456789012:key/12345678-1234-1234-1234-123456789012';
const BOUNDARY = 'arn:aws:iam::123456789012:policy/boundary';
const DEPLOY_ROLE = 'arn:aws:iam::123456789012:role/deploy';
const POOLS = `
pools:
  plain: { labels: [plain], cpu: 1024, memory: 2048, docker: socket, max: 5, dockerLogin: "${LOGIN}" }
  deploy:
    labels: [deploy]
    cpu: 1024
    memory: 2048
    docker: none
    max: 5
    repositories: ['octo-org/deploy-*']
    register: repository
    taskRole: ${DEPLOY_ROLE}
    image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/team/runner:1
    registryCredentials: ${SECRET}
`;
const REGULATED = {
  kmsKeyArn: KEY,
  permissionsBoundary: BOUNDARY,
  iamPath: '/ci/',
  iamNamePrefix: 'acme-',
  tags: 'CostCentre=42',
};

type Packaging = PackageOptions & {
  name: string;
  traits: readonly Trait[];
  poolRoles: readonly string[];
  cluster: string;
};

const PACKAGINGS: readonly Packaging[] = [
  {
    name: 'as it comes',
    traits: ['own cluster'],
    poolRoles: ['PoolDefaultRole.Arn', 'PoolLargeRole.Arn'],
    cluster: 'ecs-runners-production',
  },
  {
    name: 'all that a regulated account wants, with roles and registries',
    pools: POOLS,
    params: REGULATED,
    traits: ['own cluster', 'own key', 'tags', 'image in ECR', 'registry credentials', 'Docker login'],
    poolRoles: ['PoolPlainRole.Arn', DEPLOY_ROLE],
    cluster: 'ecs-runners-production',
  },
  {
    name: 'a cluster of others',
    pools: POOLS,
    params: { cluster: 'theirs' },
    traits: ['image in ECR', 'registry credentials', 'Docker login'],
    poolRoles: ['PoolPlainRole.Arn', DEPLOY_ROLE],
    cluster: 'theirs',
  },
];

let wire: WireCalls;
let calls: Record<FunctionName, readonly string[]>;
/** Without groups of its own the guard has none to look at (test/infra/permissions-calls.test.ts sees to it). */
const GUARD_WITHOUT_GROUPS = ['capacity.livingTasks'];

beforeAll(async () => {
  wire = await wireCalls();
  calls = Object.fromEntries(
    await Promise.all(FUNCTIONS.map(async (name) => [name, await callsOf(name)])),
  ) as typeof calls;
});
afterAll(removePackages);

async function callsOf(name: FunctionName): Promise<string[]> {
  const handler = portCalls(await bundled(`lib/handlers/${name}.ts`), `${name}Handler`);
  if (name !== 'guard') return handler;
  // Its handler makes the two ports, of which it calls nothing: the flow does.
  const flow = portCalls(await bundled('lib/flows/guard.ts'), 'guard');
  expect(handler).toEqual(['capacityFor', 'cloudFormation.answer', 'log']);
  return [...handler.slice(1), ...flow.map((call) => call.replace(/^putBack\./, 'capacity.'))];
}

describe.each(PACKAGINGS)('$name', (packaging) => {
  let template: Template;
  beforeAll(() => {
    template = packaged(packaging);
  });

  test.each(FUNCTIONS)('the function %s has a role of its own, with exactly what it calls', (name) => {
    const role = `${title(name)}Role`;
    const lambda = template.Resources[`${title(name)}LambdaFunction`]?.Properties;
    expect(lambda?.['Role']).toEqual({ 'Fn::GetAtt': [role, 'Arn'] });
    expect(sentences(grantsOf(template, role))).toEqual(sentences(wanted(packaging, role, name)));
  });

  test('what is no function has exactly what the table says', () => {
    const functions = FUNCTIONS.map((name) => `${title(name)}Role`);
    const others = rolesOf(template).filter((role) => !functions.includes(role));
    const own = packaging.traits.includes('own cluster') ? ['InstanceRole'] : [];
    const ofPools = packaging.poolRoles.flatMap((role) => role.match(/^(Pool\w+)\.Arn$/)?.[1] ?? []);
    expect(others.sort()).toEqual(['ExecutionRole', ...own, ...ofPools].sort());
    for (const role of others) {
      expect({ role, may: sentences(grantsOf(template, role)) }).toEqual({
        role,
        may: sentences(wanted(packaging, role)),
      });
    }
  });

  test('the role of a pool may do nothing', () => {
    for (const role of rolesOf(template).filter((id) => id.startsWith('Pool'))) {
      expect(grantsOf(template, role)).toEqual([]);
    }
  });

  test('resources are named, but for actions that have none', () => {
    const known = new Set(WITHOUT_RESOURCE.map(({ action }) => action));
    const wide = rolesOf(template)
      .flatMap((role) => grantsOf(template, role))
      .filter(({ action, on }) => !isNamed(on) && !known.has(action));
    expect(sentences(wide)).toEqual([]);
  });

  test('every role has the path, the name and the boundary that the account asks for', () => {
    for (const role of rolesOf(template)) {
      const { Path, PermissionsBoundary, RoleName } = template.Resources[role]?.Properties ?? {};
      expect({ Path, PermissionsBoundary, RoleName }).toEqual(
        packaging.params === REGULATED
          ? { Path: '/ci/', PermissionsBoundary: BOUNDARY, RoleName: `acme-ecs-runners-production-${role}` }
          : {},
      );
    }
  });

  test('the variables of functions name what the rights are for', () => {
    for (const name of FUNCTIONS.filter((each) => each !== 'guard')) {
      const ports = new Set(calls[name].map((call) => call.split('.')[0] ?? ''));
      const environment = template.Resources[`${title(name)}LambdaFunction`]?.Properties?.['Environment'];
      const { Variables } = environment as { Variables: Record<string, unknown> };
      for (const [port, { resource, variable }] of Object.entries(PORTS)) {
        if (ports.has(port)) expect({ variable, is: Variables[variable] }).toEqual({ variable, is: { Ref: resource } });
      }
      if (ports.has('cluster')) expect(Variables['CLUSTER']).toBe(packaging.cluster);
      expect(Variables['PARAMETERS_PATH']).toBe('/ecs-runners/production');
    }
  });

  test('whoever invokes a function does so from something of ours', () => {
    const permissions = Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::Lambda::Permission');
    expect(permissions.map(({ Properties }) => [Properties?.['Principal'], Properties?.['Action']]).sort()).toEqual([
      ['apigateway.amazonaws.com', 'lambda:InvokeFunction'],
      ['apigateway.amazonaws.com', 'lambda:InvokeFunction'],
      ['events.amazonaws.com', 'lambda:InvokeFunction'],
    ]);
    for (const { Properties } of permissions) {
      expect(JSON.stringify(Properties?.['SourceArn'])).toMatch(/"(HttpApi|JanitorEventsRuleSchedule1)"/);
    }
  });
});

describe('nothing is left out', () => {
  test('every port of every function is a service of AWS, or elsewhere', () => {
    const ports = new Set(Object.values(calls).flatMap((all) => all.map((call) => call.split('.')[0] ?? '')));
    const ofAws = new Set([...wire.keys()].map((call) => call.split('.')[0] ?? ''));
    expect([...ports].filter((port) => !ofAws.has(port) && !Object.hasOwn(ELSEWHERE, port))).toEqual([]);
  });

  test('every operation that an adapter can ask for was seen on the wire', () => {
    expect([...new Set([...wire.values()].flatMap((seen) => [...seen]))].sort()).toEqual(operationsInTheCode());
  });

  test('every row of the tables is needed by somebody', () => {
    const granted = PACKAGINGS.flatMap((packaging) =>
      [
        ...FUNCTIONS.map((name) => wanted(packaging, `${title(name)}Role`, name)),
        wanted(packaging, 'InstanceRole'),
      ].flat(),
    );
    const actions = new Set(granted.map(({ action }) => action));
    expect(RESOURCES.filter(({ action }) => !actions.has(action))).toEqual([]);
    expect(WITHOUT_RESOURCE.filter(({ action }) => !actions.has(action))).toEqual([]);
    const operations = new Set([...wire.values()].flatMap((seen) => [...seen]));
    expect(RIGHTS.filter(({ operation }) => !operations.has(operation))).toEqual([]);
    expect(IMPLIED.filter(({ source, why }) => source === '' || why === '')).toEqual([]);
  });
});

/** From the code and the tables. */
function wanted(packaging: Packaging, role: string, name?: FunctionName): Grant[] {
  const called = name === undefined ? [] : [...ofCalls(packaging, name), ...ofParameters(name)];
  const byRole = implied(packaging, role);
  const actions = new Set([...called, ...byRole].map(({ action }) => action));
  return [...called, ...byRole, ...[...actions].flatMap((action) => implied(packaging, action))].map((grant) =>
    completed(packaging, grant),
  );
}

function ofCalls(packaging: Packaging, name: FunctionName): Grant[] {
  const isBare = name === 'guard' && !packaging.traits.includes('own cluster');
  return (isBare ? GUARD_WITHOUT_GROUPS : calls[name])
    .filter((call) => !Object.hasOwn(ELSEWHERE, call.split('.')[0] ?? ''))
    .flatMap((call) => [...(wire.get(call) ?? [])].map((operation) => grantOf(call, operation)));
}

function grantOf(call: string, operation: string): Grant {
  const action = RIGHTS.find((row) => row.operation === operation)?.action ?? operation;
  const port = PORTS[call.split('.')[0] ?? ''];
  if (port !== undefined) return { action, on: `${port.resource}.Arn` };
  const row = RESOURCES.find((each) => each.action === action);
  if (row === undefined)
    throw new Error(`${call} asks for ${action}: add to RESOURCES on what it acts, with its source`);
  return { action, on: row.on, ...(row.condition !== undefined && { condition: row.condition }) };
}

/** Names are read together, so that a right for each of them is needed. */
function ofParameters(name: FunctionName): Grant[] {
  const names = parametersOf(`functions/${name}.ts`);
  const all = names.flatMap((each) => (each === 'pools' ? ['pools', 'pools/*'] : [each]));
  return all.map((each) => ({
    action: 'ssm:GetParameters',
    on: `arn:aws:ssm:us-east-1:123456789012:parameter<path>/${each}`,
  }));
}

/** Which list of names the function, or what joins it to the world, takes. */
function parametersOf(file: string): readonly string[] {
  const { imports } = scan(file, readFileSync(file, 'utf8'));
  const lists = { PARAMETERS, WEBHOOK_PARAMETERS };
  const own = imports.flatMap(({ names }) => names.filter((name): name is keyof typeof lists => name in lists));
  const joined = imports.filter(({ target }) => target.startsWith('functions/'));
  return [...own.flatMap((name) => lists[name]), ...joined.flatMap(({ target }) => parametersOf(target))];
}

function implied({ poolRoles, traits }: Packaging, who: string): Grant[] {
  return IMPLIED.filter((row) => row.who === who && (row.when ?? []).every((trait) => traits.includes(trait))).flatMap(
    (row) => row.actions.flatMap((action) => resourcesOf(row, poolRoles).map((on) => grantOn(row, action, on))),
  );
}

function resourcesOf({ on }: Implied, poolRoles: readonly string[]): string[] {
  return on.flatMap((each) => (each === '<roles of the pools>' ? poolRoles : [each]));
}

function grantOn({ condition }: Implied, action: string, on: string): Grant {
  return { action, on, ...(condition !== undefined && { condition }) };
}

function completed({ cluster }: Packaging, { action, condition, on }: Grant): Grant {
  const names: Readonly<Record<string, string>> = {
    '<cluster>': cluster,
    '<deployment>': 'ecs-runners-production',
    '<path>': '/ecs-runners/production',
    '<key>': KEY,
    '<credentials>': SECRET,
    '<login>': LOGIN,
    '<image>': 'arn:aws:ecr:us-east-1:123456789012:repository/team/runner',
  };
  const complete = (text: string) => text.replaceAll(/<[a-z ]+>/g, (name) => names[name] ?? name);
  return { action, on: complete(on), ...(condition !== undefined && { condition: complete(condition) }) };
}

/** Imported commands of the SDK, and the one operation for which we have no client. */
function operationsInTheCode(): string[] {
  const commands = readdirSync('lib/live').flatMap((file) =>
    scan(`lib/live/${file}`, readFileSync(`lib/live/${file}`, 'utf8')).imports.flatMap(
      ({ names, target, typeOnly }) => {
        const service = /^@aws-sdk\/client-(.+)$/.exec(target)?.[1]?.replace('-', '');
        if (service === undefined || typeOnly) return [];
        return names.flatMap((name) => /^(\w+)Command$/.exec(name)?.[1] ?? []).map((name) => `${service}:${name}`);
      },
    ),
  );
  return [...new Set([...commands, 'ssm:GetParameters'])].sort();
}

/** Names something of the deployment, or what an operator has named; never everything of a kind in the account. */
function isNamed(on: string): boolean {
  return /^\w+\.Arn$/.test(on) || /ecs-runners|\/theirs\b/.test(on) || (on !== '*' && !on.includes('*'));
}

function rolesOf({ Resources }: Template): string[] {
  return Object.keys(Resources).filter((id) => Resources[id]?.Type === 'AWS::IAM::Role');
}

function sentences(grants: readonly Grant[]): string[] {
  return [...new Set(grants.map(sentence))].sort();
}

function title(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}
