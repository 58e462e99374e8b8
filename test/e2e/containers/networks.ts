/** The addresses of the stage. */

export const INSTANCE = { address: '198.51.100.2' };

/** What is reached by the instance's default route; one address each, so that one can be cut off alone. */
export const INTERNET = {
  router: '198.51.100.1',
  registrar: '198.51.100.10',
  github: '198.51.100.20',
  mirror: '198.51.100.30',
};

export const METADATA = { address: '169.254.169.254', neighbour: '169.254.168.1' };

/** Where the ECS agent's credentials endpoint listens, and the address by which containers know it (ecs-init). */
export const CREDENTIALS = { address: '169.254.170.2', port: 51679 };
