"""What of torch's machinery is at work around a call: tracing, transforms of functions, autocast."""

import torch
from torch import Tensor, nn

_HANDED_ON = (torch.float32, torch.bfloat16, torch.float16)
_PLAIN = (Tensor, nn.Parameter)


def is_func_transform() -> bool:
    """Say whether a transform of torch.func is at work: grad, vmap, ..."""
    # What torch.autograd.Function.apply itself asks; there is no public word for it.
    return bool(torch._C._are_functorch_transforms_active())


def is_transformed() -> bool:
    """Say whether torch traces or transforms the call: torch.compile, torch.export or torch.func.

    It then wants its own operations, not a torch.autograd.Function that knows nothing of that.
    """
    return torch.compiler.is_compiling() or is_func_transform()


def is_in_memory(*tensors: Tensor) -> bool:
    """Say whether tensors have memory that code which is not torch's can read and write.

    They have none in a call that is transformed, nor in any mode that stands between operations and memory (fake
    tensors, make_fx, counters of operations), nor if they are of a subclass of Tensor.
    """
    if is_transformed() or torch._C._len_torch_dispatch_stack():
        return False
    return all(type(tensor) in _PLAIN for tensor in tensors)


def is_autocast(tensor: Tensor) -> bool:
    """Say whether torch.autocast is at work for the type of device that a tensor is on."""
    device = tensor.device.type
    return device != "meta" and torch.is_autocast_enabled(device)  # which refuses to answer for "meta"


def cast_back(x: Tensor, like: Tensor) -> Tensor:
    """Return ``x`` in the dtype of ``like`` if it is in one that torch.autocast hands on; what else it is, as it is."""
    return x.to(like.dtype) if isinstance(x, Tensor) and x.dtype in _HANDED_ON else x
