/**
 * The stage of the simulation as tests want it: one pool if none is named, one organisation, and jobs with little to say.
 */

import { SECRET as SECRET_OF_THE_STAGE } from '../../lib/cli/simulate/services.ts';
import type { StageOptions as OptionsOfStage } from '../../lib/cli/simulate/stage.ts';
import { createStage as createWholeStage, NOTHING_LEFT } from '../../lib/cli/simulate/stage.ts';
import { aConfig, aPool } from './pools.ts';

export type { FunctionName, Invocation } from '../../lib/cli/simulate/lambda.ts';

export const CLEAN = NOTHING_LEFT;
export const SECRET = SECRET_OF_THE_STAGE;

export type StageOptions = Partial<OptionsOfStage>;
export type Stage = Awaited<ReturnType<typeof createStage>>;

export async function createStage(options: StageOptions = {}) {
  const pools = options.pools ?? [aPool()];
  const [ticketSecret = ''] = aConfig(pools).ticketSecrets;
  return createWholeStage({ ...options, pools, ticketSecret });
}
