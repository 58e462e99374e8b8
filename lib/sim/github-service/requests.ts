/** What the control surface takes, checked whole. */
import { z } from 'zod';
import type { NewJob } from './jobs.ts';
import type { NewOwner } from './owners.ts';

export type Problems = { problems: string[] };

const LOGIN = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,38}$/, 'is a login: letters, digits and hyphens');
const NAME = z.string().regex(/^[A-Za-z0-9._-]{1,100}$/, 'is the name of a repository, without the owner');

const JOBS = z.strictObject({
  owner: LOGIN,
  repo: NAME,
  labels: z.array(z.string().min(1)).max(100),
  durationSeconds: z
    .number()
    .min(0)
    .max(5 * 86_400)
    .default(60),
  count: z.number().int().min(1).max(10_000).default(1),
  user: z.boolean().optional(),
  group: z.string().optional(),
  held: z.boolean().default(false),
  conclusion: z.enum(['success', 'failure']).default('success'),
  public: z.boolean().default(false),
  outside: z.boolean().default(false),
  followers: z.number().int().min(0).max(20).default(0),
  concurrency: z.string().min(1).optional(),
});

const OWNER = z.strictObject({
  owner: LOGIN,
  kind: z.enum(['Organization', 'User']),
  suspended: z.boolean().optional(),
  groups: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        visibility: z.enum(['all', 'selected', 'private']).optional(),
        allowsPublicRepositories: z.boolean().optional(),
        repositories: z.array(NAME).optional(),
        onlyWorkflows: z.boolean().optional(),
      }),
    )
    .optional(),
  permissions: z.record(z.string(), z.enum(['read', 'write'])).optional(),
  repositoryRunners: z.boolean().optional(),
  repositories: z.array(NAME).optional(),
});

export type JobsRequest = NewJob & {
  owner: string;
  repo: string;
  count: number;
  user: boolean | undefined;
  public: boolean;
  outside: boolean;
};

export function checkedJobs(request: unknown): JobsRequest | Problems {
  const read = JOBS.safeParse(request);
  if (!read.success) return problemsOf(read.error);
  const { conclusion, user, group, concurrency, ...rest } = read.data;
  return { ...rest, outcome: conclusion, user, group, concurrency };
}

export function checkedOwner(request: unknown): (NewOwner & { repositories?: string[] }) | Problems {
  const read = OWNER.safeParse(request);
  return read.success ? (JSON.parse(JSON.stringify(read.data)) as NewOwner) : problemsOf(read.error);
}

function problemsOf(error: z.ZodError): Problems {
  return { problems: error.issues.map(({ path, message }) => `${path.join('.') || 'The request'}: ${message}`) };
}
