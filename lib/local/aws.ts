/** How this process speaks to its own servers: they take any credentials. */
export const LOCAL_CLIENT = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
} as const;

export const LOCAL_ACCOUNT = '000000000000';
