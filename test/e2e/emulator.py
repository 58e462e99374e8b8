"""MiniStack 1.5.33, with what our stack stands on and MiniStack has otherwise than AWS.

1 and 2 make it as strict as AWS's own documentation says. 3 stands in for the encryption that is not here. 4 gives tasks their roles, 5 their user.
"""
import json
import os
import runpy
import uuid

from ministack.core import iam_actions, iam_evaluator
from ministack.services import ecs, imds, sts
from ministack.services.cloudformation import _stacks, stacks

# 1. CloudFormation deletes a resource only after everything that depends on it (AWS docs, "DependsOn attribute").
#    MiniStack goes on with the others when one could not be deleted; the removal guard stands on exactly that.

_delete_resource = stacks._delete_resource
_refused = {}


def _delete(resource_type, physical_id, properties, stack_name, logical_id):
    refused = _refused.setdefault(stack_name, set())
    refused.discard(logical_id)
    stack = _stacks[stack_name]
    definitions = (stack.get("_template") or {}).get("Resources", {})
    if logical_id in stacks._with_dependencies(sorted(refused), definitions, set(stack["_resources"])):
        raise RuntimeError(f"not tried: {', '.join(sorted(refused))} depends on it and was not deleted")
    try:
        return _delete_resource(resource_type, physical_id, properties, stack_name, logical_id)
    except Exception:
        refused.add(logical_id)
        raise


stacks._delete_resource = _delete

# 2. What a call is authorized on, and with which condition keys (AWS, Service Authorization Reference). MiniStack takes * for
#    several parameters, the cluster for every call of ECS, and knows no ecs:cluster.

_extract_resource_arn = iam_actions.extract_resource_arn
_request_tag_context = iam_actions.request_tag_context
_enforce = iam_evaluator.enforce
_asked = []


def _resources(service, headers, body, region, account):
    operation = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
    data = json.loads(body or b"{}") if service in ("ssm", "ecs") else {}
    if service == "ssm" and operation == "GetParameters":
        return [f"arn:aws:ssm:{region}:{account}:parameter{name}" for name in data["Names"]]
    if service == "ecs":
        return {
            "RunTask": [data.get("taskDefinition")],
            "StopTask": [data.get("task")],
            "DescribeTasks": data.get("tasks"),
            "ListTasks": ["*"],
        }.get(operation)
    return None


def _extract(service, method, path, headers, body, query, region, account):
    known = _resources(service, headers, body, region, account)
    _asked[:] = known or [_extract_resource_arn(service, method, path, headers, body, query, region, account)]
    return _asked[0]


def _context(service, action, body, parameters):
    context = _request_tag_context(service, action, body, parameters)
    if service != "ecs":
        return context
    cluster = json.loads(body or b"{}").get("cluster", "default")
    arn = cluster if cluster.startswith("arn:") else f"arn:aws:ecs:us-east-1:000000000000:cluster/{cluster}"
    return {**context, "ecs:cluster": arn}


def _enforce_each(*args, resource_arn="*", **options):
    """There is no await between the extraction and this."""
    for arn in _asked if _asked[:1] == [resource_arn] else [resource_arn]:
        denied = _enforce(*args, resource_arn=arn, **options)
        if denied:
            return denied
    return None


iam_actions.extract_resource_arn = _extract
iam_actions.request_tag_context = _context
iam_evaluator.enforce = _enforce_each

# 3. Policies that refuse what does not come by TLS would refuse everything: nothing leaves this machine, by plain HTTP.

_pin_request_origin = iam_evaluator.pin_request_origin
iam_evaluator.pin_request_origin = lambda address, _: _pin_request_origin(address, True)

# 4. A container gets the credentials of its task's role, of a session with the task's id as its name (aws/containers-roadmap#1917).
#    MiniStack hands out keys that it does not know itself, at an address that containers do not reach here.

_register_metadata = ecs._register_metadata
_handle_request = imds.handle_request
_sessions = {}


def _register(task_arn, cluster_arn, task_definition, container, launch_type, environment, *rest):
    token = _register_metadata(task_arn, cluster_arn, task_definition, container, launch_type, environment, *rest)
    path = f"/v2/credentials/{uuid.uuid4()}"
    overrides = (ecs._tasks.get(task_arn) or {}).get("overrides") or {}
    role = overrides.get("taskRoleArn") or task_definition.get("taskRoleArn")
    if role:
        _sessions[path] = (role, task_arn.rsplit("/", 1)[-1])
        environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = os.environ["CREDENTIALS_URL"] + path
    return token


async def _credentials(method, path, headers, body, parameters):
    if path not in _sessions:
        return await _handle_request(method, path, headers, body, parameters)
    role, task = _sessions[path]
    document = {**imds._ecs_task_credentials_doc(), "RoleArn": role}
    arn, _ = sts._assumed_role_arn(role, task)
    sts.register_session(
        document["AccessKeyId"],
        {
            "Arn": arn,
            "UserId": f"AROAEMULATED:{task}",
            "SecretAccessKey": document["SecretAccessKey"],
            "SessionToken": document["Token"],
        },
    )
    return imds._json_resp(document)


ecs._register_metadata = _register
imds.handle_request = _credentials

# 5. A container runs as the user that its definition names (ECS docs, "user"). MiniStack leaves that to the image.

_build_run_kwargs = ecs._build_run_kwargs


def _run_kwargs(container, *rest, **options):
    built = _build_run_kwargs(container, *rest, **options)
    user = container.get("user") or container.get("User")
    return {**built, "user": user} if user else built


ecs._build_run_kwargs = _run_kwargs

runpy.run_module("ministack", run_name="__main__")
