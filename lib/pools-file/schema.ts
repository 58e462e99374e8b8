/**
 * The settings of one pool in `pools.yml`. Each setting has one sentence that completes "it must be …"; it is the
 * message of every problem with it. Not for functions: zod is too large for their bundles.
 */
import { z } from 'zod';
import type { FileCapacity } from './capacity-schema.ts';
import { architectures } from './instance-types.ts';

/** GitHub docs (generate-jitconfig): "Minimum items: 1. Maximum items: 100." */
const LABELS_MAX = 100;
/** ECS API reference (task definition, EC2): "between 128 CPU units (0.125 vCPUs) and 196608 CPU units (192 vCPUs)". */
const CPU_UNITS_MIN = 128;
const CPU_UNITS_MAX = 196_608;
/** Less cannot hold the GitHub runner. */
const MEMORY_MIB_MIN = 256;
/** 32 TiB, the largest EC2 instance: what is above was written in another unit. */
const MEMORY_MIB_MAX = 33_554_432;
/** GitHub docs (limits): 10,000 runners per runner group. */
const RUNNERS_MAX = 10_000;
const REPOSITORY_PATTERNS_MAX = 100;
/** Less holds no image of a usual size. */
const STORE_GIB_MIN = 5;
/** EBS user guide: 16 TiB is the largest gp3 volume that every Region has. */
const STORE_GIB_MAX = 16_384;
const SECURITY_OPTIONS_MAX = 10;
const IDLE_SECONDS_MAX = 3600;
/** GitHub docs (limits): a job on a self-hosted runner may run for 5 days. */
export const JOB_HOURS_MAX = 120;
/** A job whose instances go so often should not run on Spot. GitHub runs nothing again more than 50 times. */
const RERUNS_MAX = 10;
/** Runner names, at most 64 letters long at GitHub, contain the pool's name beside deployment, place, job and launch. */
const NAME = /^[a-z0-9][a-z0-9-]{0,19}$/;

const wanted = {
  label: 'a label of 1 to 256 letters without commas, line breaks and outer white space (put numbers in quotes)',
  labels: `a list of 1 to ${LABELS_MAX} labels, all that a job may ask for: JIT runners get no others`,
  cpu: `a whole number of ECS CPU units from ${CPU_UNITS_MIN} to ${CPU_UNITS_MAX}; 1024 are one vCPU`,
  memory: `a whole number of MiB from ${MEMORY_MIB_MIN} to ${MEMORY_MIB_MAX}; 1024 are one GiB`,
  docker: "dind (a Docker daemon inside the task), socket (the instance's daemon) or none (not privileged)",
  max: `a whole number of runners from 1 to ${RUNNERS_MAX}, the most that run at a time`,
  warm: `a whole number of runners from 0 to ${RUNNERS_MAX} and at most max, which are booted and wait for jobs`,
  repository: 'a pattern owner/name; * stands for any letters',
  repositories: `a list of 1 to ${REPOSITORY_PATTERNS_MAX} patterns owner/name; leave it out to serve every repository`,
  register: 'organization or repository: where the runners are registered',
  group: "the name of a runner group of the organisation, without outer white space, such as 'Default'",
  taskRole: 'the ARN of an IAM role, arn:aws:iam::123456789012:role/name',
  image: 'the name of a container image, such as ghcr.io/octo-org/runner:1',
  idleSeconds: `a whole number of seconds from 0 to ${IDLE_SECONDS_MAX}: how long a runner without a job stays`,
  jobHours: `a whole number of hours from 1 to ${JOB_HOURS_MAX}, the longest that a job may run`,
  rerun: `a whole number from 0 to ${RERUNS_MAX}: in so many attempts a job that died with its instance is run again`,
  architecture: 'x64 or arm64',
  capacity: 'the name of a group of instances from the map capacity of this file',
  capacityProvider: 'the name of an ECS capacity provider: letters, digits, _ and -',
  registryCredentials:
    'the ARN of a secret in Secrets Manager, arn:aws:secretsmanager:us-east-1:123456789012:secret:name-AbCdEf',
  registryMirror: 'the https URL of a registry that answers for Docker Hub, such as https://mirror.example.com',
  dockerLogin:
    'the ARN of a secret in Secrets Manager with {"username": …, "password": …} for Docker Hub, arn:aws:secretsmanager:us-east-1:123456789012:secret:name-AbCdEf',
  dockerStoreGiB: `a whole number of GiB from ${STORE_GIB_MIN} to ${STORE_GIB_MAX}: the most that the images and containers of a job may take`,
  privileged: 'true or false; false only for dind on instances whose Docker starts every container with sysbox',
  sudo: 'true or false: whether a job may become root in its container',
  securityOptions: `a list of 1 to ${SECURITY_OPTIONS_MAX} options`,
  securityOption: 'apparmor:PROFILE or label:user:…, label:role:…, label:type:…, label:level:… (SELinux)',
  registration: 'jit (a configuration for one runner), or token, for images that take no such configuration',
};

