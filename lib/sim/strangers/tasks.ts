/** What DescribeTasks shows of tasks to whoever may call it: also the tickets. */
export type SeenTask = { runner: string; ticket: string; id: string; role: string };

/** `role`: of its override, or else of its definition. */
export function seenTask(task: Record<string, unknown>, role: string): SeenTask {
  const { containerOverrides = [] } = task['overrides'] as {
    containerOverrides?: { environment?: { name: string; value: string }[] }[];
  };
  const pairs = containerOverrides.flatMap(({ environment = [] }) => environment);
  const of = (wanted: string) => pairs.find(({ name }) => name === wanted)?.value ?? '';
  const arn = String(task['taskArn']);
  return {
    runner: of('ECS_RUNNERS_NAME'),
    ticket: of('ECS_RUNNERS_TICKET'),
    id: arn.slice(arn.lastIndexOf('/') + 1),
    role,
  };
}
