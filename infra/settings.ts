/** `custom.settings` of serverless.yml: what an account may want differently. Checked as a whole, all problems together. */
import { z } from 'zod';
import { PREFIX_PATTERN } from '../lib/core/name.ts';
import { IMAGE_ID } from '../lib/pools-file/capacity-schema.ts';

const wanted = {
  pools: 'the path of a pools file',
  mode: 'launch, or observe (record and decide, start nothing)',
  prefix: '1 to 12 of a-z and 0-9, unique in the organisation; or empty',
  githubUrl: 'https://github.com, https://SUB.ghe.com or https://HOST',
  registrarUrl: 'the URL at which containers reach the API; or empty',
  image: 'the name of a container image that holds the GitHub runner',
  registryCredentials: 'the ARN of a secret of Secrets Manager; or empty',
  vpcId: 'the id of a VPC (vpc-…); or empty',
  subnetIds: 'ids of subnets (subnet-…), separated by commas; or empty',
  securityGroupIds: 'ids of security groups (sg-…), separated by commas; or empty',
  cluster: 'the name of an ECS cluster (not its ARN); or empty',
  imageId: 'the id of an image (ami-…), or resolve:ssm: and the name of a parameter that holds one; or empty',
  logRetentionDays:
    'a number of days that CloudWatch Logs knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, …',
  alarmTopicArn: 'the ARN of an SNS topic; or empty',
  kmsKeyArn: 'the ARN of a KMS key (not of an alias); or empty',
  permissionsBoundary: 'the ARN of an IAM policy; or empty',
  iamPath: 'a path that begins and ends with /, such as /team/',
  iamNamePrefix: 'at most 20 letters, digits or any of _+=,.@-; or empty',
  tags: 'Key=value pairs, separated by commas, at most 40; or empty',
  janitorConcurrency: '1, or 0 where the account has no concurrency to reserve',
};

/** AWS docs, PutRetentionPolicy. */
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** Key by key what serverless.yml lists; whoever adds one adds it there and to docs/configuration.md (tests compare). */
export const settingsSchema = z.strictObject({
  pools: text(wanted.pools, /./),
  mode: z.enum(['launch', 'observe'], wanted.mode),
  prefix: optional(wanted.prefix, PREFIX_PATTERN),
  githubUrl: text(wanted.githubUrl, /^https?:\/\/[^/\s]+\/?$/),
  registrarUrl: optional(wanted.registrarUrl, /^https?:\/\/[^/\s]+(\/\S*)?$/),
  image: text(wanted.image, /^\w[\w.:/@#+-]{0,254}$/),
  registryCredentials: optional(wanted.registryCredentials, /^arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:\S+$/),
  vpcId: optional(wanted.vpcId, /^vpc-([0-9a-f]{8}|[0-9a-f]{17})$/),
  subnetIds: list(wanted.subnetIds, /^subnet-([0-9a-f]{8}|[0-9a-f]{17})$/),
  securityGroupIds: list(wanted.securityGroupIds, /^sg-([0-9a-f]{8}|[0-9a-f]{17})$/),
  cluster: optional(wanted.cluster, /^[\w-]{1,255}$/),
  imageId: optional(wanted.imageId, IMAGE_ID),
  logRetentionDays: z.coerce
    .number(wanted.logRetentionDays)
    .refine((days) => RETENTION_DAYS.includes(days), wanted.logRetentionDays),
  alarmTopicArn: optional(wanted.alarmTopicArn, /^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w.-]+$/),
  kmsKeyArn: optional(
    wanted.kmsKeyArn,
    /^arn:[\w-]+:kms:[\w-]+:\d{12}:key\/([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/,
  ),
  permissionsBoundary: optional(wanted.permissionsBoundary, /^arn:[\w-]+:iam::(\d{12}|aws):policy\/\S+$/),
  iamPath: text(wanted.iamPath, /^\/([!-~]{1,510}\/)?$/),
  iamNamePrefix: optional(wanted.iamNamePrefix, /^[\w+=,.@-]{1,20}$/),
  tags: z.string(wanted.tags).transform((value, context) => tagsOf(value, context)),
  janitorConcurrency: z.coerce.number(wanted.janitorConcurrency).int(wanted.janitorConcurrency).min(0).max(1),
});

/** Empty texts are absent. */
export type Settings = Readonly<z.output<typeof settingsSchema>>;

/** Throws one error that lists every setting that is wrong, and what it should be. */
export function readSettings(raw: unknown): Settings {
  const { data, error } = settingsSchema.safeParse(raw, { reportInput: true });
  const problems = [...(error?.issues ?? []).map(describe), ...(data ? together(data) : [])];
  if (data === undefined || problems.length > 0) {
    throw new Error(`The settings of the deployment have problems:\n${problems.map((line) => `  ${line}`).join('\n')}`);
  }
  return Object.freeze(data);
}

function describe({ code, path, input, message, ...rest }: z.core.$ZodIssue): string {
  if (code === 'unrecognized_keys' && 'keys' in rest) return `${rest.keys.join(', ')}: there is no such setting`;
  const name = String(path[0]);
  const shown = input === undefined ? 'is missing' : `is ${JSON.stringify(input)}`;
  return `${name}: ${shown}, but must be ${Object.hasOwn(wanted, name) ? wanted[name as keyof typeof wanted] : message}`;
}

/** What must hold between settings. */
function together({ vpcId, subnetIds, securityGroupIds, cluster }: Settings): string[] {
  const network = vpcId !== undefined || subnetIds.length > 0 || securityGroupIds.length > 0;
  if (network && cluster !== undefined)
    return [
      'vpcId, subnetIds, securityGroupIds: have no effect with cluster, whose instances are not ours: leave one out',
    ];
  if (network && (vpcId === undefined || subnetIds.length === 0))
    return ['vpcId, subnetIds: belong together: give both for an existing network, or none for an own one'];
  return [];
}

function text(message: string, pattern: RegExp) {
  return z.string(message).regex(pattern, message);
}

function optional(message: string, pattern: RegExp) {
  return z
    .string(message)
    .refine((value) => value === '' || pattern.test(value), message)
    .transform((value) => (value === '' ? undefined : value));
}

function list(message: string, pattern: RegExp) {
  return z
    .string(message)
    .transform((value) =>
      value
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    .refine((parts) => parts.every((part) => pattern.test(part)), message);
}

/** CloudFormation: 50 tags a resource, of which some are AWS's and ours. */
const TAGS_MAX = 40;

function tagsOf(value: string, context: z.core.$RefinementCtx<string>): Record<string, string> {
  const pairs = value === '' ? [] : value.split(',').map((pair) => pair.split(/=(.*)/s).map((part) => part.trim()));
  const isSound = pairs.every(
    ([key = '', text]) => /^(?!aws:)[^=,]{1,128}$/i.test(key) && text !== undefined && text.length <= 256,
  );
  if (!isSound || pairs.length > TAGS_MAX) context.addIssue({ code: 'custom', message: wanted.tags });
  return Object.fromEntries(pairs.map(([key = '', text = '']) => [key, text]));
}
