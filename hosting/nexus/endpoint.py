"""Create the Nexus endpoint: the name by which workflows elsewhere reach a worker's services."""

from temporalio.api.nexus.v1 import Endpoint, EndpointSpec, EndpointTarget
from temporalio.api.operatorservice import v1 as operator_api
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from hosting.temporal import by_hand
from hosting.temporal.errors import HostingError, NamespaceNotReady, one_line
from hosting.temporal.search_attributes import ANOTHERS

RACED = {RPCStatusCode.ALREADY_EXISTS, RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.ABORTED}


class EndpointsUnseen(HostingError):
    """The server lists its endpoints to others only, as Temporal Cloud does."""


async def endpoint_target(client: Client, name: str) -> tuple[str, str] | None:
    """The namespace and the task queue that the endpoint leads to; None if it does not exist.

    Raises EndpointsUnseen where the server tells it others only, and NamespaceNotReady where it cannot tell.
    """
    try:
        found = await _found(client, name)
    except RPCError as error:
        words = f"the server does not say whether it has {name!r} ({one_line(error.message)})"
        if error.status in ANOTHERS:
            raise EndpointsUnseen(words) from None
        raise NamespaceNotReady(f"The Nexus endpoint: {words}. Try again.") from None
    return None if found is None else (found.spec.target.worker.namespace, found.spec.target.worker.task_queue)


async def prepare_endpoint(client: Client, name: str, task_queue: str) -> bool:
    """Point the endpoint at the task queue in the client's namespace; True if that changed something.

    Only for a server that nobody else uses: an endpoint belongs to the whole server. Raises NamespaceNotReady.
    """
    target = EndpointTarget(worker=EndpointTarget.Worker(namespace=client.namespace, task_queue=task_queue))
    spec = EndpointSpec(name=name, target=target)
    try:
        found = await _found(client, name)
        if found is None:
            await client.operator_service.create_nexus_endpoint(operator_api.CreateNexusEndpointRequest(spec=spec))
        elif found.spec.target == target:
            return False
        else:
            await client.operator_service.update_nexus_endpoint(
                operator_api.UpdateNexusEndpointRequest(id=found.id, version=found.version, spec=spec)
            )
    except RPCError as error:
        if error.status in RACED and (now := await _found(client, name)) and now.spec.target == target:
            # Another worker has done the same in the meantime.
            return False
        raise NamespaceNotReady(
            f"The Nexus endpoint {name!r} cannot be created: {one_line(error.message)}. "
            f"Ask an operator of the server: {by_hand.create_endpoint(client, name, task_queue)}"
        ) from None
    return True


async def _found(client: Client, name: str) -> Endpoint | None:
    listed = await client.operator_service.list_nexus_endpoints(operator_api.ListNexusEndpointsRequest(name=name))
    return next(iter(listed.endpoints), None)
