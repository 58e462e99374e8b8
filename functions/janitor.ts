import { janitorHandler } from '../lib/handlers/janitor.ts';
import { join } from './join.ts';

const { world, readConfig } = join('janitor', process.env);

export const handler = janitorHandler(world, readConfig);
