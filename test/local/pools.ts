/** Pools for a stack under test. */

import type { PoolsFile } from '../../lib/pools-file/schema.ts';
import { parsePoolsFile } from '../../lib/pools-file.ts';

const TWO = `
pools:
  default: {labels: [self-hosted, ecs], cpu: 1024, memory: 2048, docker: dind, max: 5}
  deploy: {labels: [self-hosted, ecs-deploy], cpu: 1024, memory: 2048, docker: none, max: 5, repositories: ['octo-*/deploy-*'], register: repository}
`;

export function somePools(text = TWO): PoolsFile {
  const parsed = parsePoolsFile(text, 'pools.yml');
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.file;
}
