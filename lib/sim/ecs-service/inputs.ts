/** What callers send, checked as ECS checks it. Fields that the simulation has no use for are let through unread. */
import { z } from 'zod';
import { invalid } from './errors.ts';

const pair = z.object({ name: z.string(), value: z.string() });

const tag = z.object({ key: z.string().min(1).max(128), value: z.string().max(256).default('') });

const strategyItem = z.object({
  capacityProvider: z.string(),
  weight: z.int().min(0).max(1000).optional(),
  base: z.int().min(0).max(100_000).optional(),
});

const containerOverride = z.looseObject({
  name: z.string(),
  environment: z.array(pair).optional(),
  cpu: z.int().optional(),
  memory: z.int().optional(),
});

export const runTask = z.object({
  cluster: z.string().optional(),
  taskDefinition: z.string(),
  count: z.int().min(1, 'count must be at least 1').max(10, 'count must be at most 10').default(1),
  clientToken: z
    .string()
    .regex(/^[!-~]{1,64}$/, 'clientToken must have 1 to 64 characters, ASCII 33 to 126')
    .optional(),
  startedBy: z
    .string()
    .regex(/^[A-Za-z0-9\-_/]{0,128}$/, 'startedBy must have at most 128 letters, digits, hyphens, underscores, slashes')
    .optional(),
  group: z.string().optional(),
  launchType: z.enum(['EC2', 'FARGATE', 'EXTERNAL', 'MANAGED_INSTANCES']).optional(),
  capacityProviderStrategy: z.array(strategyItem).max(20).optional(),
  overrides: z
    .looseObject({
      containerOverrides: z.array(containerOverride).optional(),
      taskRoleArn: z.string().optional(),
      cpu: z.string().optional(),
      memory: z.string().optional(),
    })
    .refine((overrides) => JSON.stringify(overrides).length <= 8192, 'Container Overrides length must be at most 8192')
    .optional(),
  placementConstraints: z.array(z.unknown()).max(10).optional(),
  placementStrategy: z.array(z.unknown()).max(5).optional(),
  propagateTags: z.enum(['TASK_DEFINITION', 'NONE'], 'propagateTags SERVICE is not supported by RunTask').optional(),
  tags: z.array(tag).max(50).default([]),
});

export const stopTask = z.object({ cluster: z.string().optional(), task: z.string(), reason: z.string().optional() });

export const describeTasks = z.object({
  cluster: z.string().optional(),
  tasks: z.array(z.string()).min(1, 'Tasks cannot be empty.').max(100, 'Tasks cannot be more than 100'),
  include: z.array(z.enum(['TAGS'])).default([]),
});

export const listTasks = z.object({
  cluster: z.string().optional(),
  containerInstance: z.string().optional(),
  family: z.string().optional(),
  startedBy: z.string().optional(),
  serviceName: z.string().optional(),
  launchType: z.string().optional(),
  desiredStatus: z.enum(['RUNNING', 'PENDING', 'STOPPED']).default('RUNNING'),
  maxResults: z.int().min(1).max(100, 'maxResults must be from 1 to 100').default(100),
  nextToken: z.string().optional(),
});

const containerDefinition = z.looseObject({
  name: z.string(),
  image: z.string(),
  essential: z.boolean().default(true),
  cpu: z.int().default(0),
  memory: z.int().optional(),
  memoryReservation: z.int().optional(),
  stopTimeout: z.int().optional(),
  environment: z.array(pair).default([]),
});

export const registerTaskDefinition = z.looseObject({
  family: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,255}$/, 'family must have up to 255 letters, digits, hyphens, underscores'),
  containerDefinitions: z.array(containerDefinition).min(1, 'Container list cannot be empty.'),
  taskRoleArn: z.string().optional(),
  cpu: z.string().optional(),
  memory: z.string().optional(),
  tags: z.array(tag).max(50).default([]),
});

export const taskDefinitionReference = z.object({ taskDefinition: z.string() });

export const describeClusters = z.object({ clusters: z.array(z.string()).max(100).default([]) });

export const listContainerInstances = z.object({
  cluster: z.string().optional(),
  /** Of the query language only this much (ECS docs, "Cluster query language"). */
  filter: z
    .string()
    .regex(/^ec2InstanceId == i-[0-9a-f]+$/, 'Invalid filter expression')
    .optional(),
  status: z.enum(['ACTIVE', 'DRAINING']).optional(),
  maxResults: z.int().min(1).max(100).default(100),
  nextToken: z.string().optional(),
});

export const describeContainerInstances = z.object({
  cluster: z.string().optional(),
  containerInstances: z.array(z.string()).min(1, 'Container instances cannot be empty.').max(100),
});

export const updateContainerInstancesState = z.object({
  cluster: z.string().optional(),
  containerInstances: z
    .array(z.string())
    .min(1, 'Container instances cannot be empty.')
    .max(10, 'Container instances cannot be more than 10'),
  status: z.enum(['ACTIVE', 'DRAINING'], 'Container instance status should be one of [ACTIVE,DRAINING]'),
});

export const describeCapacityProviders = z.object({
  capacityProviders: z.array(z.string()).default([]),
  cluster: z.string().optional(),
});

export type RunTask = z.output<typeof runTask>;
export type ListTasks = z.output<typeof listTasks>;
export type ContainerDefinition = z.output<typeof containerDefinition>;
export type RegisterTaskDefinition = z.output<typeof registerTaskDefinition>;

/** Throws InvalidParameterException with everything that is wrong. */
export function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw invalid(result.error.issues.map(sentence).join('; '));
}

/** Our own messages say the field; those of the library do not. */
function sentence(issue: { path: PropertyKey[]; message: string; code?: string | undefined }): string {
  const isLibrary = issue.message.startsWith('Invalid') || issue.message.startsWith('Too');
  return isLibrary ? `${issue.path.join('.')}: ${issue.message}` : issue.message;
}