/** What the name of a pool or of a group of instances must be: "it must be …". */
const wantedName = 'small letters, digits and -, at most 20 in all, and not begin with -';

export const entryName = z.string(wantedName).regex(NAME, wantedName);

const label = z.string(wanted.label).regex(/^(?!\s)[^,\p{Cc}\u2028\u2029]{1,256}(?<!\s)$/u, wanted.label);
const labels = z.array(label, wanted.labels).min(1, wanted.labels).max(LABELS_MAX, wanted.labels);

const pattern = z.string(wanted.repository).regex(/^[\w*-]{1,100}\/[\w.*-]{1,100}$/, wanted.repository);
const patterns = z.array(pattern, wanted.repositories).min(1, wanted.repositories);

const secret = /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]{1,30}:\d{12}:secret:[\w/+=.@-]{1,519}$/;

/** ECS API reference, ContainerDefinition; `no-new-privileges` is the setting `sudo`. Nothing that only loosens. */
const securityOption = z
  .string(wanted.securityOption)
  .regex(/^(apparmor:[\w./-]{1,200}|label:(user|role|type|level):[\w.:,-]{1,200})$/, wanted.securityOption);
const securityOptions = z.array(securityOption, wanted.securityOptions).min(1, wanted.securityOptions);

/** Key by key what `pools.yml` may say about a pool; whoever adds one adds it to docs/configuration.md. */
export const poolSchema = z.object({
  labels,
  cpu: wholeNumber(CPU_UNITS_MIN, CPU_UNITS_MAX, wanted.cpu),
  memory: wholeNumber(MEMORY_MIB_MIN, MEMORY_MIB_MAX, wanted.memory),
  docker: z.enum(['dind', 'socket', 'none'], wanted.docker),
  max: wholeNumber(1, RUNNERS_MAX, wanted.max),
  warm: wholeNumber(0, RUNNERS_MAX, wanted.warm).default(0),
  repositories: z.exactOptional(patterns.max(REPOSITORY_PATTERNS_MAX, wanted.repositories)),
  register: z.enum(['organization', 'repository'], wanted.register).default('organization'),
  group: z
    .string(wanted.group)
    .regex(/^(?!\s)[^\p{Cc}]{1,256}(?<!\s)$/u, wanted.group)
    .default('Default'),
  taskRole: z.exactOptional(
    z.string(wanted.taskRole).regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,576}$/, wanted.taskRole),
  ),
  image: z.exactOptional(z.string(wanted.image).regex(/^\w[\w.:/@#+-]{0,254}$/, wanted.image)),
  idleSeconds: wholeNumber(0, IDLE_SECONDS_MAX, wanted.idleSeconds).default(60),
  jobHours: wholeNumber(1, JOB_HOURS_MAX, wanted.jobHours).default(JOB_HOURS_MAX),
  rerun: wholeNumber(0, RERUNS_MAX, wanted.rerun).default(0),
  architecture: z.enum(architectures, wanted.architecture).default('x64'),
  capacity: z.exactOptional(z.string(wanted.capacity)),
  capacityProvider: z.exactOptional(z.string(wanted.capacityProvider).regex(/^[\w-]{1,255}$/, wanted.capacityProvider)),
  registryCredentials: z.exactOptional(z.string(wanted.registryCredentials).regex(secret, wanted.registryCredentials)),
  registryMirror: z.exactOptional(
    z.string(wanted.registryMirror).regex(/^https:\/\/[\w.-]+(:\d{1,5})?(\/[\w.-]+)*\/?$/, wanted.registryMirror),
  ),
  dockerLogin: z.exactOptional(z.string(wanted.dockerLogin).regex(secret, wanted.dockerLogin)),
  dockerStoreGiB: z.exactOptional(wholeNumber(STORE_GIB_MIN, STORE_GIB_MAX, wanted.dockerStoreGiB)),
  privileged: z.exactOptional(z.boolean(wanted.privileged)),
  sudo: z.boolean(wanted.sudo).default(true),
  securityOptions: z.exactOptional(securityOptions.max(SECURITY_OPTIONS_MAX, wanted.securityOptions)),
  registration: z.enum(['jit', 'token'], wanted.registration).default('jit'),
});

/** A pool as `pools.yml` describes it, defaults filled in. Without `repositories` it serves every one. */
export type FilePool = { name: string } & Readonly<z.output<typeof poolSchema>>;

/** What is sound of a pool with problems elsewhere, so that rules across settings report in the same run. */
export type SoundPool = { name: string } & Partial<FilePool>;

/** The whole of `pools.yml`: groups and pools in file order. */
export type PoolsFile = { unlabelled?: string; capacity: readonly FileCapacity[]; pools: readonly FilePool[] };

function wholeNumber(low: number, high: number, message: string) {
  return z.int(message).min(low, message).max(high, message);
}
