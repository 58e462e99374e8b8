import { scalerHandler } from '../lib/handlers/scaler.ts';
import { join } from './join.ts';

const { world, readConfig } = join('scaler', process.env);

export const handler = scalerHandler(world, readConfig);
