"""MiniStack, with one thing as CloudFormation has it: what a resource depends on that could not be deleted stays too.

MiniStack 1.5.33 goes on and deletes all the rest. CloudFormation deletes a resource only after everything that depends on it
(AWS docs, "DependsOn attribute"), and the removal guard stands on exactly that.
"""
import runpy

from ministack.services.cloudformation import _stacks, stacks

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
runpy.run_module("ministack", run_name="__main__")
