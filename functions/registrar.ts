import { registrarHandler } from '../lib/handlers/registrar.ts';
import { join } from './join.ts';

const { world, readConfig } = join('registrar', process.env);

export const handler = registrarHandler(world, readConfig);
