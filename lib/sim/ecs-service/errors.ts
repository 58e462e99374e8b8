/** The exceptions of the ECS API, with the names and (where known) the words of ECS. */

export type EcsErrorType =
  | 'AccessDeniedException'
  | 'ClientException'
  | 'ClusterNotFoundException'
  | 'ConflictException'
  | 'InvalidParameterException'
  | 'ServerException'
  | 'ThrottlingException'
  | 'UnknownOperationException'
  | 'UnsupportedFeatureException'
  /** Not of ECS: the answer never arrives. */
  | 'ConnectionCut';

export class EcsError extends Error {
  readonly type: EcsErrorType;
  /** Of a ConflictException: ARNs of the tasks that the token started. */
  readonly resourceIds: readonly string[] | undefined;

  constructor(type: EcsErrorType, message: string, resourceIds?: readonly string[]) {
    super(message);
    this.name = type;
    this.type = type;
    this.resourceIds = resourceIds;
  }
}

export function invalid(message: string): EcsError {
  return new EcsError('InvalidParameterException', message);
}
