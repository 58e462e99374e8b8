/** Builders of what the flows are configured with. */
import type { Pool } from '../../lib/core/pool.ts';
import type { Config } from '../../lib/flows/config.ts';

export function aPool(overrides: Partial<Pool> = {}): Pool {
  return {
    name: 'default',
    labels: ['self-hosted', 'linux', 'x64', 'ecs'],
    docker: 'none',
    max: 50,
    repositories: [],
    register: 'organization',
    group: 'Default',
    role: 'arn:aws:iam::123456789012:role/runners/sim-task',
    warm: 0,
    idleSecondsMax: 60,
    taskDefinition: 'sim-default:1',
    capacityProvider: 'sim',
    ...overrides,
  };
}

export function aConfig(pools: readonly Pool[] = [aPool()]): Config {
  return {
    mode: 'launch',
    prefix: 'sim',
    registrarUrl: 'http://registrar.test',
    pools: { pools },
    ticketSecrets: ['ticket-secret-of-the-test'],
  };
}
