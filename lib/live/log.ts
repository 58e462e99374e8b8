/** Decisions as JSON lines, one each, for CloudWatch Logs. */
import { Logger } from '@aws-lambda-powertools/logger';
import type { World } from '../world.ts';

/** `service` names the function. */
export function createLog({ service }: { service: string; deployment?: string }): World['log'] {
  const logger = new Logger({ serviceName: service });
  return ({ decision, ...rest }) => logger.info(decision, { decision, ...rest });
}
